//! Every change is told once, and nothing else is.

use domain::context::{Actor, OpContext};
use domain::credential::CredentialKind;
use domain::directory::Kind;
use domain::ids::{CredentialId, FactId};
use domain::journal::{Fact, Subject, What};
use domain::ops::{NewToken, Show};
use domain::ports::{Clock as _, IdGen as _};
use domain::store::Store as _;
use domain::tenant::{ProvisioningState, Tenant, TenantStatus};
use scim_protocol::version::Precondition;
use serde_json::{Value, json};
use testkit::world::{patch_request, target};
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::{self, FactRow, Raw};

on_both_databases! { World:
    each_change_of_a_user_is_one_fact,
    each_change_of_a_group_is_one_fact_with_who_came_and_went,
    each_group_that_loses_a_deleted_user_is_told_of_before_the_user,
    an_order_that_the_difference_does_not_tell_is_told,
    what_was_ignored_is_told,
    tokens_and_settings_are_told,
    what_operators_do_is_told,
    who_did_it_and_in_which_request_is_told,
    what_failed_is_not_told,
    a_fact_falls_with_its_transaction,
}

/// The newest fact; there have to be this many.
async fn newest(world: &World, tenant: &Tenant, count: usize) -> FactRow {
    let mut facts = raw::facts(world, tenant).await;
    assert_eq!(facts.len(), count, "{facts:?}");
    facts.pop().unwrap()
}

fn assert_tells(fact: &FactRow, what: &str, subject: (&str, Option<Uuid>), payload: &Value) {
    let found = (fact.what.as_str(), fact.subject_kind.as_str(), fact.subject_id);
    assert_eq!(found, (what, subject.0, subject.1));
    assert_eq!(fact.payload(), *payload);
}

async fn each_change_of_a_user_is_one_fact(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.create(&cx, &Kind::USER, json!({"userName": "ada", "title": "x"})).await.unwrap();
    let subject = ("User", Some(ada.stored.id.0));
    let after = json!({"after": {"userName": "ada", "title": "x"}});
    assert_tells(&newest(world, &tenant, 2).await, "created", subject, &after);

    world.replace(&cx, &ada, json!({"userName": "ada", "locale": "fi"})).await.unwrap();
    let change = json!({"before": {"title": "x"}, "after": {"locale": "fi", "title": null}});
    assert_tells(&newest(world, &tenant, 3).await, "replaced", subject, &change);

    world.patch(&cx, &ada, json!([{"op": "replace", "path": "locale", "value": "sv"}])).await.unwrap();
    let change = json!({"before": {"locale": "fi"}, "after": {"locale": "sv"}});
    assert_tells(&newest(world, &tenant, 4).await, "patched", subject, &change);

    world.delete(&cx, &ada).await.unwrap();
    let change = json!({"before": {"userName": "ada", "locale": "sv"}, "after": {"userName": null, "locale": null}});
    assert_tells(&newest(world, &tenant, 5).await, "deleted", subject, &change);
}

async fn each_change_of_a_group_is_one_fact_with_who_came_and_went(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, bob) = (world.user(&cx, "ada").await.stored.id, world.user(&cx, "bob").await);
    let group = world.group(&cx, "Engineers", &[ada]).await;
    let subject = ("Group", Some(group.stored.id.0));
    let told = json!({"after": {"displayName": "Engineers"}, "members_added": [ada.to_string()]});
    assert_tells(&newest(world, &tenant, 4).await, "created", subject, &told);

    let bob_id = bob.stored.id.to_string();
    let operation = json!([{"op": "replace", "path": "members", "value": [{"value": bob_id}]}]);
    world.patch(&cx, &group, operation).await.unwrap();
    let told = json!({"members_added": [bob_id], "members_removed": [ada.to_string()]});
    assert_tells(&newest(world, &tenant, 5).await, "patched", subject, &told);

    // The group that lost a member has a fact of its own, told before the user's.
    world.delete(&cx, &bob).await.unwrap();
    let [.., group_fact, user_fact] = &raw::facts(world, &tenant).await[..] else { panic!("two facts") };
    assert_tells(group_fact, "patched", subject, &json!({"members_removed": [bob_id]}));
    let change = json!({"before": {"userName": "bob"}, "after": {"userName": null}});
    assert_tells(user_fact, "deleted", ("User", Some(bob.stored.id.0)), &change);
    world.delete(&cx, &group).await.unwrap();
    let told = json!({"before": {"displayName": "Engineers"}, "after": {"displayName": null}});
    assert_tells(&newest(world, &tenant, 8).await, "deleted", subject, &told);
}

