//! The keys that a provider signs with: a JSON Web Key Set (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::{Algorithm, DiscoveryFault, Issuer, OidcFault, json};
use crate::fault::quoted;

/// The longest document that is read. Entra's, with its certificates, has a twentieth of it.
pub const MAX_BYTES: usize = 512 * 1024;

/// The keys of a provider that can verify its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
    ignored: Vec<IgnoredKey>,
}

/// A key that can verify signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    material: Material,
}

/// A key that is published and not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredKey {
    pub id: Option<String>,
    /// The reason, as the end of a sentence.
    pub why: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point of P-256, not compressed (SEC 1 §2.3.3).
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// Reads the document at the provider's `jwks_uri`. A key that cannot be used does not spoil the others.
    ///
    /// # Errors
    ///
    /// A document that is too long or no key set, and one without a single key that can be used.
    pub fn read(document: &[u8], issuer: &Issuer) -> Result<Self, DiscoveryFault> {
        let members = json::object(document, MAX_BYTES)?;
        let listed = match members.get("keys") {
            None => return Err(DiscoveryFault::Missing { what: "keys" }),
            Some(Value::Array(keys)) => keys,
            Some(_) => return Err(DiscoveryFault::Invalid { what: "keys" }),
        };
        let mut set = Self { keys: Vec::new(), ignored: Vec::new() };
        for value in listed {
            match Key::read(value, issuer) {
                Ok(key) if set.keys.contains(&key) => {}
                Ok(key) => set.keys.push(key),
                Err(why) => {
                    let id = value.get("kid").and_then(Value::as_str).map(quoted);
                    set.ignored.push(IgnoredKey { id, why });
                }
            }
        }
        match set.keys.is_empty() {
            true => Err(DiscoveryFault::NoKey { ignored: set.ignored.iter().map(|key| key.why.to_owned()).collect() }),
            false => Ok(set),
        }
    }

    /// The ids of the keys that are used, in the order in which they came.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.id.as_deref())
    }

    /// The keys that are published and not used.
    pub fn ignored(&self) -> &[IgnoredKey] {
        &self.ignored
    }

    /// The one key for a signature. Without an id, there has to be just one that would do (Core §10.1).
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Key, OidcFault> {
        let fitting: Vec<&Key> = self
            .keys
            .iter()
            .filter(|key| id.is_none_or(|id| key.id.as_deref() == Some(id)) && key.algorithms.contains(&algorithm))
            .collect();
        match (fitting.as_slice(), id) {
            ([key], _) => Ok(key),
            (keys, None) => Err(OidcFault::NoKeyId { count: keys.len() }),
            ([], Some(id)) => Err(self.why_not(id, algorithm)),
            (keys, Some(id)) => Err(OidcFault::AmbiguousKey { kid: quoted(id), count: keys.len() }),
        }
    }

    fn why_not(&self, id: &str, algorithm: Algorithm) -> OidcFault {
        let kid = quoted(id);
        if self.ids().any(|known| known == id) {
            return OidcFault::KeyOfOtherAlgorithm { kid, algorithm: algorithm.name() };
        }
        match self.ignored.iter().find(|key| key.id.as_ref() == Some(&kid)) {
            Some(ignored) => OidcFault::UnusableKey { kid, why: ignored.why },
            None => OidcFault::UnknownKey { kid },
        }
    }
}

impl Key {
    /// Reads one key, or says why it is not used.
    fn read(value: &Value, issuer: &Issuer) -> Result<Self, &'static str> {
        let members = value.as_object().ok_or("it is no key")?;
        if members.contains_key("d") || members.contains_key("k") {
            return Err("its secret part is published");
        }
        is_for_signatures(members)?;
        is_of(members, issuer)?;
        let material = Material::read(members)?;
        let fitting = material.algorithms();
        let algorithms = match optional(members, "alg")? {
            None => fitting.to_vec(),
            Some(name) => vec![
                Algorithm::of(name)
                    .filter(|named| fitting.contains(named))
                    .ok_or("it is for an algorithm that is not accepted")?,
            ],
        };
        Ok(Self { id: optional(members, "kid")?.map(ToOwned::to_owned), algorithms, material })
    }

    pub(super) fn verifies(&self, signed: &str, signature: &str, algorithm: Algorithm) -> bool {
        let key = self.material.decoding_key();
        jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm.jwt()).unwrap_or(false)
    }
}

/// RFC 7517 §4.2 and §4.3.
fn is_for_signatures(members: &Map<String, Value>) -> Result<(), &'static str> {
    const WHY: &str = "it is for another use than signatures";
    if !matches!(optional(members, "use")?, None | Some("sig")) {
        return Err(WHY);
    }
    match members.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => Ok(()),
        Some(_) => Err(WHY),
    }
}

/// Entra says of each key whose tokens it signs, with `{tenantid}` where it signs those of all tenants.
fn is_of(members: &Map<String, Value>, issuer: &Issuer) -> Result<(), &'static str> {
    let Some(text) = optional(members, "issuer")? else { return Ok(()) };
    match text.replace("{tenantid}", issuer.tenant().unwrap_or_default()) == issuer.as_str() {
        true => Ok(()),
        false => Err("it is of another issuer"),
    }
}

impl Material {
    fn read(members: &Map<String, Value>) -> Result<Self, &'static str> {
        match (optional(members, "kty")?, optional(members, "crv")?) {
            (Some("RSA"), _) => Self::rsa(bytes(members, "n")?, bytes(members, "e")?),
            (Some("EC"), Some("P-256")) => {
                let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
                match x.len() == 32 && y.len() == 32 {
                    true => Ok(Self::P256([vec![4], x, y].concat())),
                    false => Err("it is no point of its curve"),
                }
            }
            (Some("OKP"), Some("Ed25519")) => {
                let x = bytes(members, "x")?;
                match x.len() == 32 {
                    true => Ok(Self::Ed25519(x)),
                    false => Err("it is no point of its curve"),
                }
            }
            _ => Err("it is of a type that is not accepted"),
        }
    }

    /// RSA from 2048 to 8192 bits, with an exponent that makes it RSA at all.
    fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, &'static str> {
        let bits = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
        };
        match bits(&modulus) {
            ..2048 => Err("it is RSA with less than 2048 bits"),
            2048..=8192 if bits(&exponent) > 1 => Ok(Self::Rsa { modulus, exponent }),
            _ => Err("it is RSA of a form that is not accepted"),
        }
    }

    /// All algorithms that it can verify.
    const fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa { .. } => &[Algorithm::Rs256, Algorithm::Ps256],
            Self::P256(_) => &[Algorithm::Es256],
            Self::Ed25519(_) => &[Algorithm::EdDsa],
        }
    }

    fn decoding_key(&self) -> DecodingKey {
        match self {
            Self::Rsa { modulus, exponent } => DecodingKey::from_rsa_raw_components(modulus, exponent),
            Self::P256(point) => DecodingKey::from_ec_der(point),
            Self::Ed25519(point) => DecodingKey::from_ed_der(point),
        }
    }
}

fn optional<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, &'static str> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("it has a form that is not accepted"),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, &'static str> {
    json::text(members, name).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or("its numbers cannot be read")
}
