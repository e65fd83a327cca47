//! Who is in which group, also when several say so at once.

use domain::Error;
use domain::change::{Change, DocumentChange};
use domain::context::OpContext;
use domain::directory::{Kind, Related, View};
use domain::ids::ResourceId;
use domain::ops::Show;
use domain::store::{Store as _, StoreError};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use testkit::world::elements;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::{self, Raw};

on_both_databases! { World:
    additions_and_removals_change_exactly_who_they_name,
    a_replacement_changes_only_who_differs,
    clearing_a_group_takes_everybody_out,
    members_chosen_by_a_condition_leave,
    the_edits_of_one_patch_work_in_order,
    hundreds_of_members_come_and_go_in_one_request,
    a_view_is_given_related_things_only_when_asked,
    an_unknown_member_is_refused_and_nothing_is_written,
    a_group_can_be_a_member_but_not_of_itself,
    memberships_follow_the_name_of_the_group,
    deleting_a_user_ends_its_memberships_and_changes_its_groups,
    deleting_a_user_is_decided_again_when_it_has_moved_to_another_group,
    deleting_a_group_leaves_its_members_and_its_parents,
    parallel_additions_to_one_group_lose_nobody,
    parallel_additions_of_the_same_member_count_once,
    parallel_additions_and_removals_and_renames_all_happen,
    of_parallel_replacements_of_the_members_one_wins_whole,
    deleting_a_user_while_it_is_added_leaves_no_dangling_member,
    deleting_a_group_while_it_is_filled_leaves_no_members_behind,
    groups_in_groups_can_be_deleted_at_once,
}

async fn users<const N: usize>(world: &World, cx: &OpContext) -> [ResourceId; N] {
    let mut ids = [ResourceId(Uuid::nil()); N];
    for (index, id) in ids.iter_mut().enumerate() {
        *id = world.user(cx, &format!("user-{index}")).await.stored.id;
    }
    ids
}

fn members(view: &View) -> Vec<ResourceId> {
    match &view.related {
        Related::Members(members) => members.iter().map(|member| member.id).collect(),
        other => panic!("no members: {other:?}"),
    }
}

fn groups(view: &View) -> Vec<(ResourceId, Option<&str>)> {
    match &view.related {
        Related::Groups(groups) => groups.iter().map(|group| (group.id, group.display.as_deref())).collect(),
        other => panic!("no groups: {other:?}"),
    }
}

fn add(ids: &[ResourceId]) -> Value {
    json!({"op": "add", "path": "members", "value": elements(ids)})
}

fn remove(id: ResourceId) -> Value {
    json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")})
}

/// Whom the newest fact says to have joined and left.
async fn delta(world: &World, cx: &OpContext) -> (Value, Value) {
    let tenant = world.tenants.get(cx.scope.slug()).await.unwrap();
    let payload = raw::facts(world, &tenant).await.last().unwrap().payload();
    (payload["members_added"].clone(), payload["members_removed"].clone())
}

fn texts(ids: &[ResourceId]) -> Value {
    ids.iter().map(ToString::to_string).collect()
}

async fn additions_and_removals_change_exactly_who_they_name(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a, b, c] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[a]).await;
    assert_eq!((members(&group), group.stored.version), (vec![a], 1));

    let group = world.patch(&cx, &group, json!([add(&[c, a, b])])).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![a, b, c], 2));
    assert_eq!(delta(world, &cx).await, (texts(&[b, c]), Value::Null));

    let group = world.patch(&cx, &group, json!([remove(b)])).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![a, c], 3));
    assert_eq!(delta(world, &cx).await, (Value::Null, texts(&[b])));
    assert_eq!(world.get(&cx, &group).await.unwrap(), group);
}

async fn a_replacement_changes_only_who_differs(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a, b, c] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[a, b]).await;

    let document = json!({"displayName": "Engineers", "members": elements(&[b, c])});
    let group = world.replace(&cx, &group, document).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![b, c], 2));
    assert_eq!(delta(world, &cx).await, (texts(&[c]), texts(&[a])));

    let operation = json!([{"op": "replace", "path": "members", "value": elements(&[a, b])}]);
    let group = world.patch(&cx, &group, operation).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![a, b], 3));
    assert_eq!(delta(world, &cx).await, (texts(&[a]), texts(&[c])));

    let group = world.replace(&cx, &group, json!({"displayName": "Engineers"})).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![], 4), "a document without members has none");
}

