//! Who gets in to the settings UI: every route × every kind of caller.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::Secret;
use domain::admin::AdminRole;
use domain::context::OpContext;
use domain::limit::Address;
use domain::ops::{LinkOutcome, LinkUse, Outcome, PasswordAttempt, SignIn, Visitor};
use domain::tenant::Tenant;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tenant_admin::{AdminRoute, ROUTES};
use testkit::on_both_databases;
use web::limit::Unlimited;

use super::table::{PAGES, Page};
use crate::reader::{PASSWORD, employ, person_signed_in};
use crate::served::{BASE_DOMAIN, Served};

on_both_databases! { Served:
    each_page_opens_for_those_in_the_table_and_for_nobody_else,
    a_tenants_own_host_asks_the_same_of_everybody,
    what_other_sites_send_changes_nothing,
}

#[test]
fn every_page_of_the_server_is_in_the_table() {
    let served: Vec<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).collect();
    let walled: Vec<_> = PAGES.iter().map(|page| (page.method, page.path)).collect();
    assert_eq!(walled, served, "left: walls/table.rs; right: tenant_admin::ROUTES");
}

/// Whoever may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Nobody,
    Owner,
    Admin,
    Auditor,
    SetupLink,
    /// An owner who has shown the password and not yet the second step.
    Owing,
    /// Somebody of the directory, by single sign-on.
    Person,
    /// The owner of another tenant, with the session of theirs, and that of one of its people.
    Stranger,
    /// An identity provider, with its provisioning token.
    Token,
}

impl Who {
    const ALL: [Self; 9] = [
        Self::Nobody,
        Self::Owner,
        Self::Admin,
        Self::Auditor,
        Self::SetupLink,
        Self::Owing,
        Self::Person,
        Self::Stranger,
        Self::Token,
    ];

