//! What a list asks for and gets.

use scim_protocol::filter::Condition;
use scim_protocol::resource_type::Field;
use scim_protocol::sort::SortKey;

use crate::directory::View;
use crate::ids::ResourceId;

/// One page of the resources of a kind.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    pub condition: Option<Condition>,
    /// By creation when none; ties are always broken by creation.
    pub sort: Option<Sort>,
    /// Only what comes after this place in the order.
    pub after: Option<Position>,
    /// How many to pass over.
    pub offset: u64,
    /// How many to give at the most; 0 asks for the total alone.
    pub limit: u64,
    /// Whether users are to be given with their groups.
    pub groups: bool,
}

/// A place in an ordered list: whatever comes and goes, what was after it still is.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// [`SortKey::Missing`] in the order of creation.
    pub key: SortKey,
    pub id: ResourceId,
}

/// RFC 7644 §3.4.2.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    pub field: Field,
    pub descending: bool,
}

/// A page, and how many there are on all pages.
#[derive(Clone, Debug, Default)]
pub struct ListPage {
    pub total: u64,
    pub views: Vec<View>,
    /// What each view is sorted by.
    pub keys: Vec<SortKey>,
    /// Whether nothing comes after these.
    pub is_last: bool,
    /// Paths the question was about that have no index in this tenant and could have one (decisions.md 4).
    pub unindexed: Vec<String>,
}
