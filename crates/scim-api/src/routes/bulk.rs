//! `POST /Bulk` (RFC 7644 §3.7): operations one after another, each a change of its own.

use std::collections::BTreeMap;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use domain::directory::{Kind, View};
use domain::ids::ResourceId;
use domain::ops::{Show, Target};
use domain::scope::Access;
use scim_protocol::message::{self, BulkMethod, BulkOperation, BulkRequest, BulkResult};
use scim_protocol::resource_type::ResourceType;
use scim_protocol::version::Precondition;
use scim_protocol::{Fault, Reason};
use serde_json::Value;

use crate::call::ScimCall;
use crate::{Limits, ScimError, extract, need, respond};

/// `POST /Bulk`
pub async fn bulk(call: ScimCall, request: HttpRequest, body: Payload) -> Result<HttpResponse, ScimError> {
    call.cx.trail.bulk(0, 0);
    let message = match read(&request, body, call.api.limits).await {
        Ok(message) => message,
        Err(error) => {
            // What cannot be read has cost as much as an operation; whoever is out of budget by it is told the next time.
            drop(call.pay_for_operations(1).await);
            return Err(error);
        }
    };
    call.pay_for_operations(message.operations.len().max(1)).await?;
    let results = Bulk::new(&call, request, &message).run(message).await;
    let failed = results.iter().filter(|result| result.response.is_some()).count();
    call.cx.trail.bulk(few(results.len()), few(failed));
    Ok(respond::document(&message::bulk_response(results)))
}

