//! `rollcall probe`

use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use serde_json::Value;

use super::output;
use crate::settings::{HttpSettings, Settings};

/// Longer than a server takes to find out that its database does not answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks the server that listens on this machine by these settings whether it can serve: the health check of an image without
/// a shell and without a client.
///
/// # Errors
/// That nobody listens there, or what a server that cannot serve says.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let asked = format!("http://{}/readyz", address(&Settings::load(file)?.http)?);
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
fn address(http: &HttpSettings) -> anyhow::Result<String> {
    let HttpSettings { host, port, .. } = http;
    if *port == 0 {
        bail!("http.port is 0, so that nobody knows the server's port: set http.port");
    }
    Ok(match host.parse() {
        Ok(IpAddr::V4(every)) if every.is_unspecified() => format!("127.0.0.1:{port}"),
        Ok(IpAddr::V6(every)) if every.is_unspecified() => format!("[::1]:{port}"),
        Ok(IpAddr::V6(one)) => format!("[{one}]:{port}"),
        Ok(IpAddr::V4(_)) | Err(_) => format!("{host}:{port}"),
    })
}
