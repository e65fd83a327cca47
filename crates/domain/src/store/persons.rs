//! Sessions of people, and the log of their sign-ins.

use async_trait::async_trait;

use super::StoreError;
use crate::ids::{AdminId, ConnectionId, ResourceId, SessionId};
use crate::person::StoredPersonSession;
use crate::sign_in_log::{SignInCounts, SignInEntry, SignInQuery};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadPersons: Send {
    async fn find_person_session(&mut self, id: SessionId) -> Result<Option<StoredPersonSession>, StoreError>;

    /// The newest first, also those that have run out.
    async fn list_person_sessions(&mut self, person: ResourceId) -> Result<Vec<StoredPersonSession>, StoreError>;

    /// The sessions that an identity provider means by a name and, if it says one, a session of its own.
    async fn sessions_of_key(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<&str>,
    ) -> Result<Vec<StoredPersonSession>, StoreError>;

    /// Entries of the sign-in log, the newest first.
    async fn sign_ins(&mut self, query: &SignInQuery) -> Result<Vec<SignInEntry>, StoreError>;

    /// How many sign-ins by a connection led in and how many were refused since then; tests and signing out do
    /// not count.
    async fn count_sign_ins(&mut self, of: ConnectionId, since: Timestamp) -> Result<SignInCounts, StoreError>;

    /// The newest refusal of somebody unknown who bears this name at the identity provider.
    async fn newest_stranger(&mut self, of: ConnectionId, name: &str) -> Result<Option<SignInEntry>, StoreError>;
}

#[async_trait]
pub trait WritePersons: ReadPersons {
    async fn insert_person_session(&mut self, session: &StoredPersonSession) -> Result<(), StoreError>;

    /// Writes down that a session was seen.
    async fn see_person_session(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a session. False when it is over already.
    async fn end_person_session(&mut self, id: SessionId) -> Result<bool, StoreError>;

    /// Ends the sessions of a person, the settings UI's that began by single sign-on too; gives how many there were.
    async fn end_person_sessions(&mut self, person: ResourceId) -> Result<u64, StoreError>;

    /// Ends the sessions that began by a connection, people's and the settings UI's; of an account only its own.
    async fn end_sessions_by(&mut self, connection: ConnectionId, of: Option<AdminId>) -> Result<(), StoreError>;

    async fn log_sign_in(&mut self, entry: &SignInEntry) -> Result<(), StoreError>;
}
