// What only time brings: the server's memory is made older, as the Rust side of the test can.
import { setTimeout as sleep } from "node:timers/promises";

import { wish } from "./wish.mjs";

/** Milliseconds after which the server has written down what it answered. */
const WRITTEN = 700;

/** Makes all that the activity log remembers so many seconds older. */
export async function ageActivity(seconds) {
  await sleep(WRITTEN);
  await wish("age", "rollcall-activity.sqlite", "activity", seconds);
}

/** Makes the rows older of those tables of the database whose names begin with `prefix`. */
export const ageRows = (prefix, seconds) => wish("age", "rollcall.sqlite", prefix, seconds);
