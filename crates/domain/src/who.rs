//! Who did something, as it is told later, when the account may be gone.

use std::fmt;

use crate::context::{Actor, OpContext};
use crate::timestamp::Timestamp;

/// What kind of actor it was, and the name it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// As [`Actor::kind`] gives it.
    pub kind: String,
    pub name: Option<String>,
}

impl Who {
    pub fn of(actor: &Actor) -> Self {
        Self { kind: actor.kind().to_owned(), name: actor.name().map(str::to_owned) }
    }
}

impl fmt::Display for Who {
    /// As people call it within a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (&self.name, self.kind.as_str()) {
            (Some(name), _) if !name.is_empty() => name,
            (_, "operator") => "an operator",
            (_, "system") => "the server",
            (_, "setup_link") => "a setup link",
            _ => "somebody",
        })
    }
}

/// When something was done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Timestamp,
    pub by: Who,
}

impl Mark {
    pub fn of(cx: &OpContext) -> Self {
        Self { at: cx.now, by: Who::of(&cx.actor) }
    }
}
