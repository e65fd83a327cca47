//! Names and values as queries and forms carry them (application/x-www-form-urlencoded).

use url::form_urlencoded::{Serializer, parse};

use super::OidcFault;

/// What came in a query or a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn read(text: &str) -> Self {
        Self(parse(text.as_bytes()).into_owned().collect())
    }

    /// The value of a name. Of two values somebody else may read the other one (RFC 6749 §3.1).
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&str>, OidcFault> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(OidcFault::Repeated { what: name }),
        }
    }
}

/// Writes a form.
pub(super) fn write<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// One value as a form has it.
pub(super) fn escape(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
