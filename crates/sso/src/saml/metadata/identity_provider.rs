//! Reading who an identity provider is: its name, its addresses and its certificates.
//!
//! Metadata is trusted because it was fetched by TLS from an address the admin gave, or pasted by the admin; a signature
//! in it is not looked at.

use time::OffsetDateTime;
use url::{Host, Url};

use crate::fault::quoted;
use crate::saml::xml::{self, Element};
use crate::saml::{instant, urn};
use crate::{Certificate, MetadataFault, SamlFault};

/// The longest metadata that is read. That of one identity provider is a hundredth of it; federations are not fetched.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What is looked for in metadata.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which identity provider, where several are described.
    pub entity_id: Option<&'a str>,
    /// Whether addresses of this very machine may be without TLS, for trying things out.
    pub loopback_http_allowed: bool,
    pub now: OffsetDateTime,
}

/// An identity provider as its metadata describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    pub entity_id: String,
    /// Where requests go by redirect; at least one of the two is there.
    pub sso_redirect_url: Option<String>,
    pub sso_post_url: Option<String>,
    /// Where logout requests go by redirect.
    pub slo_url: Option<String>,
    /// Where answers to logout requests go, if elsewhere.
    pub slo_response_url: Option<String>,
    /// All it may sign with, in order and each once. There may be expired ones among them.
    pub certificates: Vec<Certificate>,
    pub want_authn_requests_signed: bool,
    /// When this description ends.
    pub valid_until: Option<OffsetDateTime>,
}

impl IdentityProvider {
    /// An identity provider that publishes nothing, from what its admin copies: by the same rules.
    ///
    /// # Errors
    ///
    /// What could not be used if it came as metadata.
    pub fn by_hand(
        entity_id: &str,
        sso_redirect_url: &str,
        certificates: Vec<Certificate>,
        wanted: &Wanted<'_>,
    ) -> Result<Self, MetadataFault> {
        if entity_id.trim().is_empty() {
            return Err(MetadataFault::NoEntityId);
        }
        one_tenant(entity_id)?;
        if certificates.is_empty() {
            return Err(MetadataFault::NoCertificate);
        }
        Ok(Self {
            entity_id: entity_id.trim().to_owned(),
            sso_redirect_url: Some(safe(sso_redirect_url.trim(), wanted)?),
            sso_post_url: None,
            slo_url: None,
            slo_response_url: None,
            certificates,
            want_authn_requests_signed: false,
            valid_until: None,
        })
    }

