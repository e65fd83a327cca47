//! The key ring: the keys that protect other secrets.
//!
//! The first key of a ring is current: what is digested or encrypted now is under it. The others still check and open what
//! was made under them, until nothing is left that needs them (`rollcall keys status`). From each key others are derived,
//! one a purpose, so that none is ever used for two things.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use futures_util::lock::Mutex;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of a keyed digest.
pub const DIGEST: usize = 32;

/// HMAC-SHA-256 pads its key with zeros to this many bytes (RFC 2104 §2).
const HMAC_BLOCK: usize = 64;

const LONGEST_ID: usize = 32;

/// Characters of a key's mark.
const MARK: usize = 16;

/// The name of a key: 1 to 32 lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = String;

    /// # Errors
    /// A sentence that says what a key's name looks like.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
        match (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err("the name of a key is 1 to 32 lower-case letters, digits and hyphens".to_owned()),
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of HMAC-SHA-256.
#[derive(Clone)]
struct HmacKey([u8; HMAC_BLOCK]);

impl HmacKey {
    fn new(key: [u8; 32]) -> Self {
        let mut block = [0; HMAC_BLOCK];
        for (place, byte) in block.iter_mut().zip(key) {
            *place = byte;
        }
        Self(block)
    }

    fn sign(&self, message: &[u8]) -> [u8; DIGEST] {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

/// One key of a ring, and what is derived from it.
#[derive(Clone)]
struct MasterKey {
    bytes: [u8; 32],
    secrets: HmacKey,
    cursors: HmacKey,
    devices: HmacKey,
    sealing: [u8; 32],
    archives: [u8; 32],
    mark: String,
}

impl MasterKey {
    fn new(bytes: [u8; 32]) -> Self {
        let master = HmacKey::new(bytes);
        let derived = |purpose: &str| master.sign(purpose.as_bytes());
        Self {
            bytes,
            secrets: HmacKey::new(derived("digests of secrets")),
            cursors: HmacKey::new(derived("cursors")),
            devices: HmacKey::new(derived("known devices")),
            sealing: derived("encryption"),
            archives: derived("archives"),
            mark: hex::encode(derived("mark")).chars().take(MARK).collect(),
        }
    }
}

/// A digest, and the key it was made under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedDigest {
    pub key: KeyId,
    pub bytes: Vec<u8>,
}

/// What has to be read back, encrypted with AES-256-GCM: the id of the key and its length in front, then the nonce, then the
/// text and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    /// The key it is encrypted with; none when it is no such thing.
    pub fn key(&self) -> Option<KeyId> {
        self.parts().map(|(key, _)| key)
    }

    fn parts(&self) -> Option<(KeyId, &[u8])> {
        let (length, rest) = self.0.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        Some((std::str::from_utf8(id).ok()?.parse().ok()?, rest))
    }
}

/// The keys, the current one first; never empty.
#[derive(Clone)]
pub struct KeyRing {
    current: (KeyId, MasterKey),
    previous: Vec<(KeyId, MasterKey)>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(id: KeyId, key: [u8; 32]) -> Self {
        Self { current: (id, MasterKey::new(key)), previous: Vec::new() }
    }

    /// Reads `id=64 hexadecimal digits`, one after another on lines or behind commas, the current key first. Empty lines and
    /// those that begin with `#` are passed over.
    ///
    /// # Errors
    /// A sentence that says what is wrong, without any key in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries =
            text.split(['\n', ',']).map(str::trim).filter(|entry| !entry.is_empty() && !entry.starts_with('#'));
        let mut keys = entries.map(entry).collect::<Result<Vec<_>, _>>()?.into_iter();
        let current = keys.next().ok_or("a key ring has at least one key, written as id=64 hexadecimal digits")?;
        let ring = Self { current, previous: keys.collect() };
        let mut ids: Vec<&KeyId> = ring.ids().collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => {
                Err(format!("the key {} stands twice in the ring", pair.first().map_or("", |id| id.as_str())))
            }
            None => Ok(ring),
        }
    }

    /// The ring in clear, as [`KeyRing::parse`] reads it, one key a line. For its file alone.
    pub fn reveal(&self) -> String {
        self.all().fold(String::new(), |text, (id, key)| text + &format!("{id}={}\n", hex::encode(key.bytes)))
    }

    /// The ids of all keys, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.all().map(|(id, _)| id)
    }

    pub fn current(&self) -> &KeyId {
        &self.current.0
    }

    pub fn holds(&self, id: &KeyId) -> bool {
        self.find(id).is_some()
    }

    /// This ring with a new current key; the same ring when it holds a key of that name already, which would be lost.
    #[must_use]
    pub fn rotated(&self, id: KeyId, key: [u8; 32]) -> Self {
        match self.holds(&id) {
            true => self.clone(),
            false => Self { current: (id, MasterKey::new(key)), previous: self.all().cloned().collect() },
        }
    }

    /// This ring with only those previous keys that are needed.
    #[must_use]
    pub fn retaining(&self, needed: impl Fn(&KeyId) -> bool) -> Self {
        let previous = self.previous.iter().filter(|(id, _)| needed(id)).cloned().collect();
        Self { current: self.current.clone(), previous }
    }

    /// What is kept of a secret.
    pub fn digest(&self, secret: &[u8]) -> KeyedDigest {
        let (id, key) = &self.current;
        KeyedDigest { key: id.clone(), bytes: key.secrets.sign(secret).to_vec() }
    }

    /// Whether this is the digest of the secret, in a time that tells nothing. False when its key is not in the ring.
    pub fn verify(&self, digest: &KeyedDigest, secret: &[u8]) -> bool {
        self.find(&digest.key).is_some_and(|key| key.secrets.sign(secret).ct_eq(&digest.bytes).into())
    }

    /// Tells keys of the same name apart, and nothing of them; none when the ring has no key of this name.
    pub fn mark(&self, id: &KeyId) -> Option<&str> {
        self.find(id).map(|key| key.mark.as_str())
    }

    /// This ring with a key of another, under this name, behind its own; the same ring when it has a key of that name.
    #[must_use]
    pub fn joined_by(&self, other: &Self, id: &KeyId, name: KeyId) -> Self {
        let mut joined = self.clone();
        if let Some(key) = other.find(id).filter(|_| !self.holds(&name)) {
            joined.previous.push((name, key.clone()));
        }
        joined
    }

    /// What the keys that sign archives are made of, the current key's first (ADR 0044).
    pub fn archive_seeds(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.all().map(|(_, key)| &key.archives)
    }

    /// The signature of a cursor.
    pub fn sign_cursor(&self, content: &[u8]) -> [u8; DIGEST] {
        self.current.1.cursors.sign(content)
    }

    /// Whether some key of the ring signed this cursor.
    pub fn verify_cursor(&self, content: &[u8], signature: &[u8]) -> bool {
        self.all().any(|(_, key)| key.cursors.sign(content).ct_eq(signature).into())
    }

    /// The signature of what a browser is known by.
    pub fn sign_device(&self, content: &[u8]) -> [u8; DIGEST] {
        self.current.1.devices.sign(content)
    }

    /// Whether some key of the ring signed this.
    pub fn verify_device(&self, content: &[u8], signature: &[u8]) -> bool {
        self.all().any(|(_, key)| key.devices.sign(content).ct_eq(signature).into())
    }

    /// Encrypts something; `about` has to be said again to read it, so that it cannot be put in another's place.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn seal(&self, text: &[u8], about: &str) -> Result<Sealed, String> {
        let (id, key) = &self.current;
        let unusable = |_| "encryption failed".to_owned();
        let mut body = text.to_vec();
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &key.sealing).map_err(unusable)?;
        let nonce = sealing.seal_in_place_append_tag(Aad::from(about), &mut body).map_err(unusable)?;
        let length = u8::try_from(id.as_str().len()).map_err(|error| error.to_string())?;
        Ok(Sealed([&[length], id.as_str().as_bytes(), nonce.as_ref().as_slice(), &body].concat()))
    }

    /// Decrypts what was encrypted about the same thing; none when the key is not in the ring or the text was changed.
    pub fn open(&self, sealed: &Sealed, about: &str) -> Option<Vec<u8>> {
        let (id, rest) = sealed.parts()?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, &self.find(&id)?.sealing).ok()?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        sealing.open_in_place(nonce, Aad::from(about), &mut body).ok().map(|text| text.to_vec())
    }

    fn all(&self) -> impl Iterator<Item = &(KeyId, MasterKey)> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn find(&self, id: &KeyId) -> Option<&MasterKey> {
        self.all().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}

