//! Which attributes go back (RFC 7644 §3.9, RFC 7643 §7 `returned`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Fault;
use crate::attribute::{Attribute, Returned};
use crate::path::AttrPath;
use crate::resource_type::{Located, ResourceType};
use crate::schema;

/// What of a resource goes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    wish: Wish,
    /// What the request itself wrote: what is returned on request is returned to whoever wrote it (RFC 7643 §7).
    written: Vec<Selected>,
}

/// The client's wish, resolved against a resource type.
#[derive(Clone, Debug, Default, PartialEq)]
enum Wish {
    /// Everything that is returned by default.
    #[default]
    Default,
    /// `attributes`: the minimum and these.
    Only(Vec<Selected>),
    /// `excludedAttributes`: the default without these.
    Except(Vec<Selected>),
}

/// An attribute, a sub-attribute or a whole schema a client named.
#[derive(Clone, Debug, PartialEq)]
struct Selected {
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
        let wish = match (attributes, excluded) {
            (Some(_), Some(_)) => {
                return Err(Fault::invalid_value("\"attributes\" and \"excludedAttributes\" exclude each other"));
            }
            (Some(only), None) => Wish::Only(only),
            (None, Some(except)) => Wish::Except(except),
            (None, None) => Wish::Default,
        };
        Ok(Self { wish, written: Vec::new() })
    }

    /// The answer to a request that wrote the attributes of these names.
    #[must_use]
    pub fn after_writing<'n>(self, resource_type: &ResourceType, names: impl IntoIterator<Item = &'n str>) -> Self {
        if !resource_type.returns_on_request() {
            return self;
        }
        let names: BTreeSet<&str> = names.into_iter().collect();
        let written = names.into_iter().filter_map(|name| select(resource_type, name)).collect();
        Self { written, ..self }
    }

    /// Whether the client asked for nothing in particular.
    pub fn is_default(&self) -> bool {
        self.wish == Wish::Default
    }

    /// Whether a core attribute that is returned by default will be in the answer: what need not be loaded is not.
    pub fn wants(&self, name: &str) -> bool {
        let is_it = |selected: &Selected| selected.name.as_deref().is_none_or(|selected| selected == name);
        let names = |selected: &Selected| selected.extension.is_none() && is_it(selected);
        match &self.wish {
            Wish::Default => true,
            Wish::Only(only) => only.iter().any(names),
            Wish::Except(except) => !except.iter().any(|selected| names(selected) && selected.sub.is_none()),
        }
    }

    /// The part of a whole document the client asked for; `never` attributes are not in any part.
    pub fn apply(&self, resource_type: &ResourceType, mut document: Map<String, Value>) -> Map<String, Value> {
        document.retain(|name, value| match resource_type.core_attribute(name) {
            Some(attribute) => self.keeps(None, attribute, value),
            None => resource_type.extension(name).is_some_and(|extension| self.keeps_any(extension, value)),
        });
        document
    }

    fn keeps_any(&self, extension: &schema::Schema, value: &mut Value) -> bool {
        let Value::Object(members) = value else { return false };
        members.retain(|name, value| {
            extension.attribute(name).is_some_and(|attribute| self.keeps(Some(&extension.id), attribute, value))
        });
        !members.is_empty()
    }

    /// Cuts an attribute's value to what is shown of it; false when that is nothing.
    fn keeps(&self, extension: Option<&str>, attribute: &Attribute, value: &mut Value) -> bool {
        let named = self.named(extension, attribute);
        let is_written = self.has_written(extension, attribute);
        let is_due = attribute.returned == Returned::Default || is_written;
        let is_shown = match (attribute.returned, &self.wish) {
            (Returned::Always, _) => true,
            (Returned::Never, _) => false,
            (_, Wish::Default) => is_due,
            (_, Wish::Only(_)) => named.whole || !named.subs.is_empty(),
            (_, Wish::Except(_)) => is_due && !named.whole,
        };
        let is_plain = |sub: &Attribute| matches!(sub.returned, Returned::Default | Returned::Always);
        let is_whole = || named.subs.is_empty() && attribute.sub_attributes.iter().all(is_plain);
        let is_sub_shown = |name: &str| attribute.sub(name).is_some_and(|sub| self.shows(&named, is_written, sub));
        is_shown && (is_whole() || cut(value, &is_sub_shown))
    }

    /// Whether a sub-attribute of an attribute that is shown is shown too.
    fn shows(&self, named: &Named<'_>, is_written: bool, sub: &Attribute) -> bool {
        let by_name = named.subs.contains(&sub.name.as_str());
        match (sub.returned, &self.wish) {
            (Returned::Always, _) | (Returned::Default, Wish::Default) => true,
            (Returned::Default, Wish::Only(_)) => by_name || named.whole || named.subs.is_empty(),
            (Returned::Default, Wish::Except(_)) => !by_name,
            (Returned::Request, Wish::Only(_)) => by_name,
            (Returned::Request, Wish::Default) => is_written,
            (Returned::Request, Wish::Except(_)) => is_written && !by_name,
            (Returned::Never, _) => false,
        }
    }

    fn has_written(&self, extension: Option<&str>, attribute: &Attribute) -> bool {
        self.written.iter().any(|written| {
            written.extension.as_deref() == extension
                && written.name.as_ref().is_none_or(|name| *name == attribute.name)
        })
    }

    fn named(&self, extension: Option<&str>, attribute: &Attribute) -> Named<'_> {
        let list = match &self.wish {
            Wish::Default => &[],
            Wish::Only(list) | Wish::Except(list) => list.as_slice(),
        };
        let mut named = Named::default();
        for selected in list.iter().filter(|selected| selected.extension.as_deref() == extension) {
            if selected.name.as_ref().is_none_or(|name| *name == attribute.name) {
                match &selected.sub {
                    None => named.whole = true,
                    Some(sub) => named.subs.push(sub),
                }
            }
        }
        named
    }
}

/// How the client's list names one attribute.
#[derive(Default)]
struct Named<'s> {
    whole: bool,
    subs: Vec<&'s str>,
}

/// Leaves a value some of its sub-attributes; false when nothing is left of it (RFC 7643 §2.5).
fn cut(value: &mut Value, keep: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Array(elements) => {
            elements.retain_mut(|element| cut(element, keep));
            !elements.is_empty()
        }
        Value::Object(members) => {
            members.retain(|name, _| keep(name));
            !members.is_empty()
        }
        _ => true,
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
    if resource_type.schema.is(name) {
        return Some(Selected { extension: None, name: None, sub: None });
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
        Value::Object(
            Projection::new(&user, attributes, excluded).unwrap().apply(&user, document.as_object().unwrap().clone()),
        )
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
            project(
                "NAME.givenname, emails.value,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                ""
            ),
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
