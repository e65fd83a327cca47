//! SAML 2.0, Web Browser SSO and Single Logout profiles, as a service provider.
//!
//! Section numbers without a name are those of the OASIS documents: *core* (saml-core-2.0-os), *bindings*
//! (saml-bindings-2.0-os), *profiles* (saml-profiles-2.0-os) and *metadata* (saml-metadata-2.0-os).

mod algorithm;
mod instant;
pub mod logout;
pub mod metadata;
mod name_id;
mod protocol;
mod redirect;
pub mod request;
pub mod response;
pub mod signature;
mod urn;
mod xml;

pub(crate) use algorithm::RSA_SHA256;
pub use name_id::{NameId, NameIdFormat};
