// An application of SAML, as small as can be: it makes requests, and reads what comes by xml-crypto.
import { createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import { deflateRawSync, inflateRawSync } from "node:zlib";

import { DOMParser } from "@auth0/xmldom";
import { SignedXml } from "xml-crypto";
import { decrypt } from "xml-encryption";

import { makeKey, pem } from "../lib/keys.mjs";

export const IDENTIFIER = "https://app.example/t/acme?a=1&b=2";
export const ACS = "http://127.0.0.1:1/t/acme/sso/saml/acs";
export const SLO = "http://127.0.0.1:1/t/acme/sso/saml/slo";
export const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

const PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion";
const DSIG = "http://www.w3.org/2000/09/xmldsig#";

export const key = makeKey("application");
export const certificate = pem(key.certificate);

/** A request for a sign-in. */
export function authnRequest({ id = "_request-1", issuer = IDENTIFIER, acs = ACS, more = "", inside = "" } = {}) {
  return `<samlp:AuthnRequest xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="${id}" Version="2.0"
 IssueInstant="${new Date().toISOString()}" AssertionConsumerServiceURL="${acs}" ${more}>
<saml:Issuer>${issuer.replace("&", "&amp;")}</saml:Issuer>${inside}</samlp:AuthnRequest>`;
}

export function logoutMessage(name, { attributes = "", inside = "" } = {}) {
  return `<samlp:${name} xmlns:samlp="${PROTOCOL}" xmlns:saml="${ASSERTION}" ID="_logout-1" Version="2.0"
 IssueInstant="${new Date().toISOString()}" ${attributes}><saml:Issuer>${IDENTIFIER.replace("&", "&amp;")}</saml:Issuer>
${inside}</samlp:${name}>`;
}

/** The address that carries a message by redirect; `sign` signs it. */
export function address(url, name, xml, { relayState, sign = false } = {}) {
  const query = new URLSearchParams({ [name]: deflateRawSync(xml).toString("base64") });
  if (relayState !== undefined) query.set("RelayState", relayState);
  if (sign) {
    query.set("SigAlg", RSA_SHA256);
    query.set("Signature", createSign("RSA-SHA256").update(query.toString()).sign(key.privateKey, "base64"));
  }
  return `${url}?${query}`;
}

/** Whether the query of an address was signed by the key of this certificate. */
export function isSigned(url, by) {
  const query = new URL(url).search.slice(1);
  const [signed, signature] = query.split("&Signature=");
  if (signature === undefined) return false;
  return createVerify("RSA-SHA256").update(signed).verify(createPublicKey(by), decodeURIComponent(signature), "base64");
}

/** The XML of a message by redirect. */
export function inflated(url, name) {
  return parse(inflateRawSync(Buffer.from(new URL(url).searchParams.get(name), "base64")).toString());
}

export const parse = (xml) => new DOMParser().parseFromString(xml, "text/xml");

/** What a response says, and which of its elements the certificate verifies. */
export async function read(field, by) {
  let xml = Buffer.from(field, "base64").toString();
  const outside = parse(xml).documentElement;
  const signed = signatures(xml, by);
  const wrapped = one(outside, ASSERTION, "EncryptedAssertion");
  if (wrapped) {
    xml = await promisify(decrypt)(wrapped.toString(), { key: key.pem });
    signed.push(...signatures(xml, by));
  }
  const assertion = wrapped ? parse(xml).documentElement : one(outside, ASSERTION, "Assertion");
  return { outside, assertion, signed, isEncrypted: wrapped !== undefined };
}

function signatures(xml, by) {
  const found = list(parse(xml).documentElement, DSIG, "Signature");
  const trusted = new X509Certificate(by).publicKey.export({ type: "spki", format: "pem" });
  return found.filter((signature) => {
    const checker = new SignedXml();
    checker.keyInfoProvider = { getKeyInfo: () => "", getKey: () => trusted };
    checker.loadSignature(signature);
    return checker.checkSignature(xml);
  }).map((signature) => signature.parentNode.localName);
}

export const ns = { PROTOCOL, ASSERTION, DSIG };

export function list(element, namespace, name) {
  const found = element.getElementsByTagNameNS(namespace, name);
  return Array.from({ length: found.length }, (_, number) => found.item(number));
}

export const one = (element, namespace, name) => list(element, namespace, name)[0];
export const text = (element, name, namespace = ASSERTION) => one(element, namespace, name)?.textContent.trim();
export const attribute = (element, of, name, namespace = ASSERTION) => {
  const value = one(element, namespace, of).getAttribute(name);
  return value === "" ? undefined : value;
};

/** The attributes of an assertion by name. */
export function attributes(assertion) {
  const values = (found) => list(found, ASSERTION, "AttributeValue").map(({ textContent }) => textContent);
  const found = list(assertion, ASSERTION, "Attribute");
  return Object.fromEntries(found.map((one) => [one.getAttribute("Name"), values(one)]));
}
