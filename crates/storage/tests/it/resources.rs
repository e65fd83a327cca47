//! Users and groups one by one: what is kept, who wins a race, and which names are taken.

use domain::Error;
use domain::change::{Change, DocumentChange};
use domain::directory::{Kind, StoredResource};
use domain::ops::Show;
use domain::store::{Store as _, StoreError};
use domain::tenant::DirectoryRules;
use futures_util::future::join_all;
use scim_protocol::resource::Resource;
use scim_protocol::version::Precondition;
use serde_json::{Value, json};
use testkit::world::{patch_request, target};
use testkit::{World, on_both_databases};

use crate::raw::{self, Raw};

on_both_databases! { World:
    what_was_created_is_found_as_it_was_sent,
    values_come_back_exactly_as_they_were_sent,
    a_user_can_be_replaced_patched_and_deleted,
    a_document_with_its_names_in_another_order_changes_nothing,
    a_change_that_changes_nothing_leaves_version_and_time_alone,
    the_loser_of_two_updates_of_one_version_is_told,
    parallel_changes_of_one_user_are_all_made,
    a_write_for_another_version_is_refused,
    touching_gives_the_next_version_and_finds_nobody_who_is_gone,
    a_lock_finds_what_is_there_and_nothing_else,
    what_is_not_committed_never_was,
    a_user_name_is_taken_whatever_its_case,
    a_user_cannot_take_the_name_of_another_later,
    of_twenty_who_want_one_name_at_once_one_gets_it,
    a_name_is_free_again_after_its_user_is_deleted_or_renamed,
    long_user_names_are_unique_and_found,
    group_names_are_unique_only_where_the_tenant_wants_it,
    of_ten_groups_that_want_one_unique_name_at_once_one_gets_it,
}

fn is_taken(result: &Result<domain::directory::View, Error>, attribute: &str) -> bool {
    matches!(result, Err(Error::Store(StoreError::Taken { attribute: taken })) if taken == attribute)
}

async fn what_was_created_is_found_as_it_was_sent(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let created = world.create(&cx, &Kind::USER, json!({"userName": "Ada", "active": false})).await.unwrap();
    assert_eq!(created.stored.version, 1);
    assert_eq!((created.stored.created, created.stored.modified), (cx.now, cx.now));
    assert_eq!(world.get(&cx, &created).await.unwrap(), created);

    let mut as_group = target(&created);
    as_group.kind = Kind::GROUP;
    let found = world.provisioning.get(&cx, &as_group, Show::Related).await;
    assert!(matches!(found, Err(Error::NotFound(_))), "the id of a user is no group's");
}

async fn values_come_back_exactly_as_they_were_sent(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let title = "päivää \u{1F9D1}\u{200D}\u{1F680} \"quoted\" \\ \u{7f}\u{1}\u{10FFFF} e\u{301} é\n\t".repeat(25_000);
    assert!(title.len() > 1_000_000);
    let sent = json!({
        "title": title,
        "userName": "İSTANBUL Straße ﬃ",
        "externalId": " leading and trailing ",
        "emails": [
            {"primary": true, "type": "Work", "value": "Ada@Example.COM"},
            {"value": "ada@example.com"},
            {"value": ""},
        ],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "M-1"}, "department": ""},
    });
    let created = world.create(&cx, &Kind::USER, sent.clone()).await.unwrap();
    let found = world.get(&cx, &created).await.unwrap();
    // As text, because the order of names is part of it.
    assert_eq!(text(&found.stored.resource), text(&created.stored.resource));
    assert_eq!(Value::Object(found.stored.resource.into_attributes()), sent);
}

fn text(resource: &Resource) -> String {
    serde_json::to_string(resource.attributes()).unwrap()
}

