//! S0: whether it is on, whether it works, what to do next.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::admin::Right;
use domain::choices::Preferences;
use domain::connection::{Connection as SsoConnection, Stage};
use domain::health::{ConnectionState, Evidence, Tick};

use super::connections;
use super::provisioning::connection::Connection;
use super::provisioning::status::hrefs;
use super::provisioning::{mark, part, paths};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::several;
use crate::pages::page;
use crate::parts::{Icon, Pill, Tone};
use crate::prose::Prose;
use crate::text;
use crate::text::overview as words;
use crate::text::provisioning::pill;
use crate::text::sign_on::standing as standing_words;
use crate::when::{When, clock_and_day};

#[derive(Template)]
#[template(path = "overview/page.html")]
struct OverviewPage {
    frame: Frame,
    status: String,
    status_mark: String,
    status_href: String,
    configure: String,
}

/// The part that moves by itself.
#[derive(Template)]
#[template(path = "overview/status.html")]
struct Status {
    cards: Vec<Card>,
    steps: Vec<Item>,
    done: usize,
}

impl HtmlSafe for Status {}

/// One thing of the checklist.
struct Item {
    title: &'static str,
    text: Prose,
    is_done: bool,
    deed: Option<(String, &'static str)>,
}

/// A card: about single sign-on, or about provisioning.
#[derive(Template)]
#[template(path = "overview/card.html")]
struct Card {
    id: &'static str,
    title: &'static str,
    pill: Pill,
    meaning: String,
    facts: Vec<(&'static str, Prose)>,
    foot: String,
    href: String,
    word: &'static str,
}

impl HtmlSafe for Card {}

/// `GET /settings/user-authentication`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let status = status(&call).await?.render()?;
    page(&OverviewPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Overview), text::USER_AUTHENTICATION, &[]),
        status_mark: mark(&status),
        status,
        status_href: call.href("/settings/user-authentication/status"),
        configure: paths::page(&call),
    })
}

/// `GET /settings/user-authentication/status`
pub async fn show_status(call: AdminCall) -> Result<HttpResponse, PageError> {
    part(&call, &status(&call).await?)
}

async fn status(call: &AdminCall) -> Result<Status, PageError> {
    let connection = Connection::of(call).await?;
    let evidence = call.admin.activity.evidence(&call.cx.scope).await.unwrap_or_default();
    let connections = call.admin.connections.list(&call.cx.scope).await?;
    let mut steps = steps(call, &connection, &evidence).await?;
    steps.extend(sso_steps(call, &connections).await?);
    let cards = vec![sso_card(call, &connections).await?, card(call, &connection).await?];
    Ok(Status { cards, done: steps.iter().filter(|step| step.is_done).count(), steps })
}

/// How single sign-on is: the connection that is furthest.
async fn sso_card(call: &AdminCall, connections: &[SsoConnection]) -> Result<Card, PageError> {
    let rank = |connection: &&SsoConnection| match connection.stage() {
        Stage::Enforced => 5,
        Stage::Active => 4,
        Stage::Tested => 3,
        Stage::TestFailed => 2,
        Stage::Draft => 1,
        Stage::Disabled => 0,
    };
    let furthest = connections.iter().max_by_key(rank);
    let mut facts = Vec::new();
    let (pill, meaning) = match furthest {
        None => {
            let pill = Pill::new(Tone::Idle, Icon::Open, "Not set up");
            (pill, words::no_single_sign_on(&call.admin.branding.name))
        }
        Some(connection) => {
            let standing = connections::standing(call, connection, &connections::open_tests(call).await?).await?;
            let month = call.cx.now.plus_seconds(-30 * 86_400);
            let last = call.admin.connections.counts(&call.cx.scope, connection.id, month).await?.last;
            facts.extend(last.map(|at| ("Last sign-in", Prose::default().when(When::new(at, call.cx.now)))));
            facts.push(("Connections", Prose::new(connections.len().to_string())));
            (standing_words::pill(standing), standing_words::meaning(standing, &connection.name))
        }
    };
    Ok(Card {
        id: "sso",
        title: text::tab(Tab::SingleSignOn),
        pill,
        meaning,
        facts,
        foot: String::new(),
        href: call.href(connections::SETTINGS),
        word: if furthest.is_none() && call.may(Right::Configure) { "Start setup" } else { "View single sign-on" },
    })
}

async fn card(call: &AdminCall, connection: &Connection) -> Result<Card, PageError> {
    let vendor = &call.admin.branding.name;
    let health = &connection.health;
    let state = connection.state();
    let mut facts = Vec::new();
    if let Some(cycle) = health.last_cycle.filter(|_| !connection.is_off()) {
        let changes = several(cycle.changes, "change", "changes");
        let failures = match cycle.failures {
            0 => "no failures".to_owned(),
            count => several(count, "failure", "failures"),
        };
        let told = Prose::default().when(When::new(cycle.to, connection.now));
        facts.push(("Last cycle", told.text(format!(", {changes}, {failures}"))));
    } else if let Some(last) = health.last_call {
        facts.push(("Last seen", Prose::default().when(When::new(last, connection.now))));
    }
    if state != ConnectionState::OffNever {
        let (people, groups) = call.admin.jobs.totals(&call.cx.scope).await?;
        let count = format!("{}, {}", several(people, "person", "people"), several(groups, "group", "groups"));
        facts.push(("In the directory", Prose::new(count)));
    }
    let (foot, word) = match (state, health.next_expected) {
        (ConnectionState::OffNever, _) => ("About 15 minutes of work".to_owned(), "Start setup"),
        (ConnectionState::Off, _) => (String::new(), "Turn on again"),
        (_, Some(next)) => {
            (format!("Next cycle expected about {}", clock_and_day(next, connection.now)), "View provisioning")
        }
        _ => (String::new(), "View provisioning"),
    };
    let word = if call.may(Right::Configure) { word } else { "View provisioning" };
    Ok(Card {
        id: "prov",
        title: text::tab(Tab::Provisioning),
        pill: pill(connection),
        meaning: words::meaning(connection, vendor, &crate::text::provisioning::banner(connection, &hrefs(call)).title),
        facts,
        foot,
        href: paths::page(call),
        word,
    })
}

