//! Lists, searches and counts.

use domain::context::OpContext;
use domain::directory::{Kind, StoredResource};
use domain::ops::{Counted, Counts, Found, Looking, Order, Reach, Standing};
use domain::ports::Clock as _;
use domain::store::{FillStep, Position, Store as _};
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    people_are_found_by_whatever_they_go_by,
    pages_in_each_order_give_everybody_once,
    who_is_inactive_is_found_with_an_index_and_without,
    counts_know_who_is_inactive_once_there_is_an_index,
    a_search_that_finds_too_many_says_so,
    in_large_directories_the_beginning_of_a_name_counts,
    groups_are_found_and_know_their_sizes,
    another_tenant_finds_nothing,
}

fn looking() -> Looking {
    Looking { kind: Kind::USER, text: None, standing: None, order: Order::Created, after: None, limit: 10 }
}

fn search(text: &str) -> Looking {
    Looking { text: Some(text.to_owned()), ..looking() }
}

async fn look(world: &World, tenant: &Tenant, looking: &Looking) -> Found {
    world.directory.look(&tenant.scope(), looking).await.unwrap()
}

fn names(resources: &[StoredResource]) -> Vec<&str> {
    resources.iter().map(|resource| resource.resource.text("userName").unwrap()).collect()
}

async fn people(world: &World, slug: &str) -> Tenant {
    let tenant = world.tenant(slug).await;
    let cx = world.cx(&tenant);
    for user in [
        json!({"userName": "ana@x.example", "displayName": "Ana Kovač", "externalId": "EXT-1"}),
        json!({"userName": "bob@x.example", "displayName": "Bob Ana", "active": false}),
        json!({"userName": "cy@x.example", "emails": [{"value": "Anastasia@y.example"}], "active": true}),
        json!({"userName": "dee@x.example", "displayName": "Dee", "name": {"familyName": "Kovač"}, "active": false}),
    ] {
        world.clock.advance_seconds(1);
        world.create(&OpContext { now: world.clock.now(), ..cx.clone() }, &Kind::USER, user).await.unwrap();
    }
    tenant
}

/// Grants what was wished for and fills it; gives the tenant as it is then.
async fn indexed(world: &World, tenant: &Tenant) -> Tenant {
    world.wishes.grant(world.clock.now()).await.unwrap();
    let tenant = world.tenants.get(&tenant.slug).await.unwrap();
    for index in tenant.indexes.iter() {
        let filling = ValueIndex { state: IndexState::Filling, ..index.clone() };
        while world.store.work().fill_index(&tenant.slug, &filling, world.clock.now()).await.unwrap() == FillStep::Going
        {
        }
    }
    world.tenants.get(&tenant.slug).await.unwrap()
}

async fn people_are_found_by_whatever_they_go_by(world: &World) {
    let tenant = people(world, "acme").await;
    let ana = look(world, &tenant, &search("EXT-1")).await.resources[0].id.to_string();
    for (text, found) in [
        ("ANA", vec!["ana@x.example", "bob@x.example", "cy@x.example"]),
        (" kovač ", vec!["ana@x.example"]),
        ("cy@", vec!["cy@x.example"]),
        ("y.example", vec!["cy@x.example"]),
        ("EXT-", vec!["ana@x.example"]),
        ("ext-1", vec![]),
        (ana.as_str(), vec!["ana@x.example"]),
        ("nobody", vec![]),
        ("%", vec![]),
        ("00000000-0000-0000-0000-000000000000", vec![]),
    ] {
        let page = look(world, &tenant, &search(text)).await;
        assert_eq!((names(&page.resources), page.reach, page.next), (found, Reach::Whole, None), "{text}");
    }
    let inactive = Looking { standing: Some(Standing::Inactive), ..search("ana") };
    assert_eq!(names(&look(world, &tenant, &inactive).await.resources), ["bob@x.example"]);
    let none = look(world, &tenant, &search("  ")).await;
    assert_eq!(none.resources.len(), 4, "nothing to look for is no search");
}

async fn pages_in_each_order_give_everybody_once(world: &World) {
    let tenant = people(world, "acme").await;
    for (order, expected) in [
        (Order::Name, ["ana@x.example", "bob@x.example", "dee@x.example", "cy@x.example"]),
        (Order::Changed, ["dee@x.example", "cy@x.example", "bob@x.example", "ana@x.example"]),
        (Order::Created, ["ana@x.example", "bob@x.example", "cy@x.example", "dee@x.example"]),
    ] {
        for limit in [1, 2, 3, 4, 9] {
            assert_eq!(
                walk(world, &tenant, Looking { order, limit, ..looking() }).await,
                expected,
                "{order:?} {limit}"
            );
        }
    }
}

/// Everybody on all pages from here on.
async fn walk(world: &World, tenant: &Tenant, mut looking: Looking) -> Vec<String> {
    let mut found = Vec::new();
    loop {
        let page = look(world, tenant, &looking).await;
        assert!(page.resources.len() as u64 <= looking.limit);
        found.extend(names(&page.resources).into_iter().map(ToOwned::to_owned));
        match page.next {
            Some(next) => looking.after = Some(next),
            None => return found,
        }
    }
}

