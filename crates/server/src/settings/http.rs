//! `[http]`: the listener.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use web::client_address::{ClientAddresses, ForwardedHeader, TrustedProxies};

use super::names;
use super::table::{Fallback, Key, Kind, Section};

/// The listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// The address to listen on: an IP address or a name of this machine.
    pub host: String,
    /// The port to listen on; 0 takes any free port.
    pub port: u16,
    /// The largest request body, in bytes.
    pub body_limit_bytes: usize,
    /// The largest body of a write to `/Groups`, in bytes: one request may bring a large group's members.
    pub group_body_limit_bytes: usize,
    /// How long requests may still take after the server was told to stop, in seconds.
    pub shutdown_grace_seconds: u64,
    /// How long the server goes on after it was told to stop, so that nobody sends to it any more, in seconds.
    pub drain_seconds: u64,
    /// Threads that answer requests.
    pub workers: usize,
    /// The proxies that are believed when they say which client they ask for.
    #[serde(default, deserialize_with = "read_proxies")]
    pub trusted_proxies: TrustedProxies,
    /// The header in which they say it.
    pub forwarded_header: ForwardedHeader,
}

impl HttpSettings {
    /// Who tells the clients of requests apart when proxies stand between.
    pub fn client_addresses(&self) -> ClientAddresses {
        ClientAddresses::new(self.trusted_proxies.clone(), self.forwarded_header)
    }
}

pub(super) const SECTION: Section = Section {
    name: "http",
    meaning: "The listener. TLS is the business of the proxy or load balancer in front.",
    keys: &[
        Key {
            name: "http.host",
            kind: Kind::Text { expected: "an IP address or a host name, without port", accepts: names::is_host },
            fallback: Fallback::Value("127.0.0.1"),
            meaning: "The address to listen on. `0.0.0.0` listens on every IPv4 address; then set `public_url` as well.",
            secret: false,
        },
        Key {
            name: "http.port",
            kind: Kind::Whole { min: 0, max: 65_535 },
            fallback: Fallback::Value("8080"),
            meaning: "The port to listen on. 0 takes any free port.",
            secret: false,
        },
        Key {
            name: "http.body_limit_bytes",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("1048576"),
            meaning: "The largest request body, in bytes.",
            secret: false,
        },
        Key {
            name: "http.group_body_limit_bytes",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("8388608"),
            meaning: "The largest body of a write to `/Groups`, in bytes: one request may bring all members of a large group.",
            secret: false,
        },
        Key {
            name: "http.shutdown_grace_seconds",
            kind: Kind::Whole { min: 0, max: 3_600 },
            fallback: Fallback::Value("30"),
            meaning: "How long running requests may still take after the server was told to stop, in seconds.",
            secret: false,
        },
        Key {
            name: "http.drain_seconds",
            kind: Kind::Whole { min: 0, max: 3_600 },
            fallback: Fallback::Value("0"),
            meaning: "How long the server goes on answering after SIGTERM or Ctrl-C while `/readyz` says 503 and every answer closes its \
                      connection, in seconds; only then it stops. Behind a balancer that asks `/readyz`: longer than that takes to send \
                      nobody any more, such as 10. A second signal ends it at once.",
            secret: false,
        },
        Key {
            name: "http.workers",
            kind: Kind::Whole { min: 1, max: 1_024 },
            fallback: Fallback::Derived("the number of processor cores"),
            meaning: "Threads that answer requests.",
            secret: false,
        },
        Key {
            name: "http.trusted_proxies",
            kind: Kind::Text {
                expected: "IP addresses and networks, separated by commas, such as 10.0.0.7, 192.168.0.0/16, 2001:db8::/32",
                accepts: |text| text.parse::<TrustedProxies>().is_ok(),
            },
            fallback: Fallback::Nothing("nobody is believed"),
            meaning: "The proxies and load balancers that are believed when they say which client they ask for. List them and nobody \
                      else: a client in one of these networks can pass for any other. Without them, and for every other peer, the \
                      client is the peer of the connection.",
            secret: false,
        },
        Key {
            name: "http.forwarded_header",
            kind: Kind::OneOf(&["x-forwarded-for", "forwarded"]),
            fallback: Fallback::Value("x-forwarded-for"),
            meaning: "The header in which the trusted proxies name the client: `X-Forwarded-For`, or `Forwarded` (RFC 7239). Name the one \
                      that they write. The other one is not looked at, because proxies pass it on as the client wrote it.",
            secret: false,
        },
    ],
};

fn read_proxies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TrustedProxies, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}
