//! [`Filter`] → text that parses to the same tree.

use std::fmt::{self, Display, Formatter};

use super::ast::{Filter, Literal};

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { path, operator, value } => write!(f, "{path} {} {value}", operator.as_str()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Element { path, filter } => write!(f, "{path}[{filter}]"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(terms) => joined(f, terms, " and ", |term| matches!(term, Self::And(_) | Self::Or(_))),
            Self::Or(terms) => joined(f, terms, " or ", |term| matches!(term, Self::Or(_))),
        }
    }
}

fn joined(f: &mut Formatter<'_>, terms: &[Filter], word: &str, grouped: fn(&Filter) -> bool) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if grouped(term) {
            write!(f, "({term})")?;
        } else {
            write!(f, "{term}")?;
        }
    }
    Ok(())
}
