//! A tenant's SCIM face on a database of its own, and words for asking it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use ::web::address::Addresses;
use ::web::client_address::ClientAddresses;
use ::web::limit::{Limits as Budgets, Unlimited};
use ::web::trace;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, TryIntoHeaderPair};
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{Bytes, Data};
use actix_web::{App, web};
use domain::admission::Admissions;
use domain::journal::Fact;
use domain::limit::{Policies, Policy};
use domain::ops::{NewToken, Provisioning};
use domain::ports::RateLimiter;
use domain::store::Store as _;
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regex::{Captures, Regex};
use scim_api::{Cursors, Limits, ScimApi};
use scim_protocol::discovery::{BulkLimits, Capabilities};
use scim_protocol::urn;
use serde_json::{Map, Value, json};
use testkit::{TestPasswords, World};

use crate::watched::Watched;

pub const ENTERPRISE: &str = urn::ENTERPRISE_USER;
pub const SCIM_JSON: &str = "application/scim+json";
pub const MIB: usize = 1024 * 1024;
pub const BASE: &str = "https://rollcall.example/t/acme/scim/v2";

/// One unit a second, three at once.
pub const POLICY: Policy = Policy::per_second(1, 3);
pub const POLICIES: Policies =
    Policies { reads: POLICY, writes: POLICY, bulk: POLICY, failures: POLICY, sign_ins: POLICY };

/// What an installation is set to.
pub struct Options {
    pub base_domain: Option<&'static str>,
    pub rules: DirectoryRules,
    pub capabilities: Capabilities,
    pub list_members_limit: u64,
    /// Nothing is limited without one.
    pub limiter: Option<Arc<dyn RateLimiter>>,
    pub policies: Policies,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_domain: None,
            rules: DirectoryRules::default(),
            capabilities: Capabilities {
                default_page_size: 100,
                max_page_size: 1000,
                cursor_timeout: 600,
                bulk: BulkLimits { max_operations: 50, max_payload_size: 100_000 },
            },
            list_members_limit: 10_000,
            limiter: None,
            policies: POLICIES,
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = ServiceResponse<BoxBody>>>>;
type Serve = Box<dyn Fn(TestRequest) -> Answering>;

/// The face of the tenant `acme`, whose client has the right token.
pub struct Face {
    pub tenant: Tenant,
    pub token: String,
    pub api: Data<ScimApi>,
    pub store: Arc<Watched>,
    serve: Serve,
    // Last, so that its database goes last.
    pub world: World,
}

impl Face {
    pub async fn sqlite() -> Self {
        Self::of(World::sqlite().await, Options::default()).await
    }

    pub async fn postgres() -> Self {
        Self::of(World::postgres().await, Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        Self::of(World::sqlite().await, options).await
    }

    pub async fn of(world: World, options: Options) -> Self {
        let tenant = world.tenant_with("acme", options.rules).await;
        switch(&world, &tenant, ProvisioningState::On).await;
        let minted = world.credentials.mint(&world.cx(&tenant), NewToken::default()).await.unwrap();
        let store = Arc::new(Watched::new(world.store.clone()));
        let api = Data::new(ScimApi {
            admissions: Arc::new(Admissions::new(store.clone())),
            provisioning: Provisioning::new(
                store.clone(),
                world.ids.clone(),
                world.wishes.clone(),
                Arc::new(TestPasswords),
                options.list_members_limit,
            ),
            credentials: world.credentials.clone(),
            activity: world.activity.clone(),
            budgets: Arc::new(Budgets::new(
                options.limiter.unwrap_or_else(|| Arc::new(Unlimited)),
                options.policies,
                ClientAddresses::default(),
            )),
            clock: world.clock.clone(),
            addresses: Addresses::new("https://rollcall.example", options.base_domain),
            labels: Arc::default(),
            cursors: Cursors::new(world.keys.clone(), 600),
            limits: Limits {
                body: MIB,
                group_body: 8 * MIB,
                body_time: Duration::from_secs(30),
                capabilities: options.capabilities,
            },
        });
        Self { tenant, token: minted.bearer.reveal(), serve: serve(api.clone()).await, api, store, world }
    }

    /// Switches provisioning behind the face's back.
    pub async fn switch(&self, state: ProvisioningState) {
        switch(&self.world, &self.tenant, state).await;
    }

    /// A request to an address below the base URL, with the token.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        self.stranger(method, &format!("/t/acme/scim/v2{path}"))
            .header((AUTHORIZATION, format!("Bearer {}", self.token)))
    }

