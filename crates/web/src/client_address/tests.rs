//! What clients forge, and what comes of it.

use actix_web::test::TestRequest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A client, and two proxies in front of us: the inner one is the peer.
const CLIENT: &str = "203.0.113.9";
const OUTER: &str = "10.0.0.1";
const INNER: &str = "10.0.0.2";
const PROXIES: &str = "10.0.0.0/8, fd00::/8";
const XFF: &str = "x-forwarded-for";
const RFC: &str = "forwarded";

fn clients(header: ForwardedHeader) -> ClientAddresses {
    ClientAddresses::new(PROXIES.parse().unwrap(), header)
}

fn request(peer: &str, lines: &[(&str, &[u8])]) -> HttpRequest {
    let request = TestRequest::default().peer_addr((peer.parse::<IpAddr>().unwrap(), 40_000).into());
    let lines = lines.iter().copied();
    lines.fold(request, TestRequest::append_header).to_http_request()
}

/// Who is found behind this peer, by `X-Forwarded-For`.
fn by_xff(peer: &str, lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| (XFF, line.as_bytes())).collect();
    clients(ForwardedHeader::XForwardedFor).of(&request(peer, &lines)).to_string()
}

/// Who is found behind this peer, by `Forwarded`.
fn by_rfc(peer: &str, lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| (RFC, line.as_bytes())).collect();
    clients(ForwardedHeader::Forwarded).of(&request(peer, &lines)).to_string()
}

#[test]
fn the_peer_is_the_client_unless_it_is_trusted() {
    for peer in [CLIENT, "11.0.0.1", "2001:db8::1", "127.0.0.1"] {
        assert_eq!(by_xff(peer, &["192.0.2.1"]), peer);
        assert_eq!(by_xff(peer, &[]), peer);
        assert_eq!(by_rfc(peer, &["for=192.0.2.1"]), peer);
    }
    assert_eq!(by_xff("::ffff:203.0.113.9", &["192.0.2.1"]), CLIENT);
}

#[test]
fn nobody_is_believed_by_default() {
    for peer in [INNER, "127.0.0.1", "::1"] {
        let request = request(peer, &[(XFF, b"192.0.2.1"), (RFC, b"for=192.0.2.1")]);
        assert_eq!(ClientAddresses::default().of(&request).to_string(), peer);
    }
}

#[test]
fn an_address_that_a_trusted_proxy_appended_is_the_client() {
    for (lines, expected) in [
        (&["203.0.113.9"][..], CLIENT),
        // The client sent a header of its own, and the proxy appended to it.
        (&["192.0.2.1, 203.0.113.9"], CLIENT),
        (&["10.0.0.7, 203.0.113.9"], CLIENT),
        (&["127.0.0.1", "203.0.113.9"], CLIENT),
        (&["unknown,203.0.113.9"], CLIENT),
        (&["\"\\,;=[", "203.0.113.9"], CLIENT),
        (&[", ,,, ,203.0.113.9"], CLIENT),
        // Through both proxies, on one line or two.
        (&["203.0.113.9, 10.0.0.1"], CLIENT),
        (&["192.0.2.1", "203.0.113.9", "10.0.0.1"], CLIENT),
        (&["192.0.2.1, 203.0.113.9", "10.0.0.1"], CLIENT),
        (&["  203.0.113.9  ,\t10.0.0.1 "], CLIENT),
        (&["192.0.2.1:1, 203.0.113.9:55123, 10.0.0.1:443"], CLIENT),
        (&["::ffff:203.0.113.9, ::ffff:10.0.0.1"], CLIENT),
        (&["2001:db8::9, fd00::1"], "2001:db8::9"),
        (&["[2001:db8::9]:55123, [fd00::1]:443"], "2001:db8::9"),
        (&["[2001:db8::9%eth0], fd00::1%2"], "2001:db8::9"),
    ] {
        assert_eq!(by_xff(INNER, lines), expected, "{lines:?}");
    }
}

