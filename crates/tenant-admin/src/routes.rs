//! Every route of the settings face, and what it asks of its caller.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{Guard, fn_guard};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{Resource, Route, web};
use domain::admin::Right;

use crate::error::{self, PageError};
use crate::headers;
use crate::pages;

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody has to say who they are: pages for signing in.
    Anyone,
    /// Somebody with a session, even if the second step is still owed.
    Session,
    /// A person of the directory who signed in.
    Person,
    /// Somebody who signed in completely and may do this.
    Holder(Right),
}

/// Something an admin can ask for.
pub struct AdminRoute {
    pub method: Method,
    /// Below the tenant's own address; variable parts stand in braces.
    pub path: &'static str,
    pub access: Access,
    handler: fn() -> Route,
}

const fn get(path: &'static str, access: Access, handler: fn() -> Route) -> AdminRoute {
    AdminRoute { method: Method::GET, path, access, handler }
}

const fn post(path: &'static str, access: Access, handler: fn() -> Route) -> AdminRoute {
    AdminRoute { method: Method::POST, path, access, handler }
}

const ANYONE: Access = Access::Anyone;
const SESSION: Access = Access::Session;
const PERSON: Access = Access::Person;
const SEE: Access = Access::Holder(Right::See);
const SEE_PEOPLE: Access = Access::Holder(Right::SeePeople);
const PEOPLE: Access = Access::Holder(Right::ManagePeople);
const OWNERS: Access = Access::Holder(Right::ManageOwners);
const CONFIGURE: Access = Access::Holder(Right::Configure);

