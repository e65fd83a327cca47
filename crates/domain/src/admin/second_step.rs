//! The second step of signing in: a code of six digits that an app makes of a secret and the time (TOTP, RFC 6238), or one of
//! ten recovery codes.
//!
//! The secret is kept encrypted by the key ring. Recovery codes are kept as digests under a key that is derived from it, not
//! from the ring: a ring can be rotated without waiting until ten years later somebody uses one.

use std::fmt;

use aws_lc_rs::hmac as lc;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ids::{AdminId, TenantId};
use crate::keys::{KeyRing, Sealed};
use crate::timestamp::Timestamp;

/// Bytes of a secret: those of SHA-1, as RFC 4226 §4 recommends.
const SECRET: usize = 20;

/// A code is good for so many seconds (RFC 6238 §5.2), and so are the one before and the one after it.
const STEP_SECONDS: i64 = 30;

/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 10;

/// Characters of a recovery code: 80 bits.
const CODE: usize = 16;

/// Both are written in base32 (RFC 4648 §6), which has no 0, 1 and 8.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A second step as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecondStep {
    pub secret: Sealed,
    /// None until a first code has shown that the app has the secret.
    pub confirmed: Option<Timestamp>,
    /// The latest step of time whose code was used, so that none is used twice.
    pub last_step: Option<i64>,
}

/// A second step that waits for its secret to be encrypted under the ring's current key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleSecondStep {
    pub tenant: TenantId,
    pub admin: AdminId,
    pub secret: Sealed,
}

impl StaleSecondStep {
    /// The secret under the current key; none when the ring does not open it.
    pub fn sealed_anew(&self, ring: &KeyRing) -> Option<Sealed> {
        TotpSecret::open(&self.secret, ring, self.tenant, self.admin)?.seal(ring, self.tenant, self.admin).ok()
    }
}

/// The secret that an app and we have in common.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

impl TotpSecret {
    /// A secret made of random bits.
    pub fn new(random: [u8; 32]) -> Self {
        let mut secret = [0; SECRET];
        for (place, byte) in secret.iter_mut().zip(random) {
            *place = byte;
        }
        Self(secret)
    }

    /// The secret encrypted for this admin.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub fn seal(&self, ring: &KeyRing, tenant: TenantId, admin: AdminId) -> Result<Sealed, String> {
        ring.seal(&self.0, &about(tenant, admin))
    }

    /// Reads the secret back; none when its key is lost.
    pub fn open(sealed: &Sealed, ring: &KeyRing, tenant: TenantId, admin: AdminId) -> Option<Self> {
        ring.open(sealed, &about(tenant, admin))?.try_into().ok().map(Self)
    }

    /// For whoever types it into an app: in groups of four.
    pub fn reveal(&self) -> String {
        groups(&base32(&self.0), ' ')
    }

    /// For apps that read it from a picture: the `otpauth` URI of Google Authenticator's key URI format. `issuer` is the
    /// product, `account` whose secret it is there.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account, secret) = (percent(issuer), percent(account), base32(&self.0));
        format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
    }

    /// The step of time whose code this is: now, one before or one after, and later than `last`. None for any other text.
    pub fn step_of(&self, code: &str, last: Option<i64>, now: Timestamp) -> Option<i64> {
        let digits: String = code.chars().filter(|each| !each.is_whitespace()).collect();
        let given = Some(&digits).filter(|digits| is_totp(digits)).and_then(|digits| digits.parse::<u32>().ok())?;
        let current = step_at(now);
        let fresh = (current - 1..=current + 1).filter(|step| last.is_none_or(|last| last < *step));
        // All are computed, so that the time it takes tells nothing.
        fresh.fold(None, |found, step| if self.code(step) == Some(given) { found.or(Some(step)) } else { found })
    }

    /// What an app shows at this moment.
    pub fn current_code(&self, now: Timestamp) -> String {
        format!("{:06}", self.code(step_at(now)).unwrap_or_default())
    }

    /// The code of a step (RFC 4226 §5.3).
    fn code(&self, step: i64) -> Option<u32> {
        let key = lc::Key::new(lc::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = lc::sign(&key, &step.to_be_bytes());
        let offset = usize::from(tag.as_ref().last()? & 0xF);
        let bytes = tag.as_ref().get(offset..offset + 4)?.try_into().ok()?;
        Some((u32::from_be_bytes(bytes) & 0x7FFF_FFFF) % 1_000_000)
    }

    /// What is kept of a recovery code.
    pub fn digest(&self, code: &RecoveryCode) -> Vec<u8> {
        let sign = |key: &[u8], message: &[u8]| {
            Hmac::<Sha256>::new_from_slice(key).ok().map(|mut mac| {
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            })
        };
        let key = sign(&self.0, b"recovery codes").unwrap_or_default();
        sign(&key, code.0.as_bytes()).unwrap_or_default()
    }
}

/// The step of time of a moment (RFC 6238 §4.2).
const fn step_at(now: Timestamp) -> i64 {
    now.as_micros().div_euclid(1_000_000 * STEP_SECONDS)
}

