// What an identity provider by SAML publishes of itself, as somebody has it in a file.
import { makeKey } from "../peers/lib/keys.mjs";

const NAMES = "urn:oasis:names:tc:SAML:2.0";

/** The document of an identity provider that signs with a key of its own. */
export function metadataDocument(host = "login.contoso.example") {
  const certificate = makeKey(host).certificate.toString("base64");
  return `<EntityDescriptor xmlns="${NAMES}:metadata" entityID="https://${host}/entity">
<IDPSSODescriptor protocolSupportEnumeration="${NAMES}:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
<X509Certificate>${certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="${NAMES}:bindings:HTTP-Redirect" Location="https://${host}/saml2"/>
</IDPSSODescriptor></EntityDescriptor>`;
}
