//! Telling by mail that an identity provider's certificate ends.

use std::sync::Arc;

use domain::admin::AdminRole;
use domain::connection::{Connection, Switch};
use domain::notice::Reason;
use domain::notice::text::About;
use domain::ops::{Connections, Mailroom, SettingsChange, SignOnTools};
use domain::ports::Clock as _;
use domain::store::Store;
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use futures_util::future::join_all;
use serde_json::json;
use storage::limiter::LocalLimiter;
use testkit::connections::certificate;
use testkit::sign_on::Here;
use testkit::{World, on_both_databases};

use super::read;
use crate::mails::{Postbox, mailroom};
use crate::raw;

on_both_databases! { World:
    an_end_is_told_once_at_60_30_7_and_1_days,
    what_was_missed_is_told_once_as_it_is_now,
    a_newer_certificate_closes_what_was_told,
    one_of_several_certificates_may_end,
    only_connections_that_are_used_are_told_of,
    two_processes_that_look_at_once_mail_once,
    it_goes_to_the_addresses_for_notices_or_to_the_owners,
    without_an_address_nothing_counts_as_told,
    a_removed_connection_leaves_no_notice,
}

const DAY: i64 = 86_400;
const ABOUT: About<'_> =
    About { tenant: "Acme", product: "Rollcall", page: "https://rollcall.example/t/acme/settings" };

/// A process that looks after connections.
struct Watch {
    connections: Connections,
    postbox: Arc<Postbox>,
    mailroom: Arc<Mailroom>,
}

impl Watch {
    async fn new(world: &World) -> Self {
        let store: Arc<dyn Store> = world.another_store().await;
        let tools = SignOnTools {
            store,
            ids: world.ids.clone(),
            secrets: world.secrets.clone(),
            keys: world.keys.clone(),
            fetch: world.fetch.clone(),
            offload: Arc::new(Here),
            limiter: Arc::new(LocalLimiter::new(world.clock.clone())),
            loopback_http_allowed: false,
        };
        let (postbox, mailroom) = mailroom(world).await;
        Self { connections: Connections::new(tools), postbox, mailroom }
    }

    /// Looks; gives how many mails were queued.
    async fn look(&self, world: &World, tenant: &Tenant) -> u64 {
        let tenant = world.tenants.get(&tenant.slug).await.unwrap();
        self.connections.tell_of_ends(&tenant, &self.mailroom, ABOUT, world.clock.now()).await.unwrap().mails
    }

    /// What was mailed until now.
    async fn texts(&self, world: &World) -> Vec<String> {
        self.mailroom.deliver(world.clock.now()).await.unwrap();
        self.postbox.texts()
    }
}

/// A tenant with an owner and an active connection, whose certificate ends in so many days.
async fn ending(world: &World, days: i64) -> (Tenant, Connection, Timestamp) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let connection = world.saml(&tenant).await;
    let connection = world.activated(&tenant, connection.id).await;
    let end = world.clock.now().plus_seconds(days * DAY);
    publish(world, &tenant, &connection, &[end]).await;
    let connection = world.connection_now(&tenant, connection.id).await;
    (tenant, connection, end)
}

/// The identity provider signs with certificates that end then, and the connection knows it.
async fn publish(world: &World, tenant: &Tenant, connection: &Connection, ends: &[Timestamp]) {
    let certificates: Vec<String> = ends.iter().map(|end| certificate(*end)).collect();
    world.publish_metadata(&certificates.iter().map(String::as_str).collect::<Vec<_>>());
    world.connections.read_now(&world.operator(tenant), connection.id).await.unwrap();
}

async fn kept(world: &World, tenant: &Tenant) -> Vec<Reason> {
    let mut reasons: Vec<_> =
        read(world, tenant).await.notices().await.unwrap().iter().map(|notice| notice.reason).collect();
    reasons.sort();
    reasons
}

async fn an_end_is_told_once_at_60_30_7_and_1_days(world: &World) {
    let (tenant, connection, end) = ending(world, 70).await;
    let watch = Watch::new(world).await;
    let mut told = Vec::new();
    // From 70 days before to 3 days after, twice a day.
    for half_days in (-6..=140).rev() {
        world.clock.set(end.plus_seconds(-half_days * DAY / 2));
        for _ in 0..2 {
            let mails = watch.look(world, &tenant).await;
            told.extend((mails > 0).then_some((half_days, mails)));
        }
    }
    assert_eq!(told, [(120, 1), (60, 1), (14, 1), (2, 1)]);
    let texts = watch.texts(world).await;
    for (text, when) in texts.iter().zip(["60 days", "30 days", "7 days", "1 day"]) {
        assert!(text.contains(&format!("ends in {when} (2026-03-12, UTC)")), "{text}");
        assert!(text.contains(&format!("{}/user-authentication/sso/{}", ABOUT.page, connection.id)), "{text}");
    }
    let facts = raw::facts(world, &tenant).await;
    let facts: Vec<_> = facts.iter().filter(|fact| fact.what == "notified").collect();
    assert_eq!(facts.len(), 4);
    assert_eq!((facts[0].subject_kind.as_str(), facts[0].subject_id), ("Connection", Some(connection.id.0)));
    let of = format!("certificate {} 60", connection.id);
    assert_eq!(facts[0].payload(), json!({"name": "Entra", "after": {"of": of, "addresses": 1}}));
}