async fn each_group_that_loses_a_deleted_user_is_told_of_before_the_user(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, bob) = (world.user(&cx, "ada").await, world.user(&cx, "bob").await.stored.id);
    let mut groups = Vec::new();
    // More facts than SQLite gets in one text, and in two.
    for number in 0..40 {
        groups.push(world.group(&cx, &format!("{number}"), &[ada.stored.id, bob]).await.stored.id);
    }
    world.group(&cx, "Other", &[bob]).await;
    let before = raw::facts(world, &tenant).await.len();
    world.delete(&cx, &ada).await.unwrap();

    let told = &raw::facts(world, &tenant).await[before..];
    assert_eq!(told.len(), 41, "{told:?}");
    for (fact, group) in told.iter().zip(groups) {
        let lost = json!({"members_removed": [ada.stored.id.to_string()]});
        assert_tells(fact, "patched", ("Group", Some(group.0)), &lost);
    }
    assert_eq!((told[40].what.as_str(), told[40].subject_id), ("deleted", Some(ada.stored.id.0)));
}

async fn an_order_that_the_difference_does_not_tell_is_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let ada = world.create(&cx, &Kind::USER, json!({"userName": "ada", "title": "x"})).await.unwrap();
    let subject = ("User", Some(ada.stored.id.0));
    world.replace(&cx, &ada, json!({"locale": "fi", "userName": "ada", "title": "x"})).await.unwrap();
    let change = json!({"after": {"locale": "fi"}, "order": ["locale", "userName", "title"]});
    assert_tells(&newest(world, &tenant, 3).await, "replaced", subject, &change);
}

async fn what_was_ignored_is_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let document = json!({"userName": "ada", "shoeSize": 43});
    let ada = world.create(&cx, &Kind::USER, document.clone()).await.unwrap();
    let subject = ("User", Some(ada.stored.id.0));
    let told = json!({"after": {"userName": "ada"}, "ignored": ["shoeSize"]});
    assert_tells(&newest(world, &tenant, 2).await, "created", subject, &told);

    // Nothing changes but what was sent is worth knowing.
    assert_eq!(world.replace(&cx, &ada, document).await.unwrap(), ada);
    assert_tells(&newest(world, &tenant, 3).await, "replaced", subject, &json!({"ignored": ["shoeSize"]}));
    let operation = json!([{"op": "add", "path": "hatSize", "value": 1}]);
    assert_eq!(world.patch(&cx, &ada, operation).await.unwrap(), ada);
    assert_tells(&newest(world, &tenant, 4).await, "patched", subject, &json!({"ignored": ["hatSize"]}));
}

async fn tokens_and_settings_are_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let expires = Some(cx.now.plus_seconds(60));
    let token = world
        .credentials
        .mint(&cx, NewToken { label: "entra".to_owned(), expires, ..NewToken::default() })
        .await
        .unwrap()
        .token;
    let subject = ("Token", Some(token.id.0));
    let shown = json!({
        "label": "entra", "last_four": token.secrets[0].last_four, "expires": "2026-01-01T00:01:00.000000Z",
        "scopes": "users:read users:write groups:read groups:write",
    });
    assert_tells(&newest(world, &tenant, 2).await, "created", subject, &json!({"after": shown}));

    world.credentials.revoke(&cx, token.id).await.unwrap();
    let shown = json!({"label": "entra", "last_four": token.secrets[0].last_four});
    assert_tells(&newest(world, &tenant, 3).await, "revoked", subject, &json!({"before": shown}));
    world.credentials.revoke(&cx, token.id).await.unwrap();

    world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap();
    let change = json!({"before": {"provisioning": "off"}, "after": {"provisioning": "on"}});
    assert_tells(&newest(world, &tenant, 4).await, "provisioning_changed", ("Tenant", None), &change);
    world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap();
    newest(world, &tenant, 4).await;

    // The first switching-on is two things: the switch and the first token.
    let (open, _) = world.open_tenant("globex").await;
    let told: Vec<_> = raw::facts(world, &open).await.into_iter().map(|fact| fact.what).collect();
    assert_eq!(told, ["created", "provisioning_changed", "created"]);
}

