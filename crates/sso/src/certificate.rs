//! X.509 certificates: the ones an identity provider signs with, and our own (RFC 5280).
//!
//! A certificate is trusted because the tenant's connection names it, never because of who issued it; identity
//! providers sign with self-signed ones.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Encode, Reader, SliceReader};

use crate::SKEW;
use crate::{CertificateFault, KeyFault, SamlFault, ServiceProviderKey};

/// SHA-256 over the certificate's DER, by which people compare certificates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A certificate whose key can verify the signatures that are accepted.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    public_key: Vec<u8>,
    key: bergshamra::Key,
}

impl Certificate {
    /// Reads PEM (the first certificate in it), or the base64 of the DER as metadata holds it.
    ///
    /// # Errors
    ///
    /// Text that is no certificate, and keys that are too weak or of a kind that signs no SAML message.
    pub fn read(text: &str) -> Result<Self, CertificateFault> {
        if text.contains("PRIVATE KEY-----") {
            return Err(CertificateFault::PrivateKey);
        }
        let body = match text.split_once("-----BEGIN CERTIFICATE-----") {
            Some((_, rest)) => rest.split("-----END").next().unwrap_or_default(),
            None => text,
        };
        let base64: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        Self::from_der(STANDARD.decode(base64).map_err(|_| CertificateFault::NotBase64)?)
    }

    /// Reads DER.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateFault> {
        let parsed = x509_cert::Certificate::from_der(&der).map_err(|_| CertificateFault::NotX509)?;
        let tbs = &parsed.tbs_certificate;
        let key = bergshamra::keys::loader::load_x509_cert_der(&der).map_err(|_| CertificateFault::WeakKey)?;
        let public_key = &tbs.subject_public_key_info;
        let strong = match key.algorithm_name() {
            "RSA" => modulus_bits(public_key.subject_public_key.raw_bytes()) >= 2048,
            name => name.starts_with("EC-"),
        };
        if !strong {
            return Err(CertificateFault::WeakKey);
        }
        Ok(Self {
            subject: tbs.subject.to_string(),
            not_before: instant(tbs.validity.not_before)?,
            not_after: instant(tbs.validity.not_after)?,
            public_key: public_key.to_der().map_err(|_| CertificateFault::NotX509)?,
            key,
            der,
        })
    }

    /// Makes a certificate of our own, which nobody but us issues. The same arguments make the same certificate.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn self_signed(
        key: &ServiceProviderKey,
        common_name: &str,
        serial: u128,
        not_before: OffsetDateTime,
        not_after: OffsetDateTime,
    ) -> Result<Self, KeyFault> {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        parameters.serial_number = Some(rcgen::SerialNumber::from_slice(&serial.to_be_bytes()));
        parameters.not_before = not_before;
        parameters.not_after = not_after;
        let signed = parameters.self_signed(&key.issuer()?).map_err(|_| KeyFault::Unusable)?;
        Self::from_der(signed.der().to_vec()).map_err(|_| KeyFault::Unusable)
    }

    /// SHA-256 over the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// Whom it names, for people (RFC 4514).
    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub const fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    pub const fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The base64 of the DER on one line, as metadata holds it.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// PEM (RFC 7468).
    pub fn pem(&self) -> String {
        let base64 = self.base64();
        let lines: Vec<&str> =
            (0..base64.len()).step_by(64).filter_map(|at| base64.get(at..base64.len().min(at + 64))).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// Refuses the times before and after the certificate is valid, with the allowance for clocks.
    pub(crate) fn valid_at(&self, now: OffsetDateTime) -> Result<(), SamlFault> {
        let (fingerprint, not_before, not_after) = (self.fingerprint(), self.not_before, self.not_after);
        if now - SKEW > not_after {
            return Err(SamlFault::CertificateExpired { fingerprint, not_after });
        }
        if now + SKEW < not_before {
            return Err(SamlFault::CertificateNotYetValid { fingerprint, not_before });
        }
        Ok(())
    }

    /// Whether the other is for the same key, as when a certificate was renewed.
    pub(crate) fn is_for_the_key_of(&self, other: &Self) -> bool {
        self.public_key == other.public_key
    }

    pub(crate) const fn key(&self) -> &bergshamra::Key {
        &self.key
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("fingerprint", &self.fingerprint())
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

fn instant(time: x509_cert::time::Time) -> Result<OffsetDateTime, CertificateFault> {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::UNIX_EPOCH.checked_add(Duration::seconds(seconds)))
        .ok_or(CertificateFault::NotX509)
}

/// How long the modulus of an RSA key is (RFC 8017 §A.1.1); 0 for what is none.
fn modulus_bits(key: &[u8]) -> usize {
    let read = || {
        let mut reader = SliceReader::new(key)?;
        reader.sequence(|fields| {
            let modulus = UintRef::decode(fields)?;
            UintRef::decode(fields)?.encoded_len()?;
            let leading = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
            Ok(modulus.as_bytes().len() * 8 - leading)
        })
    };
    read().unwrap_or(0)
}
