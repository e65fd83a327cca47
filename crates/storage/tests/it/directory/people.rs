//! What is known of one person or group, now and before.

use domain::directory::{Kind, Membership, StoredResource};
use domain::ids::ResourceId;
use domain::ops::{AsOf, Counted, Past, Presence};
use domain::ports::Clock as _;
use domain::replay::Told;
use domain::tenant::Tenant;
use serde_json::json;
use testkit::world::elements;
use testkit::{World, on_both_databases};

on_both_databases! { World:
    a_person_is_shown_with_groups_and_history,
    a_person_is_shown_as_of_any_moment,
    who_is_gone_is_told_as_gone_and_who_was_erased_as_erased,
    members_come_page_by_page,
    another_tenant_is_told_nothing,
}

fn there(presence: Option<Presence>) -> (StoredResource, Vec<domain::directory::GroupRef>) {
    match presence {
        Some(Presence::There(stored, groups)) => (stored, groups),
        other => panic!("{other:?}"),
    }
}

async fn find(world: &World, tenant: &Tenant, kind: &Kind, id: ResourceId) -> Option<Presence> {
    world.number_facts().await;
    world.directory.find(&tenant.scope(), kind, id).await.unwrap()
}

async fn title(world: &World, tenant: &Tenant, id: ResourceId, as_of: AsOf) -> Option<String> {
    match world.directory.past(&tenant.scope(), id, as_of).await.unwrap() {
        Past::Told(Told::Present(snapshot)) => {
            Some(snapshot.stored.resource.text("title").unwrap_or_default().to_owned())
        }
        Past::Told(Told::Absent) => None,
        other => panic!("{other:?}"),
    }
}

async fn a_person_is_shown_with_groups_and_history(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.user(&cx, "ada").await;
    let id = ada.stored.id;
    let inner = world.group(&cx, "Inner", &[]).await;
    world.group(&cx, "Outer", &[inner.stored.id]).await;
    let add = json!([{"op": "add", "path": "members", "value": elements(&[id])}]);
    world.patch(&cx, &inner, add).await.unwrap();
    world.patch(&cx, &ada, json!([{"op": "replace", "path": "title", "value": "x"}])).await.unwrap();

    let (stored, groups) = there(find(world, &tenant, &Kind::USER, id).await);
    assert_eq!(stored.resource.text("title"), Some("x"));
    let known: Vec<_> = groups.iter().map(|group| (group.display.as_deref().unwrap(), group.membership)).collect();
    assert_eq!(known, [("Inner", Membership::Direct), ("Outer", Membership::Indirect)]);

    let page = world.directory.history(&cx.scope, id, None, 1).await.unwrap();
    assert_eq!(page.entries.iter().map(|entry| entry.what.as_str()).collect::<Vec<_>>(), ["patched"]);
    let page = world.directory.history(&cx.scope, id, page.next, 1).await.unwrap();
    assert_eq!((page.entries[0].what.as_str(), page.next), ("created", None));

    let joined = world.directory.memberships(&cx.scope, id, &groups).await.unwrap();
    let [joined] = &joined[..] else { panic!("{joined:?}") };
    assert_eq!((joined.subject_id, joined.joined()), (Some(inner.stored.id.0), vec![id]));
    assert_eq!(find(world, &tenant, &Kind::GROUP, id).await, None, "a user is no group");
}

async fn a_person_is_shown_as_of_any_moment(world: &World) {
    let tenant = world.tenant("acme").await;
    let start = world.clock.now();
    world.clock.advance_seconds(10);
    let ada =
        world.create(&world.cx(&tenant), &Kind::USER, json!({"userName": "ada", "title": "first"})).await.unwrap();
    for text in ["second", "third"] {
        world.clock.advance_seconds(10);
        let patch = json!([{"op": "replace", "path": "title", "value": text}]);
        world.patch(&world.cx(&tenant), &ada, patch).await.unwrap();
    }
    world.clock.advance_seconds(10);
    world.delete(&world.cx(&tenant), &ada).await.unwrap();
    world.number_facts().await;
    let id = ada.stored.id;
    for (seconds, expected) in [
        (0, None),
        (10, Some("first")),
        (19, Some("first")),
        (20, Some("second")),
        (35, Some("third")),
        (40, None),
        (1_000, None),
    ] {
        let as_of = AsOf::Moment(start.plus_seconds(seconds));
        assert_eq!(title(world, &tenant, id, as_of).await.as_deref(), expected, "after {seconds} s");
    }
    for (number, expected) in [(1, None), (2, Some("first")), (4, Some("third")), (5, None), (99, None)] {
        assert_eq!(title(world, &tenant, id, AsOf::Number(number)).await.as_deref(), expected, "fact {number}");
    }
}

async fn who_is_gone_is_told_as_gone_and_who_was_erased_as_erased(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.user(&cx, "ada").await;
    let id = ada.stored.id;
    world.delete(&cx, &ada).await.unwrap();
    let Some(Presence::Gone(entry)) = find(world, &tenant, &Kind::USER, id).await else { panic!("not gone") };
    assert_eq!((entry.what.as_str(), entry.text("userName")), ("deleted", Some("ada")));

    world.journal.erase(&cx, &Kind::USER, id).await.unwrap();
    let Some(Presence::Erased(entry)) = find(world, &tenant, &Kind::USER, id).await else { panic!("not erased") };
    assert_eq!(entry.what, "erased");
    assert_eq!(world.directory.past(&cx.scope, id, AsOf::Number(2)).await.unwrap(), Past::Told(Told::Erased));
    let page = world.directory.history(&cx.scope, id, None, 10).await.unwrap();
    let said: Vec<_> = page.entries.iter().map(|entry| (entry.what.as_str(), entry.payload.is_some())).collect();
    assert_eq!(said, [("erased", true), ("deleted", false), ("created", false)]);
    assert_eq!(find(world, &tenant, &Kind::USER, world.provisioning.new_id(&cx)).await, None);
}

async fn members_come_page_by_page(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let mut members = Vec::new();
    for name in ["a", "b", "c", "d"] {
        members.push(world.user(&cx, name).await.stored.id);
    }
    members.push(world.group(&cx, "Inner", &[]).await.stored.id);
    members.sort();
    let group = world.group(&cx, "Outer", &members).await.stored.id;
    for limit in [1, 2, 5, 9] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = world.directory.members(&cx.scope, group, after, limit).await.unwrap();
            assert!(page.members.len() as u64 <= limit);
            found.extend(page.members.iter().map(|member| member.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, members, "{limit} a page");
    }
    assert_eq!(world.directory.size(&cx.scope, group).await.unwrap(), Counted::Exactly(5));
}

async fn another_tenant_is_told_nothing(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let cx = world.cx(&acme);
    let ada = world.user(&cx, "ada").await.stored.id;
    let group = world.group(&cx, "Inner", &[ada]).await.stored.id;
    let (_, groups) = there(find(world, &acme, &Kind::USER, ada).await);
    let scope = globex.scope();
    assert_eq!(find(world, &globex, &Kind::USER, ada).await, None);
    assert_eq!(find(world, &globex, &Kind::GROUP, group).await, None);
    assert_eq!(world.directory.history(&scope, ada, None, 10).await.unwrap().entries, []);
    assert_eq!(world.directory.memberships(&scope, ada, &groups).await.unwrap(), []);
    assert_eq!(world.directory.past(&scope, ada, AsOf::Number(99)).await.unwrap(), Past::Told(Told::Absent));
    assert_eq!(world.directory.size(&scope, group).await.unwrap(), Counted::Exactly(0));
}
