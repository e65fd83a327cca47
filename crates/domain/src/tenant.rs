//! A customer organisation and the state of its provisioning.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::choices::Choices;
use crate::directory::{Kind, ResourceTypes};
use crate::email_domain::TenantDomains;
use crate::ids::TenantId;
use crate::limit::LimitOverrides;
use crate::timestamp::Timestamp;
use crate::value_index::{IndexState, ValueIndex};

/// The tenant's name in URLs: a DNS label in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantSlug(String);

/// Labels that would shadow a route or a well-known host name (decisions.md 15).
const RESERVED: [&str; 34] = [
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "blog",
    "cdn",
    "docs",
    "ftp",
    "healthz",
    "help",
    "imap",
    "localhost",
    "login",
    "mail",
    "metrics",
    "mx",
    "ns",
    "oidc",
    "ops",
    "pop",
    "readyz",
    "root",
    "scim",
    "smtp",
    "sso",
    "static",
    "status",
    "support",
    "t",
    "well-known",
    "www",
];

impl TenantSlug {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantSlug {
    type Err = String;

    /// # Errors
    /// A sentence that says what is wrong with the slug.
    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
        if text.is_empty()
            || text.len() > 63
            || !text.chars().all(allowed)
            || text.starts_with('-')
            || text.ends_with('-')
        {
            return Err(format!(
                "\"{text}\" cannot name a tenant: use 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end"
            ));
        }
        if RESERVED.contains(&text) {
            return Err(format!("\"{text}\" cannot name a tenant: it is reserved for addresses of the installation"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TenantSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that people give and read: a tenant's name, a token's label. Spaces around it are dropped.
///
/// # Errors
/// A sentence when it is longer than 200 characters or holds control characters.
pub fn shown_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err("a name has at most 200 characters and no control characters".to_owned());
    }
    Ok(text.to_owned())
}

macro_rules! named_states {
    ($(#[$doc:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $text:literal),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$meaning])* $variant),+ }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The state of that name, as it is stored and shown.
            pub fn named(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use named_states;

named_states!(
    /// Whether the vendor serves the tenant at all.
    TenantStatus { Active = "active", Suspended = "suspended" }
);

named_states!(
    /// What the tenant's own switch says about provisioning.
    ProvisioningState { Off = "off", On = "on", Paused = "paused" }
);

/// Choices of a tenant about its directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryRules {
    /// No two groups may have names that are equal under case folding.
    pub unique_group_names: bool,
    /// The letter of RFC 7644 where common clients need something else (scim-checklist.md).
    pub strict: bool,
    /// Passwords that clients send are discarded; otherwise digests of them are kept.
    pub discards_passwords: bool,
}

/// A tenant as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub slug: TenantSlug,
    pub name: String,
    pub status: TenantStatus,
    pub provisioning: ProvisioningState,
    pub rules: DirectoryRules,
    pub choices: Choices,
    /// Whether admins may sign in with passwords; where not, only those who keep the [break glass](crate::admin::Admin).
    pub admin_passwords: bool,
    /// What it may spend, where that is not what everybody may.
    pub limits: LimitOverrides,
    /// What its clients have filtered by, beyond what is always indexed.
    pub indexes: Arc<[ValueIndex]>,
    /// What its directory may hold.
    pub types: Arc<ResourceTypes>,
    /// Where its people's e-mail addresses lie.
    pub domains: Arc<TenantDomains>,
    pub created: Timestamp,
}

/// Why a tenant takes no provisioning requests now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closure {
    Suspended,
    Off,
    Paused,
}

impl Tenant {
    /// The only way to a [`TenantScope`]: whoever holds one has loaded the tenant.
    pub fn scope(&self) -> TenantScope {
        TenantScope {
            tenant: self.id,
            slug: self.slug.clone(),
            rules: self.rules,
            indexes: self.indexes.clone(),
            types: self.types.clone(),
            domains: self.domains.clone(),
        }
    }

    /// Why provisioning requests are refused; none when they are served.
    pub fn closure(&self) -> Option<Closure> {
        match (self.status, self.provisioning) {
            (TenantStatus::Suspended, _) => Some(Closure::Suspended),
            (_, ProvisioningState::Off) => Some(Closure::Off),
            (_, ProvisioningState::Paused) => Some(Closure::Paused),
            (_, ProvisioningState::On) => None,
        }
    }
}

/// The right to work in one tenant's data. The store opens transactions for a scope, and no method takes a tenant's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
    slug: TenantSlug,
    rules: DirectoryRules,
    indexes: Arc<[ValueIndex]>,
    types: Arc<ResourceTypes>,
    domains: Arc<TenantDomains>,
}

impl TenantScope {
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn slug(&self) -> &TenantSlug {
        &self.slug
    }

    pub fn rules(&self) -> DirectoryRules {
        self.rules
    }

    /// What the tenant's directory may hold.
    pub fn types(&self) -> &Arc<ResourceTypes> {
        &self.types
    }

    /// Where e-mail addresses of the tenant's people lie.
    pub fn domains(&self) -> &TenantDomains {
        &self.domains
    }

    /// The same right, knowing these indexes.
    #[must_use]
    pub fn with_indexes(self, indexes: Arc<[ValueIndex]>) -> Self {
        Self { indexes, ..self }
    }

    pub fn all_indexes(&self) -> Arc<[ValueIndex]> {
        self.indexes.clone()
    }

    /// The indexes that writers fill, of this kind.
    pub fn indexes(&self, kind: &Kind) -> impl Iterator<Item = &ValueIndex> {
        self.indexes.iter().filter(move |index| index.kind == *kind)
    }

    /// Whether an index of this kind is being filled. Until it is complete, writers have to hold a resource before they
    /// read it: they must not miss what is filled in meanwhile.
    pub fn is_filling(&self, kind: &Kind) -> bool {
        self.indexes(kind).any(|index| index.state == IndexState::Filling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_dns_labels_that_shadow_nothing() {
        for good in ["acme", "a", "4you", "acme-2", &"x".repeat(63)] {
            assert!(TenantSlug::from_str(good).is_ok(), "{good}");
        }
        for bad in ["", "Acme", "a_b", "-a", "a-", "a.b", "ä", "www", "api", "t", &"x".repeat(64)] {
            assert!(TenantSlug::from_str(bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn names_are_trimmed_and_plain() {
        assert_eq!(shown_text("  Acme, Inc. "), Ok("Acme, Inc.".to_owned()));
        for bad in ["a\u{0}b", "a\nb", &"x".repeat(201)] {
            assert!(shown_text(bad).is_err());
        }
    }
}
