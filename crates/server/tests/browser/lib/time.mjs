// What only time brings: the server's memory is made older, as the Rust side of the test can.
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Milliseconds after which the server has written down what it answered. */
const WRITTEN = 700;

/** Makes all that the activity log remembers so many seconds older. */
export async function ageActivity(seconds) {
  await sleep(WRITTEN);
  await age("rollcall-activity.sqlite", "activity", seconds);
}

/** Makes the rows older of those tables of the database whose names begin with `prefix`. */
export const ageRows = (prefix, seconds) => age("rollcall.sqlite", prefix, seconds);

async function age(file, prefix, seconds) {
  process.stdout.write(`@age ${file} ${prefix} ${seconds}\n`);
  const { done } = await answers.next();
  if (done) throw new Error("nobody answers the wish to age");
}
