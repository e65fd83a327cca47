//! `[tenancy]`: how tenants appear in addresses.

use serde::Deserialize;

use super::names;
use super::table::{Fallback, Key, Kind, Section};

/// How tenants appear in addresses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenancySettings {
    /// The domain under which each tenant has a host name of its own; without it only `/t/{tenant}` answers.
    pub base_domain: Option<String>,
}

pub(super) const SECTION: Section = Section {
    name: "tenancy",
    meaning: "How tenants appear in addresses.",
    keys: &[Key {
        name: "tenancy.base_domain",
        kind: Kind::Text {
            expected: "a lower-case domain name of at least two labels, without scheme or port, such as example.com",
            accepts: names::is_base_domain,
        },
        fallback: Fallback::Nothing("only the path form `/t/acme/…` answers"),
        meaning: "With `example.com`, the tenant `acme` answers at `https://acme.example.com/…` as well as at `/t/acme/…`.",
        secret: false,
    }],
};