    /// A request to any address, without a token.
    pub fn stranger(&self, method: Method, uri: &str) -> Ask<'_> {
        Ask { face: self, request: TestRequest::with_uri(uri).method(method) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).send().await
    }

    /// `GET` with this filter.
    pub async fn find(&self, endpoint: &str, filter: &str) -> Answer {
        self.get(&format!("{endpoint}?filter={}", encoded(filter))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path).json(&body).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PUT, path).json(&body).send().await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.ask(Method::PATCH, path).json(&patch_op(&operations)).send().await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).send().await
    }

    /// The path of a new user with this userName.
    pub async fn new_user(&self, user_name: &str) -> String {
        self.post("/Users", user(json!({"userName": user_name}))).await.created()
    }

    /// The path of a new group with the resources at these paths as members.
    pub async fn new_group(&self, name: &str, members: &[&str]) -> String {
        let body = group(json!({"displayName": name, "members": elements(members)}));
        self.post("/Groups", body).await.created()
    }

    /// What the last fact says.
    pub fn last_fact(&self) -> Fact {
        self.store.facts().pop().unwrap()
    }

    /// How much has happened.
    pub fn facts(&self) -> usize {
        self.store.facts().len()
    }
}

async fn switch(world: &World, tenant: &Tenant, state: ProvisioningState) {
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    tx.set_choices(state, &tenant.choices).await.unwrap();
    tx.commit().await.unwrap();
}

/// The routes between the same middleware as in the server.
async fn serve(api: Data<ScimApi>) -> Serve {
    let app = App::new()
        .wrap(NormalizePath::trim())
        .wrap(from_fn(trace::show_id))
        .wrap(trace::logger())
        .configure(|config| scim_api::configure(config, &api))
        .default_service(web::to(scim_api::nowhere));
    let app = Rc::new(init_service(app).await);
    Box::new(move |request: TestRequest| {
        let app = app.clone();
        Box::pin(async move { call_service(&*app, request.to_request()).await.map_into_boxed_body() })
    })
}

pub struct Ask<'f> {
    face: &'f Face,
    request: TestRequest,
}

