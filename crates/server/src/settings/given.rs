//! A value as somebody gave it, before it is known to be good.

use std::fmt;

use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeValue};

/// The longest part of a bad value that a message repeats, in characters.
const SHOWN: usize = 60;

/// What a layer gave for one key.
pub(super) enum Given {
    /// Text of an environment variable (or of a built-in default): it becomes what the key needs.
    Loose(String),
    /// A string in the file.
    Text(String),
    /// A whole number in the file, if it is one that fits.
    Whole(String, Option<u32>),
    /// A number with a fraction in the file.
    Fraction(String),
    /// `true` or `false` in the file.
    Flag(bool),
    /// A list of strings in the file.
    List(Vec<String>),
    /// Anything else in the file, named with its article.
    Other(&'static str),
}

impl Given {
    /// The value as text; numbers in a file do not count as text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Loose(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as texts with commas between them; none when one of a list has a comma itself.
    pub(super) fn list(&self) -> Option<String> {
        match self {
            Self::Loose(text) | Self::Text(text) => Some(text.clone()),
            Self::List(texts) if texts.iter().all(|text| !text.contains(',')) => Some(texts.join(",")),
            _ => None,
        }
    }

    /// The value as a whole number; strings in a file do not count as numbers.
    pub(super) fn whole(&self) -> Option<u32> {
        match self {
            Self::Loose(text) => digits(text),
            Self::Whole(_, number) => *number,
            _ => None,
        }
    }

    /// The value as a number; strings in a file do not count as numbers.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Loose(text) | Self::Whole(text, _) | Self::Fraction(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The value as `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Loose(text) => text.parse().ok(),
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }
}

impl From<&DeValue<'_>> for Given {
    fn from(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => whole(number),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Float(number) => Self::Fraction(number.as_str().to_owned()),
            DeValue::Datetime(_) => Self::Other("a date or time"),
            DeValue::Array(list) => texts(list).map_or(Self::Other("a list"), Self::List),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loose(text) | Self::Text(text) => write_quoted(f, text),
            Self::Whole(number, _) => f.write_str(number),
            Self::Fraction(number) => write!(f, "{number}, a number with a fraction"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(_) => f.write_str("a list"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// The strings of a list; none when it holds anything else.
fn texts(list: &DeArray<'_>) -> Option<Vec<String>> {
    let text = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    list.iter().map(text).collect()
}

fn whole(number: &DeInteger<'_>) -> Given {
    let value = u32::from_str_radix(number.as_str(), number.radix()).ok();
    Given::Whole(number.as_str().to_owned(), value)
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Quotes a bad value; a URL with a user name in it may hold a password even where none belongs.
fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.contains("://") && text.contains('@') {
        return f.write_str("a URL with a user name (not shown)");
    }
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => write!(f, "{:?}…", text.get(..end).unwrap_or_default()),
        None => write!(f, "{text:?}"),
    }
}