fn entry(entry: &str) -> Result<(KeyId, MasterKey), String> {
    let (id, digits) = entry.split_once('=').ok_or("a key is written as id=64 hexadecimal digits")?;
    let id: KeyId = id.trim().parse()?;
    let mut bytes = [0; 32];
    match hex::decode_to_slice(digits.trim(), &mut bytes) {
        Ok(()) => Ok((id, MasterKey::new(bytes))),
        Err(_) => Err(format!("the key {id} is not 64 hexadecimal digits")),
    }
}

/// Where a ring comes from, to look there again.
#[async_trait]
pub trait RingSource: Send + Sync {
    /// # Errors
    /// A sentence that says why there is no ring, without any key in it.
    async fn load(&self) -> Result<KeyRing, String>;
}

/// A ring that never changes is its own source.
#[async_trait]
impl RingSource for KeyRing {
    async fn load(&self) -> Result<KeyRing, String> {
        Ok(self.clone())
    }
}

/// The ring of a running process, which follows its source.
pub struct Keys {
    ring: RwLock<Arc<KeyRing>>,
    source: Box<dyn RingSource>,
    learning: Mutex<()>,
}

impl Keys {
    pub fn new(ring: KeyRing, source: Box<dyn RingSource>) -> Self {
        Self { ring: RwLock::new(Arc::new(ring)), source, learning: Mutex::default() }
    }