async fn what_was_missed_is_told_once_as_it_is_now(world: &World) {
    let (tenant, connection, end) = ending(world, 70).await;
    let watch = Watch::new(world).await;
    world.clock.set(end.plus_seconds(-5 * DAY));
    assert_eq!([watch.look(world, &tenant).await, watch.look(world, &tenant).await], [1, 0]);
    assert_eq!(kept(world, &tenant).await, [Reason::CertificateEnds(connection.id, 7)]);
    world.clock.set(end.plus_seconds(DAY));
    assert_eq!([watch.look(world, &tenant).await, watch.look(world, &tenant).await], [1, 0]);
    let texts = watch.texts(world).await;
    assert!(texts[0].contains("ends in 5 days") && texts[1].contains("has ended"), "{texts:?}");
}

async fn a_newer_certificate_closes_what_was_told(world: &World) {
    let (tenant, connection, end) = ending(world, 70).await;
    let watch = Watch::new(world).await;
    for days in [60, 30] {
        world.clock.set(end.plus_seconds(-days * DAY));
        assert_eq!(watch.look(world, &tenant).await, 1);
    }
    let told = [Reason::CertificateEnds(connection.id, 30), Reason::CertificateEnds(connection.id, 60)];
    assert_eq!(kept(world, &tenant).await, told);
    let next = end.plus_seconds(365 * DAY);
    publish(world, &tenant, &connection, &[end, next]).await;
    assert_eq!(watch.look(world, &tenant).await, 0);
    assert_eq!(kept(world, &tenant).await, []);
    world.clock.set(next.plus_seconds(-60 * DAY));
    assert_eq!([watch.look(world, &tenant).await, watch.look(world, &tenant).await], [1, 0], "of the new one too");
}

async fn one_of_several_certificates_may_end(world: &World) {
    let (tenant, connection, end) = ending(world, 5).await;
    let later = end.plus_seconds(100 * DAY);
    publish(world, &tenant, &connection, &[later, end]).await;
    let connection = world.connection_now(&tenant, connection.id).await;
    assert_eq!(connection.certificates_end(), Some(later));
    assert_eq!(Watch::new(world).await.look(world, &tenant).await, 0);
}

async fn only_connections_that_are_used_are_told_of(world: &World) {
    let (tenant, connection, _) = ending(world, 5).await;
    let watch = Watch::new(world).await;
    let cx = world.operator(&tenant);
    let off = world.connections.switch(&cx, connection.id, None, Switch::Off).await.unwrap();
    assert_eq!(off.certificate_notice(cx.now), None);
    let oidc = world.oidc(&tenant).await;
    let oidc = world.activated(&tenant, oidc.id).await;
    assert_eq!((oidc.certificates_end(), oidc.certificate_notice(cx.now)), (None, None));
    assert_eq!(watch.look(world, &tenant).await, 0);
    world.activated(&tenant, connection.id).await;
    assert_eq!(watch.look(world, &tenant).await, 1);
    world.connections.switch(&cx, connection.id, None, Switch::Off).await.unwrap();
    assert_eq!(watch.look(world, &tenant).await, 0);
    assert_eq!(kept(world, &tenant).await, [], "and what was told is over");
}

async fn two_processes_that_look_at_once_mail_once(world: &World) {
    let (tenant, _, _) = ending(world, 20).await;
    let watches = [Watch::new(world).await, Watch::new(world).await, Watch::new(world).await];
    let told = join_all(watches.iter().map(|watch| watch.look(world, &tenant))).await;
    assert_eq!(told.iter().sum::<u64>(), 1, "{told:?}");
    let mut texts = 0;
    for watch in &watches {
        texts += watch.texts(world).await.len();
    }
    assert_eq!(texts, 1);
}

async fn it_goes_to_the_addresses_for_notices_or_to_the_owners(world: &World) {
    let (tenant, _, end) = ending(world, 70).await;
    world.admin(&tenant, "olga@acme.example", AdminRole::Owner).await;
    world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    world.invited(&tenant, "new@acme.example", AdminRole::Owner).await;
    let watch = Watch::new(world).await;
    world.clock.set(end.plus_seconds(-60 * DAY));
    assert_eq!(watch.look(world, &tenant).await, 2, "the owners who have an account");
    let notify = Some(["it", "ops", "boss"].map(|name| format!("{name}@acme.example").parse().unwrap()).into());
    let chosen = SettingsChange { notify, ..SettingsChange::default() };
    world.settings.change(&world.operator(&tenant), chosen).await.unwrap();
    world.clock.set(end.plus_seconds(-30 * DAY));
    assert_eq!(watch.look(world, &tenant).await, 3);
}

async fn without_an_address_nothing_counts_as_told(world: &World) {
    let tenant = world.tenant("acme").await;
    let connection = world.saml(&tenant).await;
    let connection = world.activated(&tenant, connection.id).await;
    publish(world, &tenant, &connection, &[world.clock.now().plus_seconds(5 * DAY)]).await;
    let watch = Watch::new(world).await;
    assert_eq!(watch.look(world, &tenant).await, 0);
    assert_eq!(kept(world, &tenant).await, []);
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    assert_eq!(watch.look(world, &tenant).await, 1);
}

async fn a_removed_connection_leaves_no_notice(world: &World) {
    let (tenant, connection, _) = ending(world, 5).await;
    world.leave_mail(&tenant).await;
    Watch::new(world).await.look(world, &tenant).await;
    assert_eq!(kept(world, &tenant).await.len(), 2);
    world.connections.remove(&world.operator(&tenant), connection.id).await.unwrap();
    assert_eq!(kept(world, &tenant).await, [Reason::Degraded], "nobody looks after it any more");
}
