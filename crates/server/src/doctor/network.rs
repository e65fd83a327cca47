//! The public address: whether people reach this server by it, and safely.

use std::time::Duration;

use reqwest::{Client, redirect};
use serde_json::Value;
use url::{Host, Url};

use super::Finding;
use crate::settings::Settings;

const PATIENCE: Duration = Duration::from_secs(5);

pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let url = settings.public_url();
    let mut findings = vec![scheme(&url)];
    findings.extend(proxies(settings, &url));
    findings.push(answer(&url).await);
    findings
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn scheme(url: &Url) -> Finding {
    match (url.scheme(), is_loopback(url)) {
        ("https", _) => Finding::ok("public_url", format!("{url} is https")),
        (_, true) => Finding::warn(
            "public_url",
            format!("{url} is this machine alone, in clear"),
            "for others, put a proxy with TLS in front and set public_url to its https address",
        ),
        (_, false) => Finding::bad(
            "public_url",
            format!("{url} sends tokens and passwords in clear"),
            "put a proxy with TLS in front and set public_url to its https address",
        ),
    }
}

/// TLS ends at a proxy, which is then the client of every request unless it is believed.
fn proxies(settings: &Settings, url: &Url) -> Option<Finding> {
    let trusted = &settings.http.trusted_proxies;
    if trusted.is_everybody() {
        return Some(Finding::bad(
            "proxies",
            "http.trusted_proxies believes everybody, so that anybody can pretend any address",
            "name the addresses of your proxies alone",
        ));
    }
    if url.scheme() == "https" && trusted.is_empty() {
        return Some(Finding::warn(
            "proxies",
            "public_url is https, so a proxy stands in front, and http.trusted_proxies names none: all clients look like one",
            "set http.trusted_proxies to the addresses of the proxy",
        ));
    }
    None
}

async fn answer(url: &Url) -> Finding {
    let asked = format!("{}/healthz", url.as_str().trim_end_matches('/'));
    if url.port() == Some(0) {
        return Finding::warn("reachable", "http.port is 0, so that nobody knows the address", "set http.port");
    }
    if let Some(Host::Domain(name)) = url.host() {
        let port = url.port_or_known_default().unwrap_or_default();
        if let Err(error) = tokio::net::lookup_host((name, port)).await {
            let found = format!("the name {name} cannot be resolved: {error}");
            return Finding::bad("reachable", found, "add the name to your DNS, or correct public_url");
        }
    }
    let client = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return Finding::bad("reachable", error.to_string(), "see that the system has its certificates"),
    };
    match client.get(&asked).send().await {
        Err(error) if error.is_timeout() || is_kept_away(&error) => Finding::warn(
            "reachable",
            format!("nobody answers at {asked}"),
            "start the server, or see why the proxy in front does not answer; where this machine may not ask, such as a pod \
             behind a NetworkPolicy, ask that address from outside",
        ),
        Err(error) => {
            let found = format!("{asked} cannot be asked: {}", innermost(&error));
            Finding::bad("reachable", found, "see that the certificate is good and the way is open")
        }
        Ok(answer) => {
            let status = answer.status();
            let body: Value = answer.json().await.unwrap_or_default();
            match status.is_success() && body.get("status") == Some(&Value::from("ok")) {
                true => Finding::ok("reachable", format!("{asked} answers as this server does")),
                false => Finding::bad(
                    "reachable",
                    format!("something else answers at {asked} ({status})"),
                    "let public_url and the proxy in front lead to this server, /healthz too",
                ),
            }
        }
    }
}

/// Nobody listens there, or nothing leads there from here.
fn is_kept_away(error: &reqwest::Error) -> bool {
    use std::io::ErrorKind as K;
    let away = [K::ConnectionRefused, K::TimedOut, K::HostUnreachable, K::NetworkUnreachable, K::PermissionDenied];
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && away.contains(&io.kind())
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// What went wrong in the end; the words around it repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    #[test]
    fn an_address_in_clear_is_for_this_machine_alone() {
        let mark = |url: &str| scheme(&Url::parse(url).unwrap()).mark;
        assert_eq!(mark("https://directory.example.com"), Mark::Ok);
        for here in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost", "http://acme.localhost"] {
            assert_eq!(mark(here), Mark::Warn, "{here}");
        }
        for elsewhere in ["http://directory.example.com", "http://10.0.0.1", "http://0.0.0.0:8080"] {
            assert_eq!(mark(elsewhere), Mark::Bad, "{elsewhere}");
        }
    }
}
