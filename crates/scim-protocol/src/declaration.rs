//! Schemas and resource types that somebody declares (RFC 7643 §6, §7), checked before anything is stored by them.

use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::attribute::{Attribute, AttributeType, Mutability, Uniqueness};
use crate::once::Once;
use crate::resource_type::{Extension, ResourceType};
use crate::schema::{self, Schema};

/// The longest URN or name, in bytes; both stand in keys of indexes.
const LONGEST_NAME: usize = 200;

/// Attributes of one schema, sub-attributes counted.
const MOST_ATTRIBUTES: usize = 200;

/// Endpoints that mean something else.
const TAKEN_ENDPOINTS: [&str; 6] = ["/Me", "/Bulk", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/.search"];

/// An extension of a resource type that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredExtension {
    /// The name of the type.
    pub extends: String,
    pub required: bool,
    pub schema: Schema,
}

/// A resource type with its schemas, in the form of RFC 7643 §6 with each schema in the place of its URN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredType {
    pub name: String,
    pub endpoint: String,
    #[serde(default)]
    pub description: String,
    pub schema: Schema,
    #[serde(default)]
    pub schema_extensions: Vec<TypeExtension>,
}

/// An extension that comes with a declared type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeExtension {
    pub schema: Schema,
    #[serde(default)]
    pub required: bool,
}

/// Something declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Declaration {
    Extension(DeclaredExtension),
    ResourceType(DeclaredType),
}

impl Declaration {
    /// What tells it from others of a tenant: the URN of an extension, the name of a type.
    pub fn name(&self) -> &str {
        match self {
            Self::Extension(extension) => &extension.schema.id,
            Self::ResourceType(declared) => &declared.name,
        }
    }

    /// The name of the resource type it makes or extends.
    pub fn resource_type(&self) -> &str {
        match self {
            Self::Extension(extension) => &extension.extends,
            Self::ResourceType(declared) => &declared.name,
        }
    }

    /// The resource types there are with what is declared.
    ///
    /// # Errors
    /// 400 `invalidValue` saying what cannot be declared: an attribute that RFC 7643 does not allow, or a name, URN or
    /// endpoint that is in use.
    pub fn join(self, types: &[ResourceType]) -> Result<Vec<ResourceType>, Fault> {
        let mut all = types.to_vec();
        match self {
            Self::Extension(DeclaredExtension { extends, required, schema }) => {
                check_schema(&schema, types, &[])?;
                let extended = all.iter_mut().find(|resource_type| resource_type.name == extends);
                let extended =
                    extended.ok_or_else(|| Fault::invalid_value(format!("there is no resource type \"{extends}\"")))?;
                extended.extensions.push(Extension { schema, required });
            }
            Self::ResourceType(declared) => all.push(declared.check(types)?),
        }
        Ok(all)
    }
}

impl DeclaredType {
    fn check(self, types: &[ResourceType]) -> Result<ResourceType, Fault> {
        let Self { name, endpoint, description, schema, schema_extensions } = self;
        let is_word = |text: &str| !text.is_empty() && text.chars().all(|each| each.is_ascii_alphanumeric());
        if !is_word(&name) || name.len() > LONGEST_NAME {
            return Err(Fault::invalid_value(format!(
                "a resource type is named by letters and digits, not \"{name}\""
            )));
        }
        if !endpoint.strip_prefix('/').is_some_and(is_word) || endpoint.len() > LONGEST_NAME {
            return Err(Fault::invalid_value(format!(
                "an endpoint is a slash with letters and digits, such as \"/Devices\", not \"{endpoint}\""
            )));
        }
        let is_taken =
            |it: &ResourceType| it.name.eq_ignore_ascii_case(&name) || it.endpoint.eq_ignore_ascii_case(&endpoint);
        if types.iter().any(is_taken) || TAKEN_ENDPOINTS.iter().any(|taken| taken.eq_ignore_ascii_case(&endpoint)) {
            return Err(Fault::invalid_value(format!("\"{name}\" or \"{endpoint}\" is in use")));
        }
        let mut known: Vec<&Schema> = Vec::new();
        for one in std::iter::once(&schema).chain(schema_extensions.iter().map(|extension| &extension.schema)) {
            check_schema(one, types, &known)?;
            known.push(one);
        }
        if let Some(attribute) = schema.attributes.iter().find(|it| is_common(&it.name)) {
            return Err(Fault::invalid_value(format!("every resource has an attribute \"{}\"", attribute.name)));
        }
        if let Some(attribute) = schema.attributes.iter().find(|it| is_relation(&it.name)) {
            let name = &attribute.name;
            return Err(Fault::invalid_value(format!("\"{name}\" is kept for memberships of users and groups")));
        }
        let extensions = schema_extensions.into_iter();
        let extensions = extensions.map(|TypeExtension { schema, required }| Extension { schema, required }).collect();
        Ok(ResourceType { name, endpoint, description, schema, extensions, collection: None, unique: None })
    }
}

