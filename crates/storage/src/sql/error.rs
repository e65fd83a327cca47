//! What a database says → what the port says. Callers that know which value was taken say so with [`taken`].

use domain::store::StoreError;
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use sqlx::error::DatabaseError;

use super::script::STALE;
use crate::measure;

/// SQLSTATE after which the same transaction may be tried again: serialization failure, deadlock.
const CONTENTION: [&str; 2] = ["40001", "40P01"];

/// SQLSTATE of a lock that was not to be had in time: `lock_timeout`.
const LOCKED: &str = "55P03";

/// SQLSTATE of a change that a server refuses because it only lets read: it was told so, or has become a standby.
const READ_ONLY: &str = "25006";

/// SQLSTATE classes that mean the server cannot serve now: connection, resources, operator intervention, its system; and the
/// codes of a transaction whose process had no time for it for so long that it was ended, and of a server for reading alone.
const UNAVAILABLE: [&str; 6] = ["08", "53", "57", "58", "25P03", READ_ONLY];

/// SQLSTATE classes after which a connection is of no use any more: it was ended from the other side.
const ENDED: [&str; 2] = ["08", "57P"];

/// SQLite: busy, locked, I/O error, full, cannot open (primary codes; extended ones carry them in the low byte).
const SQLITE_UNAVAILABLE: [u32; 5] = [SQLITE_BUSY, 6, 10, 13, 14];
const SQLITE_BUSY: u32 = 5;

/// The general meaning of a database error, which is counted.
pub fn failure(error: DbErr) -> StoreError {
    let meaning = meaning(error);
    measure::failed(&meaning);
    meaning
}

fn meaning(error: DbErr) -> StoreError {
    if let Some(SqlErr::ForeignKeyConstraintViolation(_)) = error.sql_err() {
        return StoreError::MemberGone;
    }
    if mentions(&error, STALE) {
        return StoreError::Contention;
    }
    let text = error.to_string();
    match sqlx_error(&error) {
        Some(sqlx::Error::Database(database)) => by_code(database.code().as_deref().unwrap_or_default(), text),
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_),
        ) => StoreError::Unavailable(text),
        _ if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) => StoreError::Unavailable(text),
        _ => match error {
            // Said by a migration, for people.
            DbErr::Custom(sentence) => StoreError::Schema(sentence),
            _ => StoreError::Internal(text),
        },
    }
}

/// Somebody else was first, as is seen by what a statement found rather than by an error; it is counted with those.
pub fn lost_race() -> StoreError {
    measure::failed(&StoreError::Contention);
    StoreError::Contention
}

/// As [`failure`], where a unique value that is in use already is a matter of this attribute.
pub fn taken(error: DbErr, attribute: &str) -> StoreError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => StoreError::Taken { attribute: attribute.to_owned() },
        _ => failure(error),
    }
}

/// Whether the unique value that is in use already is a resource's own name. Both databases say the column, PostgreSQL in
/// the name of its index.
pub fn is_unique_name(error: &DbErr) -> bool {
    mentions(error, "unique_key")
}

/// Likewise, whether it is another value that is unique in its kind.
pub fn is_unique_value(error: &DbErr) -> bool {
    mentions(error, "unique_value")
}

fn mentions(error: &DbErr, name: &str) -> bool {
    database_error(error).is_some_and(|said| said.message().contains(name))
}

/// Whether a connection should not be used again after what its server said.
pub fn is_lost(said: &dyn DatabaseError) -> bool {
    said.code().is_some_and(|code| code == READ_ONLY || ENDED.iter().any(|class| code.starts_with(class)))
}

/// Whether somebody else held what a statement waited for, for too long.
pub fn is_locked(error: &DbErr) -> bool {
    database_error(error).and_then(DatabaseError::code).is_some_and(|code| code == LOCKED)
}

/// Whether another process has the SQLite file to itself at the moment.
pub fn is_busy(error: &DbErr) -> bool {
    let code = database_error(error).and_then(DatabaseError::code);
    code.is_some_and(|code| sqlite_code(&code) == Some(SQLITE_BUSY))
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    match sqlx_error(error) {
        Some(sqlx::Error::Database(database)) => Some(database.as_ref()),
        _ => None,
    }
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error.as_ref()),
        _ => None,
    }
}

/// SQLite's primary code, which is shorter than any SQLSTATE.
fn sqlite_code(code: &str) -> Option<u32> {
    let code: u32 = code.parse().ok().filter(|_| code.len() < 5)?;
    Some(code & 0xff)
}

/// SQLSTATE of a statement that was stopped: `statement_timeout`.
const STOPPED: &str = "57014";

/// SQLSTATE of a statement's name that is in use already, and of one that there is not.
const STATEMENT_NAMES: [&str; 2] = ["42P05", "26000"];

fn by_code(code: &str, text: String) -> StoreError {
    if code == STOPPED {
        return StoreError::TooSlow;
    }
    if STATEMENT_NAMES.contains(&code) {
        return StoreError::Schema(format!(
            "between Rollcall and its PostgreSQL is a pooler in transaction mode that mixes up prepared statements ({text}); \
             switch it to session mode, or run PgBouncer 1.21 or newer with max_prepared_statements"
        ));
    }
    if code == LOCKED {
        return StoreError::Locked;
    }
    if CONTENTION.contains(&code) {
        return StoreError::Contention;
    }
    let is_sqlite_busy = sqlite_code(code).is_some_and(|code| SQLITE_UNAVAILABLE.contains(&code));
    match is_sqlite_busy || UNAVAILABLE.iter().any(|class| code.starts_with(class)) {
        true => StoreError::Unavailable(text),
        false => StoreError::Internal(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_helps() {
        let text = String::new;
        assert_eq!(by_code("40P01", text()), StoreError::Contention);
        assert_eq!(by_code("55P03", text()), StoreError::Locked);
        for busy in ["57P01", "08006", "53300", "53100", "58030", "25P03", "25006", "5", "261", "13"] {
            assert!(matches!(by_code(busy, text()), StoreError::Unavailable(_)), "{busy}");
        }
        for ours in ["42601", "22021", "1", ""] {
            assert!(matches!(by_code(ours, text()), StoreError::Internal(_)), "{ours}");
        }
    }
}
