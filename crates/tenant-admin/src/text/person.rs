//! What the page of a person or group says.

use domain::timestamp::Timestamp;

use crate::when;

pub const MANAGED: &str = "Managed by your identity provider";
pub const MANAGED_PERSON: &str =
    "Change this person there, in Entra for example. What is changed there arrives here with the next cycle.";
pub const MANAGED_GROUP: &str = "Change this group and who is in it there, in Entra for example. What is changed there arrives here with the next cycle.";

pub const ERASED: &str = "Erased";
pub const ERASED_PERSON: &str =
    "What was known of this person was erased for good. That there were changes is still told.";
pub const ERASED_GROUP: &str =
    "What was known of this group was erased for good. That there were changes is still told.";

pub fn gone(at: Timestamp) -> String {
    format!("Deleted on {}", when::day(at))
}

pub const GONE: &str =
    "Below is what was known at the end. If the identity provider sends the account again, it gets a new page.";

/// What a page shows that does not show what is now.
pub fn as_of(at: Timestamp) -> String {
    format!("Attributes as of {}.", when::exact(at))
}

pub const SHOW_NOW: &str = "Show what is now";
pub const NOT_YET: &str = "There was nothing yet at that moment.";
pub const NOT_ANY_MORE: &str = "It was deleted at that moment already.";
pub const WAS_ERASED: &str = "What was known at that moment was erased.";
pub const TOO_MANY: &str =
    "So much has happened to this group that the moment cannot be told here. The history below goes back to it.";
pub const BAD_MOMENT: &str = "That is no date and time. Type it like 2026-11-24T14:03, in UTC.";