#[test]
fn what_is_no_address_ends_the_walk_at_the_last_one_that_is_known() {
    for (lines, expected) in [
        (&[][..], INNER),
        (&[""], INNER),
        (&["203.0.113.9, unknown"], INNER),
        (&["203.0.113.9, "], INNER),
        (&["203.0.113.9", ""], INNER),
        (&["203.0.113.9, unknown, 10.0.0.1"], OUTER),
        (&["203.0.113.9, _hidden, 10.0.0.1"], OUTER),
        (&["203.0.113.9,, 10.0.0.1"], OUTER),
        (&["203.0.113.9, 10.0.0.999, 10.0.0.1"], OUTER),
        // Who is inside of the trusted networks asks for itself.
        (&["10.0.0.1"], OUTER),
        (&["10.0.0.5, 10.0.0.1"], "10.0.0.5"),
    ] {
        assert_eq!(by_xff(INNER, lines), expected, "{lines:?}");
    }
    let bytes = request(INNER, &[(XFF, b"203.0.113.9, \xff\xfe, 10.0.0.1")]);
    assert_eq!(clients(ForwardedHeader::XForwardedFor).of(&bytes).to_string(), OUTER);
}

#[test]
fn forwarded_is_walked_the_same_way() {
    for (lines, expected) in [
        (&["for=203.0.113.9"][..], CLIENT),
        (&["for=192.0.2.1, for=203.0.113.9;proto=https, For=\"10.0.0.1:443\""], CLIENT),
        (&["for=192.0.2.1;x=\"", "for=203.0.113.9"], CLIENT),
        (&["for=192.0.2.1;x=\", for=203.0.113.9, for=10.0.0.1"], CLIENT),
        (&["for=\"[2001:db8::9]:55123\", for=\"[fd00::1]\""], "2001:db8::9"),
        (&["for=203.0.113.9, for=unknown"], INNER),
        (&["for=203.0.113.9, for=_hidden, for=10.0.0.1"], OUTER),
        (&["for=203.0.113.9, proto=https"], INNER),
        (&["203.0.113.9"], INNER),
    ] {
        assert_eq!(by_rfc(INNER, lines), expected, "{lines:?}");
    }
}

#[test]
fn the_header_that_no_proxy_writes_is_not_looked_at() {
    let both = [(XFF, &b"203.0.113.9"[..]), (RFC, b"for=192.0.2.1")];
    assert_eq!(clients(ForwardedHeader::XForwardedFor).of(&request(INNER, &both)).to_string(), CLIENT);
    let both = [(XFF, &b"192.0.2.1"[..]), (RFC, b"for=203.0.113.9")];
    assert_eq!(clients(ForwardedHeader::Forwarded).of(&request(INNER, &both)).to_string(), CLIENT);
    // Where the proxy writes none at all, the other one is no substitute.
    assert_eq!(by_xff(INNER, &[]), INNER);
    let forged = request(INNER, &[(RFC, b"for=192.0.2.1")]);
    assert_eq!(clients(ForwardedHeader::XForwardedFor).of(&forged).to_string(), INNER);
}

#[test]
fn a_thousand_entries_change_nothing() {
    for forged in ["192.0.2.1", "10.0.0.3", "unknown", ""] {
        let many = vec![forged; 1_000].join(", ");
        assert_eq!(by_xff(INNER, &[&format!("{many}, {CLIENT}, {OUTER}")]), CLIENT, "{forged}");
        let lines = [vec![forged; 1_000], vec![CLIENT, OUTER]].concat();
        assert_eq!(by_xff(INNER, &lines), CLIENT, "{forged}");
        let many = vec![format!("for=\"{forged}\""); 1_000].join(",");
        assert_eq!(by_rfc(INNER, &[&format!("{many}, for={CLIENT}, for={OUTER}")]), CLIENT, "{forged}");
    }
    // All of it trusted: the one furthest away is asked for.
    let many = vec!["10.0.0.3"; 1_000].join(",");
    assert_eq!(by_xff(INNER, &[&format!("10.9.9.9,{many}")]), "10.9.9.9");
}

