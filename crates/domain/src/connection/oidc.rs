//! A connection by OpenID Connect: what the admin chose, and what the provider publishes.

use serde::{Deserialize, Serialize};
use sso::DiscoveryFault;
use sso::oidc::Issuer;
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::jwks::KeySet;

/// What the admin chose. The client's secret is kept apart, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcSetup {
    pub issuer: String,
    pub client_id: String,
    /// The last four characters of the client's secret, by which its owner knows it again; empty for a client without one.
    pub secret_end: String,
    /// What the provider publishes; none until it was read.
    pub found: Option<OidcFound>,
}

/// What a provider publishes, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcFound {
    /// The discovery document.
    pub discovery: String,
    /// The key set.
    pub keys: String,
}

/// A provider that a sign-in can be made with.
#[derive(Clone, Debug)]
pub struct Provider {
    pub metadata: ProviderMetadata,
    pub keys: KeySet,
}

impl OidcFound {
    /// # Errors
    /// When the documents are not those of this issuer, or cannot be used.
    pub fn read(&self, issuer: &Issuer) -> Result<Provider, DiscoveryFault> {
        Ok(Provider {
            metadata: ProviderMetadata::read(self.discovery.as_bytes(), issuer)?,
            keys: KeySet::read(self.keys.as_bytes(), issuer)?,
        })
    }
}
