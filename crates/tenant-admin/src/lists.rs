//! What pages with lists are put together from, and the addresses that their links lead to.

use askama::Template;
use askama::filters::HtmlSafe;
use domain::detail::Difference;
use domain::ops::Counted;
use url::form_urlencoded;

use crate::parts::{Icon, Tone};
use crate::text::attributes;

/// An address with the parts of its query that are not empty.
pub fn address<'p>(path: &str, query: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query.into_iter().filter(|(_, value)| !value.is_empty()));
    match text.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// A whole number with its thousands apart: 12,345.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many there are, in figures.
pub fn counted(counted: Counted) -> String {
    match counted {
        Counted::Exactly(count) => number(count),
        Counted::MoreThan(count) => format!("{}+", number(count)),
    }
}

/// A number and its noun: "1 person", "12 people".
pub fn several(count: u64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{} {many}", number(count)),
    }
}

/// A text cut where a browser may break the line: before the @ of an address.
pub fn pieces(text: &str) -> Vec<String> {
    match text.find('@') {
        Some(place) if place > 0 => {
            let (name, home) = text.split_at(place);
            vec![name.to_owned(), home.to_owned()]
        }
        _ => vec![text.to_owned()],
    }
}

/// A choice of what is shown.
#[derive(Clone, Debug)]
pub struct Chip {
    pub word: &'static str,
    pub count: Option<String>,
    pub href: String,
    pub is_current: bool,
}

#[derive(Clone, Debug, Template)]
#[template(path = "parts/chips.html")]
pub struct Chips {
    /// What is chosen, for those who hear the page.
    pub label: &'static str,
    pub chips: Vec<Chip>,
}

impl HtmlSafe for Chips {}

/// What is below a list.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/pager.html")]
pub struct Pager {
    pub told: String,
    /// A word, and its address where there is one.
    pub back: (&'static str, Option<String>),
    pub onward: (&'static str, Option<String>),
}

impl HtmlSafe for Pager {}

impl Pager {
    fn leads_on(&self) -> bool {
        self.back.1.is_some() || self.onward.1.is_some()
    }

    fn steps(&self) -> Vec<(&'static str, Option<&str>)> {
        [&self.back, &self.onward].into_iter().map(|(word, href)| (*word, href.as_deref())).collect()
    }
}

/// What stands in the place of a list that is empty.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/empty.html")]
pub struct Empty {
    pub title: String,
    pub text: String,
    /// The next step: its address and word.
    pub step: Option<(String, &'static str)>,
}

impl HtmlSafe for Empty {}

/// A line about a list: how far was searched, what is missing.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/note.html")]
pub struct Note {
    pub tone: Tone,
    pub icon: Icon,
    pub text: String,
    pub step: Option<(String, &'static str)>,
}

impl HtmlSafe for Note {}

impl Note {
    pub fn new(tone: Tone, icon: Icon, text: impl Into<String>) -> Self {
        Self { tone, icon, text: text.into(), step: None }
    }

    #[must_use]
    pub fn step(self, href: String, word: &'static str) -> Self {
        Self { step: Some((href, word)), ..self }
    }
}

/// One value before and after.
#[derive(Clone, Debug)]
pub struct ChangedValue {
    pub label: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub is_code: bool,
}

/// What changed, value by value.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/changes.html")]
pub struct Changes {
    pub values: Vec<ChangedValue>,
    /// How many more there are.
    pub more: usize,
}

impl HtmlSafe for Changes {}

/// Values that one table shows.
const MOST_CHANGES: usize = 50;

impl Changes {
    pub fn of(differences: Vec<Difference>) -> Self {
        let more = differences.len().saturating_sub(MOST_CHANGES);
        let value = |it: Difference| ChangedValue {
            label: attributes::label(&it.path, it.kind.as_deref()),
            before: it.before.as_ref().map(attributes::value),
            after: it.after.as_ref().map(attributes::value),
            is_code: attributes::is_code(&it.path),
        };
        Self { values: differences.into_iter().take(MOST_CHANGES).map(value).collect(), more }
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_people_read_them() {
        assert_eq!([0, 999, 1_000, 12_345, 1_234_567].map(number), ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(several(1, "person", "people"), "1 person");
        assert_eq!(counted(Counted::MoreThan(1_000)), "1,000+");
    }

    #[test]
    fn an_address_holds_what_was_asked_for_and_nothing_else() {
        assert_eq!(address("/a", [("q", ""), ("x", "")]), "/a");
        assert_eq!(address("/a", [("q", "Kovač & Co"), ("state", "")]), "/a?q=Kova%C4%8D+%26+Co");
    }
}
