//! Making tokens, OAuth clients and their secrets.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::Error;
use domain::credential::{CredentialKind, CredentialState, MAX_LIVE};
use domain::ops::{NewClient, NewSecret, NewToken};
use domain::scope::Scopes;
use domain::tenant::shown_text;

use super::connection::Connection;
use super::show::Choice;
use super::{credential_id, key, new_key, once, paths, secrets};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page_with;
use crate::parts::Icon;
use crate::text::idp::Idp;
use crate::text::provisioning::{self as words, errors};
use crate::when::day;

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New {
    Token,
    Client,
    Secret,
}

#[derive(Template)]
#[template(path = "provisioning/new.html")]
struct NewPage {
    frame: Frame,
    lead: String,
    action: String,
    back: String,
    key: String,
    idp: Idp,
    /// None where nothing is to be named.
    label: Option<String>,
    spans: Vec<Choice>,
    span_help: &'static str,
    error: Option<String>,
    /// Why there can be no more.
    full: Option<&'static str>,
    button: &'static str,
}

/// `GET …/provisioning/tokens/new`
pub async fn show_token(call: AdminCall) -> Result<HttpResponse, PageError> {
    render(&call, New::Token, None, None).await
}

/// `POST …/provisioning/tokens`
pub async fn send_token(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let expires = match form.text("expires") {
        "never" => None,
        days => match seconds(New::Token, days) {
            Some(span) => Some(call.cx.now.plus_seconds(span)),
            None => return render(&call, New::Token, Some(&form), Some(errors::SPAN.to_owned())).await,
        },
    };
    let label = match shown_text(form.exact("label")) {
        Ok(label) => label,
        Err(why) => return render(&call, New::Token, Some(&form), Some(why)).await,
    };
    let new = NewToken { label, scopes: Scopes::ALL, expires, key: Some(key(&form)?) };
    match call.admin.credentials.mint(&call.cx, new).await {
        Ok(minted) => secrets::another_token(&call, &minted).await,
        Err(error) => refused(&call, New::Token, &form, error).await,
    }
}

/// `GET …/provisioning/clients/new`
pub async fn show_client(call: AdminCall) -> Result<HttpResponse, PageError> {
    render(&call, New::Client, None, None).await
}

/// `POST …/provisioning/clients`
pub async fn send_client(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let Some(span) = seconds(New::Client, form.text("expires")) else {
        return render(&call, New::Client, Some(&form), Some(errors::SPAN.to_owned())).await;
    };
    let label = match shown_text(form.exact("label")) {
        Ok(label) => label,
        Err(why) => return render(&call, New::Client, Some(&form), Some(why)).await,
    };
    let new = NewClient {
        label,
        scopes: Scopes::ALL,
        access_minutes: CredentialKind::USUAL_ACCESS_MINUTES,
        expires: call.cx.now.plus_seconds(span),
        key: Some(key(&form)?),
    };
    match call.admin.credentials.create_client(&call.cx, new).await {
        Ok(minted) => secrets::client_secret(&call, &minted).await,
        Err(error) => refused(&call, New::Client, &form, error).await,
    }
}

/// `GET …/provisioning/credentials/{id}/secrets/new`
pub async fn show_secret(call: AdminCall) -> Result<HttpResponse, PageError> {
    render(&call, New::Secret, None, None).await
}

/// `POST …/provisioning/credentials/{id}/secrets`
pub async fn send_secret(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let Some(span) = seconds(New::Secret, form.text("expires")) else {
        return render(&call, New::Secret, Some(&form), Some(errors::SPAN.to_owned())).await;
    };
    let new = NewSecret { expires: call.cx.now.plus_seconds(span), key: Some(key(&form)?) };
    match call.admin.credentials.add_secret(&call.cx, credential_id(&call)?, new).await {
        Ok(minted) => secrets::client_secret(&call, &minted).await,
        Err(error) => refused(&call, New::Secret, &form, error).await,
    }
}

async fn refused(call: &AdminCall, what: New, form: &Form, error: Error) -> Result<HttpResponse, PageError> {
    match error {
        Error::ShownAlready(id) => once::page(call, id),
        Error::NotAllowed(why) => render(call, what, Some(form), Some(why)).await,
        other => Err(other.into()),
    }
}

