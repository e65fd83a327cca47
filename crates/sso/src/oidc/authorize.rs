//! Sending a browser to a provider: the authorization request (Core §3.1.2.1, PKCE of RFC 7636).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::discovery::ProviderMetadata;

/// What nobody can guess about one sign-in.
pub struct Randomness {
    pub state: [u8; 32],
    pub nonce: [u8; 32],
    pub verifier: [u8; 32],
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness")
    }
}

/// What the provider shall ask of a person, whatever session they have (Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Nothing; when something would have to be asked, the answer is an error.
    None,
    /// To prove again who they are.
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// A request for a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    pub provider: &'a ProviderMetadata,
    pub client_id: &'a str,
    /// Where the answer shall come to; registered with the provider.
    pub redirect_uri: &'a str,
    /// The address that the person gave, so that they need not give it again.
    pub login_hint: Option<&'a str>,
    pub prompt: Option<Prompt>,
}

/// What is to be remembered of a sign-in until its answer, and then to be forgotten, so that each is answered once.
#[derive(Clone, Debug)]
pub struct PendingSignIn {
    /// SHA-256 of the state: to find it by. The state itself is only in the browser's addresses.
    pub state_digest: [u8; 32],
    pub nonce: String,
    /// Whoever has it and the code gets the tokens (RFC 7636 §1), so it is kept as a secret.
    pub verifier: SecretString,
    pub issuer: String,
    pub redirect_uri: String,
}

impl AuthorizationRequest<'_> {
    /// The address to send the browser to, and what to remember of it. What the provider's address has in its query
    /// stays.
    ///
    /// For Entra nothing else is needed: its issuer is that of one tenant, so guests come to the right one.
    pub fn begin(&self, random: &Randomness) -> (Url, PendingSignIn) {
        let [state, nonce, verifier] =
            [random.state, random.nonce, random.verifier].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let pending = PendingSignIn {
            state_digest: state_digest(&state),
            nonce,
            verifier: verifier.into(),
            issuer: self.provider.issuer.as_str().to_owned(),
            redirect_uri: self.redirect_uri.to_owned(),
        };
        let mut url = self.provider.authorization_endpoint.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("client_id", self.client_id)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("scope", "openid profile email")
            .append_pair("state", &state)
            .append_pair("nonce", &pending.nonce)
            .append_pair("code_challenge", &challenge(pending.verifier.expose_secret()))
            .append_pair("code_challenge_method", "S256");
        if let Some(login_hint) = self.login_hint {
            query.append_pair("login_hint", login_hint);
        }
        if let Some(prompt) = self.prompt {
            query.append_pair("prompt", prompt.name());
        }
        drop(query);
        (url, pending)
    }
}

/// What a state is found by.
pub(super) fn state_digest(state: &str) -> [u8; 32] {
    Sha256::digest(state).into()
}

/// RFC 7636 §4.2, S256.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::challenge;

    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
