//! Signing out at the provider too (Logout §2).

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::discovery::ProviderMetadata;

/// A request to end the provider's session.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    pub client_id: &'a str,
    /// The ID token of the sign-in, so that the provider knows the session and need not ask.
    pub id_token_hint: Option<&'a SecretString>,
    /// Where the browser shall come back to; registered with the provider.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// Comes back unchanged.
    pub state: Option<&'a str>,
}

impl LogoutRequest<'_> {
    /// The address to send the browser to; nothing when the provider has none.
    pub fn url(&self, provider: &ProviderMetadata) -> Option<Url> {
        let mut url = provider.end_session_endpoint.clone()?;
        let optional = [
            ("id_token_hint", self.id_token_hint.map(ExposeSecret::expose_secret)),
            ("post_logout_redirect_uri", self.post_logout_redirect_uri),
            ("state", self.state),
        ];
        let given = optional.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        url.query_pairs_mut().append_pair("client_id", self.client_id).extend_pairs(given);
        Some(url)
    }
}
