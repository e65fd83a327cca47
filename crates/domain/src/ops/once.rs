//! Requests that come twice make nothing twice. Both of these are called in a transaction that holds the tenant, so that of
//! two requests with one key the second sees what the first has made.

use crate::Error;
use crate::ids::CredentialId;
use crate::request_key::{Made, RequestKey};
use crate::store::{StoreError, TenantTx};
use crate::timestamp::Timestamp;

/// # Errors
/// [`Error::ShownAlready`] when an earlier request with this key made a credential.
pub async fn require_new(tx: &mut dyn TenantTx, key: Option<&RequestKey>) -> Result<(), Error> {
    match find(tx, key).await? {
        Some(Made { credential: Some(id) }) => Err(Error::ShownAlready(id)),
        _ => Ok(()),
    }
}

/// What an earlier request with this key made; none when there was none.
pub async fn find(tx: &mut dyn TenantTx, key: Option<&RequestKey>) -> Result<Option<Made>, StoreError> {
    match key {
        Some(key) => tx.find_made(key).await,
        None => Ok(None),
    }
}

/// Notes what the request of this key has made.
pub async fn note(
    tx: &mut dyn TenantTx,
    key: Option<&RequestKey>,
    credential: Option<CredentialId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    match key {
        Some(key) => tx.insert_made(key, Made { credential }, now).await,
        None => Ok(()),
    }
}
