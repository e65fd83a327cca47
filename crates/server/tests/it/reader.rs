//! Somebody in front of the settings pages whose browser runs no script: cookies, pages and forms.

use std::collections::BTreeMap;

use domain::Secret;
use domain::admin::AdminRole;
use domain::admin::session::SessionSecret;
use domain::connection::Protocol;
use domain::directory::Kind;
use domain::ids::{ConnectionId, SessionId};
use domain::ops::{NewAdmin, Show};
use domain::person::{SignOn, StoredPersonSession};
use domain::ports::SecretGen as _;
use domain::store::Store as _;
use domain::tenant::Tenant;
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use scim_protocol::{urn, validate};
use serde_json::json;
use server::runtime::RandomSecrets;
use url::form_urlencoded;

use crate::served::Served;

/// What every account of these tests signs in with.
pub const PASSWORD: &str = "four words in a row";

/// Gives a tenant an account that signs in with [`PASSWORD`].
pub async fn employ(served: &Served, tenant: &Tenant, email: &str, role: AdminRole) {
    let rollcall = &served.rollcall;
    let new = NewAdmin { email: email.parse().unwrap(), name: String::new(), role };
    let password = Secret::new(PASSWORD.to_owned());
    rollcall.people.create(&rollcall.operator_context(tenant), tenant, new, &password).await.unwrap();
}

/// Adds somebody to a tenant's directory who is signed in by single sign-on; gives the secret of the session. No identity
/// provider has a part in it.
pub async fn person_signed_in(served: &Served, tenant: &Tenant) -> SessionSecret {
    let rollcall = &served.rollcall;
    let cx = rollcall.operator_context(tenant);
    let provisioning = rollcall.provisioning(0);
    let id = provisioning.new_id(&cx);
    let document = json!({"schemas": [urn::USER], "userName": format!("{id}@{}.example", tenant.slug), "active": true});
    let document = validate::document(cx.scope.types().get(&Kind::USER).unwrap(), document).unwrap();
    provisioning.create(&cx, &Kind::USER, id, document, Show::Version).await.unwrap();
    let secret = SessionSecret::new(SessionId(rollcall.ids.next(cx.now)), RandomSecrets.bytes());
    let session = StoredPersonSession {
        id: secret.id,
        person: id,
        digest: secret.digest(&rollcall.keys.ring()),
        sign_on: SignOn {
            connection: ConnectionId(rollcall.ids.next(cx.now)),
            protocol: Protocol::Saml,
            key: id.to_string(),
            authenticated: None,
            name: None,
            session: None,
        },
        signed_in: cx.now,
        last_seen: cx.now,
        expires: cx.now.plus_seconds(3_600),
        address: "192.0.2.1".to_owned(),
        client: None,
    };
    let mut tx = rollcall.store.write(&cx.scope).await.unwrap();
    tx.insert_person_session(&session).await.unwrap();
    tx.commit().await.unwrap();
    secret
}

pub struct Reader {
    http: Client,
    base: String,
    /// By name.
    pub cookies: BTreeMap<String, String>,
    /// Of the page that came last and had a form.
    csrf: String,
}

/// What came.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    /// Where it sends its reader.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |to| to.to_str().unwrap())
    }

    /// The value that a form of the page carries along under this name.
    pub fn carried(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split('"').next()
    }
}

impl Reader {
    /// Nobody yet, at the door of a tenant. `root`: where a path starts that belongs to no tenant.
    pub fn at(root: &str, slug: &str) -> Self {
        Self {
            http: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap(),
            base: format!("{root}/t/{slug}"),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        }
    }

    /// Somebody who has signed in with [`PASSWORD`].
    pub async fn signed_in(served: &Served, slug: &str, email: &str) -> Self {
        let mut reader = Self::at(&served.root(), slug);
        reader.open("/sign-in").await;
        let entered = reader.send("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(entered.status, 303, "{email}: {entered:?}");
        reader
    }

    /// Asks for a page of the tenant's.
    pub async fn open(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path, None).await
    }

    /// Sends a form of the page that was opened last.
    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &csrf).extend_pairs(fields);
        self.ask(Method::POST, path, Some(form.finish())).await
    }

    async fn ask(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header(COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.unwrap();
        let page = Page {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.text().await.unwrap(),
        };
        self.keep(&page);
        page
    }

    fn keep(&mut self, page: &Page) {
        for cookie in page.headers.get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match attributes.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        if let Some(csrf) = page.carried("csrf") {
            csrf.clone_into(&mut self.csrf);
        }
    }
}
