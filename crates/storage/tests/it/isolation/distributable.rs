//! Nothing in the schema or the statements that a distributed PostgreSQL does not have (docs/guides/scale-out.md).

use std::fs;
use std::path::Path;

use testkit::World;

use crate::raw::Raw;

/// What there may not be, as a selection of what there is of it, and what there is all the same.
const FORBIDDEN: [(&str, &str, &[&str]); 9] = [
    (
        "a sequence or a key that counts up",
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'",
        // Tickets, of which one process at a time makes numbers (ADR 0017).
        &["fact_ticket_number"],
    ),
    (
        "a column that counts up or is computed",
        "SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = current_schema()::regnamespace AND (attidentity <> '' OR attgenerated <> '')",
        &[],
    ),
    (
        "a trigger",
        "SELECT tgname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
         WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal",
        &[],
    ),
    (
        "a constraint that excludes or is checked later",
        "SELECT conname::text FROM pg_constraint
         WHERE connamespace = current_schema()::regnamespace AND (contype IN ('x', 't') OR condeferrable)",
        &[],
    ),
    (
        "a table that inherits and is no partition",
        "SELECT relname::text FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition",
        &[],
    ),
    (
        "an index of another kind than B-tree",
        "SELECT relname::text FROM pg_class JOIN pg_am ON pg_am.oid = relam
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('i', 'I') AND amname <> 'btree'",
        &[],
    ),
    (
        "a view or a rule",
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND (relkind IN ('v', 'm', 'f') OR relhasrules)",
        &[],
    ),
    (
        "a function",
        "SELECT proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
        // Ends a statement; it touches nothing (ADR 0016).
        &["rollcall_stale"],
    ),
    (
        "a foreign key that does not begin with the tenant on both sides",
        "SELECT c.conname::text FROM pg_constraint AS c
         JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
         WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'f'
         AND (a.attname <> 'tenant_id' OR b.attname <> 'tenant_id')",
        &[],
    ),
];

/// What statements may not say.
const WORDS: [&str; 8] =
    ["pg_advisory", "pg_try_advisory", "LISTEN ", "NOTIFY ", "pg_notify", "LOCK TABLE", "WITH HOLD", "DISCARD "];

/// The split of tables is no part of what the server does.
const BESIDES: &str = "partition.rs";

#[tokio::test]
async fn the_schema_has_nothing_that_distributed_databases_lack() {
    let world = World::postgres().await;
    let raw = Raw::of(&world).await;
    for (what, selection, there) in FORBIDDEN {
        assert_eq!(raw.texts(selection, []).await, there, "{what}");
    }
    for (which, another) in [
        (1, "ALTER TABLE tenant ADD COLUMN another bigint GENERATED ALWAYS AS IDENTITY"),
        (5, "CREATE INDEX another ON tenant USING hash (id)"),
        (8, "ALTER TABLE credential ADD CONSTRAINT another FOREIGN KEY (id) REFERENCES signing_key (id)"),
    ] {
        raw.run(another, []).await;
        let (what, selection, there) = FORBIDDEN[which];
        assert_ne!(raw.texts(selection, []).await, there, "{what} is not noticed");
    }
}

#[test]
fn statements_say_nothing_that_distributed_databases_lack() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut looked_at = 0;
    let mut folders = vec![folder.join("src"), folder.join("../../migrations/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with(BESIDES) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let said = WORDS.iter().find(|word| text.contains(*word));
            assert_eq!(said, None, "{}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 40, "{looked_at} files");
}
