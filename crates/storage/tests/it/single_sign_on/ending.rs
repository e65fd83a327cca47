//! Whoever is deactivated or deleted is out at once, wherever they had signed in.

use std::time::Duration;

use domain::Error;
use domain::admin::session::{HolderId, NewSession, SettingsSignOn, StoredSession};
use domain::admin::{Admin, AdminIdentity, AdminRole};
use domain::change::{Change, DocumentChange};
use domain::choices::People;
use domain::connection::Connection;
use domain::context::OpContext;
use domain::directory::{Kind, StoredResource, View};
use domain::ops::{SettingsChange, Welcome};
use domain::ports::Clock as _;
use domain::store::{Store as _, StoreError};
use domain::tenant::{ProvisioningState, Tenant};
use scim_protocol::resource::Resource;
use serde_json::{Value, json};
use testkit::connections::SETTINGS;
use testkit::{World, on_both_databases};

use super::{connected, read, write};
use crate::raw::Raw;

on_both_databases! { World:
    whoever_is_deactivated_deleted_or_activated_again_has_no_session_left,
    the_store_ends_sessions_with_the_change_itself,
    a_change_that_is_refused_ends_nothing,
    other_changes_and_other_people_keep_their_sessions,
    everybody_is_out_when_provisioning_is_switched_off_for_all,
    a_session_that_began_while_its_person_was_deactivated_opens_nothing,
    signing_in_and_being_deactivated_at_once_leaves_nobody_in,
}

/// How many statements wait for what another transaction holds, on PostgreSQL.
const WAITING: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Ada, who is a person of the directory and an admin, signed in as both.
struct Ada {
    acme: Tenant,
    connection: Connection,
    view: View,
    admin: Admin,
    cookie: String,
    session: NewSession,
}

fn document(active: bool) -> Value {
    json!({"userName": "ada", "externalId": "ada", "active": active})
}

impl Ada {
    async fn make(world: &World) -> Self {
        let (acme, connection) = connected(world).await;
        let view = world.create(&world.cx(&acme), &Kind::USER, document(true)).await.unwrap();
        let admin = world.admin(&acme, "ada@acme.example", AdminRole::Owner).await;
        let identity = AdminIdentity { connection: connection.id, key: "ada".to_owned() };
        let mut tx = write(world, &acme).await;
        tx.set_admin_identity(admin.id, Some(&identity)).await.unwrap();
        tx.commit().await.unwrap();
        let (cookie, session) = enter(world, &acme, &connection).await;
        Self { acme, connection, view, admin, cookie, session }
    }

    fn cx(&self, world: &World) -> OpContext {
        world.cx(&self.acme)
    }

    /// How many sessions are kept of her: at the tenant, and in the settings.
    async fn kept(&self, world: &World) -> (usize, usize) {
        let mut read = read(world, &self.acme).await;
        let own = read.list_person_sessions(self.view.stored.id).await.unwrap().len();
        let settings: Vec<StoredSession> = read.list_sessions(HolderId::Admin(self.admin.id)).await.unwrap();
        (
            own,
            settings
                .iter()
                .filter(|session| session.sign_on.and_then(|sign_on| sign_on.person) == Some(self.view.stored.id))
                .count(),
        )
    }

    /// Whether her sessions open something.
    async fn is_in(&self, world: &World) -> (bool, bool) {
        let own = world.single_sign_on.resume(&self.acme, &self.cookie, world.clock.now()).await.unwrap();
        (own.is_some(), world.caller(&self.acme, &self.session).await.is_some())
    }
}

/// Ada signs in twice: to her own page, and to the settings.
async fn enter(world: &World, acme: &Tenant, connection: &Connection) -> (String, NewSession) {
    let own = match world.sign_on(acme, connection, "ada", "/t/acme/me").await {
        Welcome::Person { session, .. } => session.cookie,
        other => panic!("{other:?}"),
    };
    match world.sign_on(acme, connection, "ada", SETTINGS).await {
        Welcome::Admin { session, .. } => (own, session),
        other => panic!("{other:?}"),
    }
}

/// Somebody else's sessions, by password and of another person, that nothing of Ada's may end.
async fn others(world: &World, ada: &Ada) -> (NewSession, String) {
    let (by_password, _) = world.signed_in(&ada.acme, "ada@acme.example").await;
    world.create(&ada.cx(world), &Kind::USER, json!({"userName": "bob", "externalId": "bob"})).await.unwrap();
    match world.sign_on(&ada.acme, &ada.connection, "bob", "/t/acme/me").await {
        Welcome::Person { session, .. } => (by_password, session.cookie),
        other => panic!("{other:?}"),
    }
}

