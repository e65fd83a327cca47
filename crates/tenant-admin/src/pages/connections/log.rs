//! The sign-in log: who came in by single sign-on, who did not, and why.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;
use domain::connection::Connection;
use domain::connection::attempt::Purpose;
use domain::connection::cause::SignInCause;
use domain::ids::{ConnectionId, ResourceId, SignInId};
use domain::sign_in_log::{SignInEntry, SignInQuery};
use uuid::Uuid;

use super::SETTINGS;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::{Chip, Chips, Empty, Pager, address};
use crate::pages::page;
use crate::parts::{Icon, Tone, Word};
use crate::text::{self, sign_on as words};
use crate::when::When;

/// Entries on a page.
const PAGE: u64 = 50;

pub struct LogRow {
    pub at: When,
    pub what: &'static str,
    pub connection: String,
    pub who: String,
    pub href: Option<String>,
    pub outcome: Word,
    pub meaning: &'static str,
    pub detail: String,
    pub step: &'static str,
    pub job: &'static str,
    pub address: String,
}

#[derive(Template)]
#[template(path = "connections/log.html")]
struct LogPage {
    frame: Frame,
    rows: Vec<LogRow>,
    chips: Chips,
    empty: Empty,
    pager: Pager,
}

/// `GET /settings/user-authentication/sso/log`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let uuid = |name: &str| Uuid::try_parse(call.query.text(name)).ok();
    let refused = call.query.text("outcome") == "refused";
    let query = SignInQuery {
        connection: uuid("connection").map(ConnectionId),
        person: uuid("person").map(ResourceId),
        cause: SignInCause::named(call.query.text("cause")),
        before: uuid("before").map(SignInId),
        refused,
        limit: PAGE + 1,
    };
    let mut entries = call.admin.connections.sign_ins(&call.cx.scope, &query).await?;
    let has_more = entries.len() as u64 > PAGE;
    entries.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let connections = call.admin.connections.list(&call.cx.scope).await?;
    let here = call.href(&format!("{SETTINGS}/log"));
    let to = |outcome: &str, before: &str| {
        let kept = |name| call.query.text(name);
        let parts = [
            ("connection", kept("connection")),
            ("person", kept("person")),
            ("cause", kept("cause")),
            ("outcome", outcome),
            ("before", before),
        ];
        address(&here, parts)
    };
    let oldest = entries.last().map(|entry| entry.id.to_string());
    let onward = oldest.filter(|_| has_more).map(|before| to(call.query.text("outcome"), &before));
    let newest = (query.before.is_some()).then(|| to(call.query.text("outcome"), ""));
    page(&LogPage {
        frame: Frame::new(&call, Spot::Tab(Tab::SingleSignOn), words::SIGN_IN_LOG, &[]),
        rows: rows(&call, &entries, &connections).await?,
        chips: Chips {
            label: "Outcome",
            chips: vec![
                Chip { word: "All", count: None, href: to("", ""), is_current: !refused },
                Chip { word: "Refused", count: None, href: to("refused", ""), is_current: refused },
            ],
        },
        empty: Empty {
            title: "No sign-ins here".to_owned(),
            text: "Sign-ins by single sign-on are listed as they come, for as long as the activity log is kept."
                .to_owned(),
            step: None,
        },
        pager: Pager { told: format!("{} shown", entries.len()), back: ("Newest", newest), onward: ("Older", onward) },
    })
}

/// Entries as they are shown.
///
/// # Errors
/// Those of the store.
pub async fn rows(
    call: &AdminCall,
    entries: &[SignInEntry],
    connections: &[Connection],
) -> Result<Vec<LogRow>, PageError> {
    let people: Vec<ResourceId> = entries.iter().filter_map(|entry| entry.person).collect();
    let names = call.admin.directory.names(&call.cx.scope, &people).await?;
    Ok(entries.iter().map(|entry| row(call, entry, connections, &names)).collect())
}

fn row(
    call: &AdminCall,
    entry: &SignInEntry,
    connections: &[Connection],
    names: &HashMap<ResourceId, String>,
) -> LogRow {
    let connection = entry.connection.and_then(|id| connections.iter().find(|one| one.id == id));
    let known = entry.person.and_then(|id| names.get(&id).cloned());
    let outcome = match (entry.cause, entry.purpose) {
        (Some(cause), _) => Word::new(Tone::Bad, Icon::Bad, words::title(cause)),
        (None, Purpose::Test) => Word::new(Tone::Ok, Icon::Ok, "Passed"),
        (None, _) => Word::new(Tone::Ok, Icon::Ok, "Let in"),
    };
    LogRow {
        at: When::new(entry.at, call.cx.now),
        what: match (entry.purpose, entry.is_solicited) {
            (Purpose::Test, _) => "Test",
            (Purpose::Link, _) => "Linking an account",
            (Purpose::SignOut, _) => "Signing out",
            (Purpose::SignIn, true) => "Sign-in",
            (Purpose::SignIn, false) => "Sign-in begun at the identity provider",
        },
        connection: connection.map(|one| one.name.clone()).unwrap_or_default(),
        who: known.or_else(|| entry.name.clone()).or_else(|| entry.key.clone()).unwrap_or_default(),
        href: entry.person.map(|id| call.href(&format!("/settings/user-authentication/directory/people/{id}"))),
        outcome,
        meaning: entry.cause.map(words::meaning).unwrap_or_default(),
        detail: if entry.detail.is_empty() { String::new() } else { text::sentence(&entry.detail) },
        step: entry.cause.map(words::step).unwrap_or_default(),
        job: entry.cause.map(|cause| words::job(cause.whose())).unwrap_or_default(),
        address: entry.address.clone(),
    }
}
