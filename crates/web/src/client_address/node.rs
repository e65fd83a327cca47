//! One address, as proxies write it.

use std::net::IpAddr;

/// The longest that is looked at; an IPv6 address with zone and port is shorter.
const LONGEST: usize = 100;

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`, with spaces around; `None` for
/// anything else. A port may be hidden (`_x`, RFC 7239 §6.3). A zone (`fe80::1%eth0`) means something to the proxy alone
/// and is dropped.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = text.trim_ascii();
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= LONGEST)?;
    let ip = match text.strip_prefix('[') {
        Some(rest) => {
            let (inner, rest) = rest.split_once(']')?;
            (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)).then(|| v6(inner))?
        }
        None => match text.split_once(':') {
            Some((host, port)) if is_port(port) && host.contains('.') => v4(host),
            Some(_) => v6(text),
            None => v4(text),
        },
    };
    ip.map(|ip| ip.to_canonical())
}

fn v4(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(IpAddr::V4)
}

fn v6(text: &str) -> Option<IpAddr> {
    let text = match text.split_once('%') {
        Some((_, "")) => return None,
        Some((text, _)) => text,
        None => text,
    };
    text.parse().ok().map(IpAddr::V6)
}

/// RFC 7239 §6.3: digits, or a name that begins with an underscore.
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(name) => {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        }
        None => (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_all_forms_that_proxies_write() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("  192.0.2.1\t", "192.0.2.1"),
            ("192.0.2.1:65535", "192.0.2.1"),
            ("192.0.2.1:_hidden", "192.0.2.1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[fe80::1%eth0]:443", "fe80::1"),
            ("fe80::1%25eth0", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ] {
            assert_eq!(address(text.as_bytes()), Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_address() {
        let long = format!("fe80::1%{}", "x".repeat(LONGEST));
        for text in [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.01",
            "192.0.2.1:",
            "192.0.2.1:http",
            "192.0.2.1:123456",
            "192.0.2.1:_",
            "192.0.2.1 192.0.2.2",
            "192.0.2.1/32",
            "192.0.2.1%eth0",
            "[192.0.2.1]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[[2001:db8::1]]",
            "2001:db8::1::2",
            "fe80::1%",
            "\"192.0.2.1\"",
            "for=192.0.2.1",
            "1:80",
            &long,
        ] {
            assert_eq!(address(text.as_bytes()), None, "{text}");
        }
        assert_eq!(address(b"192.0.2.1\xff"), None);
    }
}
