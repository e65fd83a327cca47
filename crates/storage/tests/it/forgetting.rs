//! Erasing one person, wherever there is something of the person.

use domain::Error;
use domain::activity::{Action, Bodies, Entry, TargetRef};
use domain::directory::{Kind, View};

use domain::ops::{Forgetting, Forgotten, FoundPerson, Sought, Welcome};
use domain::ports::Clock as _;
use domain::store::{ActivityStore as _, Traces};
use domain::tenant::Tenant;
use serde_json::json;
use storage::Target;
use testkit::{World, activity_entry, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { World:
    no_table_has_anything_of_somebody_who_was_erased,
    somebody_who_was_deleted_is_found_and_erased,
    others_stay_as_they_are,
    an_erasure_that_was_stopped_is_made_whole_by_another,
    what_a_server_writes_a_moment_later_is_erased_too,
}

/// What may be found nowhere afterwards.
const NAMES: [&str; 5] = ["ada.lovelace@acme.example", "lovelace", "countess", "+44 20 7946 0018", "ext-ada-1815"];

fn forgetting(world: &World) -> Forgetting {
    Forgetting::new(world.store.clone(), world.log.clone(), world.provisioning.clone(), world.journal.clone())
}

/// Somebody who has left traces everywhere: in a group, signed in, sought and changed by the identity provider.
async fn make(world: &World, tenant: &Tenant) -> View {
    let cx = world.cx(tenant);
    let document = json!({
        "userName": "Ada.Lovelace@acme.example", "externalId": "ext-ada-1815", "displayName": "Ada Lovelace",
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "nickName": "Countess", "password": "secret-1815",
        "emails": [{"value": "ada.lovelace@acme.example"}], "phoneNumbers": [{"value": "+44 20 7946 0018"}],
    });
    let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
    world.group(&cx, "Engineers", &[ada.stored.id]).await;
    world.patch(&cx, &ada, json!([{"op": "replace", "path": "title", "value": "Countess"}])).await.unwrap();
    let connection = world.oidc(tenant).await;
    let connection = world.activated(tenant, connection.id).await;
    let welcome = world.sign_on(tenant, &connection, "ext-ada-1815", "/t/acme/me").await;
    assert!(matches!(welcome, Welcome::Person { .. }), "{welcome:?}");
    let mut entries = Vec::new();
    let now = world.clock.now();
    for (number, path) in [
        (1, "/Users?filter=userName%20eq%20%22Ada.Lovelace%40acme.example%22".to_owned()),
        (2, format!("/Users/{}", ada.stored.id)),
        (3, "/Bulk".to_owned()),
    ] {
        let request = Uuid::from_u128(u128::try_from(number).unwrap());
        let mut entry: Entry = activity_entry(tenant.id, now.plus_seconds(number), request);
        entry.activity.path = path;
        entry.activity.action = Action::TestedConnection;
        if number == 2 {
            let name = Some("Ada Lovelace".to_owned());
            entry.activity.target = Some(TargetRef { kind: Kind::USER, id: Some(ada.stored.id), name });
        }
        let body = json!({"Operations": [{"data": {"displayName": "Ada LOVELACE"}}]});
        entry.bodies = Bodies { request: Some(body.to_string()), response: None };
        entries.push(entry);
    }
    world.log.append(&entries, &[]).await.unwrap();
    ada
}

/// Where in the tables of a tenant, those of the log too, one of the names stands.
async fn found(world: &World, tenant: &Tenant) -> Vec<String> {
    world.number_facts().await;
    let mut dump = Raw::of(world).await.dump(tenant).await;
    if let Some(path) = world.target().activity_file() {
        let log = Raw::open(&Target::Sqlite { path }).await;
        for table in log.tables_with("tenant_id").await {
            dump.insert(table.clone(), log.rows_of(&table, tenant).await);
        }
    }
    let mut found = Vec::new();
    for (table, rows) in dump {
        for row in rows {
            let row = row.to_lowercase().replace("%40", "@");
            if NAMES.iter().any(|name| row.contains(name)) {
                found.push(format!("{table}: {row}"));
            }
        }
    }
    found
}

async fn erase(world: &World, tenant: &Tenant, sought: Sought) -> Result<(FoundPerson, Forgotten), Error> {
    let (forgetting, cx) = (forgetting(world), world.cx(tenant));
    let person = forgetting.find(&cx, &sought).await?;
    let done = forgetting.erase(&cx, person.id).await?;
    Ok((person, done))
}

async fn no_table_has_anything_of_somebody_who_was_erased(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let ada = make(world, &tenant).await;
    let tables: Vec<String> =
        found(world, &tenant).await.iter().map(|row| row.split(':').next().unwrap().to_owned()).collect();
    for table in
        ["activity", "activity_body", "fact_payload", "person_session", "resource", "resource_value", "sign_in"]
    {
        assert!(tables.iter().any(|found| found == table), "{table} has nothing to erase: {tables:?}");
    }
    let (person, done) = erase(world, &tenant, Sought::Name("ada.LOVELACE@acme.example".to_owned())).await.unwrap();
    assert_eq!(person.id, ada.stored.id);
    assert_eq!(done.traces.sessions, 1);
    assert!(done.facts >= 4 && done.activity == 3 && done.traces.sign_ins >= 1, "{done:?}");
    assert_eq!(found(world, &tenant).await, Vec::<String>::new());
    let rows = world.log.tenants().await.unwrap();
    assert!(rows.contains(&tenant.id), "the rows of the log stay");

    let again = erase(world, &tenant, Sought::Id(ada.stored.id)).await.unwrap();
    assert_eq!((again.0.name, again.1.activity, again.1.traces), (None, 0, Traces::default()));
    let unknown = erase(world, &tenant, Sought::Name("ada.lovelace@acme.example".to_owned())).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
}

async fn somebody_who_was_deleted_is_found_and_erased(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let ada = make(world, &tenant).await;
    let cx = world.cx(&tenant);
    world.delete(&cx, &ada).await.unwrap();
    world.number_facts().await;
    assert!(!found(world, &tenant).await.is_empty());
    let (person, done) = erase(world, &tenant, Sought::Name("Ada.Lovelace@acme.example".to_owned())).await.unwrap();
    assert_eq!((person.id, person.name), (ada.stored.id, None));
    assert!(done.facts >= 4, "{done:?}");
    assert_eq!(found(world, &tenant).await, Vec::<String>::new());

    // Two of the same name, one after the other: whoever erases has to say which.
    for _ in 0..2 {
        let next = world.user(&cx, "grace@acme.example").await;
        world.delete(&cx, &next).await.unwrap();
    }
    world.number_facts().await;
    let several = erase(world, &tenant, Sought::Name("grace@acme.example".to_owned())).await;
    assert!(matches!(&several, Err(Error::NotAllowed(why)) if why.contains("say which by the id")), "{several:?}");
}

async fn others_stay_as_they_are(world: &World) {
    let (acme, globex) = (world.open_tenant("acme").await.0, world.open_tenant("globex").await.0);
    let theirs = make(world, &globex).await;
    let ours = make(world, &acme).await;
    let bob = world.user(&world.cx(&acme), "bob@acme.example").await;
    let before = (Raw::of(world).await.dump(&globex).await, found(world, &globex).await.len());
    erase(world, &acme, Sought::Id(ours.stored.id)).await.unwrap();
    world.number_facts().await;
    let after = (Raw::of(world).await.dump(&globex).await, found(world, &globex).await.len());
    assert_eq!(after.1, before.1);
    for (table, rows) in &before.0 {
        // Their facts had no numbers yet.
        if !table.starts_with("fact") && table != "journal_head" {
            assert_eq!(&after.0[table], rows, "{table}");
        }
    }
    assert!(world.get(&world.cx(&globex), &theirs).await.is_ok() && world.get(&world.cx(&acme), &bob).await.is_ok());
    let foreign = erase(world, &acme, Sought::Id(theirs.stored.id)).await;
    assert!(matches!(foreign, Err(Error::NotFound(_))), "{foreign:?}");
}

/// Whoever is stopped after the deletion finds the person by what the journal still says.
async fn an_erasure_that_was_stopped_is_made_whole_by_another(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let ada = make(world, &tenant).await;
    let cx = world.cx(&tenant);
    let names = ["ada lovelace".to_owned()].into();
    world.log.erase_person(&cx.scope, ada.stored.id, &names).await.unwrap();
    world.delete(&cx, &ada).await.unwrap();
    world.number_facts().await;
    assert!(!found(world, &tenant).await.is_empty());
    erase(world, &tenant, Sought::Name("Ada.Lovelace@acme.example".to_owned())).await.unwrap();
    assert_eq!(found(world, &tenant).await, Vec::<String>::new());
}

async fn what_a_server_writes_a_moment_later_is_erased_too(world: &World) {
    let tenant = world.open_tenant("acme").await.0;
    let ada = make(world, &tenant).await;
    let (forgetting, cx) = (forgetting(world), world.cx(&tenant));
    let done = forgetting.erase(&cx, ada.stored.id).await.unwrap();
    assert!(!format!("{done:?}").contains("lovelace"));
    // Answered before, and written now.
    let mut late = activity_entry(tenant.id, world.clock.now(), Uuid::from_u128(99));
    late.activity.path = "/Users?filter=userName%20eq%20%22Ada.Lovelace%40acme.example%22".to_owned();
    world.log.append(&[late], &[]).await.unwrap();
    assert!(!found(world, &tenant).await.is_empty());
    let again = async || forgetting.erase_late(&cx, ada.stored.id, &done.known_by).await.unwrap();
    assert_eq!((again().await, again().await), (1, 0));
    assert_eq!(found(world, &tenant).await, Vec::<String>::new());
}
