//! Names of the domain name system.

use std::net::IpAddr;

use url::Url;

/// Whether `text` can stand for a machine: an IP address (IPv6 without brackets) or a name.
pub(super) fn is_host(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || (is_name(text) && Url::parse(&format!("http://{text}")).is_ok())
}

/// Whether `text` is a lower-case domain name under which other names can be: at least two labels.
pub(super) fn is_base_domain(text: &str) -> bool {
    text.contains('.')
        && !text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.parse::<IpAddr>().is_err()
        && is_name(text)
}

fn is_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_hosts() {
        for host in ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost", "Directory.example.com"] {
            assert!(is_host(host), "{host}");
        }
    }

    #[test]
    fn urls_ports_and_nonsense_are_no_hosts() {
        for text in ["", "http://localhost", "localhost:80", "a b", "-a", "a..b", "[::1]", "1.2.3.999", "ü.example"] {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn a_base_domain_has_two_labels_and_no_capitals() {
        assert!(is_base_domain("example.com") && is_base_domain("rollcall.example.co.uk"));
        for text in [
            "",
            "com",
            "Example.com",
            "https://example.com",
            "example.com:443",
            "example.com/",
            "example.com.",
            "10.0.0.1",
            "*.example.com",
        ] {
            assert!(!is_base_domain(text), "{text}");
        }
    }
}