async fn whoever_is_deactivated_deleted_or_activated_again_has_no_session_left(world: &World) {
    let mut ada = Ada::make(world).await;
    let (by_password, bob) = others(world, &ada).await;
    let cx = ada.cx(world);
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((1, 1), (true, true)));

    let patch = |active: bool| json!([{"op": "replace", "path": "active", "value": active}]);
    world.patch(&cx, &ada.view, patch(false)).await.unwrap();
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((0, 0), (false, false)), "by PATCH");
    world.patch(&cx, &ada.view, patch(true)).await.unwrap();
    assert_eq!(ada.is_in(world).await, (false, false), "what has ended stays so");

    (ada.cookie, ada.session) = enter(world, &ada.acme, &ada.connection).await;
    assert_eq!(ada.is_in(world).await, (true, true));
    world.replace(&cx, &ada.view, document(false)).await.unwrap();
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((0, 0), (false, false)), "by PUT");
    world.replace(&cx, &ada.view, document(true)).await.unwrap();

    (ada.cookie, ada.session) = enter(world, &ada.acme, &ada.connection).await;
    assert_eq!(ada.is_in(world).await, (true, true));
    world.delete(&cx, &ada.view).await.unwrap();
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((0, 0), (false, false)), "by DELETE");

    assert!(world.caller(&ada.acme, &by_password).await.is_some(), "an account is not a person of the directory");
    assert!(world.single_sign_on.resume(&ada.acme, &bob, world.clock.now()).await.unwrap().is_some());
}

/// From how the person is to being active or not.
fn change<'c>(cx: &'c OpContext, before: &StoredResource, active: bool) -> (Change<'c>, StoredResource) {
    let mut attributes = before.resource.attributes().clone();
    attributes.insert("active".to_owned(), active.into());
    let after =
        StoredResource { resource: Resource::trusted(attributes), version: before.version + 1, ..before.clone() };
    (Change::of(cx, DocumentChange::Update { before: before.clone(), after: after.clone() }), after)
}

async fn the_store_ends_sessions_with_the_change_itself(world: &World) {
    let ada = Ada::make(world).await;
    let cx = ada.cx(world);
    let store = world.another_store().await;
    let (deactivation, off) = change(&cx, &ada.view.stored, false);
    store.save(&cx.scope, &deactivation).await.unwrap();
    assert_eq!(ada.kept(world).await, (0, 0), "deactivated");

    // As if they had begun meanwhile; the way in would not let them.
    let person = ada.view.stored.id;
    let begin = async || {
        let mut tx = write(world, &ada.acme).await;
        tx.insert_person_session(&world.person_session(&ada.connection, person)).await.unwrap();
        let mut settings = world.person_session(&ada.connection, person);
        settings.client = None;
        let session = StoredSession {
            id: settings.id,
            holder: HolderId::Admin(ada.admin.id),
            digest: settings.digest,
            signed_in: settings.signed_in,
            last_seen: settings.last_seen,
            expires: settings.expires,
            address: settings.address,
            client: None,
            is_complete: true,
            sign_on: Some(SettingsSignOn { connection: ada.connection.id, person: Some(person) }),
        };
        tx.insert_session(&session).await.unwrap();
        tx.commit().await.unwrap();
    };
    begin().await;
    let (activation, on) = change(&cx, &off, true);
    store.save(&cx.scope, &activation).await.unwrap();
    assert_eq!(ada.kept(world).await, (0, 0), "activated again");

    begin().await;
    let mut tx = write(world, &ada.acme).await;
    let (deactivation, off) = change(&cx, &on, false);
    tx.save(&deactivation).await.unwrap();
    assert_eq!(tx.list_person_sessions(person).await, Ok(Vec::new()), "within a transaction too");
    drop(tx);
    assert_eq!(ada.kept(world).await, (1, 1), "which was not committed");
    let mut tx = write(world, &ada.acme).await;
    tx.save(&deactivation).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ada.kept(world).await, (0, 0));

    begin().await;
    store.save(&cx.scope, &Change::of(&cx, DocumentChange::Delete(off))).await.unwrap();
    assert_eq!(ada.kept(world).await, (0, 0), "deleted");
}

async fn a_change_that_is_refused_ends_nothing(world: &World) {
    let ada = Ada::make(world).await;
    let cx = ada.cx(world);
    world.user(&cx, "taken").await;
    let taken = world.replace(&cx, &ada.view, json!({"userName": "taken", "externalId": "ada", "active": false})).await;
    assert!(matches!(taken, Err(Error::Store(StoreError::Taken { .. }))), "{taken:?}");
    let stale = StoredResource { version: 7, ..ada.view.stored.clone() };
    let (refused, _) = change(&cx, &stale, false);
    assert_eq!(world.store.save(&cx.scope, &refused).await, Err(StoreError::Contention));
    let refused = Change::of(&cx, DocumentChange::Delete(stale));
    assert_eq!(world.store.save(&cx.scope, &refused).await, Err(StoreError::Contention));
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((1, 1), (true, true)));
}

