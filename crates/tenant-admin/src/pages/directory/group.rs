//! The page of a group.

use actix_web::HttpResponse;
use askama::Template;
use domain::directory::{Kind, StoredResource};
use domain::ids::ResourceId;
use domain::ops::{Presence, Standing};
use domain::replay::Snapshot;

use super::past::{Glimpse, glimpse};
use super::person::{Attribute, Banner, History, attributes_of, banner, history_pager, last, last_name};
use super::timeline::{self, events};
use super::{asked_id, group_href, naming, person_href, state_word};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab, initials};
use crate::lists::{Note, Pager, address, counted, number, pieces};
use crate::names::names;
use crate::pages::page;
use crate::parts::{Icon, Word};
use crate::text::facts::Names;
use crate::text::{directory as list_words, person as words, roles as role_words};
use crate::when::When;

/// Members of one page.
const MEMBERS: u64 = 50;

/// Members that are named of a moment in the past.
const MOST_THEN: usize = 50;

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    frame: Frame,
    name: String,
    banner: Banner,
    note: Option<Note>,
    facts: Option<Facts>,
    attributes: Vec<Attribute>,
    /// None where it is not known who was in it.
    members: Option<Members>,
    history: History,
    typed: String,
    is_unread: bool,
    here: String,
    rules: String,
}

struct Facts {
    members: String,
    /// What rules give its members; none where the page shows the past.
    roles: Option<Vec<String>>,
    created: When,
    changed: When,
}

struct Members {
    rows: Vec<Member>,
    pager: Option<Pager>,
}

struct Member {
    href: Option<String>,
    initials: String,
    name: String,
    below: Vec<String>,
    state: Option<Word>,
}

/// `GET /settings/user-authentication/directory/groups/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let id = asked_id(&call)?;
    let (scope, directory) = (&call.cx.scope, &call.admin.directory);
    let presence = directory.find(scope, &Kind::GROUP, id).await?.ok_or(PageError::NotFound)?;
    let here = group_href(&call, id);
    let (there, newest) = match presence {
        Presence::There(stored, _) => (Some(stored), None),
        Presence::Gone(entry) | Presence::Erased(entry) => (None, Some(entry)),
    };
    let glimpse = glimpse(&call, id, newest.as_ref(), &here).await?;
    let past = match (&glimpse, &newest) {
        (Some(Glimpse { is_unread: false, snapshot, .. }), _) => Seen::Past(snapshot.clone()),
        (_, Some(entry)) => Seen::Past(last(&call, id, entry).await?),
        (_, None) => Seen::Now,
    };
    let before = call.query.text("before").parse().ok();
    let told = directory.history(scope, id, before, timeline::PAGE).await?;
    let members_then: Vec<ResourceId> = past.members().into_iter().take(MOST_THEN).collect();
    let names = names(&call, &told.entries, &members_then).await?;
    let members = match &past {
        Seen::Now => Some(members_now(&call, id, &here).await?),
        Seen::Past(Some(snapshot)) => Some(members_of_then(&call, snapshot, &members_then, &names)),
        Seen::Past(None) => None,
    };
    let shown = past.shown(there.as_ref());
    let size = match &past {
        Seen::Now => counted(directory.size(scope, id).await?),
        Seen::Past(snapshot) => number(snapshot.as_ref().map_or(0, |snapshot| snapshot.members.len()) as u64),
    };
    let roles = match &past {
        Seen::Now => Some(roles(&call, id).await?),
        Seen::Past(_) => None,
    };
    let name = shown.map_or_else(|| last_name(newest.as_ref()), |stored| naming(stored).0);
    let seen = glimpse.as_ref().and_then(|glimpse| glimpse.number);
    page(&GroupPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Directory), name.clone(), &[(super::GROUPS, list_words::GROUPS)]),
        banner: banner(newest.as_ref(), words::MANAGED_GROUP, words::ERASED_GROUP),
        facts: shown.map(|stored| Facts {
            members: size,
            roles,
            created: When::new(stored.created, call.cx.now),
            changed: When::new(stored.modified, call.cx.now),
        }),
        attributes: shown.map(|stored| attributes_of(&call, stored, &names)).unwrap_or_default(),
        members,
        history: History {
            events: events(&call, &told.entries, &names, &here, id, seen),
            pager: history_pager(&here, before, told.next),
        },
        typed: glimpse.as_ref().map(|glimpse| glimpse.typed.clone()).unwrap_or_default(),
        is_unread: glimpse.as_ref().is_some_and(|glimpse| glimpse.is_unread),
        note: glimpse.map(|glimpse| glimpse.note),
        name,
        here,
        rules: call.href(Tab::Roles.path()),
    })
}

