//! What a form or the query of an address holds.

use url::form_urlencoded;

/// Names and values as they were sent, in order. A name may come more than once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// What was read in another encoding.
    pub fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The first value of that name, without spaces around it; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.exact(name).trim()
    }

    /// The first value of that name as it was typed, for passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The first value of that name that is not empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// All values of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box of that name was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All names and values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The form as it is sent, without these fields.
    pub fn print_without(&self, dropped: &[&str]) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(self.0.iter().filter(|(name, _)| !dropped.contains(&name.as_str())));
        text.finish()
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be passwords.
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_gives_what_was_typed_and_prints_what_is_to_be_kept() {
        let form = Form::parse("csrf=x&name=+Ana+Kova%C4%8D+&tick=on&many=1&many=2".as_bytes());
        assert_eq!((form.text("name"), form.exact("name")), ("Ana Kovač", " Ana Kovač "));
        assert_eq!((form.given("nothing"), form.text("nothing")), (None, ""));
        assert!(form.is_ticked("tick") && !form.is_ticked("tock"));
        assert_eq!(form.all("many").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(Form::parse(form.print_without(&["csrf"]).as_bytes()).fields().count(), 4);
        assert!(!format!("{form:?}").contains("Ana"));
    }
}
