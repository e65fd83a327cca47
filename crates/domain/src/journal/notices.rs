//! Facts about what people were told by mail.

use serde_json::json;

use super::{Fact, Subject, What};
use crate::notice::Telling;

impl Fact {
    /// `addresses`: to how many. Which ones is among the tenant's settings.
    pub fn notified(telling: Telling, addresses: u64) -> Self {
        let of = match telling {
            Telling::Trouble(reason) => reason.key(),
            Telling::Well => "well".to_owned(),
        };
        let payload = json!({"after": {"of": of, "addresses": addresses}});
        Self { what: What::Notified, subject: Subject::Tenant, payload }
    }
}
