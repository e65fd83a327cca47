//! Every operation, asked by a second tenant for what belongs to the first.

use domain::Error::NotFound;
use domain::admin::AdminRole;
use domain::connection::Switch;
use domain::connection::attempt::Purpose;
use domain::connection::cause::SignInCause;
use domain::directory::Kind;
use domain::ops::{LinkOutcome, OidcInput, Outcome, SamlInput, Welcome};
use domain::replay::Told;
use domain::sign_in_log::{SignInCounts, SignInQuery};
use serde_json::json;
use testkit::admins::{PASSWORD, SIGN_IN};
use testkit::connections::{ISSUER, METADATA_URL, arrival};
use testkit::{World, on_both_databases};

use super::Two;
use crate::raw::Raw;

on_both_databases! { World:
    operations_do_not_find_what_is_anothers,
    sign_ins_of_anothers_are_not_picked_up,
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
    no_connection_is_found(world, &two).await;
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

async fn no_connection_is_found(world: &World, two: &Two) {
    let (cx, id) = (world.operator(&two.globex), two.connection.id);
    let connections = &world.connections;
    assert_eq!(connections.list(&cx.scope).await.unwrap(), []);
    assert!(matches!(connections.find(&cx.scope, id).await, Err(NotFound(_))));
    assert!(matches!(connections.remove(&cx, id).await, Err(NotFound(_))));
    let input = SamlInput::Url(METADATA_URL.to_owned());
    assert!(matches!(connections.set_saml(&cx, id, None, input).await, Err(NotFound(_))));
    let input = OidcInput { issuer: ISSUER.to_owned(), client_id: "rollcall".to_owned(), secret: None };
    assert!(matches!(connections.set_oidc(&cx, id, None, input).await, Err(NotFound(_))));
    let rules = two.connection.rules.clone();
    assert!(matches!(connections.set_rules(&cx, id, None, "Stolen", rules, false).await, Err(NotFound(_))));
    assert!(matches!(connections.switch(&cx, id, None, Switch::Off).await, Err(NotFound(_))));
    assert!(matches!(connections.read_now(&cx, id).await, Err(NotFound(_))));
    assert!(matches!(connections.remove_key(&cx, two.key.id).await, Err(NotFound(_))));
    assert!(matches!(connections.set_break_glass(&cx, two.admin().id, true).await, Err(NotFound(_))));
    assert!(matches!(connections.unlink(&cx, two.admin().id).await, Err(NotFound(_))));
    assert_eq!(connections.own_keys(&cx.scope).await.unwrap(), []);
    assert_eq!(connections.counts(&cx.scope, id, cx.now).await.unwrap(), SignInCounts::default());
    let all = SignInQuery { limit: 10, ..SignInQuery::default() };
    assert_eq!(connections.sign_ins(&cx.scope, &all).await.unwrap(), []);
    assert_eq!(world.doctor.examine(&cx.scope, &two.ada.stored).await.unwrap(), []);
}

async fn sign_ins_of_anothers_are_not_picked_up(world: &World) {
    let two = Two::make(world).await;
    let (cx, sso) = (world.operator(&two.globex), &world.single_sign_on);
    assert_eq!(sso.open_connections(&cx.scope).await.unwrap(), []);
    assert!(matches!(sso.end_sessions_of(&cx, two.session.person).await, Err(NotFound(_))));
    assert_eq!(sso.whom_to_ask(&cx.scope).await.unwrap(), []);
    let found = sso.test_result(&two.globex, two.connection.id, two.attempt.id, cx.now).await;
    assert!(matches!(found, Err(NotFound(_))));
    let ticket =
        world.arrived(&two.acme, world.attempt(&two.connection, Purpose::SignIn, "x"), arrival("x", "a")).await;
    let refused =
        |welcome: &Welcome| matches!(welcome, Welcome::Refused(why) if why.cause == SignInCause::RequestUnknown);
    let welcome = world.pick_up(&two.globex, &ticket).await;
    assert!(refused(&welcome), "{welcome:?}");
    let Welcome::Person { session, .. } = world.pick_up(&two.acme, &ticket).await else { panic!("it is Acme's") };
    assert!(sso.resume(&two.acme, &session.cookie, cx.now).await.unwrap().is_some());
    assert_eq!(sso.resume(&two.globex, &session.cookie, cx.now).await.unwrap(), None);
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
