//! Pages for those who have not signed in: narrow ones, that tell nothing about the tenant but what its address does.

use std::future::Future;
use std::pin::Pin;

use actix_web::cookie::Cookie;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use domain::tenant::{Tenant, TenantSlug};
use domain::timestamp::Timestamp;
use subtle::ConstantTimeEq;

use crate::TenantAdmin;
use crate::assets::Assets;
use crate::branding::Branding;
use crate::call::{admin_of, base, read_form, require_same_origin};
use crate::cookie::Jar;
use crate::error::PageError;
use crate::form::Form;

/// What surrounds a narrow page.
#[derive(Clone, Debug)]
pub struct Gate {
    pub title: String,
    /// As the address writes it, for strangers: whether there is a tenant of that name is nobody's business.
    pub tenant: String,
    pub vendor: Branding,
    pub assets: Assets,
    /// What every link begins with.
    pub base: String,
}

impl Gate {
    /// # Errors
    /// [`PageError::Internal`], which is a defect of ours.
    pub fn of(request: &HttpRequest, title: impl Into<String>) -> Result<Self, PageError> {
        let admin = admin_of(request)?;
        let tenant = admin.addresses.tenant_of(request).map(|slug| slug.to_string()).unwrap_or_default();
        Ok(Self {
            title: title.into(),
            tenant,
            vendor: admin.branding.clone(),
            assets: Assets::of(&admin.branding, admin.addresses.prefix()),
            base: base(request, &admin),
        })
    }

    /// With the tenant's own name, for those who are known to belong to it.
    #[must_use]
    pub fn named(self, tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), ..self }
    }
}

/// A request of somebody who has not signed in.
pub struct Visit {
    pub slug: TenantSlug,
    pub admin: web::Data<TenantAdmin>,
    pub query: Form,
    /// What was sent; empty when a page was asked for.
    pub form: Form,
    pub request: HttpRequest,
    pub now: Timestamp,
    /// Stands in each form of the page, and in the browser's cookie.
    pub csrf: String,
}

impl Visit {
    async fn admit(request: HttpRequest, payload: Payload) -> Result<Self, PageError> {
        let admin = admin_of(&request)?;
        let slug = admin.addresses.tenant_of(&request).ok_or(PageError::NotFound)?;
        let known = known(&request, &slug);
        let is_sent = !request.method().is_safe();
        let form = if is_sent { read_form(payload).await? } else { Form::default() };
        if is_sent {
            require_same_origin(&request)?;
            let cookie = known.as_deref().unwrap_or_default().as_bytes();
            if cookie.is_empty() || !bool::from(form.exact("csrf").as_bytes().ct_eq(cookie)) {
                return Err(PageError::Forged);
            }
        }
        Ok(Self {
            query: Form::parse(request.query_string().as_bytes()),
            now: admin.clock.now(),
            csrf: known.unwrap_or_else(|| hex::encode(admin.secrets.bytes())),
            slug,
            admin,
            form,
            request,
        })
    }

    /// The tenant of the address; none when there is no such tenant, which no answer may show. Pages that do without are the
    /// same, and as fast, for every address.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tenant(&self) -> Result<Option<Tenant>, PageError> {
        let admission = self.admin.admissions.read(&self.slug).await.map_err(PageError::from)?;
        Ok(admission.map(|admission| admission.tenant.clone()))
    }

    /// What binds the forms of this browser's pages to it.
    pub fn gate_cookie(&self) -> Cookie<'static> {
        Jar::Gate.put(&self.request, &self.slug, self.csrf.clone(), None)
    }

    /// An address of this tenant's: `path` begins with a slash.
    pub fn href(&self, path: &str) -> String {
        format!("{}{path}", base(&self.request, &self.admin))
    }

    /// Where to go after signing in.
    pub fn next(&self) -> String {
        let sent = if self.form.given("next").is_some() { &self.form } else { &self.query };
        next(sent, &self.href(""))
    }
}

/// The page that was asked for before the signing in, if it is one of this tenant's settings. `base`: what the tenant's
/// addresses begin with.
pub fn next(sent: &Form, base: &str) -> String {
    wanted(sent, base, &["/settings/"]).unwrap_or_else(|| format!("{base}/settings/user-authentication"))
}

/// Where a sign-in by single sign-on leads: to the page of this tenant's that was asked for, or to the person's own, for which
/// nothing stands. `base`: what the tenant's addresses begin with.
pub fn return_to(sent: &Form, base: &str) -> String {
    wanted(sent, base, &["/settings/", "/me"]).unwrap_or_default()
}

/// The page that was asked for, if it is a plain address below one of these.
fn wanted(sent: &Form, base: &str, below: &[&str]) -> Option<String> {
    let wanted = sent.given("next")?;
    let is_plain = !wanted.contains(['\\', '\r', '\n', '\t']) && !wanted.split('/').any(|part| part == "..");
    let is_own = below.iter().any(|path| wanted.starts_with(&format!("{base}{path}")));
    (is_plain && is_own).then(|| wanted.to_owned())
}

/// What the browser is known by, if it has been here.
pub fn known(request: &HttpRequest, slug: &TenantSlug) -> Option<String> {
    Jar::Gate.read(request, slug).filter(|value| value.len() == 64)
}

/// What binds the forms of a page, and what comes back from an identity provider, to the browser: what it has already, or something new.
///
/// # Errors
/// [`PageError::NotFound`] for an address without a tenant.
pub fn ticket(request: &HttpRequest) -> Result<Cookie<'static>, PageError> {
    let admin = admin_of(request)?;
    let slug = admin.addresses.tenant_of(request).ok_or(PageError::NotFound)?;
    let value = known(request, &slug).unwrap_or_else(|| hex::encode(admin.secrets.bytes()));
    Ok(Jar::Gate.put(request, &slug, value, None))
}

impl FromRequest for Visit {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(Self::admit(request.clone(), payload.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_this_tenants_settings_and_nowhere_else() {
        let led = |to: &str| {
            let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", to).finish();
            next(&Form::parse(form.as_bytes()), "/t/acme")
        };
        for own in ["/t/acme/settings/account", "/t/acme/settings/user-authentication/activity?outcome=failed&q=a%2Fb"]
        {
            assert_eq!(led(own), own);
        }
        for elsewhere in [
            "",
            "https://evil.test/",
            "//evil.test/t/acme/settings/",
            "/\\evil.test/t/acme/settings/",
            "/t/acme/settings/\\evil.test",
            "/t/acme/settings/../../other/settings/",
            "/t/acme/settings/a\r\nlocation: https://evil.test",
            "/t/acmeandmore/settings/account",
            "/t/other/settings/account",
            "/t/acme/sign-out",
            "javascript:alert(1)",
        ] {
            assert_eq!(led(elsewhere), "/t/acme/settings/user-authentication", "{elsewhere:?}");
        }
    }
}
