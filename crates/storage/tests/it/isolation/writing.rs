//! Every method that writes, asked by a second tenant to change what belongs to the first.

use domain::admin::AdminRole;
use domain::admin::session::HolderId;
use domain::change::{Change, DocumentChange};
use domain::choices::Choices;
use domain::connection::attempt::{Answer, digest};
use domain::connection::cause::SignInCause;
use domain::connection::{Connection, Switch};
use domain::context::OpContext;
use domain::credential::CredentialUse;
use domain::directory::{Kind, StoredResource};
use domain::email_domain::{DomainPolicy, DomainSeed};
use domain::ids::{FactId, ResourceId};
use domain::journal::{Aside, Fact};
use domain::keys::KeyedDigest;
use domain::ports::IdGen as _;
use domain::role::StoredRules;
use domain::store::{Store as _, StoreError, TenantTx};
use domain::tenant::ProvisioningState;
use domain::timestamp::Timestamp;
use domain::who::{Mark, Who};
use scim_protocol::resource::Resource;
use scim_protocol::secret::Secret;
use testkit::{World, on_both_databases};

use super::Two;
use crate::raw::Raw;

on_both_databases! { World:
    changes_of_what_is_anothers_are_refused,
    other_writing_touches_nothing_of_another_tenant,
    the_same_ids_in_two_tenants_are_two_things,
    a_fact_is_its_transactions_tenants_whatever_the_context_says,
}

/// From the version there is to an empty document.
fn emptied(before: &StoredResource) -> DocumentChange {
    let after = StoredResource { resource: Resource::default(), version: before.version + 1, ..before.clone() };
    DocumentChange::Update { before: before.clone(), after }
}

/// What a second tenant might try, and what it is told. `own` is a group of its own, `bob` a user.
fn attempts<'c>(
    two: &Two,
    cx: &'c OpContext,
    own: &StoredResource,
    bob: &StoredResource,
) -> Vec<(Change<'c>, StoreError)> {
    let [ada, group] = two.ids();
    let of = |document| Change::of(cx, document);
    let touch = |id: ResourceId| of(DocumentChange::Touch(Kind::GROUP, id));
    let strangers = |count| (1..=count).map(|number| ResourceId(uuid::Uuid::from_u128(number)));
    let everybody = |count| strangers(count).map(|id| (id, Kind::USER)).chain([(ada, Kind::USER)]).collect::<Vec<_>>();
    let stale = || StoreError::Contention;
    vec![
        (of(emptied(&two.ada.stored)), stale()),
        (of(emptied(&two.group.stored)), stale()),
        (of(DocumentChange::Delete(two.ada.stored.clone())), stale()),
        (of(DocumentChange::Delete(two.group.stored.clone())), stale()),
        (touch(group), stale()),
        (Change { leaving: vec![ada], ..touch(group) }, stale()),
        (Change { joining: vec![(bob.id, Kind::USER)], ..touch(group) }, stale()),
        (Change { leaving: vec![ada], ..touch(own.id) }, stale()),
        (Change { leaving: strangers(20).chain([ada]).collect(), ..touch(own.id) }, stale()),
        (Change { joining: vec![(ada, Kind::USER)], ..touch(own.id) }, StoreError::MemberGone),
        (Change { joining: vec![(group, Kind::GROUP)], ..touch(own.id) }, StoreError::MemberGone),
        (Change { joining: everybody(20), ..touch(own.id) }, StoreError::MemberGone),
        (Change { groups_left: vec![group], ..of(DocumentChange::Delete(bob.clone())) }, stale()),
    ]
}

async fn changes_of_what_is_anothers_are_refused(world: &World) {
    let two = Two::make(world).await;
    let cx = world.cx(&two.globex);
    let bob = world.user(&cx, "bob").await.stored;
    let own = world.group(&cx, "Own", &[]).await.stored;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);

    for (mut change, refusal) in attempts(&two, &cx, &own, &bob) {
        change.facts = vec![(FactId(world.ids.next(cx.now)), Fact::deleted(&two.ada.stored, &Aside::default()))];
        assert_eq!(world.store.save(&cx.scope, &change).await, Err(refusal.clone()), "{change:?}");
        let mut tx = two.write(world).await;
        assert_eq!(tx.save(&change).await, Err(refusal), "{change:?}");
        drop(tx);
        assert_eq!(raw.dump(&two.acme).await, acme, "{change:?}");
        assert_eq!(raw.dump(&two.globex).await, globex, "{change:?}");
    }
}

