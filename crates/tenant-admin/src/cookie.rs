//! Cookies: one per tenant, so that signing in at one neither ends nor lends a session at another (decisions.md 16).

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use domain::tenant::TenantSlug;

use crate::call::is_secure;

/// What a cookie is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jar {
    /// The session of somebody who signed in.
    Session,
    /// Binds the forms of those who have not signed in yet to their browser.
    Gate,
    /// A browser that its owner has signed in with before.
    Device,
    /// The session of a person of the directory.
    Person,
}

impl Jar {
    fn name(self, slug: &TenantSlug, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        let purpose = match self {
            Self::Session => "",
            Self::Gate => "-gate",
            Self::Device => "-device",
            Self::Person => "-person",
        };
        // No slug has an underscore, so that no tenant's name can be another's cookie.
        format!("{prefix}rollcall_{slug}_{purpose}").trim_end_matches('_').to_owned()
    }

    /// What the request's browser has in it.
    pub fn read(self, request: &HttpRequest, slug: &TenantSlug) -> Option<String> {
        request.cookie(&self.name(slug, is_secure(request))).map(|cookie| cookie.value().to_owned())
    }

    /// Puts something in. `seconds`: how long it is kept; until the browser closes when none.
    pub fn put(self, request: &HttpRequest, slug: &TenantSlug, value: String, seconds: Option<i64>) -> Cookie<'static> {
        let secure = is_secure(request);
        let cookie = Cookie::build(self.name(slug, secure), value).path("/").http_only(true).same_site(SameSite::Lax);
        let cookie = cookie.secure(secure);
        match seconds {
            Some(seconds) => cookie.max_age(Duration::seconds(seconds)).finish(),
            None => cookie.finish(),
        }
    }

    /// Takes out what is in it.
    pub fn empty(self, request: &HttpRequest, slug: &TenantSlug) -> Cookie<'static> {
        self.put(request, slug, String::new(), Some(0))
    }
}
