//! Connections, their keys, and sign-ins that are under way.

use async_trait::async_trait;

use super::StoreError;
use crate::connection::Connection;
use crate::connection::attempt::{Answer, Attempt};
use crate::connection::key::StoredSsoKey;
use crate::ids::{AttemptId, ConnectionId, SsoKeyId};
use crate::keys::Sealed;
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadConnections: Send {
    /// The oldest first.
    async fn list_connections(&mut self) -> Result<Vec<Connection>, StoreError>;

    async fn find_connection(&mut self, id: ConnectionId) -> Result<Option<Connection>, StoreError>;

    /// The secret of an OpenID Connect client.
    async fn connection_secret(&mut self, id: ConnectionId) -> Result<Option<Sealed>, StoreError>;

    /// The tenant's own keys, the newest first.
    async fn list_sso_keys(&mut self) -> Result<Vec<StoredSsoKey>, StoreError>;

    async fn find_attempt(&mut self, id: AttemptId) -> Result<Option<Attempt>, StoreError>;

    /// The attempt whose answer is found by this digest.
    async fn find_attempt_by_handle(&mut self, handle: &[u8; 32]) -> Result<Option<Attempt>, StoreError>;

    /// The attempt whose answer is picked up with this.
    async fn find_attempt_by_ticket(&mut self, ticket: &[u8; 32]) -> Result<Option<Attempt>, StoreError>;

    /// Tests that were begun and have not come back, as far as they still can, the newest first and at most 100.
    async fn list_open_tests(&mut self, now: Timestamp) -> Result<Vec<Attempt>, StoreError>;
}

#[async_trait]
pub trait WriteConnections: ReadConnections {
    async fn insert_connection(&mut self, connection: &Connection, secret: Option<&Sealed>) -> Result<(), StoreError>;

    /// Writes everything of a connection but its secret.
    async fn update_connection(&mut self, connection: &Connection) -> Result<(), StoreError>;

    async fn set_connection_secret(&mut self, id: ConnectionId, secret: Option<&Sealed>) -> Result<(), StoreError>;

    /// Removes a connection with what was begun by it, and ends its people's sessions.
    async fn delete_connection(&mut self, id: ConnectionId) -> Result<(), StoreError>;

    async fn insert_sso_key(&mut self, key: &StoredSsoKey) -> Result<(), StoreError>;

    /// False when there is none of this id.
    async fn delete_sso_key(&mut self, id: SsoKeyId) -> Result<bool, StoreError>;

    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError>;

    /// Takes the secret out of an attempt, so that it is used once. False when somebody has.
    async fn take_attempt_secret(&mut self, id: AttemptId) -> Result<bool, StoreError>;

    /// Writes how it ended, and until when that can be picked up. False when it was answered already.
    async fn answer_attempt(
        &mut self,
        id: AttemptId,
        answer: &Answer,
        ticket: &[u8; 32],
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Picks an answer up. False when somebody has.
    async fn pick_up(&mut self, id: AttemptId, now: Timestamp) -> Result<bool, StoreError>;

    /// Uses an assertion up. False when it, of this connection, was used already.
    async fn use_assertion(&mut self, of: ConnectionId, id: &str, until: Timestamp) -> Result<bool, StoreError>;
}
