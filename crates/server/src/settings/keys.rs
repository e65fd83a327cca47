//! `[keys]`: the key ring, which protects other secrets.

use std::path::PathBuf;

use domain::keys::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};
use super::{Layers, SettingsError};

/// Where the key ring is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The ring itself; see [`KeySettings::ring`].
    pub ring: Option<SecretString>,
    /// The file that holds it.
    pub ring_file: Option<PathBuf>,
}

impl KeySettings {
    /// The ring, where the settings hold it.
    pub fn ring(&self) -> Option<KeyRing> {
        KeyRing::parse(self.ring.as_ref()?.expose_secret()).ok()
    }

    /// Checks the keys against each other.
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        match self.ring.is_some() && self.ring_file.is_some() {
            true => Err(layers
                .misfit("keys.ring_file", "it to be left out, because keys.ring holds the ring already".to_owned())),
            false => Ok(()),
        }
    }
}

pub(super) const SECTION: Section = Section {
    name: "keys",
    meaning: "The key ring: the keys that protect other secrets. Credentials are digested and signing keys are encrypted with it. \
              It is the same on every process; [credentials.md](../guides/credentials.md) tells how to rotate it, and what is left \
              when it is lost.",
    keys: &[
        Key {
            name: "keys.ring",
            kind: Kind::Text {
                expected: "id=64 hexadecimal digits, several separated by commas, the current key first",
                accepts: |text| KeyRing::parse(text).is_ok(),
            },
            fallback: Fallback::Nothing("see `keys.ring_file`"),
            meaning: "The ring itself: `id=64 hexadecimal digits` for each key, separated by commas, the current one first, for example \
                      `k1=` and what `openssl rand -hex 32` prints. What was made under the others can still be read.",
            secret: true,
        },
        Key {
            name: "keys.ring_file",
            kind: Kind::Text { expected: "the name of a file", accepts: |text| !text.is_empty() },
            fallback: Fallback::Derived(
                "with SQLite a file beside the database, `rollcall.keys`, made at the first start; with PostgreSQL a ring that is kept in the database itself",
            ),
            meaning: "A file with the ring, one `id=64 hexadecimal digits` a line, the current key first; `rollcall keys new` makes it. \
                      Processes notice within a second when it changes.",
            secret: false,
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_read_from_one_line() {
        let text = format!("k2={}, k1={}", "b".repeat(64), "a".repeat(64));
        let settings = KeySettings { ring: Some(text.into()), ring_file: None };
        let ids: Vec<_> = settings.ring().unwrap().ids().map(ToString::to_string).collect();
        assert_eq!(ids, ["k2", "k1"]);
    }
}
