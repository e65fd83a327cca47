// How a test tells a peer what to do, and asks it what it did: on a port of its own, so that it works behind a closed door.
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/**
 * Begins with the settings that are `given`, and gives its address, where it answers `GET`, `POST` (merges the fields
 * that it gets), `DELETE` (all as at the start), and `GET` of `/last` and `/requests`. `apply` makes new settings true,
 * and throws when they cannot be.
 */
export async function control({ settings, given, apply, last, requests }) {
  async function change(patch) {
    const unknown = Object.keys(patch).find((name) => !(name in settings));
    if (unknown !== undefined) throw new Error(`there is no ${unknown}: there are ${Object.keys(settings).join(", ")}`);
    const before = { ...settings };
    Object.assign(settings, patch);
    try {
      await apply();
    } catch (error) {
      Object.assign(settings, before);
      await apply();
      throw error;
    }
  }

  await change(given);
  const start = structuredClone(settings);
  const deeds = {
    "GET /control": () => settings,
    "POST /control": async (request) => {
      await change(JSON.parse(await text(request)));
      return settings;
    },
    "DELETE /control": async () => {
      await change(structuredClone(start));
      return settings;
    },
    "GET /control/last": () => last,
    "GET /control/requests": () => requests,
  };

  const server = createServer(async (request, response) => {
    const deed = deeds[`${request.method} ${request.url}`];
    const answer = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (!deed) return answer(404, { error: `there are ${Object.keys(deeds).join(", ")}` });
    try {
      answer(200, await deed(request));
    } catch (error) {
      answer(400, { error: error.message });
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}/control`;
}
