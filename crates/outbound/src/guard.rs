//! Where a request of ours may go that somebody else has named: out into the internet, and not into the network around us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Networks that nobody outside can mean: IANA's special-purpose address registries of IPv4 and IPv6 (RFC 6890), without
/// what is routed in the internet all the same, and the networks of multicast.
const INSIDE: [&str; 26] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/128",
    "::1/128",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Says which addresses a request may go to.
#[derive(Clone, Debug)]
pub struct Guard {
    inside: Vec<IpNet>,
    allowed: Arc<[IpNet]>,
}

/// Why an address is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("its address begins with {0}, and only https is asked")]
    NotHttps(String),
    #[error("its address holds a user name or a password")]
    HoldsCredentials,
    #[error("it names no server")]
    NoHost,
    #[error("it is inside the network ({0})")]
    Inside(IpAddr),
}

impl Guard {
    /// `allowed`: networks inside that may be asked all the same, also by plain http: where an operator's own identity
    /// provider is.
    pub fn new(allowed: &[IpNet]) -> Self {
        let inside = INSIDE.iter().filter_map(|net| net.parse().ok()).collect();
        Self { inside, allowed: allowed.into() }
    }

    /// Whether an address may be asked as far as its text tells. A name is looked up later, by [`Guard`] as a resolver.
    ///
    /// # Errors
    /// See [`Forbidden`].
    pub fn check(&self, url: &Url) -> Result<(), Forbidden> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::HoldsCredentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if !name.is_empty() => None,
            Some(Host::Domain(_)) | None => return Err(Forbidden::NoHost),
        };
        match (url.scheme(), address) {
            ("https", None) => Ok(()),
            ("https", Some(address)) => self.may_ask(address),
            ("http", Some(address)) if self.is_allowed(address) => Ok(()),
            (scheme, _) => Err(Forbidden::NotHttps(scheme.to_owned())),
        }
    }

    /// Whether a server at this address may be asked.
    ///
    /// # Errors
    /// [`Forbidden::Inside`].
    pub fn may_ask(&self, address: IpAddr) -> Result<(), Forbidden> {
        let meant = meant(address);
        let is_inside = self.inside.iter().any(|net| net.contains(&meant) || net.contains(&address));
        match is_inside && !self.is_allowed(address) {
            true => Err(Forbidden::Inside(address)),
            false => Ok(()),
        }
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|net| net.contains(&meant(address)))
    }
}

/// The address of IPv4 that one of IPv6 stands for: mapped (RFC 4291 §2.5.5.2), compatible, or by NAT64 (RFC 6052 §2.1).
fn meant(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let last = || {
        let [.., a, b, c, d] = six.octets();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match six.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => last(),
        [0, 0, 0, 0, 0, 0, ..] if six != Ipv6Addr::LOCALHOST && six != Ipv6Addr::UNSPECIFIED => last(),
        _ => address,
    }
}

/// Looks a name up and gives the addresses that may be asked. What is connected to is what was looked at: a name that leads
/// elsewhere a moment later is not asked again.
impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One that leads inside makes the whole name suspect.
            for address in &found {
                guard.may_ask(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(&["10.20.0.0/16".parse().unwrap()])
    }

    #[test]
    fn every_network_is_read() {
        assert_eq!(guard().inside.len(), INSIDE.len());
    }

    #[test]
    fn what_is_inside_is_not_asked_however_it_is_written() {
        for inside in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1:8443/",
            "https://100.100.100.200/",
            "https://172.31.255.255/",
            "https://192.168.1.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
        ] {
            let refused = guard().check(&inside.parse().unwrap());
            assert!(matches!(refused, Err(Forbidden::Inside(_))), "{inside}: {refused:?}");
        }
    }

    #[test]
    fn only_https_is_asked_without_credentials_but_for_networks_of_the_operators() {
        for (url, expected) in [
            ("https://login.microsoftonline.com/tenant", Ok(())),
            ("https://93.184.215.14/", Ok(())),
            ("https://[2606:2800:21f::1]/", Ok(())),
            ("http://login.microsoftonline.com/", Err(Forbidden::NotHttps("http".to_owned()))),
            ("ftp://example.com/", Err(Forbidden::NotHttps("ftp".to_owned()))),
            ("http://93.184.215.14/", Err(Forbidden::NotHttps("http".to_owned()))),
            ("https://ana:secret@example.com/", Err(Forbidden::HoldsCredentials)),
            ("https://10.20.0.7/", Ok(())),
            ("http://10.20.0.7/", Ok(())),
            ("http://[::ffff:10.20.0.7]/", Ok(())),
            ("http://10.21.0.7/", Err(Forbidden::NotHttps("http".to_owned()))),
            ("data:text/xml,hello", Err(Forbidden::NoHost)),
            ("file:///etc/passwd", Err(Forbidden::NoHost)),
        ] {
            assert_eq!(guard().check(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_asked() {
        let asked = guard().resolve("localhost".parse().unwrap()).await;
        assert!(asked.is_err_and(|error| error.to_string().contains("inside the network")));
        let allowed = Guard::new(&["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        assert!(allowed.resolve("localhost".parse().unwrap()).await.unwrap().next().is_some());
    }
}
