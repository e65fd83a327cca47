// What the Rust side of a browser test says about the server and the machine.
import process from "node:process";

const told = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the browser tests with \`cargo verify\``);
  return value;
};

export const stage = {
  /** Where the server is: `http://127.0.0.1:PORT`. */
  root: told("JOURNEY_ROOT"),
  /** Another server on the same database, where there is one. */
  other: process.env.JOURNEY_OTHER_ROOT,
  /** The program whose server that is, for its other commands. */
  rollcall: told("JOURNEY_ROLLCALL"),
  /** The link that the first start prints: the demo tenant's owner chooses a password there. */
  invitation: told("JOURNEY_INVITATION"),
  /** Chromium. */
  chromium: told("JOURNEY_CHROMIUM"),
  /** The folder for the pictures of every page and state. */
  screenshots: told("JOURNEY_SCREENSHOTS"),
  /** The folder for the few pictures that guides show; nothing unless somebody asked for them. */
  pictures: process.env.JOURNEY_PICTURES,
  /** How long the journey may take. */
  seconds: Number(told("JOURNEY_SECONDS")),
};
