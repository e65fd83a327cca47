// What the journeys are written with.
export { journey, until } from "./lib/journey.mjs";
export { axe, overflow, picture, see, shoot } from "./lib/look.mjs";
export { command, commandJson } from "./lib/command.mjs";
export { Entra } from "./lib/entra.mjs";
export { ageActivity, ageRows } from "./lib/time.mjs";
export { metadataDocument } from "./lib/metadata.mjs";
export { publish } from "./lib/names.mjs";
export { oneTimeCode } from "./lib/code.mjs";
export { CONTOSO, PASSWORD, fillIn, makeAdmin, makeSetupLink, makeTenant, signIn } from "./lib/people.mjs";
export { stage } from "./lib/stage.mjs";
