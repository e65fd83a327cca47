//! Defaults that follow from other keys or from the machine.

use std::net::Ipv6Addr;

use config::{Config, ValueKind};

use super::error::{Origin, SettingsError};
use super::given::Given;
use super::layers::{Layer, at};

/// The layer below the built-in defaults: what holds for a key that has no fixed default.
pub(super) fn layer(given: &Config) -> Result<Layer, SettingsError> {
    let text = |name| at(&given.cache, name).map(ValueKind::to_string).unwrap_or_default();
    let defaults = [
        ("public_url", root_at(&text("http.host"), &text("http.port"))),
        ("http.workers", cores().to_string()),
        ("database.url", format!("sqlite://{}/rollcall.sqlite", text("data_dir").trim_end_matches('/'))),
    ];
    let mut layer = Layer::default();
    for (name, value) in defaults {
        layer.add(name, &Given::Loose(value), Origin::Default)?;
    }
    Ok(layer)
}

/// The URL of a listener, by the address or name of its machine.
pub fn root_at(host: &str, port: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("http://[{address}]:{port}"),
        Err(_) => format!("http://{host}:{port}"),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_host_stands_in_brackets() {
        assert_eq!(root_at("::1", "8080"), "http://[::1]:8080");
        assert_eq!(root_at("127.0.0.1", "8080"), "http://127.0.0.1:8080");
    }
}