    /// Reads metadata: one `EntityDescriptor`, or an `EntitiesDescriptor` with the wanted one in it. Descriptors of other
    /// protocols, such as those of WS-Federation from Entra, are passed over.
    ///
    /// # Errors
    ///
    /// What is no metadata, or not of one identity provider that could be used.
    pub fn read(text: &str, wanted: &Wanted<'_>) -> Result<Self, MetadataFault> {
        let document = xml::parse(text, MAX_BYTES)?;
        let root = Element::root(&document)?;
        if !root.is(urn::METADATA, "EntityDescriptor") && !root.is(urn::METADATA, "EntitiesDescriptor") {
            return Err(MetadataFault::NotMetadata { found: quoted(root.local_name()) });
        }
        let entity = choose(root, wanted)?;
        let descriptor = identity_descriptor(entity)?.ok_or(MetadataFault::NoIdentityProvider)?;
        let entity_id = entity_id(entity)?;
        one_tenant(&entity_id)?;
        let valid_until = valid_until(&[root, entity, descriptor], wanted.now)?;
        let sso = |binding| location(descriptor, "SingleSignOnService", binding, "Location", wanted);
        let slo = |attribute| location(descriptor, "SingleLogoutService", urn::BINDING_REDIRECT, attribute, wanted);
        let (sso_redirect_url, sso_post_url) = (sso(urn::BINDING_REDIRECT)?, sso(urn::BINDING_POST)?);
        if sso_redirect_url.is_none() && sso_post_url.is_none() {
            return Err(MetadataFault::NoSignOnUrl);
        }
        Ok(Self {
            entity_id,
            sso_redirect_url,
            sso_post_url,
            slo_url: slo("Location")?,
            slo_response_url: slo("ResponseLocation")?,
            certificates: certificates(descriptor)?,
            want_authn_requests_signed: matches!(descriptor.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
            valid_until,
        })
    }
}

/// The identity provider that is wanted, or the only one.
fn choose<'d>(root: Element<'d>, wanted: &Wanted<'_>) -> Result<Element<'d>, MetadataFault> {
    let mut providers = Vec::new();
    for entity in root.descendants().filter(|element| element.is(urn::METADATA, "EntityDescriptor")) {
        if identity_descriptor(entity)?.is_some() {
            providers.push((entity_id(entity)?, entity));
        }
    }
    let found = || providers.iter().map(|(id, _)| quoted(id)).take(10).collect();
    match (providers.as_slice(), wanted.entity_id) {
        ([], _) => Err(MetadataFault::NoIdentityProvider),
        (all, Some(id)) => match all.iter().find(|(other, _)| other == id) {
            Some((_, entity)) => Ok(*entity),
            None => Err(MetadataFault::OtherIdentityProvider { wanted: id.to_owned(), found: found() }),
        },
        ([(_, only)], None) => Ok(*only),
        (_, None) => Err(MetadataFault::SeveralIdentityProviders { found: found() }),
    }
}

/// `IDPSSODescriptor` of SAML 2.0 (§2.4.3).
fn identity_descriptor(entity: Element<'_>) -> Result<Option<Element<'_>>, MetadataFault> {
    let mut found = entity.all(urn::METADATA, "IDPSSODescriptor").filter(|descriptor| {
        let protocols = descriptor.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_whitespace().any(|protocol| protocol == urn::PROTOCOL)
    });
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(MetadataFault::Repeated { what: "IDPSSODescriptor" }),
    }
}

fn entity_id(entity: Element<'_>) -> Result<String, MetadataFault> {
    entity.attribute("entityID").filter(|id| !id.is_empty()).map(ToOwned::to_owned).ok_or(MetadataFault::NoEntityId)
}

/// Entra's `common` metadata has a placeholder where the tenant's id should be.
fn one_tenant(entity_id: &str) -> Result<(), MetadataFault> {
    match entity_id.contains("{tenant") {
        true => Err(MetadataFault::NotOfOneTenant { entity_id: quoted(entity_id) }),
        false => Ok(()),
    }
}

/// The first address for that service and binding, which has to be safe to send people to.
fn location(
    descriptor: Element<'_>,
    service: &'static str,
    binding: &str,
    attribute: &str,
    wanted: &Wanted<'_>,
) -> Result<Option<String>, MetadataFault> {
    descriptor
        .all(urn::METADATA, service)
        .find(|endpoint| endpoint.attribute("Binding") == Some(binding))
        .and_then(|endpoint| endpoint.attribute(attribute))
        .map(|url| safe(url, wanted))
        .transpose()
}

fn safe(url: &str, wanted: &Wanted<'_>) -> Result<String, MetadataFault> {
    match is_safe(url, wanted.loopback_http_allowed) {
        true => Ok(url.to_owned()),
        false => Err(MetadataFault::NotHttps { url: quoted(url) }),
    }
}

fn is_safe(url: &str, loopback_http_allowed: bool) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback && loopback_http_allowed)
}

/// The certificates for signatures (§2.4.1.1): of keys for signing, and of keys for any use.
fn certificates(descriptor: Element<'_>) -> Result<Vec<Certificate>, MetadataFault> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let signing = |key: &Element<'_>| matches!(key.attribute("use"), None | Some("signing"));
    for key in descriptor.all(urn::METADATA, "KeyDescriptor").filter(signing) {
        for element in key.descendants().filter(|element| element.is(urn::DSIG, "X509Certificate")) {
            let certificate = Certificate::read(&element.document.text_content_deep(element.id))?;
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    match certificates.is_empty() {
        true => Err(MetadataFault::NoCertificate),
        false => Ok(certificates),
    }
}

/// The earliest end that any of the elements around the descriptor gives (§2.3.1).
fn valid_until(elements: &[Element<'_>], now: OffsetDateTime) -> Result<Option<OffsetDateTime>, MetadataFault> {
    let mut earliest: Option<OffsetDateTime> = None;
    for text in elements.iter().filter_map(|element| element.attribute("validUntil")) {
        let end = instant::read("validUntil", text)
            .map_err(|_: SamlFault| MetadataFault::InvalidValidUntil { value: quoted(text) })?;
        earliest = Some(earliest.map_or(end, |other| other.min(end)));
    }
    match earliest {
        Some(valid_until) if valid_until <= now => Err(MetadataFault::Expired { valid_until }),
        earliest => Ok(earliest),
    }
}