async fn clearing_a_group_takes_everybody_out(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a, b] = users(world, &cx).await;
    let (group, other) = (world.group(&cx, "Engineers", &[a, b]).await, world.group(&cx, "Others", &[a]).await);
    let group = world.patch(&cx, &group, json!([{"op": "remove", "path": "members"}])).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![], 2));
    assert_eq!(delta(world, &cx).await, (Value::Null, texts(&[a, b])));
    assert_eq!(world.get(&cx, &other).await.unwrap(), other);
}

async fn members_chosen_by_a_condition_leave(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a] = users(world, &cx).await;
    let nested = world.group(&cx, "Nested", &[]).await;
    let group = world.group(&cx, "Engineers", &[a, nested.stored.id]).await;
    let operation = json!([{"op": "remove", "path": "members[type eq \"Group\"]"}]);
    assert_eq!(members(&world.patch(&cx, &group, operation).await.unwrap()), [a]);
}

async fn the_edits_of_one_patch_work_in_order(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a, b, c] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[a]).await;
    let rename = json!({"op": "replace", "path": "displayName", "value": "Makers"});
    let group = world.patch(&cx, &group, json!([add(&[b, c]), remove(a), rename, remove(c)])).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (vec![b], 2));
    assert_eq!(group.stored.resource.text("displayName"), Some("Makers"));
    assert_eq!(delta(world, &cx).await, (texts(&[b]), texts(&[a])));
}

async fn hundreds_of_members_come_and_go_in_one_request(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ids = users::<620>(world, &cx).await;
    let group = world.group(&cx, "Everybody", &ids).await;
    assert_eq!(members(&group), ids);
    let removals: Vec<Value> = ids[10..].iter().map(|id| remove(*id)).collect();
    let group = world.patch(&cx, &group, Value::Array(removals)).await.unwrap();
    assert_eq!((members(&group), group.stored.version), (ids[..10].to_vec(), 2));
    assert_eq!(delta(world, &cx).await, (Value::Null, texts(&ids[10..])));
    let group = world.patch(&cx, &group, json!([add(&ids)])).await.unwrap();
    assert_eq!(members(&group), ids);
    assert_eq!(delta(world, &cx).await, (texts(&ids[10..]), Value::Null));
    let mut read = world.store.read(&cx.scope).await.unwrap();
    assert_eq!(read.count_members(&[group.stored.id]).await, Ok(620));
}

async fn a_view_is_given_related_things_only_when_asked(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[a]).await;
    let target = testkit::world::target(&group);
    assert_eq!(world.provisioning.get(&cx, &target, Show::Document).await.unwrap().related, Related::None);
    assert_eq!(world.provisioning.get(&cx, &target, Show::Related).await.unwrap(), group);
}

async fn an_unknown_member_is_refused_and_nothing_is_written(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let [a, gone] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[]).await;
    let gone_user = world.list(&cx, &Kind::USER, &format!("id eq \"{gone}\"")).await.unwrap().remove(0);
    world.delete(&cx, &gone_user).await.unwrap();
    let raw = Raw::of(world).await;
    let before = raw.dump(&tenant).await;

    let members = elements(&[a, gone]);
    let refused = [
        world.create(&cx, &Kind::GROUP, json!({"displayName": "New", "members": members})).await,
        world.replace(&cx, &group, json!({"displayName": "New", "members": members})).await,
        world.patch(&cx, &group, json!([add(&[a, gone])])).await,
        world.patch(&cx, &group, json!([add(&[a]), {"op": "add", "path": "members", "value": [{"value": "x"}]}])).await,
    ];
    for refused in refused {
        assert!(matches!(&refused, Err(Error::Invalid(fault)) if fault.status == 400), "{refused:?}");
    }
    assert_eq!(raw.dump(&tenant).await, before);
}

async fn a_group_can_be_a_member_but_not_of_itself(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let [a] = users(world, &cx).await;
    let inner = world.group(&cx, "Inner", &[a]).await;
    let outer = world.group(&cx, "Outer", &[inner.stored.id]).await;
    let Related::Members(found) = &outer.related else { panic!("no members") };
    assert_eq!((found[0].id, &found[0].kind), (inner.stored.id, &Kind::GROUP));

    for itself in [json!([add(&[outer.stored.id])]), json!([add(&[a, outer.stored.id])])] {
        let refused = world.patch(&cx, &outer, itself).await;
        assert!(matches!(&refused, Err(Error::Invalid(fault)) if fault.status == 400), "{refused:?}");
    }
    assert_eq!(world.get(&cx, &outer).await.unwrap(), outer);
}

