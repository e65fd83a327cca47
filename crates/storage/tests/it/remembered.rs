//! A change that is decided on what was read a moment ago, while others change the same.

use std::sync::Arc;

use domain::Error;
use domain::context::OpContext;
use domain::directory::{Related, View};
use domain::ops::{IndexWishes, Provisioning, Show};
use domain::store::Store;
use serde_json::{Value, json};
use testkit::world::{LIST_MEMBERS_LIMIT, elements, patch_request, target};
use testkit::{TestPasswords, World, on_both_databases};

on_both_databases! { World:
    a_change_after_a_look_is_made_on_what_another_process_wrote_meanwhile,
    what_another_process_took_back_is_set_again,
    whoever_was_deleted_by_another_process_is_not_found,
    groups_joined_since_the_look_are_shown,
}

/// A process that looks, and one that changes meanwhile.
struct Two {
    other: Provisioning,
    cx: OpContext,
}

impl Two {
    async fn over(world: &World) -> Self {
        let store: Arc<dyn Store> = world.another_store().await;
        let wishes = Arc::new(IndexWishes::new(store.clone()));
        let other = Provisioning::new(store, world.ids.clone(), wishes, Arc::new(TestPasswords), LIST_MEMBERS_LIMIT);
        Self { other, cx: world.cx(&world.tenant("acme").await) }
    }

    async fn others_patch(&self, view: &View, operations: Value) {
        let request = patch_request(operations).unwrap();
        self.other.patch(&self.cx, &target(view), request, None, Show::Document).await.unwrap();
    }
}

async fn a_change_after_a_look_is_made_on_what_another_process_wrote_meanwhile(world: &World) {
    let two = Two::over(world).await;
    let ada = world.user(&two.cx, "ada").await;
    world.get(&two.cx, &ada).await.unwrap();
    two.others_patch(&ada, json!([{"op": "add", "path": "title", "value": "Countess"}])).await;
    let after = world.patch(&two.cx, &ada, json!([{"op": "add", "path": "nickName", "value": "Ada"}])).await.unwrap();
    assert_eq!(after.stored.version, 3);
    assert_eq!(
        (after.stored.resource.text("title"), after.stored.resource.text("nickName")),
        (Some("Countess"), Some("Ada"))
    );
    assert_eq!(world.get(&two.cx, &ada).await.unwrap().stored, after.stored);
}

async fn what_another_process_took_back_is_set_again(world: &World) {
    let two = Two::over(world).await;
    let ada = world.user(&two.cx, "ada").await;
    world.get(&two.cx, &ada).await.unwrap();
    two.others_patch(&ada, json!([{"op": "replace", "path": "active", "value": false}])).await;
    let after = world.patch(&two.cx, &ada, json!([{"op": "replace", "path": "active", "value": true}])).await.unwrap();
    assert!(after.stored.is_active(), "as it was remembered there was nothing to do");
    assert!(world.get(&two.cx, &ada).await.unwrap().stored.is_active());
}

async fn whoever_was_deleted_by_another_process_is_not_found(world: &World) {
    let two = Two::over(world).await;
    let ada = world.user(&two.cx, "ada").await;
    world.get(&two.cx, &ada).await.unwrap();
    two.other.delete(&two.cx, &target(&ada), None).await.unwrap();
    let patched = world.patch(&two.cx, &ada, json!([{"op": "add", "path": "title", "value": "Countess"}])).await;
    assert!(matches!(patched, Err(Error::NotFound(_))), "{patched:?}");
}

async fn groups_joined_since_the_look_are_shown(world: &World) {
    let two = Two::over(world).await;
    let ada = world.user(&two.cx, "ada").await;
    let [outer, inner] = [world.group(&two.cx, "outer", &[]).await, world.group(&two.cx, "inner", &[]).await];
    world.get(&two.cx, &ada).await.unwrap();
    let joins = |id| json!([{"op": "add", "path": "members", "value": elements(&[id])}]);
    two.others_patch(&inner, joins(ada.stored.id)).await;
    two.others_patch(&outer, joins(inner.stored.id)).await;
    let after = world.patch(&two.cx, &ada, json!([{"op": "add", "path": "title", "value": "Countess"}])).await.unwrap();
    let Related::Groups(groups) = &after.related else { panic!("{after:?}") };
    assert_eq!(groups.iter().map(|group| group.id).collect::<Vec<_>>(), [inner.stored.id, outer.stored.id]);
    assert_eq!(world.get(&two.cx, &ada).await.unwrap(), after);
}
