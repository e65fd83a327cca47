// Key pairs, each with certificates that it signed itself, as identity providers make them.
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const DAY = 24 * 60 * 60 * 1000;
const COMMON_NAME = Buffer.from("0603550403", "hex");
const SHA256_WITH_RSA = Buffer.from("300d06092a864886f70d01010b0500", "hex");

/** A key pair with a certificate for the three years around now, and one that expired yesterday. */
export function makeKey(name) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const certificate = (from, to) => selfSigned({ name, privateKey, publicKey, from, to });
  return {
    name,
    privateKey,
    publicKey,
    pem: privateKey.export({ type: "pkcs8", format: "pem" }),
    certificate: certificate(-1, 3 * 365),
    expiredCertificate: certificate(-3 * 365, -1),
  };
}

/** The public half for a key set, with what Entra puts beside it. */
export function publicJwk({ name, publicKey, certificate }) {
  const x5t = createHash("sha1").update(certificate).digest("base64url");
  return { ...publicKey.export({ format: "jwk" }), kid: name, use: "sig", x5t, x5c: [certificate.toString("base64")] };
}

/** A certificate, given as DER or base64, as PEM. */
export function pem(certificate) {
  const text = typeof certificate === "string" ? certificate : certificate.toString("base64");
  const base64 = text.replace(/-----.*?-----|\s/g, "");
  return `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** X.509 by hand, since Node.js only reads it; `from` and `to` are days from now. */
function selfSigned({ name, privateKey, publicKey, from, to }) {
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  const subject = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    SHA256_WITH_RSA,
    subject,
    sequence(time(from), time(to)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
  );
  return sequence(signed, SHA256_WITH_RSA, der(0x03, Buffer.from([0]), sign("sha256", signed, privateKey)));
}

/** UTCTime, which is right until 2049. */
function time(days) {
  const text = new Date(Date.now() + days * DAY).toISOString().replace(/\.\d+|[-:T]/g, "").slice(2);
  return der(0x17, Buffer.from(text));
}

const sequence = (...parts) => der(0x30, ...parts);

function der(tag, ...parts) {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
