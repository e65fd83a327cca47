//! A schema is data: an id, a name and attributes (RFC 7643 §7).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::attribute::{self, Attribute, Mutability, Returned};

/// A schema in the form `/Schemas` shows and an operator may declare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The top-level attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        attribute::find(&self.attributes, name)
    }

    /// Whether `urn` names this schema; URNs are compared without case (RFC 8141 §3.1, RFC 7643 §2.1).
    pub fn is(&self, urn: &str) -> bool {
        self.id.eq_ignore_ascii_case(urn)
    }
}

/// The attributes every resource has (RFC 7643 §3.1); they are not listed in `/Schemas`.
pub fn common() -> &'static [Attribute] {
    static COMMON: LazyLock<Vec<Attribute>> = LazyLock::new(|| {
        let read_only = |attribute: Attribute| attribute.mutability(Mutability::ReadOnly);
        vec![
            read_only(
                Attribute::reference("schemas", &["uri"], "The schemas in use.").multi().returned(Returned::Always),
            ),
            read_only(
                Attribute::string("id", "The provider's identifier.").case_exact().unique().returned(Returned::Always),
            ),
            Attribute::string("externalId", "The client's identifier.").case_exact(),
            read_only(Attribute::complex(
                "meta",
                "What the provider knows about the resource.",
                vec![
                    read_only(Attribute::string("resourceType", "The resource type.").case_exact()),
                    read_only(Attribute::date_time("created", "When it was created.")),
                    read_only(Attribute::date_time("lastModified", "When it was last changed.")),
                    read_only(Attribute::reference("location", &["uri"], "Its address.")),
                    read_only(Attribute::string("version", "Its version, as in the ETag header.").case_exact()),
                ],
            )),
        ]
    });
    &COMMON
}
