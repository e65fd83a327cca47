//! A tenant of the server that is measured.

use secrecy::SecretString;
use url::Url;

use super::error::BenchError;
use crate::replay::client::ScimClient;

/// One tenant of the server that is measured.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its SCIM base URL.
    pub base_url: Url,
    /// Its provisioning token.
    pub token: SecretString,
}

impl Tenant {
    /// A client of this tenant.
    ///
    /// # Errors
    /// [`BenchError::Tenant`], which says `whose`, when the base URL or the token cannot be used.
    pub fn client(&self, whose: &'static str) -> Result<ScimClient, BenchError> {
        ScimClient::new(&self.base_url, &self.token).map_err(|source| BenchError::Tenant { whose, source })
    }
}
