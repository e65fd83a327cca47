//! An admin's own account and who they are at an identity provider.

use actix_web::HttpResponse;
use askama::Template;
use domain::connection::attempt::Purpose;
use domain::ids::ConnectionId;
use domain::ops::{Begun, Departure, Ticket};
use uuid::Uuid;

use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot};
use crate::gate::{known, ticket};
use crate::pages::account::{ACCOUNT, done, own, password, refused, try_password};
use crate::pages::sign_in::visitor;
use crate::pages::sso::arrive::put;
use crate::pages::{go, page};
use crate::parts::Icon;
use crate::text::{self, account as words, sign_on};

#[derive(Template)]
#[template(path = "account_link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    href: String,
}

/// `POST /settings/account/sso/{connection}`. It takes the password, as whoever is linked comes in without it from then on. The
/// page it answers with leads away, since a form must not ([`begin`](crate::pages::sso::begin::begin)).
pub async fn begin(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let admin = own(&call)?.id;
    if let Some(own) = call.admin.addresses.elsewhere(&call.request, call.slug()) {
        return Ok(go(&format!("{own}{ACCOUNT}")));
    }
    try_password(&call).await?;
    let people = &call.admin.people;
    if let Err(error) = people.confirm_password(call.tenant(), &call.caller, &password(&form)).await {
        return refused(&call, error, words::NOT_JOINED).await;
    }
    let id = ConnectionId(Uuid::try_parse(call.segment("connection")).map_err(|_| PageError::NotFound)?);
    let browser = ticket(&call.request)?;
    let departure = Departure {
        purpose: Purpose::Link,
        admin: Some(admin),
        browser: browser.value(),
        return_to: "",
        login_hint: None,
        visitor: &visitor(&call.request, &call.admin, call.slug()),
        service: &call.admin.addresses.service(call.slug()),
    };
    match call.admin.single_sign_on.begin(call.tenant(), id, departure, call.cx.now).await? {
        Begun::Away(address) => {
            let connection = call.admin.connections.find(&call.cx.scope, id).await?;
            let frame = Frame::new(&call, Spot::Account, words::LINK, &[]);
            let mut answer = page(&LinkPage { frame, name: connection.name, href: address })?;
            put(&mut answer, &browser)?;
            Ok(answer)
        }
        Begun::Refused(why) => {
            let why = format!("{}: {}", sign_on::title(why.cause), text::sentence(&why.detail));
            refused(&call, domain::Error::NotAllowed(why), words::NOT_JOINED).await
        }
        Begun::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}

/// `GET /settings/account/sso/arrive`
pub async fn arrive(call: AdminCall) -> Result<HttpResponse, PageError> {
    let admin = own(&call)?.id;
    let browser = known(&call.request, call.slug());
    let (visitor, settings) = (visitor(&call.request, &call.admin, call.slug()), call.href("/settings"));
    let ticket =
        Ticket { text: call.query.text("ticket"), browser: browser.as_deref(), settings: &settings, visitor: &visitor };
    match call.admin.single_sign_on.link_account(&call.cx, call.tenant(), admin, ticket).await {
        Ok(()) => Ok(done(&call, "linked")),
        Err(error) => refused(&call, error, words::NOT_JOINED).await,
    }
}

/// `POST /settings/account/sso/unlink`
pub async fn unlink(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let admin = own(&call)?.id;
    call.admin.connections.unlink(&call.cx, admin).await?;
    Ok(done(&call, "unlinked"))
}
