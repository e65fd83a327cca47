//! Which attributes go back (RFC 7644 §3.9, RFC 7643 §7 `returned`).

use serde_json::{Map, Value};

use crate::Fault;
use crate::attribute::{Attribute, Returned};
use crate::path::AttrPath;
use crate::resource_type::{Located, ResourceType};
use crate::schema;

/// The client's wish, resolved against a resource type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Projection {
    /// Everything that is returned by default.
    #[default]
    Default,
    /// `attributes`: the minimum and these.
    Only(Vec<Selected>),
    /// `excludedAttributes`: the default without these.
    Except(Vec<Selected>),
}

/// An attribute, a sub-attribute or a whole extension a client named.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    extension: Option<String>,
    name: Option<String>,
    sub: Option<String>,
}

impl Projection {
    /// Reads the two query parameters; names that mean nothing are passed over (RFC 7644 §3.9 asks for no error).
    ///
    /// # Errors
    /// 400 `invalidValue` when both are given, which RFC 7644 §3.9 calls mutually exclusive.
    pub fn new(resource_type: &ResourceType, attributes: &str, excluded: &str) -> Result<Self, Fault> {
        let (attributes, excluded) = (selected(resource_type, attributes), selected(resource_type, excluded));
        match (attributes, excluded) {
            (Some(_), Some(_)) => Err(Fault::invalid_value("\"attributes\" and \"excludedAttributes\" exclude each other")),
            (Some(only), None) => Ok(Self::Only(only)),
            (None, Some(except)) => Ok(Self::Except(except)),
            (None, None) => Ok(Self::Default),
        }
    }

    pub fn is_default(&self) -> bool {
        *self == Self::Default
    }

    /// Whether a core attribute that is returned by default will be in the answer: what need not be loaded is not.
    pub fn wants(&self, name: &str) -> bool {
        let names = |selected: &Selected| selected.extension.is_none() && selected.name.as_deref() == Some(name);
        match self {
            Self::Default => true,
            Self::Only(only) => only.iter().any(names),
            Self::Except(except) => !except.iter().any(|selected| names(selected) && selected.sub.is_none()),
        }
    }

    /// The part of a whole document the client asked for; `never` attributes are not in any part.
    pub fn apply(&self, resource_type: &ResourceType, document: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in document {
            let value = match resource_type.extension(name) {
                Some(extension) => self.extension(extension, value),
                None => resource_type.core_attribute(name).and_then(|attribute| self.attribute(None, attribute, value)),
            };
            if let Some(value) = value {
                kept.insert(name.clone(), value);
            }
        }
        kept
    }

    fn extension(&self, extension: &schema::Schema, value: &Value) -> Option<Value> {
        let members = value.as_object()?.iter().filter_map(|(name, value)| {
            let attribute = extension.attribute(name)?;
            Some((name.clone(), self.attribute(Some(&extension.id), attribute, value)?))
        });
        let kept: Map<String, Value> = members.collect();
        (!kept.is_empty()).then_some(Value::Object(kept))
    }

    fn attribute(&self, extension: Option<&str>, attribute: &Attribute, value: &Value) -> Option<Value> {
        match attribute.returned {
            Returned::Always => return Some(value.clone()),
            Returned::Never => return None,
            Returned::Default | Returned::Request => {}
        }
        let by_default = attribute.returned == Returned::Default;
        let subs = |list: &[Selected]| -> Named {
            let about = list.iter().filter(|selected| selected.extension.as_deref() == extension);
            let mut named = Named::default();
            for selected in about.filter(|it| it.name.as_ref().is_none_or(|name| *name == attribute.name)) {
                match &selected.sub {
                    None => named.whole = true,
                    Some(sub) => named.subs.push(sub.clone()),
                }
            }
            named
        };
        match self {
            Self::Default => by_default.then(|| value.clone()),
            Self::Only(only) => match subs(only) {
                Named { whole: true, .. } => Some(value.clone()),
                Named { subs, .. } if subs.is_empty() => None,
                Named { subs, .. } => Some(filtered(value, &|sub| subs.iter().any(|wanted| wanted == sub))),
            },
            Self::Except(except) => match subs(except) {
                Named { whole: true, .. } => None,
                Named { subs, .. } => by_default.then(|| filtered(value, &|sub| !subs.iter().any(|hidden| hidden == sub))),
            },
        }
    }
}

#[derive(Default)]
struct Named {
    whole: bool,
    subs: Vec<String>,
}

fn filtered(value: &Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(|element| filtered(element, keep)).collect(),
        Value::Object(members) => {
            members.iter().filter(|(name, _)| keep(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        other => other.clone(),
    }
}

/// None when the parameter names nothing at all; a list of names that all mean nothing is an empty list.
fn selected(resource_type: &ResourceType, list: &str) -> Option<Vec<Selected>> {
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.into_iter().filter_map(|name| select(resource_type, name)).collect())
}

fn select(resource_type: &ResourceType, name: &str) -> Option<Selected> {
    if let Some(extension) = resource_type.extension(name) {
        return Some(Selected { extension: Some(extension.id.clone()), name: None, sub: None });
    }
    let Located { extension, attribute, sub } = resource_type.locate(&AttrPath::parse(name).ok()?)?;
    Some(Selected {
        extension: extension.map(|schema| schema.id.clone()),
        name: Some(attribute.name.clone()),
        sub: sub.map(|sub| sub.name.clone()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::urn;

    fn project(attributes: &str, excluded: &str) -> Value {
        let user = ResourceType::user();
        let document = json!({
            "schemas": [urn::USER], "id": "1", "userName": "ada", "password": "x",
            "name": {"givenName": "Ada", "familyName": "Quill"},
            "emails": [{"type": "work", "value": "a@x"}],
            urn::ENTERPRISE_USER: {"department": "Lab", "division": "North"},
            "meta": {"resourceType": "User", "version": "1"},
        });
        Value::Object(Projection::new(&user, attributes, excluded).unwrap().apply(&user, document.as_object().unwrap()))
    }

    #[test]
    fn the_minimum_is_always_there_and_never_stays_away() {
        let minimum = json!({"schemas": [urn::USER], "id": "1"});
        assert_eq!(project("nope", ""), minimum);
        assert_eq!(project("password", ""), minimum);
        assert_eq!(project("", "id,schemas").get("id"), Some(&json!("1")));
        assert_eq!(project("", "").get("password"), None);
    }

    #[test]
    fn sub_attributes_and_extensions_are_chosen_by_name_in_any_case() {
        assert_eq!(
            project("NAME.givenname, emails.value,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", ""),
            json!({
                "schemas": [urn::USER], "id": "1", "name": {"givenName": "Ada"}, "emails": [{"value": "a@x"}],
                urn::ENTERPRISE_USER: {"department": "Lab"},
            })
        );
        let without = project("", &format!("name.familyName,meta,{}", urn::ENTERPRISE_USER));
        assert_eq!(
            without,
            json!({
                "schemas": [urn::USER], "id": "1", "userName": "ada", "name": {"givenName": "Ada"},
                "emails": [{"type": "work", "value": "a@x"}],
            })
        );
    }

    #[test]
    fn asking_for_both_lists_is_refused() {
        assert!(Projection::new(&ResourceType::user(), "userName", "name").is_err());
    }
}
