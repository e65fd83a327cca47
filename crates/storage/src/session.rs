//! What a connection to PostgreSQL has to be before statements are sent on it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use domain::store::StoreError;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::connect::{Timing, plain};
use crate::sql::error::failure;

/// How long a connection may take to show that it is alive.
pub const ALIVE: Duration = Duration::from_secs(3);

/// How long a transaction may wait for its process. One that hangs or vanishes without a goodbye must not keep its locks,
/// least of all that of a lease which others are to take over; none of ours waits for anything but the database.
const FORSAKEN: Duration = Duration::from_secs(5);

/// SQLSTATE of insufficient privilege, and of a role that there is not.
const STRANGER: [&str; 2] = ["42501", "22023"];

/// A server that follows another one. What it answers is of yesterday, and it takes no change.
#[derive(Debug)]
struct Standby;

impl fmt::Display for Standby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the PostgreSQL server at this address is a standby, which takes no changes")
    }
}

impl std::error::Error for Standby {}

/// Makes a connection work as `rollcall_tenant` within the limits; false when it did so already. A pooler hands out
/// connections that were told already, by `ALTER ROLE … SET role` and the same with these limits; what we told one of them
/// would hold for others too.
///
/// # Errors
/// When the role may not do that, and when the server is a standby.
pub async fn work_as_tenant(connection: &mut PgConnection, timing: Timing) -> Result<bool, sqlx::Error> {
    let asked = sqlx::query_as("SELECT current_user::text, pg_is_in_recovery()");
    let (role, is_standby): (String, bool) = asked.fetch_one(&mut *connection).await?;
    if is_standby {
        return Err(sqlx::Error::Io(io::Error::other(Standby)));
    }
    if role == "rollcall_tenant" {
        return Ok(false);
    }
    let (limit, lock) = (timing.statement_timeout.as_millis(), timing.lock_timeout.as_millis());
    let told = format!(
        "SET ROLE rollcall_tenant; SET statement_timeout = {limit}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {}",
        FORSAKEN.as_millis()
    );
    connection.execute(AssertSqlSafe(told)).await?;
    Ok(true)
}

/// Whether a connection that comes back to its pool is alive and takes changes. The pool asks the first itself, but would
/// wait for ever for an answer; connections of which the other end vanished would fill it, and no request would ever get one
/// again.
///
/// # Errors
/// When it is not alive.
pub async fn is_of_use(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let asked = sqlx::query_scalar::<_, String>("SHOW transaction_read_only").fetch_one(connection);
    match tokio::time::timeout(ALIVE, asked).await {
        Ok(answer) => answer.map(|read_only| read_only == "off"),
        Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
    }
}

/// The pool would try to take the role again and again until its time is over, and then not say why it could not. Whatever
/// else is wrong it waits for or says itself.
///
/// # Errors
/// [`StoreError::Schema`] with what to do about the role, the standby or the pooler.
pub async fn refuse_strangers(url: &str, timing: Timing) -> Result<(), StoreError> {
    let options = url.parse::<PgConnectOptions>().map_err(|error| failure(DbErr::Custom(error.to_string())))?;
    match tokio::time::timeout(ALIVE, try_two(&plain(options), timing)).await {
        Ok(Err(sqlx::Error::Database(why))) if is_one_of(&STRANGER, why.code().as_deref()) => {
            Err(StoreError::Schema(format!(
                "the role of database.url cannot work as rollcall_tenant ({why}); run `rollcall migrate`, or as the owner \
                 of the tables: GRANT rollcall_tenant, rollcall_operator TO that role"
            )))
        }
        // Whatever else the server says: that a pooler mixes up statements is worth saying now.
        Ok(Err(error @ sqlx::Error::Database(_))) => match failure(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))) {
            pooler @ StoreError::Schema(_) => Err(pooler),
            _ => Ok(()),
        },
        Ok(Err(sqlx::Error::Io(why))) if why.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Standby>) => {
            Err(StoreError::Schema(format!("{why}; name the primary in database.url")))
        }
        Ok(Ok(false)) => Err(StoreError::Schema(
            "between Rollcall and the PostgreSQL of database.url is a pooler in transaction mode; switch it to session mode, \
             or tell the role of database.url once and for all: ALTER ROLE … SET role = 'rollcall_tenant' \
             (docs/guides/scale-out.md)"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Two connections at once: a pooler in transaction mode has one of the server's for both. False when what the first was told
/// held for the second as well.
async fn try_two(options: &PgConnectOptions, timing: Timing) -> Result<bool, sqlx::Error> {
    let mut first = PgConnection::connect_with(options).await?;
    let was_told = work_as_tenant(&mut first, timing).await?;
    let mut second = PgConnection::connect_with(options).await?;
    let is_apart = work_as_tenant(&mut second, timing).await? == was_told;
    if !is_apart {
        second.execute("RESET ROLE; RESET ALL").await?;
    }
    second.close().await?;
    first.close().await?;
    Ok(is_apart)
}

fn is_one_of(codes: &[&str], code: Option<&str>) -> bool {
    code.is_some_and(|code| codes.contains(&code))
}
