//! `[dns]`: who is asked about domains.

use outbound::DnsResolver;
use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};

/// Who is asked about domains.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsSettings {
    /// The servers that are asked, in the place of the machine's own.
    pub servers: Option<String>,
}

impl DnsSettings {
    /// Whoever asks them.
    ///
    /// # Errors
    /// One sentence: which server is none.
    pub fn resolver(&self) -> anyhow::Result<DnsResolver> {
        let servers = self.servers.as_deref().map(DnsResolver::servers).transpose();
        Ok(DnsResolver::new(servers.map_err(|server| anyhow::anyhow!("{server} is no server"))?.unwrap_or_default()))
    }
}

pub(super) const SECTION: Section = Section {
    name: "dns",
    meaning: "Who is asked about the domains that tenants verify, by a TXT record at `_rollcall-challenge` below the domain.",
    keys: &[Key {
        name: "dns.servers",
        kind: Kind::Text {
            expected: "IP addresses with commas between them, each with a port or without, such as 192.0.2.1,[2001:db8::1]:5353",
            accepts: |text| DnsResolver::servers(text).is_ok(),
        },
        fallback: Fallback::Nothing("the servers that the machine is set up with, as in `/etc/resolv.conf`"),
        meaning: "The servers that are asked, each `ADDRESS[:53]`, for machines whose own servers do not know the names of the internet. \
                  They have to look names up for others.",
        secret: false,
    }],
};