async fn other_changes_and_other_people_keep_their_sessions(world: &World) {
    let ada = Ada::make(world).await;
    let cx = ada.cx(world);
    let bob = world.user(&cx, "bob").await;
    let group = world.group(&cx, "Engineers", &[ada.view.stored.id]).await;
    let title = json!([{"op": "replace", "path": "title", "value": "Countess"}]);
    world.patch(&cx, &ada.view, title).await.unwrap();
    world.patch(&cx, &ada.view, json!([{"op": "replace", "path": "active", "value": true}])).await.unwrap();
    world.patch(&cx, &bob, json!([{"op": "replace", "path": "active", "value": false}])).await.unwrap();
    world.delete(&cx, &bob).await.unwrap();
    world.delete(&cx, &group).await.unwrap();
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((1, 1), (true, true)));
}

async fn everybody_is_out_when_provisioning_is_switched_off_for_all(world: &World) {
    let ada = Ada::make(world).await;
    let cx = world.operator(&ada.acme);
    world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap();
    let off = SettingsChange { people: People::Deactivate, ..ProvisioningState::Off.into() };
    world.settings.change(&cx, off).await.unwrap();
    assert_eq!(ada.is_in(world).await, (true, true), "the job has not begun");
    while world.jobs.step(world.clock.now()).await.unwrap() {}
    assert_eq!((ada.kept(world).await, ada.is_in(world).await), ((0, 0), (false, false)));
}

/// The way in holds the person until the session is there. On PostgreSQL the deactivation waits for it and does not see the
/// session, which was not there when the statement began.
async fn a_session_that_began_while_its_person_was_deactivated_opens_nothing(world: &World) {
    let ada = Ada::make(world).await;
    let (cx, person) = (ada.cx(world), ada.view.stored.id);
    let raw = Raw::of(world).await;
    let mut tx = write(world, &ada.acme).await;
    tx.lock(&Kind::USER, person).await.unwrap();
    let deactivating = async {
        let patch = json!([{"op": "replace", "path": "active", "value": false}]);
        world.patch(&cx, &ada.view, patch).await.unwrap();
    };
    let signing_in = async {
        while raw.is_postgres() && raw.number(WAITING).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let late = world.person_session(&ada.connection, person);
        tx.insert_person_session(&late).await.unwrap();
        tx.commit().await.unwrap();
        late
    };
    let ((), late) = tokio::join!(deactivating, signing_in);
    assert_eq!(ada.is_in(world).await, (false, false));
    let kept = read(world, &ada.acme).await.find_person_session(late.id).await.unwrap();
    assert_eq!(kept.is_some(), raw.is_postgres(), "or the test does not show what it is for");
    let patch = json!([{"op": "replace", "path": "active", "value": true}]);
    world.patch(&cx, &ada.view, patch).await.unwrap();
    assert_eq!(ada.kept(world).await, (0, 0), "and is no surprise when the person is back");
}

async fn signing_in_and_being_deactivated_at_once_leaves_nobody_in(world: &World) {
    let ada = Ada::make(world).await;
    let cx = ada.cx(world);
    for round in 0..6 {
        let deactivating = async {
            // A little later each time.
            tokio::time::sleep(Duration::from_millis(round * 3)).await;
            let patch = json!([{"op": "replace", "path": "active", "value": false}]);
            world.patch(&cx, &ada.view, patch).await.unwrap();
        };
        let (own, settings, ()) = tokio::join!(
            world.sign_on(&ada.acme, &ada.connection, "ada", "/t/acme/me"),
            world.sign_on(&ada.acme, &ada.connection, "ada", SETTINGS),
            deactivating,
        );
        if let Welcome::Person { session, .. } = own {
            let caller = world.single_sign_on.resume(&ada.acme, &session.cookie, world.clock.now()).await.unwrap();
            assert_eq!(caller, None, "round {round}");
        }
        if let Welcome::Admin { session, .. } = settings {
            assert_eq!(world.caller(&ada.acme, &session).await, None, "round {round}");
        }
        world.patch(&cx, &ada.view, json!([{"op": "replace", "path": "active", "value": true}])).await.unwrap();
        assert_eq!(ada.kept(world).await, (0, 0), "round {round}");
    }
}
