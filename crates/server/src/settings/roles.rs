//! `[roles]`: which roles your product has.

use domain::role::AppRoles;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::table::{Fallback, Key, Kind, Section};

/// Which roles your product has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSettings {
    /// Their names.
    #[serde(deserialize_with = "read_names")]
    pub names: AppRoles,
}

pub(super) const SECTION: Section = Section {
    name: "roles",
    meaning: "Which roles your product has. Your customers' admins map groups to them, and your product asks for a person's \
              role when they sign in.",
    keys: &[Key {
        name: "roles.names",
        kind: Kind::List {
            expected: "1 to 50 names of 1 to 60 characters without commas, each once whatever its case",
            accepts: |text| text.parse::<AppRoles>().is_ok(),
        },
        fallback: Fallback::Value("Admin, Member"),
        meaning: "The names of the roles, in the order in which they are offered. In the file a list, \
                  `names = [\"Admin\", \"Member\"]`; in the environment with commas between. A role that is taken away gives \
                  nothing any more: people whose rule names it have no role until an admin changes the rule.",
        secret: false,
    }],
};

/// The layers keep a list as text with commas, which no name has.
fn read_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AppRoles, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
