//! Looking a PostgreSQL server over, for `rollcall doctor`: as the role of the URL, past the store, changing nothing.

use std::time::Duration;

use domain::ports::Clock;
use domain::store::StoreError;
use migrations::BECOMES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::connect::plain;
use crate::partition::{IS_SPLIT, WHOLE};

/// A server that does not answer is not waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

#[expect(clippy::struct_excessive_bools, reason = "each is a question that is answered by yes or no")]
/// What of a server and a role decides whether tenants are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    pub version: String,
    /// The major version, such as 15.
    pub major: i32,
    /// Who logs in.
    pub role: String,
    /// Whether that role passes row-level security by itself: as a superuser, or by its attribute.
    pub passes_walls: bool,
    /// Whether it may work as both roles of row-level security.
    pub is_member: bool,
    /// Whether `rollcall_tenant`, as which requests are served, passes row-level security.
    pub tenant_role_passes: bool,
    /// Tables of ours that this role owns; an owner can take every wall down.
    pub owned: Vec<String>,
    /// Tables of tenants on which row-level security is not on, or not forced.
    pub unforced: Vec<String>,
    /// Tables of tenants on which requests could see more than their tenant's rows, or nothing at all.
    pub without_policy: Vec<String>,
    /// How far the server's clock is ahead of ours, in microseconds.
    pub ahead_us: i64,
    /// Whether this connection is encrypted.
    pub is_encrypted: bool,
    /// Whether the server is on this machine.
    pub is_local: bool,
    /// Connections that the server lets in at the most.
    pub max_connections: i32,
    /// Whether connections begin as `rollcall_tenant`, as behind a pooler.
    pub is_told: bool,
    /// Whether statements and waiting for locks are bounded from the beginning.
    pub has_limits: bool,
    /// Tables that are whole although others are split by tenant, and they could be.
    pub whole_beside_split: Vec<String>,
}

const ROLE: &str = "SELECT session_user::text, coalesce(bool_or(rolsuper OR rolbypassrls), false)
    FROM pg_roles WHERE rolname = session_user";
const TENANT_ROLE: &str = "SELECT coalesce(bool_or(rolsuper OR rolbypassrls), false)
    FROM pg_roles WHERE rolname = 'rollcall_tenant'";
const OWNED: &str = "SELECT c.relname::text FROM pg_class AS c
    WHERE pg_has_role(session_user, c.relowner, 'MEMBER') AND c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
    ORDER BY 1";
const UNFORCED: &str = "SELECT c.relname::text FROM pg_class AS c
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
      AND (c.relname = 'tenant' OR EXISTS (SELECT FROM pg_attribute AS a
           WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1";
/// Policies add up: one that lets requests see everything makes the others useless.
const POLICIES: &str = "SELECT c.relname::text FROM pg_class AS c
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
      AND (c.relname = 'tenant' OR EXISTS (SELECT FROM pg_attribute AS a
           WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
      AND (NOT EXISTS (SELECT FROM pg_policies AS p WHERE p.schemaname = current_schema() AND p.tablename = c.relname
                       AND 'rollcall_tenant' = ANY(p.roles) AND p.qual LIKE '%app.tenant%')
        OR EXISTS (SELECT FROM pg_policies AS p WHERE p.schemaname = current_schema() AND p.tablename = c.relname
                   AND p.permissive = 'PERMISSIVE' AND p.roles && ARRAY['rollcall_tenant', 'public']::name[]
                   AND coalesce(p.qual, p.with_check, '') NOT LIKE '%app.tenant%'))
    ORDER BY 1";
const SERVER: &str = "SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
    coalesce(inet_server_addr() = inet_client_addr(), true), current_setting('max_connections')::int";
const TOLD: &str = "SELECT current_user = 'rollcall_tenant',
    current_setting('statement_timeout') <> '0' AND current_setting('lock_timeout') <> '0'";
const MOMENT: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// # Errors
/// [`StoreError::Unavailable`] with the reason.
pub async fn examine(url: &str, clock: &dyn Clock) -> Result<Examined, StoreError> {
    let examined = tokio::time::timeout(PATIENCE, ask(url, clock)).await;
    let examined = examined.map_err(|_| StoreError::Unavailable("it does not answer in time".to_owned()))?;
    examined.map_err(|error| StoreError::Unavailable(error.to_string()))
}

async fn ask(url: &str, clock: &dyn Clock) -> Result<Examined, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&plain(url.parse()?)).await?;
    // In one transaction, and without statements that are kept: a pooler may give another connection to what comes next.
    let mut server = connection.begin().await?;
    let (version, major, is_encrypted, is_local, max_connections) =
        sqlx::query_as(SERVER).persistent(false).fetch_one(&mut *server).await?;
    let (role, passes_walls): (String, bool) = sqlx::query_as(ROLE).persistent(false).fetch_one(&mut *server).await?;
    let member = format!(
        "SELECT coalesce(bool_and(pg_has_role(session_user, oid, {BECOMES})), false) AND count(*) = 2
         FROM pg_roles WHERE rolname IN ('rollcall_tenant', 'rollcall_operator')"
    );
    let is_member = sqlx::query_scalar(AssertSqlSafe(member)).persistent(false).fetch_one(&mut *server).await?;
    let tenant_role_passes = sqlx::query_scalar(TENANT_ROLE).persistent(false).fetch_one(&mut *server).await?;
    let owned = sqlx::query_scalar(OWNED).persistent(false).fetch_all(&mut *server).await?;
    let unforced = sqlx::query_scalar(UNFORCED).persistent(false).fetch_all(&mut *server).await?;
    let without_policy = sqlx::query_scalar(POLICIES).persistent(false).fetch_all(&mut *server).await?;
    let before = clock.now().as_micros();
    let theirs: i64 = sqlx::query_scalar(MOMENT).persistent(false).fetch_one(&mut *server).await?;
    let ours = before.midpoint(clock.now().as_micros());
    let (is_told, has_limits) = sqlx::query_as(TOLD).persistent(false).fetch_one(&mut *server).await?;
    let is_split: bool = sqlx::query_scalar(IS_SPLIT).persistent(false).fetch_one(&mut *server).await?;
    let whole = sqlx::query_scalar(WHOLE).persistent(false).fetch_all(&mut *server).await?;
    server.commit().await?;
    connection.close().await?;
    Ok(Examined {
        version,
        major,
        role,
        passes_walls,
        is_member,
        tenant_role_passes,
        owned,
        unforced,
        without_policy,
        ahead_us: theirs.saturating_sub(ours),
        is_encrypted,
        is_local,
        max_connections,
        is_told,
        has_limits,
        whole_beside_split: if is_split { whole } else { Vec::new() },
    })
}
