//! The servers' programs, installed where they are missing and that is possible.

use super::find::{self, Programs};
use super::missing::{self, Missing};
use super::{Interrupt, Result};

const POSTGRES: Missing = Missing {
    name: "PostgreSQL 14 or newer (initdb and postgres)",
    debian: &["postgresql"],
    homebrew: "postgresql@17",
};
const REDIS: Missing = Missing { name: "redis-server", debian: &["redis-server"], homebrew: "redis" };

/// The programs of this machine; what is missing is installed where that is possible.
pub fn find_or_install(interrupt: &Interrupt) -> Result<Programs> {
    missing::find_or_install(look, interrupt)
}

fn look() -> std::result::Result<Programs, Vec<Missing>> {
    match (find::postgres(), find::redis()) {
        (Some(postgres), Some(redis)) => Ok(Programs { postgres, redis }),
        (None, Some(_)) => Err(vec![POSTGRES]),
        (Some(_), None) => Err(vec![REDIS]),
        (None, None) => Err(vec![POSTGRES, REDIS]),
    }
}
