//! Which indexes there come to be.

use domain::directory::Kind;
use domain::ports::Clock as _;
use domain::store::Store as _;
use domain::value_index::{IndexState, MOST, ValueIndex};
use testkit::{World, on_both_databases};

use super::{ask, fill, index, register};
use crate::raw::Raw;

on_both_databases! { World:
    what_clients_filter_by_is_registered_once_and_for_their_tenant,
    what_is_indexed_anyway_is_not_wished_for,
    an_index_is_registered_once_by_however_many,
    a_tenant_has_at_most_so_many,
    what_the_schema_does_not_know_is_refused,
    open_indexes_are_given_in_the_order_they_were_asked_for,
}

async fn what_clients_filter_by_is_registered_once_and_for_their_tenant(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let now = world.clock.now();
    for filter in ["title eq \"x\"", "title sw \"x\" or nickName pr", "not (title eq \"y\")"] {
        world.list(&world.cx(&acme), &Kind::USER, filter).await.unwrap();
    }
    assert_eq!(world.store.work().open_indexes().await, Ok(Vec::new()), "reading costs no write");
    for _ in 0..2 {
        world.wishes.grant(now).await.unwrap();
        // From a scope that does not know of the index yet.
        world.list(&world.cx(&acme), &Kind::USER, "title eq \"x\"").await.unwrap();
    }
    world.wishes.grant(now).await.unwrap();
    let indexes = world.tenants.get(&acme.slug).await.unwrap().indexes;
    assert_eq!(*indexes, [index("nickName"), index("title")]);
    assert!(world.tenants.get(&globex.slug).await.unwrap().indexes.is_empty());
}

async fn what_is_indexed_anyway_is_not_wished_for(world: &World) {
    let tenant = world.tenant("acme").await;
    for filter in [
        "userName sw \"a\"",
        "externalId eq \"a\"",
        "displayName co \"a\"",
        "emails eq \"a\"",
        "emails[value sw \"a\"]",
        "meta.lastModified gt \"2026-01-01T00:00:00Z\"",
        "id eq \"a\"",
        "groups.value eq \"a\"",
        "title ne \"a\"",
        // One person has this name, and who that is does not depend on an index.
        "userName eq \"a\" and title eq \"b\"",
    ] {
        assert_eq!(ask(world, &tenant, filter).await.unindexed, [""; 0], "{filter}");
    }
    assert_eq!(ask(world, &tenant, "title eq \"a\"").await.unindexed, ["title"]);
    assert_eq!(ask(world, &tenant, "emails[type eq \"a\"]").await.unindexed, ["emails.type"]);
    let registered = register(world, &tenant, "title").await;
    assert_eq!(ask(world, &registered, "title eq \"a\"").await.unindexed, [""; 0], "it is on its way");
}

async fn an_index_is_registered_once_by_however_many(world: &World) {
    let tenant = world.tenant("acme").await;
    let (another, now) = (world.another_store().await, world.clock.now());
    let wanted = index("title");
    let done = futures_util::future::join_all((0..6).map(|turn| {
        let store = if turn % 2 == 0 { &world.store } else { &another };
        store.work().register_index(&tenant.slug, &wanted, now)
    }));
    assert!(done.await.into_iter().all(|done| done == Ok(())));
    assert_eq!(*world.tenants.get(&tenant.slug).await.unwrap().indexes, [wanted]);

    let complete = fill(world, &tenant, "title").await;
    assert_eq!(register(world, &tenant, "title").await, complete, "and does not begin again");
}

async fn a_tenant_has_at_most_so_many(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let of =
        |attribute: &str, parts: &[&str]| parts.iter().map(|part| format!("{attribute}.{part}")).collect::<Vec<_>>();
    let plain = ["nickName", "title", "userType", "locale", "timezone", "profileUrl", "preferredLanguage", "active"];
    let mut paths: Vec<String> = plain.map(str::to_owned).into();
    paths.extend(of(
        "name",
        &["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"],
    ));
    paths.extend(of("addresses", &["formatted", "streetAddress", "locality", "region", "postalCode", "country"]));
    paths.extend(of("phoneNumbers", &["value", "type"]));
    paths.extend(of("ims", &["value", "type"]));
    paths.extend(of("photos", &["value", "type"]));
    assert!(paths.len() > MOST);
    for (count, path) in paths.iter().enumerate() {
        let tenant = register(world, &acme, path).await;
        assert_eq!(tenant.indexes.len(), MOST.min(count + 1), "{path}");
    }
    assert_eq!(register(world, &globex, &paths[MOST]).await.indexes.len(), 1, "each tenant has its own");
    assert_eq!(Raw::of(world).await.number("SELECT count(*) FROM value_index").await, 25);
}

async fn what_the_schema_does_not_know_is_refused(world: &World) {
    let tenant = world.tenant("acme").await;
    let of_kind = |kind: &str, path: &str| ValueIndex { kind: Kind::named(kind), ..index(path) };
    for unknown in [
        index("shoeSize"),
        index(""),
        index("title.value"),
        index("name.shoeSize"),
        index("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:shoeSize"),
        index("emails[type eq \"work\"].value"),
        of_kind("Group", "title"),
        of_kind("Device", "title"),
    ] {
        world.store.work().register_index(&tenant.slug, &unknown, world.clock.now()).await.unwrap();
        assert!(world.tenants.get(&tenant.slug).await.unwrap().indexes.is_empty(), "{unknown:?}");
    }
    let nobody = "globex".parse().unwrap();
    assert_eq!(world.store.work().register_index(&nobody, &index("title"), world.clock.now()).await, Ok(()));
    assert_eq!(Raw::of(world).await.number("SELECT count(*) FROM value_index").await, 0);
}

async fn open_indexes_are_given_in_the_order_they_were_asked_for(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    for (tenant, path) in [(&globex, "title"), (&acme, "title"), (&globex, "locale")] {
        register(world, tenant, path).await;
        world.clock.advance_seconds(1);
    }
    let open = async || world.store.work().open_indexes().await.unwrap();
    let all =
        [(globex.slug.clone(), index("title")), (acme.slug, index("title")), (globex.slug.clone(), index("locale"))];
    assert_eq!(open().await, all);
    let filled = fill(world, &globex, "title").await;
    assert!(filled.indexes.contains(&ValueIndex { state: IndexState::Complete, ..index("title") }));
    assert_eq!(open().await, all[1..]);
}
