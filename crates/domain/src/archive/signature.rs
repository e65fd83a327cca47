//! Who signed: Ed25519 (RFC 8032) with a key that is made of the key ring. Whoever has the ring can sign and check; others
//! check by the public key, which is no secret.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::keys::{KeyId, KeyRing};

const PREFIX: &str = "ed25519:";

/// The public key of an installation's archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveKey([u8; 32]);

impl fmt::Display for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for ArchiveKey {
    type Err = String;

    /// # Errors
    /// A sentence that says where such keys are shown.
    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.trim().strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
            "a key that signs archives reads ed25519: and 43 characters; `rollcall keys status` shows an installation's"
                .to_owned()
        })
    }
}

impl ArchiveKey {
    /// Whether this signature, in base64, was made of the text by whoever has the key.
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        let signature = STANDARD.decode(signature).unwrap_or_default();
        UnparsedPublicKey::new(&ED25519, &self.0).verify(text.as_bytes(), &signature).is_ok()
    }
}

/// The current key of a ring, signing.
pub struct ArchiveSigner(Ed25519KeyPair);

impl ArchiveSigner {
    /// # Errors
    /// Never, with a ring, which is never empty.
    pub fn of(ring: &KeyRing) -> Result<Self, String> {
        let seed = ring.archive_seeds().next().ok_or("the key ring is empty")?;
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|error| error.to_string())
    }

    pub fn key(&self) -> ArchiveKey {
        let mut key = [0; 32];
        for (place, byte) in key.iter_mut().zip(self.0.public_key().as_ref()) {
            *place = *byte;
        }
        ArchiveKey(key)
    }

    /// The signature in base64.
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.0.sign(text.as_bytes()))
    }
}

/// The keys by which archives that were signed with this ring are known, the current one first.
pub fn signers(ring: &KeyRing) -> Vec<ArchiveKey> {
    let pairs = ring.archive_seeds().filter_map(|seed| Ed25519KeyPair::from_seed_unchecked(seed).ok());
    pairs.map(|pair| ArchiveSigner(pair).key()).collect()
}

/// The keys of a ring, with the public keys by which what they signed is known.
pub fn signers_by_name(ring: &KeyRing) -> Vec<(KeyId, ArchiveKey)> {
    let pairs = ring.ids().zip(ring.archive_seeds());
    let named = pairs.filter_map(|(id, seed)| Some((id.clone(), Ed25519KeyPair::from_seed_unchecked(seed).ok()?)));
    named.map(|(id, pair)| (id, ArchiveSigner(pair).key())).collect()
}

/// A signature of this ring's current key, in base64, and whose it is.
///
/// # Errors
/// As [`ArchiveSigner::of`].
pub fn signature_of(ring: &KeyRing, text: &str) -> Result<(ArchiveKey, String), String> {
    let signer = ArchiveSigner::of(ring)?;
    Ok((signer.key(), signer.sign(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_text_and_key_alone() {
        let ring = KeyRing::new("one".parse().unwrap(), [7; 32]);
        let (key, signature) = signature_of(&ring, "text").unwrap();
        assert!(key.verifies("text", &signature));
        assert!(!key.verifies("texts", &signature) && !key.verifies("text", "") && !key.verifies("text", "AAAA"));
        let other = KeyRing::new("one".parse().unwrap(), [8; 32]);
        assert!(!signers(&other)[0].verifies("text", &signature));
        let rotated = ring.rotated("two".parse().unwrap(), [9; 32]);
        assert_eq!((signers(&rotated).len(), &signers(&rotated)[1]), (2, &key), "after a rotation it is known still");
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "ed25519:", "ed25519:AAAA", "AAAA"] {
            assert!(ArchiveKey::from_str(bad).is_err(), "{bad}");
        }
    }
}
