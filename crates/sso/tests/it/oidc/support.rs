//! The providers of the fixtures, and a short way to verify a token of theirs.

use std::sync::LazyLock;

use serde_json::{Map, Value};
use sso::OidcFault;
use sso::oidc::discovery::ProviderMetadata;
use sso::oidc::id_token::{Expected, VerifiedIdToken, verify};
use sso::oidc::jwks::KeySet;
use sso::oidc::{Algorithm, Issuer};

pub use crate::support::{NOW, OBJECT_ID, fixture};

pub const TENANT: &str = "5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90";
pub const ENTRA: &str = "https://login.microsoftonline.com/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/v2.0";
pub const OTHER: &str = "https://id.example/realms/acme";
pub const CLIENT: &str = "6f0d1c2b-3a49-4e58-8c67-d7e6f5a4b3c2";
pub const REDIRECT: &str = "https://app.example/t/acme/sso/oidc/callback";
pub const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";

/// A provider with its keys.
pub struct Provider {
    pub metadata: ProviderMetadata,
    pub keys: KeySet,
}

impl Provider {
    fn new(issuer: &str, name: &str) -> Self {
        let issuer = Issuer::read(issuer, false).unwrap();
        let document = fixture(&format!("discovery/{name}.json"));
        Self {
            metadata: ProviderMetadata::read(document.as_bytes(), &issuer).unwrap(),
            keys: KeySet::read(fixture(&format!("jose/{name}-keys.json")).as_bytes(), &issuer).unwrap(),
        }
    }

    /// What a token of the fixtures is held against.
    pub fn expected(&self) -> Expected<'_> {
        Expected {
            provider: &self.metadata,
            client_id: CLIENT,
            nonce: "nonce-1",
            keys: &self.keys,
            access_token: Some(ACCESS_TOKEN),
            now: NOW,
        }
    }

    pub fn check(&self, token: &str) -> Result<VerifiedIdToken, OidcFault> {
        verify(token, &self.expected())
    }
}

pub static ENTRA_PROVIDER: LazyLock<Provider> = LazyLock::new(|| Provider::new(ENTRA, "entra"));
pub static OTHER_PROVIDER: LazyLock<Provider> = LazyLock::new(|| Provider::new(OTHER, "other"));

static TOKENS: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&fixture("jose/tokens.json")).unwrap());

/// The tokens of one kind by name.
pub fn tokens(kind: &str) -> &'static Map<String, Value> {
    TOKENS[kind].as_object().unwrap()
}

pub fn token(kind: &str, name: &str) -> &'static str {
    tokens(kind).get(name).unwrap_or_else(|| panic!("{name} is not there")).as_str().unwrap()
}

pub fn entra() -> Issuer {
    ENTRA_PROVIDER.metadata.issuer.clone()
}

pub fn names(algorithms: &[Algorithm]) -> Vec<&'static str> {
    algorithms.iter().map(|algorithm| algorithm.name()).collect()
}

/// A document with members changed, or taken out where the value is null.
pub fn with(document: &str, changes: &[(&str, Value)]) -> Vec<u8> {
    let mut members: Map<String, Value> = serde_json::from_str(document).unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => assert!(members.shift_remove(*name).is_some(), "{name} is not there"),
            value => {
                members.insert((*name).to_owned(), value.clone());
            }
        }
    }
    serde_json::to_vec(&members).unwrap()
}
