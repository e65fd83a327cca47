//! Which client sent a request, when proxies may stand between (decisions.md 17).
//!
//! A connection has an address that nobody can lie about: that of its peer. When the peer is a proxy that the operator
//! trusts, the proxy says who its own peer was, at the end of a header. What stands before that is what the client itself
//! may have written. So the header is read from its end, as long as the speaker is trusted, and never further.
//!
//! There are two such headers, and a proxy maintains one of them. The other one passes through it as the client wrote it,
//! so only the header that the operator names is looked at.

mod forwarded;
mod node;
mod proxies;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderName, HeaderValue, X_FORWARDED_FOR};
use domain::limit::Address;
use serde::Deserialize;

pub use proxies::{BadProxy, TrustedProxies};

/// The header that the trusted proxies write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239), of which `for` is read.
    Forwarded,
}

/// Finds out which client sent a request. By default no proxy is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientAddresses {
    trusted: TrustedProxies,
    header: ForwardedHeader,
}

impl ClientAddresses {
    /// Takes the proxies to believe and the header that they write.
    pub fn new(trusted: TrustedProxies, header: ForwardedHeader) -> Self {
        Self { trusted, header }
    }

    /// The address of the client, an IPv4 address never in the form of an IPv6 one.
    ///
    /// It is the peer of the connection unless that is a trusted proxy. Then it is the last address of the header that is
    /// no trusted proxy itself, as long as every entry after it is one. An entry that is no address (`unknown`, `_hidden`,
    /// anything else) ends the search at the last proxy that is known, and so does the end of the header. A request without
    /// a connection, as tests make them, comes from `0.0.0.0`.
    pub fn of(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        if !self.trusted.contains(peer) {
            return peer;
        }
        match self.header {
            ForwardedHeader::XForwardedFor => self.walk(peer, backwards(request, &X_FORWARDED_FOR).flat_map(list)),
            ForwardedHeader::Forwarded => self.walk(peer, backwards(request, &FORWARDED).flat_map(forwarded::nodes)),
        }
    }

    /// [`ClientAddresses::of`] as budgets are counted by.
    pub fn address_of(&self, request: &HttpRequest) -> Address {
        Address::of(self.of(request))
    }

    /// Follows entries, the last one first, from the peer to the first address that is not trusted.
    fn walk(&self, peer: IpAddr, entries: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut known = peer;
        for entry in entries {
            let Some(address) = entry else { break };
            known = address;
            if !self.trusted.contains(address) {
                break;
            }
        }
        known
    }
}

/// The lines of a header, the last one first: several lines are one list (RFC 9110 §5.2).
fn backwards<'a>(request: &'a HttpRequest, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lines: Vec<&[u8]> = request.headers().get_all(name).map(HeaderValue::as_bytes).collect();
    lines.into_iter().rev()
}

/// The entries of a line of `X-Forwarded-For`, the last one first.
fn list(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    line.rsplit(|byte| *byte == b',').map(node::address)
}
