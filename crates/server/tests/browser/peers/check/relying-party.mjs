// A relying party of OpenID Connect, as small as can be: code flow with PKCE, and ID tokens read by jose.
import { createHash, randomBytes } from "node:crypto";

import { createLocalJWKSet, jwtVerify } from "jose";

export const CALLBACK = "http://127.0.0.1:1/t/acme/sso/oidc/callback";

export class RelyingParty {
  /** Learns what the provider says about itself. */
  static async of(issuer, { id = "rollcall", secret } = {}) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    return new RelyingParty(await answer.json(), { id, secret });
  }

  constructor(provider, client) {
    Object.assign(this, { provider, client });
  }

  /** Gives the address for a browser, and what to remember. */
  begin(more = {}) {
    const [state, nonce, verifier] = [0, 1, 2].map(() => randomBytes(32).toString("base64url"));
    const url = new URL(this.provider.authorization_endpoint);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const query = {
      response_type: "code", response_mode: "query", client_id: this.client.id, redirect_uri: CALLBACK,
      scope: "openid profile email", state, nonce, code_challenge: challenge, code_challenge_method: "S256", ...more,
    };
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return { url: url.href, state, nonce, verifier };
  }

  /** What a code is worth; gives the answer as it comes. */
  redeem(code, { verifier }, { basic = false } = {}) {
    const { id, secret } = this.client;
    const form = { grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: verifier };
    const headers = basic ? { Authorization: `Basic ${btoa([id, secret].map(encodeURIComponent).join(":"))}` } : {};
    const body = new URLSearchParams(basic ? form : { ...form, client_id: id, client_secret: secret });
    return fetch(this.provider.token_endpoint, { method: "POST", headers, body });
  }

  async keys() {
    return (await fetch(this.provider.jwks_uri)).json();
  }

  /** The header and claims of an honest ID token; throws what is wrong with another. */
  async verify(token, { nonce }) {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await this.keys()), {
      issuer: this.provider.issuer, audience: this.client.id, algorithms: ["RS256"],
    });
    if (payload.nonce !== nonce) throw new Error("the nonce is another one");
    return { payload, header: protectedHeader };
  }
}
