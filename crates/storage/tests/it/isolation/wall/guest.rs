//! Somebody who logs in with no rights but those of the server, and leaves the query door out.

use std::collections::BTreeMap;

use domain::choices::People;
use domain::directory::Kind;
use domain::ops::{NewToken, SettingsChange};
use domain::request_key::RequestKey;
use domain::store::Store as _;
use domain::tenant::{ProvisioningState, Tenant};
use domain::value_index::{IndexState, ValueIndex};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use storage::Target;
use testkit::World;
use uuid::Uuid;

use super::tables;
use crate::raw::Raw;

/// SQLSTATE of insufficient privilege, and of a row that violates a policy.
pub const DENIED: &str = "42501";

/// No tenant's rows are seen.
pub const NOBODY: [Uuid; 0] = [];

pub struct Guest {
    pub connection: PgConnection,
    /// A connection of the owner of all tables.
    pub owner: PgConnection,
    pub role: String,
    pub tables: BTreeMap<String, &'static str>,
    pub acme: Uuid,
    pub globex: Uuid,
}

impl Guest {
    /// Works as `rollcall_tenant` on a database with rows of two tenants in every table.
    pub async fn with_two_tenants() -> (World, Self) {
        let world = World::postgres().await;
        let (acme, globex) = (fill(&world, "acme").await, fill(&world, "globex").await);
        for tenant in [&acme, &globex] {
            world.user(&world.cx(tenant), "a fact that waits").await;
            world.leave_activity(tenant).await;
        }
        let mut owner = PgConnection::connect(url(&world)).await.unwrap();
        let role = create_role(&mut owner).await;
        owner.execute(AssertSqlSafe(format!("GRANT rollcall_tenant, rollcall_operator TO {role}"))).await.unwrap();
        let mut connection = PgConnection::connect(&url_of(&world, &role)).await.unwrap();
        connection.execute("SET ROLE rollcall_tenant").await.unwrap();
        let tables = tables(&Raw::of(&world).await).await;
        (world, Self { connection, owner, role, tables, acme: acme.id.0, globex: globex.id.0 })
    }

    /// Runs a statement; gives how many rows it touched, or its SQLSTATE.
    pub async fn run(&mut self, sql: &str) -> Result<u64, String> {
        let done = self.connection.execute(AssertSqlSafe(sql.to_owned())).await;
        done.map(|done| done.rows_affected()).map_err(|error| sqlstate(&error))
    }

    /// As [`run`](Self::run), in a transaction that is rolled back.
    pub async fn try_as(&mut self, tenant: Uuid, sql: &str) -> Result<u64, String> {
        self.begin_as(tenant).await;
        let done = self.run(sql).await;
        self.run("ROLLBACK").await.unwrap();
        done
    }

    /// Begins a transaction for a tenant.
    pub async fn begin_as(&mut self, tenant: Uuid) {
        self.run("BEGIN").await.unwrap();
        self.run(&format!("SELECT set_config('app.tenant', '{tenant}', true)")).await.unwrap();
    }

    /// The tenants of which some row is seen by a selection of everything. A table that may not be read shows nothing.
    pub async fn seen(&mut self, table: &str, column: &str) -> Vec<Uuid> {
        self.run("SAVEPOINT before").await.ok();
        let rows = self.connection.fetch_all(AssertSqlSafe(format!("SELECT * FROM {table}"))).await;
        let rows = match rows {
            Err(error) if sqlstate(&error) == DENIED => {
                self.run("ROLLBACK TO before").await.ok();
                return Vec::new();
            }
            rows => rows.unwrap(),
        };
        let mut tenants: Vec<Uuid> = rows.iter().map(|row| row.get(column)).collect();
        tenants.sort_unstable();
        tenants.dedup();
        tenants
    }

    /// Of how many tenants there are rows in a table.
    pub async fn owners_count(&mut self, table: &str) -> i64 {
        let column = self.tables[table];
        let sql = AssertSqlSafe(format!("SELECT count(DISTINCT {column}) FROM {table}"));
        self.owner.fetch_one(sql).await.unwrap().get(0)
    }
}

pub fn sqlstate(error: &sqlx::Error) -> String {
    let database = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
    database.code().unwrap().into_owned()
}

/// Something in every table.
async fn fill(world: &World, slug: &str) -> Tenant {
    let tenant = world.with_badge(&world.open_tenant(slug).await.0).await;
    world.with_owner(&tenant).await;
    let cx = world.cx(&tenant);
    let keyed = NewToken { key: Some(RequestKey::new([7; 32])), ..NewToken::default() };
    world.credentials.mint(&cx, keyed).await.unwrap();
    let off = SettingsChange { people: People::Deactivate, ..ProvisioningState::Off.into() };
    world.settings.change(&cx, off).await.unwrap();
    let tenant = world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap().tenant;
    let document = json!({"userName": "ada", "emails": [{"value": "ada@example.com"}]});
    let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
    world.group(&cx, "Engineers", &[ada.stored.id]).await;
    let index = ValueIndex { kind: Kind::USER, path: "title".to_owned(), state: IndexState::Filling };
    world.store.work().register_index(&tenant.slug, &index, cx.now).await.unwrap();
    world.leave_mail(&tenant).await;
    world.give_roles(&tenant).await;
    world.domain(&tenant, "contoso.com").await;
    world.with_single_sign_on(&tenant, ada.stored.id).await;
    world.number_facts().await;
    tenant
}

/// A role that may log in and nothing else. Roles belong to the whole server, so each test makes its own.
pub async fn create_role(owner: &mut PgConnection) -> String {
    let name = "SELECT 'guest_of_' || current_database()";
    let role: String = owner.fetch_one(name).await.unwrap().get(0);
    owner.execute(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN NOINHERIT"))).await.unwrap();
    role
}

pub fn url(world: &World) -> &str {
    match world.target() {
        Target::Postgres { url } => url,
        Target::Sqlite { .. } => panic!("PostgreSQL only"),
    }
}

/// The database of a world, entered by another role.
pub fn url_of(world: &World, role: &str) -> String {
    let (_, place) = url(world).rsplit_once('@').unwrap();
    format!("postgres://{role}@{place}")
}
