//! The proxies that are believed.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

/// Networks whose machines are believed when they say for whom they ask. By default nobody is.
///
/// Read from text: addresses and networks such as `10.0.0.7, 192.168.0.0/16, 2001:db8::/32`, separated by commas; an empty
/// text is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// An entry that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadProxy {
    /// The entry as it was given.
    pub entry: String,
}

impl TrustedProxies {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every address of a family is one of them.
    pub fn is_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    /// Whether an address is one of them. An IPv4 address in the form of an IPv6 one is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = BadProxy;

    fn from_str(text: &str) -> Result<Self, BadProxy> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries = text.split(',').map(str::trim);
        let networks = entries.map(|entry| network(entry).ok_or_else(|| BadProxy { entry: entry.to_owned() }));
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for BadProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is neither an IP address nor a network such as 10.0.0.0/8", self.entry)
    }
}

impl std::error::Error for BadProxy {}

fn network(entry: &str) -> Option<IpNet> {
    let network = entry.parse::<IpAddr>().map(IpNet::from).or_else(|_| entry.parse()).ok()?;
    // 10.1.2.3/8 is sixteen million machines to us and one to whoever wrote it.
    (network.addr() == network.network()).then(|| canonical(network))
}

/// `::ffff:10.0.0.0/104` is 10.0.0.0/8: what it is compared with is canonical too.
fn canonical(network: IpNet) -> IpNet {
    let IpAddr::V4(address) = network.addr().to_canonical() else { return network };
    let prefix = network.prefix_len();
    let prefix = if network.addr().is_ipv6() { prefix.checked_sub(96) } else { Some(prefix) };
    prefix.and_then(|prefix| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(text: &str) -> TrustedProxies {
        text.parse().unwrap()
    }

    fn has(proxies: &TrustedProxies, address: &str) -> bool {
        proxies.contains(address.parse().unwrap())
    }

    #[test]
    fn nobody_is_trusted_by_default_and_by_an_empty_text() {
        for nobody in [TrustedProxies::default(), trusted(""), trusted("  ")] {
            assert!(!has(&nobody, "127.0.0.1") && !has(&nobody, "::1"));
        }
    }

    #[test]
    fn addresses_and_networks_are_trusted_and_their_neighbours_are_not() {
        let proxies = trusted("10.0.0.7, 192.168.0.0/16,2001:db8::/32 ,::1");
        for address in ["10.0.0.7", "::ffff:10.0.0.7", "192.168.255.1", "2001:db8:1::1", "::1"] {
            assert!(has(&proxies, address), "{address}");
        }
        for address in ["10.0.0.8", "192.169.0.1", "2001:db9::1", "::2", "127.0.0.1", "0.0.0.0"] {
            assert!(!has(&proxies, address), "{address}");
        }
    }

    #[test]
    fn ipv4_written_as_ipv6_is_ipv4() {
        for text in ["::ffff:10.0.0.0/104", "10.0.0.0/8"] {
            assert_eq!(trusted(text), trusted("10.0.0.0/8"), "{text}");
        }
        assert_eq!(trusted("::ffff:10.0.0.7"), trusted("10.0.0.7"));
    }

    #[test]
    fn whole_families_are_apart() {
        assert!(has(&trusted("0.0.0.0/0"), "::ffff:192.0.2.1") && !has(&trusted("0.0.0.0/0"), "2001:db8::1"));
        assert!(has(&trusted("::/0"), "2001:db8::1") && !has(&trusted("::/0"), "192.0.2.1"));
    }

    #[test]
    fn what_is_no_list_of_networks_is_refused_and_named() {
        for (text, entry) in [
            ("localhost", "localhost"),
            ("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2"),
            ("10.0.0.1,", ""),
            (",", ""),
            ("10.0.0.1,,10.0.0.2", ""),
            ("10.0.0.0/33", "10.0.0.0/33"),
            ("::1, 10.1.2.3/8", "10.1.2.3/8"),
            ("10.0.0.1:80", "10.0.0.1:80"),
            ("[::1]", "[::1]"),
            ("*", "*"),
        ] {
            let error = text.parse::<TrustedProxies>().unwrap_err();
            assert_eq!(error.entry, entry, "{text}");
            assert!(error.to_string().starts_with(&format!("{entry:?} is neither")), "{error}");
        }
    }
}
