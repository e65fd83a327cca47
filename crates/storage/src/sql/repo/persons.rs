//! People who sign in: the trait over their sessions and the log.

use async_trait::async_trait;
use domain::ids::{AdminId, ConnectionId, ResourceId, SessionId};
use domain::person::StoredPersonSession;
use domain::sign_in_log::{SignInCounts, SignInEntry, SignInQuery};
use domain::store::{ReadPersons, StoreError, WritePersons};
use domain::timestamp::Timestamp;

use crate::sql::line::Line;
use crate::sql::store::Session;
use crate::transaction::Transaction;

#[async_trait]
impl<L: Line> ReadPersons for Session<L> {
    async fn find_person_session(&mut self, id: SessionId) -> Result<Option<StoredPersonSession>, StoreError> {
        self.read_person_session(id).await
    }

    async fn list_person_sessions(&mut self, person: ResourceId) -> Result<Vec<StoredPersonSession>, StoreError> {
        self.person_sessions_of(person).await
    }

    async fn sessions_of_key(
        &mut self,
        connection: ConnectionId,
        name: &str,
        session: Option<&str>,
    ) -> Result<Vec<StoredPersonSession>, StoreError> {
        self.person_sessions_named(connection, name, session).await
    }

    async fn sign_ins(&mut self, query: &SignInQuery) -> Result<Vec<SignInEntry>, StoreError> {
        self.read_sign_ins(query).await
    }

    async fn count_sign_ins(&mut self, of: ConnectionId, since: Timestamp) -> Result<SignInCounts, StoreError> {
        self.sign_in_counts(of, since).await
    }

    async fn newest_stranger(&mut self, of: ConnectionId, name: &str) -> Result<Option<SignInEntry>, StoreError> {
        self.read_newest_stranger(of, name).await
    }
}

#[async_trait]
impl WritePersons for Session<Transaction> {
    async fn insert_person_session(&mut self, session: &StoredPersonSession) -> Result<(), StoreError> {
        self.add_person_session(session).await
    }

    async fn see_person_session(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.mark_person_session_seen(id, now).await
    }

    async fn end_person_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        self.drop_person_session(id).await
    }

    async fn end_person_sessions(&mut self, person: ResourceId) -> Result<u64, StoreError> {
        self.drop_sessions_of_person(person).await
    }

    async fn end_sessions_by(&mut self, connection: ConnectionId, of: Option<AdminId>) -> Result<(), StoreError> {
        if of.is_none() {
            self.drop_person_sessions_by(connection).await?;
        }
        self.drop_settings_sessions_by(connection, of).await
    }

    async fn log_sign_in(&mut self, entry: &SignInEntry) -> Result<(), StoreError> {
        self.add_sign_in(entry).await
    }
}
