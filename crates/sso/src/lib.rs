//! Single sign-on as a language: what a service provider says to an identity provider and how it reads the answers.
//!
//! Everything here is pure: no clock, no randomness, no network, no storage. The time and every id are parameters, and
//! what has to be remembered (the request that was sent, assertion ids that were used) is the caller's.
//!
//! A SAML sign-in travels through it in this order: [`saml::metadata`] reads who the identity provider is,
//! [`saml::request`] makes the address that a browser is sent to, [`saml::response`] checks what comes back, and
//! [`saml::logout`] ends it. [`fault`] holds everything that can be wrong, in words an admin can act on.
//!
//! [`oidc`] is the same for OpenID Connect, with faults of its own.

pub mod certificate;
pub mod fault;
pub mod key;
pub mod oidc;
pub mod saml;

pub use certificate::{Certificate, Fingerprint};
pub use fault::{CertificateFault, KeyFault, MetadataFault, SamlFault, XmlFault};
pub use key::ServiceProviderKey;
pub use oidc::{DiscoveryFault, JsonFault, OidcFault};

/// By how much the clocks of two parties may differ. Entra sends windows without any allowance.
pub(crate) const SKEW: time::Duration = time::Duration::minutes(5);