async fn render(
    call: &AdminCall,
    what: New,
    sent: Option<&Form>,
    error: Option<String>,
) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(call).await?;
    let usual = if what == New::Token { "365" } else { "730" };
    let chosen = sent.and_then(|form| form.given("expires")).unwrap_or(usual);
    let label = sent.map_or_else(|| suggested(&connection), |form| form.text("label").to_owned());
    let (title, action, lead) = words_of(call, what, &connection)?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = NewPage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), title, &[]),
        lead,
        action,
        back: paths::page(call),
        key: new_key(call).as_str().to_owned(),
        idp: connection.idp,
        label: (what != New::Secret).then_some(label),
        spans: spans(what, chosen),
        span_help: match what {
            New::Token => "Notification addresses and owners are told 30 days, 7 days and 1 day before.",
            New::Client | New::Secret => "A client’s secret is good for 1 to 3 years.",
        },
        error,
        full: full(call, what),
        button: match what {
            New::Token => "Create token",
            New::Client => "Create client",
            New::Secret => "Create secret",
        },
    };
    page_with(status, &view)
}

fn words_of(call: &AdminCall, what: New, connection: &Connection) -> Result<(&'static str, String, String), PageError> {
    let idp = connection.idp.name;
    Ok(match what {
        New::Token => (
            words::NEW_TOKEN,
            paths::below(call, "tokens"),
            format!(
                "Two can be live at once: paste the new one in {idp}, see that it is used, then revoke the old one."
            ),
        ),
        New::Client => (
            words::NEW_CLIENT,
            paths::below(call, "clients"),
            format!("For {idp} to fetch short-lived tokens with, instead of one long-lived token."),
        ),
        New::Secret => {
            let id = credential_id(call)?;
            let known =
                call.admission().credentials.iter().find(|one| one.id == id && one.kind != CredentialKind::Token);
            let client = known.ok_or(PageError::NotFound)?;
            (
                words::NEW_SECRET,
                paths::credential(call, id, "secrets"),
                format!(
                    "A second secret for {}, to replace the one in use without a gap.",
                    words::label(&client.label)
                ),
            )
        }
    })
}

/// A label that tells tokens of different years apart.
fn suggested(connection: &Connection) -> String {
    let year: String = day(connection.now).chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}-{year}", connection.provider.as_str())
}

/// Why another cannot be made, where that is known before.
fn full(call: &AdminCall, what: New) -> Option<&'static str> {
    let now = call.cx.now;
    let known = &call.admission().credentials;
    match what {
        New::Token => {
            let tokens = known.iter().filter(|one| one.kind == CredentialKind::Token);
            let live = tokens.filter(|one| one.state(now) == CredentialState::Live).count();
            (live >= MAX_LIVE).then_some("Two tokens are live, which is the limit. Revoke one to make another.")
        }
        New::Client => None,
        New::Secret => {
            let id = credential_id(call).ok()?;
            let client = known.iter().find(|one| one.id == id)?;
            let live = client.secrets.iter().filter(|secret| secret.state(now) == CredentialState::Live).count();
            (live >= MAX_LIVE).then_some("Two secrets are live, which is the limit. Revoke one to make another.")
        }
    }
}

/// The spans of time there are, by their number of days.
const fn days(what: New) -> &'static [(&'static str, &'static str)] {
    match what {
        New::Token => &[
            ("90", "90 days"),
            ("180", "180 days"),
            ("365", "1 year"),
            ("730", "2 years"),
            ("never", "Until it is revoked"),
        ],
        New::Client | New::Secret => &[("365", "1 year"), ("730", "2 years"), ("1095", "3 years")],
    }
}

fn spans(what: New, chosen: &str) -> Vec<Choice> {
    let choice = |(value, word): &(&str, &str)| Choice {
        id: format!("span-{value}"),
        value: (*value).to_owned(),
        word: (*word).to_owned(),
        help: "",
        is_chosen: *value == chosen,
    };
    days(what).iter().map(choice).collect()
}

fn seconds(what: New, chosen: &str) -> Option<i64> {
    let known = days(what).iter().find(|(value, _)| *value == chosen)?;
    let days: i64 = known.0.parse().ok()?;
    Some(days * DAY).filter(|span| what == New::Token || *span >= YEAR)
}