#[test]
fn a_request_without_a_connection_comes_from_nowhere() {
    let request = TestRequest::default().append_header((XFF, "192.0.2.1")).to_http_request();
    assert_eq!(clients(ForwardedHeader::XForwardedFor).of(&request).to_string(), "0.0.0.0");
}

#[test]
fn budgets_go_by_the_network_of_an_ipv6_customer() {
    let clients = clients(ForwardedHeader::XForwardedFor);
    let address = |text: &str| clients.address_of(&request(INNER, &[(XFF, text.as_bytes())]));
    assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
    assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
    assert_eq!(address("::ffff:203.0.113.9"), address(CLIENT));
}

/// An address that is in none of the trusted networks.
fn stranger() -> impl Strategy<Value = IpAddr> {
    any::<IpAddr>().prop_map(|ip| ip.to_canonical()).prop_filter("not trusted", |ip| {
        let trusted: TrustedProxies = PROXIES.parse().unwrap();
        !trusted.contains(*ip)
    })
}

/// A line of a header: bytes that HTTP lets through, or what looks like somebody else's.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let noise = vec(prop_oneof![Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..=0xff], 0..60);
    let likely = "((for=)?(\"?10\\.0\\.0\\.[0-9]{1,3}\"?|192\\.0\\.2\\.1|unknown|_x|\"|\\\\|;x=\"|)[,; ]{0,2}){0,12}";
    prop_oneof![noise, likely.prop_map(String::into_bytes)]
}

/// As a proxy appends to what it was sent: to the last line, or as a line of its own.
fn appended(mut lines: Vec<Vec<u8>>, entry: String, own_line: bool) -> Vec<Vec<u8>> {
    match lines.last_mut().filter(|_| !own_line) {
        Some(last) => last.extend_from_slice(format!(", {entry}").as_bytes()),
        None => lines.push(entry.into_bytes()),
    }
    lines
}

fn node(ip: IpAddr, port: Option<u16>) -> String {
    match (ip, port) {
        (IpAddr::V4(ip), Some(port)) => format!("\"{ip}:{port}\""),
        (IpAddr::V4(ip), None) => ip.to_string(),
        (IpAddr::V6(ip), Some(port)) => format!("\"[{ip}]:{port}\""),
        (IpAddr::V6(ip), None) => format!("\"[{ip}]\""),
    }
}

fn found(header: ForwardedHeader, peer: IpAddr, sent: [(&str, &[Vec<u8>]); 2]) -> IpAddr {
    let lines = sent.iter().flat_map(|(name, lines)| lines.iter().map(|line| (*name, line.as_slice())));
    clients(header).of(&request(&peer.to_string(), &lines.collect::<Vec<_>>()))
}

proptest! {
    #[test]
    fn whatever_an_untrusted_peer_writes_it_is_itself(peer in stranger(), xff in vec(line(), 0..4), rfc in vec(line(), 0..4)) {
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            prop_assert_eq!(found(header, peer, [(XFF, &xff), (RFC, &rfc)]), peer);
        }
    }

    #[test]
    fn whatever_a_client_writes_a_trusted_proxy_tells_who_it_is(
        client in stranger(), port in any::<Option<u16>>(), own_line in any::<bool>(),
        xff in vec(line(), 0..4), rfc in vec(line(), 0..4),
    ) {
        let proxy: IpAddr = INNER.parse().unwrap();
        let sent = appended(xff.clone(), node(client, port).replace('"', ""), own_line);
        prop_assert_eq!(found(ForwardedHeader::XForwardedFor, proxy, [(XFF, &sent), (RFC, &rfc)]), client);
        let sent = appended(rfc, format!("for={};proto=https", node(client, port)), own_line);
        prop_assert_eq!(found(ForwardedHeader::Forwarded, proxy, [(XFF, &xff), (RFC, &sent)]), client);
    }
}
