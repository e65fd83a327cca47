// The program's command line, as an operator uses it beside the server: same folder, same settings.
import { spawn } from "node:child_process";

import { stage } from "./stage.mjs";

/** Runs a command that has to succeed; gives what it printed. `input` goes to its standard input. */
export function command(words, input = "") {
  return new Promise((resolve, reject) => {
    const child = spawn(stage.rollcall, words, { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => { out += data; });
    child.stderr.on("data", (data) => { err += data; });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`rollcall ${words.join(" ")} ended with ${code}:\n${err}${out}`));
    });
    // A program that has ended reads nothing any more; how it ended is told above.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The same with `--json`; gives the object it printed. */
export async function commandJson(words, input) {
  return JSON.parse(await command([...words, "--json"], input));
}
