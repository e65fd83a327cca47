//! Resource versions as entity tags (RFC 7644 §3.14, RFC 9110 §8.8.3, §13.1).

use std::fmt;

/// The version of a stored resource, and what else the answer shows that can change without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    version: i64,
    /// A digest of computed values in the answer, such as a user's groups (decisions.md 9).
    computed: Option<String>,
}

impl ETag {
    pub fn version(version: i64) -> Self {
        Self { version, computed: None }
    }

    #[must_use]
    pub fn covering(self, computed: String) -> Self {
        Self { computed: Some(computed), ..self }
    }

    /// Reads `W/"7"` or `W/"7-c0ffee"`, weak or strong.
    fn parse(text: &str) -> Option<Self> {
        let quoted = text.trim();
        let quoted = quoted.strip_prefix("W/").unwrap_or(quoted);
        let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
        let (version, computed) = match inner.split_once('-') {
            None => (inner, None),
            Some((version, computed)) => (version, Some(computed.to_owned())),
        };
        Some(Self { version: version.parse().ok().filter(|number: &i64| number.to_string() == version)?, computed })
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.computed {
            None => write!(f, "W/\"{}\"", self.version),
            Some(computed) => write!(f, "W/\"{}-{computed}\"", self.version),
        }
    }
}

/// `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    Any,
    /// Tags that cannot be ours match nothing and are not kept.
    OneOf(Vec<ETag>),
}

impl Precondition {
    pub fn parse(header: &str) -> Self {
        match header.trim() {
            "*" => Self::Any,
            list => Self::OneOf(list.split(',').filter_map(ETag::parse).collect()),
        }
    }

    /// Whether a write may go ahead: what is computed is not the client's to write, so the version alone counts.
    pub fn allows_write(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag.version == version),
        }
    }

    /// Whether a read may answer 304: only when the very same answer was seen.
    pub fn has(&self, tag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.contains(tag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_lists_are_read() {
        let header = Precondition::parse(r#""3", W/"7-ab" , "x""#);
        assert!(header.allows_write(3) && header.allows_write(7) && !header.allows_write(4));
        assert!(header.has(&ETag::version(7).covering("ab".to_owned())));
        assert!(!header.has(&ETag::version(7)) && !header.has(&ETag::version(7).covering("cd".to_owned())));
        assert!(Precondition::parse("*").allows_write(1));
        for foreign in ["W/\"nonsense\"", "\"+1\"", "\"01\"", "1"] {
            assert!(!Precondition::parse(foreign).allows_write(1), "{foreign}");
        }
    }
}
