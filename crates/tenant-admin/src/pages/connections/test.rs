//! Trying a connection: in a new window, and what came of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::connection::arrival::Arrival;
use domain::connection::attempt::Purpose;
use domain::connection::cause::{Refused, SignInCause};
use domain::connection::link::Verdict;
use domain::connection::{IdentityClaim, Protocol};
use domain::ids::AttemptId;
use domain::ops::{Begun, Departure, Outside, TestResult};
use domain::person::shown_name;
use uuid::Uuid;

use super::keys::parted;
use super::{SETTINGS, asked, asked_id, href};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::gate::ticket;
use crate::pages::sign_in::visitor;
use crate::pages::sso::arrive::put;
use crate::pages::{go, page, page_with};
use crate::parts::{CopyField, Icon, Pill, Tone};
use crate::prose::Prose;
use crate::text::{self, sign_on as words};
use crate::when::When;

struct Check {
    what: &'static str,
    found: Prose,
    state: Pill,
}

/// Why a test failed.
struct Failure {
    title: &'static str,
    meaning: &'static str,
    detail: String,
    step: &'static str,
    job: &'static str,
    /// What the identity provider has to be told, where the cause is that it has another.
    value: Option<CopyField>,
}

#[derive(Template)]
#[template(path = "connections/test.html")]
struct TestPage {
    frame: Frame,
    connection: String,
    name: String,
    at: Option<When>,
    is_passed: bool,
    /// Whether people can sign in by the connection already.
    is_open: bool,
    is_outdated: bool,
    failure: Option<Failure>,
    checks: Vec<Check>,
    /// Whether this person will get in, and what speaks against it.
    findings: Vec<Prose>,
    person_href: Option<String>,
    claims: Vec<(String, String)>,
    again: String,
}

/// `GET /settings/user-authentication/sso/{id}/test`. See [`begin`](crate::pages::sso::begin::begin) for why it is no form.
pub async fn begin(call: AdminCall) -> Result<HttpResponse, PageError> {
    let id = asked(&call).await?.id;
    if let Some(own) = call.admin.addresses.elsewhere(&call.request, call.slug()) {
        return Ok(go(&format!("{own}{SETTINGS}/{id}/test")));
    }
    let browser = ticket(&call.request)?;
    let departure = Departure {
        purpose: Purpose::Test,
        admin: call.caller.admin().map(|admin| admin.id),
        browser: browser.value(),
        return_to: "",
        login_hint: None,
        visitor: &visitor(&call.request, &call.admin, call.slug()),
        service: &call.admin.addresses.service(call.slug()),
    };
    match call.admin.single_sign_on.begin(call.tenant(), id, departure, call.cx.now).await? {
        Begun::Away(address) => {
            let mut answer = go(&address);
            put(&mut answer, &browser)?;
            Ok(answer)
        }
        Begun::Refused(refused) => {
            let connection = call.admin.connections.find(&call.cx.scope, id).await?;
            let view = TestPage {
                failure: Some(failure(&call, &refused, connection.protocol())),
                ..empty(&call, &connection.name, href(&call, id))
            };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Begun::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}

/// `GET /settings/user-authentication/sso/{id}/tests/{test}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let id = asked_id(&call)?;
    let test = AttemptId(Uuid::try_parse(call.segment("test")).map_err(|_| PageError::NotFound)?);
    let result = call.admin.single_sign_on.test_result(call.tenant(), id, test, call.cx.now).await?;
    let result = result.ok_or(PageError::NotFound)?;
    page(&view(&call, &result))
}

fn empty(call: &AdminCall, name: &str, own: String) -> TestPage {
    let below = [(own.as_str(), name)];
    let below: Vec<(&str, &str)> = below.iter().map(|(path, word)| (strip(call, path), *word)).collect();
    TestPage {
        frame: Frame::new(call, Spot::Tab(Tab::SingleSignOn), words::TEST, &below),
        name: name.to_owned(),
        at: None,
        is_passed: false,
        is_open: false,
        is_outdated: false,
        failure: None,
        checks: Vec::new(),
        findings: Vec::new(),
        person_href: None,
        claims: Vec::new(),
        again: format!("{own}/test"),
        connection: own,
    }
}

/// An address of a page without what all of the tenant's begin with.
fn strip<'p>(call: &AdminCall, path: &'p str) -> &'p str {
    path.strip_prefix(call.href("").as_str()).unwrap_or(path)
}

