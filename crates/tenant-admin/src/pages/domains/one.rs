//! One domain: its record, what DNS says of it, and looking for it now.

use actix_web::HttpResponse;
use askama::Template;
use domain::admin::Right;
use domain::email_domain::{Answer, EmailDomain};
use domain::ids::ConnectionId;
use domain::ops::Look;
use uuid::Uuid;

use super::{asked, asked_id, href};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::provisioning::{mark, part};
use crate::pages::{go, page};
use crate::parts::{CopyField, Icon, Tone};
use crate::text::{self, domains as words};
use crate::when::When;

/// A connection that can be chosen.
struct Way {
    id: String,
    name: String,
    is_chosen: bool,
}

struct Banner {
    tone: Tone,
    icon: Icon,
    title: &'static str,
    text: String,
}

/// The part that moves by itself.
#[derive(Template)]
#[template(path = "domains/status.html")]
struct Status {
    banner: Banner,
    checked: Option<When>,
    /// What DNS answered, where that is no records.
    said: Option<String>,
    records: Vec<Record>,
}

struct Record {
    text: String,
    is_it: bool,
}

#[derive(Template)]
#[template(path = "domains/one.html")]
struct DomainPage {
    frame: Frame,
    status: String,
    status_href: String,
    status_mark: String,
    name: CopyField,
    value: CopyField,
    check: String,
    remove: String,
    ways: Vec<Way>,
    way: String,
    is_verified: bool,
    may: bool,
    lacks: &'static str,
}

/// `GET …/domains/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let domain = asked(&call).await?;
    let own = href(&call, domain.id);
    let status = Status::of(&call, &domain).render()?;
    page(&DomainPage {
        frame: Frame::new(&call, Spot::Tab(Tab::Domains), domain.name.shown(), &[]),
        status_mark: mark(&status),
        status,
        status_href: format!("{own}/status"),
        name: CopyField {
            id: "record-name".to_owned(),
            label: "Name".to_owned(),
            name: "record name".to_owned(),
            value: domain.name.record(),
            help: words::NAME_HELP.to_owned(),
        },
        value: CopyField {
            id: "record-value".to_owned(),
            label: "Value".to_owned(),
            name: "record value".to_owned(),
            value: domain.challenge.clone(),
            help: words::VALUE_HELP.to_owned(),
        },
        check: format!("{own}/check"),
        remove: format!("{own}/remove"),
        is_verified: domain.is_verified() && domain.missing.is_none(),
        ways: ways(&call, &domain).await?,
        way: format!("{own}/connection"),
        may: call.may(Right::Configure),
        lacks: text::lacks(Right::Configure),
    })
}

/// The connections that the domain's people may be led to; none where there is none to choose from.
async fn ways(call: &AdminCall, domain: &EmailDomain) -> Result<Vec<Way>, PageError> {
    let all = call.admin.connections.list(&call.cx.scope).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let usual = Way { id: String::new(), name: words::USUAL_WAY.to_owned(), is_chosen: domain.connection.is_none() };
    let way = |connection: &domain::connection::Connection| Way {
        id: connection.id.to_string(),
        name: connection.name.clone(),
        is_chosen: domain.connection == Some(connection.id),
    };
    Ok(std::iter::once(usual).chain(all.iter().map(way)).collect())
}

/// `POST …/domains/{id}/connection`
pub async fn set_connection(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let id = asked_id(&call)?;
    let chosen = match form.text("connection") {
        "" => None,
        text => Some(ConnectionId(Uuid::try_parse(text).map_err(|_| PageError::NotFound)?)),
    };
    if let Some(chosen) = chosen {
        call.admin.connections.find(&call.cx.scope, chosen).await?;
    }
    call.admin.domains.set_connection(&call.cx, id, chosen).await?;
    Ok(go(&format!("{}?done=saved", href(&call, id))))
}

/// `GET …/domains/{id}/status`
pub async fn show_status(call: AdminCall) -> Result<HttpResponse, PageError> {
    let domain = asked(&call).await?;
    part(&call, &Status::of(&call, &domain))
}

/// `POST …/domains/{id}/check`
pub async fn check(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    match call.admin.domains.check(&call.cx, asked_id(&call)?).await? {
        Look::Done(domain) => Ok(go(&href(&call, domain.id))),
        Look::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}

impl Status {
    fn of(call: &AdminCall, domain: &EmailDomain) -> Self {
        let pill = words::pill(domain);
        let (title, text) = words::meaning(domain);
        let record = domain.name.record();
        let records = match &domain.answer {
            Some(Answer::Records(records)) => records.as_slice(),
            _ => &[],
        };
        Self {
            banner: Banner { tone: pill.tone, icon: pill.icon, title, text },
            checked: domain.checked.map(|at| When::new(at, call.cx.now)),
            said: domain.answer.as_ref().and_then(|answer| words::answer(answer, &record)),
            records: records.iter().map(|text| Record { text: text.clone(), is_it: domain.is_record(text) }).collect(),
        }
    }
}
