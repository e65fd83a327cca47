//! What identity providers are called.

use domain::provider::Provider;

/// The words for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idp {
    /// Within a sentence.
    pub name: &'static str,
    /// At the beginning of one.
    pub start: &'static str,
    /// In full.
    pub long: &'static str,
    /// What its button to test a connection says.
    pub test: &'static str,
    /// The fields that the two values go into.
    pub url_field: &'static str,
    pub token_field: &'static str,
}

pub const fn idp(provider: Provider) -> Idp {
    match provider {
        Provider::Entra => Idp {
            name: "Entra",
            start: "Entra",
            long: "Microsoft Entra ID",
            test: "Test Connection",
            url_field: "Tenant URL",
            token_field: "Secret Token",
        },
        Provider::Okta => Idp {
            name: "Okta",
            start: "Okta",
            long: "Okta",
            test: "Test API Credentials",
            url_field: "Base URL",
            token_field: "API Token",
        },
        Provider::Other => Idp {
            name: "your identity provider",
            start: "Your identity provider",
            long: "your identity provider",
            test: "first request",
            url_field: "SCIM base URL",
            token_field: "Bearer token",
        },
    }
}
