//! Every operation, asked by a second tenant for what belongs to the first.

use domain::Error::NotFound;
use domain::directory::Kind;
use domain::replay::Told;
use serde_json::json;
use testkit::{World, on_both_databases};

use super::Two;
use crate::raw::Raw;

on_both_databases! { World:
    operations_do_not_find_what_is_anothers,
    the_journal_tells_nothing_of_what_is_anothers,
}

async fn operations_do_not_find_what_is_anothers(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);
    let cx = world.cx(&two.globex);
    for view in [&two.ada, &two.group] {
        let document = json!({"userName": "ada", "displayName": "Ada"});
        assert!(matches!(world.get(&cx, view).await, Err(NotFound(_))));
        assert!(matches!(world.replace(&cx, view, document).await, Err(NotFound(_))));
        let patch = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
        assert!(matches!(world.patch(&cx, view, patch).await, Err(NotFound(_))));
        assert!(matches!(world.delete(&cx, view).await, Err(NotFound(_))));
    }
    let members = json!({"displayName": "Thieves", "members": [{"value": two.ada.stored.id.to_string()}]});
    assert!(matches!(world.create(&cx, &Kind::GROUP, members).await, Err(domain::Error::Invalid(_))));
    assert!(matches!(world.credentials.revoke(&cx, two.token.id).await, Err(NotFound(_))));
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex);
}

async fn the_journal_tells_nothing_of_what_is_anothers(world: &World) {
    let two = Two::make(world).await;
    world.number_facts().await;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);
    let cx = world.cx(&two.globex);
    for view in [&two.ada, &two.group] {
        assert_eq!(world.journal.state_at(&cx.scope, view.stored.id, i64::MAX).await, Ok(Told::Absent));
        assert_eq!(world.journal.erase(&cx, &view.stored.kind, view.stored.id).await.unwrap(), 0);
    }
    assert_eq!(world.journal.facts_after(&cx.scope, 0, 100).await.unwrap().len(), 1);
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex, "erasing nothing is not told either");
}
