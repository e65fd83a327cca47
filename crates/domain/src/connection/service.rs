//! Who we are to a tenant's identity providers. A face fills it in, for only faces know addresses.

use sso::saml::metadata::ServiceProvider;
use sso::{Certificate, ServiceProviderKey};

/// The addresses that an identity provider is given. One service provider a tenant: all its connections have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAddresses {
    /// Of SAML: our entity ID, and where our metadata is.
    pub entity_id: String,
    /// Of SAML: where responses are posted to.
    pub acs: String,
    /// Of SAML: where logouts come to.
    pub slo: String,
    /// Of OpenID Connect: where answers come to.
    pub redirect_uri: String,
    /// Where a browser comes back to after signing out at the identity provider.
    pub signed_out: String,
}

impl ServiceAddresses {
    /// Our metadata, with the certificates of these keys.
    pub fn metadata(&self, certificates: &[Certificate], signs_requests: bool) -> String {
        ServiceProvider {
            entity_id: &self.entity_id,
            acs_url: &self.acs,
            slo_url: Some(&self.slo),
            certificates,
            authn_requests_signed: signs_requests,
        }
        .xml()
    }
}

/// The keys of ours that are in use.
#[derive(Clone, Debug, Default)]
pub struct OwnKeys {
    /// The newest first, which signs; all of them decrypt.
    pub keys: Vec<ServiceProviderKey>,
}
