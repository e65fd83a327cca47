//! The strict profile: structure first, then every signature, then only what was signed.

use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::dsig::verify::verify_all_document;
use bergshamra::xml::NodeSet;
use bergshamra::{DsigContext, KeysManager, VerifyResult};
use uppsala::{Document, NodeId};

use super::shape::{Content, Shape};
use super::{Signed, SignedAssertion, XmlSignatureVerifier, decrypt};
use crate::saml::response::MAX_BYTES;
use crate::saml::urn;
use crate::saml::xml::{self, Element};
use crate::{Certificate, Fingerprint, SamlFault, ServiceProviderKey};

/// The verifier that Rollcall uses. The library verifies signatures; where they may stand, what they may contain and
/// what is read afterwards is decided here.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrictProfile;

impl XmlSignatureVerifier for StrictProfile {
    fn signed_assertion(
        &self,
        response: &str,
        certificates: &[Certificate],
        keys: &[ServiceProviderKey],
    ) -> Result<SignedAssertion, SamlFault> {
        let document = xml::parse(response, MAX_BYTES)?;
        let shape = Shape::of(&document)?;
        match shape.content {
            Content::Assertion { assertion, signature } => {
                in_clear(&document, &shape, assertion, signature, certificates)
            }
            Content::Encrypted(encrypted) => within(&document, &shape, encrypted, certificates, keys),
        }
    }
}

fn in_clear(
    document: &Document<'_>,
    shape: &Shape<'_>,
    assertion: Element<'_>,
    signature: Option<Element<'_>>,
    certificates: &[Certificate],
) -> Result<SignedAssertion, SamlFault> {
    let signed = match (signature, shape.response_signature) {
        (Some(_), Some(_)) => Signed::Both,
        (Some(_), None) => Signed::Assertion,
        (None, Some(_)) => Signed::Response,
        (None, None) => return Err(SamlFault::Unsigned),
    };
    let verified = verify(document, certificates)?;
    let mut certificate = None;
    for (signature, over) in [(shape.response_signature, shape.response), (signature, assertion)] {
        if let Some(signature) = signature {
            certificate = Some(by_whom(&verified, signature, over)?);
        }
    }
    Ok(SignedAssertion {
        xml: canonical(document, assertion, signature)?,
        signed,
        encrypted: false,
        certificate: certificate.ok_or(SamlFault::Unsigned)?,
    })
}

/// A signature of the response is over the encrypted assertion, so it is verified before anything is decrypted. One of
/// the assertion is within and verified afterwards.
fn within(
    document: &Document<'_>,
    shape: &Shape<'_>,
    encrypted: Element<'_>,
    certificates: &[Certificate],
    keys: &[ServiceProviderKey],
) -> Result<SignedAssertion, SamlFault> {
    let outer = match shape.response_signature {
        Some(signature) => Some(by_whom(&verify(document, certificates)?, signature, shape.response)?),
        None if certificates.is_empty() => return Err(SamlFault::NoCertificate),
        None => None,
    };
    // With a signature over it, the ciphertext is the identity provider's own and what is wrong with it may be told.
    let told = |fault| match (outer, fault) {
        (None, fault) if fault != SamlFault::NoDecryptionKey => SamlFault::Undecryptable,
        (_, fault) => fault,
    };
    let range = |element: Element<'_>| document.node_range(element.id).ok_or(SamlFault::Undecryptable);
    let text = decrypt::decrypt(encrypted, keys).map_err(told)?;
    let text = decrypt::replaced(
        document.input_text(),
        range(encrypted)?,
        &text,
        shape.response_signature.map(range).transpose()?,
    )
    .ok_or(SamlFault::Undecryptable)?;
    let opened = || {
        let document = xml::parse(&text, MAX_BYTES)?;
        let inner = Shape::of(&document)?;
        let (Content::Assertion { assertion, signature }, None) = (&inner.content, inner.response_signature) else {
            return Err(SamlFault::MisplacedSignature);
        };
        match (outer, signature) {
            (None, None) => Err(SamlFault::Unsigned),
            (Some(certificate), None) => Ok(SignedAssertion {
                xml: canonical(&document, *assertion, None)?,
                signed: Signed::Response,
                encrypted: true,
                certificate,
            }),
            (_, Some(_)) => {
                let both = if outer.is_some() { Signed::Both } else { Signed::Assertion };
                let inner = in_clear(&document, &inner, *assertion, *signature, certificates)?;
                Ok(SignedAssertion { signed: both, encrypted: true, ..inner })
            }
        }
    };
    opened().map_err(told)
}

