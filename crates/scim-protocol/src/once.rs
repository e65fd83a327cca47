//! Names that may be given only once.

use std::collections::HashSet;

use crate::Fault;

/// Remembers the canonical names that were given: two spellings of one attribute are two values of which one would be
/// lost silently.
#[derive(Default)]
pub(crate) struct Once {
    seen: HashSet<String>,
}

impl Once {
    /// # Errors
    /// 400 `invalidSyntax` when the name was given before.
    pub(crate) fn give(&mut self, name: &str) -> Result<(), Fault> {
        match self.seen.insert(name.to_owned()) {
            true => Ok(()),
            false => Err(given_twice(name)),
        }
    }
}

/// 400 `invalidSyntax` that names the attribute.
pub(crate) fn given_twice(name: &str) -> Fault {
    Fault::invalid_syntax(format!("\"{name}\" is given twice"))
}
