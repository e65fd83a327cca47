//! What the audit log says.

use domain::audit::{By, Topic};

pub const fn by(by: By) -> &'static str {
    match by {
        By::PeopleAndServer => "All but the sync",
        By::Admins => "Admins",
        By::Operators => "Support",
        By::System => "The service",
        By::Providers => "The sync",
        By::Everybody => "All",
    }
}

pub const fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Settings => "Settings",
        Topic::Credentials => "Tokens",
        Topic::Directory => "People and groups",
        Topic::Access => "Who has access",
    }
}

/// How far back was searched.
pub fn searched_to(day: &str) -> String {
    format!("Searched back to {day}.")
}
