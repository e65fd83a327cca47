//! Credentials and their secrets.

use async_trait::async_trait;

use super::StoreError;
use crate::credential::{Credential, CredentialUse, StoredSecret};
use crate::ids::{CredentialId, SecretId};
use crate::keys::KeyedDigest;
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadCredentials: Send {
    /// All of the tenant's credentials with their secrets, the oldest first.
    async fn list_credentials(&mut self) -> Result<Vec<Credential>, StoreError>;
}

#[async_trait]
pub trait WriteCredentials: ReadCredentials {
    /// Writes a credential with its secrets.
    async fn insert_credential(&mut self, credential: &Credential) -> Result<(), StoreError>;

    async fn insert_secret(&mut self, credential: CredentialId, secret: &StoredSecret) -> Result<(), StoreError>;

    async fn revoke_credential(&mut self, id: CredentialId, now: Timestamp) -> Result<(), StoreError>;

    async fn revoke_secret(&mut self, id: SecretId, now: Timestamp) -> Result<(), StoreError>;

    /// Keeps the later of what is known and what was seen.
    async fn note_use(&mut self, id: CredentialId, seen: &CredentialUse) -> Result<(), StoreError>;

    /// Puts a digest in the place of another of the same secret; nothing when the other is not there any more.
    async fn renew_digest(&mut self, id: SecretId, before: &KeyedDigest, after: &KeyedDigest)
    -> Result<(), StoreError>;
}
