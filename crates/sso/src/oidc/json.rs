//! JSON of others: within a size, and every name once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::JsonFault;

/// An object in the order of its members.
///
/// A name that is given twice is refused at any depth: of two parties one would read the first, the other the last
/// (RFC 8259 §4, RFC 7519 §4).
pub(super) fn object(text: &[u8], limit: usize) -> Result<Map<String, Value>, JsonFault> {
    if text.len() > limit {
        return Err(JsonFault::TooLarge { limit });
    }
    match serde_json::from_slice(text) {
        Ok(Unambiguous(Value::Object(members))) => Ok(members),
        Ok(_) => Err(JsonFault::NotAnObject),
        Err(error) => Err(fault(&error)),
    }
}

/// The parser's own words stay out of it, because they may quote a person's claims.
fn fault(error: &serde_json::Error) -> JsonFault {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        // Everything that is JSON is a value, so the one thing to find in it is a repetition.
        Category::Data => JsonFault::RepeatedName { line, column },
        Category::Io | Category::Syntax | Category::Eof => JsonFault::Malformed { line, column },
    }
}

/// The text of a member that is text.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unambiguous(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is given twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_keep_their_order_and_values() {
        let text = br#"{"z":1,"a":[-1,0.5,true,null,"x"],"m":{"y":18446744073709551615}}"#;
        let members = object(text, 100).unwrap();
        assert_eq!(members.keys().collect::<Vec<_>>(), ["z", "a", "m"]);
        let expected = json!({"z": 1, "a": [-1, 0.5, true, null, "x"], "m": {"y": 18_446_744_073_709_551_615_u64}});
        assert_eq!(Value::Object(members), expected);
    }

    #[test]
    fn what_is_ambiguous_or_no_object_is_refused() {
        for (text, code) in [
            (r#"{"a":1,"a":1}"#, "repeated_name"),
            (r#"{"a":[{"b":1,"c":2,"b":3}]}"#, "repeated_name"),
            (r#"{"a":1,"\u0061":2}"#, "repeated_name"),
            (r#"{"a":1}{"#, "malformed_json"),
            (r#"{"a":1e999}"#, "malformed_json"),
            ("{'a':1}", "malformed_json"),
            ("{\"a\":\"\u{1}\"}", "malformed_json"),
            ("\u{feff}{}", "malformed_json"),
            ("", "malformed_json"),
            ("[]", "not_an_object"),
            ("null", "not_an_object"),
        ] {
            assert_eq!(object(text.as_bytes(), 100).unwrap_err().code(), code, "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}", 100).unwrap_err().code(), "malformed_json");
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(object(deep.as_bytes(), 1000).unwrap_err().code(), "malformed_json");
        assert_eq!(object(b"{ }", 2), Err(JsonFault::TooLarge { limit: 2 }));
    }
}
