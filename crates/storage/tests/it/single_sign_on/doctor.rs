//! The link doctor: whether single sign-on and provisioning would meet at a person.

use domain::connection::link::{Finding, Stranger, Verdict};
use domain::connection::{Connection, IdentityClaim, Rules, Switch};
use domain::directory::{Kind, StoredResource};
use domain::ops::Welcome;
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use serde_json::{Value, json};
use testkit::{World, on_both_databases};

use super::connected;

on_both_databases! { World:
    a_person_who_fits_would_meet_and_then_meets,
    what_keeps_them_apart_is_named,
    a_stranger_of_the_same_name_tells_what_single_sign_on_says,
    only_connections_that_were_once_ready_are_examined,
}

const OBJECT_ID: &str = "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d";

async fn person(world: &World, tenant: &Tenant, attributes: Value) -> StoredResource {
    world.create(&world.cx(tenant), &Kind::USER, attributes).await.unwrap().stored
}

/// What the doctor says of a person by the tenant's one connection.
async fn diagnosis(world: &World, tenant: &Tenant, person: &StoredResource) -> (Verdict, Vec<Finding>) {
    let mut all = world.doctor.examine(&tenant.scope(), person).await.unwrap();
    let one = all.remove(0);
    assert!(all.is_empty(), "{all:?}");
    (one.verdict, one.findings)
}

/// Connected, and people are joined by their object ids.
async fn by_object_id(world: &World) -> (Tenant, Connection) {
    let (acme, connection) = connected(world).await;
    let rules = Rules { identity: IdentityClaim::ObjectId, ..connection.rules.clone() };
    let cx = world.operator(&acme);
    world.connections.set_rules(&cx, connection.id, None, "Entra", rules, false).await.unwrap();
    let connection = world.activated(&acme, connection.id).await;
    (acme, connection)
}

async fn a_person_who_fits_would_meet_and_then_meets(world: &World) {
    let (acme, connection) = by_object_id(world).await;
    let ada = person(world, &acme, json!({"userName": "ada", "externalId": OBJECT_ID})).await;
    assert_eq!(diagnosis(world, &acme, &ada).await, (Verdict::WouldMeet, vec![Finding::Fits]));
    world.clock.advance_seconds(60);
    let at = world.clock.now();
    assert!(matches!(world.sign_on(&acme, &connection, OBJECT_ID, "/t/acme/me").await, Welcome::Person { .. }));
    assert_eq!(diagnosis(world, &acme, &ada).await, (Verdict::Meets, vec![Finding::SignedIn(at)]));
    let cx = world.cx(&acme);
    let view = world.list(&cx, &Kind::USER, "userName eq \"ada\"").await.unwrap().remove(0);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    let off = world.patch(&cx, &view, off).await.unwrap().stored;
    let kept_out = (Verdict::KeptOut, vec![Finding::SignedIn(at), Finding::Inactive]);
    assert_eq!(diagnosis(world, &acme, &off).await, kept_out);
    // The refusal of somebody inactive is no other sign-in.
    assert!(matches!(world.sign_on(&acme, &connection, OBJECT_ID, "/t/acme/me").await, Welcome::Refused(_)));
    assert_eq!(diagnosis(world, &acme, &off).await, kept_out);
}

async fn what_keeps_them_apart_is_named(world: &World) {
    let (acme, connection) = by_object_id(world).await;
    let without = person(world, &acme, json!({"userName": "without", "active": false})).await;
    let both = vec![Finding::NoExternalId, Finding::Inactive];
    assert_eq!(diagnosis(world, &acme, &without).await, (Verdict::WouldNotMeet, both));
    let nickname = person(world, &acme, json!({"userName": "nick", "externalId": "nick.name"})).await;
    let finding = Finding::NotAnObjectId("nick.name".to_owned());
    assert_eq!(diagnosis(world, &acme, &nickname).await, (Verdict::WouldNotMeet, vec![finding]));
    let twins = ["one", "two", "three"].map(|name| json!({"userName": name, "externalId": OBJECT_ID}));
    for twin in twins {
        let twin = person(world, &acme, twin).await;
        let count = world.list(&world.cx(&acme), &Kind::USER, "").await.unwrap().len() as u64 - 2;
        let expected = match count {
            1 => (Verdict::WouldMeet, vec![Finding::Fits]),
            several => (Verdict::WouldNotMeet, vec![Finding::Shared(several)]),
        };
        assert_eq!(diagnosis(world, &acme, &twin).await, expected);
    }
    let rules = Rules { identity: IdentityClaim::Subject, ..connection.rules.clone() };
    world.connections.set_rules(&world.operator(&acme), connection.id, None, "Okta", rules, false).await.unwrap();
    assert_eq!(diagnosis(world, &acme, &nickname).await, (Verdict::WouldMeet, vec![Finding::Fits]), "any text will do");
}

async fn a_stranger_of_the_same_name_tells_what_single_sign_on_says(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = person(world, &acme, json!({"userName": "Ada@Example.com", "externalId": "nickname"})).await;
    let arrives = async |key: &str, user_name: &str| {
        world.clock.advance_seconds(60);
        let attempt =
            world.attempt(&connection, domain::connection::attempt::Purpose::SignIn, &format!("{key}{user_name}"));
        let ticket = world.arrived(&acme, attempt, testkit::connections::arrival(key, user_name)).await;
        world.pick_up(&acme, &ticket).await
    };
    assert!(matches!(arrives("other", "bob@example.com").await, Welcome::Refused(_)));
    assert_eq!(diagnosis(world, &acme, &ada).await.0, Verdict::WouldMeet, "that was somebody else");
    assert!(matches!(arrives(OBJECT_ID, "ada@EXAMPLE.com").await, Welcome::Refused(_)));
    let stranger = Stranger { at: world.clock.now(), key: OBJECT_ID.to_owned() };
    let differs = (Verdict::WouldNotMeet, vec![Finding::Differs(stranger)]);
    assert_eq!(diagnosis(world, &acme, &ada).await, differs);
    assert!(matches!(arrives("nickname", "ada@example.com").await, Welcome::Person { .. }));
    let at = world.clock.now();
    assert_eq!(
        diagnosis(world, &acme, &ada).await,
        (Verdict::Meets, vec![Finding::SignedIn(at)]),
        "it has been mended"
    );
    let other = world.oidc(&acme).await;
    world.activated(&acme, other.id).await;
    let verdicts: Vec<_> =
        world.doctor.examine(&acme.scope(), &ada).await.unwrap().iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Meets, Verdict::WouldMeet], "each connection has strangers of its own");
}

async fn only_connections_that_were_once_ready_are_examined(world: &World) {
    let acme = world.tenant("acme").await;
    let ada = person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let examined = async || world.doctor.examine(&acme.scope(), &ada).await.unwrap().len();
    let draft = world.oidc(&acme).await;
    assert_eq!(examined().await, 0);
    world.tested(&acme, draft.id).await;
    assert_eq!(examined().await, 1);
    let cx = world.operator(&acme);
    for to in [Switch::Active, Switch::Off] {
        world.connections.switch(&cx, draft.id, None, to).await.unwrap();
        assert_eq!(examined().await, 1);
    }
}
