//! What the two parties publish about themselves (saml-metadata-2.0-os): [`IdentityProvider`] is read,
//! [`ServiceProvider`] is written.

mod identity_provider;
mod service_provider;

pub use identity_provider::{IdentityProvider, MAX_BYTES, Wanted};
pub use service_provider::ServiceProvider;
