//! Which identity provider sends the requests, as far as its habits tell.

use std::fmt;

/// An identity provider whose habits we know, or another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    Entra,
    Okta,
    #[default]
    Other,
}

impl Provider {
    /// Its name as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::Other => "other",
        }
    }

    /// The provider of a stored name; none when it is no name of one.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Entra, Self::Okta, Self::Other].into_iter().find(|provider| provider.as_str() == name)
    }
}

impl fmt::Display for Provider {
    /// As people call it within a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entra => "Entra",
            Self::Okta => "Okta",
            Self::Other => "the identity provider",
        })
    }
}
