// An OpenID provider that gives awkward answers on demand, in the form of Microsoft Entra's. README.md says which.
import { peer } from "./lib/peer.mjs";

import express from "express";
import oauth2 from "oauth2-mock-server";

import { publicJwk } from "./lib/keys.mjs";
import { changed, find } from "./lib/people.mjs";
import { SIGNERS, claims, forged, read } from "./mock/token.mjs";

const { Events, OAuth2Server } = oauth2;
const DISCOVERY = "/.well-known/openid-configuration";
const METHODS = ["client_secret_post", "client_secret_basic"];
const DEFAULTS = {
  entra: true,
  person: null,
  claims: {},
  times: {},
  algorithm: "RS256",
  header: {},
  tampered: {},
  failure: null,
  callback: {},
  token: {},
  discovery: {},
};

await peer("mock", DEFAULTS, async ({ origin, settings, keys, last }) => {
  const { issuer, service } = new OAuth2Server();
  for (const { name, privateKey } of keys) {
    await issuer.keys.add({ ...privateKey.export({ format: "jwk" }), kid: name, alg: "RS256" });
  }
  const activeKey = () => keys[settings.active];
  // It would take them in turns.
  const get = issuer.keys.get.bind(issuer.keys);
  issuer.keys.get = (kid = activeKey().name) => get(kid);

  const entraIssuer = () => `${origin}/${settings.tenantId}/v2.0`;

  function apply() {
    const expect = (is, what) => { if (!is) throw new Error(what); };
    expect(settings.algorithm in SIGNERS, `algorithm is one of ${Object.keys(SIGNERS).join(", ")}`);
    expect(!settings.person || find(settings.people, settings.person), "person is nobody's upn");
    issuer.url = settings.entra ? entraIssuer() : origin;
  }

  const handler = routes(misled(service, { settings, activeKey, last }), { settings, issuer, keys });
  return { handler, apply, addresses: () => ({ issuer: entraIssuer(), plainIssuer: origin }) };
});

/** The service, with what the settings say in each of its answers. */
function misled(service, { settings, activeKey, last }) {
  service.on(Events.BeforeAuthorizeRedirect, ({ url: { searchParams } }, { query }) => {
    last.authorization = query;
    override(searchParams, { ...(settings.failure && { code: null, ...settings.failure }), ...settings.callback });
  });
  service.on(Events.BeforeTokenSigning, ({ payload }, { body }) => {
    // An access token has a scope.
    if ("scope" in payload) return;
    const person = find(settings.people, settings.person ?? settings.people[0].upn);
    const told = claims({ ...payload }, person, body.client_id ?? payload.aud, settings);
    for (const name of Object.keys(payload)) delete payload[name];
    Object.assign(payload, told);
  });
  service.on(Events.BeforeResponse, (answer, { body: form, headers: { authorization } }) => {
    const { id_token: token } = answer.body;
    const given = token && { id_token: forged(token, activeKey(), settings) };
    answer.body = changed({ ...answer.body, ...given }, settings.token);
    last.token = { form, authorization, answer: answer.body, claims: given && read(given.id_token) };
  });
  service.on(Events.BeforePostLogoutRedirect, ({ url }, { query }) => {
    last.logout = query;
    if (query.state) url.searchParams.set("state", query.state);
  });
  return service;
}

/** What is asked at the issuer of Entra's form, and the same at that without a path. */
function routes(service, { settings, issuer, keys }) {
  const place = express.Router();
  place.get(DISCOVERY, (_, response, next) => {
    const json = response.json.bind(response);
    response.json = (body) => json(changed({ ...body, ...offered(settings) }, settings.discovery));
    next();
  });
  place.get("/jwks", (_, response) => {
    const published = settings.published.map((number) => publicJwk(keys[number]));
    response.json({ keys: published.map((key) => ({ ...key, ...(settings.entra && { issuer: issuer.url }) })) });
  });
  place.use(service.requestHandler);
  const app = express();
  app.disable("x-powered-by");
  return app.use(["/:tenant/v2.0", "/"], place);
}

/** Entra has PKCE and does not say so. */
function offered({ entra }) {
  const usual = { token_endpoint_auth_methods_supported: METHODS, scopes_supported: ["openid", "profile", "email"] };
  if (!entra) return usual;
  return {
    ...usual,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    code_challenge_methods_supported: null,
    cloud_instance_name: "microsoftonline.com",
  };
}

function override(searchParams, changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) searchParams.delete(name);
    else searchParams.set(name, value);
  }
}
