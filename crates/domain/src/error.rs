//! What can go wrong in an operation. Faces turn it into answers; it knows no status codes beyond a [`Fault`]'s own.

use scim_protocol::Fault;

use crate::ids::CredentialId;
use crate::store::StoreError;
use crate::tenant::Closure;
use crate::who::Mark;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name in this tenant; a foreign id is not found either.
    #[error("{0} was not found")]
    NotFound(String),
    #[error("the resource has changed since the version that was asked for")]
    VersionMismatch,
    /// The message is wrong.
    #[error(transparent)]
    Invalid(#[from] Fault),
    /// A rule of the product or the tenant stands against it; says which, and what to do.
    #[error("{0}")]
    NotAllowed(String),
    /// Somebody has changed the settings since they were looked at; says who.
    #[error("the settings were changed by somebody else meanwhile")]
    Outdated(Option<Mark>),
    /// The request came before, and what it made was shown then.
    #[error("this was created already and shown once; revoke it and create another")]
    ShownAlready(CredentialId),
    /// The tenant takes no provisioning now.
    #[error("provisioning is closed: {0:?}")]
    Closed(Closure),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Whether the same call may succeed when it is made again at once.
    pub fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention))
    }
}
