//! The pages, one module each: a view struct, its template, and its handlers.

pub mod account;
pub mod activity;
pub mod admins;
pub mod audit;
pub mod connections;
pub mod directory;
pub mod domains;
pub mod forgot;
pub mod guide;
pub mod home;
pub mod link;
pub mod me;
pub mod overview;
pub mod provisioning;
pub mod roles;
pub mod sign_in;
pub mod sso;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use askama::Template;

use crate::error::PageError;

/// A page.
///
/// # Errors
/// [`PageError::Internal`] when the template fails.
pub fn page(view: &impl Template) -> Result<HttpResponse, PageError> {
    page_with(StatusCode::OK, view)
}

/// A page with another status.
///
/// # Errors
/// As [`page`].
pub fn page_with(status: StatusCode, view: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(view.render()?))
}

/// Sends the browser to another page after a deed.
pub fn go(href: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, href)).finish()
}

/// A part of a page for the script that keeps it up to date: nothing (204) when it is what the script has already.
/// `mark`: what tells one state of the part from another.
///
/// # Errors
/// As [`page`].
pub fn live(call: &crate::call::AdminCall, mark: &str, view: &impl Template) -> Result<HttpResponse, PageError> {
    if call.query.text("mark") == mark {
        return Ok(HttpResponse::NoContent().finish());
    }
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("x-mark", mark)).content_type("text/html; charset=utf-8");
    Ok(answer.body(view.render()?))
}