async fn a_user_can_be_replaced_patched_and_deleted(world: &World) {
    let tenant = world.tenant("acme").await;
    let ada = world.user(&world.cx(&tenant), "ada").await;

    world.clock.advance_seconds(1);
    let cx = world.cx(&tenant);
    let replaced = world.replace(&cx, &ada, json!({"userName": "ada", "title": "Countess"})).await.unwrap();
    assert_eq!((replaced.stored.version, replaced.stored.modified), (2, cx.now));
    assert_eq!(replaced.stored.created, ada.stored.created);
    assert_eq!(world.get(&cx, &ada).await.unwrap(), replaced);

    world.clock.advance_seconds(1);
    let cx = world.cx(&tenant);
    let patched = world.patch(&cx, &ada, json!([{"op": "remove", "path": "title"}])).await.unwrap();
    assert_eq!((patched.stored.version, patched.stored.modified), (3, cx.now));
    assert_eq!(patched.stored.resource, ada.stored.resource);
    assert_eq!(world.get(&cx, &ada).await.unwrap(), patched);

    world.delete(&cx, &ada).await.unwrap();
    assert!(matches!(world.get(&cx, &ada).await, Err(Error::NotFound(_))));
    assert!(matches!(world.delete(&cx, &ada).await, Err(Error::NotFound(_))));
    let replaced = world.replace(&cx, &ada, json!({"userName": "ada"})).await;
    assert!(matches!(replaced, Err(Error::NotFound(_))));
    let rows = Raw::of(world).await.dump(&tenant).await;
    assert!(!rows.contains_key("resource") && !rows.contains_key("resource_value"), "{rows:?}");
}

async fn a_document_with_its_names_in_another_order_changes_nothing(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let one = json!({"userName": "ada", "name": {"givenName": "Ada", "familyName": "Quill"}, "title": "x"});
    let other = json!({"title": "x", "name": {"familyName": "Quill", "givenName": "Ada"}, "userName": "ada"});
    let created = world.create(&cx, &Kind::USER, one).await.unwrap();
    assert_eq!(world.replace(&cx, &created, other).await.unwrap().stored, created.stored);
}

async fn a_change_that_changes_nothing_leaves_version_and_time_alone(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.user(&cx, "ada").await;
    let group = world.group(&cx, "Engineers", &[ada.stored.id]).await;
    let facts = raw::facts(world, &tenant).await.len();

    world.clock.advance_seconds(1);
    let cx = world.cx(&tenant);
    let id = ada.stored.id.to_string();
    let nothing = json!([{"op": "replace", "path": "userName", "value": "ada"}, {"op": "remove", "path": "title"}]);
    assert_eq!(world.patch(&cx, &ada, nothing).await.unwrap(), world.get(&cx, &ada).await.unwrap());
    assert_eq!(world.patch(&cx, &ada, json!([])).await.unwrap().stored, ada.stored);
    for nothing in [
        json!([{"op": "add", "path": "members", "value": [{"value": id}]}]),
        json!([{"op": "remove", "path": "members[value eq \"nobody\"]"}]),
        json!([{"op": "replace", "path": "members", "value": [{"value": id}]}]),
        json!([{"op": "remove", "path": "members"}, {"op": "add", "path": "members", "value": [{"value": id}]}]),
        json!([{"op": "add", "value": {"displayName": "Engineers"}}]),
    ] {
        assert_eq!(world.patch(&cx, &group, nothing.clone()).await.unwrap(), group, "{nothing}");
    }
    let same = json!({"displayName": "Engineers", "members": [{"value": id}]});
    assert_eq!(world.replace(&cx, &group, same).await.unwrap(), group);

    assert_eq!(world.get(&cx, &ada).await.unwrap().stored, ada.stored);
    assert_eq!(world.get(&cx, &group).await.unwrap(), group);
    assert_eq!(raw::facts(world, &tenant).await.len(), facts);
}

/// The same document, once more.
fn next_version(before: &StoredResource) -> DocumentChange {
    let after = StoredResource { version: before.version + 1, ..before.clone() };
    DocumentChange::Update { before: before.clone(), after }
}

async fn the_loser_of_two_updates_of_one_version_is_told(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let update = Change::of(&cx, next_version(&ada.stored));
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    assert_eq!(tx.save(&update).await.unwrap().version, 2);
    tx.commit().await.unwrap();

    let mut tx = world.store.write(&cx.scope).await.unwrap();
    assert_eq!(tx.save(&update).await, Err(StoreError::Contention));
    drop(tx);
    assert_eq!(world.store.save(&cx.scope, &update).await, Err(StoreError::Contention));
    assert_eq!(world.get(&cx, &ada).await.unwrap().stored.version, 2);
}

async fn parallel_changes_of_one_user_are_all_made(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let paths = ["title", "nickName", "locale", "timezone", "userType", "displayName"];
    let changes = paths.map(|path| world.patch(&cx, &ada, json!([{"op": "add", "path": path, "value": "x"}])));
    for done in join_all(changes).await {
        done.unwrap();
    }
    let after = world.get(&cx, &ada).await.unwrap().stored;
    assert_eq!(after.version, 7);
    assert!(paths.iter().all(|path| after.resource.text(path) == Some("x")), "{:?}", after.resource);
}

