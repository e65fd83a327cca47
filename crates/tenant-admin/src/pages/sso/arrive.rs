//! Letting somebody in.

use ::web::measure;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse};
use domain::ops::{Ticket, Welcome};

use super::{Coming, answer_to_nobody};
use crate::cookie::Jar;
use crate::error::PageError;
use crate::form::Form;
use crate::pages::go;
use crate::pages::sign_in::with_session;

/// `GET /sso/arrive`
pub async fn arrive(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let Some(coming) = Coming::find(&request).await? else { return answer_to_nobody(&request) };
    if let Some(closed) = coming.closed().await? {
        return Ok(closed);
    }
    let query = Form::parse(request.query_string().as_bytes());
    let (browser, visitor, settings) = (coming.browser(), coming.visitor(), coming.href("/settings"));
    let ticket =
        Ticket { text: query.text("ticket"), browser: browser.as_deref(), settings: &settings, visitor: &visitor };
    match coming.admin.single_sign_on.pick_up(&coming.tenant, ticket, coming.now).await? {
        Welcome::Person { session, return_to } => {
            measure::sign_in(coming.admin.labels.of(Some(&coming.slug)), None);
            leave(&coming).await?;
            let own = coming.href("/me");
            let mut answer = go(if return_to.is_empty() { &own } else { &return_to });
            put(&mut answer, &Jar::Person.put(&request, &coming.slug, session.cookie, None))?;
            Ok(answer)
        }
        Welcome::Admin { session, return_to } => {
            measure::sign_in(coming.admin.labels.of(Some(&coming.slug)), None);
            if let Some(cookie) = Jar::Session.read(&request, &coming.slug) {
                coming.admin.sign_in.leave(&coming.tenant, &cookie, &visitor, coming.now).await?;
            }
            with_session(go(&return_to), &request, &coming.slug, &session)
        }
        Welcome::Refused(refused) => coming.refuse(&refused).await,
        Welcome::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}

/// Ends the session that the browser had when another begins in it.
async fn leave(coming: &Coming) -> Result<(), PageError> {
    let Some(cookie) = Jar::Person.read(&coming.request, &coming.slug) else { return Ok(()) };
    let sign_on = &coming.admin.single_sign_on;
    let Some(caller) = sign_on.resume(&coming.tenant, &cookie, coming.now).await? else { return Ok(()) };
    let cx = domain::ops::SingleSignOn::context(&coming.tenant, &caller, &coming.visitor(), coming.now);
    Ok(sign_on.end_session(&cx, &caller, caller.session.id).await?)
}

pub fn put(answer: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<(), PageError> {
    answer.add_cookie(cookie).map_err(|error| PageError::Internal(error.to_string()))
}
