//! `{{name}}` in fixtures: the given values of a scenario and what its steps captured.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{response::Response, scenario::Source};

/// Why a template could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// Nobody captured the variable.
    #[error("needs {{{{{0}}}}}, which no earlier step captured")]
    Missing(String),
    /// What came out no longer has the template's shape.
    #[error("the filled-in template cannot be read: {0}")]
    Shape(#[from] serde_json::Error),
}

/// The variables of one scenario.
#[derive(Debug, Clone)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes the base URL (without a slash at its end) and a source of random bytes; gives `run`, `guid1`…`guid9`,
    /// `hex1`…`hex3` and `base_url`.
    pub fn given(base_url: &str, mut random: impl FnMut() -> [u8; 16]) -> Self {
        let mut hex = || format!("{:032x}", u128::from_be_bytes(random()));
        let mut given = BTreeMap::from([("base_url".to_owned(), base_url.to_owned())]);
        given.insert("run".to_owned(), hex().chars().take(8).collect());
        given.extend((1..=3).map(|n| (format!("hex{n}"), hex())));
        let mut guid = || uuid::Builder::from_random_bytes(random()).into_uuid().to_string();
        given.extend((1..=9).map(|n| (format!("guid{n}"), guid())));
        Self(given)
    }

    /// Sets a variable, replacing what it held.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    /// Takes the captures of a step out of its answer. What is not there, null, an array or an object stays uncaptured.
    pub fn capture(&mut self, captures: &BTreeMap<String, Source>, response: &Response) {
        for (name, source) in captures {
            if let Some(value) = captured(source, response) {
                self.set(name, value);
            }
        }
    }

    /// Fills in every text (and member name) of a template.
    ///
    /// # Errors
    /// [`FillError::Missing`] names the first variable that is not set; [`FillError::Shape`] means the result is no
    /// longer a `T`.
    pub fn fill<T: Serialize + DeserializeOwned>(&self, template: &T) -> Result<T, FillError> {
        let filled = self.fill_value(serde_json::to_value(template)?)?;
        Ok(serde_json::from_value(filled)?)
    }

    fn fill_value(&self, value: Value) -> Result<Value, FillError> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill_text(&text)?),
            Value::Array(items) => items.into_iter().map(|item| self.fill_value(item)).collect::<Result<_, _>>()?,
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| Ok((self.fill_text(&name)?, self.fill_value(member)?)))
                .collect::<Result<_, FillError>>()?,
            other => other,
        })
    }

    /// Fills in one text. Braces that do not enclose a name are left as they are.
    ///
    /// # Errors
    /// [`FillError::Missing`] names the first variable that is not set.
    pub fn fill_text(&self, template: &str) -> Result<String, FillError> {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            if let Some((name, remainder)) = after.split_once("}}").filter(|(name, _)| is_name(name)) {
                let value = self.0.get(name).ok_or_else(|| FillError::Missing(name.to_owned()))?;
                filled.push_str(value);
                rest = remainder;
            } else {
                filled.push_str("{{");
                rest = after;
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn captured(source: &Source, response: &Response) -> Option<String> {
    match source {
        Source::Header(name) => response.header(name).map(ToOwned::to_owned),
        Source::Pointer(pointer) => match response.json()?.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            scalar @ (Value::Number(_) | Value::Bool(_)) => Some(scalar.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{FillError, Variables};
    use crate::replay::{response::Response, scenario::Source};

    fn variables() -> Variables {
        let mut next = 0;
        Variables::given("http://host/scim/v2", || {
            next += 1;
            [next; 16]
        })
    }

    #[test]
    fn the_given_variables_have_the_documented_shapes() {
        let variables = variables();
        assert_eq!(variables.fill_text("{{run}}").unwrap(), "01010101");
        assert_eq!(variables.fill_text("{{hex1}}").unwrap(), "02".repeat(16));
        assert_eq!(variables.fill_text("{{hex3}}").unwrap(), "04".repeat(16));
        assert_eq!(variables.fill_text("{{guid1}}").unwrap(), "05050505-0505-4505-8505-050505050505");
        assert_eq!(variables.fill_text("{{guid9}}").unwrap().len(), 36);
        assert_eq!(variables.fill_text("{{base_url}}/Users").unwrap(), "http://host/scim/v2/Users");
    }

    #[test]
    fn texts_and_member_names_are_filled_in_at_any_depth() {
        let template = json!({"a{{run}}": ["x-{{run}}-{{run}}", 1, {"b": "{{run}}"}]});
        let filled = json!({"a01010101": ["x-01010101-01010101", 1, {"b": "01010101"}]});
        assert_eq!(variables().fill(&template).unwrap(), filled);
    }

    #[test]
    fn braces_without_a_name_are_left_alone() {
        for text in ["{{", "{{}}", "{{\"a\": 1}}", "}}{", "{{not a name}}"] {
            assert_eq!(variables().fill_text(text).unwrap(), text);
        }
        assert_eq!(variables().fill_text("{{{{run}}").unwrap(), "{{01010101");
    }

    #[test]
    fn a_variable_nobody_captured_is_named() {
        let error = variables().fill_text("/Users/{{u_id}}").unwrap_err();
        assert!(matches!(&error, FillError::Missing(name) if name == "u_id"));
        assert_eq!(error.to_string(), "needs {{u_id}}, which no earlier step captured");
    }

    #[test]
    fn captures_come_from_the_body_and_the_headers_and_null_is_not_captured() {
        let headers = vec![("location".to_owned(), "http://host/Users/7".to_owned())];
        let response = Response::new(200, headers, r#"{"id": "7", "n": 3, "none": null}"#.to_owned());
        let captures = BTreeMap::from([
            ("id".to_owned(), Source::Pointer("/id".into())),
            ("n".to_owned(), Source::Pointer("/n".into())),
            ("at".to_owned(), Source::Header("Location".into())),
            ("none".to_owned(), Source::Pointer("/none".into())),
        ]);
        let mut variables = variables();
        variables.capture(&captures, &response);
        assert_eq!(variables.fill_text("{{id}} {{n}} {{at}}").unwrap(), "7 3 http://host/Users/7");
        assert!(variables.fill_text("{{none}}").is_err());
    }
}
