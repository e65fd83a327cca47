//! People, groups and a type of an operator's own, and the way of a PATCH through the crate.

use scim_protocol::attribute::{Attribute, Mutability, Returned};
use scim_protocol::patch::{PatchRequest, Plan, Reading};
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::{Extension, ResourceType};
use scim_protocol::schema::Schema;
use scim_protocol::{Fault, dialect, urn, validate};
use serde_json::{Value, json};

pub const ENTERPRISE: &str = urn::ENTERPRISE_USER;
pub const BADGE: &str = "urn:example:scim:Badge";

/// A user with something in every kind of place.
pub fn ada() -> Value {
    json!({
        "userName": "ada",
        "name": {"givenName": "Ada", "familyName": "Quill"},
        "emails": [
            {"type": "work", "value": "ada@work.example", "primary": true},
            {"type": "home", "value": "ada@home.example"},
        ],
        ENTERPRISE: {"department": "Lab", "manager": {"value": "m-1"}},
    })
}

/// A type with the characteristics that no schema of RFC 7643 has: immutable, required in lists, never, request.
pub fn badge() -> ResourceType {
    let secret = Attribute::string("secret", "").returned(Returned::Never);
    let serial = Attribute::string("serial", "").mutability(Mutability::Immutable);
    ResourceType {
        name: "Badge".to_owned(),
        endpoint: "/Badges".to_owned(),
        description: String::new(),
        schema: Schema {
            id: BADGE.to_owned(),
            name: "Badge".to_owned(),
            description: String::new(),
            attributes: vec![
                serial.clone(),
                secret.clone(),
                Attribute::string("tags", "").multi(),
                Attribute::string("note", "").returned(Returned::Request),
                Attribute::complex("chip", "", vec![Attribute::string("maker", ""), serial, secret.clone()]),
                Attribute::complex(
                    "doors",
                    "",
                    vec![
                        Attribute::string("value", "").required(),
                        Attribute::string("label", "").returned(Returned::Always),
                        Attribute::string("floor", "").returned(Returned::Request),
                        secret.clone(),
                    ],
                )
                .multi(),
            ],
        },
        extensions: vec![Extension {
            schema: Schema {
                id: format!("{BADGE}:Extra"),
                name: "Extra".to_owned(),
                description: String::new(),
                attributes: vec![secret, Attribute::string("colour", "")],
            },
            required: false,
        }],
        collection: None,
        unique: None,
    }
}

/// Attributes as they would be stored; a test that hands over others has a mistake in it.
pub fn stored(resource_type: &ResourceType, attributes: &Value) -> Resource {
    let mut document = attributes.clone();
    document["schemas"] = json!([resource_type.schema.id]);
    let validated = validate::document(resource_type, document).unwrap();
    assert_eq!(validated.ignored, Vec::<String>::new());
    assert_eq!(Value::Object(validated.resource.attributes().clone()), *attributes);
    validated.resource
}

pub fn message(operations: &Value) -> Value {
    json!({"schemas": [urn::PATCH_OP], "Operations": operations})
}

/// The operations planned as plain SCIM.
pub fn plan(resource_type: &ResourceType, operations: &Value) -> Result<Plan, Fault> {
    Plan::new(resource_type, PatchRequest::read(message(operations))?, Reading::Lenient)
}

/// The operations planned as a real client's.
pub fn plan_of_client(resource_type: &ResourceType, operations: &Value) -> Result<Plan, Fault> {
    let mut request = PatchRequest::read(message(operations))?;
    dialect::patch(resource_type, &mut request)?;
    Plan::new(resource_type, request, Reading::Lenient)
}

pub fn applied(resource_type: &ResourceType, plan: &Plan, before: &Value) -> Result<Value, Fault> {
    let after = plan.apply(resource_type, &stored(resource_type, before))?;
    Ok(Value::Object(after.into_attributes()))
}

pub fn patched(before: &Value, operations: &Value) -> Result<Value, Fault> {
    let user = ResourceType::user();
    applied(&user, &plan(&user, operations)?, before)
}

/// The row of a table came out as expected; members may stand in any order.
pub fn assert_case(name: &str, found: Result<Value, Fault>, expected: &Value) {
    match found {
        Ok(found) => assert_eq!(found, *expected, "{name}:\n found    {found}\n expected {expected}\n"),
        Err(fault) => panic!("{name}: {fault}"),
    }
}
