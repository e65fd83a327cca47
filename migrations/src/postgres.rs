//! Roles and row-level security, which only PostgreSQL has (decisions.md 1).
//!
//! `rollcall_tenant` sees the rows of the tenant named by `app.tenant`, and none when it names nobody.
//! `rollcall_operator` sees the rows of every tenant. Nobody logs in as either.

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

const ROLES: [&str; 2] = ["rollcall_tenant", "rollcall_operator"];

pub fn is_meant(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

/// Makes the roles, which belong to the whole server and may be there already, and lets the owner of the tables be both.
///
/// # Errors
/// [`DbErr::Custom`] with the statements to run as somebody who may, when this role may not.
pub async fn create_roles(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for role in ROLES {
        if !ask(manager, &format!("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')")).await? {
            let create = format!(
                "DO $$ BEGIN CREATE ROLE {role} NOLOGIN;
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            );
            connection.execute_unprepared(&create).await.map_err(missing_rights)?;
        }
        if !is_as_good_as(manager, role).await? {
            connection.execute_unprepared(&format!("GRANT {role} TO CURRENT_USER")).await.map_err(missing_rights)?;
            if !is_as_good_as(manager, role).await? {
                return Err(DbErr::Custom(format!(
                    "the role that migrates does not inherit the rights of {role}, so that it would not see what it has to \
                     change; as a superuser run: ALTER ROLE … INHERIT, then GRANT {role} TO that role; then migrate again"
                )));
            }
        }
    }
    let schema = "DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO rollcall_tenant, rollcall_operator',
                  current_schema()); END $$";
    connection.execute_unprepared(schema).await?;
    Ok(())
}

/// What a role has to another one that it may become, in SQL. Since PostgreSQL 16 a member may not do that for being one, and
/// whoever makes a role is no more than that at first.
pub const BECOMES: &str = "CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END";

/// Whether the role of this connection may become another one, and sees as itself what that one sees: what migrations change is
/// behind the wall for their owner too.
async fn is_as_good_as(manager: &SchemaManager<'_>, role: &str) -> Result<bool, DbErr> {
    let has = |right: &str| format!("pg_has_role(current_user, '{role}', {right})");
    ask(manager, &format!("SELECT {} AND {}", has("'USAGE'"), has(BECOMES))).await
}

async fn ask(manager: &SchemaManager<'_>, sql: &str) -> Result<bool, DbErr> {
    let row = manager.get_connection().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get_by_index(0))
}

fn missing_rights(error: DbErr) -> DbErr {
    DbErr::Custom(format!(
        "the roles of row-level security cannot be made ({error}); as a superuser run: \
         CREATE ROLE rollcall_tenant NOLOGIN; CREATE ROLE rollcall_operator NOLOGIN; \
         GRANT rollcall_tenant, rollcall_operator TO the role that migrates; then migrate again"
    ))
}

/// Puts a table behind the wall: `rollcall_tenant` has these rights on the rows whose `column` is the tenant of the
/// statement, and operators have all rights on all rows.
///
/// The setting is asked for in a subquery, so that it is read once a statement and only when the first row is looked for:
/// after the statement itself has set it.
pub async fn guard(manager: &SchemaManager<'_>, table: &str, column: &str, rights: &str) -> Result<(), DbErr> {
    let policy = format!(
        "CREATE POLICY tenant ON {table} TO rollcall_tenant
         USING ({column} = (SELECT nullif(current_setting('app.tenant', true), '')::uuid))"
    );
    let grant = format!("GRANT {rights} ON {table} TO rollcall_tenant");
    let statements = [
        policy,
        grant,
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
        format!("CREATE POLICY operator ON {table} TO rollcall_operator USING (true)"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO rollcall_operator"),
    ];
    crate::run(manager.get_connection(), &statements.each_ref().map(String::as_str)).await
}
