//! Sessions of people, as they are kept and as they open something.

use domain::Error;
use domain::admin::session::{IDLE_SECONDS, LONGEST_SECONDS, SEEN_SECONDS};
use domain::connection::Protocol;
use domain::connection::attempt::Purpose;
use domain::context::Actor;
use domain::ops::Welcome;
use domain::person::{PersonCaller, StoredPersonSession};
use domain::ports::Clock as _;
use domain::tenant::{Tenant, TenantStatus};
use serde_json::json;
use testkit::connections::arrival;
use testkit::{World, on_both_databases};

use super::{connected, read, write};
use crate::raw;

on_both_databases! { World:
    everything_of_a_session_is_kept,
    a_session_is_seen_later_and_never_earlier,
    sessions_end_one_by_one_of_a_person_and_by_a_connection,
    an_identity_provider_finds_its_sessions_by_name,
    a_session_opens_only_with_its_secret_its_tenant_and_in_its_time,
    a_session_lasts_no_longer_than_the_identity_provider_says,
    a_person_sees_and_ends_their_own_sessions_and_nobody_elses,
    an_admin_ends_a_persons_sessions,
}

async fn insert(world: &World, tenant: &Tenant, sessions: &[&StoredPersonSession]) {
    let mut tx = write(world, tenant).await;
    for session in sessions {
        tx.insert_person_session(session).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn everything_of_a_session_is_kept(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let mut bare = world.person_session(&connection, ada);
    (bare.sign_on.name, bare.sign_on.session, bare.sign_on.authenticated, bare.client) = (None, None, None, None);
    let mut full = world.person_session(&connection, ada);
    full.sign_on.protocol = Protocol::Saml;
    full.signed_in = full.signed_in.plus_seconds(1);
    let name = full.sign_on.name.as_mut().unwrap();
    (name.value, name.format) = ("Adá".to_owned(), Some("urn:persistent".to_owned()));
    (name.name_qualifier, name.sp_name_qualifier) = (Some("idp".to_owned()), Some("sp".to_owned()));
    insert(world, &acme, &[&bare, &full]).await;
    let mut read = read(world, &acme).await;
    assert_eq!(read.find_person_session(bare.id).await, Ok(Some(bare.clone())));
    assert_eq!(read.list_person_sessions(ada).await, Ok(vec![full, bare]), "the newest first");
}

async fn a_session_is_seen_later_and_never_earlier(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let (one, other) = (world.person_session(&connection, ada), world.person_session(&connection, ada));
    insert(world, &acme, &[&one, &other]).await;
    let mut tx = write(world, &acme).await;
    for seconds in [60, 30] {
        tx.see_person_session(one.id, one.last_seen.plus_seconds(seconds)).await.unwrap();
    }
    let seen = tx.find_person_session(one.id).await.unwrap().unwrap();
    assert_eq!(seen.last_seen, one.last_seen.plus_seconds(60));
    assert_eq!(tx.find_person_session(other.id).await, Ok(Some(other)));
}

async fn sessions_end_one_by_one_of_a_person_and_by_a_connection(world: &World) {
    let (acme, connection) = connected(world).await;
    let another = world.oidc(&acme).await;
    let cx = world.cx(&acme);
    let (ada, bob) = (world.user(&cx, "ada").await.stored.id, world.user(&cx, "bob").await.stored.id);
    let sessions = [(&connection, ada), (&connection, ada), (&another, ada), (&connection, bob), (&another, bob)];
    let sessions = sessions.map(|(connection, person)| world.person_session(connection, person));
    insert(world, &acme, &sessions.each_ref()).await;
    let left = async |tx: &mut Box<dyn domain::store::TenantTx>| {
        let mut left = Vec::new();
        for (place, session) in sessions.iter().enumerate() {
            left.extend(tx.find_person_session(session.id).await.unwrap().map(|_| place));
        }
        left
    };
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.end_person_session(sessions[0].id).await, Ok(true));
    assert_eq!(tx.end_person_session(sessions[0].id).await, Ok(false));
    assert_eq!(left(&mut tx).await, [1, 2, 3, 4]);
    tx.end_sessions_by(another.id, None).await.unwrap();
    assert_eq!(left(&mut tx).await, [1, 3]);
    assert_eq!(tx.end_person_sessions(ada).await, Ok(1));
    assert_eq!(left(&mut tx).await, [3]);
    assert_eq!(tx.end_person_sessions(ada).await, Ok(0));
}

async fn an_identity_provider_finds_its_sessions_by_name(world: &World) {
    let (acme, connection) = connected(world).await;
    let another = world.oidc(&acme).await;
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let with = |connection, name: &str, session: Option<&str>| {
        let mut made = world.person_session(connection, ada);
        made.sign_on.name.as_mut().unwrap().value = name.to_owned();
        made.sign_on.session = session.map(str::to_owned);
        made
    };
    let one = with(&connection, "ada", Some("1"));
    let two = with(&connection, "ada", Some("2"));
    let none = with(&connection, "ada", None);
    let others = [with(&another, "ada", Some("1")), with(&connection, "Ada", Some("1")), with(&connection, "", None)];
    insert(world, &acme, &[&one, &two, &none, &others[0], &others[1], &others[2]]).await;
    let mut read = read(world, &acme).await;
    let mut all = read.sessions_of_key(connection.id, "ada", None).await.unwrap();
    all.sort_by_key(|session| session.id);
    assert_eq!(all, [one.clone(), two, none]);
    assert_eq!(read.sessions_of_key(connection.id, "ada", Some("1")).await, Ok(vec![one]));
    assert_eq!(read.sessions_of_key(connection.id, "ada", Some("3")).await, Ok(Vec::new()));
    assert_eq!(read.sessions_of_key(connection.id, "eve", None).await, Ok(Vec::new()));
}

/// Somebody of the directory, and a session of theirs that they have just begun: its cookie.
async fn signed_on(world: &World, tenant: &Tenant, connection: &domain::connection::Connection, key: &str) -> String {
    match world.sign_on(tenant, connection, key, "/t/acme/me").await {
        Welcome::Person { session, .. } => session.cookie,
        other => panic!("{other:?}"),
    }
}

async fn resume(world: &World, tenant: &Tenant, cookie: &str) -> Option<PersonCaller> {
    world.single_sign_on.resume(tenant, cookie, world.clock.now()).await.unwrap()
}

async fn person(world: &World, tenant: &Tenant, name: &str) {
    let attributes = json!({"userName": name, "externalId": name, "displayName": name.to_uppercase()});
    world.create(&world.cx(tenant), &domain::directory::Kind::USER, attributes).await.unwrap();
}

async fn a_session_opens_only_with_its_secret_its_tenant_and_in_its_time(world: &World) {
    let (acme, connection) = connected(world).await;
    let globex = world.tenant("globex").await;
    person(world, &acme, "ada").await;
    let cookie = signed_on(world, &acme, &connection, "ada").await;
    let caller = resume(world, &acme, &cookie).await.unwrap();
    assert_eq!(caller.shown_name(), "ADA");
    assert_eq!(caller.actor(), Actor::Person { id: caller.person.id, name: "ADA".to_owned() });
    let flipped = if cookie.ends_with('0') { "1" } else { "0" };
    for bad in [String::new(), "x_y".to_owned(), format!("{}{flipped}", &cookie[..cookie.len() - 1])] {
        assert_eq!(resume(world, &acme, &bad).await, None, "{bad}");
    }
    assert_eq!(resume(world, &globex, &cookie).await, None);
    let suspended = Tenant { status: TenantStatus::Suspended, ..acme.clone() };
    assert_eq!(resume(world, &suspended, &cookie).await, None, "while the workspace is suspended");
    world.clock.advance_seconds(SEEN_SECONDS);
    resume(world, &acme, &cookie).await.unwrap();
    world.clock.advance_seconds(IDLE_SECONDS - 1);
    assert!(resume(world, &acme, &cookie).await.is_some(), "it was seen a minute after it began");
    for _ in 0..LONGEST_SECONDS / 3_600 {
        world.clock.advance_seconds(3_600);
        resume(world, &acme, &cookie).await;
    }
    assert_eq!(resume(world, &acme, &cookie).await, None, "twelve hours are the most");
    let idle = signed_on(world, &acme, &connection, "ada").await;
    world.clock.advance_seconds(IDLE_SECONDS);
    assert_eq!(resume(world, &acme, &idle).await, None, "nobody was seen for two hours");
}

async fn a_session_lasts_no_longer_than_the_identity_provider_says(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, "ada").await;
    let now = world.clock.now();
    for (wanted, granted) in [(600, 600), (LONGEST_SECONDS * 2, LONGEST_SECONDS)] {
        let attempt = world.attempt(&connection, Purpose::SignIn, &wanted.to_string());
        let mut arrived = arrival("ada", "ada");
        arrived.until_us = Some(now.plus_seconds(wanted).as_micros());
        let ticket = world.arrived(&acme, attempt, arrived).await;
        let Welcome::Person { session, .. } = world.pick_up(&acme, &ticket).await else { panic!("not let in") };
        assert_eq!(session.expires, now.plus_seconds(granted));
    }
}

