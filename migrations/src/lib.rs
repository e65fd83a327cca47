//! The schema's history. One file a migration; a released one is never edited.
//!
//! The statements are written once with placeholders for the few types that the two databases name differently.

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

mod m0001_directory;
mod m0002_admin;
mod m0003_activity;
mod m0004_mail;
mod m0005_settings;
mod m0006_audit;
mod m0007_sso;
mod m0008_domains;
mod m0009_roles;
mod m0010_rescue;
mod postgres;

pub use m0001_directory::EXPERIENCE;
pub use m0003_activity::FILE_VERSION as ACTIVITY_FILE_VERSION;
pub use m0003_activity::prepare_file as prepare_activity_file;
pub use postgres::BECOMES;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// All migrations, the oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_directory::Migration),
            Box::new(m0002_admin::Migration),
            Box::new(m0003_activity::Migration),
            Box::new(m0004_mail::Migration),
            Box::new(m0005_settings::Migration),
            Box::new(m0006_audit::Migration),
            Box::new(m0007_sso::Migration),
            Box::new(m0008_domains::Migration),
            Box::new(m0009_roles::Migration),
            Box::new(m0010_rescue::Migration),
        ]
    }
}

/// How many migrations a version has to know to serve a database of this one (ADR 0029): the number of the last migration
/// that takes something away which older versions use.
pub const SERVED_BY: i32 = 1;

/// Runs statements that hold the placeholders `{uuid}`, `{bytes}`, `{key}` (text in byte order, so that both databases
/// sort and compare it alike), `{flag}`, `{clustered}` and `{with_id}` (SQLite's indexes find the row anyway).
async fn run<C: ConnectionTrait>(connection: &C, statements: &[&str]) -> Result<(), DbErr> {
    let names: [(&str, &str); 6] = match connection.get_database_backend() {
        DbBackend::Postgres => [
            ("{uuid}", "uuid"),
            ("{bytes}", "bytea"),
            ("{key}", "text COLLATE \"C\""),
            ("{flag}", "boolean"),
            ("{clustered}", ""),
            ("{with_id}", "INCLUDE (id)"),
        ],
        _ => [
            ("{uuid}", "blob"),
            ("{bytes}", "blob"),
            ("{key}", "text"),
            ("{flag}", "boolean"),
            ("{clustered}", "WITHOUT ROWID"),
            ("{with_id}", ""),
        ],
    };
    for statement in statements {
        let sql = names.iter().fold((*statement).to_owned(), |sql, (placeholder, name)| sql.replace(placeholder, name));
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}
