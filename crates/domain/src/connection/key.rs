//! The tenant's own keys for SAML: they sign what we send and decrypt what is encrypted for us.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sso::{Certificate, ServiceProviderKey};
use time::{Duration, OffsetDateTime};

use crate::ids::{SsoKeyId, TenantId};
use crate::keys::{KeyRing, Sealed};
use crate::timestamp::Timestamp;

/// How long a certificate of ours is good. Nobody checks it but by its key; identity providers show when it ends.
const YEARS: i64 = 10;

/// How many keys a tenant has at the most: the one that signs, and one that is being replaced.
pub const MAX_KEYS: usize = 2;

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSsoKey {
    pub id: SsoKeyId,
    /// PKCS#8 in PEM.
    pub private: Sealed,
    /// DER in base64.
    pub certificate: String,
    pub created: Timestamp,
}

/// A key whose encryption rests on an old key of the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleSsoSecret {
    pub tenant: TenantId,
    pub holder: SecretHolder,
    pub secret: Sealed,
}

/// What an encrypted secret of single sign-on belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretHolder {
    Key(SsoKeyId),
    /// An OpenID Connect client's secret.
    Connection(crate::ids::ConnectionId),
}

impl SecretHolder {
    /// What the secret is encrypted for, so that it opens nowhere else.
    pub fn about(self, tenant: TenantId) -> String {
        match self {
            Self::Key(id) => format!("single sign-on key {tenant} {id}"),
            Self::Connection(id) => format!("client secret {tenant} {id}"),
        }
    }
}

impl StaleSsoSecret {
    /// The secret under the ring's current key; none when the ring does not open it.
    pub fn sealed_anew(&self, ring: &KeyRing) -> Option<Sealed> {
        let about = self.holder.about(self.tenant);
        ring.seal(&ring.open(&self.secret, &about)?, &about).ok()
    }
}

impl StoredSsoKey {
    /// Makes a key of 2048 bits and a certificate for it. It takes the processor for a moment.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn generate(
        id: SsoKeyId,
        tenant: TenantId,
        name: &str,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<Self, String> {
        let unusable = |_| "a key for single sign-on could not be made".to_owned();
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(unusable)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unusable)?;
        let pem = pem(&STANDARD.encode(der.as_ref()));
        let key = ServiceProviderKey::from_pkcs8_pem(&pem).map_err(|error| error.to_string())?;
        let (from, serial) = (now.moment(), id.0.as_u128() >> 1);
        let until = from.saturating_add(Duration::days(365 * YEARS));
        let certificate = Certificate::self_signed(&key, name, serial, from - Duration::days(1), until);
        Ok(Self {
            id,
            private: ring.seal(pem.as_bytes(), &SecretHolder::Key(id).about(tenant))?,
            certificate: certificate.map_err(|error| error.to_string())?.base64(),
            created: now,
        })
    }

    /// The key itself; none when the ring does not open it.
    pub fn open(&self, ring: &KeyRing, tenant: TenantId) -> Option<ServiceProviderKey> {
        let pem = ring.open(&self.private, &SecretHolder::Key(self.id).about(tenant))?;
        ServiceProviderKey::from_pkcs8_pem(std::str::from_utf8(&pem).ok()?).ok()
    }

    pub fn certificate(&self) -> Option<Certificate> {
        Certificate::read(&self.certificate).ok()
    }

    /// When its certificate ends.
    pub fn ends(&self) -> Option<OffsetDateTime> {
        self.certificate().map(|certificate| certificate.not_after())
    }
}

/// RFC 7468 §10, in lines of 64 characters.
fn pem(base64: &str) -> String {
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n");
    format!("-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_key_opens_with_its_ring_and_tenant_alone() {
        let ring = KeyRing::new("one".parse().unwrap(), [7; 32]);
        let (id, tenant) = (SsoKeyId(Uuid::from_u128(5)), TenantId(Uuid::from_u128(9)));
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let made = StoredSsoKey::generate(id, tenant, "Acme", &ring, now).unwrap();
        assert!(made.open(&ring, tenant).is_some());
        assert!(made.open(&ring, TenantId(Uuid::from_u128(8))).is_none(), "another tenant's");
        assert!(made.open(&KeyRing::new("two".parse().unwrap(), [7; 32]), tenant).is_none(), "another ring's");
        assert_eq!(made.certificate().unwrap().subject(), "CN=Acme");
        assert_eq!(made.ends().unwrap(), now.moment() + Duration::days(3650));
        let stale = StaleSsoSecret { tenant, holder: SecretHolder::Key(id), secret: made.private.clone() };
        let rotated = ring.rotated("two".parse().unwrap(), [8; 32]);
        let anew = StoredSsoKey { private: stale.sealed_anew(&rotated).unwrap(), ..made };
        assert_eq!(anew.private.key(), Some("two".parse().unwrap()));
        assert!(anew.open(&rotated, tenant).is_some());
    }
}
