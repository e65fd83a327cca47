//! What the pages about the connection say.

mod banner;

use domain::health::{Rotation, Slot};
use domain::who::Who;

use crate::lists::several;

pub use banner::{Hrefs, banner, bare, job_sentence, pill, seconds};

pub const TITLE: &str = "User provisioning";
pub const TURN_OFF: &str = "Turn off user provisioning";
pub const DISABLE: &str = "Disable everybody";
pub const NEW_TOKEN: &str = "New token";
pub const NEW_CLIENT: &str = "New OAuth client";
pub const NEW_SECRET: &str = "New client secret";
pub const REVOKE_TOKEN: &str = "Revoke token";
pub const REVOKE_CLIENT: &str = "Revoke OAuth client";
pub const REVOKE_SECRET: &str = "Revoke client secret";
pub const CONFLICT: &str = "Somebody else saved first";
pub const SHOWN_ALREADY: &str = "Created already";

/// Above this many people, the tenant's name is to be typed before everybody is affected.
pub const MANY: u64 = 25;

/// Whoever did something, as a page calls them.
pub fn who(who: &Who, vendor: &str) -> String {
    match (who.kind.as_str(), who.name.as_deref().filter(|name| !name.is_empty())) {
        ("setup_link", Some(label)) => format!("setup link {label}"),
        (_, Some(name)) => name.to_owned(),
        ("setup_link", None) => "a setup link".to_owned(),
        ("operator", None) => format!("{vendor} support"),
        _ => vendor.to_owned(),
    }
}

pub fn people(count: u64) -> String {
    several(count, "person", "people")
}

pub fn label(label: &str) -> String {
    if label.is_empty() { "Without a label".to_owned() } else { label.to_owned() }
}

/// The old and the new one within a sentence: by their labels, or by their ends where these do not tell them apart.
pub fn both(rotation: &Rotation) -> [String; 2] {
    let Rotation { old, new, .. } = rotation;
    let noun = if new.is_of_client { "secret" } else { "token" };
    [old, new].map(|slot| match slot.label.is_empty() || old.label == new.label {
        true => format!("the {noun} {}", ending(slot)),
        false => quoted(&slot.label),
    })
}

/// "…4f1b", in one piece.
pub fn ending(slot: &Slot) -> String {
    format!("…\u{2060}{}", slot.last_four)
}

/// A label within a sentence.
pub fn quoted(label: &str) -> String {
    if label.is_empty() { "the one without a label".to_owned() } else { format!("“{label}”") }
}

/// What is wrong with a form.
pub mod errors {
    pub const NAME: &str = "This is not the name of the workspace. Type it as it is written above.";
    pub const LAST_FOUR: &str = "These are not the last four characters. Nothing was revoked.";
    pub const CHOICE: &str = "Choose what happens to the people first.";
    pub const SPAN: &str = "Choose one of the spans of time.";
    pub const RETENTION: &str = "Choose one of the spans for the log.";
}
