//! Letting somebody in whose answer was right, or not.

use domain::Error;
use domain::admin::{AdminIdentity, AdminRole};
use domain::connection::attempt::{Attempt, Purpose};
use domain::connection::cause::SignInCause;
use domain::connection::{Connection, Rules, Switch};
use domain::directory::{Kind, View};
use domain::email_domain::DomainPolicy;
use domain::ids::DomainId;
use domain::ops::{Ticket, Welcome};
use domain::ports::Clock as _;
use domain::sign_in_log::{SignInEntry, SignInQuery};
use domain::tenant::{ProvisioningState, Tenant};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::admins::visitor;
use testkit::connections::{BROWSER, SETTINGS, arrival};
use testkit::{World, on_both_databases};

use super::{connected, read};
use crate::raw;

on_both_databases! { World:
    somebody_comes_in_as_the_person_with_their_external_id,
    whoever_is_not_let_in_is_told_why_and_the_log_says_it,
    an_answer_is_picked_up_once_by_the_browser_that_began,
    of_many_who_pick_up_at_once_one_comes_in,
    a_connection_that_was_switched_off_meanwhile_lets_nobody_in,
    who_is_not_known_is_added_where_that_is_wanted,
    who_is_not_known_is_not_added_while_provisioning_is_on,
    two_windows_of_somebody_new_at_once_make_one_person,
    somebody_elses_user_name_is_not_taken,
    an_admin_comes_into_the_settings_and_a_person_to_their_page,
    an_account_is_joined_once_by_its_own_admin,
    addresses_outside_of_the_domains_are_refused_where_they_are_required,
    a_domain_that_is_led_to_one_connection_is_refused_by_the_others,
    nobody_is_added_by_a_connection_that_their_domain_is_not_led_to,
    long_names_are_names_too,
}

async fn person(world: &World, tenant: &Tenant, attributes: Value) -> View {
    world.create(&world.cx(tenant), &Kind::USER, attributes).await.unwrap()
}

fn refusal(welcome: &Welcome) -> SignInCause {
    match welcome {
        Welcome::Refused(refused) => refused.cause,
        other => panic!("{other:?}"),
    }
}

async fn newest(world: &World, tenant: &Tenant) -> SignInEntry {
    let query = SignInQuery { limit: 1, ..SignInQuery::default() };
    world.connections.sign_ins(&tenant.scope(), &query).await.unwrap().remove(0)
}

async fn people(world: &World, tenant: &Tenant) -> Vec<View> {
    world.list(&world.cx(tenant), &Kind::USER, "").await.unwrap()
}

/// Connected, and somebody who is not known is added to the directory.
async fn creating(world: &World) -> (Tenant, Connection) {
    let (acme, connection) = connected(world).await;
    let rules = Rules { creates_people: true, ..connection.rules.clone() };
    let cx = world.operator(&acme);
    let connection = world.connections.set_rules(&cx, connection.id, None, "Okta", rules, false).await.unwrap();
    (acme, connection)
}

async fn somebody_comes_in_as_the_person_with_their_external_id(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, json!({"userName": "key", "externalId": "another"})).await;
    let ada = person(world, &acme, json!({"userName": "ada", "externalId": "key", "displayName": "Ada"})).await;
    let welcome = world.sign_on(&acme, &connection, "key", "/t/acme/me?tab=1").await;
    let Welcome::Person { session, return_to } = welcome else { panic!("{welcome:?}") };
    assert_eq!((return_to.as_str(), session.device), ("/t/acme/me?tab=1", None));
    let caller = world.single_sign_on.resume(&acme, &session.cookie, world.clock.now()).await.unwrap().unwrap();
    assert_eq!(caller.person, ada.stored, "by nothing but this");
    let sign_on = &caller.session.sign_on;
    assert_eq!((sign_on.key.as_str(), sign_on.connection), ("key", connection.id));
    assert_eq!((sign_on.session.as_deref(), caller.session.address.as_str()), (Some("session-1"), "192.0.2.7"));
    let entry = newest(world, &acme).await;
    assert_eq!((entry.person, entry.cause, entry.key.as_deref()), (Some(ada.stored.id), None, Some("key")));
    let facts = raw::facts(world, &acme).await;
    let fact = facts.last().unwrap();
    assert_eq!(
        (fact.what.as_str(), fact.actor_kind.as_str(), fact.subject_id),
        ("session_started", "person", Some(ada.stored.id.0))
    );
    assert!(!format!("{:?}", raw::Raw::of(world).await.dump(&acme).await).contains(&session.cookie[33..]));
}