async fn a_write_for_another_version_is_refused(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let (target, stale) = (target(&ada), Precondition::parse("W/\"7\""));
    let change = patch_request(json!([{"op": "add", "path": "title", "value": "x"}])).unwrap();

    let patched = world.provisioning.patch(&cx, &target, change.clone(), Some(&stale), Show::Related).await;
    assert!(matches!(patched, Err(Error::VersionMismatch)));
    let deleted = world.provisioning.delete(&cx, &target, Some(&stale)).await;
    assert!(matches!(deleted, Err(Error::VersionMismatch)));
    assert_eq!(world.get(&cx, &ada).await.unwrap(), ada);

    let current = Precondition::parse("W/\"1\"");
    let both =
        join_all([0, 1].map(|_| world.provisioning.patch(&cx, &target, change.clone(), Some(&current), Show::Related)))
            .await;
    assert_eq!(both.iter().filter(|done| done.is_ok()).count(), 1, "{both:?}");
    assert!(both.iter().any(|done| matches!(done, Err(Error::VersionMismatch))), "{both:?}");
}

async fn touching_gives_the_next_version_and_finds_nobody_who_is_gone(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (here, gone) = (world.group(&cx, "here", &[]).await, world.group(&cx, "gone", &[]).await);
    world.delete(&cx, &gone).await.unwrap();

    world.clock.advance_seconds(1);
    let cx = world.cx(&tenant);
    let touch = async |kind, id| {
        let change = Change::of(&cx, DocumentChange::Touch(kind, id));
        world.store.save(&cx.scope, &change).await
    };
    assert_eq!(touch(Kind::GROUP, here.stored.id).await.unwrap().version, 2);
    assert_eq!(touch(Kind::GROUP, gone.stored.id).await, Err(StoreError::Contention));
    assert_eq!(touch(Kind::USER, here.stored.id).await, Err(StoreError::Contention));
    let after = world.get(&cx, &here).await.unwrap().stored;
    assert_eq!((after.version, after.modified), (2, cx.now));
}

async fn a_lock_finds_what_is_there_and_nothing_else(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    assert_eq!(tx.lock(&Kind::USER, ada.stored.id).await, Ok(Some(ada.stored.clone())));
    assert_eq!(tx.lock(&Kind::GROUP, ada.stored.id).await, Ok(None));
}

async fn what_is_not_committed_never_was(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.user(&cx, "ada").await;
    let raw = Raw::of(world).await;
    let before = raw.dump(&tenant).await;
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    let DocumentChange::Update { before: one, after: two } = next_version(&ada.stored) else { panic!("an update") };
    let two = StoredResource { resource: Resource::default(), ..two };
    let update = DocumentChange::Update { before: one, after: two.clone() };
    for document in [update, DocumentChange::Delete(two)] {
        tx.save(&Change::of(&cx, document)).await.unwrap();
    }
    drop(tx);
    world.store.write(&cx.scope).await.unwrap().commit().await.unwrap();
    assert_eq!(raw.dump(&tenant).await, before);
}

async fn a_user_name_is_taken_whatever_its_case(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    for (name, same) in
        [("Ada@X", "aDA@x"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("É", "e\u{301}"), ("ＡＢＣ", "abc")]
    {
        world.user(&cx, name).await;
        let second = world.create(&cx, &Kind::USER, json!({"userName": same})).await;
        assert!(is_taken(&second, &format!("userName \"{same}\"")), "{name} {same}: {second:?}");
    }
    world.user(&cx, "ada @x").await;
    world.user(&world.cx(&world.tenant("globex").await), "Ada@X").await;
}

async fn a_user_cannot_take_the_name_of_another_later(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    world.user(&cx, "ada").await;
    let bob = world.user(&cx, "bob").await;
    assert!(is_taken(&world.replace(&cx, &bob, json!({"userName": "ADA"})).await, "userName \"ADA\""));
    let patch = json!([{"op": "replace", "path": "userName", "value": "Ada"}]);
    assert!(is_taken(&world.patch(&cx, &bob, patch).await, "userName \"Ada\""));
    assert_eq!(world.get(&cx, &bob).await.unwrap(), bob);

    let respelled = world.replace(&cx, &bob, json!({"userName": "BOB"})).await.unwrap();
    assert_eq!(respelled.stored.resource.text("userName"), Some("BOB"), "one's own name in other letters is no clash");
}

async fn of_twenty_who_want_one_name_at_once_one_gets_it(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let names = (0..20).map(|index| if index % 2 == 0 { "Straße" } else { "STRASSE" });
    let creates = names.map(|name| world.create(&cx, &Kind::USER, json!({"userName": name})));
    let done = join_all(creates).await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1, "{done:?}");
    let taken = |result| is_taken(result, "userName \"Straße\"") || is_taken(result, "userName \"STRASSE\"");
    assert_eq!(done.iter().filter(|result| taken(result)).count(), 19, "{done:?}");
    assert_eq!(world.list(&cx, &Kind::USER, "").await.unwrap().len(), 1);
}

