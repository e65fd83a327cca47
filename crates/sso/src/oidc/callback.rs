//! What a browser brings back from a provider: the authorization response (Core §3.1.2.5 and §3.1.2.6, RFC 9207).

use secrecy::SecretString;

use super::authorize::{PendingSignIn, state_digest};
use super::discovery::ProviderMetadata;
use super::form::Form;
use super::{ErrorResponse, OidcFault};
use crate::fault::quoted;

/// The longest query that is read: far beyond what browsers and proxies carry.
pub const MAX_BYTES: usize = 64 * 1024;

/// An answer that nothing is known about but what it says.
#[derive(Clone, Debug)]
pub struct Callback {
    state_digest: [u8; 32],
    issuer: Option<String>,
    answer: Result<SecretString, ErrorResponse>,
}

impl Callback {
    /// Reads the query of the address that the browser came to.
    ///
    /// # Errors
    ///
    /// What is too long, without a state, without code and error or with both, or says something twice.
    pub fn read(query: &str) -> Result<Self, OidcFault> {
        if query.len() > MAX_BYTES {
            return Err(OidcFault::TooLarge { what: "the query", limit: MAX_BYTES });
        }
        let form = Form::read(query);
        let filled = |name| form.one(name).map(|value| value.filter(|text| !text.is_empty()));
        let state = filled("state")?.ok_or(OidcFault::Missing { what: "state" })?;
        let answer = match (filled("code")?, filled("error")?) {
            (Some(code), None) => Ok(SecretString::from(code)),
            (None, Some(error)) => Err(ErrorResponse::new(error, filled("error_description")?)),
            (None, None) => return Err(OidcFault::Missing { what: "code" }),
            (Some(_), Some(_)) => return Err(OidcFault::Repeated { what: "code or error" }),
        };
        Ok(Self { state_digest: state_digest(state), issuer: form.one("iss")?.map(ToOwned::to_owned), answer })
    }

    /// What the sign-in that it claims to answer is found by.
    pub const fn state_digest(&self) -> &[u8; 32] {
        &self.state_digest
    }

    /// The code, if this is the provider's answer to the sign-in that this browser began.
    ///
    /// # Errors
    ///
    /// An answer to another sign-in or of another provider, and the provider's refusal.
    pub fn code(self, pending: &PendingSignIn, provider: &ProviderMetadata) -> Result<SecretString, OidcFault> {
        if self.state_digest != pending.state_digest {
            return Err(OidcFault::UnknownState);
        }
        // The connection may have been given another provider meanwhile, who must not get this one's code.
        same_issuer(&pending.issuer, provider)?;
        match &self.issuer {
            Some(issuer) => same_issuer(issuer, provider)?,
            None if provider.iss_parameter => return Err(OidcFault::Missing { what: "iss" }),
            None => {}
        }
        self.answer.map_err(OidcFault::Refused)
    }
}

fn same_issuer(found: &str, provider: &ProviderMetadata) -> Result<(), OidcFault> {
    let expected = provider.issuer.as_str();
    match found == expected {
        true => Ok(()),
        false => Err(OidcFault::WrongIssuer { found: quoted(found), expected: expected.to_owned() }),
    }
}
