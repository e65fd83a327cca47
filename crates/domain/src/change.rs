//! What one operation does to a directory, decided before anything is written.

use crate::context::OpContext;
use crate::directory::{GroupRef, Kind, StoredResource};
use crate::ids::{FactId, ResourceId};
use crate::journal::Fact;

/// Everything that one operation writes; it stands or falls as a whole. It was decided on what was read before, and a
/// store refuses it when that is not so any more.
#[derive(Debug)]
pub struct Change<'c> {
    pub cx: &'c OpContext,
    pub document: DocumentChange,
    /// Who joins the resource itself, a group; nobody of them is a member yet.
    pub joining: Vec<(ResourceId, Kind)>,
    /// Who leaves it; all of them are members.
    pub leaving: Vec<ResourceId>,
    /// The groups that the resource itself leaves, because it is deleted; these are all.
    pub groups_left: Vec<ResourceId>,
    /// What becomes of the digest of the resource's password; none when it stays.
    pub password: Option<PasswordChange>,
    /// In the order in which they are to be told.
    pub facts: Vec<(FactId, Fact)>,
    /// Whether the caller is to see the groups of the person whose document is updated.
    pub shows_groups: bool,
}

/// What becomes of the digest of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    Set(String),
    Clear,
}

/// What becomes of a resource's own row.
#[derive(Clone, Debug, PartialEq)]
pub enum DocumentChange {
    /// It stays as it is; there is only something to tell.
    None,
    Insert(StoredResource),
    /// From exactly this version to the other.
    Update {
        before: StoredResource,
        after: StoredResource,
    },
    /// The next version, whichever that is, because of something kept beside the document. Changes of several clients
    /// add up.
    Touch(Kind, ResourceId),
    /// Exactly this version goes, with everybody who is in it.
    Delete(StoredResource),
}

impl<'c> Change<'c> {
    pub fn of(cx: &'c OpContext, document: DocumentChange) -> Self {
        Self {
            cx,
            document,
            joining: Vec::new(),
            leaving: Vec::new(),
            groups_left: Vec::new(),
            password: None,
            facts: Vec::new(),
            shows_groups: false,
        }
    }
}

/// What a store tells of a resource that it has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    pub version: i64,
    /// The groups of a person after the change, where it [asked](Change::shows_groups) for them.
    pub groups: Option<Vec<GroupRef>>,
}