/// A signature that is valid: which, over what, by which certificate.
struct Verified {
    signature: NodeId,
    over: NodeId,
    certificate: Fingerprint,
}

/// Verifies all signatures of the document with the certificates given, and with nothing the document brings along.
fn verify(document: &Document<'_>, certificates: &[Certificate]) -> Result<Vec<Verified>, SamlFault> {
    if certificates.is_empty() {
        return Err(SamlFault::NoCertificate);
    }
    let mut keys = KeysManager::new();
    keys.add_keys(certificates.iter().map(|certificate| certificate.key().clone()));
    let results = verify_all_document(&DsigContext::new(keys), document).map_err(|_| SamlFault::BadSignature)?;
    results
        .into_iter()
        .map(|result| match result {
            VerifyResult::Valid { signature_node, references, key_info } => match references.as_slice() {
                [reference] if reference.digest_verified => Ok(Verified {
                    signature: signature_node,
                    over: reference.resolved_node.ok_or(SamlFault::BadSignature)?,
                    certificate: key_info
                        .x509_chain
                        .first()
                        .map(|der| Fingerprint::of(der))
                        .ok_or(SamlFault::BadSignature)?,
                }),
                _ => Err(SamlFault::BadSignature),
            },
            VerifyResult::Invalid { .. } => Err(why(document, certificates)),
        })
        .collect()
}

/// The certificate that verified `signature` over exactly the element `over`.
fn by_whom(verified: &[Verified], signature: Element<'_>, over: Element<'_>) -> Result<Fingerprint, SamlFault> {
    verified
        .iter()
        .find(|one| one.signature == signature.id && one.over == over.id)
        .map(|one| one.certificate)
        .ok_or(SamlFault::BadSignature)
}

/// Names the certificate that a signature brings along where it is not one of ours. This explains a refusal, no more.
fn why(document: &Document<'_>, certificates: &[Certificate]) -> SamlFault {
    document
        .get_elements_by_tag_name_ns(urn::DSIG, "Signature")
        .into_iter()
        .flat_map(|id| Element { document, id }.descendants())
        .filter(|element| element.is(urn::DSIG, "X509Certificate"))
        .filter_map(|element| Certificate::read(&document.text_content_deep(element.id)).ok())
        .find(|brought| !certificates.contains(brought))
        .map_or(SamlFault::BadSignature, |brought| SamlFault::UnknownCertificate { fingerprint: brought.fingerprint() })
}

/// The bytes over which the digest was made: the assertion in canonical form, without its own signature.
fn canonical(
    document: &Document<'_>,
    assertion: Element<'_>,
    signature: Option<Element<'_>>,
) -> Result<String, SamlFault> {
    let mut nodes = NodeSet::tree_without_comments(assertion.id, document);
    if let Some(signature) = signature {
        nodes.remove_id(signature.id);
        document.descendants(signature.id).into_iter().for_each(|id| nodes.remove_id(id));
    }
    let bytes = canonicalize_doc::<&str>(document, C14nMode::Exclusive, Some(&nodes), &[])
        .map_err(|_| SamlFault::BadSignature)?;
    String::from_utf8(bytes).map_err(|_| SamlFault::BadSignature)
}