async fn memberships_follow_the_name_of_the_group(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let one = world.group(&cx, "One", &[ada.stored.id]).await;
    let two = world.group(&cx, "Two", &[ada.stored.id]).await;
    assert_eq!(
        groups(&world.get(&cx, &ada).await.unwrap()),
        [(one.stored.id, Some("One")), (two.stored.id, Some("Two"))]
    );
    world.patch(&cx, &one, json!([{"op": "replace", "path": "displayName", "value": "Uno"}])).await.unwrap();
    let after = world.get(&cx, &ada).await.unwrap();
    assert_eq!(groups(&after), [(one.stored.id, Some("Uno")), (two.stored.id, Some("Two"))]);
    assert_eq!(after.stored, ada.stored, "a user's own version is not its groups' matter");
}

async fn deleting_a_user_ends_its_memberships_and_changes_its_groups(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let [a, b] = users(world, &cx).await;
    let with = world.group(&cx, "With", &[a, b]).await;
    let alone = world.group(&cx, "Alone", &[a]).await;
    let without = world.group(&cx, "Without", &[b]).await;

    world.clock.advance_seconds(1);
    let cx = world.cx(&tenant);
    let user = world.list(&cx, &Kind::USER, "userName eq \"user-0\"").await.unwrap().remove(0);
    world.delete(&cx, &user).await.unwrap();
    for (group, left) in [(&with, vec![b]), (&alone, vec![])] {
        let after = world.get(&cx, group).await.unwrap();
        assert_eq!((members(&after), after.stored.version, after.stored.modified), (left, 2, cx.now));
    }
    assert_eq!(world.get(&cx, &without).await.unwrap(), without);
}

/// As many memberships as before, but not the same ones: the journal would not tell all of it.
async fn deleting_a_user_is_decided_again_when_it_has_moved_to_another_group(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.user(&cx, "ada").await;
    let id = ada.stored.id;
    let (left, stays) = (world.group(&cx, "Left", &[id]).await, world.group(&cx, "Stays", &[id]).await);
    let joined = world.group(&cx, "Joined", &[]).await;
    let groups_left = vec![left.stored.id, stays.stored.id];
    let decided = Change { groups_left, ..Change::of(&cx, DocumentChange::Delete(ada.stored.clone())) };
    world.patch(&cx, &left, json!([remove(id)])).await.unwrap();
    world.patch(&cx, &joined, json!([add(&[id])])).await.unwrap();
    assert_eq!(world.store.save(&cx.scope, &decided).await, Err(StoreError::Contention));

    world.delete(&cx, &ada).await.unwrap();
    for (group, version) in [(&left, 2), (&stays, 2), (&joined, 3)] {
        let after = world.get(&cx, group).await.unwrap();
        assert_eq!((members(&after), after.stored.version), (vec![], version));
    }
    let told = raw::facts(world, &tenant).await;
    let removed = |group: &View| {
        let of_group = told.iter().filter(|fact| fact.subject_id == Some(group.stored.id.0));
        of_group.filter(|fact| fact.payload()["members_removed"] == json!(texts(&[id]))).count()
    };
    assert_eq!([&left, &stays, &joined].map(removed), [1, 1, 1], "each leaving is told once");
}

async fn deleting_a_group_leaves_its_members_and_its_parents(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.user(&cx, "ada").await;
    let inner = world.group(&cx, "Inner", &[ada.stored.id]).await;
    let outer = world.group(&cx, "Outer", &[inner.stored.id, ada.stored.id]).await;
    world.delete(&cx, &inner).await.unwrap();
    let tenant = world.tenants.get(cx.scope.slug()).await.unwrap();
    let [.., parent, own] = &raw::facts(world, &tenant).await[..] else { panic!("two facts") };
    assert_eq!((parent.subject_id, own.subject_id), (Some(outer.stored.id.0), Some(inner.stored.id.0)));
    assert_eq!(parent.payload(), json!({"members_removed": texts(&[inner.stored.id])}));
    assert_eq!(delta(world, &cx).await, (Value::Null, Value::Null), "a list of members belongs in no fact");
    let after = world.get(&cx, &outer).await.unwrap();
    assert_eq!((members(&after), after.stored.version), (vec![ada.stored.id], 2));
    assert_eq!(groups(&world.get(&cx, &ada).await.unwrap()), [(outer.stored.id, Some("Outer"))]);
}

