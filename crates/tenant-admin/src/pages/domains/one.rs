//! One domain: its record, what DNS says of it, and looking for it now.

use actix_web::HttpResponse;
use askama::Template;
use domain::admin::Right;
use domain::email_domain::{Answer, EmailDomain};
use domain::ops::Look;

use super::{asked, asked_id, href};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::provisioning::{mark, part};
use crate::pages::{go, page};
use crate::parts::{CopyField, Icon, Tone};
use crate::text::{self, domains as words};
use crate::when::When;

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
        may: call.may(Right::Configure),
        lacks: text::lacks(Right::Configure),
    })
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
