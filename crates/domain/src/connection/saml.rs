//! A connection by SAML 2.0: what the admin chose, and who the identity provider is.

use serde::{Deserialize, Serialize};
use sso::saml::metadata::{IdentityProvider, Wanted};
use sso::{Certificate, CertificateFault, MetadataFault};

use crate::timestamp::Timestamp;

/// Where the identity provider's description comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamlSource {
    /// It is fetched from here, once a day and when a certificate is not known.
    Url(String),
    /// An admin gave the document.
    File,
    /// An admin gave address, entity ID and certificates.
    Hand,
}

/// What the admin chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSetup {
    pub source: SamlSource,
    /// Whether our requests are signed with the tenant's own key.
    pub signs_requests: bool,
    /// Who the identity provider is; none until its description was read.
    pub found: Option<SamlFound>,
}

/// An identity provider as it described itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlFound {
    pub entity_id: String,
    /// Where requests go by redirect.
    pub sso_url: String,
    pub slo_url: Option<String>,
    pub slo_response_url: Option<String>,
    /// DER in base64, in the order of the description.
    pub certificates: Vec<String>,
    pub wants_signed_requests: bool,
}

/// A certificate as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCertificate {
    /// SHA-256, `AB:CD:…`.
    pub fingerprint: String,
    pub subject: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl ShownCertificate {
    pub fn of(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint().to_string(),
            subject: certificate.subject().to_owned(),
            not_before: Timestamp::of(certificate.not_before()),
            not_after: Timestamp::of(certificate.not_after()),
        }
    }
}

/// Why a description cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamlSourceFault {
    #[error(transparent)]
    Metadata(#[from] MetadataFault),
    #[error("the identity provider takes sign-ins by post alone; it has to offer an address for redirects")]
    PostOnly,
    #[error("certificate {0} cannot be read: {1}")]
    Certificate(usize, CertificateFault),
}

impl SamlFound {
    /// Reads metadata.
    ///
    /// # Errors
    /// See [`SamlSourceFault`].
    pub fn read(document: &str, wanted: &Wanted<'_>) -> Result<Self, SamlSourceFault> {
        Self::of(IdentityProvider::read(document, wanted)?)
    }

    /// `certificates`: PEM, one after the other, or the base64 of a single one.
    ///
    /// # Errors
    /// See [`SamlSourceFault`].
    pub fn by_hand(
        entity_id: &str,
        sso_url: &str,
        certificates: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Self, SamlSourceFault> {
        let certificates = read_certificates(certificates)?;
        Self::of(IdentityProvider::by_hand(entity_id, sso_url, certificates, wanted)?)
    }

    fn of(provider: IdentityProvider) -> Result<Self, SamlSourceFault> {
        Ok(Self {
            sso_url: provider.sso_redirect_url.ok_or(SamlSourceFault::PostOnly)?,
            entity_id: provider.entity_id,
            slo_url: provider.slo_url,
            slo_response_url: provider.slo_response_url,
            certificates: provider.certificates.iter().map(Certificate::base64).collect(),
            wants_signed_requests: provider.want_authn_requests_signed,
        })
    }

    /// The certificates that can be read, which are all that were when they came.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.certificates.iter().filter_map(|one| Certificate::read(one).ok()).collect()
    }

    /// Whom a logout message may come from: Entra answers as `https://login.microsoftonline.com/{tenant}/`, which is where its
    /// logouts go but not its entity ID.
    pub fn logout_issuers(&self) -> Vec<String> {
        let mut issuers = vec![self.entity_id.clone()];
        if let Some(beginning) = self.slo_url.as_deref().and_then(|url| url.strip_suffix("saml2")) {
            issuers.push(beginning.to_owned());
        }
        issuers
    }
}

/// Reads PEM certificates, or one in base64.
///
/// # Errors
/// [`SamlSourceFault::Certificate`] with its place, from 1.
pub fn read_certificates(text: &str) -> Result<Vec<Certificate>, SamlSourceFault> {
    const END: &str = "-----END CERTIFICATE-----";
    let pieces = text.split_inclusive(END).filter(|piece| !piece.trim().is_empty());
    let read =
        |(index, piece)| Certificate::read(piece).map_err(|fault| SamlSourceFault::Certificate(index + 1, fault));
    pieces.enumerate().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(slo_url: Option<&str>) -> SamlFound {
        SamlFound {
            entity_id: "https://sts.windows.net/0a1b/".to_owned(),
            sso_url: "https://login.microsoftonline.com/0a1b/saml2".to_owned(),
            slo_url: slo_url.map(str::to_owned),
            slo_response_url: None,
            certificates: Vec::new(),
            wants_signed_requests: false,
        }
    }

    #[test]
    fn entra_may_log_out_by_both_of_its_names_and_nobody_else_has_a_second_one() {
        let entra = found(Some("https://login.microsoftonline.com/0a1b/saml2"));
        assert_eq!(
            entra.logout_issuers(),
            ["https://sts.windows.net/0a1b/", "https://login.microsoftonline.com/0a1b/"]
        );
        for other in [None, Some("https://id.example/slo"), Some("https://id.example/saml2/slo")] {
            assert_eq!(found(other).logout_issuers(), ["https://sts.windows.net/0a1b/"], "{other:?}");
        }
    }
}
