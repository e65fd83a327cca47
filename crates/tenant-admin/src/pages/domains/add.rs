//! The list, adding to it, and the policy.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::Right;
use domain::email_domain::{DomainName, DomainPolicy, EmailDomain};

use super::{DOMAINS, href};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::{Empty, Note};
use crate::pages::{go, page, page_with};
use crate::parts::{Icon, Pill, Tone};
use crate::text::{self, domains as words};
use crate::when::When;

struct Row {
    href: String,
    name: String,
    state: Pill,
    added: When,
    checked: Option<When>,
}

struct Choice {
    value: &'static str,
    word: &'static str,
    meaning: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "domains/page.html")]
struct DomainsPage {
    frame: Frame,
    lead: &'static str,
    page: String,
    count: String,
    rows: Vec<Row>,
    empty: Empty,
    /// About domains that cease to count soon.
    notes: Vec<Note>,
    entered: String,
    error: Option<String>,
    choices: Vec<Choice>,
    /// Where it is shown who is outside; none before there is a verified domain.
    outside: Option<String>,
    may: bool,
    lacks: &'static str,
}

/// `GET …/domains`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&view(&call, String::new(), None).await?)
}

/// `POST …/domains`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let entered = form.text("name");
    let added = match entered.parse::<DomainName>() {
        Ok(name) => call.admin.domains.add(&call.cx, name).await,
        Err(why) => Err(domain::Error::NotAllowed(why)),
    };
    match added {
        Ok(domain) => Ok(go(&href(&call, domain.id))),
        Err(domain::Error::NotAllowed(why)) => {
            let entered = entered.chars().take(300).collect();
            let view = view(&call, entered, Some(text::sentence(&why))).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST …/domains/policy`
pub async fn set_policy(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let policy = DomainPolicy::named(form.text("policy")).ok_or(PageError::NotFound)?;
    call.admin.domains.set_policy(&call.cx, policy).await?;
    Ok(go(&call.href(&format!("{DOMAINS}?done=saved"))))
}

async fn view(call: &AdminCall, entered: String, error: Option<String>) -> Result<DomainsPage, PageError> {
    let domains = call.admin.domains.list(&call.cx.scope).await?;
    let has_verified = domains.iter().any(EmailDomain::is_verified);
    let chosen = call.tenant().domains.policy;
    let choice = |policy: DomainPolicy| {
        let (word, meaning) = words::policy(policy);
        Choice { value: policy.as_str(), word, meaning, is_chosen: policy == chosen }
    };
    Ok(DomainsPage {
        frame: Frame::new(call, Spot::Tab(Tab::Domains), text::tab(Tab::Domains), &[]),
        lead: words::LEAD,
        page: call.href(DOMAINS),
        count: words::count(domains.len()),
        notes: domains.iter().filter_map(|domain| note(call, domain)).collect(),
        rows: domains.iter().map(|domain| row(call, domain)).collect(),
        empty: Empty { title: words::EMPTY_TITLE.to_owned(), text: words::EMPTY.to_owned(), step: None },
        entered,
        error,
        choices: DomainPolicy::ALL.into_iter().map(choice).collect(),
        outside: has_verified.then(|| call.href(&format!("{DOMAINS}/outside"))),
        may: call.may(Right::Configure),
        lacks: text::lacks(Right::Configure),
    })
}

fn row(call: &AdminCall, domain: &EmailDomain) -> Row {
    Row {
        href: href(call, domain.id),
        name: domain.name.shown(),
        state: words::pill(domain),
        added: When::new(domain.added, call.cx.now),
        checked: domain.checked.map(|at| When::new(at, call.cx.now)),
    }
}

fn note(call: &AdminCall, domain: &EmailDomain) -> Option<Note> {
    domain.expires().filter(|_| domain.is_verified())?;
    let (title, text) = words::meaning(domain);
    Some(Note {
        tone: Tone::Warn,
        icon: Icon::Warn,
        text: format!("{}: {title}. {text}", domain.name.shown()),
        step: Some((href(call, domain.id), "Show the record")),
    })
}
