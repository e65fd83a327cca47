//! Answers by SAML that others have signed, from the form that a browser posts until they wait for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Error;
use domain::connection::attempt::{ANSWER_SECONDS, ARRIVAL_SECONDS, Attempt, Purpose, TEST_SECONDS};
use domain::connection::cause::SignInCause;
use domain::connection::link::{Finding, Verdict};
use domain::connection::service::ServiceAddresses;
use domain::connection::{Connection, Protocol, Rules, Stage, Switch};
use domain::directory::Kind;
use domain::ops::{Landing, Posted, SamlInput, TestResult, Welcome};
use domain::ports::Clock as _;
use domain::sign_in_log::{SignInEntry, SignInQuery};
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use futures_util::future::join_all;
use serde_json::json;
use testkit::admins::visitor;
use testkit::connections::{METADATA_URL, metadata};
use testkit::{World, on_both_databases};

use super::write;
use crate::raw;

on_both_databases! { World:
    a_test_shows_what_arrived_and_opens_the_way,
    a_test_that_fails_says_why_and_is_over,
    a_test_of_an_older_set_up_says_nothing_of_the_newer,
    an_answer_that_comes_many_times_at_once_is_taken_once,
    a_wrong_answer_does_not_end_a_sign_in_that_is_under_way,
    a_sign_in_that_took_too_long_is_refused,
    an_identity_provider_may_begin_where_that_is_allowed,
    an_unknown_certificate_has_the_metadata_read_again_and_not_too_often,
}

/// When the fixtures were signed, by whom, for whom, and what they answer.
const SIGNED: Timestamp = Timestamp::from_micros(1_893_499_200_000_000);
const IDP: &str = "https://sts.windows.net/5f8a2c3e-7b1d-4c7e-9f0a-2d6b8e4c1a90/";
const REQUEST: &str = "_8c1f0b7a9d3e4f52a6b7c8d9e0f1a2b3";
const OBJECT_ID: &str = "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d";

const HONEST: &str = include_str!("../../../../sso/tests/fixtures/signxml/assertion.xml");
const ATTACKER: &str = include_str!("../../../../sso/tests/fixtures/signxml/attacker.xml");
const NEXT_KEY: &str = include_str!("../../../../sso/tests/fixtures/signxml/next-key.xml");
const UNSOLICITED: &str = include_str!("../../../../sso/tests/fixtures/signxml/unsolicited.xml");
const CERTIFICATE: &str = include_str!("../../../../sso/tests/fixtures/keys/idp.crt");
const NEXT_CERTIFICATE: &str = include_str!("../../../../sso/tests/fixtures/keys/idp-next.crt");

fn service() -> ServiceAddresses {
    ServiceAddresses {
        entity_id: "https://app.example/t/acme/sso/saml".to_owned(),
        acs: "https://app.example/t/acme/sso/saml/acs".to_owned(),
        slo: "https://app.example/t/acme/sso/saml/logout".to_owned(),
        redirect_uri: "https://app.example/t/acme/sso/oidc/callback".to_owned(),
        signed_out: "https://app.example/t/acme/signed-out".to_owned(),
    }
}

