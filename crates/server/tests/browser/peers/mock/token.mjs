// ID tokens: what stands in them, and how they are signed or seem to be.
import { createHmac, sign } from "node:crypto";

import { changed, pairwise } from "../lib/people.mjs";

/** What a token says of a person; `made` is what the provider has put into it by itself. */
export function claims(made, person, client, settings) {
  const { iss, aud, iat, exp, nonce } = made;
  const { upn, objectId, name, email, sub = objectId } = person;
  const now = Math.floor(Date.now() / 1000);
  const times = Object.fromEntries(Object.entries(settings.times).map(([name, seconds]) => [name, now + seconds]));
  const usual = { iss, aud, iat, nbf: iat, exp, nonce, name, email, preferred_username: upn };
  const own = settings.entra
    ? { sub: pairwise(person, client), oid: objectId, tid: settings.tenantId, ver: "2.0" }
    : { sub };
  return changed({ ...usual, ...own, ...times }, settings.claims);
}

/** A token as it is, or with the header, signature or claims of somebody who has no right to them. */
export function forged(token, key, { algorithm, header, tampered }) {
  const isHonest = algorithm === "RS256" && [header, tampered].every((changes) => Object.keys(changes).length === 0);
  if (isHonest) return token;
  const [head, payload] = token.split(".");
  const signed = `${encode(changed({ ...decode(head), alg: algorithm }, header))}.${payload}`;
  const signature = SIGNERS[algorithm](Buffer.from(signed), key).toString("base64url");
  const [other] = signed.split(".");
  return `${other}.${encode(changed(decode(payload), tampered))}.${signature}`;
}

export const SIGNERS = {
  RS256: (signed, { privateKey }) => sign("sha256", signed, privateKey),
  none: () => Buffer.alloc(0),
  // The public key as a secret, which everybody has.
  HS256(signed, { publicKey }) {
    const secret = publicKey.export({ type: "spki", format: "pem" });
    return createHmac("sha256", secret).update(signed).digest();
  },
};

/** The claims of a token, whoever signed it. */
export const read = (token) => decode(token.split(".")[1]);

const decode = (text) => JSON.parse(Buffer.from(text, "base64url"));
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
