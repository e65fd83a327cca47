//! What people call whoever a page tells of.

use std::collections::HashMap;

use domain::audit::{Entry, Topic};
use domain::ids::ResourceId;
use uuid::Uuid;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::text::facts::Names;

/// Of so many who joined or left by one change, the names are shown.
pub const NAMED: usize = 20;

/// The names for these entries, and for these besides.
///
/// # Errors
/// [`PageError::Unavailable`] when the database is away.
pub async fn names(call: &AdminCall, entries: &[Entry], besides: &[ResourceId]) -> Result<Names, PageError> {
    let mut ids: Vec<ResourceId> = besides.to_vec();
    for entry in entries {
        if Topic::of(&entry.subject_kind) == Topic::Directory {
            ids.extend(entry.subject_id.map(ResourceId));
        }
        ids.extend(entry.joined().into_iter().take(NAMED));
        ids.extend(entry.left().into_iter().take(NAMED));
    }
    ids.sort_unstable();
    ids.dedup();
    let resources = call.admin.directory.names(&call.cx.scope, &ids).await?;
    Ok(Names { resources, others: actors(call).await? })
}

/// What credentials, admins and setup links are called, those that are not there any more among them.
///
/// # Errors
/// As [`names`].
pub async fn actors(call: &AdminCall) -> Result<HashMap<Uuid, String>, PageError> {
    let scope = &call.cx.scope;
    let mut others = call.admin.audit.labels(scope).await?;
    for link in call.admin.people.setup_links(scope).await? {
        others.insert(link.id.0, link.label);
    }
    for admin in call.admin.people.known(scope).await? {
        others.insert(admin.id.0, if admin.name.is_empty() { admin.email.to_string() } else { admin.name });
    }
    Ok(others)
}