async fn who_is_inactive_is_found_with_an_index_and_without(world: &World) {
    let mut tenant = people(world, "acme").await;
    let inactive = Looking { standing: Some(Standing::Inactive), limit: 1, ..looking() };
    let active = Looking { standing: Some(Standing::Active), ..inactive.clone() };
    for has_index in [false, true] {
        assert_eq!(walk(world, &tenant, inactive.clone()).await, ["bob@x.example", "dee@x.example"], "{has_index}");
        assert_eq!(walk(world, &tenant, active.clone()).await, ["ana@x.example", "cy@x.example"], "{has_index}");
        world.directory.counts(&tenant.scope(), &Kind::USER).await.unwrap();
        tenant = indexed(world, &tenant).await;
    }
    // A page looks at so many and no more, and the next one goes on.
    let tenant = world.tenant("globex").await;
    Raw::of(world).await.make_users(&tenant, 2_400).await;
    let document = json!({"userName": "late", "active": false});
    world.create(&world.cx(&tenant), &Kind::USER, document).await.unwrap();
    let page = look(world, &tenant, &inactive).await;
    assert_eq!((page.resources.len(), page.reach), (0, Reach::NotFurther));
    let Some(Position { .. }) = &page.next else { panic!("{page:?}") };
    let page = look(world, &tenant, &Looking { after: page.next, ..inactive }).await;
    assert_eq!((names(&page.resources), page.reach, page.next), (vec!["late"], Reach::Whole, None));
}

async fn counts_know_who_is_inactive_once_there_is_an_index(world: &World) {
    let tenant = people(world, "acme").await;
    let counts = world.directory.counts(&tenant.scope(), &Kind::USER).await.unwrap();
    assert_eq!((counts, counts.active()), (Counts { total: 4, inactive: None }, None));
    let tenant = indexed(world, &tenant).await;
    let counts = world.directory.counts(&tenant.scope(), &Kind::USER).await.unwrap();
    assert_eq!((counts.inactive, counts.active()), (Some(Counted::Exactly(2)), Some(2)));
    let counts = world.directory.counts(&tenant.scope(), &Kind::GROUP).await.unwrap();
    assert_eq!(counts, Counts { total: 0, inactive: None });
}

async fn a_search_that_finds_too_many_says_so(world: &World) {
    let tenant = world.tenant("acme").await;
    Raw::of(world).await.make_users(&tenant, 150).await;
    let page = look(world, &tenant, &search("user-")).await;
    assert_eq!((page.resources.len(), page.reach, page.next), (100, Reach::TooMany, None));
    let page = look(world, &tenant, &search("user-15")).await;
    assert_eq!((names(&page.resources), page.reach), (vec!["user-15", "user-150"], Reach::Whole));
}

async fn in_large_directories_the_beginning_of_a_name_counts(world: &World) {
    let tenant = world.tenant("acme").await;
    Raw::of(world).await.make_users(&tenant, 5_001).await;
    let document = json!({"userName": "kw", "name": {"familyName": "Wolfe"}});
    world.create(&world.cx(&tenant), &Kind::USER, document).await.unwrap();
    assert_eq!(look(world, &tenant, &search("ser-17")).await.resources, []);
    assert_eq!(names(&look(world, &tenant, &search("user-500")).await.resources).len(), 3);
    // Last names are found once somebody looked for something.
    assert_eq!(look(world, &tenant, &search("wolf")).await.resources, []);
    let tenant = indexed(world, &tenant).await;
    assert_eq!(names(&look(world, &tenant, &search("wolf")).await.resources), ["kw"]);
}

async fn groups_are_found_and_know_their_sizes(world: &World) {
    let tenant = people(world, "acme").await;
    let cx = world.cx(&tenant);
    let members: Vec<_> = look(world, &tenant, &looking()).await.resources.iter().map(|user| user.id).collect();
    let all = world.group(&cx, "All staff", &members).await.stored.id;
    let sales = world.group(&cx, "Sales, all of it", &members[..1]).await.stored.id;
    let empty = world.group(&cx, "Nobody", &[]).await.stored.id;
    let page = look(world, &tenant, &Looking { kind: Kind::GROUP, ..search("all") }).await;
    assert_eq!(page.resources.iter().map(|group| group.id).collect::<Vec<_>>(), [all, sales]);
    let sizes = world.directory.sizes(&cx.scope, &[all, sales, empty]).await.unwrap();
    let expected = [(all, 4), (sales, 1), (empty, 0)].map(|(id, size)| (id, Counted::Exactly(size)));
    assert_eq!(sizes, expected.into_iter().collect());
    let known = world.directory.names(&cx.scope, &[all, members[0]]).await.unwrap();
    let expected = [(all, "All staff".to_owned()), (members[0], "Ana Kovač".to_owned())];
    assert_eq!(known, expected.into_iter().collect());
}

async fn another_tenant_finds_nothing(world: &World) {
    let acme = people(world, "acme").await;
    world.directory.counts(&acme.scope(), &Kind::USER).await.unwrap();
    indexed(world, &acme).await;
    let globex = world.tenant("globex").await;
    let cx = world.cx(&acme);
    let ana = look(world, &acme, &search("EXT-1")).await.resources[0].id;
    let group = world.group(&cx, "All staff", &[ana]).await.stored.id;
    // The same indexes, so that there is somewhere to look.
    world.directory.counts(&globex.scope(), &Kind::USER).await.unwrap();
    let globex = indexed(world, &globex).await;

    for text in ["ana", "EXT-1", "cy@", "kovač", &ana.to_string()] {
        assert_eq!(look(world, &globex, &search(text)).await.resources, [], "{text}");
    }
    for standing in [None, Some(Standing::Active), Some(Standing::Inactive)] {
        assert_eq!(look(world, &globex, &Looking { standing, ..looking() }).await.resources, []);
    }
    let scope = globex.scope();
    let counts = world.directory.counts(&scope, &Kind::USER).await.unwrap();
    assert_eq!(counts, Counts { total: 0, inactive: Some(Counted::Exactly(0)) });
    assert!(world.directory.sizes(&scope, &[group]).await.unwrap().is_empty());
    assert!(world.directory.names(&scope, &[ana]).await.unwrap().is_empty());
    assert_eq!(world.directory.members(&scope, group, None, 10).await.unwrap().members, []);
}
