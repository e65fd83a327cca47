//! Asking an identity provider what it publishes.

use sso::oidc::Issuer;
use sso::oidc::discovery::{self, ProviderMetadata};
use sso::oidc::jwks::{self, KeySet};
use sso::saml::metadata::{MAX_BYTES, Wanted};

use super::SignOnTools;
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::oidc::OidcFound;
use crate::connection::saml::SamlFound;
use crate::fetch::Question;
use crate::timestamp::Timestamp;

impl SignOnTools {
    /// The metadata at an address. `entity_id`: whose it has to be, where that is known.
    ///
    /// # Errors
    /// Why it cannot be had or used.
    pub(super) async fn read_metadata(
        &self,
        url: &str,
        entity_id: Option<&str>,
        now: Timestamp,
    ) -> Result<SamlFound, Refused> {
        let document = self.document(url, "application/samlmetadata+xml, application/xml, text/xml", MAX_BYTES).await?;
        SamlFound::read(&document, &self.wanted(entity_id, now))
            .map_err(|fault| Refused::new(SignInCause::ProviderUnusable, fault.to_string()))
    }

    /// What metadata is held against.
    pub(super) fn wanted<'a>(&self, entity_id: Option<&'a str>, now: Timestamp) -> Wanted<'a> {
        Wanted { entity_id, loopback_http_allowed: self.loopback_http_allowed, now: now.moment() }
    }

    /// The issuer of this name.
    ///
    /// # Errors
    /// What is no issuer.
    pub(in crate::ops) fn issuer(&self, text: &str) -> Result<Issuer, Refused> {
        Ok(Issuer::read(text, self.loopback_http_allowed)?)
    }

    /// The discovery document of an issuer, and its keys.
    ///
    /// # Errors
    /// Why they cannot be had or used.
    pub(super) async fn read_provider(&self, issuer: &Issuer) -> Result<OidcFound, Refused> {
        let discovery = self.document(&issuer.discovery_url(), "application/json", discovery::MAX_BYTES).await?;
        let metadata = ProviderMetadata::read(discovery.as_bytes(), issuer)?;
        let keys = self.document(metadata.jwks_uri.as_str(), "application/json", jwks::MAX_BYTES).await?;
        KeySet::read(keys.as_bytes(), issuer)?;
        Ok(OidcFound { discovery, keys })
    }

    async fn document(&self, url: &str, accept: &str, most: usize) -> Result<String, Refused> {
        let fetched = self.fetch.ask(Question::document(url, accept, most)).await?;
        if fetched.status != 200 {
            let detail = format!("{url} answered with status {}", fetched.status);
            return Err(Refused::new(SignInCause::ProviderDown, detail));
        }
        String::from_utf8(fetched.body)
            .map_err(|_| Refused::new(SignInCause::ProviderUnusable, format!("what {url} answered is not UTF-8")))
    }
}