/// Those of one path stand together. The server is built from this table, and the test of who may come in walks it.
pub static ROUTES: &[AdminRoute] = &[
    get("/sign-in", ANYONE, || web::to(pages::sign_in::show)),
    post("/sign-in", ANYONE, || web::to(pages::sign_in::send)),
    get("/sign-in/second-step", SESSION, || web::to(pages::sign_in::show_second_step)),
    post("/sign-in/second-step", SESSION, || web::to(pages::sign_in::send_second_step)),
    get("/sign-in/forgot", ANYONE, || web::to(pages::forgot::show)),
    post("/sign-in/forgot", ANYONE, || web::to(pages::forgot::send)),
    get("/sign-in/link/{text}", ANYONE, || web::to(pages::link::show)),
    post("/sign-in/link/{text}", ANYONE, || web::to(pages::link::send)),
    post("/sign-out", SESSION, || web::to(pages::sign_in::sign_out)),
    get("/sso/begin/{connection}", ANYONE, || web::to(pages::sso::begin::begin)),
    get("/sso/saml/metadata", ANYONE, || web::to(pages::sso::saml::metadata)),
    post("/sso/saml/acs", ANYONE, || web::to(pages::sso::saml::take)),
    get("/sso/saml/slo", ANYONE, || web::to(pages::sso::logout::saml)),
    get("/sso/oidc/callback", ANYONE, || web::to(pages::sso::oidc::take)),
    get("/sso/arrive", ANYONE, || web::to(pages::sso::arrive::arrive)),
    get("/sso/signed-out", ANYONE, || web::to(pages::sso::logout::signed_out)),
    get("/me", PERSON, || web::to(pages::me::show)),
    post("/me/sign-out", PERSON, || web::to(pages::me::sign_out)),
    post("/me/sign-out-everywhere", PERSON, || web::to(pages::me::sign_out_everywhere)),
    post("/me/sessions/{id}/end", PERSON, || web::to(pages::me::end)),
    get("/settings", SEE, || web::to(pages::overview::show)),
    get("/settings/user-authentication", SEE, || web::to(pages::overview::show)),
    get("/settings/user-authentication/status", SEE, || web::to(pages::overview::show_status)),
    get("/settings/user-authentication/guide", SEE, || web::to(pages::guide::show)),
    post("/settings/user-authentication/guide", CONFIGURE, || web::to(pages::guide::tick)),
    get("/settings/user-authentication/guide/steps", SEE, || web::to(pages::guide::show_steps)),
    get("/settings/user-authentication/sso", SEE, || web::to(pages::connections::list::show)),
    post("/settings/user-authentication/sso", CONFIGURE, || web::to(pages::connections::list::create)),
    get("/settings/user-authentication/sso/log", SEE_PEOPLE, || web::to(pages::connections::log::show)),
    post("/settings/user-authentication/sso/keys", CONFIGURE, || web::to(pages::connections::keys::make)),
    post("/settings/user-authentication/sso/keys/{id}/remove", CONFIGURE, || web::to(pages::connections::keys::remove)),
    post("/settings/user-authentication/sso/admin-sign-in", OWNERS, || web::to(pages::connections::admin_sign_in::set)),
    get("/settings/user-authentication/sso/{id}", SEE, || web::to(pages::connections::one::show)),
    get("/settings/user-authentication/sso/{id}/status", SEE, || web::to(pages::connections::status::show)),
    get("/settings/user-authentication/sso/{id}/sign-ins", SEE, || web::to(pages::connections::recent::show)),
    post("/settings/user-authentication/sso/{id}/saml", CONFIGURE, || web::to(pages::connections::edit::saml)),
    post("/settings/user-authentication/sso/{id}/oidc", CONFIGURE, || web::to(pages::connections::edit::oidc)),
    post("/settings/user-authentication/sso/{id}/rules", CONFIGURE, || web::to(pages::connections::edit::rules)),
    post("/settings/user-authentication/sso/{id}/read", CONFIGURE, || web::to(pages::connections::switch::read)),
    post("/settings/user-authentication/sso/{id}/switch", CONFIGURE, || web::to(pages::connections::switch::send)),
    get("/settings/user-authentication/sso/{id}/test", CONFIGURE, || web::to(pages::connections::test::begin)),
    get("/settings/user-authentication/sso/{id}/tests/{test}", SEE, || web::to(pages::connections::test::show)),
    get("/settings/user-authentication/sso/{id}/remove", CONFIGURE, || web::to(pages::connections::removal::show)),
    post("/settings/user-authentication/sso/{id}/remove", CONFIGURE, || web::to(pages::connections::removal::send)),
    get("/settings/user-authentication/provisioning", SEE, || web::to(pages::provisioning::show)),
    post("/settings/user-authentication/provisioning", CONFIGURE, || web::to(pages::provisioning::send)),
    get("/settings/user-authentication/provisioning/status", SEE, || web::to(pages::provisioning::status::show)),
    get("/settings/user-authentication/provisioning/banner", SEE, || web::to(pages::provisioning::secrets::banner)),
    get("/settings/user-authentication/provisioning/cycles", SEE, || web::to(pages::provisioning::cycles::show)),
    get("/settings/user-authentication/provisioning/credentials", SEE, || web::to(pages::provisioning::tables::show)),
    get("/settings/user-authentication/provisioning/off", CONFIGURE, || web::to(pages::provisioning::turn_off::show)),
    post("/settings/user-authentication/provisioning/off", CONFIGURE, || web::to(pages::provisioning::turn_off::send)),
    post("/settings/user-authentication/provisioning/pause", CONFIGURE, || web::to(pages::provisioning::pause)),
    post("/settings/user-authentication/provisioning/resume", CONFIGURE, || web::to(pages::provisioning::resume)),
    get("/settings/user-authentication/provisioning/tokens/new", CONFIGURE, || {
        web::to(pages::provisioning::tokens::show_token)
    }),
    post("/settings/user-authentication/provisioning/tokens", CONFIGURE, || {
        web::to(pages::provisioning::tokens::send_token)
    }),
    get("/settings/user-authentication/provisioning/clients/new", CONFIGURE, || {
        web::to(pages::provisioning::tokens::show_client)
    }),
    post("/settings/user-authentication/provisioning/clients", CONFIGURE, || {
        web::to(pages::provisioning::tokens::send_client)
    }),
    get("/settings/user-authentication/provisioning/credentials/{id}/revoke", CONFIGURE, || {
        web::to(pages::provisioning::revoke::show)
    }),
    post("/settings/user-authentication/provisioning/credentials/{id}/revoke", CONFIGURE, || {
        web::to(pages::provisioning::revoke::send)
    }),
    get("/settings/user-authentication/provisioning/credentials/{id}/secrets/new", CONFIGURE, || {
        web::to(pages::provisioning::tokens::show_secret)
    }),
    post("/settings/user-authentication/provisioning/credentials/{id}/secrets", CONFIGURE, || {
        web::to(pages::provisioning::tokens::send_secret)
    }),
    get("/settings/user-authentication/provisioning/credentials/{id}/secrets/{secret}/revoke", CONFIGURE, || {
        web::to(pages::provisioning::revoke::show_secret)
    }),
    post("/settings/user-authentication/provisioning/credentials/{id}/secrets/{secret}/revoke", CONFIGURE, || {
        web::to(pages::provisioning::revoke::send_secret)
    }),
    get("/settings/user-authentication/roles", SEE, || web::to(pages::roles::show)),
    post("/settings/user-authentication/roles", CONFIGURE, || web::to(pages::roles::send)),
    get("/settings/user-authentication/domains", SEE, || web::to(pages::domains::show)),
    post("/settings/user-authentication/domains", CONFIGURE, || web::to(pages::domains::send)),
    post("/settings/user-authentication/domains/policy", CONFIGURE, || web::to(pages::domains::set_policy)),
    get("/settings/user-authentication/domains/outside", SEE, || web::to(pages::domains::outside::show)),
    get("/settings/user-authentication/domains/{id}", SEE, || web::to(pages::domains::one::show)),
    get("/settings/user-authentication/domains/{id}/status", SEE, || web::to(pages::domains::one::show_status)),
    post("/settings/user-authentication/domains/{id}/check", CONFIGURE, || web::to(pages::domains::one::check)),
    post("/settings/user-authentication/domains/{id}/connection", CONFIGURE, || {
        web::to(pages::domains::one::set_connection)
    }),
    get("/settings/user-authentication/domains/{id}/remove", CONFIGURE, || web::to(pages::domains::remove::show)),
    post("/settings/user-authentication/domains/{id}/remove", CONFIGURE, || web::to(pages::domains::remove::send)),
    get("/settings/user-authentication/directory", SEE, || web::to(pages::directory::people::show)),
    get("/settings/user-authentication/directory/people.{format}", SEE, || web::to(pages::directory::export::people)),
    get("/settings/user-authentication/directory/people/{id}", SEE, || web::to(pages::directory::person::show)),
    post("/settings/user-authentication/directory/people/{id}/sign-out", CONFIGURE, || {
        web::to(pages::directory::links::sign_out)
    }),
    get("/settings/user-authentication/directory/groups", SEE, || web::to(pages::directory::groups::show)),
    get("/settings/user-authentication/directory/groups.{format}", SEE, || web::to(pages::directory::export::groups)),
    get("/settings/user-authentication/directory/groups/{id}", SEE, || web::to(pages::directory::group::show)),
    get("/settings/user-authentication/activity", SEE, || web::to(pages::activity::show::show)),
    get("/settings/user-authentication/activity.{format}", SEE, || web::to(pages::activity::export::send)),
    get("/settings/user-authentication/activity/{id}", SEE, || web::to(pages::activity::detail::show)),
    get("/settings/user-authentication/audit", SEE_PEOPLE, || web::to(pages::audit::show::show)),
    get("/settings/user-authentication/audit.{format}", SEE_PEOPLE, || web::to(pages::audit::export::send)),
    get("/settings/admins", SEE_PEOPLE, || web::to(pages::admins::list::show)),
    post("/settings/admins", PEOPLE, || web::to(pages::admins::list::invite)),
    post("/settings/admins/links/{id}/revoke", PEOPLE, || web::to(pages::admins::links::revoke)),
    get("/settings/admins/{id}", SEE_PEOPLE, || web::to(pages::admins::one::show)),
    post("/settings/admins/{id}/role", PEOPLE, || web::to(pages::admins::one::set_role)),
    post("/settings/admins/{id}/link", PEOPLE, || web::to(pages::admins::one::make_link)),
    post("/settings/admins/{id}/second-step-off", PEOPLE, || web::to(pages::admins::one::drop_second_step)),
    get("/settings/admins/{id}/remove", PEOPLE, || web::to(pages::admins::one::ask_to_remove)),
    post("/settings/admins/{id}/remove", PEOPLE, || web::to(pages::admins::one::remove)),
    post("/settings/admins/{id}/break-glass", OWNERS, || web::to(pages::connections::admin_sign_in::set_break_glass)),
    get("/settings/account", SEE_PEOPLE, || web::to(pages::account::show)),
    post("/settings/account/password", SEE_PEOPLE, || web::to(pages::account::change_password)),
    post("/settings/account/second-step", SEE_PEOPLE, || web::to(pages::account::second_step::begin)),
    post("/settings/account/second-step/confirm", SEE_PEOPLE, || web::to(pages::account::second_step::confirm)),
    post("/settings/account/second-step/off", SEE_PEOPLE, || web::to(pages::account::second_step::switch_off)),
    post("/settings/account/recovery-codes", SEE_PEOPLE, || web::to(pages::account::second_step::renew_codes)),
    get("/settings/account/sso/arrive", SEE_PEOPLE, || web::to(pages::connections::account::arrive)),
    post("/settings/account/sso/unlink", SEE_PEOPLE, || web::to(pages::connections::account::unlink)),
    post("/settings/account/sso/{connection}", SEE_PEOPLE, || web::to(pages::connections::account::begin)),
    post("/settings/account/sessions/end-others", SEE_PEOPLE, || web::to(pages::account::sessions::end_others)),
    post("/settings/account/sessions/{id}/end", SEE_PEOPLE, || web::to(pages::account::sessions::end)),
];

