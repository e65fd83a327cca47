//! What people call whoever a page tells of.

use domain::audit::Entry;
use domain::ids::ResourceId;

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
        if domain::audit::Topic::of(&entry.subject_kind) == domain::audit::Topic::Directory {
            ids.extend(entry.subject_id.map(ResourceId));
        }
        ids.extend(entry.joined().into_iter().take(NAMED));
        ids.extend(entry.left().into_iter().take(NAMED));
    }
    ids.sort_unstable();
    ids.dedup();
    let scope = &call.cx.scope;
    let resources = call.admin.directory.names(scope, &ids).await?;
    Ok(Names { resources, others: call.admin.audit.labels(scope).await? })
}