fn is_common(name: &str) -> bool {
    schema::common().iter().any(|common| common.name.eq_ignore_ascii_case(name))
}

/// What is kept beside documents by these names.
fn is_relation(name: &str) -> bool {
    ["groups", "members"].iter().any(|relation| relation.eq_ignore_ascii_case(name))
}

fn check_schema(declared: &Schema, types: &[ResourceType], known: &[&Schema]) -> Result<(), Fault> {
    let urn = &declared.id;
    let wrong = |what: &str| Fault::invalid_value(format!("the schema \"{urn}\": {what}"));
    let is_urn_character = |each: char| each.is_ascii_alphanumeric() || matches!(each, ':' | '.' | '-' | '_' | '/');
    let parts = urn.split(':').filter(|part| !part.is_empty()).count();
    let begins = urn.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("urn:"));
    // A path could not tell a last part that begins with a digit from a version with a sub-attribute.
    let ends = urn.rsplit(':').next().is_some_and(|last| last.starts_with(|each: char| each.is_ascii_alphabetic()));
    if !begins || !ends || parts < 3 || !urn.chars().all(is_urn_character) || urn.len() > LONGEST_NAME {
        return Err(wrong("its id is not a URN such as \"urn:example:params:scim:schemas:1.0:Device\""));
    }
    if urn.to_ascii_lowercase().starts_with("urn:ietf:params:scim:") && is_standard(urn) {
        return Err(wrong("this URN belongs to SCIM itself"));
    }
    let mut served = types.iter().flat_map(ResourceType::schemas).chain(known.iter().copied());
    if served.any(|schema| schema.is(urn)) {
        return Err(wrong("this URN is in use"));
    }
    if declared.name.trim().is_empty() || declared.attributes.is_empty() {
        return Err(wrong("it needs a name and attributes"));
    }
    let count: usize = declared.attributes.iter().map(|attribute| 1 + attribute.sub_attributes.len()).sum();
    if count > MOST_ATTRIBUTES {
        return Err(wrong(&format!("it has {count} attributes; at most {MOST_ATTRIBUTES} are kept")));
    }
    check_attributes(&declared.attributes, None).map_err(|fault| fault.at(&format!("the schema \"{urn}\"")))
}

/// URNs of messages and of the schemas that RFC 7643 defines; those of later documents may be declared.
fn is_standard(urn: &str) -> bool {
    let urn = urn.to_ascii_lowercase();
    ["urn:ietf:params:scim:schemas:core:2.0", "urn:ietf:params:scim:api:messages:", "urn:ietf:params:scim:event"]
        .iter()
        .any(|standard| urn.starts_with(standard) && !urn.ends_with(":device"))
}

fn check_attributes(attributes: &[Attribute], parent: Option<&Attribute>) -> Result<(), Fault> {
    let mut once = Once::default();
    for attribute in attributes {
        once.give(&attribute.name.to_ascii_lowercase())?;
        check_attribute(attribute, parent).map_err(|what| {
            let place = parent.map(|parent| format!("{}.", parent.name)).unwrap_or_default();
            Fault::invalid_value(format!("the attribute \"{place}{}\" {what}", attribute.name))
        })?;
        check_attributes(&attribute.sub_attributes, Some(attribute))?;
    }
    Ok(())
}

