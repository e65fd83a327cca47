//! Facts.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::audit::Entry;
use crate::context::OpContext;
use crate::ids::{FactId, ResourceId};
use crate::journal::{Fact, NumberedFact};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadJournal: Send {
    /// At most `limit` facts with numbers greater than this, in order. Numbers have no gaps, so a reader that has seen the
    /// number `n` has seen all up to it.
    async fn facts_after(&mut self, number: i64, limit: u64) -> Result<Vec<NumberedFact>, StoreError>;

    /// All facts about one resource with numbers up to this, in order.
    async fn facts_about(&mut self, id: uuid::Uuid, number: i64) -> Result<Vec<NumberedFact>, StoreError>;

    /// The facts of one request, in order; not more than a person reads.
    async fn facts_of_request(&mut self, request_id: &str) -> Result<Vec<NumberedFact>, StoreError>;

    /// Users who were deleted under this userName and of whom the journal still says so.
    async fn deleted_named(&mut self, user_name: &str) -> Result<Vec<ResourceId>, StoreError>;

    /// The number of the newest fact; 0 when there is none.
    async fn last_fact(&mut self) -> Result<i64, StoreError>;
}

/// Which part of a journal is read, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryQuery {
    /// Only what happened to this one.
    pub about: Option<uuid::Uuid>,
    /// Whether what identity providers did is read too.
    pub providers: bool,
    /// Only what has a number less than this.
    pub before: Option<i64>,
    pub limit: u64,
}

/// The journal as people read it.
#[async_trait]
pub trait ReadEntries: Send {
    /// At most so many, each found by an index.
    async fn entries(&mut self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError>;

    /// When the fact of this number happened.
    async fn moment_of(&mut self, number: i64) -> Result<Option<Timestamp>, StoreError>;

    /// At most `limit` facts about one resource with numbers greater than this, in order.
    async fn facts_about_after(
        &mut self,
        id: uuid::Uuid,
        number: i64,
        limit: u64,
    ) -> Result<Vec<NumberedFact>, StoreError>;

    /// The newest changes of a group that somebody joined or left by, among its newest `among`.
    async fn membership_entries(
        &mut self,
        group: ResourceId,
        member: ResourceId,
        among: u64,
    ) -> Result<Vec<Entry>, StoreError>;
}

#[async_trait]
pub trait WriteJournal: Send {
    /// Writes a fact of the transaction's tenant, or of the context's where the transaction is an operator's; it stands or
    /// falls with the transaction. A fact about the tenant itself or a token also tells other processes not to go on
    /// believing what they know of the tenant (decisions.md 19).
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError>;
}

#[async_trait]
pub trait EraseFacts: Send {
    /// Empties the payloads of all facts about a resource; frames and numbers stay. Gives how many there were.
    async fn erase_payloads(&mut self, id: uuid::Uuid) -> Result<u64, StoreError>;

    /// Ends a person's sessions, forgets sign-ins under way, and empties entries of the sign-in log about the person: by the
    /// id, or by one of these names in lower case.
    async fn erase_traces(&mut self, person: ResourceId, names: &BTreeSet<String>) -> Result<Traces, StoreError>;
}

/// What single sign-on had kept of somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    pub sessions: u64,
    pub sign_ins: u64,
}
