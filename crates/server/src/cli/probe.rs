//! `rollcall probe`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::Value;

use super::output;
use crate::settings::{HttpSettings, Settings, root_at};

/// Longer than a server takes to find out that its database does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks the server that listens on this machine by these settings whether it can serve: the health check of an image without
/// a shell and without a client.
///
/// # Errors
/// That nobody listens there, or what a server that cannot serve says.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let asked = format!("{}/readyz", root(&Settings::load(file)?.http)?);
    let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(&asked).send().await.with_context(|| format!("nobody answers at {asked}"))?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    if !status.is_success() || body.get("status") != Some(&Value::from("ready")) {
        bail!("{asked} answers {status}: {body}");
    }
    output::text("ready")?;
    Ok(ExitCode::SUCCESS)
}

/// Where a server with these settings is reached from its own machine.
fn root(http: &HttpSettings) -> anyhow::Result<String> {
    let HttpSettings { host, port, .. } = http;
    if *port == 0 {
        bail!("http.port is 0, so that nobody knows the server's port: set http.port");
    }
    let reached = match host.parse() {
        Ok(IpAddr::V4(every)) if every.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
        Ok(IpAddr::V6(every)) if every.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
        _ => host.clone(),
    };
    Ok(root_at(&reached, &port.to_string()))
}