/// The routes of one path, for whoever has to know what the one that was found asks for.
#[derive(Clone, Copy)]
pub struct Place(&'static [AdminRoute]);

impl Place {
    /// What a request with this method needs; HEAD asks what GET does.
    pub fn access(self, method: &Method) -> Option<Access> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|route| route.method == *method).map(|route| route.access)
    }
}

/// Adds every route below `prefix`.
pub fn register(config: &mut web::ServiceConfig, prefix: &str) {
    for place in ROUTES.chunk_by(|one, other| one.path == other.path) {
        config.service(resource(place, prefix));
    }
    let nowhere = web::resource(format!("{prefix}/settings/{{tail:.*}}"));
    config.service(guarded(nowhere.default_service(web::to(|| async { Err::<&str, _>(PageError::NotFound) }))));
}

fn resource(place: &'static [AdminRoute], prefix: &str) -> impl HttpServiceFactory + use<> {
    let path = place.first().map_or("", |route| route.path);
    let resource = web::resource(format!("{prefix}{path}")).app_data(Place(place));
    let resource = place
        .iter()
        .fold(resource, |resource, route| resource.route((route.handler)().guard(asks_for(route.method.clone()))));
    guarded(resource.default_service(web::to(|| async { Err::<&str, _>(PageError::WrongMethod) })))
}

/// What can be read can be asked about with HEAD as well (RFC 9110 §9.3.2); the server leaves the body out.
fn asks_for(method: Method) -> impl Guard {
    fn_guard(move |asked| {
        let asked = &asked.head().method;
        *asked == method || (*asked == Method::HEAD && method == Method::GET)
    })
}

fn guarded(resource: Resource) -> impl HttpServiceFactory {
    resource.wrap(from_fn(error::show)).wrap(from_fn(headers::guard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_one_path_stand_together_and_nothing_is_sent_without_a_right_or_a_gate() {
        let paths: Vec<_> = ROUTES.chunk_by(|one, other| one.path == other.path).map(|place| place[0].path).collect();
        let mut unique = paths.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), paths.len(), "a path stands in two places");
        for route in ROUTES {
            let is_settings = route.path.starts_with("/settings");
            assert_eq!(is_settings, matches!(route.access, Access::Holder(_)), "{} {}", route.method, route.path);
            assert_eq!(
                route.path.starts_with("/me"),
                route.access == Access::Person,
                "{} {}",
                route.method,
                route.path
            );
        }
    }
}
