//! Facts about what was taken away as a file, or came as one.

use serde_json::json;

use super::{Fact, Subject, What};
use crate::archive::Head;

impl Fact {
    /// `list`: what was taken, such as `people`. `format`: the ending of the file. `asked`: what the list was narrowed to, as
    /// in the query of its address.
    pub fn exported(list: &str, format: &str, asked: &str) -> Self {
        let payload = json!({"after": {"list": list, "format": format, "asked": asked}});
        Self { what: What::Exported, subject: Subject::Tenant, payload }
    }

    /// The tenant came from an archive.
    pub fn imported(head: &Head) -> Self {
        let payload = json!({"after": {"slug": head.tenant, "exported": head.exported}});
        Self { what: What::Imported, subject: Subject::Tenant, payload }
    }
}
