// What the Rust side of the test is asked to do.
import process from "node:process";
import { createInterface } from "node:readline";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Asks for something, in words with spaces between, and waits until it is done. */
export async function wish(...words) {
  process.stdout.write(`@${words.join(" ")}\n`);
  const { done } = await answers.next();
  if (done) throw new Error(`nobody answers the wish to ${words[0]}`);
}