impl Ask<'_> {
    pub fn header(mut self, header: impl TryIntoHeaderPair) -> Self {
        self.request = self.request.insert_header(header);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header((CONTENT_TYPE, SCIM_JSON)).bytes(body.to_string())
    }

    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.request = self.request.set_payload(body);
        self
    }

    /// The answer, which keeps the promises that every answer keeps.
    pub async fn send(self) -> Answer {
        let answer = self.send_unchecked().await;
        answer.check();
        answer
    }

    pub async fn send_unchecked(self) -> Answer {
        let response = (self.face.serve)(self.request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, bytes: read_body(response).await }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    /// What is true of every answer: SCIM's media type wherever there is a body, an error object for every error and
    /// nothing but the RFC's members in it, no body where there must be none, and an id to ask support with.
    fn check(&self) {
        assert!(self.header("x-request-id").is_some(), "{self:?}");
        if self.bytes.is_empty() {
            assert!([204, 304].contains(&self.status), "{self:?}");
            return;
        }
        assert_eq!(self.header("content-type"), Some(SCIM_JSON), "{self:?}");
        assert!(![204, 304].contains(&self.status), "{self:?}");
        let body = self.json();
        assert!(body["schemas"].is_array(), "{body}");
        if self.status >= 400 {
            assert_eq!(body["schemas"], json!([urn::ERROR]));
            assert_eq!(body["status"], self.status.to_string());
            assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
            let known = ["schemas", "status", "scimType", "detail"];
            assert!(body.as_object().unwrap().keys().all(|name| known.contains(&name.as_str())), "{body}");
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_owned()
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(self.bytes.get(..2000).unwrap_or(&self.bytes));
        assert_eq!(self.status, status, "{body}");
        self
    }

    /// That it is an error of this kind; gives its detail.
    #[track_caller]
    pub fn fails(self, status: u16, scim_type: &str) -> String {
        let body = self.is(status).json();
        assert_eq!(body["scimType"], scim_type, "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    /// That it is a 201; gives the path below the base URL.
    #[track_caller]
    pub fn created(self) -> String {
        path(self.is(201).header("location").unwrap())
    }

    /// One attribute of all resources of a list, in order.
    #[track_caller]
    pub fn each(self, name: &str) -> Vec<String> {
        let body = self.is(200).json();
        let resources = body["Resources"].as_array().unwrap();
        assert_eq!(body["itemsPerPage"], resources.len());
        resources.iter().map(|resource| resource[name].as_str().unwrap_or("-").to_owned()).collect()
    }

    pub fn total(&self) -> u64 {
        self.json()["totalResults"].as_u64().unwrap()
    }

    /// For a snapshot: status, the headers that matter and the body, ids and times made the same in every run.
    pub fn readable(&self) -> Value {
        let names = ["location", "etag", "allow", "retry-after", "www-authenticate", "content-type"];
        let headers = names.iter().filter_map(|name| Some((*name, self.header(name)?)));
        let headers: Map<String, Value> = headers.map(|(name, value)| (name.to_owned(), value.into())).collect();
        let body = match self.bytes.is_empty() {
            true => Value::Null,
            false => self.json(),
        };
        readable(&json!({"status": self.status, "headers": headers, "body": body}))
    }
}

/// Ids are counted in the order they are met, times and digests hidden.
pub fn readable(value: &Value) -> Value {
    let id = Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
    let time = Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z").unwrap();
    let digest = Regex::new(r#"-[0-9a-f]{16}\\""#).unwrap();
    let mut seen: Vec<String> = Vec::new();
    let text = value.to_string();
    let text = id.replace_all(&text, |found: &Captures<'_>| {
        let at = seen.iter().position(|known| *known == found[0]).unwrap_or_else(|| {
            seen.push(found[0].to_owned());
            seen.len() - 1
        });
        format!("[id {}]", at + 1)
    });
    let text = time.replace_all(&text, "[time]");
    let text = digest.replace_all(&text, "-[digest]\\\"");
    serde_json::from_str(&text).unwrap()
}

pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// An address without the base URL.
pub fn path(location: &str) -> String {
    location.strip_prefix(BASE).unwrap_or_else(|| panic!("{location}")).to_owned()
}

/// The id at the end of a path.
pub fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn with_schemas(urns: Value, mut attributes: Value) -> Value {
    attributes["schemas"] = urns;
    attributes
}

pub fn user(attributes: Value) -> Value {
    with_schemas(json!([urn::USER]), attributes)
}

pub fn group(attributes: Value) -> Value {
    with_schemas(json!([urn::GROUP]), attributes)
}

pub fn patch_op(operations: &Value) -> Value {
    json!({"schemas": [urn::PATCH_OP], "Operations": operations})
}

/// Elements of `members` for what lives at these paths.
pub fn elements(paths: &[&str]) -> Value {
    paths.iter().map(|path| json!({"value": id(path)})).collect()
}

/// Somebody with a value in every kind of place.
pub fn ada() -> Value {
    user(json!({
        "userName": "ada@example.com",
        "externalId": "E-1",
        "name": {"formatted": "Ada Quill", "givenName": "Ada", "familyName": "Quill"},
        "displayName": "Ada Quill",
        "title": "Countess",
        "active": true,
        "emails": [
            {"value": "ada@work.example", "type": "work", "primary": true},
            {"value": "ada@home.example", "type": "home"},
        ],
        "phoneNumbers": [{"value": "tel:+1 (555) 010-0199", "type": "work"}],
        "addresses": [{"type": "work", "locality": "Zürich", "country": "CH"}],
        "x509Certificates": [{"value": "TUlJQg=="}],
        ENTERPRISE: {"employeeNumber": "701984", "department": "Lab", "manager": {"value": "26118915"}},
    }))
}
