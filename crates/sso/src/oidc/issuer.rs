//! Who a provider says it is (Core §1.2, Discovery §3).

use std::fmt;

use url::{Host, Url};

use super::DiscoveryFault;
use crate::fault::quoted;

/// Entra's names for tenants that are not one tenant.
const ALL_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// The issuer that a connection is with. It is compared exactly, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    tenant: Option<String>,
    loopback_http_allowed: bool,
}

impl Issuer {
    /// Reads an issuer as an admin gives it. `loopback_http_allowed` lets a provider on this very machine do without
    /// TLS, for tests and trials.
    ///
    /// # Errors
    ///
    /// What is no https address, or has a query or fragment; of Entra, what is not one tenant or not version 2.
    pub fn read(text: &str, loopback_http_allowed: bool) -> Result<Self, DiscoveryFault> {
        let issuer = || quoted(text);
        // Before addresses are looked at, because braces are escaped in them.
        if text.contains('{') {
            return Err(DiscoveryFault::NotOfOneTenant { issuer: issuer() });
        }
        let url = Url::parse(text)
            .ok()
            .filter(|url| is_safe(url, loopback_http_allowed) && !text.contains(['?', '#']) && text.trim() == text)
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .ok_or_else(|| DiscoveryFault::InvalidIssuer { issuer: issuer() })?;
        let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
        let is_entra = url.host_str().is_some_and(is_entra);
        let tenant = match segments.as_slice() {
            [tenant, "v2.0"] if ALL_TENANTS.contains(tenant) => {
                return Err(DiscoveryFault::NotOfOneTenant { issuer: issuer() });
            }
            // The shape and not the host tells: Entra has a host for each cloud, and more than one product.
            [tenant, "v2.0"] if is_guid(tenant) => Some(tenant.to_ascii_lowercase()),
            [tenant] if is_entra && ALL_TENANTS.contains(tenant) => {
                return Err(DiscoveryFault::NotOfOneTenant { issuer: issuer() });
            }
            segments if is_entra && !segments.ends_with(&["v2.0"]) => {
                return Err(DiscoveryFault::NotVersion2 { issuer: issuer() });
            }
            _ => None,
        };
        Ok(Self { text: text.to_owned(), tenant, loopback_http_allowed })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The tenant of Entra that it is the issuer of, in small letters; nothing of other providers.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Where the discovery document is (Discovery §4).
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.text.trim_end_matches('/'))
    }

    /// An address that the provider names, if it may be used.
    pub(super) fn endpoint(&self, what: &'static str, text: &str) -> Result<Url, DiscoveryFault> {
        Url::parse(text)
            .ok()
            .filter(|url| is_safe(url, self.loopback_http_allowed))
            .ok_or_else(|| DiscoveryFault::NotHttps { what, url: quoted(text) })
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_safe(url: &Url, loopback_http_allowed: bool) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback && loopback_http_allowed)
}

fn is_entra(host: &str) -> bool {
    host == "sts.windows.net"
        || host.starts_with("login.microsoftonline.")
        || host == "login.partner.microsoftonline.cn"
}

/// A GUID as Entra writes tenants and objects.
pub(super) fn is_guid(text: &str) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match DASHES.contains(&at) {
            true => byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}
