//! Reading again what identity providers publish.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Error;
use domain::connection::saml::SamlSource;
use domain::connection::{Connection, Protocol, Reading, Setup, Stage};
use domain::fetch::{Fetch, FetchError, Fetched, Question};
use domain::ops::{Connections, OidcInput, SamlInput, SignOnTools};
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use scim_protocol::secret::Secret;
use storage::limiter::LocalLimiter;
use testkit::connections::{
    DISCOVERY_URL, ENTITY_ID, KEYS_URL, METADATA_URL, certificate, discovery, failing, metadata,
};
use testkit::sign_on::{Here, TestFetch};
use testkit::{World, on_both_databases};
use tokio::sync::{Notify, Semaphore};

use crate::raw;

on_both_databases! { World:
    metadata_is_read_again_after_a_day_and_keys_after_an_hour,
    what_nobody_publishes_is_not_read,
    a_reading_that_fails_leaves_what_was_known_and_is_tried_again_soon,
    another_identity_provider_at_the_same_address_is_not_believed,
    a_new_certificate_is_told_and_nothing_has_to_be_tested_again,
    an_admin_can_have_it_read_at_once,
    an_admin_who_saves_meanwhile_wins,
    who_moves_to_another_provider_meanwhile_wins,
    a_connection_that_is_removed_meanwhile_is_no_failure,
}

async fn read_due(world: &World, tenant: &Tenant) -> u64 {
    world.connections.read_due(&tenant.scope(), world.clock.now()).await.unwrap()
}

/// Both kinds of connection, read now.
async fn both(world: &World) -> (Tenant, Connection, Connection) {
    let tenant = world.tenant("acme").await;
    let (saml, oidc) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    (tenant, saml, oidc)
}

fn certificates(connection: &Connection) -> Vec<String> {
    match &connection.setup {
        Setup::Saml(saml) => saml.found.as_ref().unwrap().certificates.clone(),
        Setup::Oidc(_) => panic!("{connection:?}"),
    }
}

async fn metadata_is_read_again_after_a_day_and_keys_after_an_hour(world: &World) {
    let (tenant, saml, oidc) = both(world).await;
    assert_eq!(read_due(world, &tenant).await, 0);
    world.clock.advance_seconds(3_599);
    assert_eq!(read_due(world, &tenant).await, 0);
    world.publish_issuer("two");
    world.clock.advance_seconds(1);
    let now = world.clock.now();
    assert_eq!(read_due(world, &tenant).await, 1, "the keys");
    let read = world.connection_now(&tenant, oidc.id).await;
    assert_eq!(read.reading, Reading { done: Some(now), tried: Some(now), fault: None });
    let Setup::Oidc(setup) = &read.setup else { panic!("{read:?}") };
    assert!(setup.found.as_ref().unwrap().keys.contains("\"two\""));
    assert_eq!(world.connection_now(&tenant, saml.id).await, saml);
    world.clock.advance_seconds(23 * 3_600);
    assert_eq!([read_due(world, &tenant).await, read_due(world, &tenant).await], [2, 0]);
    let read = world.connection_now(&tenant, saml.id).await;
    assert_eq!((read.reading.done, read.version, read.changed), (Some(world.clock.now()), saml.version, saml.changed));
    let facts = raw::facts(world, &tenant).await;
    assert!(!facts.iter().any(|fact| fact.request_id == "single-sign-on"), "what changes nothing is not told");
}

async fn what_nobody_publishes_is_not_read(world: &World) {
    let (tenant, saml, oidc) = both(world).await;
    let cx = world.operator(&tenant);
    let document = metadata(ENTITY_ID, &[&certificates(&saml)[0]]);
    world.connections.set_saml(&cx, saml.id, None, SamlInput::Document(document)).await.unwrap();
    world.connections.remove(&cx, oidc.id).await.unwrap();
    for protocol in [Protocol::Saml, Protocol::Oidc] {
        world.connection(&tenant, protocol).await;
    }
    world.clock.advance_seconds(7 * 86_400);
    let asked = world.fetch.asked().len();
    assert_eq!(read_due(world, &tenant).await, 0);
    assert_eq!(world.fetch.asked().len(), asked);
}

