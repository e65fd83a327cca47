// The certified OpenID provider.
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";

import { start } from "../start.mjs";
import { Browser, form, plain } from "./browser.mjs";
import { CALLBACK, RelyingParty } from "./relying-party.mjs";

const ZOE = "zoe.son@contoso.example";
const HOME = "http://127.0.0.1:1/signed-out";

describe("oidc", async () => {
  const client = { id: "an id", secret: "a secret: 100 % & more" };
  const registered = {
    ...client, redirectUris: [CALLBACK], postLogoutRedirectUris: [HOME], authentication: "client_secret_post",
  };
  const peer = await start("oidc", { settings: { client: registered } });
  afterEach(() => peer.reset());
  after(() => peer.stop());

  /** Comes back from the sign-in page; gives the query of the callback. */
  async function authorize(party, { browser = new Browser(), more } = {}) {
    const pending = party.begin(more);
    let step = await browser.follow(pending.url, peer.origin);
    if (!step.location && /Sign in as/.test(step.html)) {
      const { location } = await browser.post(step.url, { person: ZOE });
      step = await browser.follow(location, peer.origin);
    }
    return { browser, pending, step, query: step.location && new URL(step.location).searchParams };
  }

  async function signIn(given, how) {
    const party = await RelyingParty.of(peer.issuer, client);
    const { query, pending, browser } = await authorize(party, given);
    const answer = await party.redeem(query.get("code"), pending, how);
    const body = await answer.json();
    return { status: answer.status, body, browser, party, ...(answer.ok && await party.verify(body.id_token, pending)) };
  }

  test("signs somebody in who is chosen, and remembers them", async () => {
    assert.deepEqual([peer.issuer, peer.clientId, peer.clientSecret], [peer.origin, client.id, client.secret]);
    const { payload, header, browser } = await signIn();
    const { sub, name, given_name, family_name, preferred_username, email, oid } = payload;
    const objectId = "7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
    assert.deepEqual([sub, name, given_name, family_name, preferred_username, email, oid],
      [objectId, "Zoë & Søn", "Zoë", "Søn", ZOE, "zoe@contoso.example", undefined]);
    assert.equal(header.kid, "oidc-0");
    const { authorization, token } = await peer.last();
    assert.deepEqual([authorization.scope, token.form.client_secret], ["openid profile email", client.secret]);

    const party = await RelyingParty.of(peer.issuer, client);
    const again = await browser.get(party.begin().url);
    assert.ok(new URL(again.location).searchParams.get("code"));
    const asked = await browser.follow(party.begin({ prompt: "login" }).url, peer.origin);
    assert.match(asked.html, /Sign in as/);
    const silent = await new Browser().get(party.begin({ prompt: "none" }).url);
    assert.equal(new URL(silent.location).searchParams.get("error"), "login_required");
  });

  test("knows its client from when that has an address", async () => {
    const fresh = await start("oidc");
    const party = await RelyingParty.of(fresh.issuer, { id: fresh.clientId });
    assert.match((await authorize(party)).step.html, /invalid_client/);
    const { client: unregistered } = await fresh.settings();
    await fresh.set({ client: { ...unregistered, redirectUris: [CALLBACK] } });
    assert.match((await new Browser().follow(party.begin().url, fresh.origin)).html, /Sign in as/);
    await fresh.stop();
  });

  test("suggests who is meant", async () => {
    const party = await RelyingParty.of(peer.issuer, client);
    const { html } = await new Browser().follow(party.begin({ login_hint: ZOE }).url, peer.origin);
    assert.match(html, new RegExp(`value="${ZOE}" selected`));
  });

  test("says in its answers who it is, and requires PKCE, the secret and a registered address", async () => {
    const party = await RelyingParty.of(peer.issuer, client);
    assert.equal(party.provider.authorization_response_iss_parameter_supported, true);
    const { query, pending } = await authorize(party);
    assert.deepEqual([query.get("iss"), query.get("state")], [peer.issuer, pending.state]);
    const other = await party.redeem(query.get("code"), { verifier: "v".repeat(43) });
    assert.deepEqual([other.status, (await other.json()).error], [400, "invalid_grant"]);
    const stranger = await new RelyingParty(party.provider, { ...client, secret: "guessed" }).redeem("code", pending);
    assert.deepEqual([stranger.status, (await stranger.json()).error], [401, "invalid_client"]);

    const without = await authorize(party, { more: { code_challenge: undefined, code_challenge_method: undefined } });
    assert.match(without.query.get("error_description"), /PKCE/);
    const elsewhere = await authorize(party, { more: { redirect_uri: "http://127.0.0.1:1/elsewhere" } });
    assert.deepEqual([elsewhere.step.status, /invalid_redirect_uri/.test(elsewhere.step.html)], [400, true]);
    await peer.set({ client: { ...registered, redirectUris: ["http://127.0.0.1:1/elsewhere"] } });
    assert.equal((await authorize(party, { more: { redirect_uri: "http://127.0.0.1:1/elsewhere" } })).step.status, 303);
  });

  test("knows its client by the header when it is told to", async () => {
    await peer.set({ client: { ...registered, authentication: "client_secret_basic" } });
    const { party, status } = await signIn({}, { basic: true });
    assert.deepEqual([party.provider.token_endpoint_auth_methods_supported, status], [["client_secret_basic"], 200]);
    assert.equal((await signIn({}, { basic: false })).status, 401);
    await assert.rejects(peer.set({ client: { ...registered, authentication: "tls" } }), /authentication is one of/);
    await assert.rejects(peer.set({ client: { ...registered, redirectUris: ["nowhere"] } }), /redirect_uris/);
  });

  test("signs by another key when it is told to, even in the middle of a sign-in", async () => {
    const party = await RelyingParty.of(peer.issuer, client);
    const kids = async () => (await party.keys()).keys.map(({ kid }) => kid);
    assert.deepEqual(await kids(), ["oidc-0"]);
    const { query, pending, browser } = await authorize(party);
    await peer.set({ active: 1, published: [0, 1] });
    assert.deepEqual(await kids(), ["oidc-1", "oidc-0"]);
    const { id_token: token } = await (await party.redeem(query.get("code"), pending)).json();
    assert.equal((await party.verify(token, pending)).header.kid, "oidc-1");
    await peer.set({ published: [1] });
    assert.deepEqual(await kids(), ["oidc-1"]);
    assert.equal((await signIn({ browser })).header.kid, "oidc-1");
  });

  test("says more or less about people when it is told to", async () => {
    await peer.set({ entraClaims: true });
    const { payload } = await signIn();
    assert.equal(payload.oid, "7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6");
    assert.equal(payload.tid, "5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90");
    await peer.set({ claimsInIdToken: false, people: [{ upn: ZOE, objectId: "1", sub: "subject-1", name: "Z" }] });
    const frugal = (await signIn()).payload;
    assert.deepEqual([frugal.sub, frugal.name], ["subject-1", undefined]);
  });

  test("has another clock when it is told to", async () => {
    await peer.set({ skew: -250 });
    const { payload } = await signIn();
    const ago = Date.now() / 1000 - payload.iat;
    assert.ok(ago > 249 && ago < 260, String(ago));
  });

  test("fails when it is told to", async () => {
    const failure = { error: "access_denied", error_description: "AADSTS65004: User declined to consent." };
    await peer.set({ failure });
    const { query, pending } = await authorize(await RelyingParty.of(peer.issuer, client));
    assert.deepEqual([query.get("error"), query.get("error_description"), query.get("state"), query.get("code")],
      [failure.error, failure.error_description, pending.state, null]);
  });

  test("has trouble at one address when it is told to", async () => {
    const trouble = { status: 500, body: "<h1>Bad gateway</h1>" };
    const party = await RelyingParty.of(peer.issuer, client);
    const { query, pending } = await authorize(party);
    await peer.set({ trouble: { "/token": trouble } });
    const answer = await party.redeem(query.get("code"), pending);
    assert.deepEqual([answer.status, await answer.text()], [500, trouble.body]);
  });

  test("ends its session", async () => {
    const { browser, party, body } = await signIn();
    const query = { client_id: client.id, id_token_hint: body.id_token, post_logout_redirect_uri: HOME, state: "s" };
    const page = await browser.get(`${party.provider.end_session_endpoint}?${new URLSearchParams(query)}`);
    assert.match(page.html, /Yes, sign me out/);
    const xsrf = page.html.match(/name="xsrf" value="([^"]+)"/)[1];
    const { location } = await browser.post(form(page).action, { xsrf, logout: "yes" });
    assert.equal(location, `${HOME}?state=s`);
    assert.match((await browser.follow(party.begin().url, peer.origin)).html, /Sign in as/);
  });

  test("explains a sign-in that it does not know", async () => {
    const { status, html } = await new Browser().get(`${peer.origin}/interaction/nothing`);
    assert.deepEqual([status, /not known here/.test(plain(html))], [400, true]);
  });
});
