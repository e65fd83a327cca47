// Requests for a sign-in: samlp reads them.
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";

import samlp from "samlp";

import { pem } from "../lib/keys.mjs";
import { checkSignature } from "./signature.mjs";

/** What somebody is told instead of being signed in, in Entra's words. */
export class Refusal extends Error {}

/** The request that a browser was sent with, as strict as the settings say; nothing when it brought none. */
export async function read(req, settings) {
  const { SAMLRequest: message, RelayState: relayState, Signature: signature } = { ...req.body, ...req.query };
  if (!message) return undefined;
  const xml = inflate(message);
  const isSigned = signature !== undefined || xml.includes("SignatureValue");
  const isChecked = settings.spCertificate && (settings.requireSigned || isSigned);
  if (isChecked && req.method === "GET") checkSignature(req.originalUrl, settings.spCertificate);
  const signingCert = isChecked && req.method === "POST" ? pem(settings.spCertificate) : undefined;
  const parsed = await promisify(samlp.parseRequest)(req, { signingCert });
  return {
    ...parsed,
    acs: parsed.assertionConsumerServiceURL ?? settings.replyUrl,
    forceAuthn: parsed.forceAuthn === "true",
    isPassive: /\sIsPassive="(true|1)"/.test(xml),
    isSigned,
    relayState,
    xml,
  };
}

/** Holds a request to what is registered of its application. */
export function check({ issuer, acs, subject }, { identifier, replyUrl }) {
  if (subject) {
    throw new Refusal("AADSTS900236: The SAML authentication request property 'Subject' is not supported.");
  }
  if (identifier && issuer !== identifier) {
    throw new Refusal(`AADSTS700016: Application with identifier '${issuer}' was not found in the directory.`);
  }
  if (!acs || (replyUrl && acs !== replyUrl)) {
    throw new Refusal(`AADSTS50011: The reply URL '${acs}' does not match those configured for the application.`);
  }
}

/** The XML of a message as a query or a form carries it. */
export function inflate(message) {
  const bytes = Buffer.from(message, "base64");
  return (bytes[0] === "<".charCodeAt(0) ? bytes : inflateRawSync(bytes)).toString();
}