async fn whoever_is_not_let_in_is_told_why_and_the_log_says_it(world: &World) {
    let (acme, connection) = connected(world).await;
    let gone = person(world, &acme, json!({"userName": "gone", "externalId": "gone", "active": false})).await;
    for name in ["one", "two"] {
        person(world, &acme, json!({"userName": name, "externalId": "shared"})).await;
    }
    for (key, cause, of) in [
        ("eve", SignInCause::PersonUnknown, None),
        ("GONE", SignInCause::PersonUnknown, None),
        ("gone", SignInCause::PersonInactive, Some(gone.stored.id)),
        ("shared", SignInCause::PersonAmbiguous, None),
        ("\"\\", SignInCause::PersonUnknown, None),
    ] {
        let attempt = world.attempt(&connection, Purpose::SignIn, key);
        let ticket = world.arrived(&acme, attempt, arrival(key, "Somebody@Example.com")).await;
        assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), cause, "{key:?}");
        let entry = newest(world, &acme).await;
        assert_eq!((entry.cause, entry.person, entry.connection), (Some(cause), of, Some(connection.id)));
        assert_eq!((entry.name.as_deref(), entry.key.as_deref()), (Some("somebody@example.com"), Some(key)));
    }
    let attempt = world.attempt(&connection, Purpose::SignIn, "without");
    let without = domain::connection::arrival::Arrival { subject: None, ..arrival("gone", "gone") };
    let ticket = world.arrived(&acme, attempt, without).await;
    assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::ClaimMissing);
    assert!(newest(world, &acme).await.detail.contains("subject"));
    for (number, nobodys) in [String::new(), "a\u{0}".to_owned(), "x".repeat(501)].iter().enumerate() {
        let attempt = world.attempt(&connection, Purpose::SignIn, &number.to_string());
        let ticket = world.arrived(&acme, attempt, arrival(nobodys, "ada")).await;
        assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::ClaimMissing, "{nobodys:?}");
    }
    let facts = raw::facts(world, &acme).await;
    assert!(!facts.iter().any(|fact| fact.what == "session_started"));
}

async fn an_answer_is_picked_up_once_by_the_browser_that_began(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let attempt = world.attempt(&connection, Purpose::SignIn, "handle");
    let ticket = world.arrived(&acme, attempt, arrival("ada", "ada")).await;
    let now = world.clock.now();
    let visitor = visitor("192.0.2.7");
    let with = async |text: &str, browser: Option<&str>| {
        let ticket = Ticket { text, browser, settings: SETTINGS, visitor: &visitor };
        world.single_sign_on.pick_up(&acme, ticket, now).await.unwrap()
    };
    assert_eq!(refusal(&with(&ticket, None).await), SignInCause::OtherBrowser);
    assert_eq!(refusal(&with(&ticket, Some("another browser")).await), SignInCause::OtherBrowser);
    assert_eq!(refusal(&with("no ticket", Some(BROWSER)).await), SignInCause::RequestUnknown);
    assert!(matches!(with(&ticket, Some(BROWSER)).await, Welcome::Person { .. }), "nobody else has used it up");
    assert_eq!(refusal(&with(&ticket, Some(BROWSER)).await), SignInCause::Replayed);
    for purpose in [Purpose::Test, Purpose::Link, Purpose::SignOut] {
        let attempt = world.attempt(&connection, purpose, purpose.as_str());
        let ticket = world.arrived(&acme, attempt, arrival("ada", "ada")).await;
        assert_eq!(refusal(&with(&ticket, Some(BROWSER)).await), SignInCause::RequestUnknown, "{purpose:?}");
    }
}