async fn parallel_additions_to_one_group_lose_nobody(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ids = users::<50>(world, &cx).await;
    let group = world.group(&cx, "Everybody", &[]).await;
    for done in join_all(ids.map(|id| world.patch(&cx, &group, json!([add(&[id])])))).await {
        done.unwrap();
    }
    let after = world.get(&cx, &group).await.unwrap();
    assert_eq!((members(&after), after.stored.version), (ids.to_vec(), 51));
}

async fn parallel_additions_of_the_same_member_count_once(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let [a] = users(world, &cx).await;
    let group = world.group(&cx, "Engineers", &[]).await;
    let facts = raw::facts(world, &tenant).await.len();
    for done in join_all((0..10).map(|_| world.patch(&cx, &group, json!([add(&[a])])))).await {
        done.unwrap();
    }
    let after = world.get(&cx, &group).await.unwrap();
    assert_eq!((members(&after), after.stored.version), (vec![a], 2));
    assert_eq!(raw::facts(world, &tenant).await.len(), facts + 1);
}

async fn parallel_additions_and_removals_and_renames_all_happen(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ids = users::<16>(world, &cx).await;
    let (here, there) = ids.split_at(8);
    let group = world.group(&cx, "Engineers", here).await;
    let rename = json!({"op": "replace", "path": "displayName", "value": "Makers"});
    let operations = here.iter().map(|id| remove(*id)).chain(there.iter().map(|id| add(&[*id]))).chain([rename]);
    for done in join_all(operations.map(|operation| world.patch(&cx, &group, json!([operation])))).await {
        done.unwrap();
    }
    let after = world.get(&cx, &group).await.unwrap();
    assert_eq!((members(&after), after.stored.version), (there.to_vec(), 18));
    assert_eq!(after.stored.resource.text("displayName"), Some("Makers"));
}

async fn of_parallel_replacements_of_the_members_one_wins_whole(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ids = users::<8>(world, &cx).await;
    for _ in 0..5 {
        let group = world.group(&cx, "Engineers", &[]).await;
        let wholes: Vec<_> = ids.chunks(2).collect();
        let puts = wholes
            .iter()
            .map(|whole| world.replace(&cx, &group, json!({"displayName": "Engineers", "members": elements(whole)})));
        for done in join_all(puts).await {
            done.unwrap();
        }
        let after = members(&world.get(&cx, &group).await.unwrap());
        assert!(wholes.contains(&after.as_slice()), "{after:?} of {wholes:?}");
    }
}

async fn deleting_a_user_while_it_is_added_leaves_no_dangling_member(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let (one, two) = (world.group(&cx, "One", &[]).await, world.group(&cx, "Two", &[]).await);
    let raw = Raw::of(world).await;
    for round in 0..25 {
        let user = world.user(&cx, &format!("user-{round}")).await;
        let adding = [&one, &two].map(|group| world.patch(&cx, group, json!([add(&[user.stored.id])])));
        let (added, deleted) = join(join_all(adding), world.delete(&cx, &user)).await;
        deleted.unwrap();
        for added in added {
            let refused = matches!(added, Err(Error::Invalid(_) | Error::Store(StoreError::MemberGone)));
            assert!(added.is_ok() || refused, "{added:?}");
        }
        assert_eq!(raw.number("SELECT count(*) FROM member").await, 0);
    }
}

async fn deleting_a_group_while_it_is_filled_leaves_no_members_behind(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ids = users::<4>(world, &cx).await;
    let raw = Raw::of(world).await;
    for _ in 0..25 {
        let group = world.group(&cx, "Engineers", &ids[..1]).await;
        let adding = join_all(ids.map(|id| world.patch(&cx, &group, json!([add(&[id])]))));
        let (added, deleted) = join(adding, world.delete(&cx, &group)).await;
        deleted.unwrap();
        for added in added {
            assert!(matches!(added, Ok(_) | Err(Error::NotFound(_))), "{added:?}");
        }
        assert_eq!(raw.number("SELECT count(*) FROM member").await, 0);
    }
}

async fn groups_in_groups_can_be_deleted_at_once(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    // Twice, because PostgreSQL takes a second to notice a deadlock.
    for _ in 0..2 {
        let one = world.group(&cx, "One", &[]).await;
        let two = world.group(&cx, "Two", &[one.stored.id]).await;
        let three = world.group(&cx, "Three", &[one.stored.id, two.stored.id]).await;
        let groups = [&one, &two, &three];
        for deleted in join_all(groups.map(|group| world.delete(&cx, group))).await {
            deleted.unwrap();
        }
    }
    assert_eq!(Raw::of(world).await.number("SELECT count(*) FROM resource").await, 0);
}
