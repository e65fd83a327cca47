//! Keeps the bearer token out of everything that is shown.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Replaces the token wherever a server repeats it.
pub(super) struct Mask(SecretString);

impl Mask {
    pub(super) fn new(token: &SecretString) -> Self {
        Self(token.clone())
    }

    /// The text with every occurrence of the token replaced by `[token]`.
    pub(super) fn hide(&self, text: &str) -> String {
        let token = self.0.expose_secret();
        if token.is_empty() {
            return text.to_owned();
        }
        text.replace(token, "[token]")
    }

    /// The same for every string and member name of a JSON value.
    pub(super) fn hide_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.hide(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.hide_json(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, member)| (self.hide(&name), self.hide_json(member))).collect()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Mask;
    use crate::replay::response::Response;

    #[test]
    fn a_repeated_token_is_hidden() {
        let mask = Mask::new(&"s3cret".into());
        assert_eq!(mask.hide("Bearer s3cret, s3cret"), "Bearer [token], [token]");
    }

    #[test]
    fn a_token_that_json_escapes_is_hidden_as_well() {
        let response = Response::new(200, vec![], r#"{"a": ["x s3\u002Bcr\/et"], "s3+cr\/et": 1}"#.to_owned());
        let response = response.masked(&Mask::new(&"s3+cr/et".into()));
        assert_eq!(response.json().unwrap(), &json!({"a": ["x [token]"], "[token]": 1}));
    }
}
