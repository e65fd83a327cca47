//! What a process is there for (ADR 0042). Most are there for everything; where the load is large, the faces and the work
//! behind them can be told apart, and each scaled for itself.

use clap::ValueEnum;

/// One thing that a process can be there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessRole {
    /// Identity providers: the SCIM face and the token endpoint
    Scim,
    /// People: the settings pages, sign-in, single sign-on and /me
    Admin,
    /// Work in the background that the whole installation needs
    Worker,
}

/// All that a process is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessRoles(Vec<ProcessRole>);

impl ProcessRoles {
    pub fn has(&self, role: ProcessRole) -> bool {
        self.0.contains(&role)
    }

    /// Their names, for logs.
    pub fn names(&self) -> String {
        let named = ProcessRole::value_variants().iter().filter(|role| self.has(**role));
        let named: Vec<_> = named.filter_map(|role| Some(role.to_possible_value()?.get_name().to_owned())).collect();
        named.join(",")
    }
}

impl Default for ProcessRoles {
    fn default() -> Self {
        Self(ProcessRole::value_variants().to_vec())
    }
}

/// None are all.
impl From<Vec<ProcessRole>> for ProcessRoles {
    fn from(roles: Vec<ProcessRole>) -> Self {
        if roles.is_empty() { Self::default() } else { Self(roles) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_everything_and_names_have_one_order() {
        assert_eq!(ProcessRoles::from(Vec::new()).names(), "scim,admin,worker");
        let roles = ProcessRoles::from(vec![ProcessRole::Worker, ProcessRole::Scim, ProcessRole::Scim]);
        assert_eq!(roles.names(), "scim,worker");
        assert!(!roles.has(ProcessRole::Admin));
    }
}
