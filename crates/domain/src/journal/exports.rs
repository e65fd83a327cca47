//! Facts about what was taken away as a file.

use serde_json::json;

use super::{Fact, Subject, What};

impl Fact {
    /// `list`: what was taken, such as `people`. `format`: the ending of the file. `asked`: what the list was narrowed to, as
    /// in the query of its address.
    pub fn exported(list: &str, format: &str, asked: &str) -> Self {
        let payload = json!({"after": {"list": list, "format": format, "asked": asked}});
        Self { what: What::Exported, subject: Subject::Tenant, payload }
    }
}
