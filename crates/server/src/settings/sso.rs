//! `[sso]`: what single sign-on asks of other servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::table::{Fallback, Key, Kind, Section};

/// What single sign-on asks of other servers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsoSettings {
    /// Networks inside which identity providers are asked; everybody inside is nobody's business otherwise.
    #[serde(default, deserialize_with = "read_networks")]
    pub allowed_networks: Vec<IpNet>,
}

impl SsoSettings {
    /// Whether identity providers of this very machine may do without TLS: where the operator lets us ask it at all.
    pub fn loopback_http_allowed(&self) -> bool {
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        self.allowed_networks.iter().any(|network| loopback.iter().any(|address| network.contains(address)))
    }
}

pub(super) const SECTION: Section = Section {
    name: "sso",
    meaning: "What single sign-on asks of identity providers, whose addresses tenants name.",
    keys: &[Key {
        name: "sso.allowed_networks",
        kind: Kind::Text {
            expected: "networks, separated by commas, such as 10.20.0.0/16, 2001:db8::/32",
            accepts: |text| networks(text).is_ok(),
        },
        fallback: Fallback::Nothing("servers inside the network are not asked"),
        meaning: "Metadata and keys are fetched from addresses that tenants give, so servers inside your network are not asked, \
                  whatever name leads to them. List the networks of identity providers inside that may be. With `127.0.0.0/8` an \
                  identity provider of the same machine may even do without TLS, for trying things out.",
        secret: false,
    }],
};

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let read = |part: &str| part.parse::<IpNet>().map_err(|_| format!("\"{part}\" is no network"));
    parts.map(read).collect()
}

fn read_networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    networks(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