async fn of_many_who_pick_up_at_once_one_comes_in(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let attempt = world.attempt(&connection, Purpose::SignIn, "handle");
    let ticket = world.arrived(&acme, attempt, arrival("ada", "ada")).await;
    let welcomes = join_all((0..6).map(|_| world.pick_up(&acme, &ticket))).await;
    let (let_in, refused): (Vec<_>, Vec<_>) =
        welcomes.into_iter().partition(|welcome| matches!(welcome, Welcome::Person { .. }));
    assert_eq!(let_in.len(), 1);
    assert!(refused.iter().all(|welcome| refusal(welcome) == SignInCause::Replayed), "{refused:?}");
    assert_eq!(read(world, &acme).await.list_person_sessions(ada.stored.id).await.unwrap().len(), 1);
}

async fn a_connection_that_was_switched_off_meanwhile_lets_nobody_in(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let attempt = world.attempt(&connection, Purpose::SignIn, "handle");
    let ticket = world.arrived(&acme, attempt, arrival("ada", "ada")).await;
    let cx = world.operator(&acme);
    world.connections.switch(&cx, connection.id, None, Switch::Off).await.unwrap();
    assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::ConnectionOff);
    world.connections.remove(&cx, connection.id).await.unwrap();
    assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::RequestUnknown);
}

async fn who_is_not_known_is_added_where_that_is_wanted(world: &World) {
    let (acme, connection) = creating(world).await;
    let mut arrived = arrival("0b5d", "Zoe@Example.com");
    arrived.email = Some("zoe@example.com".to_owned());
    arrived.display_name = Some("Zoë & Søn".to_owned());
    (arrived.given_name, arrived.family_name) = (Some("Zoë".to_owned()), Some("Søn".to_owned()));
    let attempt = world.attempt(&connection, Purpose::SignIn, "handle");
    let ticket = world.arrived(&acme, attempt, arrived).await;
    let welcome = world.pick_up(&acme, &ticket).await;
    assert!(matches!(welcome, Welcome::Person { .. }), "{welcome:?}");
    let people = people(world, &acme).await;
    let attributes = Value::Object(people[0].stored.resource.attributes().clone());
    let expected = json!({
        "userName": "Zoe@Example.com", "externalId": "0b5d", "active": true,
        "displayName": "Zoë & Søn", "name": {"givenName": "Zoë", "familyName": "Søn"},
        "emails": [{"type": "work", "value": "zoe@example.com", "primary": true}],
    });
    assert_eq!((people.len(), attributes), (1, expected));
    assert!(matches!(world.sign_on(&acme, &connection, "0b5d", "/t/acme/me").await, Welcome::Person { .. }));
    assert_eq!(self::people(world, &acme).await.len(), 1, "the second time they are known");
    let facts = raw::facts(world, &acme).await;
    let created = facts.iter().find(|fact| fact.subject_kind == "User" && fact.what == "created").unwrap();
    assert_eq!(created.actor_kind, "system");
    let attempt = world.attempt(&connection, Purpose::SignIn, "nameless");
    let nameless = domain::connection::arrival::Arrival { user_name: None, ..arrival("new", "") };
    let ticket = world.arrived(&acme, attempt, nameless).await;
    assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::ClaimMissing);
}

