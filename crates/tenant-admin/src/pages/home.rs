//! The one sign-in page of the installation: an e-mail address leads to the company's own sign-in. It belongs to no tenant, and
//! tells nothing of any but that a domain is led somewhere.

use std::time::Duration;

use actix_web::guard::fn_guard;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderName, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::rt::time::sleep;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use futures_util::future::join;

use crate::call::{admin_of, read_form, require_same_origin};
use crate::error::{self, PageError};
use crate::gate::Gate;
use crate::headers;
use crate::lists::address;
use crate::pages::sso::saml::Body;
use crate::pages::{page, page_with};
use crate::parts::Icon;
use crate::text::sign_on as words;

/// How long an answer takes at least: longer than any search for a domain does while the server is well.
const LEAST: Duration = Duration::from_millis(250);

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    gate: Gate,
    action: String,
    email: String,
    is_unknown: bool,
}

#[derive(Template)]
#[template(path = "home_away.html")]
struct AwayPage {
    gate: Gate,
    address: String,
}

/// Adds the page where no tenant is: below the public URL itself, and on no tenant's host.
pub fn register(config: &mut web::ServiceConfig) {
    let is_nobodys = fn_guard(|context| {
        let admin = context.app_data::<web::Data<crate::TenantAdmin>>();
        let authority = context.head().uri.authority().map(ToString::to_string);
        let named = context.head().headers().get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let host = authority.or(named).unwrap_or_default();
        !admin.is_some_and(|admin| admin.addresses.is_tenants_host(&host))
    });
    let home = web::resource("/sign-in")
        .guard(is_nobodys)
        .route(web::get().to(show))
        .route(web::head().to(show))
        .route(web::post().to(send))
        .default_service(web::to(|| async { Err::<&str, _>(PageError::WrongMethod) }));
    config.service(home.wrap(from_fn(error::show)).wrap(from_fn(headers::guard)));
}

fn view(request: &HttpRequest, email: String, is_unknown: bool) -> Result<HomePage, PageError> {
    let admin = admin_of(request)?;
    let gate = Gate::of(request, words::HOME)?;
    Ok(HomePage { gate, action: format!("{}/sign-in", admin.addresses.prefix()), email, is_unknown })
}

/// `GET /sign-in`
async fn show(request: HttpRequest) -> Result<HttpResponse, PageError> {
    page(&view(&request, String::new(), false)?)
}

/// `POST /sign-in`. The address is sent and not put into the page's own, which logs would keep.
async fn send(request: HttpRequest, body: Body) -> Result<HttpResponse, PageError> {
    let admin = admin_of(&request)?;
    let form = read_form(body.0).await?;
    require_same_origin(&request)?;
    let email = form.text("email");
    let from = admin.budgets.address(&request);
    // Awaited before anything is said of what was found: how long the search took tells how far it came.
    let (found, ()) = join(admin.single_sign_on.find_home(email, from), sleep(LEAST)).await;
    match found? {
        Err(seconds) => Err(PageError::TooMany(seconds)),
        Ok(None) => {
            let kept = email.chars().take(254).collect();
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(&request, kept, true)?)
        }
        Ok(Some((slug, connection))) => {
            let begin = admin.addresses.begin_url(&slug, &connection.to_string());
            let away = address(&begin, [("hint", email)]);
            let mut answer = page(&AwayPage { gate: Gate::of(&request, words::HOME)?, address: away.clone() })?;
            // A form of ours leads nowhere else, by its policy; a page does.
            let refresh = HeaderValue::from_str(&format!("0;url={away}"));
            let refresh = refresh.map_err(|error| PageError::Internal(error.to_string()))?;
            answer.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
            Ok(answer)
        }
    }
}