fn check_attribute(attribute: &Attribute, parent: Option<&Attribute>) -> Result<(), String> {
    let Attribute { name, kind, .. } = attribute;
    // RFC 7643 §2.1; `$ref` is the one name with a dollar.
    let is_name = |name: &str| {
        name.starts_with(|each: char| each.is_ascii_alphabetic())
            && name.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '_'))
    };
    let is_reference = parent.is_some() && name == "$ref";
    if !(is_name(name) || is_reference) || name.len() > LONGEST_NAME {
        return Err("is named by a letter and then letters, digits, hyphens and underscores".to_owned());
    }
    let is_complex = *kind == AttributeType::Complex;
    if is_complex && parent.is_some() {
        return Err("is complex within a complex attribute (RFC 7643 §2.3.8)".to_owned());
    }
    if is_complex == attribute.sub_attributes.is_empty() {
        return Err("has sub-attributes if and only if it is complex".to_owned());
    }
    if attribute.mutability == Mutability::WriteOnly {
        return Err("is writeOnly, and nothing here would ever read it".to_owned());
    }
    if attribute.required && attribute.is_read_only() {
        return Err("is required and readOnly, so that nobody could ever give it".to_owned());
    }
    let is_unique = attribute.uniqueness != Uniqueness::None;
    if is_unique && (parent.is_some() || attribute.multi_valued || is_complex || *kind == AttributeType::Boolean) {
        return Err("cannot be unique: only attributes with one simple value can".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn extend(schema: Value) -> Result<Vec<ResourceType>, Fault> {
        let schema = serde_json::from_value(schema).unwrap();
        let extension = DeclaredExtension { extends: "User".to_owned(), required: false, schema };
        Declaration::Extension(extension).join(&[ResourceType::user(), ResourceType::group()])
    }

    fn schema(attributes: Value) -> Value {
        json!({"id": "urn:example:acme:1.0:Employee", "name": "Employee", "attributes": attributes})
    }

    #[test]
    fn an_extension_joins_the_type_it_names() {
        let types = extend(schema(json!([{"name": "badge", "type": "string", "uniqueness": "server"}]))).unwrap();
        let user = types.first().unwrap();
        assert!(user.extension("URN:example:acme:1.0:employee").unwrap().attribute("BADGE").is_some());
    }

    #[test]
    fn what_rfc_7643_does_not_allow_is_refused() {
        for attributes in [
            json!([]),
            json!([{"name": "1st"}]),
            json!([{"name": "a b"}]),
            json!([{"name": "a"}, {"name": "A"}]),
            json!([{"name": "a", "type": "complex"}]),
            json!([{"name": "a", "subAttributes": [{"name": "b"}]}]),
            json!([{"name": "a", "type": "complex", "subAttributes": [
                {"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}]}]),
            json!([{"name": "a", "mutability": "writeOnly"}]),
            json!([{"name": "a", "mutability": "readOnly", "required": true}]),
            json!([{"name": "a", "multiValued": true, "uniqueness": "server"}]),
        ] {
            assert!(extend(schema(attributes.clone())).is_err(), "{attributes}");
        }
        for id in [
            "",
            "Employee",
            "urn:x",
            "urn:a b:c",
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:a:b:",
            "urn:example:acme:1.0",
        ] {
            let declared = json!({"id": id, "name": "x", "attributes": [{"name": "a"}]});
            assert!(extend(declared).is_err(), "{id}");
        }
    }

    fn device(change: impl FnOnce(&mut DeclaredType)) -> Result<Vec<ResourceType>, Fault> {
        let mut declared: DeclaredType = serde_json::from_value(json!({
            "name": "Device", "endpoint": "/Devices",
            "schema": {"id": "urn:ietf:params:scim:schemas:core:2.0:Device", "name": "Device",
                "attributes": [{"name": "displayName", "required": true}]},
            "schemaExtensions": [{"schema": {"id": "urn:example:ble", "name": "BLE", "attributes": [{"name": "mac"}]}}],
        }))
        .unwrap();
        change(&mut declared);
        Declaration::ResourceType(declared).join(&[ResourceType::user(), ResourceType::group()])
    }

    #[test]
    fn a_type_has_a_name_and_an_endpoint_of_its_own() {
        assert_eq!(device(|_| {}).unwrap().len(), 3);
        assert!(device(|it| it.name = "user".to_owned()).is_err());
        for endpoint in ["/Users", "/bulk", "Devices", "/", "/a/b", "/Me"] {
            assert!(device(|it| it.endpoint = endpoint.to_owned()).is_err(), "{endpoint}");
        }
        assert!(device(|it| it.schema.attributes[0].name = "META".to_owned()).is_err());
        assert!(device(|it| it.schema.attributes[0].name = "Members".to_owned()).is_err());
        assert!(device(|it| it.schema_extensions[0].schema.id.clone_from(&it.schema.id)).is_err());
    }
}
