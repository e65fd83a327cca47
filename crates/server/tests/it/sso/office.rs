//! A tenant that signs its people in: who works there, its connections, and what its sign-in log says.

use domain::admin::AdminRole;
use domain::connection::cause::SignInCause;
use domain::ids::{ConnectionId, ResourceId, SignInId};
use domain::sign_in_log::{SignInEntry, SignInQuery};
use domain::store::Store as _;
use domain::tenant::Tenant;
use uuid::Uuid;

use super::browser::{Browser, Shown};
use super::peer::{Peer, Person};
use crate::caller::Caller;
use crate::reader::{PASSWORD, employ};
use crate::served::{BASE_DOMAIN, Served};

pub const SSO: &str = "/settings/user-authentication/sso";

pub struct Office<'s> {
    pub served: &'s Served,
    pub tenant: Tenant,
    /// Its directory, as provisioning sees it.
    pub scim: Caller,
    /// The owner's.
    pub admin: Browser,
    /// Who was brought by provisioning.
    people: Vec<ResourceId>,
    /// The newest entry of the log that was looked at.
    read: Option<SignInId>,
}

impl<'s> Office<'s> {
    /// With provisioning on, and an owner who is signed in.
    pub async fn open(served: &'s Served, slug: &str) -> Self {
        let (tenant, token) = served.open_tenant(slug).await;
        Self::of(served, tenant, &token).await
    }

    /// With provisioning off.
    pub async fn without_provisioning(served: &'s Served, slug: &str) -> Self {
        let tenant = served.tenant(slug).await;
        Self::of(served, tenant, "").await
    }

    async fn of(served: &'s Served, tenant: Tenant, token: &str) -> Self {
        let email = format!("owner@{}.example", tenant.slug);
        employ(served, &tenant, &email, AdminRole::Owner).await;
        let scim = served.caller(tenant.slug.as_str(), token);
        let mut office = Self { served, tenant, scim, admin: Browser::new(served), people: Vec::new(), read: None };
        office.admin = office.enter(&email).await;
        office
    }

