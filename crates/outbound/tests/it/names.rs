//! Asking a real server of the domain name system, which stands on this machine.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use domain::ports::{ResolveError, Resolver as _};
use futures_util::future::join_all;
use outbound::DnsResolver;
use testkit::{DnsReply, DnsServer};

const NAME: &str = "_rollcall-challenge.contoso.com";

fn server() -> (DnsServer, DnsResolver) {
    let server = DnsServer::start().unwrap();
    let resolver = DnsResolver::new(vec![server.address()]);
    (server, resolver)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn records_are_found_and_what_was_changed_a_moment_ago_is_seen() {
    let (server, resolver) = server();
    server.publish(NAME, &["v=spf1 -all", "rollcall-domain-verification=1"]);
    assert_eq!(resolver.txt(NAME).await, Ok(texts(&["v=spf1 -all", "rollcall-domain-verification=1"])));
    server.publish(NAME, &["rollcall-domain-verification=2"]);
    assert_eq!(resolver.txt(NAME).await, Ok(texts(&["rollcall-domain-verification=2"])), "nothing is remembered");
    server.forget(NAME);
    assert_eq!(resolver.txt(NAME).await, Err(ResolveError::NoSuchName));
    server.publish(NAME, &["again"]);
    assert_eq!(resolver.txt(NAME).await, Ok(texts(&["again"])));
}

#[tokio::test]
async fn the_name_is_asked_for_as_it_is() {
    let (server, resolver) = server();
    assert_eq!(resolver.txt(NAME).await, Err(ResolveError::NoSuchName));
    let asked = server.asked();
    assert!(!asked.is_empty() && asked.iter().all(|name| *name == format!("{NAME}.")), "{asked:?}");
}

#[tokio::test]
async fn strings_of_one_record_are_put_together() {
    let (server, resolver) = server();
    let long = "x".repeat(255);
    let record = vec![long.clone(), "-and-".to_owned(), "more".to_owned()];
    server.reply(NAME, DnsReply::Texts(vec![record, vec!["other".to_owned()]]));
    assert_eq!(resolver.txt(NAME).await, Ok(texts(&[&format!("{long}-and-more"), "other"])));
}

#[tokio::test]
async fn no_name_and_no_records_are_told_apart() {
    let (server, resolver) = server();
    server.reply(NAME, DnsReply::Nothing);
    assert_eq!(resolver.txt(NAME).await, Err(ResolveError::NoRecords));
    assert_eq!(resolver.txt("_rollcall-challenge.fabrikam.com").await, Err(ResolveError::NoSuchName));
}

#[tokio::test]
async fn a_server_that_fails_has_said_nothing() {
    let (server, resolver) = server();
    server.reply(NAME, DnsReply::Failure);
    let failed = resolver.txt(NAME).await;
    assert!(matches!(failed, Err(ResolveError::Unanswered(_))), "{failed:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_silent_server_for_longer_than_five_seconds() {
    let (server, resolver) = server();
    server.reply(NAME, DnsReply::Silence);
    let start = Instant::now();
    // However many ask.
    let answers = join_all((0..100).map(|_| resolver.txt(NAME))).await;
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
    assert!(answers.iter().all(|answer| *answer == Err(ResolveError::TooSlow(5))), "{answers:?}");
}

#[tokio::test]
async fn where_one_server_is_silent_another_is_asked() {
    let (server, _) = server();
    server.publish(NAME, &["found"]);
    // A port where nobody listens, and one where somebody listens and says nothing.
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    for other in [closed, silent.local_addr().unwrap()] {
        let resolver = DnsResolver::new(vec![other, server.address()]);
        assert_eq!(resolver.txt(NAME).await, Ok(texts(&["found"])), "{other}");
    }
}
