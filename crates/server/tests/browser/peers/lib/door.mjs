// Where everybody comes to a peer. It can be closed, and what is behind it can be out of order.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

const ADDRESS = "127.0.0.1";
const CHUNK = "x".repeat(64 * 1024);
const REMEMBERED = 10_000;

export class Door {
  /** Opens it at a port, or at any that is free for 0. */
  static async open(port, settings) {
    const door = new Door(settings);
    await door.listen(port);
    return door;
  }

  constructor(settings) {
    this.settings = settings;
    this.requests = [];
    this.handler = (_, response) => response.writeHead(503).end();
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error) => response.destroy(error));
    });
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject).listen(port, ADDRESS, () => {
        this.server.off("error", reject);
        this.port = this.server.address().port;
        resolve();
      });
    });
  }

  /** Lets nobody connect, or everybody again at the same port. */
  async setDown(isDown) {
    if (isDown === !this.server.listening) return;
    if (!isDown) return this.listen(this.port);
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  async answer(request, response) {
    const { pathname } = new URL(request.url, "http://peer");
    this.requests.push({ at: new Date().toISOString(), method: request.method, url: request.url });
    if (this.requests.length > REMEMBERED) this.requests.shift();
    const trouble = Object.entries(this.settings.trouble).find(([path]) => path === "*" || pathname.endsWith(path))?.[1];
    if (!trouble) return this.handler(request, response);
    await sleep((trouble.slow ?? 0) * 1000);
    if (trouble.reset) return request.socket.destroy();
    const answers = ["status", "headers", "body", "bytes"].some((name) => name in trouble);
    return answers ? misbehave(response, trouble) : this.handler(request, response);
  }
}

/** Gives another answer than the right one: `body` as JSON unless it is text, then `bytes` more. */
async function misbehave(response, { status = 200, headers, body = "", bytes = 0 }) {
  const isText = typeof body === "string";
  response.writeHead(status, { "Content-Type": isText ? "text/html; charset=utf-8" : "application/json", ...headers });
  function* pieces() {
    yield Buffer.from(isText ? body : JSON.stringify(body));
    for (let left = bytes; left > 0; left -= CHUNK.length) yield Buffer.from(CHUNK.slice(0, left));
  }
  // Whoever has had enough hangs up.
  await pipeline(Readable.from(pieces()), response).catch(() => {});
}
