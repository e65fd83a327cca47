//! A server in this process, on a database of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::dev::ServerHandle;
use domain::context::Actor;
use domain::ops::{NewTenant, NewToken};
use domain::ports::Clock;
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantStatus};
use domain::timestamp::Timestamp;
use server::http;
use server::process_role::ProcessRoles;
use server::runtime::SystemClock;
use server::settings::Settings;
use server::wiring::{self, Rollcall};
use storage::Target;
use testkit::DnsServer;
use testkit::db::TestDatabase;

use crate::caller::Caller;

/// The domain below which tenants have hosts of their own.
pub const BASE_DOMAIN: &str = "rollcall.test";

/// Identity providers of tests are processes beside us.
pub const LOOPBACK: &str = "127.0.0.0/8";

/// The right time, or as much later as a test wants it to be.
#[derive(Debug, Default)]
pub struct LateClock(AtomicI64);

impl LateClock {
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// How many seconds it is ahead.
    pub fn ahead(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for LateClock {
    fn now(&self) -> Timestamp {
        SystemClock::default().now().plus_seconds(self.ahead())
    }
}

pub struct Served {
    pub address: SocketAddr,
    pub rollcall: Rollcall,
    /// Who is asked about domains.
    pub dns: DnsServer,
    pub clock: Arc<LateClock>,
    database_url: String,
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
        Self::start(&url(database.target()), Some(database), Arc::default(), LOOPBACK).await
    }

    /// On a database that somebody else looks after.
    pub async fn at(database_url: &str) -> Self {
        Self::start(database_url, None, Arc::default(), LOOPBACK).await
    }

    /// One more server on the same database, with the same clock.
    pub async fn replica(&self) -> Self {
        Self::start(&self.database_url, None, self.clock.clone(), LOOPBACK).await
    }

    /// The same, which asks nobody inside of its network.
    pub async fn strict_replica(&self) -> Self {
        Self::start(&self.database_url, None, self.clock.clone(), "").await
    }

    /// `networks`: inside which identity providers are asked.
    async fn start(database_url: &str, database: Option<TestDatabase>, clock: Arc<LateClock>, networks: &str) -> Self {
        let dns = DnsServer::start().unwrap();
        let names = dns.address().to_string();
        let ring = ring();
        let settings = [
            ("ROLLCALL__DATABASE__URL", database_url),
            ("ROLLCALL__HTTP__PORT", "0"),
            ("ROLLCALL__TENANCY__BASE_DOMAIN", BASE_DOMAIN),
            ("ROLLCALL__PUBLIC_URL", "https://rollcall.test"),
            // A ring in memory, because tests share a working directory; and strangers knock a thousand times.
            ("ROLLCALL__KEYS__RING", &ring),
            ("ROLLCALL__DNS__SERVERS", &names),
            ("ROLLCALL__LIMITS__FAILURES_BURST", "1000000"),
            ("ROLLCALL__SSO__ALLOWED_NETWORKS", networks),
        ];
        let settings = Settings::load_from(None, settings).unwrap();
        let listener = http::bind(&settings.http).unwrap();
        let address = listener.local_addr().unwrap();
        let mut rollcall = Rollcall::open(&settings, &settings.public_base()).await.unwrap();
        rollcall.clock = clock.clone();
        let budgets = Arc::new(wiring::limits(&settings, &rollcall.clock).await.unwrap());
        let sign_in = Arc::new(rollcall.sign_in(budgets.limiter()));
        let server = http::start(listener, &settings, &rollcall, budgets, &sign_in, &ProcessRoles::default()).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let database_url = database_url.to_owned();
        Self { address, rollcall, dns, clock, database_url, server: handle, _database: database }
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

/// The key ring of all servers here.
pub fn ring() -> String {
    format!("k1={}", "5e".repeat(32))
}

/// A database as `database.url` names it.
pub fn url(target: &Target) -> String {
    match target {
        Target::Sqlite { path } => format!("sqlite://{}", path.display()),
        Target::Postgres { url } => url.clone(),
    }
}
