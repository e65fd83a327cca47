//! The keys of requests that made something.

use async_trait::async_trait;

use super::StoreError;
use crate::request_key::{Made, RequestKey};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait RequestKeys: Send {
    /// What a request of this key made; none when there was no such request.
    async fn find_made(&mut self, key: &RequestKey) -> Result<Option<Made>, StoreError>;

    async fn insert_made(&mut self, key: &RequestKey, made: Made, now: Timestamp) -> Result<(), StoreError>;
}
