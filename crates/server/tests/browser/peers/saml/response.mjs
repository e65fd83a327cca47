// Responses: samlp writes and signs those of sign-ins, in the form of Entra's.
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

import samlp from "samlp";

import { pem } from "../lib/keys.mjs";
import { escape } from "../lib/page.mjs";
import { changed, pairwise } from "../lib/people.mjs";

const MICROSOFT = "http://schemas.microsoft.com/identity/claims";
const SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims";
const STATUS = "urn:oasis:names:tc:SAML:2.0:status";

const FORMATS = {
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
};

/** Nobody can guess it, and it does not begin with a digit. */
export const messageId = () => `_${randomBytes(16).toString("hex")}`;

/** What the application calls the person: their user principal name, or what it alone knows them by. */
export function nameId(person, application, { nameIdFormat }) {
  const usual = nameIdFormat === "persistent" ? pairwise(person, application) : person.upn;
  return { value: person.nameId ?? usual, format: FORMATS[nameIdFormat] };
}

/**
 * The response to a request of `{ id, issuer, acs }`, of which an identity provider that begins by itself has no `id`.
 */
export async function response({ person, request, sessionIndex, settings, key }) {
  const { entityId, override, sign, sha1 } = settings;
  const { value: nameIdentifier, format: nameIdentifierFormat } = nameId(person, request.issuer, settings);
  const attributes = changed(claims(person, settings), settings.claims);
  const { id: inResponseTo, issuer: audience, acs } = request;
  const told = changed({ issuer: entityId, audience, destination: acs, recipient: acs, inResponseTo }, override);
  return promisify(samlp.getSamlResponse)({
    ...told,
    ...algorithms(sha1),
    sessionIndex,
    key: key.pem,
    cert: pem(key.certificate),
    lifetimeInSeconds: settings.lifetime,
    signAssertion: ["assertion", "both"].includes(sign),
    signResponse: ["response", "both"].includes(sign),
    includeAttributeNameFormat: false,
    authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    profileMapper: () => ({
      getClaims: () => attributes,
      getNameIdentifier: () => ({ nameIdentifier, nameIdentifierFormat }),
    }),
    ...(settings.encrypt && encryption(settings.spCertificate)),
  }, person);
}

/** The response of a sign-in that failed. It is by hand: samlp puts the message into an attribute of its own. */
export function failure(request, { code = "Requester", subCode, message }, { entityId }) {
  const answered = request.id ? ` InResponseTo="${escape(request.id)}"` : "";
  const sub = subCode ? `<samlp:StatusCode Value="${STATUS}:${escape(subCode)}"/>` : "";
  return `<samlp:Response ID="${messageId()}" Version="2.0" IssueInstant="${new Date().toISOString()}"
 Destination="${escape(request.acs)}"${answered} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol">
<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">${escape(entityId)}</Issuer>
<samlp:Status><samlp:StatusCode Value="${STATUS}:${escape(code)}">${sub}</samlp:StatusCode>
${message ? `<samlp:StatusMessage>${escape(message)}</samlp:StatusMessage>` : ""}</samlp:Status></samlp:Response>`;
}

/** How samlp calls what it signs by. */
export function algorithms(sha1) {
  return { signatureAlgorithm: sha1 ? "rsa-sha1" : "rsa-sha256", digestAlgorithm: sha1 ? "sha1" : "sha256" };
}

function claims({ upn, objectId, name, givenName, surname, email, groups, roles }, { tenantId, entityId }) {
  const usual = {
    [`${MICROSOFT}/tenantid`]: tenantId,
    [`${MICROSOFT}/objectidentifier`]: objectId,
    [`${MICROSOFT}/displayname`]: name,
    [`${MICROSOFT}/identityprovider`]: entityId,
    [`${SOAP}/name`]: upn,
    [`${SOAP}/givenname`]: givenName,
    [`${SOAP}/surname`]: surname,
    [`${SOAP}/emailaddress`]: email,
    [`${ROLE}/groups`]: groups,
    [`${ROLE}/role`]: roles,
  };
  return Object.fromEntries(Object.entries(usual).filter(([, value]) => value !== undefined));
}

const encryption = (certificate) => ({ encryptionCert: pem(certificate), encryptionPublicKey: pem(certificate) });
