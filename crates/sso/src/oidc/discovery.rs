//! What a provider says about itself: OpenID Provider Metadata (Discovery §3).

use serde_json::{Map, Value};
use url::Url;

use super::token::ClientAuthentication;
use super::{Algorithm, DiscoveryFault, Issuer, json};
use crate::fault::quoted;

/// The longest document that is read. Entra's has two kilobytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// A provider that a sign-in can be made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    pub issuer: Issuer,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    /// Where the keys are that sign ID tokens.
    pub jwks_uri: Url,
    /// Where a browser is sent to sign out (Logout §2.1).
    pub end_session_endpoint: Option<Url>,
    /// How ID tokens may be signed: what the provider offers and we accept.
    pub algorithms: Vec<Algorithm>,
    /// How we prove to the provider who we are.
    pub client_authentication: ClientAuthentication,
    /// Whether the provider says in its answers who it is, so that an answer that does not is refused (RFC 9207 §3).
    pub iss_parameter: bool,
}

impl ProviderMetadata {
    /// Reads the document at [`Issuer::discovery_url`].
    ///
    /// # Errors
    ///
    /// A document that is too long, not JSON, or of another issuer; addresses without https; and a provider that does
    /// not offer what a sign-in needs.
    pub fn read(document: &[u8], issuer: &Issuer) -> Result<Self, DiscoveryFault> {
        let members = json::object(document, MAX_BYTES)?;
        is_of(&members, issuer)?;
        offers_the_flow(&members)?;
        let endpoint = |what| optional_endpoint(&members, issuer, what);
        let required = |what| endpoint(what)?.ok_or(DiscoveryFault::Missing { what });
        Ok(Self {
            issuer: issuer.clone(),
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            end_session_endpoint: endpoint("end_session_endpoint")?,
            algorithms: algorithms(&members)?,
            client_authentication: client_authentication(&members)?,
            iss_parameter: flag(&members, "authorization_response_iss_parameter_supported")?,
        })
    }
}

/// Discovery §4.3: exactly the issuer that the document was asked for.
fn is_of(members: &Map<String, Value>, issuer: &Issuer) -> Result<(), DiscoveryFault> {
    match json::text(members, "issuer") {
        None => Err(DiscoveryFault::Missing { what: "issuer" }),
        Some(found) if found == issuer.as_str() => Ok(()),
        Some(found) if found.contains('{') => Err(DiscoveryFault::NotOfOneTenant { issuer: quoted(found) }),
        Some(found) => Err(DiscoveryFault::WrongIssuer { found: quoted(found), expected: issuer.as_str().to_owned() }),
    }
}

fn offers_the_flow(members: &Map<String, Value>) -> Result<(), DiscoveryFault> {
    let offered = |what| names(members, what);
    let flows =
        offered("response_types_supported")?.ok_or(DiscoveryFault::Missing { what: "response_types_supported" })?;
    if !flows.iter().any(|flow| flow == "code") {
        return Err(DiscoveryFault::NoCodeFlow { offered: flows });
    }
    // Without the list, the query is among the modes (Discovery §3).
    if let Some(modes) = offered("response_modes_supported")?
        && !modes.iter().any(|mode| mode == "query")
    {
        return Err(DiscoveryFault::NoQueryMode { offered: modes });
    }
    // RFC 8414 §2 reads a missing list as no PKCE, but Entra has PKCE and no list. Who does not know the challenge
    // passes over it, and state and nonce hold all the same.
    if let Some(methods) = offered("code_challenge_methods_supported")?
        && !methods.iter().any(|method| method == "S256")
    {
        return Err(DiscoveryFault::NoPkce { offered: methods });
    }
    Ok(())
}

fn algorithms(members: &Map<String, Value>) -> Result<Vec<Algorithm>, DiscoveryFault> {
    const WHAT: &str = "id_token_signing_alg_values_supported";
    let offered = names(members, WHAT)?.ok_or(DiscoveryFault::Missing { what: WHAT })?;
    let accepted: Vec<Algorithm> =
        Algorithm::ALL.into_iter().filter(|algorithm| offered.iter().any(|name| name == algorithm.name())).collect();
    match accepted.is_empty() {
        true => Err(DiscoveryFault::NoAlgorithm { offered }),
        false => Ok(accepted),
    }
}

/// A provider without the list takes the secret by basic (Discovery §3).
fn client_authentication(members: &Map<String, Value>) -> Result<ClientAuthentication, DiscoveryFault> {
    let Some(offered) = names(members, "token_endpoint_auth_methods_supported")? else {
        return Ok(ClientAuthentication::Basic);
    };
    let takes = |name: &str| offered.iter().any(|method| method == name);
    if takes("client_secret_post") {
        // The better known of the two: with basic, not all agree on how a secret is escaped.
        Ok(ClientAuthentication::Post)
    } else if takes("client_secret_basic") {
        Ok(ClientAuthentication::Basic)
    } else if takes("none") {
        Ok(ClientAuthentication::None)
    } else {
        Err(DiscoveryFault::NoClientAuthentication { offered })
    }
}

fn optional_endpoint(
    members: &Map<String, Value>,
    issuer: &Issuer,
    what: &'static str,
) -> Result<Option<Url>, DiscoveryFault> {
    match members.get(what) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => issuer.endpoint(what, text).map(Some),
        Some(_) => Err(DiscoveryFault::Invalid { what }),
    }
}

fn names(members: &Map<String, Value>, what: &'static str) -> Result<Option<Vec<String>>, DiscoveryFault> {
    let name = |value: &Value| value.as_str().map(quoted).ok_or(DiscoveryFault::Invalid { what });
    match members.get(what) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => values.iter().map(name).collect::<Result<_, _>>().map(Some),
        Some(_) => Err(DiscoveryFault::Invalid { what }),
    }
}

fn flag(members: &Map<String, Value>, what: &'static str) -> Result<bool, DiscoveryFault> {
    match members.get(what) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(DiscoveryFault::Invalid { what }),
    }
}