fn view(call: &AdminCall, result: &TestResult) -> TestPage {
    let own = call.href(&format!("{SETTINGS}/{}", result.connection.id));
    let mut view = empty(call, &result.connection.name, own);
    view.at = Some(When::new(result.at, call.cx.now));
    view.is_passed = result.refused.is_none();
    view.is_open = result.connection.is_open();
    view.is_outdated = result.is_outdated;
    view.failure = result.refused.as_ref().map(|it| failure(call, it, result.connection.protocol()));
    view.checks = checks(call, result);
    if let Some((_, findings)) = &result.diagnosis {
        view.findings = findings.iter().map(|finding| words::finding(finding, call.cx.now)).collect();
    }
    let person = |id| call.href(&format!("/settings/user-authentication/directory/people/{id}"));
    view.person_href = result.person.as_ref().map(|found| person(found.id));
    if let Some(arrival) = &result.arrival {
        view.claims = arrival.claims.iter().map(|(name, values)| (name.clone(), values.join(", "))).collect();
    }
    view
}

/// The value of ours that a cause is about.
fn value(call: &AdminCall, cause: SignInCause, protocol: Protocol) -> Option<CopyField> {
    let is_about_us = cause == SignInCause::WrongAudience && protocol == Protocol::Saml;
    is_about_us.then(|| CopyField {
        id: "entity".to_owned(),
        label: "Identifier (Entity ID)".to_owned(),
        name: "entity ID".to_owned(),
        value: call.admin.addresses.service(call.slug()).entity_id,
        help: String::new(),
    })
}

fn failure(call: &AdminCall, refused: &Refused, protocol: Protocol) -> Failure {
    Failure {
        title: words::title(refused.cause),
        meaning: words::meaning(refused.cause),
        detail: if refused.detail.is_empty() { String::new() } else { text::sentence(&refused.detail) },
        step: words::step(refused.cause),
        job: words::job(refused.cause.whose()),
        value: value(call, refused.cause, protocol),
    }
}

fn pass(word: &str) -> Pill {
    Pill::new(Tone::Ok, Icon::Ok, word)
}

fn checks(call: &AdminCall, result: &TestResult) -> Vec<Check> {
    let Some(arrival) = &result.arrival else { return Vec::new() };
    let mut checks = vec![Check {
        what: "Signature",
        found: Prose::new(format!(
            "Valid, over the {}{}.",
            arrival.signed,
            if arrival.is_encrypted { ", which was encrypted" } else { "" }
        )),
        state: pass("Pass"),
    }];
    if let Some(fingerprint) = &arrival.certificate {
        checks.push(Check {
            what: "Certificate",
            found: Prose::new("Known: ").label(parted(fingerprint).get(..23).unwrap_or_default().to_owned()).text(" …"),
            state: pass("Pass"),
        });
    }
    checks.push(Check { what: "Issuer", found: Prose::new(arrival.issuer.clone()), state: pass("Pass") });
    checks.push(Check { what: "Audience", found: Prose::new("Meant for us."), state: pass("Pass") });
    checks.push(clock(arrival.skew_ms));
    let identity = result.connection.rules.identity;
    checks.extend(name(arrival, identity));
    checks.push(match arrival.key(identity) {
        Some(key) => compared(arrival, identity, key),
        None => missed(arrival, identity),
    });
    if arrival.key(identity).is_some() {
        checks.push(person(call, result));
    }
    checks.extend(result.outside.as_ref().map(outside));
    checks
}

/// The claim that is compared with the directory.
fn compared(arrival: &Arrival, identity: IdentityClaim, key: &str) -> Check {
    let name = arrival.name_id.as_ref().filter(|_| identity == IdentityClaim::NameId);
    let found = name.map_or_else(|| key.to_owned(), words::name_id);
    Check { what: words::claim(identity), found: Prose::new(found), state: pass("Pass") }
}

