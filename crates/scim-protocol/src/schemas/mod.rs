//! The schemas of RFC 7643, declared once; validation, patch, filter, projection and `/Schemas` all read them here.

mod enterprise_user;
mod group;
pub mod provider;
mod user;

pub use enterprise_user::enterprise_user;
pub use group::group;
pub use user::user;

use crate::attribute::Attribute;

/// `value`, `display`, `type`, `primary`: the sub-attributes most multi-valued attributes share (RFC 7643 §2.4).
fn plural(value: Attribute, types: &[&str]) -> Vec<Attribute> {
    vec![
        value,
        Attribute::string("display", "A name for people to read."),
        Attribute::string("type", "What the value is for.").values(types),
        Attribute::boolean("primary", "Whether this is the preferred value; true at most once."),
    ]
}
