//! What OAuth clients bring to the token endpoint, and why they may go without.

use crate::credential::ClientSecret;
use crate::ids::CredentialId;
use crate::store::StoreError;

/// What a client presents to the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedClient {
    pub id: CredentialId,
    pub secret: ClientSecret,
}

/// Why there is no access token (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    InvalidClient,
    InvalidScope,
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
