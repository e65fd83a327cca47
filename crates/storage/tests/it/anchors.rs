//! Deep pages, which begin at anchors, are the same windows of the same order as all others.

use domain::change::{Change, DocumentChange};
use domain::context::OpContext;
use domain::directory::{Kind, StoredResource};
use domain::ids::{FactId, ResourceId};
use domain::journal::{Aside, Fact};
use domain::ports::IdGen as _;
use domain::store::{ListPage, ListQuery, Store};
use scim_protocol::resource::Resource;
use serde_json::json;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::Raw;

on_both_databases! { World:
    deep_pages_are_windows_of_the_whole_list,
    deep_pages_follow_what_comes_and_goes,
    deep_pages_follow_what_another_process_does,
    anchors_of_tenants_and_kinds_are_apart,
    a_list_that_grows_deep_later_is_paged_alike,
}

const USERS: u64 = 3_000;

/// Offsets around anchors, and beyond the end.
const OFFSETS: [u64; 11] = [1_999, 2_000, 2_001, 2_498, 2_499, 2_500, 2_501, 2_990, 2_999, 3_000, 10_000];

async fn page(store: &dyn Store, cx: &OpContext, offset: u64, limit: u64) -> ListPage {
    let query = ListQuery { offset, limit, ..ListQuery::default() };
    store.read(&cx.scope).await.unwrap().list(&Kind::USER, &query).await.unwrap()
}

/// Compares pages with windows of the one page that holds everything and needs no offset.
async fn assert_windows(store: &dyn Store, cx: &OpContext, what: &str) {
    let all = page(store, cx, 0, 100_000).await;
    assert!(all.views.is_sorted_by(|left, right| left.stored.id < right.stored.id), "{what}");
    assert_eq!(all.total, all.views.len() as u64, "{what}");
    for offset in OFFSETS {
        for limit in [1, 7, 600] {
            let found = page(store, cx, offset, limit).await;
            let window = all.views.iter().skip(usize::try_from(offset).unwrap()).take(usize::try_from(limit).unwrap());
            assert!(found.views.iter().eq(window), "{what}: {limit} from {offset}");
            assert_eq!(found.total, all.total, "{what}: {limit} from {offset}");
        }
        assert_eq!(page(store, cx, offset, 0).await.total, all.total, "{what}: none from {offset}");
    }
}

/// A user with this id, between those there are.
fn user(cx: &OpContext, id: u128) -> StoredResource {
    let document = json!({"userName": format!("between-{id}")});
    StoredResource {
        kind: Kind::USER,
        id: ResourceId(Uuid::from_u128(id)),
        resource: Resource::trusted(document.as_object().cloned().unwrap()),
        version: 1,
        created: cx.now,
        modified: cx.now,
    }
}

async fn save(world: &World, cx: &OpContext, document: DocumentChange) {
    let (DocumentChange::Insert(stored) | DocumentChange::Delete(stored)) = &document else { panic!("one of these") };
    let fact = (FactId(world.ids.next(cx.now)), Fact::created(stored, &Aside::default()));
    let change = Change { facts: vec![fact], ..Change::of(cx, document) };
    world.store.save(&cx.scope, &change).await.unwrap();
}

async fn insert(world: &World, cx: &OpContext, id: u128) {
    save(world, cx, DocumentChange::Insert(user(cx, id))).await;
}

async fn delete_at(world: &World, cx: &OpContext, position: u64) {
    let stored = page(&*world.store, cx, position, 1).await.views.remove(0).stored;
    save(world, cx, DocumentChange::Delete(stored)).await;
}

async fn deep_pages_are_windows_of_the_whole_list(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    Raw::of(world).await.make_users(&tenant, USERS).await;
    let names = |page: ListPage| page.views[0].stored.resource.text("userName").unwrap().to_owned();
    assert_eq!(names(page(&*world.store, &cx, 2_000, 1).await), "user-2001");
    assert_eq!(names(page(&*world.store, &cx, 2_999, 1).await), "user-3000");
    assert_windows(&*world.store, &cx, "as filled").await;
    assert_windows(&*world.store, &cx, "from anchors that are there").await;
    assert!(page(&*world.store, &cx, u64::MAX, u64::MAX).await.views.is_empty());
}

async fn deep_pages_follow_what_comes_and_goes(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    Raw::of(world).await.make_users(&tenant, USERS).await;
    assert_windows(&*world.store, &cx, "as filled").await;
    insert(world, &cx, 1).await;
    assert_windows(&*world.store, &cx, "one more at the beginning").await;
    insert(world, &cx, 5_001).await;
    assert_windows(&*world.store, &cx, "one more at 2,501").await;
    world.user(&cx, "last").await;
    assert_windows(&*world.store, &cx, "one more at the end").await;
    delete_at(world, &cx, 0).await;
    assert_windows(&*world.store, &cx, "the first is gone").await;
    for anchor in [2_499, 1_999, 499] {
        delete_at(world, &cx, anchor).await;
        assert_windows(&*world.store, &cx, "an anchor is gone").await;
    }
    // As many as before, and not the same.
    delete_at(world, &cx, 2_600).await;
    insert(world, &cx, 3).await;
    assert_windows(&*world.store, &cx, "one has gone and one has come").await;
    world.store.work().fold_counts(1).await.unwrap();
    assert_windows(&*world.store, &cx, "folded").await;
    insert(world, &cx, 5).await;
    assert_windows(&*world.store, &cx, "one more after folding").await;
}

async fn deep_pages_follow_what_another_process_does(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    Raw::of(world).await.make_users(&tenant, USERS).await;
    let another = world.another_store().await;
    assert_windows(&*another, &cx, "as filled").await;
    for round in 0..3 {
        delete_at(world, &cx, 2_100).await;
        insert(world, &cx, 2 * round + 1).await;
        assert_windows(&*another, &cx, "one has gone and one has come elsewhere").await;
    }
}

async fn anchors_of_tenants_and_kinds_are_apart(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    Raw::of(world).await.make_users(&acme, USERS).await;
    Raw::of(world).await.make_users(&globex, USERS - 400).await;
    let cx = world.cx(&globex);
    delete_at(world, &cx, 0).await;
    for _ in 0..2 {
        assert_windows(&*world.store, &world.cx(&acme), "acme").await;
        assert_windows(&*world.store, &cx, "globex").await;
    }
    let query = ListQuery { offset: 2_500, limit: 10, ..ListQuery::default() };
    let groups = world.store.read(&cx.scope).await.unwrap().list(&Kind::GROUP, &query).await.unwrap();
    assert_eq!((groups.total, groups.views.len()), (0, 0));
}

/// A deep page of a short list has no anchor to begin at, and that is no reason never to look for one again.
async fn a_list_that_grows_deep_later_is_paged_alike(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    assert_windows(&*world.store, &cx, "empty").await;
    insert(world, &cx, 1).await;
    assert_windows(&*world.store, &cx, "one").await;
    Raw::of(world).await.make_users(&tenant, USERS).await;
    assert_windows(&*world.store, &cx, "grown").await;
    insert(world, &cx, 3).await;
    assert_windows(&*world.store, &cx, "one more").await;
}
