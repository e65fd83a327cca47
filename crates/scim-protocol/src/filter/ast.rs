//! A filter as it was written.

use serde_json::Number;

use crate::path::AttrPath;

/// Comparison operators; `pr` stands apart because it takes no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// The operator of that name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, text)| text.eq_ignore_ascii_case(name)).map(|(operator, _)| operator)
    }

    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(operator, _)| *operator == self).map_or("", |(_, text)| text)
    }
}

/// `compValue`: a JSON literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(String),
    Number(Number),
    Bool(bool),
    Null,
}

/// The tree of a filter. `And` and `Or` hold two or more terms; a value path with a comparison behind its bracket
/// (`emails[type eq "work"].value eq "x"`, which Entra sends) is read as `emails[type eq "work" and value eq "x"]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    Compare {
        path: AttrPath,
        operator: Operator,
        value: Literal,
    },
    Present(AttrPath),
    /// One element of a multi-valued attribute satisfies the whole inner filter.
    Element {
        path: AttrPath,
        filter: Box<Filter>,
    },
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

impl Eq for Filter {}
