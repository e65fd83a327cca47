//! Making a SQLite file older than it is, for tests of what only time brings.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot age its file can do nothing but fail"
)]

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

/// More than any time is, so that no row meets another on its way to where it goes.
const AWAY: i64 = 1_000_000_000_000_000_000;
/// How long a server beside us may hold the file.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the rows of those tables older whose names begin with `prefix`: every column that ends in `_us` and is a
/// moment, and, in the activity log, whose ids are in order of time, the ids.
pub async fn age(file: &Path, prefix: &str, seconds: i64) {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(PATIENCE);
    let mut connection = options.connect().await.expect("the file opens");
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.expect("the file can be written");
    for table in tables(&mut tx, prefix).await {
        let columns = columns(&mut tx, &table).await;
        let times: Vec<&String> = columns.iter().filter(|column| is_moment(column)).collect();
        shift(&mut tx, &table, &times, -AWAY).await;
        shift(&mut tx, &table, &times, AWAY - seconds * 1_000_000).await;
        if table.starts_with("activity") {
            for column in columns.iter().filter(|column| ["id", "first_id", "last_id"].contains(&column.as_str())) {
                shift_ids(&mut tx, &table, column, seconds).await;
            }
        }
    }
    tx.commit().await.expect("the file can be written");
}

/// How long a request took does not change with its age.
fn is_moment(column: &str) -> bool {
    column.ends_with("_us") && column != "took_us"
}

async fn tables(connection: &mut SqliteConnection, prefix: &str) -> Vec<String> {
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .fetch_all(connection)
        .await
        .expect("tables have names");
    names.into_iter().filter(|name| name.starts_with(prefix)).collect()
}

async fn columns(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let names = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(table);
    names.fetch_all(connection).await.expect("columns have names")
}

async fn shift(connection: &mut SqliteConnection, table: &str, columns: &[&String], microseconds: i64) {
    if columns.is_empty() {
        return;
    }
    let changes: Vec<String> = columns.iter().map(|column| format!("{column} = {column} + {microseconds}")).collect();
    run(connection, format!("UPDATE {table} SET {}", changes.join(", "))).await;
}

/// The first 48 bits of an id are its milliseconds (RFC 9562 §5.7).
async fn shift_ids(connection: &mut SqliteConnection, table: &str, column: &str, seconds: i64) {
    let ids: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT DISTINCT {column} FROM {table}")))
        .fetch_all(&mut *connection)
        .await
        .expect("ids are bytes");
    for id in ids {
        let number = i128::from_be_bytes(id.as_slice().try_into().expect("an id has 16 bytes"));
        let aged = number - (i128::from(seconds * 1_000) << 80);
        let change = format!("UPDATE {table} SET {column} = $1 WHERE {column} = $2");
        let change = sqlx::query(AssertSqlSafe(change)).bind(aged.to_be_bytes().to_vec()).bind(id);
        change.execute(&mut *connection).await.expect("the statement is one");
    }
}

async fn run(connection: &mut SqliteConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement)).execute(connection).await.expect("the statement is one");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rows_and_their_ids_get_older_without_getting_into_each_others_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old.db");
        let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        for statement in [
            "CREATE TABLE activity (id blob PRIMARY KEY, at_us bigint NOT NULL UNIQUE, done_us bigint, name text)",
            "INSERT INTO activity VALUES (x'0000000003e8ffffffffffffffffffff', 60000000, NULL, 'a'), (x'000000000bb8ffffffffffffffffffff', 120000000, 7, 'b')",
            "CREATE TABLE other (at_us bigint)",
            "INSERT INTO other VALUES (5)",
        ] {
            sqlx::query(statement).execute(&mut connection).await.unwrap();
        }
        age(&file, "activity", -60).await;
        age(&file, "activity", 61).await;
        let rows: Vec<(Vec<u8>, i64, Option<i64>)> =
            sqlx::query_as("SELECT id, at_us, done_us FROM activity ORDER BY at_us")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        let milliseconds = |id: &[u8]| i128::from_be_bytes(id.try_into().unwrap()) >> 80;
        assert_eq!((milliseconds(&rows[0].0), rows[0].1, rows[0].2), (0, 59_000_000, None));
        assert_eq!((milliseconds(&rows[1].0), rows[1].1, rows[1].2), (2_000, 119_000_000, Some(7 - 1_000_000)));
        let other: i64 = sqlx::query_scalar("SELECT at_us FROM other").fetch_one(&mut connection).await.unwrap();
        assert_eq!(other, 5);
    }
}