    /// The ring as it is now.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As [`follow`](Self::follow), for somebody who misses a key. One at a time looks; the others wait and find what it found.
    pub async fn learn(&self, is_enough: impl Fn(&KeyRing) -> bool) {
        let _turn = self.learning.lock().await;
        if is_enough(&self.ring()) {
            return;
        }
        if let Err(error) = self.follow().await {
            tracing::warn!(error, "the key ring cannot be read");
        }
    }

    /// Reads the ring again, which somebody may have rotated; a ring that cannot be read changes nothing.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn follow(&self) -> Result<(), String> {
        let ring = self.source.load().await?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).unwrap()
    }

    fn line(id: &str, digit: &str) -> String {
        format!("{id}={}", digit.repeat(64))
    }

    #[test]
    fn a_ring_reads_back_and_its_first_key_is_current() {
        let text = format!("# the ring\n{}\n\n{}\n", line("k2", "b"), line("k1", "a"));
        let read = ring(&text);
        assert_eq!(read.current().as_str(), "k2");
        assert_eq!(ring(&read.reveal()).reveal(), read.reveal());
        assert_eq!(ring(&format!("{}, {}", line("k2", "b"), line("k1", "a"))).reveal(), read.reveal());
    }

    #[test]
    fn what_is_no_ring_is_told_without_its_keys() {
        for bad in
            ["", "k1", "k1=abc", &line("K1", "a"), &format!("{},{}", line("k", "a"), line("k", "b")), &line("", "a")]
        {
            let error = KeyRing::parse(bad).unwrap_err();
            assert!(!error.contains("aaaa") && !error.contains("abc"), "{error}");
        }
    }

    #[test]
    fn digests_outlive_a_rotation_until_their_key_is_dropped() {
        let old = ring(&line("k1", "a"));
        let digest = old.digest(b"secret");
        let new = old.rotated("k2".parse().unwrap(), [7; 32]);
        assert!(new.verify(&digest, b"secret") && !new.verify(&digest, b"other"));
        assert_eq!(new.digest(b"secret").key.as_str(), "k2");
        assert_eq!(new.rotated("k1".parse().unwrap(), [8; 32]).reveal(), new.reveal(), "no key is ever overwritten");
        assert!(!new.verify(&KeyedDigest { key: "k2".parse().unwrap(), ..digest.clone() }, b"secret"));
        let later = new.retaining(|_| false);
        assert!(!later.verify(&digest, b"secret"));
        assert!(new.verify_cursor(b"content", &old.sign_cursor(b"content")));
        assert!(!later.verify_cursor(b"content", &old.sign_cursor(b"content")));
    }

    #[test]
    fn what_is_sealed_opens_for_its_own_purpose_and_unchanged_alone() {
        let old = ring(&line("k1", "a"));
        let sealed = old.seal(b"private", "signing key 1").unwrap();
        assert_eq!(sealed.key(), Some("k1".parse().unwrap()));
        let new = old.rotated("k2".parse().unwrap(), [7; 32]);
        assert_eq!(new.open(&sealed, "signing key 1").as_deref(), Some(b"private".as_slice()));
        assert_eq!(new.open(&sealed, "signing key 2"), None);
        assert_eq!(new.retaining(|_| false).open(&sealed, "signing key 1"), None);
        assert_ne!(old.seal(b"private", "signing key 1").unwrap(), sealed, "never twice the same");
        for place in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[place] ^= 1;
            assert_eq!(new.open(&changed, "signing key 1"), None, "{place}");
        }
        assert_eq!(new.open(&Sealed(Vec::new()), "signing key 1"), None);
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let printed = format!("{:?}", ring(&line("k1", "a")));
        assert_eq!(printed, "[KeyId(\"k1\")]");
    }
}
