//! A signed token in its compact form (RFC 7515 §3.1, RFC 7519).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::jwks::KeySet;
use super::{Algorithm, OidcFault, json};
use crate::fault::quoted;

/// A token whose header is read and whose signature is not yet verified.
///
/// Of the header, `jwk`, `jku`, `x5c` and `x5u` are never read: a key that a token brings along proves nothing.
pub(super) struct Jws<'t> {
    header: Map<String, Value>,
    /// Header and payload as they were sent, which is what is signed.
    signed: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Jws<'t> {
    pub(super) fn read(token: &'t str) -> Result<Self, OidcFault> {
        let parts: Vec<&str> = token.splitn(6, '.').collect();
        let (header, payload, signature) = match parts.as_slice() {
            [header, payload, signature] => (*header, *payload, *signature),
            // RFC 7516 §9.
            [_, _, _, _, _] => return Err(OidcFault::Encrypted),
            _ => return Err(OidcFault::NotAToken),
        };
        let signed = token.get(..header.len() + 1 + payload.len()).ok_or(OidcFault::NotAToken)?;
        Ok(Self { header: json::object(&decode(header)?, token.len())?, signed, payload, signature })
    }

    /// The payload, once the signature over it is verified, and the algorithm of the signature.
    pub(super) fn verify(
        &self,
        accepted: &[Algorithm],
        keys: &KeySet,
    ) -> Result<(Map<String, Value>, Algorithm), OidcFault> {
        let algorithm = self.algorithm(accepted)?;
        self.demands_nothing()?;
        self.is_no_other_type()?;
        if !keys.find(self.text("kid")?, algorithm)?.verifies(self.signed, self.signature, algorithm) {
            return Err(OidcFault::BadSignature);
        }
        Ok((json::object(&decode(self.payload)?, self.payload.len())?, algorithm))
    }

    /// The header only chooses among what the connection accepts (RFC 8725 §3.1).
    fn algorithm(&self, accepted: &[Algorithm]) -> Result<Algorithm, OidcFault> {
        let name = self.text("alg")?.ok_or(OidcFault::Missing { what: "alg" })?;
        Algorithm::of(name).filter(|algorithm| accepted.contains(algorithm)).ok_or_else(|| {
            OidcFault::AlgorithmRefused {
                algorithm: quoted(name),
                accepted: accepted.iter().map(ToString::to_string).collect(),
            }
        })
    }

    /// RFC 7515 §4.1.11: what is critical and not understood makes the token invalid, and nothing is understood.
    fn demands_nothing(&self) -> Result<(), OidcFault> {
        match self.header.get("crit") {
            None => Ok(()),
            Some(Value::Array(names)) => {
                Err(OidcFault::CriticalHeader { names: names.iter().filter_map(Value::as_str).map(quoted).collect() })
            }
            Some(_) => Err(OidcFault::Invalid { what: "crit" }),
        }
    }

    /// A token for another purpose, such as an access token, says so (RFC 8725 §3.11); an ID token need not.
    fn is_no_other_type(&self) -> Result<(), OidcFault> {
        match self.text("typ")? {
            Some(other) if !other.eq_ignore_ascii_case("JWT") => Err(OidcFault::WrongType { found: quoted(other) }),
            _ => Ok(()),
        }
    }

    fn text(&self, what: &'static str) -> Result<Option<&str>, OidcFault> {
        match self.header.get(what) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(OidcFault::Invalid { what }),
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, OidcFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| OidcFault::NotAToken)
}
