//! One database and the operations on it, with words for what tests do all the time.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed; whatever may fail gives a result"
)]

use std::sync::Arc;

use domain::Error;
use domain::access_token::AccessTokens;
use domain::activity::Trail;
use domain::admission::Admissions;
use domain::context::{Actor, OpContext};
use domain::credential::BearerToken;
use domain::directory::{Kind, ResourceTypes, View};
use domain::ids::ResourceId;
use domain::keys::{KeyRing, Keys, RingSource};
use domain::ops::{
    Accounts, ActivityLog, Audit, Connections, Credentials, Declarations, Directory, Doctor, Domains, IndexWishes,
    Jobs, Journal, NewTenant, Part, People, Provisioning, Roles, Settings, Show, SignIn, SignOnTools, SingleSignOn,
    Start, Target, Tenants,
};
use domain::ports::Clock as _;
use domain::role::{AppRoles, RoleRules};
use domain::signing_key::SigningKeys;
use domain::store::{Lease, ListQuery, Sort, Store};
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant};
use domain::timestamp::Timestamp;
use scim_protocol::declaration::{Declaration, DeclaredExtension};
use scim_protocol::patch::PatchRequest;
use scim_protocol::path::AttrPath;
use scim_protocol::validate::{self, Validated};
use scim_protocol::{filter, urn};
use serde_json::{Value, json};
use storage::limiter::LocalLimiter;
use storage::{SqlActivity, SqlStore};

use crate::clock::TestClock;
use crate::db::{EmptyDatabase, TIMING, TestDatabase};
use crate::ids::{TestIds, TestSecrets};
use crate::passwords::TestPasswords;
use crate::resolver::TestResolver;
use crate::sign_on::{Here, TestFetch};

/// How many members a list of groups may hold in a [`World`].
pub const LIST_MEMBERS_LIMIT: u64 = 1_000;

/// The schema of [`World::with_badge`].
pub const BADGE: &str = "urn:example:scim:schemas:1.0:Badge";

/// Who signs access tokens in a [`World`].
pub const ISSUER: &str = "https://rollcall.example";

/// The ring in the database.
struct StoredRing(Arc<dyn Store>);

#[async_trait::async_trait]
impl RingSource for StoredRing {
    async fn load(&self) -> Result<KeyRing, String> {
        KeyRing::parse(&self.0.work().stored_ring().await.map_err(|error| error.to_string())?)
    }
}

/// A database of its own and everything that works on it.
pub struct World {
    pub clock: Arc<TestClock>,
    pub ids: Arc<TestIds>,
    pub secrets: Arc<TestSecrets>,
    pub types: Arc<ResourceTypes>,
    pub store: Arc<SqlStore>,
    pub admissions: Arc<Admissions>,
    pub wishes: Arc<IndexWishes>,
    pub journal: Arc<Journal>,
    pub audit: Arc<Audit>,
    pub directory: Arc<Directory>,
    pub tenants: Arc<Tenants>,
    pub credentials: Arc<Credentials>,
    pub people: Arc<People>,
    pub roles: Arc<Roles>,
    pub sign_in: Arc<SignIn>,
    pub keys: Arc<Keys>,
    pub signing: Arc<SigningKeys>,
    pub settings: Arc<Settings>,
    pub declarations: Arc<Declarations>,
    pub provisioning: Arc<Provisioning>,
    pub jobs: Arc<Jobs>,
    pub resolver: Arc<TestResolver>,
    pub domains: Arc<Domains>,
    pub fetch: Arc<TestFetch>,
    pub connections: Arc<Connections>,
    pub single_sign_on: Arc<SingleSignOn>,
    pub doctor: Arc<Doctor>,
    pub log: Arc<SqlActivity>,
    pub activity: Arc<ActivityLog>,
    // Last, so that the connections go before the database.
    database: TestDatabase,
}