async fn who_is_not_known_is_not_added_while_provisioning_is_on(world: &World) {
    let (acme, connection) = creating(world).await;
    for state in [ProvisioningState::On, ProvisioningState::Paused] {
        let tenant = world.settings.set_provisioning(&world.operator(&acme), state).await.unwrap().tenant;
        let welcome = world.sign_on(&tenant, &connection, "zoe", "/t/acme/me").await;
        assert_eq!(refusal(&welcome), SignInCause::PersonUnknown, "{state:?}");
    }
    let off = world.settings.set_provisioning(&world.operator(&acme), ProvisioningState::Off).await.unwrap().tenant;
    assert!(matches!(world.sign_on(&off, &connection, "zoe", "/t/acme/me").await, Welcome::Person { .. }));
}

async fn two_windows_of_somebody_new_at_once_make_one_person(world: &World) {
    let (acme, connection) = creating(world).await;
    let windows = (0..4).map(|_| world.sign_on(&acme, &connection, "zoe", "/t/acme/me"));
    let welcomes = join_all(windows).await;
    assert!(welcomes.iter().all(|welcome| matches!(welcome, Welcome::Person { .. })), "{welcomes:?}");
    assert_eq!(people(world, &acme).await.len(), 1);
}

async fn somebody_elses_user_name_is_not_taken(world: &World) {
    let (acme, connection) = creating(world).await;
    let ada = person(world, &acme, json!({"userName": "ADA", "externalId": "another"})).await;
    assert_eq!(refusal(&world.sign_on(&acme, &connection, "ada", "/t/acme/me").await), SignInCause::PersonAmbiguous);
    let known = people(world, &acme).await;
    assert_eq!((known.len(), &known[0].stored), (1, &ada.stored), "nobody becomes somebody by a name");
}