async fn what_operators_do_is_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let fact = newest(world, &tenant, 1).await;
    let shown = json!({"after": {"slug": "acme", "name": "acme"}});
    assert_tells(&fact, "created", ("Tenant", None), &shown);
    assert_eq!((fact.actor_kind.as_str(), fact.actor_id, fact.request_id.as_str()), ("operator", None, "cli"));

    let now = world.clock.now();
    for status in [TenantStatus::Suspended, TenantStatus::Suspended] {
        world.tenants.set_status(&Actor::Operator, &tenant.slug, status, now).await.unwrap();
    }
    let change = json!({"before": {"status": "active"}, "after": {"status": "suspended"}});
    assert_tells(&newest(world, &tenant, 2).await, "status_changed", ("Tenant", None), &change);
}

async fn who_did_it_and_in_which_request_is_told(world: &World) {
    let tenant = world.tenant("acme").await;
    world.clock.advance_seconds(5);
    let id = CredentialId(Uuid::from_u128(7));
    let actor = Actor::Credential { id, kind: CredentialKind::Token, label: "entra".to_owned() };
    let cx = OpContext { actor, request_id: "request-7".to_owned(), ..world.cx(&tenant) };
    world.user(&cx, "ada").await;
    let fact = newest(world, &tenant, 2).await;
    assert_eq!((fact.actor_kind.as_str(), fact.actor_id), ("token", Some(id.to_string())));
    assert_eq!((fact.request_id.as_str(), fact.at_us), ("request-7", cx.now.as_micros()));
    world.user(&world.cx(&tenant), "bob").await;
    let fact = newest(world, &tenant, 3).await;
    assert_eq!((fact.actor_kind.as_str(), fact.actor_id), ("system", None));
}

async fn what_failed_is_not_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let (ada, bob) = (world.user(&cx, "ada").await, world.user(&cx, "bob").await);
    let group = world.group(&cx, "Engineers", &[]).await;
    let unknown = json!([{"value": Uuid::from_u128(1).to_string()}]);
    let raw = Raw::of(world).await;
    let before = raw.dump(&tenant).await;

    assert!(world.create(&cx, &Kind::USER, json!({"userName": "ADA"})).await.is_err());
    assert!(world.replace(&cx, &bob, json!({"userName": "ada"})).await.is_err());
    assert!(world.create(&cx, &Kind::GROUP, json!({"displayName": "x", "members": unknown})).await.is_err());
    assert!(world.patch(&cx, &group, json!([{"op": "add", "path": "members", "value": unknown}])).await.is_err());
    let stale = Precondition::parse("W/\"9\"");
    let patch = patch_request(json!([{"op": "add", "path": "title", "value": "x"}])).unwrap();
    assert!(world.provisioning.patch(&cx, &target(&ada), patch, Some(&stale), Show::Related).await.is_err());
    assert!(world.provisioning.delete(&cx, &target(&ada), Some(&stale)).await.is_err());
    assert!(world.settings.set_provisioning(&cx, ProvisioningState::Paused).await.is_err());
    assert!(world.credentials.revoke(&cx, CredentialId(Uuid::from_u128(1))).await.is_err());
    assert_eq!(raw.dump(&tenant).await, before);

    for _ in 0..2 {
        world.credentials.mint(&cx, NewToken::default()).await.unwrap();
    }
    let before = raw.dump(&tenant).await;
    assert!(world.credentials.mint(&cx, NewToken::default()).await.is_err());
    assert_eq!(raw.dump(&tenant).await, before);
}

async fn a_fact_falls_with_its_transaction(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let fact = Fact { what: What::Patched, subject: Subject::Tenant, payload: json!({"a": 1}) };
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    tx.record(&cx, FactId(world.ids.next(cx.now)), &fact).await.unwrap();
    drop(tx);
    newest(world, &tenant, 1).await;

    let mut tx = world.store.operate(&Actor::Operator).await.unwrap();
    tx.record(&cx, FactId(world.ids.next(cx.now)), &fact).await.unwrap();
    drop(tx);
    newest(world, &tenant, 1).await;

    let mut tx = world.store.write(&cx.scope).await.unwrap();
    tx.record(&cx, FactId(world.ids.next(cx.now)), &fact).await.unwrap();
    tx.commit().await.unwrap();
    assert_tells(&newest(world, &tenant, 2).await, "patched", ("Tenant", None), &json!({"a": 1}));
}
