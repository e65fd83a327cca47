// What all peers have: a door, a control, two keys, a clock, and one line of JSON when they are ready.
import { setClock } from "./clock.mjs";
import { Console } from "node:console";
import { fstatSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";

import { control } from "./control.mjs";
import { Door } from "./door.mjs";
import { makeKey } from "./keys.mjs";
import { PEOPLE, TENANT } from "./people.mjs";

const OPTIONS = {
  port: { type: "string", default: "0" },
  host: { type: "string", default: "127.0.0.1" },
  settings: { type: "string", default: "{}" },
};
const COMMON = { people: PEOPLE, tenantId: TENANT, active: 0, published: [0], skew: 0, down: false, trouble: {} };

/**
 * Runs a peer until it is told to stop. `open({ origin, settings, keys, last })` gives its `handler` of requests, the
 * `addresses` to tell, and `apply`, which makes new settings true or throws; `last` is for what tests ask after.
 */
export async function peer(name, defaults, open) {
  const { values } = parseArgs({ options: OPTIONS });
  // Standard output has one line; some libraries are talkative, and samlp is of the time of Node.js 4.
  globalThis.console = new Console(process.stderr);
  process.noDeprecation = true;

  const settings = structuredClone({ ...COMMON, ...defaults });
  const keys = [0, 1].map((number) => makeKey(`${name}-${number}`));
  const last = {};
  const door = await Door.open(Number(values.port), settings);
  const origin = `http://${values.host}:${door.port}`;
  const opened = await open({ origin, settings, keys, last });
  door.handler = opened.handler;

  const given = JSON.parse(values.settings);
  const address = await control({ settings, given, apply, last, requests: door.requests });
  endWithParent();
  process.stdout.write(`${JSON.stringify({ peer: name, origin, control: address, ...opened.addresses() })}\n`);

  async function apply() {
    check(settings);
    setClock(settings.skew);
    await opened.apply();
    await door.setDown(settings.down);
  }
}

function check({ people, active, published, skew, trouble }) {
  const expect = (is, what) => { if (!is) throw new Error(what); };
  const isPerson = ({ upn, objectId }) => upn && objectId;
  expect(Array.isArray(people) && people.every(isPerson), "people have a upn and an objectId");
  expect([0, 1].includes(active), "active is 0 or 1");
  expect(Array.isArray(published) && published.every((key) => [0, 1].includes(key)), "published has 0, 1 or both");
  expect(Number.isFinite(skew), "skew is a number of seconds");
  expect(trouble !== null && typeof trouble === "object", "trouble says by path what is wrong");
}

/** Whoever started it with a pipe as standard input ends it by closing that, also by dying. */
function endWithParent() {
  const input = fstatSync(0);
  if (!input.isFIFO() && !input.isSocket()) return;
  process.stdin.on("end", () => process.exit()).resume();
}
