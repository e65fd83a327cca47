//! Tables are split by tenant, and nobody notices. That everything else holds on split tables too is asked by running these
//! tests on them: `ROLLCALL_TEST_PARTITIONS=4 cargo verify -p storage --test it -E 'test(/on_postgres/)'`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::directory::Kind;
use domain::ports::{Clock as _, SecretGen as _};
use domain::store::{ActivityStore as _, StoreError};
use serde_json::json;
use storage::{Partitioned, Schema};
use testkit::db::TIMING;
use testkit::{EmptyDatabase, TestClock, TestSecrets, World, activity_entry};
use uuid::Uuid;

use crate::raw::Raw;

const PARTS: u32 = 3;

/// What stays whole, because it is the server's own work or about no tenant: those of which a key begins with something else.
const WHOLE: [&str; 10] = [
    "email_domain",
    "erasure",
    "fact_ticket",
    "installation",
    "migration_lease",
    "seaql_migrations",
    "signing_key",
    "tenant",
    "tenant_change",
    "worker_lease",
];

/// Everything about a schema that statements may meet, but for the parts.
const PICTURE: [&str; 5] = [
    "SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
            || ' ' || attcollation::regcollation || coalesce(' ' || array_to_string(attacl, ' '), '')
     FROM pg_attribute JOIN pg_class AS t ON t.oid = attrelid
     WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
     AND attnum > 0 ORDER BY 1",
    "SELECT replace(replace(pg_get_indexdef(i.oid), ' ONLY ', ' '), 'public.', '') FROM pg_class AS i
     JOIN pg_index ON indexrelid = i.oid JOIN pg_class AS t ON t.oid = indrelid
     WHERE i.relnamespace = current_schema()::regnamespace AND NOT t.relispartition ORDER BY 1",
    "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = current_schema()::regnamespace AND conparentid = 0 ORDER BY 1",
    "SELECT tablename || ' ' || policyname || ' ' || roles::text || ' ' || cmd || ' ' || qual || coalesce(with_check, '')
     FROM pg_policies ORDER BY 1",
    "SELECT relname || ' ' || relrowsecurity || relforcerowsecurity || ' ' || array_to_string(relacl, ' ') FROM pg_class
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
     AND relacl IS NOT NULL ORDER BY 1",
];

async fn picture(raw: &Raw) -> Vec<Vec<String>> {
    let mut picture = Vec::new();
    for selection in PICTURE {
        let seen = raw.texts(selection, []).await;
        assert!(seen.len() > 10, "{selection}");
        picture.push(seen);
    }
    picture
}

async fn split_tables(raw: &Raw) -> BTreeSet<String> {
    let split = "SELECT relname::text FROM pg_class
                 WHERE relnamespace = current_schema()::regnamespace AND relkind = 'p'";
    raw.texts(split, []).await.into_iter().collect()
}

async fn split(schema: &Schema, parts: u32) -> Result<Partitioned, StoreError> {
    schema.partition(parts, &TestClock::default(), &TestSecrets::default()).await
}

/// A PostgreSQL whose schema was not split by this test run.
async fn whole() -> (EmptyDatabase, Schema) {
    let database = EmptyDatabase::postgres().await;
    let schema = database.connect().await;
    schema.migrate(&TestClock::default(), &TestSecrets::default()).await.unwrap();
    (database, schema)
}

#[tokio::test]
async fn a_split_schema_looks_like_the_whole_one_and_every_table_that_begins_with_the_tenant_is_split() {
    let (database, schema) = whole().await;
    let raw = Raw::open(database.target()).await;
    let before = picture(&raw).await;
    let done = split(&schema, PARTS).await.unwrap();
    assert_eq!(picture(&raw).await, before);
    assert_eq!(split_tables(&raw).await, done.split.iter().cloned().collect());
    let whole = "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                 AND relkind = 'r' AND NOT relispartition ORDER BY 1";
    assert_eq!(raw.texts(whole, []).await, WHOLE);
    let open =
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relispartition
                AND relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity AND relacl IS NULL)";
    assert_eq!(raw.texts(open, []).await, Vec::<String>::new(), "nobody comes in by a part");

    let again = split(&schema, PARTS).await.unwrap();
    assert_eq!((again.split, again.before.len()), (Vec::new(), done.split.len()));
    // As a later version's migration would make it.
    raw.run("CREATE TABLE later (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id))", []).await;
    assert_eq!(split(&schema, PARTS).await.unwrap().split, ["later"]);
    assert!(schema.state().await.unwrap().is_current());
}

