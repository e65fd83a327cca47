//! What a tenant's people were told.

use async_trait::async_trait;

use super::StoreError;
use crate::notice::{Notice, Reason};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadNotices: Send {
    /// Everything that was told and is not over.
    async fn notices(&mut self) -> Result<Vec<Notice>, StoreError>;
}

#[async_trait]
pub trait WriteNotices: ReadNotices {
    async fn open_notice(&mut self, notice: &Notice) -> Result<(), StoreError>;

    /// Notes in all but those about tokens since when all is well, or that it is not.
    async fn note_well(&mut self, since: Option<Timestamp>) -> Result<(), StoreError>;

    async fn close_notices(&mut self, reasons: &[Reason]) -> Result<(), StoreError>;
}
