//! Answers: the whole document, cut to what was asked for, with its tag and address.

use actix_web::http::header::{CONTENT_LOCATION, ETAG, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};
use domain::directory::{Kind, Member, Related, ResourceTypes, View};
use domain::ids::ResourceId;
use scim_protocol::attribute::Attribute;
use scim_protocol::message::ListResponse;
use scim_protocol::projection::Projection;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::version::ETag;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::call::ScimCall;
use crate::stream;

/// RFC 7644 §8.1.
pub const SCIM_JSON: &str = "application/scim+json";

/// 200 with one resource, or 304 when the client has seen this very answer (RFC 7644 §3.14).
pub fn resource(call: &ScimCall, resource_type: &ResourceType, projection: &Projection, view: View) -> HttpResponse {
    let tag = tag(projection, &view);
    if call.if_none_match.as_ref().is_some_and(|seen| seen.has(&tag)) {
        return HttpResponse::NotModified().insert_header((ETAG, tag.to_string())).finish();
    }
    saved(call, resource_type, projection, view)
}

/// 200 with a resource that was written.
pub fn saved(call: &ScimCall, resource_type: &ResourceType, projection: &Projection, view: View) -> HttpResponse {
    with_resource(HttpResponse::Ok(), call, resource_type, projection, view)
}

/// 201 with its address (RFC 7644 §3.3).
pub fn created(call: &ScimCall, resource_type: &ResourceType, projection: &Projection, view: View) -> HttpResponse {
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, location(call, resource_type, view.stored.id)));
    with_resource(response, call, resource_type, projection, view)
}

/// One resource with its tag, and its address in Content-Location as in `meta.location` (RFC 7643 §3.1).
fn with_resource(
    mut response: HttpResponseBuilder,
    call: &ScimCall,
    resource_type: &ResourceType,
    projection: &Projection,
    view: View,
) -> HttpResponse {
    response.insert_header((ETAG, tag(projection, &view).to_string()));
    response.insert_header((CONTENT_LOCATION, location(call, resource_type, view.stored.id)));
    match view.related {
        Related::Members(members) if members.len() > stream::MANY => {
            let shown = View { stored: view.stored, related: Related::None };
            let rest = body(call, resource_type, projection, shown);
            let members = streamed(call, resource_type, projection, members);
            response.content_type(SCIM_JSON).streaming(stream::document(&rest, members))
        }
        related => {
            let view = View { stored: view.stored, related };
            json(&mut response, &Value::Object(body(call, resource_type, projection, view)))
        }
    }
}

fn streamed(
    call: &ScimCall,
    resource_type: &ResourceType,
    projection: &Projection,
    all: Vec<Member>,
) -> stream::Members {
    let (types, base_url) = (call.types().clone(), call.base_url.clone());
    stream::Members {
        collection: "members",
        all,
        resource_type: resource_type.clone(),
        projection: projection.clone(),
        refer: Box::new(move |element| {
            References { types: &types, base_url: &base_url }.fill(Kind::GROUP.as_str(), element);
        }),
    }
}

/// 204 for a change whose result nobody asked for: one member more must not cost a list of all members.
pub fn no_content(view: Option<&View>) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    if let Some(view) = view {
        response.insert_header((ETAG, view.stored.etag().to_string()));
    }
    response.finish()
}

/// 200 with one page (RFC 7644 §3.4.2).
pub fn list(total: u64, start_index: u64, resources: Vec<Value>) -> HttpResponse {
    message(&ListResponse::new(total, start_index, resources))
}

/// 200 with a page that a cursor began (RFC 9865 §2).
pub fn list_from_cursor(total: u64, resources: Vec<Value>, next: Option<String>) -> HttpResponse {
    message(&ListResponse::from_cursor(total, resources, next))
}

/// 200 with a list that is whole.
pub fn whole_list(resources: Vec<Value>) -> HttpResponse {
    message(&ListResponse::whole(resources))
}

fn message(list: &ListResponse) -> HttpResponse {
    HttpResponse::Ok().content_type(SCIM_JSON).body(serde_json::to_vec(list).unwrap_or_default())
}

/// 200 with something that has no version.
pub fn document(body: &Value) -> HttpResponse {
    json(&mut HttpResponse::Ok(), body)
}

fn json(response: &mut HttpResponseBuilder, body: &Value) -> HttpResponse {
    response.content_type(SCIM_JSON).body(serde_json::to_vec(body).unwrap_or_default())
}

/// What the client is to read of a resource.
pub fn body(call: &ScimCall, resource_type: &ResourceType, projection: &Projection, view: View) -> Map<String, Value> {
    let address = location(call, resource_type, view.stored.id);
    let mut document = view.into_document(resource_type);
    if let Some(Value::Object(meta)) = document.get_mut("meta") {
        meta.insert("location".to_owned(), Value::from(address));
    }
    let refer = References { types: call.types(), base_url: &call.base_url };
    for (name, value) in &mut document {
        match resource_type.extension(name).filter(|_| value.is_object()) {
            None => refer.within(resource_type.core_attribute(name), value),
            Some(extension) => {
                for (name, value) in value.as_object_mut().into_iter().flatten() {
                    refer.within(extension.attribute(name), value);
                }
            }
        }
    }
    projection.apply(resource_type, document)
}

/// Fills in `$ref`, which follows from `value` (RFC 7643 §2.4).
struct References<'r> {
    types: &'r ResourceTypes,
    base_url: &'r str,
}

impl References<'_> {
    fn within(&self, attribute: Option<&Attribute>, value: &mut Value) {
        if !matches!(value, Value::Object(_) | Value::Array(_)) {
            return;
        }
        let Some(attribute) = attribute else { return };
        let Some(reference) = attribute.sub("$ref") else { return };
        let known = |name: &&String| self.types.get(&Kind::named(name)).is_ok();
        // What a user belongs to says "direct"; of what it may be, the group stands last.
        let Some(usual) = reference.reference_types.iter().rev().find(known) else { return };
        match value {
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.fill(usual, element)),
            single => self.fill(usual, single),
        }
    }

    /// An element's own `type` says of which type it is; where that says something else, it is the usual one.
    fn fill(&self, usual: &str, element: &mut Value) {
        let Some(element) = element.as_object_mut() else { return };
        let named = element.get("type").and_then(Value::as_str).map(Kind::named);
        let named = named.and_then(|kind| self.types.get(&kind).ok());
        let target = named.or_else(|| self.types.get(&Kind::named(usual)).ok());
        let id = element.get("value").and_then(Value::as_str).filter(|id| id.parse::<ResourceId>().is_ok());
        if let (Some(target), Some(id)) = (target, id) {
            let reference = format!("{}{}/{id}", self.base_url, target.endpoint);
            element.insert("$ref".to_owned(), Value::from(reference));
        }
    }
}

/// Where a resource lives.
pub fn location(call: &ScimCall, resource_type: &ResourceType, id: ResourceId) -> String {
    format!("{}{}/{id}", call.base_url, resource_type.endpoint)
}

/// The tag of an answer covers the groups it shows, which change without the user (decisions.md 9).
fn tag(projection: &Projection, view: &View) -> ETag {
    let tag = view.stored.etag();
    match &view.related {
        Related::Groups(groups) if !groups.is_empty() && projection.wants("groups") => {
            let shown: Vec<String> = groups.iter().map(|group| group.element().to_string()).collect();
            let digest = Sha256::digest(shown.join("\n").as_bytes());
            tag.covering(hex::encode(digest.iter().take(8).copied().collect::<Vec<u8>>()))
        }
        _ => tag,
    }
}
