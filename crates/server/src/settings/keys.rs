//! `[keys]`: secrets that protect other secrets.

use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};

/// Secrets that protect other secrets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The key of token digests in hex; see [`KeySettings::token_digest_key`].
    pub token_digest: Option<SecretString>,
}

impl KeySettings {
    /// The key of token digests; `None` means the one that the first migration put into the database.
    pub fn token_digest_key(&self) -> Option<SecretBox<[u8; 32]>> {
        let bytes = bytes(self.token_digest.as_ref()?.expose_secret())?;
        Some(SecretBox::new(Box::new(bytes)))
    }
}

pub(super) const SECTION: Section = Section {
    name: "keys",
    meaning: "Secrets that protect other secrets.",
    keys: &[Key {
        name: "keys.token_digest",
        kind: Kind::Text { expected: "64 hexadecimal digits (32 bytes)", accepts: |text| bytes(text).is_some() },
        fallback: Fallback::Nothing("a key made at the first migration and kept in the database"),
        meaning: "The key under which provisioning tokens are digested: 64 hexadecimal digits, for example from `openssl rand -hex 32`; \
                  in a file always in quotes. The same on every replica. Changing it makes every token issued before invalid.",
        secret: true,
    }],
};

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_hex_digits_are_thirty_two_bytes() {
        let read = bytes(&"00ff1A".repeat(11)[..64]).unwrap();
        assert_eq!(read[..4], [0x00, 0xff, 0x1a, 0x00]);
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"+0".repeat(32), &"é".repeat(32)] {
            assert!(bytes(text).is_none(), "{text}");
        }
    }
}
