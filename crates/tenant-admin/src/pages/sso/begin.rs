//! Sending a browser away to an identity provider.

use actix_web::{HttpRequest, HttpResponse};
use domain::connection::attempt::Purpose;
use domain::ids::ConnectionId;
use domain::ops::{Begun, Departure};
use uuid::Uuid;

use super::Coming;
use super::arrive::put;
use crate::error::PageError;
use crate::form::Form;
use crate::gate::{return_to, ticket};
use crate::lists::address;
use crate::pages::go;

/// `GET /sso/begin/{connection}`. It changes nothing but what is remembered of this sign-in. It is no form that is sent: a page
/// of ours that sends one must not lead elsewhere (`form-action`, which browsers hold redirects to).
pub async fn begin(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let coming = Coming::of(&request).await?;
    if let Some(closed) = coming.closed().await? {
        return Ok(closed);
    }
    let id = request.match_info().get("connection").and_then(|text| Uuid::try_parse(text).ok());
    let id = ConnectionId(id.ok_or(PageError::NotFound)?);
    let query = Form::parse(request.query_string().as_bytes());
    let return_to = return_to(&query, &coming.href(""));
    if let Some(own) = coming.admin.addresses.elsewhere(&request, &coming.slug) {
        let next = return_to.strip_prefix(&coming.href("")).unwrap_or_default();
        return Ok(go(&address(&format!("{own}/sso/begin/{id}"), [("next", next), ("hint", query.text("hint"))])));
    }
    let browser = ticket(&request)?;
    let hint = query.given("hint").filter(|hint| hint.len() <= 254);
    let departure = Departure {
        purpose: Purpose::SignIn,
        admin: None,
        browser: browser.value(),
        return_to: &return_to,
        login_hint: hint,
        visitor: &coming.visitor(),
        service: &coming.service(),
    };
    match coming.admin.single_sign_on.begin(&coming.tenant, id, departure, coming.now).await? {
        Begun::Away(address) => {
            let mut answer = go(&address);
            put(&mut answer, &browser)?;
            Ok(answer)
        }
        Begun::Refused(refused) => coming.refuse(&refused).await,
        Begun::Wait(seconds) => Err(PageError::TooMany(seconds)),
    }
}
