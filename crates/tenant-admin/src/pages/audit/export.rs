//! The log as a file.

use actix_web::HttpResponse;
use domain::audit::Entry;
use futures_util::stream;
use serde_json::{Value, json};

use super::Asked;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::export::{self, Format, Row, download};
use crate::names::names;
use crate::text::facts::{self, Names};

const COLUMNS: &[&str] = &[
    "number",
    "time",
    "what",
    "sentence",
    "by",
    "by_kind",
    "by_id",
    "about_kind",
    "about_id",
    "request_id",
    "details",
];

/// `GET /settings/user-authentication/audit.csv` and `.ndjson`
pub async fn send(call: AdminCall) -> Result<HttpResponse, PageError> {
    let format = export::begin(&call, "audit").await?;
    let filter = Asked::read(&call.query).filter(&call).await?;
    let walk = call.admin.audit.walk(&call.cx.scope, &filter, None);
    let name = format!("audit-{}", call.slug());
    let pieces = stream::try_unfold((walk, call), move |(mut walk, call)| async move {
        let Some(entries) = walk.next().await? else { return Ok(None) };
        let names = names(&call, &entries, &[]).await?;
        let rows = entries.iter().map(|entry| row(entry, &names, format)).collect();
        Ok::<_, PageError>(Some((rows, (walk, call))))
    });
    Ok(download(&name, format, COLUMNS, pieces))
}

fn row(entry: &Entry, names: &Names, format: Format) -> Row {
    // A cell of a table takes no object.
    let details = entry.payload.clone().unwrap_or_default();
    let details = match format {
        Format::Csv if !details.is_null() => Value::from(details.to_string()),
        _ => details,
    };
    vec![
        json!(entry.number),
        json!(entry.at.to_string()),
        json!(entry.what),
        json!(facts::sentence(entry, names)),
        json!(facts::actor(entry, names)),
        json!(entry.actor_kind),
        json!(entry.actor_id),
        json!(entry.subject_kind),
        json!(entry.subject_id.map(|id| id.to_string())),
        json!(entry.request_id),
        details,
    ]
}
