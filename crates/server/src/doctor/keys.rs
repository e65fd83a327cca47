//! The key ring: whether it can be read, by whom, and whether it has every key on which something rests.

use std::path::Path;
use std::sync::Arc;

use domain::keys::{KeyRing, RingSource as _};
use domain::ports::Clock as _;
use domain::store::{KeyUses, Store};

use super::Finding;
use crate::runtime::{RingHome, SystemClock};
use crate::settings::{DatabaseTarget, Settings};
use crate::wiring;

pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let is_new = matches!(settings.database.target(), DatabaseTarget::Sqlite { path } if !path.exists());
    if is_new {
        return Vec::new();
    }
    // Without a database nobody knows what rests on the ring; that was said already.
    let store = wiring::open_store(settings).await.ok().map(Arc::new);
    let home = match (RingHome::in_settings(settings), &store) {
        (Some(home), _) => home,
        (None, Some(store)) => RingHome::Database(store.clone()),
        (None, None) => return Vec::new(),
    };
    let mut findings = Vec::new();
    match home.load().await {
        Err(error) => {
            let advice = "put the ring back, from a backup if need be; without it no token opens anything";
            findings.push(Finding::bad("keys", error, advice));
        }
        Ok(ring) => {
            let uses = match &store {
                Some(store) => store.work().key_uses(SystemClock::default().now()).await.ok(),
                None => None,
            };
            findings.push(rested_on(&home, &ring, uses.unwrap_or_default()));
        }
    }
    findings.extend(kept(&home));
    if let Some(store) = store {
        drop(home);
        // Gives the connections back when this was the last to hold them.
        if let Some(store) = Arc::into_inner(store) {
            store.close().await;
        }
    }
    findings
}

fn rested_on(home: &RingHome, ring: &KeyRing, uses: KeyUses) -> Finding {
    let mut missing: Vec<(String, u64)> = Vec::new();
    for (id, count) in uses.digests.iter().chain(&uses.sealed).filter(|(id, _)| !ring.holds(id)) {
        match missing.iter_mut().find(|(known, _)| known == id.as_str()) {
            Some((_, sum)) => *sum += count,
            None => missing.push((id.to_string(), *count)),
        }
    }
    if missing.is_empty() {
        return Finding::ok("keys", format!("the ring in {} has every key on which something rests", home.name()));
    }
    let named: Vec<_> = missing.iter().map(|(id, count)| format!("{id} ({count} secrets)")).collect();
    let found = format!("the ring in {} lacks {}", home.name(), named.join(", "));
    Finding::bad("keys", found, "put these keys back into the ring; what rests on them opens nothing")
}

fn kept(home: &RingHome) -> Option<Finding> {
    match home {
        RingHome::Settings(_) => None,
        RingHome::Database(_) => Some(Finding::warn(
            "key_home",
            "the key ring is in the database beside what it protects",
            "write it into a file with `rollcall keys export`, set keys.ring_file to that, and keep a copy apart",
        )),
        RingHome::File(file) => readable(file),
    }
}

#[cfg(unix)]
fn readable(file: &Path) -> Option<Finding> {
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(file).ok()?) & 0o777;
    (mode & 0o077 != 0).then(|| {
        let found = format!("others on this machine may use {} (mode {mode:03o})", file.display());
        Finding::warn("key_home", found, format!("chmod 600 {}", file.display()))
    })
}

#[cfg(not(unix))]
fn readable(_: &Path) -> Option<Finding> {
    None
}
