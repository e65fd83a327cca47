//! Browsers that are known again: a long-lived cookie that says which account signed in there, signed by the key ring.
//!
//! It opens nothing. Whoever shows one tries passwords on a budget of their own, which strangers cannot spend (ADR 0030).

use uuid::Uuid;

use crate::ids::{AdminId, TenantId};
use crate::keys::KeyRing;
use crate::timestamp::Timestamp;

/// How long a browser is known after it signed in.
pub const KNOWN_SECONDS: i64 = 180 * 86_400;

/// A browser that an account has signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    pub id: Uuid,
    pub admin: AdminId,
    pub since: Timestamp,
    /// Whether a code of the second step was shown when it last signed in.
    pub by_second_step: bool,
}

impl KnownDevice {
    /// The cookie's text: `<id>_<admin>_<microseconds>_<0 or 1>_<signature>`.
    pub fn reveal(&self, ring: &KeyRing, tenant: TenantId) -> String {
        let content = self.content();
        let signature = ring.sign_device(signed(tenant, &content).as_bytes());
        format!("{content}_{}", hex::encode(signature))
    }

    /// Reads a cookie's text; none when it is not one that we signed for this tenant within the last [`KNOWN_SECONDS`].
    pub fn parse(text: &str, ring: &KeyRing, tenant: TenantId, now: Timestamp) -> Option<Self> {
        let (content, signature) = text.rsplit_once('_')?;
        let signature = hex::decode(signature).ok()?;
        if !ring.verify_device(signed(tenant, content).as_bytes(), &signature) {
            return None;
        }
        let mut parts = content.split('_');
        let mut uuid = || Uuid::try_parse(parts.next()?).ok();
        let (id, admin) = (uuid()?, AdminId(uuid()?));
        let since = Timestamp::from_micros(parts.next()?.parse().ok()?);
        let by_second_step = parts.next()? == "1";
        (now < since.plus_seconds(KNOWN_SECONDS)).then_some(Self { id, admin, since, by_second_step })
    }

    fn content(&self) -> String {
        let Self { id, admin, since, by_second_step } = self;
        format!("{}_{}_{}_{}", id.simple(), admin.0.simple(), since.as_micros(), u8::from(*by_second_step))
    }
}

fn signed(tenant: TenantId, content: &str) -> String {
    format!("{tenant} {content}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_in_its_tenant_until_its_cookie_is_old_or_changed() {
        let ring = KeyRing::new("k1".parse().unwrap(), [1; 32]);
        let (tenant, now) = (TenantId(Uuid::from_u128(1)), Timestamp::from_micros(1_000_000));
        let admin = AdminId(Uuid::from_u128(2));
        let device = KnownDevice { id: Uuid::from_u128(7), admin, since: now, by_second_step: true };
        let text = device.reveal(&ring, tenant);
        assert_eq!(KnownDevice::parse(&text, &ring, tenant, now), Some(device));
        let rotated = ring.rotated("k2".parse().unwrap(), [2; 32]);
        assert_eq!(KnownDevice::parse(&text, &rotated, tenant, now), Some(device));
        assert_eq!(KnownDevice::parse(&text, &rotated.retaining(|_| false), tenant, now), None);
        assert_eq!(KnownDevice::parse(&text, &ring, TenantId(Uuid::from_u128(2)), now), None);
        assert_eq!(KnownDevice::parse(&text, &ring, tenant, now.plus_seconds(KNOWN_SECONDS)), None);
        let without = KnownDevice { by_second_step: false, ..device };
        assert_eq!(KnownDevice::parse(&without.reveal(&ring, tenant), &ring, tenant, now), Some(without));
        let forged = without.reveal(&ring, tenant).replacen("_0_", "_1_", 1);
        for bad in ["", "_", "a_b_c_d", &forged, &text[1..], &text.replacen('7', "8", 1)] {
            assert_eq!(KnownDevice::parse(bad, &ring, tenant, now), None, "{bad}");
        }
    }
}
