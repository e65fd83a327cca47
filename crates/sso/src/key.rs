//! Our own key: signs what we send, decrypts what is encrypted for us.

use std::fmt;

use bergshamra::crypto::keytransport::{OaepParams, from_uri_with_params};
use bergshamra::crypto::sign;

use zeroize::Zeroizing;

use crate::KeyFault;
use crate::saml::RSA_SHA256;

/// An RSA key of a service provider. It shows nothing of itself.
#[derive(Clone)]
pub struct ServiceProviderKey {
    pem: Zeroizing<String>,
    key: bergshamra::Key,
}

impl ServiceProviderKey {
    /// Reads PKCS#8 PEM (RFC 5958).
    ///
    /// # Errors
    ///
    /// What is no RSA key of 2048 bits and more.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyFault> {
        let key =
            bergshamra::keys::loader::load_rsa_private_pem(pem.trim().as_bytes()).map_err(|_| KeyFault::Unreadable)?;
        let this = Self { pem: Zeroizing::new(pem.to_owned()), key };
        // A key that is too short is noticed when it is used.
        this.sign(b"").map_err(|_| KeyFault::Unreadable)?;
        Ok(this)
    }

    /// RSA with PKCS#1 v1.5 and SHA-256 (RFC 8017 §8.2). The same text has the same signature.
    pub(crate) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let key = self.key.software_key().ok().flatten().ok_or(KeyFault::Unusable)?;
        sign::from_uri(RSA_SHA256).and_then(|algorithm| algorithm.sign(&key, text)).map_err(|_| KeyFault::Unusable)
    }

    /// The content key that `transport` carries (XML Encryption §5.5.2); none when it is not for this key.
    pub(crate) fn unwrap(&self, transport: &str, parameters: OaepParams, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.key.software_key().ok().flatten()?;
        from_uri_with_params(transport, parameters).ok()?.decrypt(&key, wrapped).ok().map(Zeroizing::new)
    }

    /// The same key for making certificates.
    pub(crate) fn issuer(&self) -> Result<rcgen::KeyPair, KeyFault> {
        rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&self.pem, &rcgen::PKCS_RSA_SHA256).map_err(|_| KeyFault::Unusable)
    }
}

impl fmt::Debug for ServiceProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceProviderKey")
    }
}
