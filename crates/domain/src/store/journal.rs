//! Facts.

use async_trait::async_trait;

use super::StoreError;
use crate::context::OpContext;
use crate::ids::FactId;
use crate::journal::Fact;

#[async_trait]
pub trait Journal: Send {
    /// Writes a fact of the transaction's tenant, or of the context's where the transaction is an operator's; it stands or
    /// falls with the transaction.
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError>;
}
