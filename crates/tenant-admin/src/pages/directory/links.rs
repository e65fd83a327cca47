//! A person's way in: what the link doctor says, and ending their sessions.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::admin::Right;
use domain::directory::StoredResource;
use domain::ops::Diagnosis;

use super::{asked_id, person_href};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::pages::connections::SETTINGS;
use crate::pages::go;
use crate::parts::Pill;
use crate::prose::Prose;
use crate::text::sign_on as words;

struct Link {
    name: String,
    href: String,
    verdict: Pill,
    findings: Vec<Prose>,
}

/// What the person's page says about single sign-on.
#[derive(Template)]
#[template(path = "directory_links.html")]
pub struct Links {
    found: Vec<Link>,
    log: String,
    sign_out: String,
    csrf: String,
    may: bool,
}

impl HtmlSafe for Links {}

/// None in a tenant without single sign-on.
///
/// # Errors
/// Those of the store.
pub async fn links(call: &AdminCall, person: &StoredResource) -> Result<Option<Links>, PageError> {
    let diagnoses = call.admin.doctor.examine(&call.cx.scope, person).await?;
    if diagnoses.is_empty() {
        return Ok(None);
    }
    let link = |diagnosis: Diagnosis| Link {
        href: call.href(&format!("{SETTINGS}/{}", diagnosis.connection.id)),
        name: diagnosis.connection.name,
        verdict: words::verdict(diagnosis.verdict),
        findings: diagnosis.findings.iter().map(|finding| words::finding(finding, call.cx.now)).collect(),
    };
    Ok(Some(Links {
        found: diagnoses.into_iter().map(link).collect(),
        log: call.href(&format!("{SETTINGS}/log?person={}", person.id)),
        sign_out: format!("{}/sign-out", person_href(call, person.id)),
        csrf: call.caller.csrf.clone(),
        may: call.may(Right::Configure),
    }))
}

/// `POST …/directory/people/{id}/sign-out`
pub async fn sign_out(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let id = asked_id(&call)?;
    call.admin.single_sign_on.end_sessions_of(&call.cx, id).await?;
    Ok(go(&format!("{}?done=signed-out-person", person_href(&call, id))))
}
