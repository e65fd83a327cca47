//! An identity provider that is a process of its own (`tests/browser/peers`).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::browser::Browser;

/// A running peer. It ends when this is dropped, and also when this process dies.
pub struct Peer {
    child: Child,
    /// What it said when it was ready.
    line: Value,
    http: Client,
}

impl Peer {
    /// Starts `saml`, `oidc` or `mock` with these fields set.
    pub fn start(name: &str, settings: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/peers");
        let mut command = Command::new(Browser::of_this_run().unwrap().node);
        command.arg(folder.join(format!("{name}.mjs"))).args(["--settings", &settings.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { child, line, http }
    }

    /// An address, or another text of its line.
    pub fn text(&self, name: &str) -> &str {
        self.line[name].as_str().unwrap_or_else(|| panic!("there is no {name}: {}", self.line))
    }

    /// Merges fields into its settings.
    pub async fn set(&self, settings: Value) {
        self.ask(Method::POST, "", Some(settings)).await;
    }

    /// Makes its settings what they were at the start, and then these.
    pub async fn reset(&self, settings: Value) {
        self.ask(Method::DELETE, "", None).await;
        self.set(settings).await;
    }

    /// What it produced and got last.
    pub async fn last(&self) -> Value {
        self.ask(Method::GET, "/last", None).await
    }

    /// How many requests came to an address that ends so.
    pub async fn asked(&self, path: &str) -> usize {
        let requests = self.ask(Method::GET, "/requests", None).await;
        let is_there = |request: &&Value| {
            let url = request["url"].as_str().unwrap();
            url.split('?').next().unwrap().ends_with(path)
        };
        requests.as_array().unwrap().iter().filter(is_there).count()
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.text("control")));
        if let Some(body) = &body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let is_done = answer.status().is_success();
        let said: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(is_done, "{said}: {body:?}");
        said
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// People as peers know them.
pub fn people() -> [Person; 2] {
    [
        Person {
            upn: "ana.kovac@contoso.example",
            object_id: "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d",
            name: "Ana Kovač",
        },
        Person {
            upn: "zoe.son@contoso.example", object_id: "7d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6", name: "Zoë & Søn"
        },
    ]
}

/// Somebody who can sign in at a peer.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub upn: &'static str,
    pub object_id: &'static str,
    pub name: &'static str,
}

impl Person {
    /// As provisioning brings them.
    pub fn document(&self) -> Value {
        json!({
            "schemas": [crate::caller::USER], "userName": self.upn, "externalId": self.object_id,
            "displayName": self.name, "active": true, "emails": [{"type": "work", "value": self.upn, "primary": true}],
        })
    }
}

/// Whoever forges answers on demand has to forge them as its description says.
#[test]
fn peers_do_what_their_description_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let mut command = Command::new(Browser::of_this_run().unwrap().node);
    let ended = command.arg("peers/check.mjs").current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{}:\n{out}\n{err}", ended.status);
    assert!(out.contains("# fail 0") || out.contains("fail 0"), "{out}");
}