/// The same where there is nothing that could be compared.
fn missed(arrival: &Arrival, identity: IdentityClaim) -> Check {
    let name = arrival.name_id.as_ref().filter(|_| identity == IdentityClaim::NameId);
    let (found, word) = match name.filter(|name| name.passing_format().is_some()) {
        Some(name) => (words::name_id(name), words::CAN_CHANGE),
        None => ("It is not in what arrived.".to_owned(), "Missing"),
    };
    Check { what: words::claim(identity), found: Prose::new(found), state: Pill::new(Tone::Bad, Icon::Bad, word) }
}

/// Who signed in, in the identity provider's own words: Name ID or subject. None where it is the claim that is compared, which
/// has a line of its own.
fn name(arrival: &Arrival, identity: IdentityClaim) -> Option<Check> {
    let (claim, found) = match (&arrival.name_id, &arrival.subject) {
        (Some(name), _) => (IdentityClaim::NameId, words::name_id(name)),
        (None, Some(subject)) => (IdentityClaim::Subject, words::shortened(subject)),
        (None, None) => return None,
    };
    let state = Pill::new(Tone::Idle, Icon::Info, words::NOT_COMPARED);
    (claim != identity).then(|| Check { what: words::claim(claim), found: Prose::new(found), state })
}

/// That an address lies outside of the tenant's verified domains, where somebody asks.
fn outside(outside: &Outside) -> Check {
    let (so, tone, icon) = match outside.is_refused {
        true => (words::KEPT_OUT, Tone::Bad, Icon::Bad),
        false => (words::LET_IN, Tone::Warn, Icon::Warn),
    };
    let found = Prose::new(words::outside(&outside.domain.shown(), so));
    Check { what: "Domain", found, state: Pill::new(tone, icon, words::OUTSIDE) }
}

fn clock(skew_ms: i64) -> Check {
    let size = format!("{}.{} s", skew_ms.abs() / 1_000, skew_ms.abs() % 1_000 / 100);
    let said = match skew_ms {
        -100..=100 => "Both clocks agree.".to_owned(),
        ahead if ahead > 0 => format!("The identity provider is {size} ahead; up to 5 min is fine."),
        _ => format!("The identity provider is {size} behind, the time on the way included; up to 5 min is fine."),
    };
    let state = match skew_ms.abs() {
        0..=60_000 => pass("Pass"),
        _ => Pill::new(Tone::Warn, Icon::Warn, "Far apart"),
    };
    Check { what: "Clock", found: Prose::new(said), state }
}

fn person(call: &AdminCall, result: &TestResult) -> Check {
    let (found, state) = match (&result.person, result.people) {
        (Some(found), _) => {
            let verdict = result.diagnosis.as_ref().map(|(verdict, _)| *verdict);
            let doubt = verdict.filter(|verdict| !matches!(verdict, Verdict::Meets | Verdict::WouldMeet));
            let name = shown_name(found);
            (
                Prose::new(format!("{name}, whose externalId is the same.")),
                doubt.map_or_else(|| pass(words::MATCH_FOUND), words::verdict),
            )
        }
        (None, 0) => match result.connection.adds_people_to(call.tenant()) {
            true => (
                Prose::new("Nobody has this externalId; the first sign-in would add them."),
                Pill::new(Tone::Info, Icon::Person, "Would be added"),
            ),
            false => (
                Prose::new("Nobody of the directory has this externalId, so this sign-in would be refused. Map ")
                    .label("objectId")
                    .text(" to ")
                    .label("externalId")
                    .text(" in provisioning, or provision the person first."),
                Pill::new(Tone::Warn, Icon::Warn, "Nobody"),
            ),
        },
        (None, people) => (
            Prose::new(format!("{people} people have this externalId, so this sign-in would be refused.")),
            Pill::new(Tone::Bad, Icon::Bad, "Several"),
        ),
    };
    Check { what: "Person", found, state }
}
