//! A server in this process, on a database of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use domain::context::Actor;
use domain::ops::{NewTenant, NewToken};
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantStatus};
use server::http;
use server::settings::Settings;
use server::wiring::{self, Rollcall};
use storage::Target;
use testkit::DnsServer;
use testkit::db::TestDatabase;

use crate::caller::Caller;

/// The domain below which tenants have hosts of their own.
pub const BASE_DOMAIN: &str = "rollcall.test";

pub struct Served {
    pub address: SocketAddr,
    pub rollcall: Rollcall,
    /// Who is asked about domains.
    pub dns: DnsServer,
    server: ServerHandle,
    // Last, so that the connections go before the database.
    _database: Option<TestDatabase>,
}

impl Served {
    pub async fn postgres() -> Self {
        Self::on(TestDatabase::postgres().await).await
    }

    pub async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    async fn on(database: TestDatabase) -> Self {
        Self::start(&url(database.target()), Some(database)).await
    }

    /// On a database that somebody else looks after.
    pub async fn at(database_url: &str) -> Self {
        Self::start(database_url, None).await
    }

    async fn start(database_url: &str, database: Option<TestDatabase>) -> Self {
        let dns = DnsServer::start().unwrap();
        let names = dns.address().to_string();
        let ring = format!("k1={}", "5e".repeat(32));
        let settings = [
            ("ROLLCALL__DATABASE__URL", database_url),
            ("ROLLCALL__HTTP__PORT", "0"),
            ("ROLLCALL__TENANCY__BASE_DOMAIN", BASE_DOMAIN),
            ("ROLLCALL__PUBLIC_URL", "https://rollcall.test"),
            // A ring in memory, because tests share a working directory; and strangers knock a thousand times.
            ("ROLLCALL__KEYS__RING", &ring),
            ("ROLLCALL__DNS__SERVERS", &names),
            ("ROLLCALL__LIMITS__FAILURES_BURST", "1000000"),
        ];
        let settings = Settings::load_from(None, settings).unwrap();
        let listener = http::bind(&settings.http).unwrap();
        let address = listener.local_addr().unwrap();
        let rollcall = Rollcall::open(&settings, &settings.public_base()).await.unwrap();
        let budgets = Arc::new(wiring::limits(&settings, &rollcall.clock).await.unwrap());
        let sign_in = Arc::new(rollcall.sign_in(budgets.limiter()));
        let server = http::start(listener, &settings, &rollcall, budgets, &sign_in).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, rollcall, dns, server: handle, _database: database }
    }

    /// Where a path starts that belongs to no tenant.
    pub fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base URL of a tenant in path form, whether or not there is such a tenant.
    pub fn base(&self, slug: &str) -> String {
        format!("{}/t/{slug}/scim/v2", self.root())
    }

    /// A new tenant with provisioning off.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        let new = NewTenant { slug: slug.parse().unwrap(), name: slug.to_owned(), rules: DirectoryRules::default() };
        let rollcall = &self.rollcall;
        let created = rollcall.tenants.create(&Actor::Operator, new, rollcall.clock.now());
        created.await.unwrap()
    }

    /// A new tenant with provisioning on, and its first token.
    pub async fn open_tenant(&self, slug: &str) -> (Tenant, String) {
        let token = self.switch(&self.tenant(slug).await, ProvisioningState::On).await;
        (self.rollcall.tenants.get(&slug.parse().unwrap()).await.unwrap(), token.unwrap())
    }

    /// Switches provisioning; gives the token that the first switching-on made.
    pub async fn switch(&self, tenant: &Tenant, state: ProvisioningState) -> Option<String> {
        let cx = self.rollcall.operator_context(tenant);
        let switched = self.rollcall.switches.set_provisioning(&cx, state).await.unwrap();
        switched.minted.map(|minted| minted.bearer.reveal())
    }

    pub async fn suspend(&self, tenant: &Tenant) {
        let (rollcall, slug) = (&self.rollcall, &tenant.slug);
        let now = rollcall.clock.now();
        let suspended = rollcall.tenants.set_status(&Actor::Operator, slug, TenantStatus::Suspended, now);
        suspended.await.unwrap();
    }

    /// One more token, which expired that many seconds ago.
    pub async fn expired_token(&self, tenant: &Tenant, seconds_ago: i64) -> String {
        let cx = self.rollcall.operator_context(tenant);
        let new = NewToken {
            label: "expired".to_owned(),
            expires: Some(cx.now.plus_seconds(-seconds_ago)),
            ..NewToken::default()
        };
        self.rollcall.credentials.mint(&cx, new).await.unwrap().bearer.reveal()
    }

    /// One more token, which was revoked.
    pub async fn revoked_token(&self, tenant: &Tenant) -> String {
        let cx = self.rollcall.operator_context(tenant);
        let minted = self.rollcall.credentials.mint(&cx, NewToken::default()).await.unwrap();
        self.rollcall.credentials.revoke(&cx, minted.token.id).await.unwrap();
        minted.bearer.reveal()
    }

    /// The client of a tenant's identity provider.
    pub fn caller(&self, slug: &str, token: &str) -> Caller {
        Caller::with_token(&self.base(slug), token)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Sends the word; nobody waits for the answer.
        drop(self.server.stop(false));
    }
}

/// A database as `database.url` names it.
pub fn url(target: &Target) -> String {
    match target {
        Target::Sqlite { path } => format!("sqlite://{}", path.display()),
        Target::Postgres { url } => url.clone(),
    }
}