async fn a_reading_that_fails_leaves_what_was_known_and_is_tried_again_soon(world: &World) {
    let (tenant, saml, oidc) = both(world).await;
    world.clock.advance_seconds(86_400);
    world.fetch.answer(METADATA_URL, Err(FetchError::TooSlow(5)));
    world.fetch.answer(KEYS_URL, Ok(failing(503)));
    let failed = world.clock.now();
    assert_eq!(read_due(world, &tenant).await, 2);
    for (before, fault) in [
        (&saml, "it did not answer within 5 seconds".to_owned()),
        (&oidc, format!("{KEYS_URL} answered with status 503")),
    ] {
        let reading = Reading { done: before.reading.done, tried: Some(failed), fault: Some(fault) };
        let expected = Connection { reading, ..before.clone() };
        assert_eq!(world.connection_now(&tenant, before.id).await, expected, "everything else is as it was");
    }
    world.clock.advance_seconds(899);
    assert_eq!(read_due(world, &tenant).await, 0);
    world.publish_issuer("one");
    world.clock.advance_seconds(1);
    assert_eq!(read_due(world, &tenant).await, 2, "a quarter of an hour later");
    let healed = world.connection_now(&tenant, oidc.id).await;
    assert_eq!((healed.reading.done, healed.reading.fault), (Some(world.clock.now()), None));
    let still = world.connection_now(&tenant, saml.id).await;
    assert!(still.reading.fault.is_some() && still.reading.done == saml.reading.done);
}

async fn another_identity_provider_at_the_same_address_is_not_believed(world: &World) {
    let (tenant, saml, oidc) = both(world).await;
    world.clock.advance_seconds(86_400);
    let other = certificate(world.clock.now().plus_seconds(86_400));
    world.fetch.document(METADATA_URL, &metadata("https://evil.example/entity", &[&other]));
    world.fetch.document(DISCOVERY_URL, &discovery("https://evil.example"));
    read_due(world, &tenant).await;
    for before in [&saml, &oidc] {
        let after = world.connection_now(&tenant, before.id).await;
        assert_eq!(after.setup, before.setup);
        assert!(after.reading.fault.is_some(), "{after:?}");
    }
}

async fn a_new_certificate_is_told_and_nothing_has_to_be_tested_again(world: &World) {
    let (tenant, saml, _) = both(world).await;
    world.activated(&tenant, saml.id).await;
    let old = certificates(&saml).remove(0);
    let new = certificate(world.clock.now().plus_seconds(500 * 86_400));
    world.publish_metadata(&[&old, &new]);
    world.clock.advance_seconds(86_400);
    read_due(world, &tenant).await;
    let after = world.connection_now(&tenant, saml.id).await;
    assert_eq!(certificates(&after), [old, new]);
    assert_eq!((after.stage(), after.is_tested()), (Stage::Active, true));
    let facts = raw::facts(world, &tenant).await;
    let told = facts.last().unwrap();
    assert_eq!((told.what.as_str(), told.actor_kind.as_str()), ("connection_changed", "system"));
    let payload = told.payload();
    let counts = ["before", "after"].map(|part| payload[part]["certificates"].as_array().unwrap().len());
    assert_eq!(counts, [1, 2]);
}

async fn an_admin_can_have_it_read_at_once(world: &World) {
    let (tenant, saml, _) = both(world).await;
    let cx = world.operator(&tenant);
    let new = certificate(cx.now.plus_seconds(500 * 86_400));
    world.publish_metadata(&[&new]);
    let read = world.connections.read_now(&cx, saml.id).await.unwrap();
    assert_eq!(certificates(&read), [new]);
    let told = raw::facts(world, &tenant).await;
    assert_eq!(told.last().unwrap().actor_kind, "operator");
    world.fetch.answer(METADATA_URL, Err(FetchError::Redirected));
    let refused = world.connections.read_now(&cx, saml.id).await;
    assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains("another address")), "{refused:?}");
    let after = world.connection_now(&tenant, saml.id).await;
    assert_eq!(after.reading.fault.as_deref(), Some("it leads on to another address; enter that one"));
}

/// Asks when it is told to.
struct Slow {
    fetch: Arc<TestFetch>,
    asked: Notify,
    told: Semaphore,
}

