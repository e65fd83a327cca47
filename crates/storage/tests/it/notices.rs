//! What people are told by mail is told once.

use std::sync::Arc;

use domain::admission::Admission;
use domain::health::ExpiryNotice;
use domain::ids::SecretId;
use domain::journal::What;
use domain::mail::MailAddress;
use domain::notice::text::About;
use domain::notice::{Notice, Reason};
use domain::ops::{Mailroom, Notices};
use domain::ports::Clock as _;
use domain::store::{Store, TenantTx};
use domain::tenant::{ProvisioningState, Tenant};
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::mails::{Postbox, mailroom};

on_both_databases! { World:
    notices_are_kept_with_the_time_since_when_all_is_well,
    a_notice_is_its_tenants_own,
    trouble_is_mailed_once_to_every_address_and_told_in_the_journal,
    two_processes_that_look_at_once_mail_once,
    without_an_address_nothing_counts_as_told,
    what_was_switched_off_is_forgotten_without_a_mail,
    tenants_are_watched_while_they_are_open_or_were_told_something,
}

const ABOUT: About<'_> = About { tenant: "Acme", product: "Rollcall", page: "https://rollcall.example/t/acme" };

fn addresses(count: usize) -> Vec<MailAddress> {
    (0..count).map(|number| format!("admin-{number}@acme.example").parse().unwrap()).collect()
}

fn reasons() -> [Reason; 3] {
    [Reason::Degraded, Reason::Expiring(SecretId(Uuid::from_u128(1)), ExpiryNotice::Days7), Reason::Quiet]
}

/// An open tenant, no token of which is good any more.
async fn in_trouble(world: &World, slug: &str) -> Tenant {
    let (tenant, token) = world.open_tenant(slug).await;
    world.credentials.revoke(&world.cx(&tenant), token.id).await.unwrap();
    tenant
}

struct Watch {
    notices: Notices,
    postbox: Arc<Postbox>,
    mailroom: Arc<Mailroom>,
}

/// As another process watches.
async fn watch(world: &World) -> Watch {
    let (postbox, mailroom) = mailroom(world).await;
    let store: Arc<dyn Store> = world.another_store().await;
    let notices = Notices::new(store, world.ids.clone(), world.activity.clone(), mailroom.clone());
    Watch { notices, postbox, mailroom }
}

impl Watch {
    async fn review(&self, world: &World, tenant: &Tenant, to: &[MailAddress]) -> u64 {
        let admission: Admission = world.store.find_admission(&tenant.slug).await.unwrap().unwrap();
        self.notices.review(&admission, to, ABOUT, world.clock.now()).await.unwrap().told
    }
}

async fn kept(world: &World, tenant: &Tenant) -> Vec<Notice> {
    world.store.read(&tenant.scope()).await.unwrap().notices().await.unwrap()
}

async fn open_all(tx: &mut dyn TenantTx, world: &World) {
    for reason in reasons() {
        let notice = Notice { reason, told: world.clock.now(), well_since: None };
        tx.open_notice(&notice).await.unwrap();
    }
}

async fn notices_are_kept_with_the_time_since_when_all_is_well(world: &World) {
    let tenant = world.tenant("acme").await;
    let now = world.clock.now();
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    open_all(&mut *tx, world).await;
    tx.note_well(Some(now)).await.unwrap();
    tx.commit().await.unwrap();
    let with = |reason, well_since| Notice { reason, told: now, well_since };
    let [degraded, expiring, quiet] = reasons();
    assert_eq!(kept(world, &tenant).await, [with(degraded, Some(now)), with(expiring, None), with(quiet, Some(now))]);

    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    tx.note_well(None).await.unwrap();
    tx.close_notices(&[degraded, Reason::Refused]).await.unwrap();
    assert_eq!(tx.notices().await, Ok(vec![with(expiring, None), with(quiet, None)]));
    tx.commit().await.unwrap();
}