async fn a_name_is_free_again_after_its_user_is_deleted_or_renamed(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    world.replace(&cx, &ada, json!({"userName": "countess"})).await.unwrap();
    let second = world.user(&cx, "Ada").await;
    world.delete(&cx, &second).await.unwrap();
    world.user(&cx, "ADA").await;
}

async fn long_user_names_are_unique_and_found(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let long = |end: &str| format!("{}{end}", "ÿ".repeat(5_000 - end.len()));
    let (one, other) = (world.user(&cx, &long("-1")).await, world.user(&cx, &long("-2")).await);
    let again = world.create(&cx, &Kind::USER, json!({"userName": long("-1").to_uppercase()})).await;
    assert!(matches!(again, Err(Error::Store(StoreError::Taken { .. }))), "{again:?}");

    let query = |operator: &str, value: &str| format!("userName {operator} \"{value}\"");
    // A filter is at most 8 KiB long, and these names have 10 kB; shorter ones can be asked for whole.
    let middling = world.user(&cx, &format!("{}Z", "y".repeat(4_999))).await;
    let found = world.list(&cx, &Kind::USER, &query("eq", &format!("{}z", "Y".repeat(4_999)))).await.unwrap();
    assert_eq!(found, [middling]);
    for length in [1, 90, 97, 98, 99, 100, 101, 110, 2_000] {
        let found = world.list(&cx, &Kind::USER, &query("sw", &"Ÿ".repeat(length))).await.unwrap();
        assert_eq!(found, [one.clone(), other.clone()], "{length}");
        let none = world.list(&cx, &Kind::USER, &query("sw", &format!("{}-", "Ÿ".repeat(length)))).await.unwrap();
        assert!(none.is_empty(), "{length}");
    }
}

async fn group_names_are_unique_only_where_the_tenant_wants_it(world: &World) {
    let loose = world.cx(&world.tenant("loose").await);
    world.group(&loose, "Engineers", &[]).await;
    world.group(&loose, "engineers", &[]).await;

    let strict = DirectoryRules { unique_group_names: true, ..DirectoryRules::default() };
    let strict = world.cx(&world.tenant_with("strict", strict).await);
    let first = world.group(&strict, "Engineers", &[]).await;
    let second = world.create(&strict, &Kind::GROUP, json!({"displayName": "ENGINEERS"})).await;
    assert!(is_taken(&second, "displayName \"ENGINEERS\""), "{second:?}");
    let other = world.group(&strict, "Others", &[]).await;
    assert!(is_taken(
        &world.replace(&strict, &other, json!({"displayName": "engineers"})).await,
        "displayName \"engineers\""
    ));
    world.user(&strict, "Engineers").await;
    world.delete(&strict, &first).await.unwrap();
    world.replace(&strict, &other, json!({"displayName": "engineers"})).await.unwrap();
}

async fn of_ten_groups_that_want_one_unique_name_at_once_one_gets_it(world: &World) {
    let cx = world.cx(&world
        .tenant_with("strict", DirectoryRules { unique_group_names: true, ..DirectoryRules::default() })
        .await);
    let creates = (0..10).map(|_| world.create(&cx, &Kind::GROUP, json!({"displayName": "Engineers"})));
    let done = join_all(creates).await;
    assert_eq!(done.iter().filter(|result| result.is_ok()).count(), 1, "{done:?}");
    assert_eq!(done.iter().filter(|result| is_taken(result, "displayName \"Engineers\"")).count(), 9, "{done:?}");
}
