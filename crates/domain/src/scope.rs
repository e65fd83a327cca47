//! What a credential may do.

use std::fmt;
use std::str::FromStr;

use crate::directory::Kind;

/// One thing that may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    UsersRead,
    UsersWrite,
    GroupsRead,
    GroupsWrite,
}

/// Whether something is looked at or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::UsersRead, Self::UsersWrite, Self::GroupsRead, Self::GroupsWrite];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::GroupsRead => "groups:read",
            Self::GroupsWrite => "groups:write",
        }
    }

    /// What access to resources of a kind takes. Groups have scopes of their own; whatever else a tenant keeps belongs to its
    /// users.
    pub fn of(kind: &Kind, access: Access) -> Self {
        match (*kind == Kind::GROUP, access) {
            (false, Access::Read) => Self::UsersRead,
            (false, Access::Write) => Self::UsersWrite,
            (true, Access::Read) => Self::GroupsRead,
            (true, Access::Write) => Self::GroupsWrite,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes; all when nothing is said. Written as OAuth does it: with spaces between (RFC 6749 §3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(0b1111);

    pub const fn holds(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of these are in the other.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromStr for Scopes {
    type Err = String;

    /// Reads names with spaces or commas between them.
    ///
    /// # Errors
    /// A sentence that names the scopes there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = text.split([' ', ',']).filter(|name| !name.is_empty());
        let read = names.map(|name| {
            let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
            scope.ok_or_else(|| {
                format!("\"{name}\" is no scope; there are {}", Self::ALL.to_string().replace(' ', ", "))
            })
        });
        let scopes = read.collect::<Result<Vec<_>, _>>()?;
        match scopes.is_empty() {
            true => Err(format!("name at least one scope of {}", Self::ALL.to_string().replace(' ', ", "))),
            false => Ok(scopes.into_iter().fold(Self::NONE, |set, scope| Self(set.0 | scope.bit()))),
        }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Scope::ALL.into_iter().filter(|scope| self.holds(*scope)).map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_read_back_in_one_order() {
        let read: Scopes = "groups:write, users:read".parse().unwrap();
        assert_eq!(read.to_string(), "users:read groups:write");
        assert_eq!(read.to_string().parse(), Ok(read));
        assert!(read.holds(Scope::UsersRead) && !read.holds(Scope::UsersWrite));
        assert!(read.is_within(Scopes::ALL) && !Scopes::ALL.is_within(read));
        assert_eq!(read.and("users:read users:write".parse().unwrap()).to_string(), "users:read");
        for bad in ["", " ", "users", "users:read admin"] {
            assert!(bad.parse::<Scopes>().is_err(), "{bad}");
        }
    }

    #[test]
    fn groups_have_scopes_of_their_own_and_devices_belong_to_users() {
        assert_eq!(Scope::of(&Kind::GROUP, Access::Write), Scope::GroupsWrite);
        assert_eq!(Scope::of(&Kind::USER, Access::Read), Scope::UsersRead);
        assert_eq!(Scope::of(&Kind::named("Device"), Access::Write), Scope::UsersWrite);
    }
}
