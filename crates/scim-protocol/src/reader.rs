//! Client values → canonical values, attribute by attribute.

use serde_json::{Map, Value};

use crate::Fault;
use crate::attribute::{self, Attribute, AttributeType, Mutability};
use crate::element::{first_equals, is_primary};
use crate::once::Once;
use crate::resource_type::ResourceType;
use crate::schema::Schema;
use crate::secret::Secret;
use crate::value::{instant, is_unassigned};

/// Reads client values into canonical ones and remembers what it had to leave out.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) ignored: Vec<String>,
    /// The write-only value, which is in no document.
    pub(crate) password: Option<Secret>,
}

impl Reader {
    /// The attributes of a whole document.
    pub(crate) fn attributes(
        &mut self,
        resource_type: &ResourceType,
        members: Map<String, Value>,
    ) -> Result<Map<String, Value>, Fault> {
        let (mut read, mut once) = (Map::new(), Once::default());
        for (name, value) in members {
            if let Some(extension) = resource_type.extension(&name) {
                once.give(&extension.id)?;
                insert(&mut read, &extension.id, self.extension(extension, value)?);
            } else if let Some(attribute) = resource_type.core_attribute(&name) {
                once.give(&attribute.name)?;
                if resource_type.collection.as_ref() == Some(&attribute.name) {
                    names_its_elements(attribute, &value)?;
                }
                insert(&mut read, &attribute.name, self.value(attribute, value, &attribute.name)?);
            } else {
                self.ignored.push(name);
            }
        }
        Ok(read)
    }

    fn extension(&mut self, schema: &Schema, value: Value) -> Result<Option<Value>, Fault> {
        match value {
            Value::Null => Ok(None),
            Value::Object(members) => self.members(&schema.attributes, members, &schema.id, ':').map(non_empty),
            _ => Err(Fault::invalid_value(format!("\"{}\" is an extension and takes an object", schema.id))),
        }
    }

    /// The canonical form of an attribute's value; none when it is unassigned or not the client's to write.
    pub(crate) fn value(&mut self, attribute: &Attribute, value: Value, place: &str) -> Result<Option<Value>, Fault> {
        if attribute.is_read_only() || is_unassigned(&value) {
            return Ok(None);
        }
        let read = match (attribute.multi_valued, value) {
            (true, Value::Array(elements)) => self.elements(attribute, elements, place)?,
            (true, _) => {
                return Err(Fault::invalid_value(format!("\"{place}\" is multi-valued and takes an array")));
            }
            (false, value) => self.single(attribute, value, place)?,
        };
        match (attribute.mutability, read) {
            (Mutability::WriteOnly, Some(Value::String(text))) if !text.is_empty() => {
                self.password = Some(Secret::new(text));
                Ok(None)
            }
            (Mutability::WriteOnly, _) => Ok(None),
            (_, read) => Ok(read),
        }
    }

    fn elements(&mut self, attribute: &Attribute, elements: Vec<Value>, place: &str) -> Result<Option<Value>, Fault> {
        let mut read: Vec<Value> = Vec::with_capacity(elements.len());
        for element in elements.into_iter().filter(|element| !is_unassigned(element)) {
            read.extend(self.single(attribute, element, place)?);
        }
        let mut is_first = first_equals(&read).into_iter().enumerate().map(|(index, first)| index == first);
        read.retain(|_| is_first.next().unwrap_or(true));
        if read.iter().filter(|element| is_primary(element)).count() > 1 {
            return Err(Fault::invalid_value(format!("\"{place}\" has more than one primary value")));
        }
        Ok((!read.is_empty()).then_some(Value::Array(read)))
    }

    /// One value of an attribute, whether that is multi-valued or not.
    pub(crate) fn single(&mut self, attribute: &Attribute, value: Value, place: &str) -> Result<Option<Value>, Fault> {
        match (attribute.kind, value) {
            (AttributeType::Complex, Value::Object(members)) => {
                self.members(&attribute.sub_attributes, members, place, '.').map(non_empty)
            }
            (_, value) if fits(attribute.kind, &value) => Ok(Some(value)),
            _ => Err(Fault::invalid_value(format!("\"{place}\" takes {}", expectation(attribute.kind)))),
        }
    }

    fn members(
        &mut self,
        declared: &[Attribute],
        members: Map<String, Value>,
        place: &str,
        separator: char,
    ) -> Result<Map<String, Value>, Fault> {
        let (mut read, mut once) = (Map::new(), Once::default());
        for (name, value) in members {
            let Some(attribute) = attribute::find(declared, &name) else {
                self.ignored.push(format!("{place}{separator}{name}"));
                continue;
            };
            if is_computed_reference(attribute) {
                continue;
            }
            let place = format!("{place}{separator}{}", attribute.name);
            once.give(&attribute.name)?;
            insert(&mut read, &attribute.name, self.value(attribute, value, &place)?);
        }
        Ok(read)
    }
}

/// `$ref` to a resource of ours follows from `value`; a client's copy could only disagree with it.
pub(crate) fn is_computed_reference(attribute: &Attribute) -> bool {
    attribute.name == "$ref" && attribute.reference_types.iter().any(|kind| kind != "external" && kind != "uri")
}

fn insert(read: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        read.insert(name.to_owned(), value);
    }
}

/// That every element of a collection says by its `value` whom it means: one that does not would be left out silently.
///
/// # Errors
/// 400 `invalidValue` naming the attribute.
pub(crate) fn names_its_elements(attribute: &Attribute, value: &Value) -> Result<(), Fault> {
    let has_value = |element: &Value| {
        let mut members = element.as_object().into_iter().flatten();
        members.any(|(name, value)| name.eq_ignore_ascii_case("value") && value.is_string())
    };
    match value.as_array().is_none_or(|elements| elements.iter().all(has_value)) {
        true => Ok(()),
        false => Err(Fault::invalid_value(format!("every element of \"{}\" needs a \"value\"", attribute.name))),
    }
}

fn non_empty(members: Map<String, Value>) -> Option<Value> {
    (!members.is_empty()).then_some(Value::Object(members))
}

/// RFC 7643 §2.3.
fn fits(kind: AttributeType, value: &Value) -> bool {
    match (kind, value) {
        (AttributeType::String | AttributeType::Reference, Value::String(_))
        | (AttributeType::Boolean, Value::Bool(_))
        | (AttributeType::Decimal, Value::Number(_)) => true,
        (AttributeType::Integer, Value::Number(number)) => number.is_i64(),
        (AttributeType::DateTime, Value::String(text)) => instant(text).is_some(),
        (AttributeType::Binary, Value::String(text)) => is_base64(text),
        _ => false,
    }
}

fn expectation(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::String => "a string",
        AttributeType::Reference => "a reference as a string",
        AttributeType::Boolean => "true or false",
        AttributeType::Decimal => "a number",
        AttributeType::Integer => "a whole number of at most 64 bits",
        AttributeType::DateTime => "a date and time such as \"2026-01-31T09:30:00Z\"",
        AttributeType::Binary => "base64 text",
        AttributeType::Complex => "an object",
    }
}

/// RFC 4648 §4 or §5 alphabet with correct padding; nothing is decoded, because values come back as they were sent.
fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    body.bytes().all(alphabet) && padding <= 2 && body.len() % 4 != 1 && (padding == 0 || text.len().is_multiple_of(4))
}