/// The lines of a PEM certificate between its ends.
fn base64_of(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn publish(world: &World, certificates: &[&str]) {
    let certificates: Vec<String> = certificates.iter().map(|pem| base64_of(pem)).collect();
    let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
    world.fetch.document(METADATA_URL, &metadata(IDP, &certificates));
}

/// A tenant that is set up with the fixtures' identity provider ten minutes before they were signed.
async fn set_up(world: &World) -> (Tenant, Connection) {
    world.clock.set(SIGNED.plus_seconds(-600));
    publish(world, &[CERTIFICATE]);
    let tenant = world.tenant("acme").await;
    let made = world.connection(&tenant, Protocol::Saml).await;
    let input = SamlInput::Url(METADATA_URL.to_owned());
    let made = world.connections.set_saml(&world.operator(&tenant), made.id, None, input).await.unwrap();
    world.clock.set(SIGNED);
    (tenant, made)
}

async fn begin(world: &World, tenant: &Tenant, connection: &Connection, purpose: Purpose) -> Attempt {
    let attempt = world.attempt(connection, purpose, REQUEST);
    let mut tx = write(world, tenant).await;
    tx.insert_attempt(&attempt).await.unwrap();
    tx.commit().await.unwrap();
    attempt
}

async fn post(world: &World, tenant: &Tenant, document: &str, relay_state: &str) -> Landing {
    let posted = Posted { response: STANDARD.encode(document), relay_state: relay_state.to_owned() };
    let visitor = visitor("192.0.2.7");
    world.single_sign_on.saml_response(tenant, posted, &service(), &visitor, world.clock.now()).await.unwrap()
}

fn cause(landing: &Landing) -> SignInCause {
    match landing {
        Landing::Refused(refused) => refused.cause,
        other => panic!("{other:?}"),
    }
}

fn ticket(landing: Landing) -> String {
    match landing {
        Landing::PickUp { ticket, purpose: Purpose::SignIn } => ticket,
        other => panic!("{other:?}"),
    }
}

async fn log(world: &World, tenant: &Tenant) -> Vec<SignInEntry> {
    let query = SignInQuery { limit: 100, ..SignInQuery::default() };
    world.connections.sign_ins(&tenant.scope(), &query).await.unwrap()
}

async fn result(world: &World, tenant: &Tenant, attempt: &Attempt) -> Result<Option<TestResult>, Error> {
    let now = world.clock.now();
    world.single_sign_on.test_result(tenant, attempt.connection, attempt.id, now).await
}

async fn a_test_shows_what_arrived_and_opens_the_way(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let attempt = begin(world, &tenant, &connection, Purpose::Test).await;
    assert_eq!(result(world, &tenant, &attempt).await.unwrap(), None, "it is under way");
    let landing = post(world, &tenant, HONEST, "").await;
    assert_eq!(landing, Landing::Tested(connection.id, attempt.id));
    let tested = world.connection_now(&tenant, connection.id).await;
    assert_eq!((tested.stage(), tested.tested.unwrap().person.as_str()), (Stage::Tested, "Zoë & Søn"));

    let shown = result(world, &tenant, &attempt).await.unwrap().unwrap();
    let arrival = shown.arrival.unwrap();
    assert_eq!((arrival.object_id.as_deref(), arrival.signed.as_str()), (Some(OBJECT_ID), "assertion"));
    assert_eq!((shown.refused, shown.person, shown.people, shown.is_outdated), (None, None, 0, false));
    let person = json!({"userName": "zoe@acme.example", "externalId": OBJECT_ID});
    let zoe = world.create(&world.cx(&tenant), &Kind::USER, person).await.unwrap();
    let shown = result(world, &tenant, &attempt).await.unwrap().unwrap();
    assert_eq!((shown.person.unwrap().id, shown.people), (zoe.stored.id, 1), "as it is by now");
    assert_eq!(shown.diagnosis, Some((Verdict::WouldMeet, vec![Finding::Fits])));

    let entry = log(world, &tenant).await.remove(0);
    assert_eq!((entry.purpose, entry.cause, entry.person), (Purpose::Test, None, None));
    assert_eq!((entry.name.as_deref(), entry.key.as_deref()), (Some("zoe@acme.example"), Some(OBJECT_ID)));
    assert_eq!(super::read(world, &tenant).await.list_person_sessions(zoe.stored.id).await, Ok(Vec::new()));
    world.connections.switch(&world.operator(&tenant), connection.id, None, Switch::Active).await.unwrap();
    world.clock.advance_seconds(TEST_SECONDS);
    assert!(matches!(result(world, &tenant, &attempt).await, Err(Error::NotFound(_))), "a day later it is forgotten");
}

async fn a_test_that_fails_says_why_and_is_over(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let attempt = begin(world, &tenant, &connection, Purpose::Test).await;
    let landing = post(world, &tenant, ATTACKER, "").await;
    assert_eq!(landing, Landing::Tested(connection.id, attempt.id));
    let shown = result(world, &tenant, &attempt).await.unwrap().unwrap();
    assert_eq!(shown.refused.map(|refused| refused.cause), Some(SignInCause::UnknownCertificate));
    assert_eq!((shown.arrival, shown.diagnosis), (None, None));
    let failed = world.connection_now(&tenant, connection.id).await;
    assert_eq!((failed.stage(), failed.is_tested()), (Stage::TestFailed, false));
    assert_eq!(cause(&post(world, &tenant, HONEST, "").await), SignInCause::RequestUnknown, "there is no second try");
    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> =
        facts.iter().filter(|fact| fact.what == "connection_tested").map(raw::FactRow::payload).collect();
    assert_eq!(told, [json!({"name": "Entra", "passed": false, "cause": "unknown_certificate"})]);
    let refused = world.connections.switch(&world.operator(&tenant), connection.id, None, Switch::Active).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
}

async fn a_test_of_an_older_set_up_says_nothing_of_the_newer(world: &World) {
    for (document, is_passed) in [(HONEST, true), (ATTACKER, false)] {
        let (tenant, connection) = (world.tenant(if is_passed { "acme" } else { "globex" }).await, Protocol::Saml);
        world.clock.set(SIGNED);
        publish(world, &[CERTIFICATE]);
        let made = world.connection(&tenant, connection).await;
        let input = SamlInput::Url(METADATA_URL.to_owned());
        let cx = world.operator(&tenant);
        let before = world.connections.set_saml(&cx, made.id, None, input).await.unwrap();
        let attempt = begin(world, &tenant, &before, Purpose::Test).await;
        let rules = before.rules.clone();
        world.connections.set_rules(&cx, made.id, None, "Entra", rules, true).await.unwrap();
        let tested = world.tested(&tenant, made.id).await;
        assert_eq!(post(world, &tenant, document, "").await, Landing::Tested(made.id, attempt.id));
        let after = world.connection_now(&tenant, made.id).await;
        assert_eq!((after.stage(), &after.tested), (Stage::Tested, &tested.tested), "{is_passed}");
        let shown = result(world, &tenant, &attempt).await.unwrap().unwrap();
        assert!(shown.is_outdated);
    }
}

async fn an_answer_that_comes_many_times_at_once_is_taken_once(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let connection = world.activated(&tenant, connection.id).await;
    begin(world, &tenant, &connection, Purpose::SignIn).await;
    let landings = join_all((0..6).map(|_| post(world, &tenant, HONEST, ""))).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        landings.into_iter().partition(|landing| matches!(landing, Landing::PickUp { .. }));
    assert_eq!(taken.len(), 1, "{refused:?}");
    let is_fit = |landing: &Landing| matches!(cause(landing), SignInCause::Replayed | SignInCause::RequestUnknown);
    assert!(refused.iter().all(is_fit), "{refused:?}");
    assert_eq!(log(world, &tenant).await.len(), 5, "each refusal is written down");
}

async fn a_wrong_answer_does_not_end_a_sign_in_that_is_under_way(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let connection = world.activated(&tenant, connection.id).await;
    let person = json!({"userName": "zoe@acme.example", "externalId": OBJECT_ID});
    let zoe = world.create(&world.cx(&tenant), &Kind::USER, person).await.unwrap();
    begin(world, &tenant, &connection, Purpose::SignIn).await;
    assert_eq!(cause(&post(world, &tenant, ATTACKER, "").await), SignInCause::UnknownCertificate);
    assert_eq!(cause(&post(world, &tenant, "no XML", "").await), SignInCause::Unreadable);
    let globex = world.tenant("globex").await;
    assert_eq!(cause(&post(world, &globex, HONEST, "").await), SignInCause::RequestUnknown, "another tenant's");
    let ticket = ticket(post(world, &tenant, HONEST, "").await);
    let welcome = world.pick_up(&tenant, &ticket).await;
    assert!(matches!(&welcome, Welcome::Person { return_to, .. } if return_to == "/t/acme/me"), "{welcome:?}");
    let entries: Vec<_> = log(world, &tenant).await.iter().map(|entry| (entry.cause, entry.person)).collect();
    assert_eq!(entries[0], (None, Some(zoe.stored.id)));
}

async fn a_sign_in_that_took_too_long_is_refused(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let connection = world.activated(&tenant, connection.id).await;
    begin(world, &tenant, &connection, Purpose::SignIn).await;
    world.clock.advance_seconds(ANSWER_SECONDS);
    assert_eq!(cause(&post(world, &tenant, HONEST, "").await), SignInCause::RequestUnknown);
    world.clock.advance_seconds(-1);
    let ticket = ticket(post(world, &tenant, HONEST, "").await);
    world.clock.advance_seconds(ARRIVAL_SECONDS);
    let welcome = world.pick_up(&tenant, &ticket).await;
    assert!(matches!(&welcome, Welcome::Refused(why) if why.cause == SignInCause::RequestUnknown), "{welcome:?}");
}

async fn an_identity_provider_may_begin_where_that_is_allowed(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let cx = world.operator(&tenant);
    assert_eq!(cause(&post(world, &tenant, UNSOLICITED, "").await), SignInCause::ConnectionOff);
    let connection = world.activated(&tenant, connection.id).await;
    assert_eq!(cause(&post(world, &tenant, UNSOLICITED, "").await), SignInCause::Unsolicited);
    let allowed = vec!["/t/acme/me?tab=1".to_owned(), "https://app.example/start".to_owned()];
    let rules = Rules { idp_initiated: true, return_addresses: allowed, ..connection.rules.clone() };
    world.connections.set_rules(&cx, connection.id, None, "Entra", rules, false).await.unwrap();
    for elsewhere in ["https://evil.example", "https://app.example/start/", "https://app.example/start?x", "//evil"] {
        assert_eq!(cause(&post(world, &tenant, UNSOLICITED, elsewhere).await), SignInCause::ReturnAddress);
    }
    let person = json!({"userName": "zoe@acme.example", "externalId": OBJECT_ID});
    world.create(&world.cx(&tenant), &Kind::USER, person).await.unwrap();
    let ticket = ticket(post(world, &tenant, UNSOLICITED, "https://app.example/start").await);
    assert_eq!(cause(&post(world, &tenant, UNSOLICITED, "").await), SignInCause::Replayed);
    let welcome = world.pick_up(&tenant, &ticket).await;
    let is_there = |to: &str| to == "https://app.example/start";
    assert!(matches!(&welcome, Welcome::Person { return_to, .. } if is_there(return_to)), "{welcome:?}");
    assert!(!log(world, &tenant).await[0].is_solicited);
}

async fn an_unknown_certificate_has_the_metadata_read_again_and_not_too_often(world: &World) {
    let (tenant, connection) = set_up(world).await;
    let connection = world.activated(&tenant, connection.id).await;
    begin(world, &tenant, &connection, Purpose::SignIn).await;
    let asked = || world.fetch.asked().len();
    let before = asked();
    for _ in 0..3 {
        assert_eq!(cause(&post(world, &tenant, NEXT_KEY, "").await), SignInCause::UnknownCertificate);
    }
    assert_eq!(asked(), before + 1, "anybody can send what is signed with some key");
    publish(world, &[CERTIFICATE, NEXT_CERTIFICATE]);
    world.clock.advance_seconds(299);
    assert_eq!(cause(&post(world, &tenant, NEXT_KEY, "").await), SignInCause::UnknownCertificate);
    assert_eq!(asked(), before + 1);
    world.clock.advance_seconds(1);
    ticket(post(world, &tenant, NEXT_KEY, "").await);
    assert_eq!(asked(), before + 2);
    let after = world.connection_now(&tenant, connection.id).await;
    assert_eq!((after.stage(), after.is_tested()), (Stage::Active, true), "a new certificate is no new set-up");
    assert_eq!(after.reading.tried, Some(world.clock.now()));
}
