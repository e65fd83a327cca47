//! What the directory says.

use domain::directory::Membership;
use domain::ops::{Order, Standing};

use crate::lists::{number, several};

pub const PEOPLE: &str = "People";
pub const GROUPS: &str = "Groups";
pub const GROUP: &str = "Group";
pub const NO_NAME: &str = "No name";

pub const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "Active",
        Standing::Inactive => "Disabled",
    }
}

/// In which order a list is, for those who hear the page.
pub const fn order(order: Order) -> &'static str {
    match order {
        Order::Name => "by name",
        Order::Changed => "the latest change first",
        Order::Created => "the oldest first",
    }
}

pub fn people(count: u64) -> String {
    several(count, "person", "people")
}

pub fn groups(count: u64) -> String {
    several(count, "group", "groups")
}

/// What of a whole list a page shows.
pub fn shown(on_page: usize, total: &str, is_first_and_last: bool) -> String {
    match is_first_and_last {
        true => total.to_owned(),
        false => format!("{} of {total}", number(on_page as u64)),
    }
}

pub fn found(count: usize, of: &str) -> String {
    format!("{of} found").replacen("0 ", "No ", usize::from(count == 0))
}

pub fn too_many(most: usize) -> String {
    format!("More than {most} match. These are some of them; type more of the name to find the others.")
}

pub const NOT_FURTHER: &str = "Not everybody was looked at yet.";

/// What the field for searching says about itself.
pub const fn search_help(is_large: bool) -> &'static str {
    match is_large {
        true => "Type how a name, user name or email begins, or a whole ID.",
        false => "Type a part of a name, user name or email, or a whole ID.",
    }
}

pub const fn group_search_help(is_large: bool) -> &'static str {
    match is_large {
        true => "Type how a name begins, or a whole ID.",
        false => "Type a part of a name, or a whole ID.",
    }
}

pub const fn how(membership: Membership) -> &'static str {
    match membership {
        Membership::Direct => "",
        Membership::Indirect => "by way of another group",
    }
}

pub const DELETED: &str = "Deleted";
pub const WHO_IS_GONE: &str = "Somebody who is gone";