/// What the rules that are about a group give.
async fn roles(call: &AdminCall, id: ResourceId) -> Result<Vec<String>, PageError> {
    let uses = call.admin.roles.of_group(&call.cx.scope, id).await?;
    Ok(uses.iter().map(role_words::group_use).collect())
}

/// Which moment a page shows.
enum Seen {
    Now,
    /// None where nothing can be shown.
    Past(Option<Snapshot>),
}

impl Seen {
    fn members(&self) -> Vec<ResourceId> {
        match self {
            Self::Past(Some(snapshot)) => snapshot.members.iter().copied().collect(),
            Self::Now | Self::Past(None) => Vec::new(),
        }
    }

    fn shown<'s>(&'s self, there: Option<&'s StoredResource>) -> Option<&'s StoredResource> {
        match self {
            Self::Now => there,
            Self::Past(snapshot) => snapshot.as_ref().map(|snapshot| &snapshot.stored),
        }
    }
}

async fn members_now(call: &AdminCall, id: ResourceId, here: &str) -> Result<Members, PageError> {
    let after = call.query.text("after").parse().ok();
    let found = call.admin.directory.members(&call.cx.scope, id, after, MEMBERS).await?;
    let is_whole = after.is_none() && found.next.is_none();
    let pager = (!is_whole).then(|| Pager {
        told: format!("{} on this page", number(found.members.len() as u64)),
        back: ("First page", after.map(|_| format!("{here}#me"))),
        onward: (
            "Next",
            found.next.map(|next| format!("{}#me", address(here, [("after", next.to_string().as_str())]))),
        ),
    });
    Ok(Members { rows: found.members.iter().map(|member| row(call, member)).collect(), pager })
}

fn row(call: &AdminCall, member: &StoredResource) -> Member {
    let (name, below) = naming(member);
    let is_group = member.kind == Kind::GROUP;
    Member {
        href: Some(if is_group { group_href(call, member.id) } else { person_href(call, member.id) }),
        initials: initials(&name),
        below: match (is_group, below.is_empty()) {
            (true, _) => vec![list_words::GROUP.to_owned()],
            (false, true) => Vec::new(),
            (false, false) => pieces(&below),
        },
        state: (!is_group).then(|| state_word(Standing::of(member))),
        name,
    }
}

/// The first of those who were in it, as far as they are still there to have a name.
fn members_of_then(call: &AdminCall, snapshot: &Snapshot, members: &[ResourceId], names: &Names) -> Members {
    let member = |id: &ResourceId| {
        let name = names.resources.get(id);
        Member {
            href: name.map(|_| person_href(call, *id)),
            initials: name.map(|name| initials(name)).unwrap_or_default(),
            name: name.cloned().unwrap_or_else(|| list_words::WHO_IS_GONE.to_owned()),
            below: if name.is_some() { Vec::new() } else { vec![id.to_string()] },
            state: None,
        }
    };
    let more = snapshot.members.len().saturating_sub(members.len());
    let pager = (more > 0).then(|| Pager {
        told: format!("and {} more", number(more as u64)),
        back: ("First page", None),
        onward: ("Next", None),
    });
    Members { rows: members.iter().map(member).collect(), pager }
}