/// Gives all facts their numbers where no server's sequencer does.
pub async fn number_facts(store: &dyn Store, now: Timestamp) {
    let lease = Lease { name: "sequencer", holder: "world".to_owned(), until: now.plus_seconds(60) };
    let work = store.work();
    assert!(work.take_lease(&lease, now).await.expect("a lease"), "somebody else numbers facts");
    while work.number_facts(&lease, 1_000).await.expect("numbers") > 0 {}
}

impl World {
    /// In a database of its own on the PostgreSQL of this test run.
    pub async fn postgres() -> Self {
        Self::on(TestDatabase::postgres().await).await
    }

    /// In a SQLite file of its own.
    pub async fn sqlite() -> Self {
        Self::on(TestDatabase::sqlite().await).await
    }

    /// On a database that has the schema, and whatever else.
    pub async fn over(database: EmptyDatabase) -> Self {
        Self::on(database.migrated()).await
    }

    async fn on(database: TestDatabase) -> Self {
        let (clock, ids, secrets) =
            (Arc::<TestClock>::default(), Arc::<TestIds>::default(), Arc::<TestSecrets>::default());
        let types = Arc::<ResourceTypes>::default();
        let store = Arc::new(database.connect().await);
        let port: Arc<dyn Store> = store.clone();
        let ring = port.work().stored_ring().await.expect("a migrated database has a key ring");
        let ring = KeyRing::parse(&ring).expect("a key ring");
        let keys = Arc::new(Keys::new(ring, Box::new(StoredRing(port.clone()))));
        let signing = Arc::new(SigningKeys::new(port.clone(), ids.clone(), keys.clone()));
        let admissions = Arc::new(Admissions::new(port.clone()));
        let wishes = Arc::new(IndexWishes::new(port.clone()));
        let access = Arc::new(AccessTokens::new(signing.clone(), ISSUER));
        let credentials =
            Credentials::new(port.clone(), ids.clone(), secrets.clone(), keys.clone(), access, admissions.clone());
        let credentials = Arc::new(credentials);
        let accounts = Accounts {
            store: port.clone(),
            ids: ids.clone(),
            secrets: secrets.clone(),
            keys: keys.clone(),
            passwords: Arc::new(TestPasswords),
        };
        let roles = Arc::new(Roles::new(port.clone(), ids.clone(), AppRoles::default()));
        let buckets = Arc::new(LocalLimiter::new(clock.clone()));
        let resolver = Arc::<TestResolver>::default();
        let domains = Domains::new(
            port.clone(),
            ids.clone(),
            secrets.clone(),
            resolver.clone(),
            buckets.clone(),
            admissions.clone(),
        );
        let provisioning =
            Provisioning::new(port.clone(), ids.clone(), wishes.clone(), Arc::new(TestPasswords), LIST_MEMBERS_LIMIT);
        let provisioning = Arc::new(provisioning);
        let jobs = Arc::new(Jobs::new(port.clone(), ids.clone(), provisioning.clone()));
        let fetch = Arc::<TestFetch>::default();
        let sign_on = SignOnTools {
            store: port.clone(),
            ids: ids.clone(),
            secrets: secrets.clone(),
            keys: keys.clone(),
            fetch: fetch.clone(),
            offload: Arc::new(Here),
            limiter: buckets.clone(),
            loopback_http_allowed: false,
        };
        let connections = Arc::new(Connections::new(sign_on.clone()));
        let single_sign_on =
            SingleSignOn::new(sign_on, accounts.clone(), connections.clone(), provisioning.clone(), buckets.clone());
        let log = SqlActivity::connect(&store, database.target(), TIMING).await.expect("an activity log");
        let log = Arc::new(log);
        let activity = ActivityLog::new(log.clone(), port.clone(), admissions.clone(), credentials.clone());
        Self {
            jobs,
            resolver,
            fetch,
            connections,
            single_sign_on: Arc::new(single_sign_on),
            doctor: Arc::new(Doctor::new(port.clone())),
            domains: Arc::new(domains),
            log,
            activity: Arc::new(activity),
            tenants: Arc::new(Tenants::new(port.clone(), ids.clone(), admissions.clone())),
            settings: Arc::new(Settings::new(port.clone(), ids.clone(), credentials.clone(), admissions.clone())),
            declarations: Arc::new(Declarations::new(port.clone(), ids.clone(), admissions.clone())),
            provisioning,
            audit: Arc::new(Audit::new(port.clone(), ids.clone())),
            directory: Arc::new(Directory::new(port.clone(), wishes.clone())),
            journal: Arc::new(Journal::new(port, ids.clone())),
            people: Arc::new(People::new(accounts.clone())),
            roles,
            sign_in: Arc::new(SignIn::new(accounts, buckets)),
            admissions,
            wishes,
            credentials,
            keys,
            signing,
            clock,
            ids,
            secrets,
            types,
            store,
            database,
        }
    }

