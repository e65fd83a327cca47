//! S5: everyone in the directory, as their identity provider keeps them.

pub mod export;
pub mod group;
pub mod groups;
pub mod links;
pub mod past;
pub mod people;
pub mod person;
pub mod timeline;

use domain::directory::StoredResource;
use domain::ids::ResourceId;
use domain::ops::{Counts, Looking, Order, Standing};
use domain::store::Position;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Link, Tab};
use crate::lists::{address, number};
use crate::parts::{Icon, Tone, Word};
use crate::text::directory as words;

/// Rows of a page.
pub const PAGE: u64 = 50;

pub const PEOPLE: &str = "/settings/user-authentication/directory";
pub const GROUPS: &str = "/settings/user-authentication/directory/groups";
const PERSON: &str = "/settings/user-authentication/directory/people";

/// The address of a person's page.
pub fn person_href(call: &AdminCall, id: ResourceId) -> String {
    call.href(&format!("{PERSON}/{id}"))
}

/// The address of a group's page.
pub fn group_href(call: &AdminCall, id: ResourceId) -> String {
    call.href(&format!("{GROUPS}/{id}"))
}

/// The resource of the address.
///
/// # Errors
/// [`PageError::NotFound`] for what is no id.
pub fn asked_id(call: &AdminCall) -> Result<ResourceId, PageError> {
    call.segment("id").parse().map_err(|_| PageError::NotFound)
}

/// What the address of a list asks for.
#[derive(Clone)]
pub struct Asked {
    pub text: String,
    pub standing: Option<Standing>,
    pub order: Order,
    pub after: Option<Position>,
}

impl Asked {
    pub fn read(query: &Form) -> Self {
        let standing = match query.text("state") {
            "active" => Some(Standing::Active),
            "disabled" => Some(Standing::Inactive),
            _ => None,
        };
        let order = match query.text("order") {
            "changed" => Order::Changed,
            "created" => Order::Created,
            _ => Order::Name,
        };
        Self { text: query.text("q").to_owned(), standing, order, after: position(query.text("after")) }
    }

    pub fn looking(&self, kind: domain::directory::Kind) -> Looking {
        Looking {
            kind,
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
            standing: self.standing,
            order: self.order,
            after: self.after.clone(),
            limit: PAGE,
        }
    }

    pub const fn state_name(&self) -> &'static str {
        match self.standing {
            Some(Standing::Active) => "active",
            Some(Standing::Inactive) => "disabled",
            None => "",
        }
    }

    pub const fn order_name(&self) -> &'static str {
        match self.order {
            Order::Name => "",
            Order::Changed => "changed",
            Order::Created => "created",
        }
    }

    /// The address of this list, from its beginning or a place on.
    pub fn href(&self, path: &str, after: Option<&Position>) -> String {
        let after = after.map(print_position).unwrap_or_default();
        let query =
            [("q", self.text.as_str()), ("state", self.state_name()), ("order", self.order_name()), ("after", &after)];
        address(path, query)
    }
}

/// A place in a list, as it stands in an address: the id, and what the list is sorted by.
fn print_position(position: &Position) -> String {
    let key = serde_json::to_string(&position.key).unwrap_or_default();
    format!("{}~{key}", position.id)
}

fn position(text: &str) -> Option<Position> {
    let (id, key) = text.split_once('~')?;
    Some(Position { id: id.parse().ok()?, key: serde_json::from_str(key).ok()? })
}

/// What people call a resource, and what stands below it.
pub fn naming(resource: &StoredResource) -> (String, String) {
    let document = &resource.resource;
    let (name, user_name) = (document.text("displayName"), document.text("userName").unwrap_or_default());
    match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => (name.to_owned(), user_name.to_owned()),
        None if user_name.is_empty() => (words::NO_NAME.to_owned(), String::new()),
        None => (user_name.to_owned(), String::new()),
    }
}

pub fn state_word(standing: Standing) -> Word {
    let (tone, icon) = match standing {
        Standing::Active => (Tone::Ok, Icon::Ok),
        Standing::Inactive => (Tone::Idle, Icon::Off),
    };
    Word::new(tone, icon, words::standing(standing))
}

/// The two lists of a directory.
pub fn lists(call: &AdminCall, people: Counts, groups: Counts, is_people: bool) -> Vec<(Link, String)> {
    let link =
        |path: &str, word: &str, is_current: bool| Link { href: call.href(path), word: word.to_owned(), is_current };
    vec![
        (link(PEOPLE, words::PEOPLE, is_people), number(people.total)),
        (link(GROUPS, words::GROUPS, !is_people), number(groups.total)),
    ]
}

/// Where the next step is when there is nobody yet.
pub fn provisioning_href(call: &AdminCall) -> String {
    call.href(Tab::Provisioning.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_found_again_by_its_address() {
        let asked = Asked::read(&Form::parse(b"q=+ana+&state=disabled&order=changed"));
        assert_eq!(
            (asked.text.as_str(), asked.standing, asked.order),
            ("ana", Some(Standing::Inactive), Order::Changed)
        );
        assert_eq!(asked.href("/x", None), "/x?q=ana&state=disabled&order=changed");
        let id = "00000000-0000-0000-0000-000000000007";
        let after = position(&format!("{id}~{{\"Text\":\"kova\u{10d}\"}}")).unwrap();
        let href = asked.href("/x", Some(&after));
        let (_, query) = href.split_once('?').unwrap();
        assert_eq!(Asked::read(&Form::parse(query.as_bytes())).after, Some(after));
        for bad in ["", "7", "7~", "~", &format!("{id}~nothing"), "x~{\"Instant\":1}"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
