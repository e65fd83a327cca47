//! Attribute paths (RFC 7644 §3.10) and PATCH paths (§3.5.2).

use std::fmt;

use crate::Fault;
use crate::filter::{self, Filter};

/// `attrPath` of RFC 7644 §3.4.2.2: an optional schema URN, a name and an optional sub-attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    pub urn: Option<String>,
    pub name: String,
    pub sub: Option<String>,
}

impl AttrPath {
    /// A core attribute by its bare name.
    pub fn name(name: &str) -> Self {
        Self { urn: None, name: name.to_owned(), sub: None }
    }

    /// Reads an attribute path. The last colon ends the URN, because a URN may hold dots (`core:2.0:User`).
    ///
    /// # Errors
    /// 400 `invalidPath` with what is wrong with the name.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) => (Some(urn.to_owned()), rest),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if let Some(bad) = [Some(name), sub].into_iter().flatten().find(|part| !is_attribute_name(part)) {
            return Err(Fault::invalid_path(format!("\"{text}\" is not an attribute path: \"{bad}\" is not a name")));
        }
        if urn.as_deref().is_some_and(|urn| !is_urn(urn)) {
            return Err(Fault::invalid_path(format!("\"{text}\" is not an attribute path: the URN is malformed")));
        }
        Ok(Self { urn, name: name.to_owned(), sub: sub.map(ToOwned::to_owned) })
    }
}

/// `ATTRNAME` of RFC 7643 §2.1, and `$ref`.
fn is_attribute_name(text: &str) -> bool {
    let body = text.strip_prefix('$').unwrap_or(text);
    body.starts_with(|first: char| first.is_ascii_alphabetic())
        && body.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '_'))
}

fn is_urn(text: &str) -> bool {
    let allowed = |each: char| each.is_ascii_alphanumeric() || matches!(each, ':' | '.' | '-' | '_' | '/' | '+' | '%');
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.contains(':') && text.chars().all(allowed)
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

/// `PATH` of RFC 7644 §3.5.2: an attribute path, or a value path with an optional sub-attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Names no sub-attribute when there is a filter.
    pub attribute: AttrPath,
    /// Which elements of the attribute are meant.
    pub filter: Option<Filter>,
    /// The sub-attribute after the bracket; without a filter it is in `attribute`.
    pub sub: Option<String>,
}

impl Path {
    /// Reads the `path` of a PATCH operation.
    ///
    /// # Errors
    /// 400 `invalidPath` when it is not a path, 400 `invalidFilter` when the part in brackets is not a filter.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let Some((head, rest)) = text.split_once('[') else {
            return Ok(Self { attribute: AttrPath::parse(text)?, filter: None, sub: None });
        };
        let attribute = AttrPath::parse(head.trim_end())?;
        if attribute.sub.is_some() {
            return Err(Fault::invalid_path(format!(
                "\"{text}\": a filter stands behind the attribute, before its sub-attribute"
            )));
        }
        let Some((inside, tail)) = rest.rsplit_once(']') else {
            return Err(Fault::invalid_path(format!("\"{text}\" has no closing bracket")));
        };
        let sub = match tail {
            "" => None,
            _ => Some(tail.strip_prefix('.').filter(|sub| is_attribute_name(sub)).ok_or_else(|| {
                Fault::invalid_path(format!("\"{text}\": a sub-attribute was expected after the bracket"))
            })?),
        };
        let filter = filter::parse(inside).map_err(|fault| fault.at(&format!("path \"{text}\"")))?;
        Ok(Self { attribute, filter: Some(filter), sub: sub.map(ToOwned::to_owned) })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_real_clients_print_as_they_were_read() {
        for text in [
            "userName",
            "name.givenName",
            "members.$ref",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "emails[type eq \"work\"].value",
            "members[value eq \"x\"]",
            "emails[type eq \"a]b\"].value",
        ] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            " ",
            "a b",
            "1a",
            "name.",
            ".x",
            "a.b.c",
            "emails[",
            "emails[type eq]",
            "emails[type pr]value",
            "emails.value[type pr]",
            ":x",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }
}