async fn writes_no_admin(two: &Two, tx: &mut dyn TenantTx, now: Timestamp) {
    let id = two.admin().id;
    tx.set_admin_role(id, AdminRole::Auditor).await.unwrap();
    tx.set_admin_password(id, &Secret::new("stolen".to_owned())).await.unwrap();
    tx.note_sign_in(id, now).await.unwrap();
    assert_eq!(tx.note_refusals(id, now, now).await, Ok(false));
    tx.set_second_step(id, None).await.unwrap();
    assert_eq!(tx.use_second_step(id, i64::MAX).await, Ok(false));
    tx.put_recovery_codes(id, &[]).await.unwrap();
    tx.see_session(two.owner.session, now).await.unwrap();
    assert_eq!(tx.end_session(two.owner.session).await, Ok(false));
    for holder in [HolderId::Admin(id), HolderId::SetupLink(two.setup.link.id)] {
        assert_eq!(tx.end_sessions(holder, None).await, Ok(0));
    }
    for link in [two.invitation.link.id, two.setup.link.id] {
        assert_eq!(tx.use_link(link, now).await, Ok(false));
        tx.revoke_link(link, now).await.unwrap();
    }
    tx.revoke_links_of(id, now).await.unwrap();
    tx.remove_admin(id, now).await.unwrap();
}

async fn writes_no_domain(two: &Two, tx: &mut dyn TenantTx) {
    tx.save_domain(&two.domain.claimed()).await.unwrap();
    tx.delete_domain(two.domain.id).await.unwrap();
}

async fn writes_no_connection(two: &Two, tx: &mut dyn TenantTx, now: Timestamp) {
    let id = two.connection.id;
    let stolen = Connection { name: "Stolen".to_owned(), switch: Switch::Off, ..two.connection.clone() };
    tx.update_connection(&stolen).await.unwrap();
    tx.set_connection_secret(id, None).await.unwrap();
    tx.set_connection_secret(id, Some(&two.key.private)).await.unwrap();
    assert_eq!(tx.delete_sso_key(two.key.id).await, Ok(false));
    let refused = Answer::Refused(SignInCause::Expired.into());
    assert_eq!(tx.answer_attempt(two.attempt.id, &refused, &digest("stolen"), now).await, Ok(false));
    assert_eq!(tx.take_attempt_secret(two.attempt.id).await, Ok(false));
    assert_eq!(tx.pick_up(two.attempt.id, now).await, Ok(false));
    tx.delete_connection(id).await.unwrap();
    tx.set_break_glass(two.admin().id, true).await.unwrap();
    tx.note_password(two.admin().id, now).await.unwrap();
    tx.set_admin_identity(two.admin().id, None).await.unwrap();
}

async fn ends_no_person_session(two: &Two, tx: &mut dyn TenantTx, now: Timestamp) {
    tx.see_person_session(two.session.id, now).await.unwrap();
    assert_eq!(tx.end_person_session(two.session.id).await, Ok(false));
    assert_eq!(tx.end_person_sessions(two.session.person).await, Ok(0));
    tx.end_sessions_by(two.connection.id, None).await.unwrap();
}

async fn other_writing_touches_nothing_of_another_tenant(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);
    let [ada, group] = two.ids();
    let now = two.ada.stored.created.plus_seconds(60);

    let mut tx = two.write(world).await;
    assert_eq!(tx.lock(&Kind::USER, ada).await, Ok(None));
    assert_eq!(tx.lock(&Kind::GROUP, group).await, Ok(None));
    assert_eq!(tx.list_credentials().await, Ok(Vec::new()));
    tx.revoke_credential(two.token.id, now).await.unwrap();
    let secret = &two.token.secrets[0];
    tx.revoke_secret(secret.id, now).await.unwrap();
    tx.renew_digest(secret.id, &secret.digest, &KeyedDigest { bytes: vec![1], ..secret.digest.clone() }).await.unwrap();
    tx.note_use(two.token.id, &CredentialUse { at: now, client: None }).await.unwrap();
    writes_no_admin(&two, tx.as_mut(), now).await;
    writes_no_domain(&two, tx.as_mut()).await;
    writes_no_connection(&two, tx.as_mut(), now).await;
    ends_no_person_session(&two, tx.as_mut(), now).await;
    let others = [two.admin().id.0, two.setup.link.id.0, two.domain.id.0, two.connection.id.0];
    for subject in [ada.0, group.0, two.token.id.0].into_iter().chain(others) {
        assert_eq!(tx.erase_payloads(subject).await, Ok(0));
    }
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex);

    let mut tx = two.write(world).await;
    assert_eq!(tx.lock_tenant().await, Ok(Some(two.globex.clone())));
    tx.set_choices(ProvisioningState::Paused, &Choices::default()).await.unwrap();
    let changed = Some(Mark { at: now, by: Who { kind: "system".to_owned(), name: None } });
    tx.set_role_rules(&StoredRules { version: 7, changed, ..StoredRules::default() }).await.unwrap();
    tx.set_domain_policy(DomainPolicy::Require).await.unwrap();
    tx.domain_seed(DomainSeed([7; 32])).await.unwrap();
    tx.set_admin_passwords(false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);
    let globex = world.tenants.get(&two.globex.slug).await.unwrap();
    assert_eq!((globex.provisioning, globex.admin_passwords), (ProvisioningState::Paused, false));
}

