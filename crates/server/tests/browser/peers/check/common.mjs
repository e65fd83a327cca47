// What all peers have in common.
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import process from "node:process";

import { start } from "../start.mjs";

const WORD = "/metadata";

describe("every peer", async () => {
  const peer = await start("saml", { settings: { tenantId: "a-tenant" } });
  afterEach(() => peer.reset());
  after(() => peer.stop());
  const metadata = () => fetch(peer.origin + WORD);
  const causeOf = (promise) => promise.then(() => undefined, (error) => error.cause?.code);

  test("is told what to do when it starts, merges what it is told later, and forgets that again", async () => {
    assert.equal((await peer.settings()).tenantId, "a-tenant");
    const settings = await peer.set({ sha1: true });
    assert.deepEqual([settings.tenantId, settings.sha1], ["a-tenant", true]);
    const again = await peer.reset();
    assert.deepEqual([again.tenantId, again.sha1], ["a-tenant", false]);
  });

  test("refuses what it does not know, and stays as it was", async () => {
    await assert.rejects(peer.set({ sha1: true, sha2: true }), /there is no sha2: there are people/);
    await assert.rejects(peer.set({ sha1: true, active: 2 }), /active is 0 or 1/);
    await assert.rejects(peer.set({ sign: "nothing" }), /sign is one of/);
    await assert.rejects(peer.set({ encrypt: true }), /spCertificate is missing/);
    assert.equal((await peer.settings()).sha1, false);
  });

  test("lets nobody connect while it is down, and everybody afterwards", async () => {
    await peer.set({ down: true });
    assert.equal(await causeOf(metadata()), "ECONNREFUSED");
    await peer.set({ down: false });
    assert.equal((await metadata()).status, 200);
  });

  test("answers wrongly, late, too much or not at all at one address", async () => {
    await peer.set({ trouble: { [WORD]: { status: 503, body: "<h1>Busy</h1>", headers: { "Retry-After": "7" } } } });
    const busy = await metadata();
    assert.deepEqual([busy.status, busy.headers.get("retry-after"), await busy.text()], [503, "7", "<h1>Busy</h1>"]);
    assert.equal((await fetch(peer.signOn)).status, 400);

    await peer.set({ trouble: { "*": { status: 400, body: { error: "invalid_grant" } } } });
    assert.deepEqual(await (await fetch(peer.signOn)).json(), { error: "invalid_grant" });

    await peer.set({ trouble: { [WORD]: { bytes: 5_000_000 } } });
    assert.equal((await (await metadata()).arrayBuffer()).byteLength, 5_000_000);

    await peer.set({ trouble: { [WORD]: { reset: true } } });
    assert.match(String(await causeOf(metadata())), /UND_ERR_SOCKET|ECONNRESET/);

    await peer.set({ trouble: { [WORD]: { slow: 0.5 } } });
    const before = Date.now();
    assert.match(await (await metadata()).text(), /EntityDescriptor/);
    assert.ok(Date.now() - before >= 480);
  });

  test("remembers who came", async () => {
    const before = await peer.requests();
    await fetch(`${peer.signOn}?a=b`);
    const [last, ...more] = (await peer.requests()).slice(before.length);
    assert.deepEqual([last.method, last.url, more.length], ["GET", "/saml2?a=b", 0]);
  });

  test("is at the port and called by the name that were given", async () => {
    const port = Number(new URL(peer.origin).port);
    await assert.rejects(start("saml", { port }), /ended before it was ready/);
    const named = await start("saml", { host: "localhost" });
    assert.match(named.metadata, /^http:\/\/localhost:\d+\/metadata$/);
    await named.stop();
  });

  test("ends with the one that started it", async () => {
    const file = fileURLToPath(new URL("../mock.mjs", import.meta.url));
    const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.stdin.end();
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  });
});
