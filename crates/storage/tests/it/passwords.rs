//! What is kept of passwords: a digest, beside the document, as long as it is wanted (RFC 7643 §4.1.1, §9.2).

use domain::directory::{Kind, View};
use domain::tenant::{DirectoryRules, Tenant};
use serde_json::{Value, json};
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    a_password_is_kept_as_a_digest_and_nowhere_else,
    a_new_password_takes_the_place_of_the_old_one,
    a_password_that_is_taken_out_is_gone,
    a_password_goes_with_its_user,
    who_does_not_mention_the_password_keeps_it,
    a_password_that_cannot_be_saved_changes_nothing,
    a_tenant_that_discards_passwords_keeps_none,
}

const SECRET: &str = "correct horse battery staple";

/// A row may stay where there is no password any more.
async fn digests(world: &World) -> Vec<String> {
    Raw::of(world).await.texts("SELECT digest FROM password WHERE digest <> '' ORDER BY digest", []).await
}

async fn with_password(world: &World, tenant: &Tenant, name: &str) -> View {
    let person = json!({"userName": name, "password": SECRET});
    world.create(&world.cx(tenant), &Kind::USER, person).await.unwrap()
}

fn set(password: &str) -> Value {
    json!([{"op": "replace", "path": "password", "value": password}])
}

async fn a_password_is_kept_as_a_digest_and_nowhere_else(world: &World) {
    let tenant = world.tenant("acme").await;
    let ada = with_password(world, &tenant, "ada").await;
    let digests = digests(world).await;
    assert_eq!(digests.len(), 1);
    assert!(digests[0].starts_with("$test$"), "{digests:?}");
    world.number_facts().await;
    let dump = Raw::of(world).await.dump(&tenant).await;
    assert!(dump.contains_key("password") && dump.contains_key("fact_payload"), "{:?}", dump.keys());
    assert!(!format!("{dump:?}").contains("horse"), "{dump:?}");
    // The digest is nobody's to read, not even in the journal.
    for (table, rows) in dump.iter().filter(|(table, _)| *table != "password") {
        assert!(!format!("{rows:?}").contains("$test$"), "{table}: {rows:?}");
    }
    assert_eq!(ada.stored.resource.text("password"), None);
}

async fn a_new_password_takes_the_place_of_the_old_one(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = with_password(world, &tenant, "ada").await;
    let mut seen = digests(world).await;
    let patched = world.patch(&cx, &ada, set("other")).await.unwrap();
    let replaced = world.replace(&cx, &ada, json!({"userName": "ada", "password": "third"})).await.unwrap();
    assert_eq!((patched.stored.version, replaced.stored.version), (2, 3));
    let now = digests(world).await;
    assert_eq!(now.len(), 1);
    seen.extend(now);
    assert!(seen.iter().all(|digest| digest.starts_with("$test$")) && seen[0] != seen[1], "{seen:?}");
    // One who had none gets one.
    let bob = world.user(&cx, "bob").await;
    world.patch(&cx, &bob, set("fourth")).await.unwrap();
    assert_eq!(digests(world).await.len(), 2);
}

async fn a_password_that_is_taken_out_is_gone(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    for (number, clear) in [
        json!([{"op": "remove", "path": "password"}]),
        json!([{"op": "replace", "path": "password", "value": null}]),
        json!([{"op": "replace", "path": "password", "value": SECRET}, {"op": "remove", "path": "password"}]),
    ]
    .into_iter()
    .enumerate()
    {
        let user = with_password(world, &tenant, &format!("user-{number}")).await;
        assert_eq!(digests(world).await.len(), 1);
        let cleared = world.patch(&cx, &user, clear.clone()).await.unwrap();
        assert_eq!((digests(world).await.len(), cleared.stored.version), (0, 2), "{clear}");
    }
}

async fn a_password_goes_with_its_user(world: &World) {
    let (acme, zoo) = (world.tenant("acme").await, world.tenant("zoo").await);
    let ada = with_password(world, &acme, "ada").await;
    with_password(world, &acme, "bob").await;
    with_password(world, &zoo, "ada").await;
    world.delete(&world.cx(&acme), &ada).await.unwrap();
    assert_eq!(digests(world).await.len(), 2);
    let now = world.cx(&acme).now;
    world.tenants.delete(&domain::context::Actor::Operator, &acme.slug, now).await.unwrap();
    assert_eq!(digests(world).await.len(), 1);
}

/// Nobody can read it to send it back, so that a PUT without it cannot mean to clear it.
async fn who_does_not_mention_the_password_keeps_it(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = with_password(world, &tenant, "ada").await;
    let before = digests(world).await;
    world.replace(&cx, &ada, json!({"userName": "ada", "title": "x"})).await.unwrap();
    world.patch(&cx, &ada, json!([{"op": "add", "path": "nickName", "value": "x"}])).await.unwrap();
    assert_eq!(digests(world).await, before);
}

async fn a_password_that_cannot_be_saved_changes_nothing(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = with_password(world, &tenant, "ada").await;
    let bob = world.user(&cx, "bob").await;
    let before = digests(world).await;
    let both = json!([{"op": "replace", "value": {"userName": "bob", "password": "other"}}]);
    world.patch(&cx, &ada, both).await.unwrap_err();
    let taken = json!({"userName": "ada", "password": "other"});
    world.create(&cx, &Kind::USER, taken.clone()).await.unwrap_err();
    world.replace(&cx, &bob, taken).await.unwrap_err();
    assert_eq!(digests(world).await, before);
}

async fn a_tenant_that_discards_passwords_keeps_none(world: &World) {
    let rules = DirectoryRules { discards_passwords: true, ..DirectoryRules::default() };
    let tenant = world.tenant_with("acme", rules).await;
    let cx = world.cx(&tenant);
    let ada = with_password(world, &tenant, "ada").await;
    let patched = world.patch(&cx, &ada, set("other")).await.unwrap();
    let replaced = world.replace(&cx, &ada, json!({"userName": "ada", "password": "third"})).await.unwrap();
    assert_eq!((patched.stored.version, replaced.stored.version), (1, 1));
    assert_eq!(digests(world).await, Vec::<String>::new());
}
