//! Provisioning tokens.

use async_trait::async_trait;

use super::StoreError;
use crate::ids::TokenId;
use crate::timestamp::Timestamp;
use crate::token::{ProvisioningToken, TokenUse};

#[async_trait]
pub trait ReadTokens: Send {
    async fn find_token(&mut self, id: TokenId) -> Result<Option<ProvisioningToken>, StoreError>;

    /// All of the tenant's tokens, the oldest first.
    async fn list_tokens(&mut self) -> Result<Vec<ProvisioningToken>, StoreError>;
}

#[async_trait]
pub trait WriteTokens: ReadTokens {
    async fn insert_token(&mut self, token: &ProvisioningToken) -> Result<(), StoreError>;

    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> Result<(), StoreError>;

    /// Keeps the later of what is known and what was seen.
    async fn note_token_use(&mut self, id: TokenId, seen: &TokenUse) -> Result<(), StoreError>;
}
