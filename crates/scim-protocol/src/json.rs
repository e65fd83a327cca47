//! Reading JSON strictly: what `serde_json` alone would let pass silently is refused here.
//!
//! Duplicate member names (decisions.md 13), the NUL character (no database text column can hold it), numbers out of
//! range, nesting beyond `serde_json`'s limit of 128, and more values than a request can mean all become a [`Fault`]: a
//! value takes twenty times the memory of its text.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::Fault;

/// How many values a document may hold, each number, text, list and object counted: enough for the largest group that fits
/// into the largest body.
pub const MAX_VALUES: usize = 500_000;

/// Reads one JSON document.
///
/// # Errors
/// 413 when it holds more than [`MAX_VALUES`];
/// 400 `invalidSyntax` when the bytes are not JSON, nest too deep, hold a number out of range or name a member twice;
/// 400 `invalidValue` when a string holds the NUL character.
pub fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(MAX_VALUES);
    let value = Strict { left: &left }.deserialize(&mut reader).map_err(|error| describe(&error))?;
    reader.end().map_err(|error| describe(&error))?;
    Ok(value)
}

const NUL: &str = "a string holds the NUL character (\\u0000), which cannot be stored";

const MANY: &str = "the body holds too many values";

fn describe(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    if text.starts_with(NUL) {
        return Fault::invalid_value(text);
    }
    if text.starts_with(MANY) {
        return Fault::plain(413, format!("{text}; at most {MAX_VALUES} are read"));
    }
    Fault::invalid_syntax(format!("the body is not acceptable JSON: {text}"))
}

#[derive(Clone, Copy)]
struct Strict<'l> {
    /// Values that may still come.
    left: &'l Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| de::Error::custom(MANY))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

fn text<E: de::Error>(text: &str) -> Result<String, E> {
    if text.contains('\0') {
        return Err(E::custom(NUL));
    }
    Ok(text.to_owned())
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        text(value).map(Value::String)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let name = text::<A::Error>(&name)?;
            if members.contains_key(&name) {
                return Err(de::Error::custom(format!("the member \"{name}\" is given twice")));
            }
            members.insert(name, map.next_value_seed(self)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScimType;

    #[test]
    fn plain_documents_are_read_as_they_stand() {
        let value = parse(br#"{"b":1,"a":[true,null,"x",1.5]}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"b":1,"a":[true,null,"x",1.5]}"#);
    }

    #[test]
    fn what_serde_json_would_let_pass_is_refused() {
        for bad in [r#"{"a":1,"a":2}"#, r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#, r#"{"a":1} x"#, "{\"userName\": tru", ""]
        {
            let fault = parse(bad.as_bytes()).unwrap_err();
            assert_eq!((fault.status, fault.scim_type), (400, Some(ScimType::InvalidSyntax)), "{bad}");
        }
        assert_eq!(parse(br#"{"a":"x\u0000"}"#).unwrap_err().scim_type, Some(ScimType::InvalidValue));
        assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap_err().scim_type, Some(ScimType::InvalidSyntax));
    }

    #[test]
    fn values_are_counted_while_they_are_read() {
        let zeros = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(parse(zeros(MAX_VALUES - 1).as_bytes()).is_ok());
        assert_eq!(parse(zeros(MAX_VALUES).as_bytes()).unwrap_err().status, 413);
        let objects = format!("[{}{{}}]", "{\"a\":[]},".repeat(MAX_VALUES / 2));
        assert_eq!(parse(objects.as_bytes()).unwrap_err().status, 413);
    }

    #[test]
    fn a_thousand_nested_arrays_are_refused_without_a_deep_stack() {
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(parse(deep.as_bytes()).unwrap_err().scim_type, Some(ScimType::InvalidSyntax));
    }
}
