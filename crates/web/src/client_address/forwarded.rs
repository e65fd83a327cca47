//! `Forwarded` (RFC 7239), read from its end.
//!
//! The end is what the trusted proxy wrote, and well formed. The beginning is whatever a client liked to send, such as a
//! quotation mark that nothing closes: read from the beginning, it would swallow what the proxy appended.

use std::net::IpAddr;

use super::node;

/// The `for` of each element of a line, the last one first; `None` where an element tells no address.
pub(super) fn nodes(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    backwards(line, b',').map(node_of)
}

/// The address of the one `for` of an element.
fn node_of(element: &[u8]) -> Option<IpAddr> {
    let mut values = backwards(element, b';').filter_map(value_of_for);
    let value = values.next()?;
    // A parameter must not occur twice (RFC 7239 §4), and nobody knows which one would be meant.
    values.next().is_none().then(|| node::address(&unquoted(value)?))?
}

/// The value of a parameter, when it is the parameter `for`.
fn value_of_for(parameter: &[u8]) -> Option<&[u8]> {
    let equals = parameter.iter().position(|byte| *byte == b'=')?;
    let (name, value) = parameter.split_at_checked(equals)?;
    name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| value.get(1..))?.map(<[u8]>::trim_ascii)
}

/// What a token or a quoted string says (RFC 9110 §5.6.4).
fn unquoted(value: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = value.strip_prefix(b"\"") else { return Some(value.to_vec()) };
    let mut text = Vec::new();
    let mut bytes = quoted.strip_suffix(b"\"")?.iter().copied();
    while let Some(byte) = bytes.next() {
        text.push(if byte == b'\\' { bytes.next()? } else { byte });
    }
    Some(text)
}

/// The parts between separators that are outside of quoted strings, the last one first.
fn backwards(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let (before, part) = match last_separator(whole, separator) {
            Some(at) => (whole.get(..at), whole.get(at + 1..)?),
            None => (None, whole),
        };
        rest = before;
        Some(part)
    })
}

fn last_separator(text: &[u8], separator: u8) -> Option<usize> {
    let mut quoted = false;
    for (at, byte) in text.iter().enumerate().rev() {
        match *byte {
            b'"' if !quoted => quoted = true,
            b'"' if !is_escaped(text, at) => quoted = false,
            byte if byte == separator && !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether the byte at `at` stands behind an odd number of backslashes.
fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<Option<String>> {
        nodes(line.as_bytes()).map(|node| node.map(|ip| ip.to_string())).collect()
    }

    fn one(address: &str) -> Vec<Option<String>> {
        vec![Some(address.to_owned())]
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert_eq!(told("for=\"_gazonk\""), [None]);
        assert_eq!(told("For=\"[2001:db8:cafe::17]:4711\""), one("2001:db8:cafe::17"));
        assert_eq!(told("for=192.0.2.60;proto=http;by=203.0.113.43"), one("192.0.2.60"));
        let two = [Some("198.51.100.17".to_owned()), Some("192.0.2.43".to_owned())];
        assert_eq!(told("for=192.0.2.43, for=198.51.100.17"), two);
        assert_eq!(told("for=_hidden, for=_SEVKISEK"), [None, None]);
        assert_eq!(told("for=unknown"), [None]);
    }

    #[test]
    fn quoted_strings_may_hold_whatever_separates() {
        let by = "for=192.0.2.1;host=\"a,for=192.0.2.9;b=\\\"\\\\\\\",c\";proto=https";
        assert_eq!(told(by), one("192.0.2.1"));
        assert_eq!(told(" proto=http ; FOR = \"192.0.2.1:80\" "), one("192.0.2.1"));
        assert_eq!(told("host=\"ends in a backslash\\\\\";for=192.0.2.1"), one("192.0.2.1"));
    }

    #[test]
    fn what_a_client_leaves_open_swallows_nothing_that_follows() {
        for opened in ["for=192.0.2.9;x=\"", "\"", "\\", "for=\"192.0.2.9", "a=\"b\\\"", "\"\\\"\"\""] {
            let first = nodes(format!("{opened}, for=192.0.2.1").as_bytes()).next().unwrap();
            assert_eq!(first, Some("192.0.2.1".parse().unwrap()), "{opened}");
        }
    }

    #[test]
    fn an_element_that_says_for_twice_or_never_tells_nothing() {
        for line in
            ["", "proto=https", "for", "for=", "for=192.0.2.1;for=192.0.2.2", "xfor=192.0.2.1", "for=\"192.0.2.1"]
        {
            assert_eq!(told(line), [None], "{line}");
        }
        assert_eq!(told("for=192.0.2.1,"), [None, Some("192.0.2.1".to_owned())]);
    }
}