    /// An address of this tenant's.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host())
    }

    pub fn host(&self) -> String {
        format!("{}.{BASE_DOMAIN}", self.tenant.slug)
    }

    /// Where a sign-in begins.
    pub fn begin(&self, connection: ConnectionId) -> String {
        self.url(&format!("/sso/begin/{connection}"))
    }

    /// The page of a connection.
    pub fn page(&self, connection: ConnectionId) -> String {
        self.url(&format!("{SSO}/{connection}"))
    }

    /// Somebody else's browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self.served)
    }

    /// The browser of an admin who has signed in with [`PASSWORD`].
    pub async fn enter(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let shown = self.try_password(&mut browser, email).await;
        assert_eq!(shown.page.status, 200, "{shown:?}");
        browser
    }

    pub async fn try_password(&self, browser: &mut Browser, email: &str) -> Shown {
        browser.open(&self.url("/sign-in")).await;
        browser.send(&self.url("/sign-in"), &[("email", email), ("password", PASSWORD)]).await
    }

    /// Brings somebody by provisioning.
    pub async fn provision(&mut self, who: &Person) -> String {
        let id = self.scim.post("/Users", &who.document()).await.expect(201).id();
        self.people.push(ResourceId(Uuid::try_parse(&id).unwrap()));
        id
    }

    /// Adds a connection that leads nowhere yet.
    pub async fn add(&mut self, name: &str, protocol: &str) -> ConnectionId {
        let url = self.url(SSO);
        self.admin.open(&url).await;
        let added = self.admin.send(&url, &[("name", name), ("protocol", protocol)]).await;
        assert_eq!(added.page.status, 200, "{added:?}");
        let id = added.url.path().rsplit('/').next().unwrap();
        ConnectionId(Uuid::try_parse(id).unwrap_or_else(|_| panic!("{added:?}")))
    }

    /// Sends a form of a connection's page.
    pub async fn send(&mut self, connection: ConnectionId, form: &str, fields: &[(&str, &str)]) -> Shown {
        let url = self.page(connection);
        self.admin.open(&url).await;
        self.admin.send(&format!("{url}/{form}"), fields).await
    }

    /// Sends a form that has to be taken.
    pub async fn save(&mut self, connection: ConnectionId, form: &str, fields: &[(&str, &str)]) {
        let shown = self.send(connection, form, fields).await;
        assert!(shown.url.query().is_some_and(|query| query.starts_with("done=")), "{shown:?}");
    }

    /// Tries a connection as an admin does.
    pub async fn test(&mut self, connection: ConnectionId, who: &Person) -> Shown {
        let url = format!("{}/test", self.page(connection));
        self.admin.sign_in(&url, who.upn).await
    }

    /// A connection that was tested and activated, with a peer of SAML.
    pub async fn saml(&mut self, peer: &Peer, who: &Person) -> ConnectionId {
        let id = self.add("Entra", "saml").await;
        self.save(id, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
        self.activate(id, who).await;
        id
    }

    /// A connection that was tested and activated, with a peer of OpenID Connect.
    pub async fn oidc(&mut self, issuer: &str, secret: &str, who: &Person) -> ConnectionId {
        let id = self.add("Company login", "oidc").await;
        self.save(id, "oidc", &[("issuer", issuer), ("client_id", "rollcall"), ("secret", secret)]).await;
        self.activate(id, who).await;
        id
    }

    pub async fn activate(&mut self, id: ConnectionId, who: &Person) {
        self.test(id, who).await.expect(200, "Test passed");
        self.save(id, "switch", &[("to", "active")]).await;
        self.entries().await;
    }

    /// What has come to the log since it was last looked at, the newest first.
    pub async fn entries(&mut self) -> Vec<SignInEntry> {
        let query = SignInQuery { limit: 1_000, ..SignInQuery::default() };
        let mut all = self.served.rollcall.connections.sign_ins(&self.tenant.scope(), &query).await.unwrap();
        let read = self.read;
        let known = all.iter().position(|entry| Some(entry.id) == read).unwrap_or(all.len());
        all.truncate(known);
        if let Some(newest) = all.first() {
            self.read = Some(newest.id);
        }
        all
    }

    /// The only entry that has come.
    #[track_caller]
    pub fn entry(&mut self) -> impl Future<Output = SignInEntry> {
        let caller = std::panic::Location::caller();
        async move {
            let mut entries = self.entries().await;
            assert_eq!(entries.len(), 1, "{caller}: {entries:?}");
            entries.remove(0)
        }
    }

    /// How many sessions there are of those who were provisioned.
    pub async fn sessions(&self) -> usize {
        let mut found = 0;
        for person in &self.people {
            found += self.sessions_of(*person).await;
        }
        found
    }

    pub async fn sessions_of(&self, person: ResourceId) -> usize {
        let mut read = self.served.rollcall.store.read(&self.tenant.scope()).await.unwrap();
        read.list_person_sessions(person).await.unwrap().len()
    }

    /// Somebody is in: with a page of their own, an entry in the log, and a session.
    pub async fn expect_in(&mut self, browser: &mut Browser, shown: &Shown, who: &Person) -> SignInEntry {
        let name = who.name.replace('&', "&#38;");
        shown.expect(200, &name);
        let entry = self.entry().await;
        assert_eq!((entry.cause, entry.name.as_deref()), (None, Some(who.upn)), "{entry:?}");
        assert!(self.is_in(browser).await);
        entry
    }

    pub async fn is_in(&self, browser: &mut Browser) -> bool {
        let shown = browser.look(&self.url("/me")).await;
        assert!(shown.page.status == 200 || shown.page.location() == "/sign-in", "{shown:?}");
        shown.page.status == 200
    }

    /// Somebody is not let in: the page says so in these words and names the cause, so does the log, and there is no session.
    /// Gives the entry.
    pub async fn expect_refused(&mut self, shown: &Shown, status: u16, cause: SignInCause, words: &str) -> SignInEntry {
        shown.expect(status, words);
        shown.expect(status, "You could not be signed in");
        shown.expect(status, &format!("<code>{}</code>", cause.code()));
        assert!(!shown.page.headers.contains_key("set-cookie"), "{shown:?}");
        let entry = self.entry().await;
        assert_eq!(entry.cause, Some(cause), "{entry:?}");
        assert_eq!(self.sessions().await, 0, "a session came about: {entry:?}");
        entry
    }
}
