// Peers for journeys and checks: each a process of its own, which ends with the one that started it.
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * Starts `saml`, `oidc` or `mock`; gives a peer that has the addresses of its line. `host: "localhost"` makes it another
 * site to a browser than `127.0.0.1`.
 */
export async function start(name, { port = 0, host = "127.0.0.1", settings = {} } = {}) {
  const file = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const words = [file, "--port", String(port), "--host", host, "--settings", JSON.stringify(settings)];
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) return new Peer(child, JSON.parse(line));
  throw new Error(`${name} ended before it was ready`);
}

class Peer {
  constructor(child, line) {
    this.child = child;
    Object.assign(this, line);
  }

  /** Merges fields into its settings; gives them all. */
  set(settings) {
    return this.ask("POST", "", settings);
  }

  /** Makes its settings what they were at the start. */
  reset() {
    return this.ask("DELETE", "");
  }

  settings() {
    return this.ask("GET", "");
  }

  /** What it produced and got last. */
  last() {
    return this.ask("GET", "/last");
  }

  /** The requests that came to its door, the oldest first. */
  requests() {
    return this.ask("GET", "/requests");
  }

  async ask(method, path, body) {
    const answer = await fetch(this.control + path, { method, body: body && JSON.stringify(body) });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    return said;
  }

  stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill();
    return ended;
  }
}
