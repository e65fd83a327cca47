//! OpenID Connect, authorization code flow, as a relying party.
//!
//! *Core* is OpenID Connect Core 1.0, *Discovery* OpenID Connect Discovery 1.0, and *Logout* OpenID Connect RP-Initiated
//! Logout 1.0. A sign-in goes through [`discovery`] and [`jwks`] (who the provider is), [`authorize`] (where the browser
//! is sent), [`callback`] (what it brings back), [`token`] (what the code is worth), [`id_token`] (who signed in) and,
//! at its end, [`logout`].

mod algorithm;
pub mod authorize;
pub mod callback;
pub mod discovery;
mod error_response;
mod fault;
mod form;
pub mod id_token;
mod issuer;
mod json;
pub mod jwks;
mod jws;
pub mod logout;
pub mod token;

pub use algorithm::Algorithm;
pub use error_response::ErrorResponse;
pub use fault::{DiscoveryFault, JsonFault, OidcFault};
pub use issuer::Issuer;