#[async_trait]
impl Fetch for Slow {
    async fn ask(&self, question: Question<'_>) -> Result<Fetched, FetchError> {
        self.asked.notify_one();
        let _told = self.told.acquire().await.unwrap();
        self.fetch.ask(question).await
    }

    fn together(&self) -> Arc<dyn Fetch> {
        self.fetch.together()
    }
}

/// Has what is due read by a process that gets its answers when something else was done meanwhile; gives how many it read.
async fn read_meanwhile(world: &World, tenant: &Tenant, meanwhile: impl Future<Output = ()>) -> u64 {
    let fetch = Arc::new(Slow { fetch: world.fetch.clone(), asked: Notify::new(), told: Semaphore::new(0) });
    let tools = SignOnTools {
        store: world.store.clone(),
        ids: world.ids.clone(),
        secrets: world.secrets.clone(),
        keys: world.keys.clone(),
        fetch: fetch.clone(),
        offload: Arc::new(Here),
        limiter: Arc::new(LocalLimiter::new(world.clock.clone())),
        loopback_http_allowed: false,
    };
    let reader = Connections::new(tools);
    let (scope, now) = (tenant.scope(), world.clock.now());
    let meanwhile = async {
        fetch.asked.notified().await;
        meanwhile.await;
        fetch.told.add_permits(1);
    };
    tokio::join!(reader.read_due(&scope, now), meanwhile).0.unwrap()
}

async fn an_admin_who_saves_meanwhile_wins(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let new = certificate(cx.now.plus_seconds(500 * 86_400));
    for is_down in [false, true] {
        let saml = world.saml(&tenant).await;
        world.clock.advance_seconds(86_400);
        let saves = async {
            let file = SamlInput::Document(metadata(ENTITY_ID, &[&certificates(&saml)[0]]));
            world.connections.set_saml(&cx, saml.id, None, file).await.unwrap();
            world.publish_metadata(&[&new]);
            if is_down {
                world.fetch.answer(METADATA_URL, Err(FetchError::TooSlow(5)));
            }
        };
        read_meanwhile(world, &tenant, saves).await;
        let after = world.connection_now(&tenant, saml.id).await;
        let Setup::Saml(setup) = &after.setup else { panic!("{after:?}") };
        assert_eq!(setup.source, SamlSource::File);
        assert_eq!((certificates(&after), &after.reading), (certificates(&saml), &Reading::default()));
        world.connections.remove(&cx, saml.id).await.unwrap();
    }
}

async fn who_moves_to_another_provider_meanwhile_wins(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let other = "https://other.example";
    world.fetch.document(&format!("{other}/.well-known/openid-configuration"), &discovery(other));
    for is_down in [false, true] {
        let oidc = world.oidc(&tenant).await;
        world.clock.advance_seconds(3_600);
        let saves = async {
            let secret = Some(Secret::new("a secret of the other one".to_owned()));
            let input = OidcInput { issuer: other.to_owned(), client_id: "other".to_owned(), secret };
            world.connections.set_oidc(&cx, oidc.id, None, input).await.unwrap();
            if is_down {
                world.fetch.answer(DISCOVERY_URL, Err(FetchError::TooSlow(5)));
            }
        };
        read_meanwhile(world, &tenant, saves).await;
        let after = world.connection_now(&tenant, oidc.id).await;
        let Setup::Oidc(setup) = &after.setup else { panic!("{after:?}") };
        assert_eq!((setup.issuer.as_str(), &after.reading.fault), (other, &None));
        assert!(setup.found.as_ref().unwrap().discovery.contains(other));
        world.connections.remove(&cx, oidc.id).await.unwrap();
    }
}

async fn a_connection_that_is_removed_meanwhile_is_no_failure(world: &World) {
    let tenant = world.tenant("acme").await;
    let saml = world.saml(&tenant).await;
    world.clock.advance_seconds(86_400);
    let cx = world.operator(&tenant);
    let removes = async { world.connections.remove(&cx, saml.id).await.unwrap() };
    assert_eq!(read_meanwhile(world, &tenant, removes).await, 0);
    assert!(world.connections.list(&tenant.scope()).await.unwrap().is_empty());
    let facts = raw::facts(world, &tenant).await;
    assert_eq!(facts.last().unwrap().what, "deleted");
}
