//! The list, and inviting somebody.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::link::{Link, LinkState};
use domain::admin::{Admin, AdminRole, Right};
use domain::ops::NewAdmin;

use super::{Choice, LinkPage, choices, href, is_own, state, try_mail};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, initials};
use crate::pages::sign_in::Refusal;
use crate::pages::{page, page_with};
use crate::parts::{Icon, Pill, Tone};
use crate::text::{self, admins as words};
use crate::when::When;

struct Row {
    href: String,
    initials: String,
    name: String,
    /// Empty where the name is the address.
    email: String,
    is_own: bool,
    role: String,
    state: Pill,
    has_second_step: bool,
    last: Option<When>,
}

struct LinkRow {
    id: String,
    label: String,
    state: Pill,
    is_live: bool,
    created: When,
    expires: When,
}

/// What was entered to invite somebody.
#[derive(Default)]
struct Entered {
    email: String,
    name: String,
}

#[derive(Template)]
#[template(path = "admins.html")]
struct AdminsPage {
    frame: Frame,
    rows: Vec<Row>,
    links: Vec<LinkRow>,
    may_manage: bool,
    lacks: &'static str,
    entered: Entered,
    choices: Vec<Choice>,
    refusal: Option<Refusal>,
}

/// `GET /settings/admins`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&view(&call, Entered::default(), AdminRole::Admin, None).await?)
}

/// `POST /settings/admins`
pub async fn invite(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let entered = Entered { email: form.text("email").to_owned(), name: form.text("name").to_owned() };
    let role = AdminRole::named(form.text("role")).unwrap_or(AdminRole::Auditor);
    let sign_in = call.admin.addresses.sign_in_url(call.slug());
    let invited = match entered.email.parse() {
        Ok(email) => {
            try_mail(&call, &email).await?;
            let new = NewAdmin { email, name: entered.name.clone(), role };
            call.admin.people.invite(&call.cx, call.tenant(), new, &sign_in).await
        }
        Err(why) => Err(domain::Error::NotAllowed(why)),
    };
    match invited {
        Ok(invited) => page(&LinkPage::new(&call, &invited.admin, &invited.link, words::INVITATION)),
        Err(domain::Error::NotAllowed(why)) => {
            let refusal = Refusal { title: words::NOT_INVITED, message: text::sentence(&why) };
            let view = view(&call, entered, role, Some(refusal)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Err(error) => Err(error.into()),
    }
}

async fn view(
    call: &AdminCall,
    entered: Entered,
    chosen: AdminRole,
    refusal: Option<Refusal>,
) -> Result<AdminsPage, PageError> {
    let people = &call.admin.people;
    let admins = people.list(&call.cx.scope).await?;
    let links = people.setup_links(&call.cx.scope).await?;
    Ok(AdminsPage {
        frame: Frame::new(call, Spot::Admins, text::ADMINS, &[]),
        rows: admins.iter().map(|admin| row(call, admin)).collect(),
        links: links.iter().map(|link| link_row(call, link)).collect(),
        may_manage: call.may(Right::ManagePeople),
        lacks: text::lacks(Right::ManagePeople),
        entered,
        choices: choices(call, chosen),
        refusal,
    })
}

fn row(call: &AdminCall, admin: &Admin) -> Row {
    let name = admin.shown_name();
    Row {
        href: href(call, admin.id),
        initials: initials(name),
        name: name.to_owned(),
        email: if admin.name.is_empty() { String::new() } else { admin.email.to_string() },
        is_own: is_own(call, admin),
        role: admin.role.to_string(),
        state: state(admin),
        has_second_step: admin.has_second_step,
        last: admin.last_sign_in.map(|at| When::new(at, call.cx.now)),
    }
}

fn link_row(call: &AdminCall, link: &Link) -> LinkRow {
    let state = link.state(call.cx.now);
    let (tone, icon, word) = match state {
        LinkState::Live => (Tone::Info, Icon::Key, words::LINK_LIVE),
        LinkState::Used => (Tone::Ok, Icon::Ok, words::LINK_USED),
        LinkState::Expired => (Tone::Idle, Icon::Off, words::LINK_EXPIRED),
        LinkState::Revoked => (Tone::Idle, Icon::Off, words::LINK_REVOKED),
    };
    LinkRow {
        id: link.id.to_string(),
        label: if link.label.is_empty() { words::NO_LABEL.to_owned() } else { link.label.clone() },
        state: Pill::new(tone, icon, word),
        // A used link's session can be ended as well.
        is_live: matches!(state, LinkState::Live | LinkState::Used),
        created: When::new(link.created, call.cx.now),
        expires: When::new(link.expires, call.cx.now),
    }
}
