// Signatures of messages that come by redirect. samlp writes the query anew before it checks one, and not as all others do.
import { createVerify } from "node:crypto";

import { pem } from "../lib/keys.mjs";

const ALGORITHMS = {
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "RSA-SHA256",
  "http://www.w3.org/2000/09/xmldsig#rsa-sha1": "RSA-SHA1",
};
const SIGNED = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg"];

/** Throws unless the query of this address is signed by the key of that certificate (bindings §3.4.4.1). */
export function checkSignature(address, certificate) {
  const query = address.split("?")[1] ?? "";
  const pairs = query.split("&").map((pair) => [pair.split("=")[0], pair]);
  const { Signature: signature, SigAlg: algorithm } = Object.fromEntries(new URLSearchParams(query));
  if (!signature) throw new Error("The message has to be signed.");
  const signed = SIGNED.flatMap((name) => pairs.filter(([found]) => found === name).map(([, pair]) => pair)).join("&");
  if (!(algorithm in ALGORITHMS)) throw new Error(`Nobody here knows the algorithm ${algorithm}.`);
  const isRight = createVerify(ALGORITHMS[algorithm]).update(signed).verify(pem(certificate), signature, "base64");
  if (!isRight) throw new Error("The signature of the message is wrong.");
}
