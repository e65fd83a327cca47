//! Asking the domain name system.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{ResolveError, Resolver};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, Record};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The longest that anybody waits, in seconds.
const PATIENCE: u64 = 5;
/// How long one server has, so that another can be asked as well.
const ONE_SERVER: Duration = Duration::from_secs(2);
/// Questions that are out at the same time.
const AT_ONCE: usize = 32;
/// The port of servers for which none is named.
const PORT: u16 = 53;

/// Asks the servers that the machine is set up with, or others.
#[derive(Debug)]
pub struct DnsResolver {
    servers: Vec<SocketAddr>,
    turns: Semaphore,
}

impl DnsResolver {
    /// `servers`: whom to ask; with none, those of the machine.
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers, turns: Semaphore::new(AT_ONCE) }
    }

    /// Reads servers with commas between them: IP addresses, with a port or without.
    ///
    /// # Errors
    /// The first part that is none.
    pub fn servers(text: &str) -> Result<Vec<SocketAddr>, String> {
        let read = |part: &str| {
            let alone = || part.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT));
            part.parse().or_else(|_| alone()).map_err(|_| part.to_owned())
        };
        text.split(',').map(str::trim).map(read).collect()
    }

    /// One that knows nothing yet: what was answered a minute ago is not what somebody asks for who has just changed it. It
    /// also follows when the machine is set up otherwise.
    fn fresh(&self) -> Result<TokioResolver, NetError> {
        let mut builder = if self.servers.is_empty() {
            TokioResolver::builder_tokio()?
        } else {
            let servers = self.servers.iter().map(|server| at(*server)).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = ONE_SERVER;
        options.attempts = 1;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build()
    }

    async fn ask(&self, name: &str) -> Result<Vec<String>, ResolveError> {
        let _turn = self.turns.acquire().await.map_err(|error| ResolveError::Unanswered(error.to_string()))?;
        let resolver = self.fresh().map_err(meaning)?;
        // Whole, so that no domain of the machine's own is put behind it.
        let found = resolver.txt_lookup(format!("{name}.")).await.map_err(meaning)?;
        let texts: Vec<_> = found.answers().iter().filter_map(text).collect();
        if texts.is_empty() { Err(ResolveError::NoRecords) } else { Ok(texts) }
    }
}

#[async_trait]
impl Resolver for DnsResolver {
    async fn txt(&self, name: &str) -> Result<Vec<String>, ResolveError> {
        let asked = timeout(Duration::from_secs(PATIENCE), self.ask(name)).await;
        asked.unwrap_or(Err(ResolveError::TooSlow(PATIENCE)))
    }
}

fn at(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

/// A TXT record is one text in strings of at most 255 bytes.
fn text(record: &Record) -> Option<String> {
    let RData::TXT(txt) = &record.data else { return None };
    let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.iter().copied()).collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn meaning(error: NetError) -> ResolveError {
    match error {
        NetError::Timeout => ResolveError::TooSlow(PATIENCE),
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => ResolveError::NoSuchName,
            ResponseCode::NoError => ResolveError::NoRecords,
            code => ResolveError::Unanswered(code.to_string()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => ResolveError::Unanswered(code.to_string()),
        other => ResolveError::Unanswered(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_addresses_with_a_port_or_without() {
        let read = DnsResolver::servers("192.0.2.1, 192.0.2.2:5353,2001:db8::1,[2001:db8::2]:5353").unwrap();
        let shown: Vec<_> = read.iter().map(SocketAddr::to_string).collect();
        assert_eq!(shown, ["192.0.2.1:53", "192.0.2.2:5353", "[2001:db8::1]:53", "[2001:db8::2]:5353"]);
        for bad in ["", "192.0.2.1,", "dns.example", "192.0.2.1:70000", "192.0.2.1 192.0.2.2"] {
            assert!(DnsResolver::servers(bad).is_err(), "{bad}");
        }
    }
}
