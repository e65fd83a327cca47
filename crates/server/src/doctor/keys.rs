//! The key ring: whether it can be read, by whom, and whether it has every key on which something rests.

use std::path::Path;
use std::sync::Arc;

use domain::keys::{KeyRing, RingSource as _};
use domain::ports::Clock as _;
use domain::store::{KeyUses, Store as _};
use storage::SqlStore;

use super::Finding;
use crate::runtime::{RingHome, SystemClock};
use crate::settings::{DatabaseTarget, Settings};

/// Without the store nobody knows what rests on the ring.
pub async fn examine(settings: &Settings, store: Option<SqlStore>) -> Vec<Finding> {
    let is_new = matches!(settings.database.target(), DatabaseTarget::Sqlite { path } if !path.exists());
    if is_new {
        return Vec::new();
    }
    let store = store.map(Arc::new);
    let home = match (RingHome::in_settings(settings), &store) {
        (Some(home), _) => home,
        (None, Some(store)) => RingHome::Database(store.clone()),
        (None, None) => {
            let found = "the key ring is in the database, which cannot be asked";
            return vec![Finding::warn("keys", found, "see what was found about the database, then ask again")];
        }
    };
    let mut findings = Vec::new();
    match home.load().await {
        Err(error) => {
            let advice = "put the ring back, from a backup if need be; without it no token opens anything";
            findings.push(Finding::bad("keys", error, advice));
        }
        Ok(ring) => {
            let uses = match &store {
                Some(store) => store.work().key_uses(SystemClock::default().now()).await.map_err(|why| why.to_string()),
                None => Err("it cannot be asked".to_owned()),
            };
            findings.push(match uses {
                Ok(uses) => rested_on(&home, &ring, uses),
                Err(why) => Finding::warn(
                    "keys",
                    format!(
                        "the ring in {} can be read; what rests on it is not known: the database: {why}",
                        home.name()
                    ),
                    "see what was found about the database, then ask again",
                ),
            });
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
    // Kubernetes gives a mounted file to the group of its process, to read.
    (mode & 0o027 != 0).then(|| {
        let found = format!("others on this machine may use {} (mode {mode:03o})", file.display());
        Finding::warn("key_home", found, format!("chmod 600 {}", file.display()))
    })
}

#[cfg(not(unix))]
fn readable(_: &Path) -> Option<Finding> {
    None
}
