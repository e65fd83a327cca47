//! Encrypted assertions (core §2.3.4, XML Encryption).
//!
//! Only the primitives are the library's. What it may be asked to do is read here, because a whole XML Encryption
//! processor would follow references, derive keys from passwords and tidy up what it decrypted.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::crypto::cipher;
use bergshamra::crypto::keytransport::OaepParams;
use zeroize::Zeroizing;

use crate::saml::xml::{Element, without_space};
use crate::saml::{algorithm, urn};
use crate::{SamlFault, ServiceProviderKey};

/// The XML within `encrypted`, an `EncryptedAssertion`, by the first of `keys` that opens it.
pub(super) fn decrypt(encrypted: Element<'_>, keys: &[ServiceProviderKey]) -> Result<Zeroizing<String>, SamlFault> {
    if keys.is_empty() {
        return Err(SamlFault::NoDecryptionKey);
    }
    let data = encrypted.required(urn::XENC, "EncryptedData")?;
    let cipher_uri = method(data)?.required_attribute("Algorithm")?;
    if !algorithm::CIPHERS.contains(&cipher_uri) {
        return Err(SamlFault::WeakAlgorithm { algorithm: crate::fault::quoted(cipher_uri) });
    }
    let wrapped = encrypted_key(encrypted, data)?;
    let transport = method(wrapped)?;
    let transport_uri = transport.required_attribute("Algorithm")?;
    if !algorithm::KEY_TRANSPORTS.contains(&transport_uri) {
        return Err(SamlFault::WeakAlgorithm { algorithm: crate::fault::quoted(transport_uri) });
    }
    let (wrapped, text) = (cipher_value(wrapped)?, cipher_value(data)?);
    let cipher = cipher::from_uri(cipher_uri).map_err(|_| SamlFault::Undecryptable)?;
    let plain = keys
        .iter()
        .filter_map(|key| key.unwrap(transport_uri, oaep(transport), &wrapped))
        .find_map(|key| cipher.decrypt(&key, &text).ok())
        .ok_or(SamlFault::Undecryptable)?;
    String::from_utf8(plain).map(Zeroizing::new).map_err(|_| SamlFault::Undecryptable)
}

/// `document` with the assertion in clear, and without the response's signature, which is over the encrypted one.
pub(super) fn replaced(
    document: &str,
    encrypted: Range<usize>,
    assertion: &str,
    signature: Option<Range<usize>>,
) -> Option<Zeroizing<String>> {
    let mut edits = vec![(encrypted, assertion)];
    edits.extend(signature.map(|range| (range, "")));
    edits.sort_by_key(|(range, _)| range.start);
    let (mut text, mut read) = (Zeroizing::new(String::with_capacity(document.len() + assertion.len())), 0);
    for (range, with) in edits {
        text.push_str(document.get(read..range.start)?);
        text.push_str(with);
        read = range.end;
    }
    text.push_str(document.get(read..)?);
    Some(text)
}

/// The encrypted key stands within the data's `KeyInfo`, or beside the data.
fn encrypted_key<'d>(encrypted: Element<'d>, data: Element<'d>) -> Result<Element<'d>, SamlFault> {
    let within = match data.child(urn::DSIG, "KeyInfo")? {
        Some(info) => info.child(urn::XENC, "EncryptedKey")?,
        None => None,
    };
    match within {
        Some(key) => Ok(key),
        None => encrypted.required(urn::XENC, "EncryptedKey"),
    }
}

fn method(of: Element<'_>) -> Result<Element<'_>, SamlFault> {
    of.required(urn::XENC, "EncryptionMethod")
}

fn cipher_value(of: Element<'_>) -> Result<Vec<u8>, SamlFault> {
    let text =
        of.required(urn::XENC, "CipherData")?.required(urn::XENC, "CipherValue")?.required_text("CipherValue")?;
    STANDARD.decode(without_space(&text)).map_err(|_| SamlFault::Undecryptable)
}

/// The digest and the mask of RSA-OAEP. Without them both are SHA-1 (XML Encryption §5.5.2), which padding survives.
fn oaep(transport: Element<'_>) -> OaepParams {
    let algorithm = |namespace, name| {
        let element = transport.child(namespace, name).ok().flatten()?;
        element.attribute("Algorithm").map(ToOwned::to_owned)
    };
    OaepParams {
        digest_uri: algorithm(urn::DSIG, "DigestMethod"),
        mgf_uri: algorithm(urn::XENC11, "MGF"),
        oaep_params: None,
    }
}