    /// Where the database is, for a server to be started on it.
    pub fn target(&self) -> &storage::Target {
        self.database.target()
    }

    /// One more process on the same database, as it were.
    pub async fn another_store(&self) -> Arc<SqlStore> {
        Arc::new(self.database.connect().await)
    }

    /// Gives all facts their numbers, as the server's sequencer does every moment.
    pub async fn number_facts(&self) {
        number_facts(self.store.as_ref(), self.clock.now()).await;
    }

    /// A new tenant with provisioning off.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        self.tenant_with(slug, DirectoryRules::default()).await
    }

    /// A new tenant with rules of its own.
    pub async fn tenant_with(&self, slug: &str, rules: DirectoryRules) -> Tenant {
        let new = NewTenant { slug: slug.parse().expect("a slug"), name: slug.to_owned(), rules };
        self.tenants.create(&Actor::Operator, new, self.clock.now()).await.expect("a new tenant")
    }

    /// Gives a tenant a schema of its own and a user who has a password and a value that nobody else may have: rows in tables
    /// that few tenants use. Gives the tenant as it is then.
    pub async fn with_badge(&self, tenant: &Tenant) -> Tenant {
        let schema = json!({"id": BADGE, "name": "Badge", "attributes": [{"name": "number", "uniqueness": "server"}]});
        let schema = serde_json::from_value(schema).expect("a schema");
        let extension = DeclaredExtension { extends: "User".to_owned(), required: false, schema };
        self.declarations.declare(&self.cx(tenant), Declaration::Extension(extension)).await.expect("a new schema");
        let tenant = self.tenants.get(&tenant.slug).await.expect("the tenant");
        let document = json!({"userName": "badged", "password": "secret", BADGE: {"number": "7"}});
        self.create(&self.cx(&tenant), &Kind::USER, document).await.expect("a new user");
        tenant
    }

    /// A new tenant with provisioning on, and its first token.
    pub async fn open_tenant(&self, slug: &str) -> (Tenant, BearerToken) {
        let cx = self.cx(&self.tenant(slug).await);
        let switched = self.settings.set_provisioning(&cx, ProvisioningState::On).await.expect("provisioning goes on");
        (switched.tenant, switched.minted.expect("the first switching-on makes a token").bearer)
    }

    /// Gives everybody in a tenant the first role of the product.
    pub async fn give_roles(&self, tenant: &Tenant) {
        let fallback = self.roles.names().all().first().cloned();
        let rules = RoleRules { rules: Vec::new(), fallback };
        self.roles.save(&self.cx(tenant), 0, &rules).await.expect("rules of a tenant that has none");
    }

    /// The server itself at work in a tenant, now.
    pub fn cx(&self, tenant: &Tenant) -> OpContext {
        OpContext {
            scope: tenant.scope(),
            actor: Actor::System,
            request_id: "test-request".to_owned(),
            now: self.clock.now(),
            trail: Trail::default(),
        }
    }

    /// A new user of that userName and nothing else.
    pub async fn user(&self, cx: &OpContext, user_name: &str) -> View {
        self.create(cx, &Kind::USER, json!({"userName": user_name})).await.expect("a new user")
    }

    /// A new group with these members.
    pub async fn group(&self, cx: &OpContext, name: &str, members: &[ResourceId]) -> View {
        let document = json!({"displayName": name, "members": elements(members)});
        self.create(cx, &Kind::GROUP, document).await.expect("a new group")
    }

    /// Adds a resource with these attributes; `schemas` is filled in.
    pub async fn create(&self, cx: &OpContext, kind: &Kind, attributes: Value) -> Result<View, Error> {
        let id = self.provisioning.new_id(cx);
        self.provisioning.create(cx, kind, id, Self::validated(cx, kind, attributes)?, Show::Related).await
    }

    /// Reads a resource again, as it is now.
    pub async fn get(&self, cx: &OpContext, view: &View) -> Result<View, Error> {
        self.provisioning.get(cx, &target(view), Show::Related).await
    }

    /// Puts these attributes in the place of a resource's; `schemas` is filled in.
    pub async fn replace(&self, cx: &OpContext, view: &View, attributes: Value) -> Result<View, Error> {
        let target = target(view);
        let new = Self::validated(cx, &target.kind, attributes)?;
        self.provisioning.replace(cx, &target, new, None, Show::Related).await
    }

    /// Carries out the `Operations` of a PATCH.
    pub async fn patch(&self, cx: &OpContext, view: &View, operations: Value) -> Result<View, Error> {
        self.provisioning.patch(cx, &target(view), patch_request(operations)?, None, Show::Related).await
    }

    pub async fn delete(&self, cx: &OpContext, view: &View) -> Result<(), Error> {
        self.provisioning.delete(cx, &target(view), None).await
    }

    /// Everything of a kind that a filter is true of; an empty filter is true of all.
    pub async fn list(&self, cx: &OpContext, kind: &Kind, filter: &str) -> Result<Vec<View>, Error> {
        let part = Part { kind: kind.clone(), query: self.query(kind, filter)?, show: Show::Related };
        Ok(self.provisioning.search(cx, vec![part], &Start::Offset(0), 10_000).await?.views)
    }

    /// A question for everything that a filter is true of, in order of creation.
    pub fn query(&self, kind: &Kind, filter: &str) -> Result<ListQuery, Error> {
        let resource_type = self.types.get(kind)?;
        let condition = match filter {
            "" => None,
            filter => Some(filter::parse(filter)?.check(resource_type)?),
        };
        Ok(ListQuery { condition, limit: 10_000, groups: true, ..ListQuery::default() })
    }

    /// An order by the attribute at this path.
    pub fn sort(&self, kind: &Kind, path: &str, descending: bool) -> Sort {
        let resource_type = self.types.get(kind).expect("a kind that is served");
        let path = AttrPath::parse(path).expect("a path");
        Sort { field: resource_type.locate(&path).expect("an attribute of this kind").field(), descending }
    }

    fn validated(cx: &OpContext, kind: &Kind, mut attributes: Value) -> Result<Validated, Error> {
        let resource_type = cx.scope.types().get(kind)?;
        if let Value::Object(attributes) = &mut attributes {
            let extensions = resource_type.extensions.iter().map(|extension| &extension.schema.id);
            let used: Vec<_> =
                extensions.filter(|urn| attributes.contains_key(*urn)).chain([&resource_type.schema.id]).collect();
            attributes.insert("schemas".to_owned(), json!(used));
        }
        Ok(validate::document(resource_type, attributes)?)
    }
}

/// What an operation on this resource is told.
pub fn target(view: &View) -> Target {
    Target { kind: view.stored.kind.clone(), id: view.stored.id }
}

/// Elements of `members` for these.
pub fn elements(members: &[ResourceId]) -> Value {
    members.iter().map(|id| json!({"value": id.to_string()})).collect()
}

/// A PATCH with these `Operations`.
pub fn patch_request(operations: Value) -> Result<PatchRequest, Error> {
    Ok(PatchRequest::read(json!({"schemas": [urn::PATCH_OP], "Operations": operations}))?)
}
