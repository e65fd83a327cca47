//! The sign-in log: what is kept, found, counted and forgotten.

use domain::choices::Retention;
use domain::connection::attempt::Purpose;
use domain::connection::cause::SignInCause;
use domain::directory::Kind;
use domain::ids::ConnectionId;
use domain::ops::{SettingsChange, Welcome};
use domain::ports::Clock as _;
use domain::sign_in_log::{STRANGERS_REFUSALS, SignInCounts, SignInEntry, SignInQuery};
use domain::store::Store as _;
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use serde_json::json;
use testkit::{World, on_both_databases};

use super::{connected, read, write};

on_both_databases! { World:
    everything_of_an_entry_is_kept,
    entries_are_found_by_what_they_are_about,
    pages_follow_one_another_without_a_gap,
    sign_ins_are_counted_and_tests_and_signing_out_are_not,
    the_newest_stranger_of_a_name_is_found,
    entries_are_kept_as_long_as_their_tenant_wants,
    a_flood_of_refusals_does_not_fill_the_log,
}

const DAY: i64 = 86_400;

async fn log(world: &World, tenant: &Tenant, entries: &[SignInEntry]) {
    let mut tx = write(world, tenant).await;
    for entry in entries {
        tx.log_sign_in(entry).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn all(world: &World, tenant: &Tenant) -> Vec<SignInEntry> {
    asked(world, tenant, SignInQuery::default()).await
}

async fn asked(world: &World, tenant: &Tenant, query: SignInQuery) -> Vec<SignInEntry> {
    let limit = if query.limit == 0 { 1_000 } else { query.limit };
    world.connections.sign_ins(&tenant.scope(), &SignInQuery { limit, ..query }).await.unwrap()
}

async fn everything_of_an_entry_is_kept(world: &World) {
    let (acme, connection) = connected(world).await;
    let ada = world.user(&world.cx(&acme), "ada").await.stored.id;
    let bare = SignInEntry { name: None, key: None, client: None, ..world.sign_in_entry(None) };
    let full = SignInEntry {
        purpose: Purpose::Link,
        is_solicited: false,
        cause: Some(SignInCause::WrongAudience),
        detail: "it is for \"é\"".to_owned(),
        person: Some(ada),
        ..world.sign_in_entry(Some(connection.id))
    };
    log(world, &acme, &[bare.clone(), full.clone()]).await;
    assert_eq!(all(world, &acme).await, [full, bare], "the newest first");
    let each = SignInCause::ALL
        .iter()
        .map(|cause| SignInEntry { cause: Some(*cause), ..world.sign_in_entry(Some(connection.id)) });
    let each: Vec<_> = each.collect();
    log(world, &acme, &each).await;
    for entry in each {
        let query = SignInQuery { cause: entry.cause, limit: 1, ..SignInQuery::default() };
        assert_eq!(asked(world, &acme, query).await, [entry]);
    }
}

async fn entries_are_found_by_what_they_are_about(world: &World) {
    let (acme, connection) = connected(world).await;
    let other = world.oidc(&acme).await;
    let cx = world.cx(&acme);
    let (ada, bob) = (world.user(&cx, "ada").await.stored.id, world.user(&cx, "bob").await.stored.id);
    let entry = |of: Option<ConnectionId>, person, cause| SignInEntry { person, cause, ..world.sign_in_entry(of) };
    let (one, two) = (Some(connection.id), Some(other.id));
    let (clock, expired) = (Some(SignInCause::Clock), Some(SignInCause::Expired));
    let entries = [
        entry(one, Some(ada), None),
        entry(one, Some(bob), clock),
        entry(two, Some(ada), clock),
        entry(two, None, expired),
        entry(None, None, expired),
    ];
    log(world, &acme, &entries).await;
    let none = SignInQuery::default();
    for (query, places) in [
        (none, &[4, 3, 2, 1, 0][..]),
        (SignInQuery { connection: one, ..none }, &[1, 0]),
        (SignInQuery { person: Some(ada), ..none }, &[2, 0]),
        (SignInQuery { refused: true, ..none }, &[4, 3, 2, 1]),
        (SignInQuery { cause: clock, ..none }, &[2, 1]),
        (SignInQuery { connection: two, person: Some(ada), refused: true, cause: clock, ..none }, &[2]),
        (SignInQuery { connection: one, cause: expired, ..none }, &[]),
        (SignInQuery { before: Some(entries[2].id), ..none }, &[1, 0]),
        (SignInQuery { before: Some(entries[2].id), refused: true, ..none }, &[1]),
        (SignInQuery { limit: 2, ..none }, &[4, 3]),
    ] {
        let expected: Vec<_> = places.iter().map(|place| entries[*place].clone()).collect();
        assert_eq!(asked(world, &acme, query).await, expected, "{query:?}");
    }
}

async fn pages_follow_one_another_without_a_gap(world: &World) {
    let (acme, connection) = connected(world).await;
    let entries: Vec<_> = (0..23).map(|_| world.sign_in_entry(Some(connection.id))).collect();
    log(world, &acme, &entries).await;
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = asked(world, &acme, SignInQuery { before, limit: 5, ..SignInQuery::default() }).await;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        // What comes in while somebody reads moves nothing.
        log(world, &acme, &[world.sign_in_entry(Some(connection.id))]).await;
        found.extend(page);
    }
    assert!(found.iter().eq(entries.iter().rev()));
}

async fn sign_ins_are_counted_and_tests_and_signing_out_are_not(world: &World) {
    let (acme, connection) = connected(world).await;
    let other = world.oidc(&acme).await;
    let counts = async |since: Timestamp| world.connections.counts(&acme.scope(), connection.id, since).await.unwrap();
    let start = world.clock.now();
    assert_eq!(counts(start).await, SignInCounts::default());
    let refused = Some(SignInCause::Clock);
    let entry = |purpose, cause| SignInEntry { purpose, cause, ..world.sign_in_entry(Some(connection.id)) };
    log(world, &acme, &[entry(Purpose::SignIn, None), entry(Purpose::SignIn, refused)]).await;
    world.clock.advance_seconds(60);
    let later = world.clock.now();
    let entry = |purpose, cause| SignInEntry { purpose, cause, ..world.sign_in_entry(Some(connection.id)) };
    let more = [
        entry(Purpose::SignIn, None),
        entry(Purpose::SignIn, refused),
        entry(Purpose::SignIn, refused),
        entry(Purpose::Test, None),
        entry(Purpose::Test, refused),
        entry(Purpose::SignOut, refused),
        world.sign_in_entry(Some(other.id)),
        world.sign_in_entry(None),
    ];
    log(world, &acme, &more).await;
    assert_eq!(counts(start).await, SignInCounts { led_in: 2, refused: 3, last: Some(later) });
    assert_eq!(counts(later).await, SignInCounts { led_in: 1, refused: 2, last: Some(later) });
    assert_eq!(counts(later.plus_seconds(1)).await, SignInCounts::default());
}

async fn the_newest_stranger_of_a_name_is_found(world: &World) {
    let (acme, connection) = connected(world).await;
    let other = world.oidc(&acme).await;
    let entry = |of: ConnectionId, name: &str, cause| SignInEntry {
        name: Some(name.to_owned()),
        cause,
        ..world.sign_in_entry(Some(of))
    };
    let unknown = Some(SignInCause::PersonUnknown);
    let entries = [
        entry(connection.id, "eve@example.com", unknown),
        entry(connection.id, "eve@example.com", unknown),
        entry(connection.id, "eve@example.com", Some(SignInCause::PersonInactive)),
        entry(connection.id, "eve@example.com", None),
        entry(other.id, "eve@example.com", unknown),
        entry(connection.id, "eve@example.comm", unknown),
    ];
    log(world, &acme, &entries).await;
    let mut read = read(world, &acme).await;
    assert_eq!(read.newest_stranger(connection.id, "eve@example.com").await, Ok(Some(entries[1].clone())));
    assert_eq!(read.newest_stranger(other.id, "eve@example.com").await, Ok(Some(entries[4].clone())));
    assert_eq!(read.newest_stranger(other.id, "eve").await, Ok(None));
}

async fn entries_are_kept_as_long_as_their_tenant_wants(world: &World) {
    let (acme, _) = connected(world).await;
    let globex = world.tenant("globex").await;
    let long = SettingsChange { retention: Some(Retention::Quarter), ..SettingsChange::default() };
    world.settings.change(&world.operator(&globex), long).await.unwrap();
    let old = world.sign_in_entry(None);
    log(world, &acme, std::slice::from_ref(&old)).await;
    log(world, &globex, std::slice::from_ref(&old)).await;
    world.clock.advance_seconds(1);
    let newer = world.sign_in_entry(None);
    log(world, &acme, std::slice::from_ref(&newer)).await;
    let prune = async |days: i64| world.store.work().prune_sign_ins(old.at.plus_seconds(days * DAY + 1)).await.unwrap();
    prune(29).await;
    assert_eq!(all(world, &acme).await.len(), 2);
    prune(30).await;
    assert_eq!(all(world, &acme).await, [newer]);
    assert_eq!(all(world, &globex).await, std::slice::from_ref(&old));
    prune(90).await;
    assert_eq!(all(world, &globex).await, []);
}

async fn a_flood_of_refusals_does_not_fill_the_log(world: &World) {
    let (acme, connection) = connected(world).await;
    for _ in 0..STRANGERS_REFUSALS + 20 {
        let welcome = world.pick_up(&acme, "no ticket of ours").await;
        assert!(matches!(welcome, Welcome::Refused(_)), "{welcome:?}");
    }
    assert_eq!(all(world, &acme).await.len(), STRANGERS_REFUSALS as usize);
    let person = json!({"userName": "ada", "externalId": "ada"});
    world.create(&world.cx(&acme), &Kind::USER, person).await.unwrap();
    world.sign_on(&acme, &connection, "ada", "/t/acme/me").await;
    let newest = all(world, &acme).await.remove(0);
    assert_eq!((newest.cause, newest.connection), (None, Some(connection.id)), "who comes in is always written down");
    world.clock.advance_seconds(60);
    world.pick_up(&acme, "no ticket of ours").await;
    assert_eq!(all(world, &acme).await.len(), STRANGERS_REFUSALS as usize + 2);
}
