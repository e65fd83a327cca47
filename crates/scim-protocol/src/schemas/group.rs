//! RFC 7643 §4.2 and §8.7.1.

use crate::attribute::{Attribute, Mutability};
use crate::schema::Schema;
use crate::urn;

/// The core Group schema. `displayName` is required, as RFC 7643 §4.2 says (its §8.7.1 says otherwise).
pub fn group() -> Schema {
    let immutable = |attribute: Attribute| attribute.mutability(Mutability::Immutable);
    Schema {
        id: urn::GROUP.to_owned(),
        name: "Group".to_owned(),
        description: "Group".to_owned(),
        attributes: vec![
            Attribute::string("displayName", "The group's name.").required(),
            Attribute::complex(
                "members",
                "The members of the group.",
                vec![
                    immutable(Attribute::string("value", "The member's id.").case_exact()),
                    immutable(Attribute::reference("$ref", &["User", "Group"], "The member's address.")),
                    immutable(Attribute::string("type", "What the member is.").values(&["User", "Group"])),
                ],
            )
            .multi(),
        ],
    }
}
