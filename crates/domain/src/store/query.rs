//! What a list asks for and gets.

use scim_protocol::filter::Condition;
use scim_protocol::resource_type::Field;

use crate::directory::View;

/// One page of the resources of a kind.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    pub condition: Option<Condition>,
    /// By creation when none; ties are always broken by creation.
    pub sort: Option<Sort>,
    /// How many to pass over.
    pub offset: u64,
    /// How many to give at the most; 0 asks for the total alone.
    pub limit: u64,
    /// Whether users are to be given with their groups.
    pub groups: bool,
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
    /// Paths the question was about that have no index in this tenant and could have one (decisions.md 4).
    pub unindexed: Vec<String>,
}