/// What there is to do about single sign-on.
async fn sso_steps(call: &AdminCall, connections: &[SsoConnection]) -> Result<Vec<Item>, PageError> {
    let may = call.may(Right::Configure);
    let deed = |tab: Tab, word| may.then(|| (call.href(tab.path()), word));
    let is_open = connections.iter().any(SsoConnection::is_open);
    let verified = call.tenant().domains.verified.len() as u64;
    let rules = call.admin.roles.rules(&call.cx.scope).await?.rules.rules.len() as u64;
    Ok(vec![
        Item {
            title: "Verify your email domain",
            text: Prose::new(match verified {
                0 => "So that an email address leads people to your sign-in.".to_owned(),
                count => several(count, "domain is verified", "domains are verified"),
            }),
            is_done: verified > 0,
            deed: deed(Tab::Domains, "Add a domain"),
        },
        Item {
            title: "Connect single sign-on",
            text: Prose::new(if is_open {
                "People can sign in with the account they have at work."
            } else {
                "Test it on your own first; nobody is affected until you activate it."
            }),
            is_done: is_open,
            deed: deed(Tab::SingleSignOn, "Connect"),
        },
        Item {
            title: "Map groups to roles",
            text: Prose::new(match rules {
                0 => "Who gets which role, by their groups.".to_owned(),
                count => several(count, "rule says who gets which role", "rules say who gets which role"),
            }),
            is_done: rules > 0,
            deed: deed(Tab::Roles, "Add a rule"),
        },
    ])
}

async fn steps(call: &AdminCall, connection: &Connection, evidence: &Evidence) -> Result<Vec<Item>, PageError> {
    let state = connection.state();
    let has_token = !call.admission().credentials.is_empty();
    let (test, write) = (evidence.authenticated.tick(), evidence.user_created.tick());
    let is_seen = |tick: Tick| matches!(tick, Tick::Seen(_));
    let now = connection.now;
    let seen = |tick: Tick, done: &str, open: &str| match tick {
        Tick::Seen(seen) => Prose::new(format!("{done}, ")).when(When::new(seen.at, now)),
        Tick::Failed(failed) => Prose::new(format!("{} ", crate::text::provisioning::bare(failed.cause.title())))
            .when(When::new(failed.at, now))
            .text(format!(". {open}")),
        Tick::NotYet => Prose::new(open),
    };
    let idp = connection.idp;
    let owners = call.admin.people.list(&call.cx.scope).await?;
    let owners = owners.iter().filter(|admin| admin.role == domain::admin::AdminRole::Owner).count();
    let Preferences { notify, .. } = &connection.tenant.choices.preferences;
    let may = call.may(Right::Configure);
    let deed = |href: String, word| may.then_some((href, word));
    Ok(vec![
        Item {
            title: "Turn on user provisioning",
            text: Prose::new(match state {
                ConnectionState::OffNever => format!("Gives you the two values {} asks for.", idp.name),
                ConnectionState::Off => "It was on, and is off now.".to_owned(),
                _ => format!("The two values that {} asks for are made.", idp.name),
            }),
            is_done: has_token && !connection.is_off(),
            deed: deed(paths::page(call), "Turn on"),
        },
        Item {
            title: "Connect your identity provider",
            text: seen(
                test,
                &format!("{} was let in for the first time", idp.start),
                &format!("Paste the two values in {} and test the connection.", idp.name),
            ),
            is_done: is_seen(test),
            deed: deed(paths::guide(call), "Open the guide"),
        },
        Item {
            title: "Let the first people arrive",
            text: seen(write, "The first person arrived", "Start small: assign one or two people."),
            is_done: is_seen(write),
            deed: deed(paths::guide(call), "Open the guide"),
        },
        Item {
            title: "Say who is told when it breaks",
            text: Prose::new(match notify.len() as u64 {
                0 => "Nobody yet, besides this page.".to_owned(),
                count => several(count, "address hears of it", "addresses hear of it"),
            }),
            is_done: !notify.is_empty(),
            deed: deed(format!("{}#prefs", paths::page(call)), "Add an address")
                .filter(|_| state != ConnectionState::OffNever),
        },
        Item {
            title: "Have a second owner",
            text: Prose::new(match owners {
                0 | 1 => "So that somebody can still sign in when you cannot.".to_owned(),
                count => format!("{count} owners can sign in with a password."),
            }),
            is_done: owners > 1,
            deed: call.may(Right::ManagePeople).then(|| (call.href("/settings/admins"), "Invite somebody")),
        },
    ])
}
