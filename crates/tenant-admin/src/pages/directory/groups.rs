//! The list of groups.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;
use domain::directory::{Kind, StoredResource};
use domain::ids::ResourceId;
use domain::ops::{Counted, Counts, Found, Order};

use super::people::note;
use super::{Asked, GROUPS, group_href, lists, naming, provisioning_href};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Link, Spot, Tab};
use crate::lists::{Empty, Note, Pager, counted};
use crate::pages::page;
use crate::parts::Icon;
use crate::text::{self, directory as words};
use crate::when::When;

#[derive(Template)]
#[template(path = "directory_groups.html")]
struct GroupsPage {
    frame: Frame,
    lists: Vec<(Link, String)>,
    text: String,
    order: &'static str,
    help: &'static str,
    caption: String,
    by_name: String,
    by_change: String,
    sorted: Option<Order>,
    rows: Vec<Row>,
    empty: Option<Empty>,
    note: Option<Note>,
    pager: Option<Pager>,
    export: String,
}

struct Row {
    href: String,
    name: String,
    external: String,
    members: String,
    changed: When,
}

/// `GET /settings/user-authentication/directory/groups`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let asked = Asked { standing: None, ..Asked::read(&call.query) };
    let (scope, directory) = (&call.cx.scope, &call.admin.directory);
    let people = directory.counts(scope, &Kind::USER).await?;
    let groups = directory.counts(scope, &Kind::GROUP).await?;
    let found = directory.look(scope, &asked.looking(Kind::GROUP)).await?;
    let ids: Vec<_> = found.resources.iter().map(|group| group.id).collect();
    let sizes = directory.sizes(scope, &ids).await?;
    let path = call.href(GROUPS);
    let by = |order: Order| Asked { order, ..asked.clone() }.href(&path, None);
    page(&GroupsPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Directory), text::tab(Tab::Directory), &[]),
        lists: lists(&call, people, groups, false),
        order: asked.order_name(),
        help: words::group_search_help(groups.is_large()),
        caption: format!("{}, {}", words::GROUPS, words::order(found.order)),
        by_name: by(Order::Name),
        by_change: by(Order::Changed),
        sorted: Some(found.order),
        empty: found.resources.is_empty().then(|| empty(&call, &asked, groups)),
        note: note(&asked, &path, &found),
        pager: pager(&asked, &path, groups, &found),
        export: asked.href(&format!("{path}.csv"), None),
        rows: found.resources.iter().map(|group| row(&call, group, &sizes)).collect(),
        text: asked.text,
    })
}

fn row(call: &AdminCall, group: &StoredResource, sizes: &HashMap<ResourceId, Counted>) -> Row {
    let (name, _) = naming(group);
    Row {
        href: group_href(call, group.id),
        name,
        external: group.resource.text("externalId").unwrap_or_default().to_owned(),
        members: sizes.get(&group.id).map(|size| counted(*size)).unwrap_or_default(),
        changed: When::new(group.modified, call.cx.now),
    }
}

fn empty(call: &AdminCall, asked: &Asked, groups: Counts) -> Empty {
    if groups.total == 0 {
        return Empty {
            title: "No groups yet".to_owned(),
            text: "They appear here once your identity provider sends one. In Entra, assign groups to the application."
                .to_owned(),
            step: Some((provisioning_href(call), "Open user provisioning")),
        };
    }
    let text = match asked.text.as_str() {
        "" => "The list ends before this page.".to_owned(),
        text if groups.is_large() => format!("No name or ID begins with “{text}”."),
        text => format!("No name or ID has “{text}” in it."),
    };
    Empty { title: "No group found".to_owned(), text, step: Some((call.href(GROUPS), "Show all groups")) }
}

fn pager(asked: &Asked, path: &str, groups: Counts, found: &Found) -> Option<Pager> {
    let count = found.resources.len();
    if count == 0 && asked.after.is_none() {
        return None;
    }
    let is_whole = asked.after.is_none() && found.next.is_none();
    let told = match asked.text.is_empty() {
        true => words::shown(count, &words::groups(groups.total), is_whole),
        false => words::found(count, &words::groups(count as u64)),
    };
    let first = asked.after.as_ref().map(|_| asked.href(path, None));
    let next = found.next.as_ref().map(|next| asked.href(path, Some(next)));
    Some(Pager { told, back: ("First page", first), onward: ("Next", next) })
}
