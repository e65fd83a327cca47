//! Secrets as they are shown and sent: `<prefix>_<id>_<secret><checksum>`, with 32 hexadecimal digits of id, 64 of secret (256
//! random bits), and 8 that let a scanner or a person tell a real secret from a mistyped one (architecture.md §8).

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

const ID_DIGITS: usize = 32;
const SECRET_DIGITS: usize = 64;
const CHECKSUM_DIGITS: usize = 8;

/// A secret and its id. In clear it is shown by [`SecretText::reveal`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText {
    pub id: Uuid,
    secret: [u8; 32],
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({}, ***)", self.id)
    }
}

impl SecretText {
    pub const fn new(id: Uuid, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// What is digested.
    pub const fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub fn reveal(&self, prefix: &str) -> String {
        let body = format!("{prefix}_{}_{}", self.id.simple(), hex::encode(self.secret));
        let checksum = checksum(&body);
        body + &checksum
    }

    /// Reads a secret with this prefix; none when the text is not one or its checksum is wrong.
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let (body, given) = text.split_at_checked(text.len().checked_sub(CHECKSUM_DIGITS)?)?;
        let (id, secret) = body.strip_prefix(prefix)?.strip_prefix('_')?.split_once('_')?;
        let well_formed = id.len() == ID_DIGITS && secret.len() == SECRET_DIGITS && checksum(body) == given;
        let id = Uuid::try_parse(id).ok().filter(|_| well_formed)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret, &mut bytes).ok()?;
        Some(Self::new(id, bytes))
    }
}

fn checksum(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes())).chars().take(CHECKSUM_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_secret_is_none() {
        let text = SecretText::new(Uuid::from_u128(7), [0xA5; 32]).reveal("scim");
        assert!(SecretText::parse("scim", &text).is_some());
        for bad in
            ["", "scim_", "scim__", &text[1..], &text[..text.len() - 1], &text.replacen("a5", "a6", 1), "scim_é_é"]
        {
            assert_eq!(SecretText::parse("scim", bad), None, "{bad}");
        }
        assert_eq!(SecretText::parse("client", &text), None);
    }
}
