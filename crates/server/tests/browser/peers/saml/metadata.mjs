// What the identity provider publishes about itself, in the form of Entra's federation metadata.
import { escape } from "../lib/page.mjs";

const REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const FEDERATION = "http://docs.oasis-open.org/wsfed/federation/200706";
const POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/** `certificates` are DER. */
export function metadata({ entityId, origin, certificates }) {
  const keys = certificates.map((certificate) => `<KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>${certificate.toString("base64")}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`).join("");
  const service = (name, binding, path) => `<${name} Binding="${binding}" Location="${escape(origin + path)}"/>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<EntityDescriptor ID="_metadata" entityID="${escape(entityId)}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<RoleDescriptor xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="${FEDERATION}"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="${FEDERATION}">
${keys}</RoleDescriptor>
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}
${service("SingleLogoutService", REDIRECT, "/logout")}
${service("SingleSignOnService", REDIRECT, "/saml2")}
${service("SingleSignOnService", POST, "/saml2")}
</IDPSSODescriptor></EntityDescriptor>`;
}