/// What is written under a foreign id, if it ever came to that, is one's own.
async fn the_same_ids_in_two_tenants_are_two_things(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let acme = raw.dump(&two.acme).await;
    let ([ada, group], cx) = (two.ids(), world.cx(&two.globex));
    let change = |document| {
        let told = vec![(FactId(world.ids.next(cx.now)), Fact::created(&two.ada.stored, &Aside::default()))];
        Change { facts: told, ..Change::of(&cx, document) }
    };

    let mut tx = two.write(world).await;
    for stored in [&two.ada.stored, &two.group.stored] {
        assert_eq!(tx.save(&change(DocumentChange::Insert(stored.clone()))).await.unwrap().version, 1);
    }
    assert!(tx.groups_of(&two.ids()).await.unwrap().is_empty(), "in a group over there, in none here");
    assert!(tx.members(&two.ids()).await.unwrap().is_empty());
    assert!(!tx.find_group(group, &[ada]).await.unwrap().unwrap().1[&ada].is_member);
    for (kind, filter) in [
        (Kind::USER, format!("groups.value eq \"{group}\"")),
        (Kind::USER, "emails eq \"ada@example.com\" and not (emails pr)".to_owned()),
        (Kind::GROUP, format!("members.value eq \"{ada}\"")),
    ] {
        let page = tx.list(&kind, &world.query(&kind, &filter).unwrap()).await.unwrap();
        assert_eq!(page.total, 0, "{filter}");
    }
    let touch = DocumentChange::Touch(Kind::GROUP, group);
    let joining = Change { joining: vec![(ada, Kind::USER)], ..change(touch) };
    assert_eq!(tx.save(&joining).await.unwrap().version, 2);
    tx.insert_credential(&two.token).await.unwrap();
    tx.insert_connection(&two.connection, Some(&two.key.private)).await.unwrap();
    tx.insert_sso_key(&two.key).await.unwrap();
    tx.insert_attempt(&two.attempt).await.unwrap();
    assert_eq!(tx.use_assertion(two.connection.id, "assertion", cx.now).await, Ok(true), "used over there, not here");
    tx.insert_person_session(&two.session).await.unwrap();
    tx.log_sign_in(&world.sign_in_entry(Some(two.connection.id))).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);

    let (DocumentChange::Update { after, .. }, now) = (emptied(&two.ada.stored), cx.now) else { panic!("an update") };
    world.store.save(&cx.scope, &change(emptied(&two.ada.stored))).await.unwrap();
    let delete = Change { groups_left: vec![group], ..change(DocumentChange::Delete(after)) };
    world.store.save(&cx.scope, &delete).await.unwrap();
    let mut tx = two.write(world).await;
    tx.revoke_credential(two.token.id, now).await.unwrap();
    assert_eq!(tx.list_person_sessions(ada).await, Ok(Vec::new()), "her own ended with her, over there they go on");
    tx.insert_person_session(&two.session).await.unwrap();
    tx.delete_connection(two.connection.id).await.unwrap();
    assert_eq!(tx.delete_sso_key(two.key.id).await, Ok(true));
    assert_eq!(tx.erase_payloads(ada.0).await, Ok(5), "its own facts that name this id");
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);
}

async fn a_fact_is_its_transactions_tenants_whatever_the_context_says(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let acme = raw.dump(&two.acme).await;
    let (cx, fact) = (world.cx(&two.acme), Fact::created(&two.ada.stored, &Aside::default()));
    let mut tx = two.write(world).await;
    tx.record(&cx, FactId(world.ids.next(cx.now)), &fact).await.unwrap();
    tx.commit().await.unwrap();
    let told = Change { facts: vec![(FactId(world.ids.next(cx.now)), fact)], ..Change::of(&cx, DocumentChange::None) };
    world.store.save(&two.globex.scope(), &told).await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(crate::raw::facts(world, &two.globex).await.len(), 3);
}