    /// The letter of the table.
    const fn letter(self) -> Option<char> {
        match self {
            Self::Owner => Some('O'),
            Self::Admin => Some('A'),
            Self::Auditor => Some('U'),
            Self::SetupLink => Some('L'),
            Self::Owing => Some('2'),
            Self::Person => Some('P'),
            Self::Nobody | Self::Stranger | Self::Token => None,
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    LetIn,
    SentToSignIn,
    SentToSecondStep,
    Forbidden,
}

fn met(answer: &Response) -> Met {
    let location = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
    match answer.status().as_u16() {
        401 => Met::SentToSignIn,
        403 => Met::Forbidden,
        303 if location.contains("/sign-in/second-step") => Met::SentToSecondStep,
        303 if location.contains("/sign-in?next=") || location.ends_with("/sign-in") => Met::SentToSignIn,
        status => {
            assert!(status < 500, "{answer:?}");
            Met::LetIn
        }
    }
}

fn expected(page: &Page, who: Who) -> Met {
    let is_in = page.who == "*" || who.letter().is_some_and(|letter| page.who.contains(letter));
    match who {
        _ if is_in => Met::LetIn,
        Who::Nobody | Who::Person | Who::Stranger | Who::Token => Met::SentToSignIn,
        _ if page.who == "P" => Met::SentToSignIn,
        Who::Owing => Met::SentToSecondStep,
        Who::Owner | Who::Admin | Who::Auditor | Who::SetupLink => Met::Forbidden,
    }
}

async fn each_page_opens_for_those_in_the_table_and_for_nobody_else(served: &Served) {
    let town = Town::settle(served).await;
    let mut shared = BTreeMap::new();
    for who in Who::ALL {
        shared.insert(who, town.come(who).await);
    }
    for (page, route) in PAGES.iter().zip(ROUTES) {
        for who in Who::ALL {
            // What is sent may end the session it was sent with.
            let visit = match page.method {
                "GET" => shared[&who].clone(),
                _ => town.come(who).await,
            };
            let answer = town.send(route, &visit, &[]).await;
            let headers = answer.headers().clone();
            assert_eq!(met(&answer), expected(page, who), "{who:?} asks for {page}: {answer:?}");
            assert_eq!(headers["content-security-policy"], POLICY, "{page}");
            assert_eq!(headers["referrer-policy"], "same-origin", "{page}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{page}");
            assert_eq!(headers["strict-transport-security"], "max-age=31536000", "{page}");
            assert_eq!(headers["x-frame-options"], "DENY", "{page}");
            assert_eq!(headers["cache-control"], "no-store", "{page}");
            let body = answer.text().await.unwrap();
            assert!(!body.contains(" style=\"") && !body.contains("<script>") && !body.contains(" onclick"), "{page}");
        }
    }
}

async fn a_tenants_own_host_asks_the_same_of_everybody(served: &Served) {
    let town = Town::settle(served).await;
    let host = format!("acme.{BASE_DOMAIN}");
    for who in Who::ALL {
        let visit = town.come(who).await;
        for (page, route) in PAGES.iter().zip(ROUTES).filter(|(page, _)| page.method == "GET") {
            let answer = town.send_below("", route, &visit, &[("host", &host)]).await;
            assert_eq!(met(&answer), expected(page, who), "{who:?} asks for {page}: {answer:?}");
        }
    }
}

async fn what_other_sites_send_changes_nothing(served: &Served) {
    let town = Town::settle(served).await;
    let owner = town.come(Who::Owner).await;
    let before = town.state().await;
    // What an identity provider's page has a browser post comes from another site, and says for itself whose it is.
    let is_ours = |route: &&AdminRoute| route.method.as_str() == "POST" && route.path != "/sso/saml/acs";
    for route in ROUTES.iter().filter(is_ours) {
        let person = town.come(Who::Person).await;
        let owner = if route.path.starts_with("/me") { &person } else { &owner };
        let without_ticket = Visit { csrf: String::new(), ..owner.clone() };
        let with_anothers = Visit { csrf: FORGED.to_owned(), ..owner.clone() };
        for visit in [&without_ticket, &with_anothers] {
            let answer = town.send(route, visit, &[]).await;
            assert_eq!(answer.status(), 403, "{}", route.path);
        }
        for header in
            [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.test")]
        {
            let answer = town.send(route, owner, &[header]).await;
            assert_eq!(answer.status(), 403, "{} {header:?}", route.path);
        }
    }
    assert_eq!(town.state().await, before);
}

/// Somebody at the settings UI of `acme`.
#[derive(Clone, Default)]
struct Visit {
    cookie: String,
    /// The cookie of a person's session.
    person: String,
    csrf: String,
    authorization: Option<String>,
}

/// Two tenants with admins of all kinds.
struct Town<'s> {
    served: &'s Served,
    sign_in: SignIn,
    acme: Tenant,
    other: Tenant,
    token: String,
    http: Client,
}

impl<'s> Town<'s> {
    async fn settle(served: &'s Served) -> Self {
        let (acme, token) = served.open_tenant("acme").await;
        let (other, _) = served.open_tenant("other").await;
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let sign_in = served.rollcall.sign_in(Arc::new(Unlimited));
        let town = Self { served, sign_in, acme, other, token, http };
        for (tenant, email, role) in [
            (&town.acme, "owner@acme.example", AdminRole::Owner),
            (&town.acme, "admin@acme.example", AdminRole::Admin),
            (&town.acme, "auditor@acme.example", AdminRole::Auditor),
            (&town.acme, "owing@acme.example", AdminRole::Owner),
            (&town.other, "owner@other.example", AdminRole::Owner),
        ] {
            employ(served, tenant, email, role).await;
        }
        town.owe().await;
        town
    }

    /// Gives an account a second step.
    async fn owe(&self) {
        let cookie = self.enter(&self.acme, "owing@acme.example").await;
        let now = self.served.rollcall.clock.now();
        let caller = self.sign_in.resume(&self.acme.scope(), &cookie, now).await.unwrap().unwrap();
        let (people, acme) = (&self.served.rollcall.people, &self.acme);
        let cx = OpContext { actor: caller.actor(), ..self.served.rollcall.operator_context(acme) };
        let enrolment =
            people.begin_second_step(&cx, acme, &caller, &Secret::new(PASSWORD.to_owned()), "Rollcall").await.unwrap();
        people.confirm_second_step(&cx, &caller, &enrolment.secret.current_code(cx.now)).await.unwrap();
    }

    async fn enter(&self, tenant: &Tenant, email: &str) -> String {
        let attempt =
            PasswordAttempt { email: email.to_owned(), password: Secret::new(PASSWORD.to_owned()), visitor: visitor() };
        let now = self.served.rollcall.clock.now();
        match self.sign_in.with_password(tenant, attempt, now).await.unwrap() {
            Outcome::In(session) | Outcome::SecondStep(session) => session.cookie,
            other => panic!("{other:?}"),
        }
    }

    /// A session of its own for somebody.
    async fn come(&self, who: Who) -> Visit {
        let (tenant, email) = match who {
            Who::Nobody => return Visit { csrf: GATE.to_owned(), ..Visit::default() },
            Who::Token => {
                let authorization = Some(format!("Bearer {}", self.token));
                return Visit { csrf: GATE.to_owned(), authorization, ..Visit::default() };
            }
            Who::Person => return self.arrive(&self.acme).await,
            Who::SetupLink => return self.with(&self.acme, self.by_setup_link().await).await,
            Who::Stranger => (&self.other, "owner@other.example"),
            Who::Owner => (&self.acme, "owner@acme.example"),
            Who::Admin => (&self.acme, "admin@acme.example"),
            Who::Auditor => (&self.acme, "auditor@acme.example"),
            Who::Owing => (&self.acme, "owing@acme.example"),
        };
        let visit = self.with(tenant, self.enter(tenant, email).await).await;
        match who {
            Who::Stranger => Visit { person: self.arrive(&self.other).await.person, ..visit },
            _ => visit,
        }
    }

    /// Somebody of a directory who is signed in.
    async fn arrive(&self, tenant: &Tenant) -> Visit {
        let secret = person_signed_in(self.served, tenant).await;
        Visit { person: secret.reveal(), csrf: secret.csrf(), ..Visit::default() }
    }

    async fn by_setup_link(&self) -> String {
        let rollcall = &self.served.rollcall;
        let cx = rollcall.operator_context(&self.acme);
        let made = rollcall.people.make_setup_link(&cx, "setup", 3_600).await.unwrap();
        let using = LinkUse { text: made.text.reveal(), password: None, visitor: visitor() };
        match self.sign_in.use_link(&self.acme, using, rollcall.clock.now()).await.unwrap() {
            LinkOutcome::In(session) => session.cookie,
            other => panic!("{other:?}"),
        }
    }

    async fn with(&self, tenant: &Tenant, cookie: String) -> Visit {
        let now = self.served.rollcall.clock.now();
        let caller = self.sign_in.resume(&tenant.scope(), &cookie, now).await.unwrap().unwrap();
        Visit { cookie, csrf: caller.csrf, ..Visit::default() }
    }

    /// Sends an empty form, or asks for a page.
    async fn send(&self, route: &AdminRoute, visit: &Visit, headers: &[(&str, &str)]) -> Response {
        self.send_below("/t/acme", route, visit, headers).await
    }

    /// The same below another prefix, for other forms of address.
    async fn send_below(&self, prefix: &str, route: &AdminRoute, visit: &Visit, headers: &[(&str, &str)]) -> Response {
        let is_gate = route.path.starts_with("/sign-in") && !route.path.starts_with("/sign-in/second-step");
        let path = route.path.replace("{id}", "01a20ae5-0000-7000-8000-000000000000").replace("{format}", "csv");
        let path = path.replace("{secret}", "01a20ae5-0000-7000-8000-000000000001");
        let path = path.replace("{connection}", "01a20ae5-0000-7000-8000-000000000002");
        let path = path.replace("{test}", "01a20ae5-0000-7000-8000-000000000003");
        let path = path.replace("{text}", "link_0").replace("{step}", "assign").replace("{provider}", "entra");
        let url = format!("http://{}{prefix}{path}", self.served.address);
        let method: reqwest::Method = route.method.as_str().parse().unwrap();
        // A session of another tenant's is sent as one of this tenant's.
        let cookies = format!(
            "__Host-rollcall_acme={}; __Host-rollcall_acme_-gate={GATE}; __Host-rollcall_acme_-person={}",
            visit.cookie, visit.person
        );
        let mut request = self.http.request(method.clone(), url).header("cookie", cookies);
        if let Some(authorization) = &visit.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == "POST" {
            let csrf = if is_gate && !visit.csrf.is_empty() && visit.csrf != FORGED { GATE } else { &visit.csrf };
            request = request.header("content-type", "application/x-www-form-urlencoded").body(format!("csrf={csrf}"));
        }
        request.send().await.unwrap()
    }

    /// What forms could have changed: who has an account, what lets in, and how the tenant is set.
    async fn state(&self) -> String {
        let rollcall = &self.served.rollcall;
        let scope = self.acme.scope();
        let admins = rollcall.people.list(&scope).await.unwrap();
        let credentials = rollcall.credentials.list(&scope).await.unwrap();
        let tenant = rollcall.admissions.read(scope.slug()).await.unwrap().unwrap().tenant.clone();
        format!("{admins:?} {credentials:?} {:?}", tenant.provisioning)
    }
}

/// Scripts and styles are ours alone, and nobody else shows, submits or rebases our pages.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A ticket that nobody was given.
const FORGED: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What binds the forms of strangers to their browser.
const GATE: &str = "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

fn visitor() -> Visitor {
    Visitor {
        address: Address::of("192.0.2.1".parse().unwrap()),
        client: None,
        device: None,
        request_id: "walls".to_owned(),
    }
}
