//! Facts.

use async_trait::async_trait;

use super::StoreError;
use crate::context::OpContext;
use crate::ids::FactId;
use crate::journal::{Fact, NumberedFact};

#[async_trait]
pub trait ReadJournal: Send {
    /// At most `limit` facts with numbers greater than this, in order. Numbers have no gaps, so a reader that has seen the
    /// number `n` has seen all up to it.
    async fn facts_after(&mut self, number: i64, limit: u64) -> Result<Vec<NumberedFact>, StoreError>;

    /// All facts about one resource with numbers up to this, in order.
    async fn facts_about(&mut self, id: uuid::Uuid, number: i64) -> Result<Vec<NumberedFact>, StoreError>;

    /// The facts of one request, in order; not more than a person reads.
    async fn facts_of_request(&mut self, request_id: &str) -> Result<Vec<NumberedFact>, StoreError>;

    /// The number of the newest fact; 0 when there is none.
    async fn last_fact(&mut self) -> Result<i64, StoreError>;
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
}
