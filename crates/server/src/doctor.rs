//! `rollcall doctor`: looks at everything the server needs, changes nothing, and says what to do.

mod database;
mod disk;
mod keys;
mod mail;
mod network;
mod redis;

use std::path::Path;

use serde_json::{Value, json};

use crate::settings::Settings;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Ok,
    /// It works; somebody should know, or it is not for production.
    Warn,
    /// It does not work, or is not safe.
    Bad,
}

impl Mark {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word.
    pub check: &'static str,
    pub mark: Mark,
    pub found: String,
    /// One sentence; none where there is nothing to do.
    pub advice: Option<String>,
}

impl Finding {
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, mark: Mark::Ok, found: found.into(), advice: None }
    }

    pub fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, mark: Mark::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    pub fn bad(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, mark: Mark::Bad, found: found.into(), advice: Some(advice.into()) }
    }

    pub fn json(&self) -> Value {
        json!({"check": self.check, "mark": self.mark.as_str(), "found": self.found, "advice": self.advice})
    }
}

/// Looks at everything, in the order in which one would. Settings that cannot be read are all there is to say.
pub async fn examine(file: Option<&Path>) -> Vec<Finding> {
    let settings = match Settings::load(file) {
        Ok(settings) => settings,
        Err(error) => {
            let advice = "correct it; `rollcall config check` shows every setting and where it comes from";
            return vec![Finding::bad("settings", error.to_string(), advice)];
        }
    };
    let mut findings = vec![Finding::ok("settings", "they can be read")];
    // As the server opens it; what stands in its way is said once.
    let (found, store) = database::examine(&settings).await;
    findings.extend(found);
    findings.extend(keys::examine(&settings, store).await);
    findings.extend(redis::examine(&settings).await);
    findings.extend(network::examine(&settings).await);
    findings.extend(mail::examine(&settings).await);
    findings.extend(disk::examine(&settings));
    findings
}
