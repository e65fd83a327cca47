// The OpenID provider of awkward answers.
import assert from "node:assert/strict";
import { createHmac, createPublicKey } from "node:crypto";
import { after, afterEach, describe, test } from "node:test";

import { decodeJwt, decodeProtectedHeader } from "jose";

import { start } from "../start.mjs";
import { Browser } from "./browser.mjs";
import { CALLBACK, RelyingParty } from "./relying-party.mjs";

const TENANT = "5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90";

describe("mock", async () => {
  const client = { id: "rollcall", secret: "s" };
  const peer = await start("mock");
  afterEach(() => peer.reset());
  after(() => peer.stop());

  async function authorize(party) {
    const pending = party.begin();
    const { location } = await new Browser().get(pending.url);
    return { pending, location, query: new URL(location).searchParams };
  }

  async function signIn(issuer = peer.issuer) {
    const party = await RelyingParty.of(issuer, client);
    const { pending, query } = await authorize(party);
    const answer = await party.redeem(query.get("code"), pending);
    const body = await answer.json();
    const { id_token: token } = body;
    return { party, pending, body, token, claims: token && decodeJwt(token), verify: () => party.verify(token, pending) };
  }

  test("gives tokens in the form of Entra's", async () => {
    assert.equal(peer.issuer, `${peer.origin}/${TENANT}/v2.0`);
    const { verify, party, body, pending } = await signIn();
    const { payload, header } = await verify();
    assert.deepEqual([payload.iss, payload.tid, payload.oid, payload.ver, payload.nonce],
      [peer.issuer, TENANT, "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d", "2.0", pending.nonce]);
    assert.match(payload.sub, /^[\w-]{43}$/);
    assert.deepEqual([payload.name, payload.preferred_username], ["Ana Kovač", "ana.kovac@contoso.example"]);
    assert.deepEqual([header.kid, body.token_type], ["mock-0", "Bearer"]);
    const { provider } = party;
    assert.deepEqual([provider.issuer, provider.code_challenge_methods_supported], [peer.issuer, undefined]);
    assert.deepEqual(provider.token_endpoint_auth_methods_supported, ["client_secret_post", "client_secret_basic"]);
    const [key] = (await party.keys()).keys;
    assert.deepEqual([key.kid, key.issuer, key.x5c.length, key.d], ["mock-0", peer.issuer, 1, undefined]);
    const { authorization, token } = await peer.last();
    assert.deepEqual([authorization.redirect_uri, token.form.client_secret], [CALLBACK, "s"]);
    assert.equal(token.claims.oid, payload.oid);
  });

  test("gives tokens of another form, and of other people", async () => {
    await peer.set({ entra: false, person: "ZOE.SON@contoso.example" });
    const { payload } = await (await signIn(peer.plainIssuer)).verify();
    assert.deepEqual([payload.iss, payload.sub, payload.oid, payload.tid],
      [peer.origin, "7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6", undefined, undefined]);
    await assert.rejects(peer.set({ person: "nobody" }), /person is nobody's upn/);
  });

  test("requires the verifier", async () => {
    const party = await RelyingParty.of(peer.issuer, client);
    const { query } = await authorize(party);
    assert.equal((await party.redeem(query.get("code"), { verifier: "v".repeat(43) })).status, 400);
  });

  test("signs what is not true when it is told to", async () => {
    const cases = [
      [{ claims: { iss: "https://other.example" } }, /"iss"/],
      [{ claims: { aud: "other" } }, /"aud"/],
      [{ claims: { nonce: "other" } }, /nonce/],
      [{ claims: { nonce: null } }, /nonce/],
      [{ times: { exp: -600 } }, /"exp"/],
      [{ times: { nbf: 600 } }, /"nbf"/],
    ];
    for (const [settings, pattern] of cases) {
      await peer.reset();
      await peer.set(settings);
      await assert.rejects((await signIn()).verify(), pattern);
    }
    await peer.reset();
    await peer.set({ claims: { tid: "other", oid: null, email: ["a"] } });
    const { payload } = await (await signIn()).verify();
    assert.deepEqual([payload.tid, "oid" in payload, payload.email], ["other", false, ["a"]]);
  });

  test("signs by nothing, by what everybody has, or something else", async () => {
    await peer.set({ algorithm: "none" });
    const none = (await signIn()).token;
    assert.deepEqual([decodeProtectedHeader(none).alg, none.split(".")[2]], ["none", ""]);

    await peer.set({ algorithm: "HS256" });
    const { token, party } = await signIn();
    const [head, payload, signature] = token.split(".");
    const [published] = (await party.keys()).keys;
    const pem = createPublicKey({ key: published, format: "jwk" }).export({ type: "spki", format: "pem" });
    assert.deepEqual(decodeProtectedHeader(token), { kid: "mock-0", typ: "JWT", alg: "HS256" });
    assert.equal(signature, createHmac("sha256", pem).update(`${head}.${payload}`).digest("base64url"));

    await peer.set({ algorithm: "RS256", tampered: { oid: "other" } });
    const tampered = await signIn();
    assert.equal(tampered.claims.oid, "other");
    await assert.rejects(tampered.verify(), /signature verification failed/);

    await peer.set({ tampered: {}, header: { kid: null, typ: "at+jwt" } });
    const { header } = await (await signIn()).verify();
    assert.deepEqual(header, { typ: "at+jwt", alg: "RS256" });
    await assert.rejects(peer.set({ algorithm: "RS1" }), /algorithm is one of RS256, none, HS256/);
  });

  test("signs by a key that is published only later", async () => {
    await peer.set({ active: 1 });
    const early = await signIn();
    await assert.rejects(early.verify(), /no applicable key/);
    await peer.set({ published: [1] });
    assert.equal((await early.verify()).header.kid, "mock-1");
    await peer.set({ active: 1, published: [0], header: { kid: "mock-0" } });
    await assert.rejects((await signIn()).verify(), /signature verification failed/);
  });

  test("has another clock when it is told to", async () => {
    await peer.set({ skew: 3600 });
    assert.ok((await signIn()).claims.iat > Date.now() / 1000 + 3500);
  });

  test("sends browsers back with an error, or with less or other than it should", async () => {
    const party = await RelyingParty.of(peer.issuer, client);
    const failure = { error: "access_denied", error_description: "AADSTS50105: not assigned." };
    await peer.set({ failure });
    const { query, pending } = await authorize(party);
    assert.deepEqual(Object.fromEntries(query), { ...failure, state: pending.state });
    await peer.set({ failure: null, callback: { state: "other", iss: "https://other.example" } });
    const wrong = (await authorize(party)).query;
    assert.deepEqual([wrong.get("state"), wrong.get("iss"), wrong.has("code")], ["other", "https://other.example", true]);
    await peer.set({ callback: { code: null } });
    assert.equal((await authorize(party)).query.has("code"), false);
  });

  test("answers for tokens with less or other than it should", async () => {
    await peer.set({ token: { id_token: null, token_type: "mac" } });
    const { body } = await signIn();
    assert.deepEqual(["id_token" in body, body.token_type], [false, "mac"]);
    const cases = [
      [{ status: 400, body: { error: "invalid_client", error_description: "AADSTS7" } }, 400, /AADSTS7/],
      [{ status: 500, body: "<h1>Oops</h1>" }, 500, /Oops/],
      [{ status: 200, body: "not JSON" }, 200, /not JSON/],
      [{ bytes: 2_000_000 }, 200, /^x{2000000}$/],
    ];
    const party = await RelyingParty.of(peer.issuer, client);
    for (const [trouble, status, pattern] of cases) {
      await peer.set({ trouble: { "/token": trouble } });
      const answer = await party.redeem("code", { verifier: "v" });
      assert.equal(answer.status, status);
      assert.match(await answer.text(), pattern);
    }
  });

  test("says something else about itself when it is told to", async () => {
    const issuer = `${peer.origin}/{tenantid}/v2.0`;
    await peer.set({ discovery: { issuer, jwks_uri: null } });
    const { provider } = await RelyingParty.of(peer.issuer, client);
    assert.deepEqual([provider.issuer, provider.jwks_uri], [issuer, undefined]);
    assert.equal(provider.token_endpoint, `${peer.issuer}/token`);
  });

  test("sends browsers back after signing out", async () => {
    const { provider } = await RelyingParty.of(peer.issuer, client);
    const home = "http://127.0.0.1:1/out";
    const query = new URLSearchParams({ client_id: "rollcall", post_logout_redirect_uri: home, state: "s" });
    const { location } = await new Browser().get(`${provider.end_session_endpoint}?${query}`);
    assert.equal(location, `${home}?state=s`);
    assert.equal((await peer.last()).logout.client_id, "rollcall");
  });
});
