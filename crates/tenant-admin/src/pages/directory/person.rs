//! The page of a person.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;
use domain::audit::Entry;
use domain::detail::{Detail, details};
use domain::directory::{GroupRef, Kind, Membership, StoredResource};
use domain::ids::ResourceId;
use domain::ops::{AsOf, Past, Presence, Standing};
use domain::replay::Told;

use super::links::{Links, links};
use super::past::{Glimpse, glimpse};
use super::timeline::{self, Event, events};
use super::{asked_id, group_href, naming, person_href, state_word};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab, initials};
use crate::lists::{Note, Pager, address, pieces};
use crate::names::names;
use crate::pages::page;
use crate::parts::{Icon, Tone, Word};
use crate::text::facts::Names;
use crate::text::{attributes, directory as list_words, person as words, roles as role_words};
use crate::when::When;

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    name: String,
    initials: String,
    below: Vec<String>,
    banner: Banner,
    note: Option<Note>,
    facts: Option<Facts>,
    attributes: Vec<Attribute>,
    history: History,
    groups: Vec<Group>,
    /// None for whoever is not there, and where the page shows the past.
    role: Option<Role>,
    /// Likewise.
    links: Option<Links>,
    is_there: bool,
    typed: String,
    is_unread: bool,
    here: String,
}

/// What is said first about whoever the page is about.
pub struct Banner {
    pub tone: Tone,
    pub icon: Icon,
    pub title: String,
    pub text: &'static str,
}

/// The row of figures.
struct Facts {
    state: Word,
    created: When,
    changed: When,
}

/// A value and what it is called.
pub struct Attribute {
    pub label: String,
    pub value: String,
    pub href: Option<String>,
    pub is_code: bool,
}

pub struct History {
    pub events: Vec<Event>,
    pub pager: Option<Pager>,
}

/// The role in the vendor's product.
struct Role {
    name: String,
    because: String,
    /// Where the rules are.
    href: String,
}

struct Group {
    href: String,
    name: String,
    how: &'static str,
    since: Option<When>,
}

/// `GET /settings/user-authentication/directory/people/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let id = asked_id(&call)?;
    let (scope, directory) = (&call.cx.scope, &call.admin.directory);
    let presence = directory.find(scope, &Kind::USER, id).await?.ok_or(PageError::NotFound)?;
    let here = person_href(&call, id);
    let (there, groups, newest) = match presence {
        Presence::There(stored, groups) => (Some(stored), groups, None),
        Presence::Gone(entry) | Presence::Erased(entry) => (None, Vec::new(), Some(entry)),
    };
    let glimpse = glimpse(&call, id, newest.as_ref(), &here).await?;
    let shown = shown(&call, id, there.as_ref(), glimpse.as_ref(), newest.as_ref()).await?;

    let before = call.query.text("before").parse().ok();
    let mut told = directory.history(scope, id, before, timeline::PAGE).await?;
    let memberships = directory.memberships(scope, id, &groups).await?;
    let since = since(&memberships, id);
    if before.is_none() {
        // Where the own history goes on to another page, so do the groups.
        let oldest = told.next.unwrap_or(0);
        told.entries.extend(memberships.into_iter().filter(|entry| entry.number >= oldest));
        told.entries.sort_by_key(|entry| std::cmp::Reverse(entry.number));
    }
    let besides: Vec<ResourceId> = shown.iter().flat_map(managers).chain(groups.iter().map(|group| group.id)).collect();
    let names = names(&call, &told.entries, &besides).await?;
    let (name, below) = shown.as_ref().map_or_else(|| (last_name(newest.as_ref()), String::new()), naming);
    let seen = glimpse.as_ref().and_then(|glimpse| glimpse.number);
    let is_past = glimpse.as_ref().is_some_and(|glimpse| !glimpse.is_unread);
    page(&PersonPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Directory), name.clone(), &[]),
        initials: initials(&name),
        below: if below.is_empty() { Vec::new() } else { pieces(&below) },
        banner: banner(newest.as_ref(), words::MANAGED_PERSON, words::ERASED_PERSON),
        facts: shown.as_ref().map(|stored| Facts {
            state: match (&there, &glimpse) {
                (None, None) => Word::new(Tone::Idle, Icon::Off, list_words::DELETED),
                _ => state_word(Standing::of(stored)),
            },
            created: When::new(stored.created, call.cx.now),
            changed: When::new(stored.modified, call.cx.now),
        }),
        attributes: shown.as_ref().map(|stored| attributes_of(&call, stored, &names)).unwrap_or_default(),
        history: History {
            events: events(&call, &told.entries, &names, &here, id, seen),
            pager: history_pager(&here, before, told.next),
        },
        groups: groups.iter().map(|group| group_line(&call, group, &since)).collect(),
        role: if is_past { None } else { role(&call, id).await? },
        links: match &there {
            Some(person) if !is_past => links(&call, person).await?,
            _ => None,
        },
        is_there: there.is_some(),
        typed: glimpse.as_ref().map(|glimpse| glimpse.typed.clone()).unwrap_or_default(),
        is_unread: glimpse.as_ref().is_some_and(|glimpse| glimpse.is_unread),
        note: glimpse.map(|glimpse| glimpse.note),
        name,
        here,
    })
}

