//! The directory as a file.

use actix_web::HttpResponse;
use domain::directory::{Kind, StoredResource};
use domain::ops::{Found, Looking, Order, Standing};
use futures_util::stream;
use serde_json::{Value, json};

use super::Asked;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::export::{self, Row, download};

/// Resources read at once.
const STEP: u64 = 500;

const PEOPLE: &[&str] = &[
    "id",
    "userName",
    "displayName",
    "firstName",
    "lastName",
    "email",
    "title",
    "active",
    "externalId",
    "created",
    "lastModified",
];

const GROUPS: &[&str] = &["id", "displayName", "externalId", "created", "lastModified"];

/// `GET /settings/user-authentication/directory/people.csv`
pub async fn people(call: AdminCall) -> Result<HttpResponse, PageError> {
    send(call, Kind::USER, "people", PEOPLE, person).await
}

/// `GET /settings/user-authentication/directory/groups.csv`
pub async fn groups(call: AdminCall) -> Result<HttpResponse, PageError> {
    send(call, Kind::GROUP, "groups", GROUPS, group).await
}

/// Everything that the list of this address has on its pages, in order of creation.
async fn send(
    call: AdminCall,
    kind: Kind,
    what: &str,
    columns: &'static [&'static str],
    row: fn(&StoredResource) -> Row,
) -> Result<HttpResponse, PageError> {
    let format = export::begin(&call, what).await?;
    let name = format!("{what}-{}", call.slug());
    let looking = Looking { order: Order::Created, after: None, limit: STEP, ..Asked::read(&call.query).looking(kind) };
    let pieces = stream::try_unfold(Some(looking), move |asked| {
        let (scope, directory) = (call.cx.scope.clone(), call.admin.directory.clone());
        async move {
            let Some(looking) = asked else { return Ok(None) };
            let Found { resources, next, .. } = directory.look(&scope, &looking).await?;
            let onward = next.map(|next| Looking { after: Some(next), ..looking });
            Ok::<_, PageError>(Some((resources.iter().map(row).collect(), onward)))
        }
    });
    Ok(download(&name, format, columns, pieces))
}

fn person(person: &StoredResource) -> Row {
    let document = person.resource.attributes();
    let name = |part: &str| document.get("name").and_then(|name| name.get(part)).cloned().unwrap_or_default();
    let text = |name: &str| document.get(name).cloned().unwrap_or_default();
    vec![
        json!(person.id.to_string()),
        text("userName"),
        text("displayName"),
        name("givenName"),
        name("familyName"),
        json!(email(person)),
        text("title"),
        json!(Standing::of(person) == Standing::Active),
        text("externalId"),
        json!(person.created.to_string()),
        json!(person.modified.to_string()),
    ]
}

fn group(group: &StoredResource) -> Row {
    let text = |name: &str| group.resource.attributes().get(name).cloned().unwrap_or_default();
    vec![
        json!(group.id.to_string()),
        text("displayName"),
        text("externalId"),
        json!(group.created.to_string()),
        json!(group.modified.to_string()),
    ]
}

/// The address that somebody gets mail at: the primary one, or else that for work, or the first.
pub fn email(person: &StoredResource) -> Option<String> {
    let emails = person.resource.attributes().get("emails")?.as_array()?;
    let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
    let is_work = |email: &&Value| email.get("type").and_then(Value::as_str) == Some("work");
    let chosen = emails.iter().find(is_primary).or_else(|| emails.iter().find(is_work)).or(emails.first())?;
    chosen.get("value")?.as_str().map(ToOwned::to_owned)
}
