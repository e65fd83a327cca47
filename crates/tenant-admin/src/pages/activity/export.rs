//! The log as a file.

use actix_web::HttpResponse;
use domain::activity::Activity;
use domain::ids::ActivityId;
use futures_util::stream;
use serde_json::json;

use super::Asked;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::export::{self, Row, download};
use crate::text::activity as words;

/// Rows read at once.
const STEP: u64 = 500;

const COLUMNS: &[&str] = &[
    "time",
    "what",
    "about",
    "about_kind",
    "about_id",
    "result",
    "explanation",
    "cause",
    "whose_job",
    "status",
    "took_ms",
    "times",
    "provider",
    "token",
    "client",
    "address",
    "method",
    "path",
    "request_id",
];

/// How far a download has got.
enum Place {
    From(Option<ActivityId>),
    End,
}

/// `GET /settings/user-authentication/activity.csv` and `.ndjson`
pub async fn send(call: AdminCall) -> Result<HttpResponse, PageError> {
    let format = export::begin(&call, "activity").await?;
    let filter = Asked::read(&call.query).filter(call.cx.now);
    let name = format!("activity-{}", call.slug());
    let pieces = stream::try_unfold(Place::From(None), move |place| {
        let (scope, log, filter) = (call.cx.scope.clone(), call.admin.activity.clone(), filter.clone());
        async move {
            let Place::From(before) = place else { return Ok(None) };
            let page = log.page(&scope, &filter, before, STEP).await?;
            let onward = page.next.map_or(Place::End, |next| Place::From(Some(next)));
            Ok::<_, PageError>(Some((page.rows.iter().map(row).collect(), onward)))
        }
    });
    Ok(download(&name, format, COLUMNS, pieces))
}

fn row(activity: &Activity) -> Row {
    let target = activity.target.as_ref();
    vec![
        json!(activity.at.to_string()),
        json!(words::what(activity)),
        json!(target.and_then(|target| target.name.as_deref())),
        json!(target.map(|target| target.kind.as_str())),
        json!(target.and_then(|target| target.id).map(|id| id.to_string())),
        json!(activity.outcome.as_str()),
        json!(activity.cause.map(domain::catalogue::Cause::title)),
        json!(activity.cause.map(domain::catalogue::Cause::code)),
        json!(activity.cause.map(|cause| cause.whose().as_str())),
        json!(activity.status),
        json!(activity.took_us / 1_000),
        json!(activity.times),
        json!(activity.provider.as_str()),
        json!(activity.credential.as_ref().map(|credential| credential.label.as_str())),
        json!(activity.client),
        json!(activity.address),
        json!(activity.method),
        json!(activity.path),
        json!(activity.request_id),
    ]
}
