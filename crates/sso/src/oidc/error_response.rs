//! An error in a provider's own words (RFC 6749 §4.1.2.1 and §5.2).

use std::fmt;

use crate::fault::{one_line, quoted};

/// Entra needs five hundred characters until it comes to the ids that its support asks for.
const LONGEST_DESCRIPTION: usize = 1000;

/// What a provider answers instead of a code or tokens. Everything in it is the provider's, made fit for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The code of a standard, such as `access_denied`.
    pub error: String,
    pub description: Option<String>,
}

impl ErrorResponse {
    pub(super) fn new(error: &str, description: Option<&str>) -> Self {
        let line = |text| one_line(text, LONGEST_DESCRIPTION);
        Self { error: quoted(error), description: description.map(line).filter(|text| !text.is_empty()) }
    }

    /// The number that Entra begins its descriptions with, such as `AADSTS50105`; its documentation explains each.
    pub fn entra_code(&self) -> Option<&str> {
        const PREFIX: &str = "AADSTS";
        let text = self.description.as_deref()?;
        let digits = text.strip_prefix(PREFIX)?.bytes().take_while(u8::is_ascii_digit).count();
        text.get(..PREFIX.len() + digits).filter(|_| digits > 0)
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(f, "{}, {description}", self.error),
            None => f.write_str(&self.error),
        }
    }
}
