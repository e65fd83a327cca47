//! The HTTP-Redirect binding: a message in the query of an address (bindings §3.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::crypto::sign;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use time::OffsetDateTime;

use super::algorithm::{RSA_SHA256, SIGNATURES};
use super::xml::without_space;
use crate::fault::quoted;
use crate::{Certificate, KeyFault, SamlFault, ServiceProviderKey, XmlFault};

/// What does not have to be escaped in a query (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest query that is read: far beyond what browsers and proxies carry.
const MAX_QUERY: usize = 64 * 1024;

/// The longest message in a query, when it is no longer compressed.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// Whether a message asks or answers, which is the name of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Request,
    Response,
}

impl Direction {
    const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// The address that carries `xml` to `url`, signed if there is a key (§3.4.4.1). What `url` has in its query stays.
pub(super) fn address(
    url: &str,
    direction: Direction,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<&ServiceProviderKey>,
) -> Result<String, KeyFault> {
    const SMALLEST: u8 = 9;
    let message = STANDARD.encode(compress_to_vec(xml.as_bytes(), SMALLEST));
    let mut query = format!("{}={}", direction.parameter(), escape(&message));
    if let Some(relay_state) = relay_state {
        query = format!("{query}&RelayState={}", escape(relay_state));
    }
    if let Some(key) = key {
        query = format!("{query}&SigAlg={}", escape(RSA_SHA256));
        query = format!("{query}&Signature={}", escape(&STANDARD.encode(key.sign(query.as_bytes())?)));
    }
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let separator = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{separator}{query}{}", fragment.map(|f| format!("#{f}")).unwrap_or_default()))
}

/// A message that came in a query. The parameters are kept as they were escaped, for that is what is signed.
#[derive(Debug)]
pub(super) struct Received<'q> {
    direction: Direction,
    message: &'q str,
    relay_state: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
}

impl<'q> Received<'q> {
    /// Takes the query of an address apart.
    pub(super) fn read(query: &'q str) -> Result<Self, SamlFault> {
        if query.len() > MAX_QUERY {
            return Err(XmlFault::TooLarge { limit: MAX_QUERY }.into());
        }
        let one = |name: &'static str| {
            let mut values = query.split('&').filter_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (key == name).then_some(value)
            });
            match (values.next(), values.next()) {
                (value, None) => Ok(value),
                // Whoever verifies one and reads the other is deceived.
                (_, Some(_)) => Err(SamlFault::Repeated { what: name }),
            }
        };
        let (direction, message) = match (one("SAMLRequest")?, one("SAMLResponse")?) {
            (Some(message), None) => (Direction::Request, message),
            (None, Some(message)) => (Direction::Response, message),
            (None, None) => return Err(SamlFault::Missing { what: "SAMLRequest or SAMLResponse" }),
            (Some(_), Some(_)) => return Err(SamlFault::Repeated { what: "SAMLRequest or SAMLResponse" }),
        };
        Ok(Self {
            direction,
            message,
            relay_state: one("RelayState")?,
            algorithm: one("SigAlg")?,
            signature: one("Signature")?,
        })
    }

    pub(super) const fn direction(&self) -> Direction {
        self.direction
    }

    /// The XML of the message.
    pub(super) fn xml(&self) -> Result<String, XmlFault> {
        let bytes = decode_base64(&unescape(self.message).ok_or(XmlFault::NotUtf8)?, MAX_QUERY)?;
        let xml = decompress_to_vec_with_limit(&bytes, MAX_BYTES).map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => XmlFault::TooLarge { limit: MAX_BYTES },
            _ => XmlFault::NotDeflated,
        })?;
        String::from_utf8(xml).map_err(|_| XmlFault::NotUtf8)
    }

    pub(super) fn relay_state(&self) -> Result<Option<String>, SamlFault> {
        self.relay_state
            .map(|value| unescape(value).ok_or(SamlFault::Invalid { what: "RelayState", value: quoted(value) }))
            .transpose()
    }

    /// Whether it is signed at all.
    pub(super) const fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// Verifies the signature over the query as it was sent (§3.4.4.1).
    pub(super) fn verify(&self, certificates: &[Certificate], now: OffsetDateTime) -> Result<(), SamlFault> {
        let (Some(algorithm), Some(signature)) = (self.algorithm, self.signature) else {
            return Err(SamlFault::Unsigned);
        };
        if certificates.is_empty() {
            return Err(SamlFault::NoCertificate);
        }
        let uri = unescape(algorithm).unwrap_or_default();
        if !SIGNATURES.contains(&uri.as_str()) {
            return Err(SamlFault::WeakAlgorithm { algorithm: quoted(&uri) });
        }
        let signature = unescape(signature)
            .and_then(|text| STANDARD.decode(without_space(&text)).ok())
            .ok_or(SamlFault::BadSignature)?;
        let state = self.relay_state.map(|state| format!("&RelayState={state}")).unwrap_or_default();
        let signed = format!("{}={}{state}&SigAlg={algorithm}", self.direction.parameter(), self.message);
        certificates
            .iter()
            .find(|certificate| is_by(certificate, &uri, signed.as_bytes(), &signature))
            .map_or(Err(SamlFault::BadSignature), |certificate| certificate.valid_at(now))
    }
}

fn is_by(certificate: &Certificate, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
    let key = certificate.key();
    let verify = || {
        sign::key_algorithm_matches_signature_uri(algorithm, key.data.algorithm()).then_some(())?;
        let key = key.software_key().ok().flatten()?;
        sign::from_uri(algorithm).ok()?.verify(&key, signed, signature).ok()
    };
    verify().unwrap_or(false)
}

/// The bytes of a base64 text with white space in it, whose result is at most `limit` long.
pub(super) fn decode_base64(text: &str, limit: usize) -> Result<Vec<u8>, XmlFault> {
    // Four letters are three bytes, and lines of 64 end with two more.
    if text.len() > limit / 3 * 4 + limit / 16 {
        return Err(XmlFault::TooLarge { limit });
    }
    let bytes = STANDARD.decode(without_space(text)).map_err(|_| XmlFault::NotBase64)?;
    match bytes.len() > limit {
        true => Err(XmlFault::TooLarge { limit }),
        false => Ok(bytes),
    }
}

/// A value of a query as forms write it. Some identity providers verify a signature over what they decoded and escaped
/// again themselves, and most of them write a space so.
fn escape(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string().replace("%20", "+")
}

/// A value of a query, where a plus is a space (application/x-www-form-urlencoded, as browsers write it).
fn unescape(text: &str) -> Option<String> {
    percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
