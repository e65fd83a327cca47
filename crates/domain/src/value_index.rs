//! Indexes that a tenant has because its clients filter by them (decisions.md 4).

use crate::directory::Kind;

/// How many a tenant may have; each makes its writes a little slower.
pub const MOST: usize = 24;

/// The values of one path of one kind of resource, in the side table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueIndex {
    pub kind: Kind,
    /// Canonical, such as `name.familyName` or `urn:…:User:employeeNumber`.
    pub path: String,
    pub state: IndexState,
}

/// Writers fill an index from its registration on; readers use it when it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// There are resources that are not in it.
    Filling,
    /// Every resource is in it.
    Complete,
}

impl IndexState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Filling => "filling",
            Self::Complete => "complete",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Filling, Self::Complete].into_iter().find(|state| state.as_str() == name)
    }
}