/// The role that somebody has now.
async fn role(call: &AdminCall, id: ResourceId) -> Result<Option<Role>, PageError> {
    let verdict = call.admin.roles.of_person(&call.cx.scope, id).await?;
    Ok(verdict.map(|verdict| Role {
        name: role_words::role(verdict.role.as_ref()),
        because: role_words::because(&verdict, &call.admin.branding.name),
        href: call.href(Tab::Roles.path()),
    }))
}

/// What the page shows: the past that was asked for, what is now, or what was last.
async fn shown(
    call: &AdminCall,
    id: ResourceId,
    there: Option<&StoredResource>,
    glimpse: Option<&Glimpse>,
    newest: Option<&Entry>,
) -> Result<Option<StoredResource>, PageError> {
    if let Some(glimpse) = glimpse.filter(|glimpse| !glimpse.is_unread) {
        return Ok(glimpse.snapshot.as_ref().map(|snapshot| snapshot.stored.clone()));
    }
    match (there, newest) {
        (Some(stored), _) => Ok(Some(stored.clone())),
        (None, Some(entry)) => last(call, id, entry).await.map(|told| told.map(|snapshot| snapshot.stored)),
        (None, None) => Ok(None),
    }
}

/// What was known of somebody before they were deleted.
///
/// # Errors
/// [`PageError::Unavailable`] when the database is away.
pub async fn last(
    call: &AdminCall,
    id: ResourceId,
    newest: &Entry,
) -> Result<Option<domain::replay::Snapshot>, PageError> {
    let past = call.admin.directory.past(&call.cx.scope, id, AsOf::Number(newest.number - 1)).await?;
    Ok(if let Past::Told(Told::Present(snapshot)) = past { Some(snapshot) } else { None })
}

/// What the newest entry about somebody who is gone calls them.
pub fn last_name(newest: Option<&Entry>) -> String {
    let told = newest.and_then(|entry| entry.text("displayName").or_else(|| entry.text("userName")));
    told.unwrap_or(list_words::NO_NAME).to_owned()
}

/// Who looks after it, or what became of it.
pub fn banner(newest: Option<&Entry>, managed: &'static str, erased: &'static str) -> Banner {
    match newest {
        None => Banner { tone: Tone::Idle, icon: Icon::Info, title: words::MANAGED.to_owned(), text: managed },
        Some(entry) if entry.what == "erased" || entry.payload.is_none() => {
            Banner { tone: Tone::Idle, icon: Icon::Off, title: words::ERASED.to_owned(), text: erased }
        }
        Some(entry) => Banner { tone: Tone::Warn, icon: Icon::Off, title: words::gone(entry.at), text: words::GONE },
    }
}

/// The values of a document, with the id that we gave it.
pub fn attributes_of(call: &AdminCall, stored: &StoredResource, names: &Names) -> Vec<Attribute> {
    let own = Attribute { label: "ID".to_owned(), value: stored.id.to_string(), href: None, is_code: true };
    let details = details(stored.resource.attributes()).into_iter().filter(|detail| !attributes::is_noise(detail));
    details.map(|detail| attribute(call, &detail, names)).chain([own]).collect()
}

fn attribute(call: &AdminCall, detail: &Detail, names: &Names) -> Attribute {
    let label = attributes::label(&detail.path, detail.kind.as_deref());
    let manager = manager(detail).and_then(|id| names.resources.get(&id).map(|name| (id, name)));
    if let Some((id, name)) = manager {
        return Attribute { label, value: name.clone(), href: Some(person_href(call, id)), is_code: false };
    }
    let value = attributes::value(&detail.value);
    Attribute { label, value, href: None, is_code: attributes::is_code(&detail.path) }
}

fn managers(stored: &StoredResource) -> Vec<ResourceId> {
    details(stored.resource.attributes()).iter().filter_map(manager).collect()
}

fn manager(detail: &Detail) -> Option<ResourceId> {
    detail.path.ends_with(":manager.value").then(|| detail.value.as_str()?.parse().ok())?
}

/// When somebody last joined each group.
fn since(memberships: &[Entry], member: ResourceId) -> HashMap<uuid::Uuid, domain::timestamp::Timestamp> {
    let mut since = HashMap::new();
    for entry in memberships.iter().filter(|entry| entry.joined().contains(&member)) {
        if let Some(group) = entry.subject_id {
            since.entry(group).or_insert(entry.at);
        }
    }
    since
}

fn group_line(call: &AdminCall, group: &GroupRef, since: &HashMap<uuid::Uuid, domain::timestamp::Timestamp>) -> Group {
    let joined = since.get(&group.id.0).filter(|_| group.membership == Membership::Direct);
    Group {
        href: group_href(call, group.id),
        name: group.display.clone().unwrap_or_else(|| list_words::NO_NAME.to_owned()),
        how: list_words::how(group.membership),
        since: joined.map(|at| When::new(*at, call.cx.now)),
    }
}

/// The way to older and newest entries.
pub fn history_pager(here: &str, before: Option<i64>, next: Option<i64>) -> Option<Pager> {
    if before.is_none() && next.is_none() {
        return None;
    }
    let onward = next.map(|next| format!("{}#hi", address(here, [("before", next.to_string().as_str())])));
    let back = before.map(|_| format!("{here}#hi"));
    Some(Pager { told: String::new(), back: ("Newest", back), onward: ("Older", onward) })
}
