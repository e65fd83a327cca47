//! The reference table: one row for each key that exists. It feeds the checks, the messages and the documentation.

use config::ValueKind;

use super::given::Given;
use super::{
    branding, database, dns, http, keys, limits, mail, metrics, redis, retention, roles, scim, sso, telemetry, tenancy,
    top,
};

/// Every section, in the order of the documentation; the first has no name and holds the top-level keys.
pub static SECTIONS: &[Section] = &[
    top::SECTION,
    http::SECTION,
    database::SECTION,
    redis::SECTION,
    limits::SECTION,
    tenancy::SECTION,
    branding::SECTION,
    roles::SECTION,
    scim::SECTION,
    keys::SECTION,
    retention::SECTION,
    mail::SECTION,
    sso::SECTION,
    dns::SECTION,
    telemetry::SECTION,
    metrics::SECTION,
];

/// A group of keys: a `[table]` of the settings file.
#[derive(Debug)]
pub struct Section {
    /// The name of the table; empty for the keys before the first table.
    pub name: &'static str,
    /// What the section is about, in Markdown.
    pub meaning: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// One key that can be set.
#[derive(Debug)]
pub struct Key {
    /// The full dotted name, such as `http.port`.
    pub name: &'static str,
    /// Which values it takes.
    pub kind: Kind,
    /// What holds when nobody sets it.
    pub fallback: Fallback,
    /// What it does, in Markdown.
    pub meaning: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
}

/// Which values a key takes.
#[derive(Debug)]
pub enum Kind {
    /// A whole number between two bounds, both allowed.
    Whole {
        /// The smallest allowed value.
        min: u32,
        /// The largest allowed value; `u32::MAX` reads as "no limit".
        max: u32,
    },
    /// A number from 0 to 1.
    Share,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Texts that pass a check together: a list in the file, with commas between them elsewhere. None has a comma.
    List {
        /// What passes, worded to follow "expected".
        expected: &'static str,
        /// The check of all of them with commas between.
        accepts: fn(&str) -> bool,
    },
    /// Text that passes a check.
    Text {
        /// What passes, worded to follow "expected".
        expected: &'static str,
        /// The check.
        accepts: fn(&str) -> bool,
    },
}

/// What holds when a key is not set.
#[derive(Debug, Clone, Copy)]
pub enum Fallback {
    /// This value, written as in an environment variable.
    Value(&'static str),
    /// Something worked out at the start, described in Markdown.
    Derived(&'static str),
    /// Nothing; the feature is off or has its own default, described in Markdown.
    Nothing(&'static str),
}

impl Key {
    /// The environment variable that sets this key, such as `ROLLCALL__HTTP__PORT`.
    pub fn env(&self) -> String {
        format!("ROLLCALL__{}", self.name.to_uppercase().replace('.', "__"))
    }
}

impl Kind {
    /// What a good value looks like, worded to follow "expected".
    pub fn expected(&self) -> String {
        match self {
            Self::Whole { min, max: u32::MAX } => format!("a whole number, at least {min}"),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Share => "a number from 0 to 1, such as 0.1".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::List { expected, .. } | Self::Text { expected, .. } => (*expected).to_owned(),
        }
    }

    /// Reads what was given; `None` when it is not what this key takes.
    pub(super) fn read(&self, given: &Given) -> Option<ValueKind> {
        match self {
            Self::Whole { min, max } => {
                given.whole().filter(|number| (*min..=*max).contains(number)).map(|number| i64::from(number).into())
            }
            Self::Share => given.number().filter(|number| (0.0..=1.0).contains(number)).map(ValueKind::from),
            Self::Flag => given.flag().map(ValueKind::from),
            Self::OneOf(words) => given.text().filter(|text| words.contains(text)).map(ValueKind::from),
            Self::List { accepts, .. } => given.list().filter(|text| accepts(text)).map(ValueKind::from),
            Self::Text { accepts, .. } => given.text().filter(|text| accepts(text)).map(ValueKind::from),
        }
    }
}

/// Every key there is, in the order of the documentation.
pub fn all_keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// The key with this dotted name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    all_keys().find(|key| key.name == name)
}

/// The section with this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| !name.is_empty() && section.name == name)
}
