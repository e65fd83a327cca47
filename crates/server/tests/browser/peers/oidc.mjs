// A certified OpenID provider with one confidential client. README.md says how it is told what to do.
import { peer } from "./lib/peer.mjs";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";

import Provider from "oidc-provider";
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js";

import { escape, page, signInPage } from "./lib/page.mjs";
import { find } from "./lib/people.mjs";

const METHODS = ["client_secret_post", "client_secret_basic"];
const DEFAULTS = {
  client: {
    id: "rollcall",
    secret: "a secret of nobody but the two of us",
    redirectUris: [],
    postLogoutRedirectUris: [],
    authentication: METHODS[0],
  },
  entraClaims: false,
  claimsInIdToken: true,
  failure: null,
};
const INTERACTION = /^\/interaction\/[\w-]+$/;

await peer("oidc", DEFAULTS, async ({ origin, settings, keys, last }) => {
  const secret = randomUUID();
  const suffix = new URL(origin).port;
  // A provider cannot be told anything later, so that each change makes a new one; what they remember they share.
  let provider;

  async function apply() {
    provider = new Provider(origin, {
      ...features(settings),
      adapter: (model) => new MemoryAdapter(model),
      clients: clientsOf(settings.client),
      clientAuthMethods: [settings.client.authentication],
      jwks: { keys: keySet() },
      cookies: {
        keys: [secret],
        // Cookies do not know ports, and there may be other peers at this address.
        names: { session: `oidc_${suffix}`, interaction: `oidc_interaction_${suffix}`, resume: `oidc_resume_${suffix}` },
      },
      findAccount: (_, id) => account(id),
    });
    provider.use(remember);
    provider.on("server_error", (_, error) => console.error(error));
    // It looks at a client only when that comes.
    await provider.Client.find(settings.client.id).catch((error) => {
      throw new Error(error.error_description);
    });
  }

  /** The first key is the one that signs. */
  function keySet() {
    const numbers = new Set([settings.active, ...settings.published]);
    return [...numbers].map((number) => {
      const { name, privateKey } = keys[number];
      return { ...privateKey.export({ format: "jwk" }), kid: name, use: "sig", alg: "RS256" };
    });
  }

  function account(id) {
    const person = settings.people.find((one) => subject(one) === id);
    return person && { accountId: id, claims: () => claims(person, settings) };
  }

  async function remember(ctx, next) {
    await next();
    const { route, params } = ctx.oidc ?? {};
    if (route === "authorization") last.authorization = { ...params };
    if (route === "token") last.token = { form: ctx.oidc.body, authorization: ctx.get("authorization"), answer: ctx.body };
  }

  async function interact(request, response) {
    const { params } = await provider.interactionDetails(request, response);
    if (request.method === "GET") {
      const form = signInPage("Sign in", settings.people, { action: request.url, hint: params.login_hint });
      return send(response, 200, form);
    }
    if (settings.failure) return provider.interactionFinished(request, response, settings.failure);
    const person = find(settings.people, new URLSearchParams(await text(request)).get("person"));
    if (!person) return send(response, 400, page("Sign-in failed", "<p>There is nobody of that name.</p>"));
    return provider.interactionFinished(request, response, { login: { accountId: subject(person) } });
  }

  function handler(request, response) {
    if (!INTERACTION.test(request.url)) return provider.callback()(request, response);
    return interact(request, response).catch((error) => {
      send(response, 400, page("Sign-in failed", "<p>This sign-in is not known here, or was too long ago.</p>"));
      console.error(error);
    });
  }

  const addresses = () => ({ issuer: origin, clientId: settings.client.id, clientSecret: settings.client.secret });
  return { handler, apply, addresses };
});

function features({ claimsInIdToken }) {
  return {
    claims: {
      openid: ["sub", "oid", "tid"],
      profile: ["name", "given_name", "family_name", "preferred_username"],
      email: ["email", "email_verified"],
    },
    // By the standard they would be at the userinfo endpoint alone; most providers are generous.
    conformIdTokenClaims: !claimsInIdToken,
    pkce: { methods: ["S256"], required: () => true },
    ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    loadExistingGrant: grantAll,
    renderError(ctx, out) {
      ctx.type = "html";
      ctx.body = page("Sign-in failed", `<pre>${Object.values(out).map(escape).join(": ")}</pre>`);
    },
  };
}

/** The client, once it has an address to be sent back to. */
function clientsOf({ id, secret, redirectUris, postLogoutRedirectUris, authentication }) {
  if (!METHODS.includes(authentication)) throw new Error(`authentication is one of ${METHODS.join(", ")}`);
  if (redirectUris.length === 0) return [];
  return [{
    client_id: id,
    client_secret: secret,
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris,
    token_endpoint_auth_method: authentication,
    grant_types: ["authorization_code"],
    response_types: ["code"],
  }];
}

/** What the provider itself knows somebody by. */
const subject = ({ objectId, sub = objectId }) => sub;

function claims(person, { tenantId, entraClaims }) {
  const { upn, objectId, name, givenName, surname, email } = person;
  return {
    sub: subject(person),
    name,
    given_name: givenName,
    family_name: surname,
    preferred_username: upn,
    email,
    email_verified: true,
    ...(entraClaims && { oid: objectId, tid: tenantId }),
  };
}

/** An organization agrees for its people, so that nobody is asked. */
async function grantAll(ctx) {
  const { client, session, provider, params } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function logoutSource(ctx, form) {
  ctx.type = "html";
  ctx.body = page("Sign out", `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`);
}

function postLogoutSuccessSource(ctx) {
  ctx.type = "html";
  ctx.body = page("You are signed out", "");
}

function send(response, status, html) {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(html);
}