/// What a secret is encrypted for.
fn about(tenant: TenantId, admin: AdminId) -> String {
    format!("second step of {tenant} {admin}")
}

/// Whether a text is six digits.
pub fn is_totp(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|each| each.is_ascii_digit())
}

/// A code that is good once, for whoever has lost the app.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(***)")
    }
}

impl RecoveryCode {
    /// A code made of random bits.
    pub fn new(random: [u8; 32]) -> Self {
        let text = base32(&random);
        Self(text.chars().take(CODE).collect())
    }

    /// Reads a code as somebody types it, in any case and with any spaces and hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let kept = text.chars().filter(|each| !each.is_whitespace() && *each != '-');
        let code: String = kept.map(|each| each.to_ascii_uppercase()).collect();
        (code.len() == CODE && code.bytes().all(|each| ALPHABET.contains(&each))).then_some(Self(code))
    }

    /// The code in clear. For its one showing.
    pub fn reveal(&self) -> String {
        groups(&self.0, '-').to_ascii_lowercase()
    }
}

/// RFC 4648 §6, without padding.
fn base32(bytes: &[u8]) -> String {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)).collect::<Vec<_>>();
    let digits = bits.chunks(5).map(|chunk| {
        let value = chunk.iter().chain(&[0; 5]).take(5).fold(0_usize, |value, bit| value << 1 | usize::from(*bit));
        char::from(ALPHABET.get(value).copied().unwrap_or_default())
    });
    digits.collect()
}

fn groups(text: &str, between: char) -> String {
    let mut grouped = String::with_capacity(text.len() * 5 / 4);
    for (place, each) in text.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push(between);
        }
        grouped.push(each);
    }
    grouped
}

/// RFC 3986 §2.1, of everything that is not unreserved.
fn percent(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));
    const ADMIN: AdminId = AdminId(Uuid::from_u128(2));

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        let vectors = [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ];
        for (seconds, code) in vectors {
            assert_eq!(secret().code(seconds / 30), Some(code), "{seconds}");
            assert_eq!(secret().step_of(&format!("{code:06}"), None, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_a_step_early_and_late_and_never_after_it_was_used() {
        let secret = secret();
        for (now, step) in [(59, Some(1)), (30, Some(1)), (0, Some(1)), (60, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(secret.step_of("287082", None, at(now)), step, "{now}");
        }
        assert_eq!(secret.step_of("287 082", None, at(59)), Some(1));
        assert_eq!(secret.step_of("287082", Some(0), at(59)), Some(1));
        assert_eq!(secret.step_of("287082", Some(1), at(59)), None);
        for bad in ["", "28708", "2870820", "287o82", "+87082", "٢٨٧٠٨٢"] {
            assert_eq!(secret.step_of(bad, None, at(59)), None, "{bad}");
        }
    }

    #[test]
    fn apps_get_the_secret_in_base32_and_as_a_uri() {
        assert_eq!(secret().reveal(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret().uri("Acme Inc", "ana@acme.example"),
            "otpauth://totp/Acme%20Inc:ana%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20Inc\
             &algorithm=SHA1&digits=6&period=30"
        );
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_recovery_code_reads_back_however_it_is_typed() {
        let code = RecoveryCode::new([0xA5; 32]);
        let text = code.reveal();
        assert_eq!(text.len(), 19);
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', " "), text.replace('-', "")] {
            assert_eq!(RecoveryCode::parse(&typed), Some(code.clone()), "{typed}");
        }
        for bad in ["", "123456", &text[1..], &text.replace('u', "1")] {
            assert_eq!(RecoveryCode::parse(bad), None, "{bad}");
        }
        let other = TotpSecret::new([7; 32]);
        assert_eq!(secret().digest(&code), secret().digest(&code));
        assert_ne!(secret().digest(&code), other.digest(&code));
        assert_ne!(secret().digest(&code), secret().digest(&RecoveryCode::new([0xA6; 32])));
    }

    #[test]
    fn a_secret_opens_for_its_admin_alone_and_outlives_a_rotation_when_sealed_anew() {
        let old = KeyRing::new("k1".parse().unwrap(), [1; 32]);
        let sealed = secret().seal(&old, TENANT, ADMIN).unwrap();
        assert_eq!(TotpSecret::open(&sealed, &old, TENANT, ADMIN), Some(secret()));
        assert_eq!(TotpSecret::open(&sealed, &old, TENANT, AdminId(Uuid::from_u128(3))), None);
        assert_eq!(TotpSecret::open(&sealed, &old, TenantId(Uuid::from_u128(3)), ADMIN), None);
        let new = old.rotated("k2".parse().unwrap(), [2; 32]);
        let anew = StaleSecondStep { tenant: TENANT, admin: ADMIN, secret: sealed }.sealed_anew(&new).unwrap();
        let only = new.retaining(|_| false);
        assert_eq!(TotpSecret::open(&anew, &only, TENANT, ADMIN), Some(secret()));
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let printed = format!("{:?} {:?}", secret(), RecoveryCode::new([1; 32]));
        assert_eq!(printed, "TotpSecret(***) RecoveryCode(***)");
    }
}
