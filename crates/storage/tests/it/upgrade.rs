//! Data of earlier releases, brought to now and read by the product's own operations.
//!
//! A fixture is what a database of that time could hold (`tests/fixtures/`, docs/guides/write-a-migration.md): how many
//! migrations it had had, then a row a line. No release came before this one, so those of 6 and 9 are rows of this version cut
//! to the columns of then.

use std::fs;
use std::path::{Path, PathBuf};

use domain::activity::ActivityFilter;
use domain::directory::Kind;
use domain::ports::{Clock as _, IdGen as _};
use domain::replay::Told;
use domain::store::{ActivityStore as _, Store as _};
use serde_json::{Value, json};
use testkit::{EmptyDatabase, TestClock, TestSecrets, World, on_both_databases};

use crate::raw::Raw;

// Tests get a database with nothing in it, and make one of each fixture beside it.
on_both_databases! { EmptyDatabase:
    the_data_of_every_earlier_release_is_read_after_the_upgrade,
}

/// What others refer to.
const FIRST: [&str; 6] = ["installation", "tenant", "resource", "credential", "admin", "admin_link"];

/// Before single sign-on, before production, and as it is now.
const KNOWN: [usize; 3] = [6, 9, 10];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The name of the tenant in every fixture, and its token.
const TENANT: &str = "acme";

async fn the_data_of_every_earlier_release_is_read_after_the_upgrade(first: &EmptyDatabase) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), KNOWN.len(), "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let mut lines = text.lines();
        let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let database = match first.target().activity_file() {
            Some(_) => EmptyDatabase::sqlite().await,
            None => EmptyDatabase::postgres().await,
        };
        let raw = Raw::open(database.target()).await;
        raw.migrate(u32::try_from(head["migrations"].as_u64().unwrap()).unwrap()).await;
        for line in lines {
            let line: Value = serde_json::from_str(line).unwrap();
            raw.put(line["table"].as_str().unwrap(), line["row"].as_object().unwrap()).await;
        }
        drop(raw);
        let done = database.connect().await.migrate(&TestClock::default(), &TestSecrets::default()).await.unwrap();
        let before = usize::try_from(head["migrations"].as_u64().unwrap()).unwrap();
        assert!(done.applied.len() + before >= 10, "{done:?}");
        read(&World::over(database).await, &head).await;
    }
}

/// Reads everything as the product does.
async fn read(world: &World, head: &Value) {
    // Ids are counted, and those of the fixture were counted before.
    for _ in 0..5_000 {
        world.ids.next(world.clock.now());
    }
    let tenant = world.tenants.get(&TENANT.parse().unwrap()).await.unwrap();
    let cx = world.cx(&tenant);
    let people = world.list(&cx, &Kind::USER, "").await.unwrap();
    let groups = world.list(&cx, &Kind::GROUP, "").await.unwrap();
    assert_eq!(json!([people.len(), groups.len()]), head["resources"]);
    let ada = world.list(&cx, &Kind::USER, "emails.value eq \"ADA@example.com\"").await.unwrap();
    assert_eq!(ada.len(), 1, "found by what was indexed then");
    let inner = groups.iter().find(|group| group.stored.resource.attributes()["displayName"] == "Inner").unwrap();
    assert!(world.get(&cx, inner).await.is_ok());
    let admission = world.store.find_admission(&tenant.slug).await.unwrap().unwrap();
    let now = world.clock.now();
    let presented = world.credentials.read(head["token"].as_str().unwrap(), now).await.unwrap().unwrap();
    assert!(world.credentials.accept(&admission, &presented, "", now), "the token of that time opens the door");
    world.number_facts().await;
    let facts = world.journal.facts_after(&cx.scope, 0, 1_000).await.unwrap();
    assert_eq!(json!(facts.len()), head["facts"]);
    let last = i64::try_from(facts.len()).unwrap();
    assert!(facts.iter().map(|fact| fact.number).eq(1..=last));
    for person in &people {
        let told = world.journal.state_at(&cx.scope, person.stored.id, i64::MAX).await.unwrap();
        assert!(matches!(told, Told::Present(told) if told.stored == person.stored), "{person:?}");
    }
    let owners = world.store.read(&cx.scope).await.unwrap().known_admins().await.unwrap();
    assert_eq!(json!(owners.len()), head["admins"]);
    world.log.page(&cx.scope, &ActivityFilter::default(), None, 100).await.unwrap();
    // And it goes on from there.
    let eve = world.user(&cx, "eve@example.com").await;
    world
        .patch(&cx, inner, json!([{"op": "add", "path": "members", "value": [{"value": eve.stored.id.to_string()}]}]))
        .await
        .unwrap();
    world.delete(&cx, &ada[0]).await.unwrap();
    world.number_facts().await;
    let more = world.journal.facts_after(&cx.scope, last, 1_000).await.unwrap();
    assert!(more.len() >= 3, "{more:?}");
}

/// Writes the fixtures anew, of what this version makes: the rows of a tenant with something in every table, with the columns
/// that there were after so many migrations. To be run when a release is made, for its number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes files that are part of the repository"]
async fn write_the_fixtures() {
    let world = World::sqlite().await;
    let tenant = crate::tenants::fill(&world, TENANT).await;
    for credential in world.credentials.list(&tenant.scope()).await.unwrap() {
        world.credentials.revoke(&world.cx(&tenant), credential.id).await.unwrap();
    }
    let minted = world.credentials.mint(&world.cx(&tenant), domain::ops::NewToken::default()).await.unwrap();
    let cx = world.cx(&tenant);
    let count = async |kind: &Kind| world.list(&cx, kind, "").await.unwrap().len();
    let facts = world.journal.facts_after(&cx.scope, 0, 1_000).await.unwrap().len();
    let admins = world.store.read(&cx.scope).await.unwrap().known_admins().await.unwrap().len();
    let resources = json!([count(&Kind::USER).await, count(&Kind::GROUP).await]);
    let raw = Raw::of(&world).await;
    for migrations in KNOWN {
        let head = json!({
            "migrations": migrations, "token": minted.bearer.reveal(), "resources": resources, "facts": facts, "admins": admins,
        });
        let then = EmptyDatabase::sqlite().await;
        let past = Raw::open(then.target()).await;
        past.migrate(u32::try_from(migrations).unwrap()).await;
        let mut lines = vec![head.to_string()];
        let mut tables = vec!["tenant".to_owned(), "installation".to_owned()];
        tables.extend(storage::tenant_columns().into_keys().map(str::to_owned).filter(|table| table != "tenant"));
        tables.sort_by_key(|table| FIRST.iter().position(|known| known == table).unwrap_or(usize::MAX));
        for table in tables {
            let columns = past.columns(&table).await;
            if columns.is_empty() {
                continue;
            }
            for row in raw.json(&table, &columns).await {
                lines.push(json!({"table": table, "row": row}).to_string());
            }
        }
        fs::create_dir_all(folder()).unwrap();
        fs::write(folder().join(format!("{migrations:04}.jsonl")), lines.join("\n") + "\n").unwrap();
    }
}