async fn a_notice_is_its_tenants_own(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let mut tx = world.store.write(&acme.scope()).await.unwrap();
    open_all(&mut *tx, world).await;
    tx.commit().await.unwrap();
    let before = kept(world, &acme).await;
    let mut tx = world.store.write(&globex.scope()).await.unwrap();
    assert_eq!(tx.notices().await, Ok(Vec::new()));
    tx.note_well(Some(world.clock.now())).await.unwrap();
    tx.close_notices(&reasons()).await.unwrap();
    open_all(&mut *tx, world).await;
    tx.commit().await.unwrap();
    assert_eq!(kept(world, &acme).await, before);
    assert_eq!(kept(world, &globex).await.len(), 3);
}

async fn trouble_is_mailed_once_to_every_address_and_told_in_the_journal(world: &World) {
    let tenant = in_trouble(world, "acme").await;
    let watch = watch(world).await;
    for told in [2, 0, 0] {
        assert_eq!(watch.review(world, &tenant, &addresses(2)).await, told);
        world.clock.advance_seconds(60);
    }
    watch.mailroom.deliver(world.clock.now()).await.unwrap();
    let texts = watch.postbox.texts();
    assert!(texts.len() == 2 && texts.iter().all(|text| text.contains("no token of")), "{texts:?}");
    let reasons: Vec<_> = kept(world, &tenant).await.iter().map(|notice| notice.reason).collect();
    assert_eq!(reasons, [Reason::Refused]);
    world.number_facts().await;
    let facts = world.journal.facts_after(&tenant.scope(), 0, 100).await.unwrap();
    let facts: Vec<_> = facts.iter().filter(|fact| fact.what == What::Notified).collect();
    assert_eq!(facts.len(), 1);
    let payload = facts[0].payload.clone().unwrap();
    assert_eq!(payload, serde_json::json!({"after": {"of": "refused", "addresses": 2}}));
}

async fn two_processes_that_look_at_once_mail_once(world: &World) {
    let tenant = in_trouble(world, "acme").await;
    let watches = [watch(world).await, watch(world).await, watch(world).await, watch(world).await];
    let to = addresses(1);
    let told = futures_util::future::join_all(watches.iter().map(|watch| watch.review(world, &tenant, &to))).await;
    assert_eq!(told.iter().sum::<u64>(), 1, "{told:?}");
    for watch in &watches {
        watch.mailroom.deliver(world.clock.now()).await.unwrap();
    }
    assert_eq!(watches.iter().flat_map(|watch| watch.postbox.texts()).count(), 1);
}

async fn without_an_address_nothing_counts_as_told(world: &World) {
    let tenant = in_trouble(world, "acme").await;
    let watch = watch(world).await;
    assert_eq!(watch.review(world, &tenant, &[]).await, 0);
    assert_eq!(kept(world, &tenant).await, []);
    assert_eq!(watch.review(world, &tenant, &addresses(1)).await, 1);
}

async fn what_was_switched_off_is_forgotten_without_a_mail(world: &World) {
    let tenant = in_trouble(world, "acme").await;
    let watch = watch(world).await;
    watch.review(world, &tenant, &addresses(1)).await;
    world.settings.set_provisioning(&world.cx(&tenant), ProvisioningState::Off).await.unwrap();
    assert_eq!(watch.review(world, &tenant, &addresses(1)).await, 0);
    assert_eq!(kept(world, &tenant).await, []);
    watch.mailroom.deliver(world.clock.now()).await.unwrap();
    assert_eq!(watch.postbox.texts().len(), 1);
}

async fn tenants_are_watched_while_they_are_open_or_were_told_something(world: &World) {
    world.tenant("closed").await;
    let (open, _) = world.open_tenant("open").await;
    let told = in_trouble(world, "told").await;
    watch(world).await.review(world, &told, &addresses(1)).await;
    for tenant in [&told, &open] {
        world.settings.set_provisioning(&world.cx(tenant), ProvisioningState::Off).await.unwrap();
    }
    let watched = async || world.store.work().watched_tenants().await.unwrap();
    assert_eq!(watched().await, std::slice::from_ref(&told.slug));
    world.settings.set_provisioning(&world.cx(&open), ProvisioningState::On).await.unwrap();
    assert_eq!(watched().await, [open.slug, told.slug]);
}
