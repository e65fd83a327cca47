//! Lists of one type or of all, asked for by parameters or by a message (RFC 7644 §3.4.2, §3.4.3).

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use domain::activity::Action;
use domain::directory::Kind;
use domain::ops::Start;
use scim_protocol::resource_type::ResourceType;
use serde_json::Value;

use crate::call::ScimCall;
use crate::query::QueryParameters;
use crate::{ScimError, extract, respond};

/// `GET /{endpoint}`
pub async fn list(call: ScimCall) -> Result<HttpResponse, ScimError> {
    by_address(&call, &[call.resource_type()?]).await
}

/// `GET /`, which asks for resources of all types.
pub async fn list_all(call: ScimCall) -> Result<HttpResponse, ScimError> {
    by_address(&call, &call.types().all().iter().collect::<Vec<_>>()).await
}

/// `POST /{endpoint}/.search`
pub async fn search(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    let types = [call.resource_type()?];
    let parameters = read(&call, &request, body).await?;
    answer(&call, &parameters, &types).await
}

/// `POST /.search`
pub async fn search_all(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    let types: Vec<&ResourceType> = call.types().all().iter().collect();
    let parameters = read(&call, &request, body).await?;
    answer(&call, &parameters, &types).await
}

/// Every filter with a secret in it is refused, so that only refused ones have to be looked at.
async fn by_address(call: &ScimCall, types: &[&ResourceType]) -> Result<HttpResponse, ScimError> {
    let answer = answer(call, &call.query, types).await;
    if answer.is_err() {
        call.query.refuse_secrets(types)?;
    }
    answer
}

async fn read(call: &ScimCall, request: &HttpRequest, body: Payload) -> Result<QueryParameters, ScimError> {
    let message = extract::body(request, body, call.api.limits.body, call.api.limits.body_time).await?;
    Ok(QueryParameters::read_message(message)?)
}

async fn answer(
    call: &ScimCall,
    parameters: &QueryParameters,
    types: &[&ResourceType],
) -> Result<HttpResponse, ScimError> {
    let sought = parameters.filter.as_deref().and_then(sought);
    match types {
        [one] => {
            let kind = || Kind::named(&one.name);
            call.cx.trail.tries(Action::Searched { found: 0 }, kind, None, sought);
        }
        _ => call.cx.trail.did(Action::Searched { found: 0 }),
    }
    let wanted = parameters.wanted(types, &call.base_url, call.api.limits.capabilities)?;
    let start = match parameters.cursor.as_deref() {
        None => Start::Offset(wanted.offset),
        Some("") => Start::Progress(Vec::new()),
        Some(cursor) => Start::Progress(call.api.cursors.read(&call.cx, wanted.question, cursor)?),
    };
    let found = call.provisioning().search(&call.cx, wanted.parts, &start, wanted.limit);
    let found = call.wait(found).await?;
    call.cx.trail.did(match (found.total, sought) {
        // Nobody is called so; whoever searches for that wants to know whether somebody answers (Entra's Test Connection).
        (0, Some(sought)) if uuid::Uuid::try_parse(sought).is_ok() => Action::TestedConnection,
        (found, _) => Action::Searched { found },
    });
    let mut resources = Vec::with_capacity(found.views.len());
    let projections =
        types.iter().map(|resource_type| parameters.projection(resource_type)).collect::<Result<Vec<_>, _>>()?;
    for view in found.views {
        let mut known = types.iter().zip(&projections);
        if let Some((resource_type, projection)) = known.find(|(it, _)| it.name == view.stored.kind.as_str()) {
            resources.push(Value::Object(respond::body(call, resource_type, projection, view)));
        }
    }
    Ok(match start {
        Start::Offset(offset) => respond::list(found.total, offset + 1, resources),
        Start::Progress(_) => {
            let next = found.next.map(|progress| call.api.cursors.write(&call.cx, wanted.question, progress));
            respond::list_from_cursor(found.total, resources, next)
        }
    })
}

/// The first value that a filter compares with.
fn sought(filter: &str) -> Option<&str> {
    filter.split('"').nth(1)
}
