//! What pages say, in English; the one place for it, ready for translation. What belongs to one page is in a module of its
//! name below.

pub mod account;
pub mod activity;
pub mod admins;
pub mod attributes;
pub mod audit;
pub mod directory;
pub mod domains;
pub mod facts;
pub mod guide;
pub mod idp;
pub mod overview;
pub mod person;
pub mod provisioning;
pub mod roles;
pub mod sign_in;
pub mod sign_in_errors;
pub mod sign_on;

use domain::admin::Right;

use crate::error::PageError;
use crate::frame::Tab;
use crate::parts::{Icon, Notice, Tone};

pub const SETTINGS: &str = "Settings";
pub const SECURITY: &str = "Security";
pub const YOU: &str = "You";
pub const USER_AUTHENTICATION: &str = "User authentication";
pub const ADMINS: &str = "Admins";
pub const ACCOUNT: &str = "Your account";
pub const SIGNED_OUT: &str = "Your session has ended. What stands here is not kept up to date any more.";
pub const SIGN_IN_AGAIN: &str = "Sign in again";
pub const BACK_TO_SETTINGS: &str = "Back to settings";

pub const fn tab(tab: Tab) -> &'static str {
    match tab {
        Tab::Overview => "Overview",
        Tab::SingleSignOn => "Single sign-on",
        Tab::Provisioning => "User provisioning",
        Tab::Roles => "Groups & roles",
        Tab::Domains => "Domains",
        Tab::Directory => "Directory",
        Tab::Activity => "Activity log",
        Tab::Audit => "Audit",
    }
}

/// What somebody may not do who lacks a right.
pub const fn lacks(right: Right) -> &'static str {
    match right {
        Right::See => "Your sign-in does not open this page.",
        Right::SeePeople => "A setup link opens the settings, and nothing about people or accounts.",
        Right::Configure => "Auditors can see settings and not change them. An owner or an admin can.",
        Right::ManagePeople => "Only owners and admins can change who has access. Ask one of them.",
        Right::ManageOwners => "Only owners can change owners. Ask one of them.",
    }
}

/// A title and a sentence for what is shown instead of a page.
pub fn problem(error: &PageError) -> (&'static str, String) {
    let (title, message) = match error {
        PageError::SignIn | PageError::PersonSignIn => ("Sign in", "Sign in to go on."),
        PageError::SecondStep => ("Second step", "Enter your code to go on."),
        PageError::NotAllowed(right) => ("You may not do this", lacks(*right)),
        PageError::Forged => (
            "This form is out of date",
            "Nothing was changed. The form was opened before you last signed in, or came from another site. Open the page again and repeat it.",
        ),
        PageError::NotFound => ("There is nothing here", "The address is wrong, or what it showed is gone."),
        PageError::WrongMethod => ("There is nothing here", "This address cannot be opened that way."),
        PageError::TooLarge => {
            ("The form is too large", "Nothing was changed. A form may hold 64 KiB, and a metadata file 4 MiB.")
        }
        PageError::Cut => ("The form did not arrive whole", "Nothing was changed. Send it again."),
        PageError::Refused(_) => ("Not changed", ""),
        PageError::TooMany(seconds) => {
            return (
                "Too many tries",
                format!("Wait {}, then try again.", crate::when::Span(i64::try_from(*seconds).unwrap_or(0))),
            );
        }
        PageError::Unavailable(_) => (
            "Not available at the moment",
            "Ours: the settings cannot be read right now. Provisioning goes on as soon as it can; try again shortly.",
        ),
        PageError::Internal(_) => (
            "Something went wrong",
            "Ours: the page could not be shown. Nothing was changed. Tell support the reference below.",
        ),
    };
    (title, message.to_owned())
}

/// A message of ours as a sentence: messages are written to follow a colon.
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// What is said after a deed, by its name in the address.
pub fn notice(done: &str) -> Option<Notice> {
    let text = match done {
        "saved" => "Changes saved",
        "role" => "Role changed",
        "roles" => "Rules saved. They count from the next sign-in on",
        "removed" => "Account removed",
        "second-step-off" => "Second step switched off",
        "password" => "Password changed. You are signed out everywhere else",
        "session" => "Session ended",
        "sessions" => "All other sessions ended",
        "domain-removed" => "Domain removed",
        "link-revoked" => "Setup link revoked",
        "revoked" => "Revoked. It opens nothing any more.",
        "signed-out" => "You are signed out",
        "signed-out-person" => "Their sessions have ended",
        "created" => "Connection created. Set it up below",
        "read" => "Metadata read again",
        "switched" => "Connection switched",
        "connection-removed" => "Connection removed",
        "key-made" => "New key made. Give the identity provider our metadata again",
        "key-removed" => "Key removed",
        "linked" => "Account linked. You can now sign in by single sign-on.",
        "unlinked" => "Account unlinked from single sign-on",
        "break-glass" => "Break-glass owners changed",
        "admin-sign-in" => "Sign-in of admins changed",
        _ => return None,
    };
    Some(Notice { tone: Tone::Ok, icon: Icon::Ok, text: text.to_owned() })
}
