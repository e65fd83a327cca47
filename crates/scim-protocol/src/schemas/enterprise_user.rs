//! RFC 7643 §4.3 and §8.7.1.

use crate::attribute::{Attribute, Mutability};
use crate::schema::Schema;
use crate::urn;

/// The enterprise extension of User.
pub fn enterprise_user() -> Schema {
    Schema {
        id: urn::ENTERPRISE_USER.to_owned(),
        name: "EnterpriseUser".to_owned(),
        description: "Enterprise User".to_owned(),
        attributes: vec![
            Attribute::string("employeeNumber", "The number the organisation knows the person by."),
            Attribute::string("costCenter", "The cost centre."),
            Attribute::string("organization", "The organisation."),
            Attribute::string("division", "The division."),
            Attribute::string("department", "The department."),
            Attribute::complex(
                "manager",
                "The person's manager.",
                vec![
                    Attribute::string("value", "The manager's id.").case_exact(),
                    Attribute::reference("$ref", &["User"], "The manager's address."),
                    Attribute::string("displayName", "The manager's name.").mutability(Mutability::ReadOnly),
                ],
            ),
        ],
    }
}
