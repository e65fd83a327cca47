//! The keys that access tokens are signed with: ES256, made by the server itself, kept encrypted by the key ring, and
//! replaced in time.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use futures_util::lock::Mutex;
use jsonwebtoken::{DecodingKey, EncodingKey};
use uuid::Uuid;

use crate::keys::{KeyRing, Keys, Sealed};
use crate::ports::IdGen;
use crate::store::{Store, StoreError};
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400;

/// A key signs for so long.
const TURN_SECONDS: i64 = 90 * DAY;

/// A key that was replaced still checks for so long: more than any access token is good for.
const REST_SECONDS: i64 = DAY;

/// A new key is known to every process before it signs: they look every [`FOLLOW_SECONDS`].
const NOTICE_SECONDS: i64 = 60;

/// How often a process looks for new keys.
pub const FOLLOW_SECONDS: u64 = 5;

/// A key pair as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSigningKey {
    /// The `kid` of its tokens.
    pub id: Uuid,
    /// The point on the curve, uncompressed.
    pub public: Vec<u8>,
    /// PKCS#8.
    pub private: Sealed,
    pub created: Timestamp,
}

impl StoredSigningKey {
    /// A new key pair.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn generate(id: Uuid, ring: &KeyRing, now: Timestamp) -> Result<Self, String> {
        let unusable = |_| "a signing key could not be made".to_owned();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let pkcs8 = pkcs8.map_err(unusable)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref());
        let public = pair.map_err(|error| error.to_string())?.public_key().as_ref().to_vec();
        Ok(Self { id, public, private: ring.seal(pkcs8.as_ref(), &about(id))?, created: now })
    }

    /// The same key, encrypted under the ring's current key; none when the ring does not open it.
    pub fn sealed_anew(&self, ring: &KeyRing) -> Option<Self> {
        let private = ring.open(&self.private, &about(self.id))?;
        Some(Self { private: ring.seal(&private, &about(self.id)).ok()?, ..self.clone() })
    }
}

/// What a private key is encrypted for.
fn about(id: Uuid) -> String {
    format!("signing key {id}")
}

/// A key pair in use.
#[derive(Clone)]
struct Known {
    id: Uuid,
    created: Timestamp,
    checks: DecodingKey,
    /// None when the ring does not open it.
    signs: Option<EncodingKey>,
}

/// The signing keys of an installation, as a process knows them.
pub struct SigningKeys {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    keys: Arc<Keys>,
    known: RwLock<Arc<[Known]>>,
    /// When an unknown key was last looked for.
    learned: Mutex<Option<Timestamp>>,
}

impl SigningKeys {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, keys: Arc<Keys>) -> Self {
        Self { store, ids, keys, known: RwLock::new(Arc::new([])), learned: Mutex::default() }
    }

    /// Learns the keys there are, makes a new one in time, encrypts anew what is under an old key of the ring, and forgets
    /// keys that nothing rests on any more. Two processes that make a key at once make two, which does no harm.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn follow(&self, now: Timestamp) -> Result<(), StoreError> {
        let work = self.store.work();
        let mut stored = work.signing_keys().await?;
        // Somebody may have rotated the ring a moment ago; what it does not open now is lost.
        let is_enough = |ring: &KeyRing| stored.iter().all(|key| key.private.key().is_some_and(|id| ring.holds(&id)));
        self.keys.learn(is_enough).await;
        let ring = self.keys.ring();
        for key in &stored {
            if key.private.key().as_ref() != Some(ring.current())
                && let Some(anew) = key.sealed_anew(&ring)
            {
                work.reseal_signing_key(&key.private, &anew).await?;
            }
        }
        let usable = |key: &&StoredSigningKey| ring.open(&key.private, &about(key.id)).is_some();
        let newest = stored.iter().filter(usable).map(|key| key.created).max();
        if newest.is_none_or(|created| created.plus_seconds(TURN_SECONDS) <= now) {
            let key = StoredSigningKey::generate(self.ids.next(now), &ring, now).map_err(StoreError::Internal)?;
            work.insert_signing_key(&key).await?;
            stored.push(key);
        }
        let known: Arc<[Known]> = stored.iter().map(|key| read(key, &ring)).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        let kept_since = now.plus_seconds(-(TURN_SECONDS + REST_SECONDS));
        match stored.iter().any(|key| key.created < kept_since) {
            true => work.prune_signing_keys(kept_since).await,
            false => Ok(()),
        }
    }

    /// As [`follow`](Self::follow), for somebody who misses this key. One at a time looks, and the others wait and find what
    /// it found; nobody looks who did a moment ago, so that made-up keys cost a look a second.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn learn(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let mut learned = self.learned.lock().await;
        if self.checking(id).is_some() || learned.is_some_and(|before| before.plus_seconds(1) > now) {
            return Ok(());
        }
        self.follow(now).await?;
        *learned = Some(now);
        Ok(())
    }

    /// The key to sign with now: the newest that every process has had time to notice, or else the oldest there is.
    pub(crate) fn signing(&self, now: Timestamp) -> Option<(Uuid, EncodingKey)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let usable = || known.iter().filter(|key| key.signs.is_some());
        let noticed =
            usable().filter(|key| key.created.plus_seconds(NOTICE_SECONDS) <= now).max_by_key(|key| key.created);
        let key = noticed.or_else(|| usable().min_by_key(|key| key.created))?;
        Some((key.id, key.signs.clone()?))
    }

    /// The key that checks what was signed under this id.
    pub(crate) fn checking(&self, id: Uuid) -> Option<DecodingKey> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|key| key.id == id).map(|key| key.checks.clone())
    }
}

fn read(key: &StoredSigningKey, ring: &KeyRing) -> Known {
    let private = ring.open(&key.private, &about(key.id));
    Known {
        id: key.id,
        created: key.created,
        checks: DecodingKey::from_ec_der(&key.public),
        signs: private.map(|pkcs8| EncodingKey::from_ec_der(&pkcs8)),
    }
}