#[tokio::test]
async fn people_and_facts_of_before_are_there_afterwards_and_the_server_goes_on() {
    let world = World::postgres().await;
    let raw = Raw::of(&world).await;
    if !split_tables(&raw).await.is_empty() {
        // A run on split tables asks this with every other test.
        return;
    }
    let mut made = Vec::new();
    for slug in ["acme", "globex", "initech", "hooli"] {
        let tenant = world.tenant(slug).await;
        let cx = world.cx(&tenant);
        let user = world.create(&cx, &Kind::USER, json!({"userName": slug})).await.unwrap();
        let group = world.group(&cx, "Everybody", &[user.stored.id]).await;
        made.push((tenant, user, group));
    }
    let counted = ["resource", "member", "fact_payload", "resource_value", "resource_count"];
    let mut before = Vec::new();
    for table in counted {
        before.push(raw.number(&format!("SELECT count(*) FROM {table}")).await);
    }
    let schema = Schema::connect(world.target(), TIMING).await.unwrap();
    split(&schema, PARTS).await.unwrap();
    for (table, before) in counted.into_iter().zip(before) {
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")).await, before, "{table}");
    }
    let used = "SELECT count(DISTINCT tableoid) FROM resource";
    assert!(raw.number(used).await > 1, "four tenants in one part would show nothing");
    // On connections that know the tables of before.
    for (tenant, user, group) in &made {
        let cx = world.cx(tenant);
        assert_eq!(world.get(&cx, user).await.unwrap().stored, user.stored);
        assert_eq!(
            world.list(&cx, &Kind::GROUP, &format!("members.value eq \"{}\"", user.stored.id)).await.unwrap().len(),
            1
        );
        let refused = world.create(&cx, &Kind::USER, json!({"userName": tenant.slug.to_string()})).await;
        assert!(refused.unwrap_err().to_string().contains("userName"), "a name is still unique");
        world.create(&cx, &Kind::USER, json!({"userName": "later"})).await.unwrap();
        world.delete(&cx, user).await.unwrap();
        world.delete(&cx, group).await.unwrap();
    }
}

/// Requests that come meanwhile do not queue up behind it.
#[tokio::test]
async fn whoever_reads_a_table_for_long_is_waited_for_without_holding_up_others() {
    let (database, schema) = whole().await;
    let raw = Raw::open(database.target()).await;
    let reader = raw.hold("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM activity").await;
    let asking = async {
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(4) {
            let asked = Instant::now();
            raw.number("SELECT count(*) FROM activity").await;
            assert!(asked.elapsed() < Duration::from_secs(3), "nobody waits for longer than a try");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!split_tables(&raw).await.contains("activity"));
        reader.rollback().await.unwrap();
    };
    let (done, ()) = futures_util::future::join(split(&schema, 2), asking).await;
    assert!(done.unwrap().split.len() > 10);
}

/// Two who split, or one who splits and one who migrates, take turns.
#[tokio::test]
async fn of_two_who_split_at_once_one_does() {
    let (database, schema) = whole().await;
    let another = database.connect().await;
    let (clock, secrets) = (TestClock::default(), TestSecrets::default());
    // Each process draws a name for itself.
    secrets.bytes();
    let (one, two) = futures_util::future::join(split(&schema, 2), another.partition(2, &clock, &secrets)).await;
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.split.is_empty() != two.split.is_empty(), "{one:?} {two:?}");
}

/// Statistics are of the parts; their whole has none.
#[tokio::test]
async fn the_size_of_a_split_log_is_known() {
    let world = World::postgres().await;
    let raw = Raw::of(&world).await;
    if split_tables(&raw).await.is_empty() {
        split(&Schema::connect(world.target(), TIMING).await.unwrap(), 2).await.unwrap();
    }
    for (number, slug) in ["acme", "globex", "initech", "hooli"].into_iter().enumerate() {
        let tenant = world.tenant(slug).await;
        let entries: Vec<_> = (0..50_u128)
            .map(|each| {
                let request = Uuid::from_u128(each + 1_000 * number as u128);
                let mut entry = activity_entry(tenant.id, world.clock.now(), request);
                entry.bodies.request = Some("x".repeat(1_000));
                entry
            })
            .collect();
        world.log.append(&entries, &[]).await.unwrap();
    }
    assert!(raw.number("SELECT count(DISTINCT tableoid) FROM activity").await > 1, "one part would show nothing");
    raw.run("ANALYZE activity, activity_body", []).await;
    let (bytes, rows) = world.log.size().await.unwrap();
    assert!(rows == 200 && bytes > 50_000, "{rows} rows of {bytes} bytes");
    assert!(world.activity.surplus(bytes / 2).await.unwrap() > 90);
}

/// As after a crash of the server, when only the catalogue knows how much there is.
#[tokio::test]
async fn the_size_of_a_log_is_known_without_statistics() {
    let world = World::postgres().await;
    let tenant = world.tenant("acme").await;
    let entry = |each| activity_entry(tenant.id, world.clock.now(), Uuid::from_u128(each));
    let entries: Vec<_> = (0..200).map(entry).collect();
    world.log.append(&entries, &[]).await.unwrap();
    let raw = Raw::of(&world).await;
    raw.run("ANALYZE activity, activity_body", []).await;
    raw.run("SELECT pg_stat_reset()", []).await;
    assert_eq!(world.log.size().await.unwrap().1, 200);
}

#[tokio::test]
async fn what_cannot_be_split_is_refused_in_words() {
    let words = async |schema: &Schema, parts| match split(schema, parts).await {
        Err(StoreError::Schema(words)) => words,
        other => panic!("{other:?}"),
    };
    let (_database, schema) = whole().await;
    for parts in [0, 1, 257] {
        assert!(words(&schema, parts).await.contains("choose 2 to 256"));
    }
    split(&schema, 2).await.unwrap();
    assert!(words(&schema, 4).await.contains("2 parts already"));
    let empty = EmptyDatabase::postgres().await;
    assert!(words(&empty.connect().await, 4).await.contains("rollcall migrate"));
    let embedded = EmptyDatabase::sqlite().await;
    assert!(words(&embedded.connect().await, 4).await.contains("only PostgreSQL"));
}
