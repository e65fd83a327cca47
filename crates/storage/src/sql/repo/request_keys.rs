//! Keys of requests that made something.

use async_trait::async_trait;
use domain::ids::CredentialId;
use domain::request_key::{Made, RequestKey};
use domain::store::{RequestKeys, StoreError};
use domain::timestamp::Timestamp;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, QueryFilter};

use crate::sql::entity::request_key::{ActiveModel, Column, Entity};
use crate::sql::error::failure;
use crate::sql::store::Session;
use crate::transaction::Transaction;

#[async_trait]
impl RequestKeys for Session<Transaction> {
    async fn find_made(&mut self, key: &RequestKey) -> Result<Option<Made>, StoreError> {
        let row = self.door.select::<Entity>().filter(Column::Key.eq(key.as_str()));
        let row = row.one(&self.line).await.map_err(failure)?;
        Ok(row.map(|row| Made { credential: row.credential_id.map(CredentialId) }))
    }

    async fn insert_made(&mut self, key: &RequestKey, made: Made, now: Timestamp) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            key: Set(key.as_str().to_owned()),
            credential_id: Set(made.credential.map(|id| id.0)),
            made_us: Set(now.as_micros()),
        };
        self.door.insert::<Entity>([row]).exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