async fn an_admin_comes_into_the_settings_and_a_person_to_their_page(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let admin = world.admin(&acme, "ada@acme.example", AdminRole::Admin).await;
    let only_admin = world.admin(&acme, "bob@acme.example", AdminRole::Owner).await;
    assert_eq!(refusal(&world.sign_on(&acme, &connection, "ada", SETTINGS).await), SignInCause::AdminUnknown);
    for (id, key) in [(admin.id, "ada"), (only_admin.id, "bob")] {
        let mut tx = super::write(world, &acme).await;
        let identity = AdminIdentity { connection: connection.id, key: key.to_owned() };
        tx.set_admin_identity(id, Some(&identity)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let page = format!("{SETTINGS}/audit?x=1");
    let welcome = world.sign_on(&acme, &connection, "ada", &page).await;
    let Welcome::Admin { session, return_to } = welcome else { panic!("{welcome:?}") };
    assert_eq!(return_to, page);
    let caller = world.caller(&acme, &session).await.unwrap();
    assert_eq!((caller.admin().unwrap().id, caller.is_complete), (admin.id, true));
    assert_eq!(newest(world, &acme).await.person, Some(ada.stored.id));
    let own = world.sign_on(&acme, &connection, "ada", "/t/acme/me").await;
    assert!(matches!(own, Welcome::Person { .. }), "who is both goes where they wanted to: {own:?}");
    let welcome = world.sign_on(&acme, &connection, "bob", "/t/acme/me").await;
    let Welcome::Admin { session, return_to } = welcome else { panic!("{welcome:?}") };
    assert_eq!(
        return_to,
        format!("{SETTINGS}/user-authentication"),
        "who is nobody of the directory has no page there"
    );
    assert_eq!(world.caller(&acme, &session).await.unwrap().admin().unwrap().id, only_admin.id);
    let facts = raw::facts(world, &acme).await;
    let started = facts.iter().rfind(|fact| fact.what == "session_started").unwrap();
    assert_eq!(started.payload()["by"], json!("single sign-on"));
}

async fn an_account_is_joined_once_by_its_own_admin(world: &World) {
    let (acme, connection) = connected(world).await;
    world.admin(&acme, "ada@acme.example", AdminRole::Owner).await;
    world.admin(&acme, "bob@acme.example", AdminRole::Owner).await;
    let (_, ada) = world.signed_in(&acme, "ada@acme.example").await;
    let (_, bob) = world.signed_in(&acme, "bob@acme.example").await;
    let visitor = visitor("192.0.2.7");
    let begin = async |handle: &str, admin| {
        let attempt = Attempt { admin: Some(admin), ..world.attempt(&connection, Purpose::Link, handle) };
        world.arrived(&acme, attempt, arrival("key", "ada")).await
    };
    let link = async |caller: &domain::admin::AdminCaller, text: &str| {
        let cx = world.as_caller(&acme, caller);
        let ticket = Ticket { text, browser: Some(BROWSER), settings: SETTINGS, visitor: &visitor };
        world.single_sign_on.link_account(&cx, &acme, caller.admin().unwrap().id, ticket).await
    };
    let refused = |done: Result<(), Error>, part: &str| match done {
        Err(Error::NotAllowed(why)) => assert!(why.contains(part), "{why}"),
        other => panic!("{other:?}"),
    };
    let ticket = begin("one", ada.admin().unwrap().id).await;
    refused(link(&bob, &ticket).await, "another account");
    link(&ada, &ticket).await.unwrap();
    refused(link(&ada, &ticket).await, "already");
    let second = begin("two", bob.admin().unwrap().id).await;
    refused(link(&bob, &second).await, "joined to this identity already");
    let find = async |id| {
        let mut read = read(world, &acme).await;
        read.find_admin(id).await.unwrap().unwrap().admin.identity
    };
    let identity = AdminIdentity { connection: connection.id, key: "key".to_owned() };
    let (ada_id, bob_id) = (ada.admin().unwrap().id, bob.admin().unwrap().id);
    assert_eq!((find(ada_id).await, find(bob_id).await), (Some(identity), None));
    world.connections.unlink(&world.as_caller(&acme, &ada), ada_id).await.unwrap();
    world.connections.unlink(&world.as_caller(&acme, &ada), ada_id).await.unwrap();
    assert_eq!(find(ada_id).await, None);
    link(&bob, &second).await.unwrap();
    let facts = raw::facts(world, &acme).await;
    let told: Vec<_> =
        facts.iter().filter(|fact| fact.what.starts_with("account_")).map(|fact| fact.what.as_str()).collect();
    assert_eq!(told, ["account_linked", "account_unlinked", "account_linked"]);
}

async fn addresses_outside_of_the_domains_are_refused_where_they_are_required(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, json!({"userName": "ada", "externalId": "ada"})).await;
    let required = world.with_domain(&acme, "contoso.com", DomainPolicy::Require).await;
    let enter = async |tenant: &Tenant, user_name: &str, email: Option<&str>| {
        let handle = format!("{user_name} {email:?} {:?}", tenant.domains.policy);
        let mut arrived = arrival("ada", user_name);
        arrived.email = email.map(str::to_owned);
        let ticket = world.arrived(tenant, world.attempt(&connection, Purpose::SignIn, &handle), arrived).await;
        world.pick_up(tenant, &ticket).await
    };
    assert!(matches!(enter(&required, "ada@contoso.com", None).await, Welcome::Person { .. }));
    assert!(matches!(enter(&required, "ada", Some("Ada@CONTOSO.com")).await, Welcome::Person { .. }));
    for (user_name, email) in [("ada@gmail.com", None), ("ada@contoso.com", Some("ada@gmail.com"))] {
        assert_eq!(refusal(&enter(&required, user_name, email).await), SignInCause::DomainOutside);
        assert!(newest(world, &acme).await.detail.contains("gmail.com"));
    }
    world.domains.set_policy(&world.operator(&acme), DomainPolicy::Warn).await.unwrap();
    let warned = world.tenants.get(&acme.slug).await.unwrap();
    assert!(matches!(enter(&warned, "ada@gmail.com", None).await, Welcome::Person { .. }));
}

/// A tenant with two connections that are active, and a domain that is led to the second of them.
async fn led(world: &World) -> (Tenant, [Connection; 2], DomainId) {
    let (acme, oidc) = creating(world).await;
    let saml = world.saml(&acme).await;
    let saml = world.activated(&acme, saml.id).await;
    let domain = world.verified_domain(&acme, "contoso.com").await;
    world.domains.set_connection(&world.operator(&acme), domain.id, Some(saml.id)).await.unwrap();
    (world.tenants.get(&acme.slug).await.unwrap(), [oidc, saml], domain.id)
}

async fn a_domain_that_is_led_to_one_connection_is_refused_by_the_others(world: &World) {
    let (acme, [oidc, saml], domain) = led(world).await;
    let ada = person(world, &acme, json!({"userName": "Ada@CONTOSO.com", "externalId": "ada"})).await;
    person(world, &acme, json!({"userName": "bob@elsewhere.example", "externalId": "bob"})).await;
    let enter = async |connection, key| world.sign_on(&acme, connection, key, "/t/acme/me").await;
    assert_eq!(refusal(&enter(&oidc, "ada").await), SignInCause::OtherConnection);
    let entry = newest(world, &acme).await;
    assert_eq!((entry.cause, entry.person), (Some(SignInCause::OtherConnection), Some(ada.stored.id)));
    assert_eq!(read(world, &acme).await.list_person_sessions(ada.stored.id).await.unwrap(), []);
    assert!(matches!(enter(&saml, "ada").await, Welcome::Person { .. }), "by the one that is chosen");
    for connection in [&oidc, &saml] {
        assert!(matches!(enter(connection, "bob").await, Welcome::Person { .. }), "no domain of the tenant's");
    }
    // Without a choice each lets them in.
    world.domains.set_connection(&world.operator(&acme), domain, None).await.unwrap();
    assert!(matches!(enter(&oidc, "ada").await, Welcome::Person { .. }));
}

async fn nobody_is_added_by_a_connection_that_their_domain_is_not_led_to(world: &World) {
    let (acme, [oidc, _], _) = led(world).await;
    let attempt = world.attempt(&oidc, Purpose::SignIn, "handle");
    let ticket = world.arrived(&acme, attempt, arrival("zoe", "zoe@contoso.com")).await;
    assert_eq!(refusal(&world.pick_up(&acme, &ticket).await), SignInCause::OtherConnection);
    assert_eq!(people(world, &acme).await, [], "somebody whom it may not let in");
    let attempt = world.attempt(&oidc, Purpose::SignIn, "other");
    let ticket = world.arrived(&acme, attempt, arrival("zoe", "zoe@elsewhere.example")).await;
    assert!(matches!(world.pick_up(&acme, &ticket).await, Welcome::Person { .. }));
}

/// An entry of an index of PostgreSQL ends at 2,704 bytes, and a name of an identity provider's does not.
async fn long_names_are_names_too(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, json!({"userName": "ada", "externalId": "key"})).await;
    // Such that it cannot be compressed.
    let long: String = (0..2_000_u64)
        .fold(String::new(), |long, number| long + &format!("{:x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let mut arrived = arrival("key", &long);
    arrived.name_id.as_mut().unwrap().value.clone_from(&long);
    let ticket = world.arrived(&acme, world.attempt(&connection, Purpose::SignIn, "handle"), arrived).await;
    let welcome = world.pick_up(&acme, &ticket).await;
    assert!(matches!(welcome, Welcome::Person { .. }), "{welcome:?}");
    assert_eq!(newest(world, &acme).await.name, Some(long[..500].to_owned()));
    let found = read(world, &acme).await.sessions_of_key(connection.id, &long, None).await.unwrap();
    assert_eq!((found.len(), &found[0].sign_on.name.as_ref().unwrap().value), (1, &long));
    assert_eq!(read(world, &acme).await.sessions_of_key(connection.id, &long[1..], None).await, Ok(Vec::new()));
}
