//! The roles that the vendor's product knows, and by which rules people get them (ADR 0039).
//!
//! Roles belong to people of the directory and mean something in the vendor's product alone. What admins of a tenant may do
//! in these settings is an [`AdminRole`](crate::admin::AdminRole), which has nothing to do with them.

mod assignment;
mod comparison;
mod groups;
mod warning;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

pub use assignment::{Assignment, RoleReason, RoleVerdict};
pub use comparison::{Comparison, Shift};
pub use groups::{Groups, NamedGroup};
pub(crate) use warning::warnings;
pub use warning::{LARGE, Warning};

use scim_protocol::value::fold;

use crate::ids::{ResourceId, RuleId};
use crate::tenant::shown_text;
use crate::who::Mark;

/// How many roles a product may have.
pub const MAX_ROLES: usize = 50;

/// How many rules a tenant may have.
pub const MAX_RULES: usize = 100;

/// How long a role's name may be.
const LONGEST: usize = 60;

/// What a role of the vendor's product is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both name the same role, whatever their case.
    pub fn is_same(&self, other: &Self) -> bool {
        fold(&self.0) == fold(&other.0)
    }
}

impl FromStr for RoleName {
    type Err = String;

    /// Spaces around it are dropped.
    ///
    /// # Errors
    /// A sentence when it is empty, longer than 60 characters, or holds commas or control characters.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = shown_text(text)?;
        match name.chars().count() {
            1..=LONGEST if !name.contains(',') => Ok(Self(name)),
            _ => Err(format!("a role's name has 1 to {LONGEST} characters and no comma")),
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The roles of the vendor's product, in the vendor's order; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppRoles(Vec<RoleName>);

impl Default for AppRoles {
    fn default() -> Self {
        Self(vec![RoleName("Admin".to_owned()), RoleName("Member".to_owned())])
    }
}

impl FromStr for AppRoles {
    type Err = String;

    /// Reads names between commas.
    ///
    /// # Errors
    /// A sentence when a name is none or stands there twice, whatever its case, or when there are more than [`MAX_ROLES`].
    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<RoleName> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let distinct: HashSet<_> = names.iter().map(|name| fold(name.as_str())).collect();
        match distinct.len() == names.len() && names.len() <= MAX_ROLES {
            true => Ok(Self(names)),
            false => Err(format!("there may be 1 to {MAX_ROLES} roles, each once")),
        }
    }
}

impl AppRoles {
    pub fn all(&self) -> &[RoleName] {
        &self.0
    }

    /// The role of that name, whatever its case, as the vendor spells it now; none when the product does not have it.
    pub fn find(&self, name: &RoleName) -> Option<&RoleName> {
        self.0.iter().find(|role| role.is_same(name))
    }
}

/// Which groups a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GroupChoice {
    /// One group of the directory.
    Seen(ResourceId),
    /// Every group of this display name, whatever its case, those that come later too.
    Named(String),
}

impl GroupChoice {
    /// The groups of a name that somebody typed. Spaces around it are dropped.
    ///
    /// # Errors
    /// A sentence when it is empty, longer than 200 characters, or holds control characters.
    pub fn named(text: &str) -> Result<Self, String> {
        match shown_text(text)? {
            name if name.is_empty() => Err("a group's name cannot be empty".to_owned()),
            name => Ok(Self::Named(name)),
        }
    }
}

/// People of these groups have this role, unless an earlier rule is about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    pub id: RuleId,
    pub group: GroupChoice,
    /// It may be one that the product no longer has; then people of these groups have none.
    pub role: RoleName,
}

/// Rules in their order: the first one that is about somebody decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRules {
    pub rules: Vec<RoleRule>,
    /// The role of everybody whom no rule is about; with none they have no role.
    pub fallback: Option<RoleName>,
}

impl RoleRules {
    /// Whether these can be rules at all.
    ///
    /// # Errors
    /// A sentence when there are more than [`MAX_RULES`], or two with one id.
    pub fn check(&self) -> Result<(), String> {
        let ids: HashSet<RuleId> = self.rules.iter().map(|rule| rule.id).collect();
        match self.rules.len() {
            many if many > MAX_RULES => Err(format!("{many} rules are too many; there may be {MAX_RULES}")),
            many if many != ids.len() => Err("a rule stands there twice".to_owned()),
            _ => Ok(()),
        }
    }
}

/// The rules of a tenant as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRules {
    /// Counts changes from 0.
    pub version: i64,
    pub rules: RoleRules,
    /// The latest change; none when nobody has ever saved any.
    pub changed: Option<Mark>,
}