fn few(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

async fn read(request: &HttpRequest, body: Payload, given: Limits) -> Result<BulkRequest, ScimError> {
    let limits = given.capabilities.bulk;
    let size = usize::try_from(limits.max_payload_size).unwrap_or(usize::MAX);
    let message = BulkRequest::read(extract::body(request, body, size, given.body_time).await?)?;
    let count = message.operations.len();
    if count > usize::try_from(limits.max_operations).unwrap_or(usize::MAX) {
        let detail = format!("the request has {count} operations; maxOperations is {}", limits.max_operations);
        return Err(Fault::plain(413, detail).into());
    }
    Ok(message)
}

/// A bulk request that is being carried out.
struct Bulk {
    /// What it came with. A long request outlives a token, a pause and a schema, so that each operation is let in anew.
    request: HttpRequest,
    base_url: String,
    /// The ids that new resources are to have, by their `bulkId`; known from the start, so that what refers to each other
    /// can be made one after the other.
    ids: BTreeMap<String, String>,
    /// Whether the resource of each `bulkId` was made; absent as long as nobody tried.
    made: BTreeMap<String, bool>,
}

impl Bulk {
    fn new(call: &ScimCall, request: HttpRequest, message: &BulkRequest) -> Self {
        let new_id = |(name, _): (&str, usize)| (name.to_owned(), call.provisioning().new_id(&call.cx).to_string());
        let ids = message.makers().map(new_id).collect();
        Self { request, base_url: call.base_url.clone(), ids, made: BTreeMap::new() }
    }

    /// Gives the results in the order of the request.
    async fn run(mut self, mut message: BulkRequest) -> Vec<BulkResult> {
        let mut results = BTreeMap::new();
        let mut errors = 0;
        for index in message.order() {
            if message.fail_on_errors.is_some_and(|limit| errors >= limit) {
                break;
            }
            let Some(operation) = message.operations.get_mut(index) else { continue };
            let result = self.one(operation).await;
            errors += u64::from(result.response.is_some());
            results.insert(index, result);
        }
        results.into_values().collect()
    }

    async fn one(&mut self, operation: &mut BulkOperation) -> BulkResult {
        let references = operation.references();
        operation.resolve(&self.ids);
        let lost = references.iter().find(|name| !self.ids.contains_key(*name) || self.made.get(*name) == Some(&false));
        let pending = references.iter().filter(|name| !self.made.contains_key(*name));
        let pending: Vec<String> = pending.filter_map(|name| self.ids.get(name).cloned()).collect();
        let done = match lost {
            Some(name) => {
                Err(Fault::invalid_value(format!("no operation made a resource with the bulkId \"{name}\"")).into())
            }
            None => self.carry_out(operation).await,
        };
        if let (BulkMethod::Post, Some(name)) = (operation.method, &operation.bulk_id) {
            self.made.insert(name.clone(), done.is_ok());
        }
        let bulk_id = operation.bulk_id.clone();
        let method = operation.method;
        match done {
            Ok((status, version, location)) => {
                BulkResult { method, bulk_id, version, location: Some(location), status, response: None }
            }
            Err(error) => {
                let fault = error.into_fault();
                // What is missing is what only a later operation makes.
                let is_circular = pending.iter().any(|id| fault.detail.contains(id.as_str()));
                let fault = match is_circular && fault.status == 400 {
                    true => {
                        Fault::plain(409, format!("the operations refer to each other in a circle: {}", fault.detail))
                            .because(Reason::Circle)
                    }
                    false => fault,
                };
                let path = operation.path.trim_start_matches('/');
                let location = (method != BulkMethod::Post).then(|| format!("{}/{path}", self.base_url));
                let response = Some(message::error(&fault));
                BulkResult { method, bulk_id, version: None, location, status: fault.status, response }
            }
        }
    }

    /// Gives the status, the version and the address of what an operation was about.
    async fn carry_out(&self, operation: &mut BulkOperation) -> Result<(u16, Option<String>, String), ScimError> {
        let call = &ScimCall::admit(&self.request, None).await?;
        let provisioning = call.provisioning();
        let (resource_type, id) = place(call, &operation.path)?;
        let kind = Kind::named(&resource_type.name);
        need::require_one(call.scopes, &kind, Access::Write)?;
        let expected = operation.version.as_deref().map(Precondition::parse);
        let data = std::mem::replace(&mut operation.data, Value::Null);
        let target = |id: Option<ResourceId>| {
            let id = id.ok_or_else(|| ScimError::not_found(&operation.path))?;
            Ok::<_, ScimError>(Target { kind: kind.clone(), id })
        };
        let show = Show::Version;
        let found = |view: &View| {
            (Some(view.stored.etag().to_string()), respond::location(call, resource_type, view.stored.id))
        };
        match (operation.method, id) {
            (BulkMethod::Post, None) => {
                let new = extract::resource(resource_type, data)?;
                let id = operation.bulk_id.as_ref().and_then(|name| self.ids.get(name)).and_then(|id| id.parse().ok());
                let id = id.unwrap_or_else(|| provisioning.new_id(&call.cx));
                let view = call.wait(provisioning.create(&call.cx, &kind, id, new, show)).await?;
                let (version, location) = found(&view);
                Ok((201, version, location))
            }
            (BulkMethod::Post, Some(_)) => Err(ScimError::method_not_allowed("GET, PUT, PATCH, DELETE")),
            (BulkMethod::Put, id) => {
                let new = extract::resource(resource_type, data)?;
                let target = target(id)?;
                let replaced = provisioning.replace(&call.cx, &target, new, expected.as_ref(), show);
                let (version, location) = found(&call.wait(replaced).await?);
                Ok((200, version, location))
            }
            (BulkMethod::Patch, id) => {
                let patch = extract::patch(resource_type, data)?;
                let target = target(id)?;
                let patched = provisioning.patch(&call.cx, &target, patch, expected.as_ref(), show);
                let (version, location) = found(&call.wait(patched).await?);
                Ok((if resource_type.collection.is_none() { 200 } else { 204 }, version, location))
            }
            (BulkMethod::Delete, id) => {
                let target = target(id)?;
                call.wait(provisioning.delete(&call.cx, &target, expected.as_ref())).await?;
                Ok((204, None, respond::location(call, resource_type, target.id)))
            }
        }
    }
}

/// The type and the resource that a path names.
fn place<'c>(call: &'c ScimCall, path: &str) -> Result<(&'c ResourceType, Option<ResourceId>), ScimError> {
    let unknown = || ScimError::not_found(path);
    let (endpoint, id) = match path.trim_start_matches('/').split_once('/') {
        None => (path.trim_start_matches('/'), None),
        Some((endpoint, id)) => (endpoint, Some(id)),
    };
    let resource_type = call.types().at_endpoint(endpoint).ok_or_else(unknown)?;
    let id = id.map(|id| id.parse().map_err(|_| unknown())).transpose()?;
    Ok((resource_type, id))
}
