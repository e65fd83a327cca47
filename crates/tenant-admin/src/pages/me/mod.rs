//! A person's own page: who they are as the directory knows them, their groups, and where they are signed in.

use actix_web::HttpResponse;
use askama::Template;
use domain::detail;
use domain::directory::Membership;
use domain::ids::SessionId;
use uuid::Uuid;

use crate::cookie::Jar;
use crate::error::PageError;
use crate::frame::initials;
use crate::gate::Gate;
use crate::pages::account::SessionRow;
use crate::pages::sso::arrive::put;
use crate::pages::{go, page};
use crate::parts::Notice;
use crate::person_call::{PersonCall, PersonSubmission};
use crate::text::attributes;
use crate::text::roles as role_words;
use crate::text::{self, sign_on as words};
use crate::when::When;

pub const ME: &str = "/me";

struct Value {
    label: String,
    value: String,
}

struct Group {
    name: String,
    /// Whether they are in it by way of another group.
    is_indirect: bool,
}

#[derive(Template)]
#[template(path = "me/page.html")]
struct MePage {
    gate: Gate,
    csrf: String,
    name: String,
    initials: String,
    tenant: String,
    notice: Option<Notice>,
    by: String,
    protocol: &'static str,
    signed_in: When,
    values: Vec<Value>,
    groups: Vec<Group>,
    /// The role in the vendor's product, and why.
    role: String,
    because: String,
    sessions: Vec<SessionRow>,
    settings: String,
}

/// `GET /me`
pub async fn show(call: PersonCall) -> Result<HttpResponse, PageError> {
    let (coming, caller) = (&call.coming, &call.caller);
    let sign_on = &coming.admin.single_sign_on;
    let sessions = sign_on.sessions(&call.cx.scope, caller, call.cx.now).await?;
    let by = coming.admin.connections.find(&call.cx.scope, caller.session.sign_on.connection).await;
    let verdict = coming.admin.roles.of_person(&call.cx.scope, caller.person.id).await?;
    let name = caller.shown_name();
    page(&MePage {
        gate: Gate::of(&coming.request, words::ME)?.named(&coming.tenant.name),
        csrf: caller.csrf.clone(),
        initials: initials(&name),
        name,
        tenant: coming.tenant.name.clone(),
        notice: call.query.given("done").and_then(text::notice),
        by: by.map(|connection| connection.name).unwrap_or_default(),
        protocol: words::protocol(caller.session.sign_on.protocol),
        signed_in: When::new(caller.session.signed_in, call.cx.now),
        values: values(&call),
        groups: groups(&call),
        role: verdict
            .as_ref()
            .and_then(|it| it.role.as_ref())
            .map_or_else(String::new, |role| role.as_str().to_owned()),
        because: verdict.as_ref().map(|it| role_words::because(it, &coming.admin.branding.name)).unwrap_or_default(),
        sessions: sessions.into_iter().map(|session| SessionRow::new(session, call.cx.now)).collect(),
        settings: coming.href("/settings/user-authentication"),
    })
}

/// What is known of the person, in the order of the document; not what the protocol needs for itself.
fn values(call: &PersonCall) -> Vec<Value> {
    let mut document = call.caller.person.resource.attributes().clone();
    for own in ["schemas", "active", "meta", "id"] {
        document.shift_remove(own);
    }
    let value = |it: detail::Detail| Value {
        label: attributes::label(&it.path, it.kind.as_deref()),
        value: attributes::value(&it.value),
    };
    // What tells the person from others across systems says nothing to them, so that it comes last.
    let external = document.shift_remove("externalId");
    document.extend(external.map(|value| ("externalId".to_owned(), value)));
    // Which of several is the main one says little about a person.
    let told = detail::details(&document).into_iter().filter(|it| !it.path.ends_with(".primary"));
    told.map(value).collect()
}

fn groups(call: &PersonCall) -> Vec<Group> {
    let group = |group: &domain::directory::GroupRef| Group {
        name: group.display.clone().unwrap_or_else(|| group.id.to_string()),
        is_indirect: group.membership != Membership::Direct,
    };
    call.caller.groups.iter().map(group).collect()
}

#[derive(Template)]
#[template(path = "me/away.html")]
struct AwayPage {
    gate: Gate,
    /// Where the identity provider ends its session.
    address: String,
    here: String,
}

/// `POST /me/sign-out`: here, and at the identity provider where it offers that.
pub async fn sign_out(submission: PersonSubmission) -> Result<HttpResponse, PageError> {
    let PersonSubmission(call) = submission;
    let coming = &call.coming;
    let ended = coming.admin.single_sign_on.sign_out(&call.cx, &call.caller, &coming.service()).await?;
    let mut answer = match ended.address {
        // A form of ours leads nowhere else, by its policy; a page does.
        Some(address) => {
            let here = coming.href("/sso/signed-out");
            let mut answer = page(&AwayPage {
                gate: Gate::of(&coming.request, words::SIGNED_OUT)?.named(&coming.tenant.name),
                address: address.clone(),
                here,
            })?;
            let refresh = format!("0;url={address}");
            let refresh = actix_web::http::header::HeaderValue::from_str(&refresh);
            let name = actix_web::http::header::HeaderName::from_static("refresh");
            answer.headers_mut().insert(name, refresh.map_err(|error| PageError::Internal(error.to_string()))?);
            answer
        }
        None => go(&coming.href("/sso/signed-out")),
    };
    put(&mut answer, &Jar::Person.empty(&coming.request, &coming.slug))?;
    Ok(answer)
}

/// `POST /me/sign-out-everywhere`
pub async fn sign_out_everywhere(submission: PersonSubmission) -> Result<HttpResponse, PageError> {
    let PersonSubmission(call) = submission;
    let coming = &call.coming;
    coming.admin.single_sign_on.end_everywhere(&call.cx, &call.caller).await?;
    let mut answer = go(&coming.href("/sso/signed-out"));
    put(&mut answer, &Jar::Person.empty(&coming.request, &coming.slug))?;
    Ok(answer)
}

/// `POST /me/sessions/{id}/end`
pub async fn end(submission: PersonSubmission) -> Result<HttpResponse, PageError> {
    let PersonSubmission(call) = submission;
    let coming = &call.coming;
    let id = coming.request.match_info().get("id").and_then(|text| Uuid::try_parse(text).ok());
    let id = SessionId(id.ok_or(PageError::NotFound)?);
    coming.admin.single_sign_on.end_session(&call.cx, &call.caller, id).await?;
    Ok(go(&call.href(&format!("{ME}?done=session"))))
}
