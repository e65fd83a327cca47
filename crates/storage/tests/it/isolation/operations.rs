//! Every operation, asked by a second tenant for what belongs to the first.

use domain::Error::NotFound;
use domain::admin::AdminRole;
use domain::directory::Kind;
use domain::ops::{LinkOutcome, Outcome};
use domain::replay::Told;
use serde_json::json;
use testkit::admins::{PASSWORD, SIGN_IN};
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
    no_admin_is_found(world, &two).await;
    no_domain_is_found(world, &two).await;
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex);
}

async fn no_admin_is_found(world: &World, two: &Two) {
    let (cx, id, globex) = (world.operator(&two.globex), two.admin().id, &two.globex);
    assert!(matches!(world.people.set_role(&cx, id, AdminRole::Auditor).await, Err(NotFound(_))));
    assert!(matches!(world.people.remove(&cx, id).await, Err(NotFound(_))));
    assert!(matches!(world.people.reset(&cx, globex, id, SIGN_IN).await, Err(NotFound(_))));
    assert!(matches!(world.people.invite_again(&cx, globex, id, SIGN_IN).await, Err(NotFound(_))));
    assert!(matches!(world.people.drop_second_step(&cx, id).await, Err(NotFound(_))));
    assert!(matches!(world.people.revoke_setup_link(&cx, two.setup.link.id).await, Err(NotFound(_))));
    assert!(matches!(world.sign_in.end_session(&cx, &two.owner, two.owner.session).await, Err(NotFound(_))));
    for (text, password) in [(&two.invitation.text, Some(PASSWORD)), (&two.setup.text, None)] {
        let scope = globex.scope();
        assert_eq!(world.sign_in.look_at_link(&scope, &text.reveal(), cx.now).await.unwrap(), None);
        assert!(matches!(world.use_link(globex, &text.reveal(), password).await.unwrap(), LinkOutcome::Gone));
    }
    assert!(matches!(world.try_password(globex, two.admin().email.as_str(), PASSWORD).await, Outcome::Refused));
}

async fn no_domain_is_found(world: &World, two: &Two) {
    let (cx, id) = (world.operator(&two.globex), two.domain.id);
    assert_eq!(world.domains.list(&cx.scope).await.unwrap(), []);
    assert!(matches!(world.domains.get(&cx.scope, id).await, Err(NotFound(_))));
    assert!(matches!(world.domains.check(&cx, id).await, Err(NotFound(_))));
    assert!(matches!(world.domains.remove(&cx, id).await, Err(NotFound(_))));
    assert!(matches!(world.domains.set_connection(&cx, id, None).await, Err(NotFound(_))));
    assert!(world.domains.outsiders(&cx.scope, 10).await.unwrap().people.is_empty());
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
