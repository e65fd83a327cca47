//! Revoking a token, a client or a client's secret. What is in use is confirmed with its last four characters.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::credential::{Credential, CredentialKind, CredentialState, StoredSecret};

use super::connection::Connection;
use super::{credential_id, paths, secret_id, tables};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::address;
use crate::pages::{go, page_with};
use crate::parts::Icon;
use crate::text::provisioning::{self as words, errors};
use crate::when::{When, day};

#[derive(Template)]
#[template(path = "provisioning/revoke.html")]
struct RevokePage {
    frame: Frame,
    question: String,
    follows: String,
    code: String,
    used: Option<When>,
    used_by: Option<String>,
    created: String,
    /// What is to be typed; none for what nobody uses.
    last_four: Option<String>,
    error: Option<&'static str>,
    action: String,
    back: String,
    deed: &'static str,
}

/// What is to be revoked.
struct Goal<'c> {
    credential: &'c Credential,
    /// One of a client's secrets; none for all of the credential.
    secret: Option<&'c StoredSecret>,
}

impl<'c> Goal<'c> {
    fn of(call: &'c AdminCall, has_secret: bool) -> Result<Self, PageError> {
        let id = credential_id(call)?;
        let known = call.admission().credentials.iter().find(|one| one.id == id).ok_or(PageError::NotFound)?;
        if !has_secret {
            return Ok(Self { credential: known, secret: None });
        }
        let secret = secret_id(call)?;
        let found = known.secrets.iter().find(|one| one.id == secret && known.kind != CredentialKind::Token);
        Ok(Self { credential: known, secret: Some(found.ok_or(PageError::NotFound)?) })
    }

    /// What is to be typed before it goes.
    fn confirmation(&self, call: &AdminCall) -> Option<String> {
        if !self.credential.is_in_use(call.cx.now) {
            return None;
        }
        self.secret.or_else(|| self.credential.newest_secret()).map(|secret| secret.last_four.clone())
    }

    /// How those are that could take its place: a client's other secrets, or else the tenant's other credentials.
    fn others(&self, call: &AdminCall) -> Vec<CredentialState> {
        let now = call.cx.now;
        if let Some(secret) = self.secret {
            let others = self.credential.secrets.iter().filter(|other| other.id != secret.id);
            return others.map(|other| other.state(now)).collect();
        }
        let others = call.admission().credentials.iter().filter(|other| other.id != self.credential.id);
        others.map(|other| other.state(now)).collect()
    }

    fn is_client(&self) -> bool {
        self.credential.kind != CredentialKind::Token
    }
}

/// `GET …/provisioning/credentials/{id}/revoke`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    render(&call, &Goal::of(&call, false)?, None).await
}

/// `POST …/provisioning/credentials/{id}/revoke`
pub async fn send(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let goal = Goal::of(&call, false)?;
    if goal.confirmation(&call).is_some_and(|last_four| form.text("last_four") != last_four) {
        return render(&call, &goal, Some(errors::LAST_FOUR)).await;
    }
    call.admin.credentials.revoke(&call.cx, goal.credential.id).await?;
    Ok(go(&address(&paths::page(&call), [("done", "revoked")])))
}

/// `GET …/provisioning/credentials/{id}/secrets/{secret}/revoke`
pub async fn show_secret(call: AdminCall) -> Result<HttpResponse, PageError> {
    render(&call, &Goal::of(&call, true)?, None).await
}

/// `POST …/provisioning/credentials/{id}/secrets/{secret}/revoke`
pub async fn send_secret(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let goal = Goal::of(&call, true)?;
    if goal.confirmation(&call).is_some_and(|last_four| form.text("last_four") != last_four) {
        return render(&call, &goal, Some(errors::LAST_FOUR)).await;
    }
    call.admin.credentials.revoke_secret(&call.cx, goal.credential.id, secret_id(&call)?).await?;
    Ok(go(&address(&paths::page(&call), [("done", "revoked")])))
}

async fn render(call: &AdminCall, goal: &Goal<'_>, error: Option<&'static str>) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(call).await?;
    let Goal { credential, secret } = goal;
    let idp = connection.idp.start;
    let shown = secret.or_else(|| credential.newest_secret());
    let (title, deed) = match (secret.is_some(), goal.is_client()) {
        (true, _) => (words::REVOKE_SECRET, "Revoke secret"),
        (false, true) => (words::REVOKE_CLIENT, "Revoke client"),
        (false, false) => (words::REVOKE_TOKEN, "Revoke token"),
    };
    let has_others = goal.others(call).contains(&CredentialState::Live);
    let in_use = credential.is_in_use(call.cx.now);
    let is_replaced = connection
        .health
        .rotation
        .as_ref()
        .is_some_and(|rotation| rotation.is_over() && shown.is_some_and(|secret| secret.id == rotation.old.secret));
    let follows = match (in_use, has_others) {
        (true, _) if is_replaced => {
            format!("{idp} has switched to the other one. This one opens nothing any more once it is revoked.")
        }
        (false, _) => "Nobody uses it. It opens nothing any more from then on, and cannot be brought back.".to_owned(),
        (true, false) => format!(
            "The moment you revoke it, {idp} is refused until another one is pasted there. Nobody loses access."
        ),
        (true, true) => format!("{idp} is refused with this one from then on. See first that it uses the other."),
    };
    let view = RevokePage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), title, &[]),
        question: match secret {
            Some(_) => format!("Revoke a secret of {}?", words::quoted(&credential.label)),
            None => format!("Revoke {}?", words::quoted(&credential.label)),
        },
        follows,
        code: match goal.is_client() {
            true => shown.map(|one| tables::code("client", &one.id.to_string(), shown)).unwrap_or_default(),
            false => tables::code("scim", &credential.id.to_string(), shown),
        },
        used: credential.last_used.as_ref().map(|used| When::new(used.at, call.cx.now)),
        used_by: credential.last_used.as_ref().and_then(|used| used.client.clone()),
        created: day(shown.map_or(credential.created, |secret| secret.created)),
        last_four: goal.confirmation(call),
        error,
        action: paths::here(call),
        back: paths::page(call),
        deed,
    };
    page_with(if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &view)
}