async fn a_person_sees_and_ends_their_own_sessions_and_nobody_elses(world: &World) {
    let (acme, connection) = connected(world).await;
    for name in ["ada", "bob"] {
        person(world, &acme, name).await;
    }
    let cookies = [
        signed_on(world, &acme, &connection, "ada").await,
        signed_on(world, &acme, &connection, "ada").await,
        signed_on(world, &acme, &connection, "bob").await,
    ];
    let ada = resume(world, &acme, &cookies[1]).await.unwrap();
    let bob = resume(world, &acme, &cookies[2]).await.unwrap();
    let (sso, now) = (&world.single_sign_on, world.clock.now());
    let seen = sso.sessions(&acme.scope(), &ada, now).await.unwrap();
    assert_eq!(seen.iter().map(|session| session.is_own).collect::<Vec<_>>(), [true, false]);
    let visitor = testkit::admins::visitor("192.0.2.1");
    let cx = domain::ops::SingleSignOn::context(&acme, &ada, &visitor, now);
    let other = sso.end_session(&cx, &ada, bob.session.id).await;
    assert!(matches!(other, Err(Error::NotFound(_))), "{other:?}");
    sso.end_session(&cx, &ada, seen[1].id).await.unwrap();
    assert!(matches!(sso.end_session(&cx, &ada, seen[1].id).await, Err(Error::NotFound(_))), "it has ended");
    let open = async || {
        let mut open = Vec::new();
        for cookie in &cookies {
            open.push(resume(world, &acme, cookie).await.is_some());
        }
        open
    };
    assert_eq!(open().await, [false, true, true]);
    sso.end_everywhere(&cx, &ada).await.unwrap();
    assert_eq!(open().await, [false, false, true]);
    let facts = raw::facts(world, &acme).await;
    let ended: Vec<_> = facts
        .iter()
        .filter(|fact| fact.what == "session_ended")
        .map(|fact| (fact.actor_kind.clone(), fact.payload()["how"].clone()))
        .collect();
    assert_eq!(ended, [("person".to_owned(), json!("ended")), ("person".to_owned(), json!("signed_out_everywhere"))]);
}

async fn an_admin_ends_a_persons_sessions(world: &World) {
    let (acme, connection) = connected(world).await;
    person(world, &acme, "ada").await;
    let old = signed_on(world, &acme, &connection, "ada").await;
    world.clock.advance_seconds(IDLE_SECONDS);
    let cookie = signed_on(world, &acme, &connection, "ada").await;
    let ada = resume(world, &acme, &cookie).await.unwrap().person.id;
    let cx = world.operator(&acme);
    assert_eq!(world.single_sign_on.end_sessions_of(&cx, ada).await.unwrap(), 1, "the other was over");
    assert_eq!(world.single_sign_on.end_sessions_of(&cx, ada).await.unwrap(), 0);
    for cookie in [&old, &cookie] {
        assert_eq!(resume(world, &acme, cookie).await, None);
    }
    let facts = raw::facts(world, &acme).await;
    let ended: Vec<_> = facts.iter().filter(|fact| fact.what == "session_ended").collect();
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].subject_kind.as_str(), ended[0].subject_id), ("User", Some(ada.0)));
}
