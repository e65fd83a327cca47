//! A database for one test, on either side.
//!
//! On PostgreSQL it is a copy of a template, which is far quicker than running the migrations again. Every test program
//! has a template of its own, so that servers left running (`cargo verify --serve`) never lend an old schema to a new
//! program. nextest starts a process for each test, and several of them may want to make the template at once: they
//! take turns by an advisory lock.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test without its database can do nothing but fail"
)]

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use storage::{Schema, SqlStore, Target, Timing};
use tempfile::TempDir;

use crate::clock::TestClock;
use crate::ids::TestSecrets;
use crate::servers::postgres_url;

/// Enough for a test, and few enough for many tests at once.
pub const TIMING: Timing = Timing {
    max_connections: 40,
    acquire_timeout: Duration::from_secs(20),
    statement_timeout: Duration::from_secs(20),
    lock_timeout: Duration::from_secs(10),
};

/// Any number, as long as everybody takes the same.
const TEMPLATE_LOCK: i64 = 0x524F_4C4C;

/// A database with nothing in it, gone when this is dropped.
pub struct EmptyDatabase(TestDatabase);

impl EmptyDatabase {
    pub async fn postgres() -> Self {
        let server = server_url();
        let mut connection = connect(&server).await;
        let name = fresh_name(&mut connection).await;
        run(&mut connection, &format!("CREATE DATABASE {name}")).await;
        Self(TestDatabase::on_server(server, name))
    }

    #[expect(clippy::unused_async, reason = "the same shape as on PostgreSQL")]
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let target = Target::Sqlite { path: folder.path().join("rollcall.db") };
        Self(TestDatabase { target, _place: Place::Folder(folder) })
    }

    pub fn target(&self) -> &Target {
        self.0.target()
    }

    /// The database, once somebody has brought the schema.
    pub fn migrated(self) -> TestDatabase {
        self.0
    }

    /// One more process, as it were.
    pub async fn connect(&self) -> Schema {
        Schema::connect(self.target(), TIMING).await.expect("the test's database answers")
    }
}

/// A database with the schema, gone when this is dropped.
pub struct TestDatabase {
    target: Target,
    _place: Place,
}

enum Place {
    Folder(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Server(#[expect(dead_code, reason = "removed when dropped")] OnServer),
}

impl TestDatabase {
    pub async fn postgres() -> Self {
        let server = server_url();
        let mut connection = connect(&server).await;
        let template = template(&server, &mut connection).await;
        let name = fresh_name(&mut connection).await;
        run(&mut connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self::on_server(server, name)
    }

    pub async fn sqlite() -> Self {
        let EmptyDatabase(database) = EmptyDatabase::sqlite().await;
        migrate(&database.target).await;
        database
    }

    fn on_server(server: String, name: String) -> Self {
        let target = Target::Postgres { url: url_of(&server, &name) };
        Self { target, _place: Place::Server(OnServer { server, name }) }
    }

    /// Where it is, for another store or a server to open it.
    pub fn target(&self) -> &Target {
        &self.target
    }

    pub async fn connect(&self) -> SqlStore {
        SqlStore::connect(&self.target, TIMING).await.expect("the test's database answers")
    }
}

/// A database of a server.
struct OnServer {
    server: String,
    name: String,
}

impl Drop for OnServer {
    /// On a thread of its own, because a runtime cannot wait within a runtime. Failing is no matter: the server goes
    /// with the test run.
    fn drop(&mut self) {
        let (server, name) = (std::mem::take(&mut self.server), std::mem::take(&mut self.name));
        let goodbye = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(remove(&server, &name)))
        });
        let _ = goodbye.join();
    }
}

async fn remove(server: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
    connection.close().await
}

fn server_url() -> String {
    postgres_url().expect("a PostgreSQL to test with")
}

fn url_of(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{name}")
}

/// Runs a statement past the store.
///
/// # Panics
/// When the database refuses the statement.
pub async fn statement(target: &Target, sql: &str) {
    match target {
        Target::Postgres { url } => run(&mut connect(url).await, sql).await,
        Target::Sqlite { path } => {
            let options = SqliteConnectOptions::new().filename(path);
            let mut file = options.connect().await.expect("the file is a database");
            file.execute(AssertSqlSafe(sql.to_owned())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            file.close().await.expect("the file can be closed");
        }
    }
}

/// What a statement gives in its one column, which is text; read past the store.
///
/// # Panics
/// When the database refuses the statement.
pub async fn texts(target: &Target, sql: &str) -> Vec<String> {
    match target {
        Target::Postgres { url } => {
            let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
            query.fetch_all(&mut connect(url).await).await.expect(sql)
        }
        Target::Sqlite { path } => {
            let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
            let file = SqliteConnectOptions::new().filename(path).read_only(true);
            let mut connection = file.connect().await.expect("the test's file can be read");
            query.fetch_all(&mut connection).await.expect(sql)
        }
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("the PostgreSQL of this test run answers")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    connection.execute(AssertSqlSafe(sql)).await.expect(sql);
}

async fn fresh_name(connection: &mut PgConnection) -> String {
    let name = sqlx::query_scalar("SELECT 'test_' || replace(gen_random_uuid()::text, '-', '')");
    name.fetch_one(connection).await.expect("PostgreSQL makes a name")
}

/// The name of a database with the schema and nothing else, made now unless it is there.
async fn template(server: &str, connection: &mut PgConnection) -> String {
    let name = template_name();
    if exists(connection, &name).await {
        return name;
    }
    run(connection, &format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    if !exists(connection, &name).await {
        make_template(server, connection, &name).await;
    }
    run(connection, &format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    name
}

/// Under another name until it is complete, in case that we are stopped half-way.
async fn make_template(server: &str, connection: &mut PgConnection, name: &str) {
    let draft = format!("{name}_draft");
    run(connection, &format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
    run(connection, &format!("CREATE DATABASE {draft}")).await;
    let target = Target::Postgres { url: url_of(server, &draft) };
    migrate(&target).await;
    if let Some(parts) = parts() {
        let schema = Schema::connect(&target, TIMING).await.expect("the new database answers");
        schema.partition(parts, &TestClock::default(), &TestSecrets::default()).await.expect("the tables can be split");
    }
    let leave = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{draft}'");
    run(connection, &leave).await;
    run(connection, &format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
}

/// How many parts the tables of this test run are split into; `ROLLCALL_TEST_PARTITIONS=4 cargo verify …`.
fn parts() -> Option<u32> {
    let parts = env::var("ROLLCALL_TEST_PARTITIONS").ok()?;
    Some(parts.parse().expect("ROLLCALL_TEST_PARTITIONS is a number"))
}

/// Of this test program as it was built last.
fn template_name() -> String {
    let program = env::current_exe().expect("this program has a path");
    let built = fs::metadata(&program).and_then(|file| file.modified()).expect("this program has a date");
    let mut hasher = DefaultHasher::new();
    (program, built, parts()).hash(&mut hasher);
    format!("template_{:016x}", hasher.finish())
}

async fn exists(connection: &mut PgConnection, name: &str) -> bool {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(name);
    query.fetch_one(connection).await.expect("PostgreSQL lists its databases")
}

async fn migrate(target: &Target) {
    let schema = Schema::connect(target, TIMING).await.expect("the new database answers");
    schema.migrate(&TestClock::default(), &TestSecrets::default()).await.expect("the schema can be made");
}
