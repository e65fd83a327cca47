//! Whom a client has just read.

use std::time::Duration;

use moka::sync::Cache;
use scim_protocol::resource::Resource;
use serde_json::Value;

use super::Target;
use crate::directory::StoredResource;
use crate::ids::{ResourceId, TenantId};
use crate::tenant::TenantScope;

/// Clients look somebody up and change them in the next second.
const KEPT: Duration = Duration::from_secs(5);

/// How much is kept, by [`weight`].
const MOST_BYTES: u64 = 8 << 20;

/// Resources as they were read a moment ago, so that whoever changes one of them next need not read it again. What is decided
/// on them holds only where the store then finds the same version (ADR 0048).
pub struct Remembered(Cache<(TenantId, ResourceId), StoredResource>);

impl Default for Remembered {
    fn default() -> Self {
        let cache = Cache::builder().max_capacity(MOST_BYTES).time_to_live(KEPT);
        Self(cache.weigher(|_, stored: &StoredResource| weight(&stored.resource)).build())
    }
}

impl Remembered {
    /// Keeps what was read. Groups are not kept: who is in them changes without them.
    pub fn note(&self, scope: &TenantScope, stored: &StoredResource) {
        if scope.types().get(&stored.kind).is_ok_and(|resource_type| resource_type.collection.is_none()) {
            self.0.insert((scope.tenant(), stored.id), stored.clone());
        }
    }

    /// What was kept; once, because whoever asks is about to change it.
    pub fn take(&self, scope: &TenantScope, target: &Target) -> Option<StoredResource> {
        self.0.remove(&(scope.tenant(), target.id)).filter(|stored| stored.kind == target.kind)
    }
}

/// About how many bytes a document takes.
fn weight(resource: &Resource) -> u32 {
    resource.attributes().iter().map(|(name, value)| named(name, value)).fold(256, u32::saturating_add)
}

fn named(name: &str, value: &Value) -> u32 {
    bytes(name.len()).saturating_add(size(value))
}

fn size(value: &Value) -> u32 {
    let inner = match value {
        Value::String(text) => bytes(text.len()),
        Value::Array(elements) => elements.iter().map(size).fold(0, u32::saturating_add),
        Value::Object(members) => members.iter().map(|(name, value)| named(name, value)).fold(0, u32::saturating_add),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inner.saturating_add(64)
}

fn bytes(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
