//! Sign-ins that are under way, and assertions: each step happens once, whoever tries at the same time.

use domain::connection::attempt::{Answer, Attempt, Purpose, digest};
use domain::connection::cause::{Refused, SignInCause};
use domain::connection::{Connection, attempt};
use domain::ids::AdminId;
use domain::ports::{Clock as _, IdGen as _};
use domain::store::{StoreError, TenantTx};
use domain::tenant::Tenant;
use futures_util::future::join_all;
use testkit::connections::arrival;
use testkit::{World, on_both_databases};

use super::{connected, read, write};

on_both_databases! { World:
    an_attempt_is_found_by_its_handle_and_its_ticket,
    an_attempt_is_answered_once_and_keeps_the_answer,
    a_secret_is_taken_once,
    of_many_at_once_one_answers_one_takes_the_secret_and_one_picks_up,
    what_is_rolled_back_did_not_happen,
    a_handle_and_a_ticket_lead_to_one_attempt,
    a_test_is_open_until_it_comes_back_or_cannot_any_more,
    an_assertion_is_used_once_for_each_connection,
    of_many_at_once_one_uses_an_assertion,
}

/// How many try at once.
const CROWD: usize = 8;

async fn insert(world: &World, tenant: &Tenant, attempt: &Attempt) {
    let mut tx = write(world, tenant).await;
    tx.insert_attempt(attempt).await.unwrap();
    tx.commit().await.unwrap();
}

async fn found(world: &World, tenant: &Tenant, attempt: &Attempt) -> Attempt {
    read(world, tenant).await.find_attempt(attempt.id).await.unwrap().unwrap()
}

/// An attempt by OpenID Connect with everything it may have.
fn full(world: &World, connection: &Connection) -> Attempt {
    let id = world.attempt(connection, Purpose::Link, "state");
    Attempt {
        secret: Some(world.keys.ring().seal(b"nonce", "sign-in").unwrap()),
        admin: Some(AdminId(world.ids.next(world.clock.now()))),
        return_to: "/t/acme/me?x=é".to_owned(),
        ..id
    }
}

async fn an_attempt_is_found_by_its_handle_and_its_ticket(world: &World) {
    let (acme, connection) = connected(world).await;
    let wanted = full(world, &connection);
    let unasked = Attempt { handle: None, browser: None, ..world.attempt(&connection, Purpose::SignIn, "") };
    for attempt in [&wanted, &unasked, &Attempt { id: attempt_id(world), ..unasked.clone() }] {
        insert(world, &acme, attempt).await;
    }
    assert_eq!(found(world, &acme, &wanted).await, wanted);
    let mut single = read(world, &acme).await;
    assert_eq!(single.find_attempt_by_handle(&digest("state")).await, Ok(Some(wanted.clone())));
    assert_eq!(single.find_attempt_by_handle(&digest("another")).await, Ok(None));
    assert_eq!(single.find_attempt_by_ticket(&digest("ticket")).await, Ok(None), "it waits for its answer");
    let (answer, until) = (Answer::Refused(SignInCause::Clock.into()), wanted.begun.plus_seconds(120));
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.answer_attempt(unasked.id, &answer, &digest("ticket"), until).await, Ok(true));
    tx.commit().await.unwrap();
    let by_ticket = single.find_attempt_by_ticket(&digest("ticket")).await.unwrap().unwrap();
    assert_eq!((by_ticket.id, by_ticket.expires, by_ticket.answer), (unasked.id, until, Some(answer)));
    assert_eq!(single.find_attempt_by_ticket(&digest("state")).await, Ok(None));
}

fn attempt_id(world: &World) -> domain::ids::AttemptId {
    domain::ids::AttemptId(world.ids.next(world.clock.now()))
}

async fn an_attempt_is_answered_once_and_keeps_the_answer(world: &World) {
    let (acme, connection) = connected(world).await;
    let arrived = Answer::Arrived(Box::new(arrival("0b5d", "ada@example.com")));
    let refused = Answer::Refused(Refused::new(SignInCause::WrongAudience, "it is for \"é\""));
    for (handle, first, second) in [("a", &arrived, &refused), ("b", &refused, &arrived)] {
        let attempt = world.attempt(&connection, Purpose::Test, handle);
        insert(world, &acme, &attempt).await;
        let mut tx = write(world, &acme).await;
        let until = attempt.begun.plus_seconds(attempt::TEST_SECONDS);
        assert_eq!(tx.answer_attempt(attempt.id, first, &digest(handle), until).await, Ok(true));
        assert_eq!(tx.answer_attempt(attempt.id, second, &digest("c"), attempt.begun).await, Ok(false));
        tx.commit().await.unwrap();
        let kept = found(world, &acme, &attempt).await;
        let expected = Attempt { answer: Some(first.clone()), ticket: Some(digest(handle)), expires: until, ..attempt };
        assert_eq!(kept, expected);
    }
}

async fn a_secret_is_taken_once(world: &World) {
    let (acme, connection) = connected(world).await;
    let attempt = full(world, &connection);
    let without = world.attempt(&connection, Purpose::SignIn, "saml");
    insert(world, &acme, &attempt).await;
    insert(world, &acme, &without).await;
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.take_attempt_secret(without.id).await, Ok(false));
    assert_eq!(tx.take_attempt_secret(attempt.id).await, Ok(true));
    assert_eq!(tx.take_attempt_secret(attempt.id).await, Ok(false));
    tx.commit().await.unwrap();
    assert_eq!(found(world, &acme, &attempt).await, Attempt { secret: None, ..attempt });
}

/// What many transactions at once are told who do the same and commit.
async fn at_once(
    world: &World,
    tenant: &Tenant,
    deed: impl AsyncFn(&mut dyn TenantTx) -> Result<bool, StoreError>,
) -> usize {
    let tries = (0..CROWD).map(async |_| {
        let mut tx = write(world, tenant).await;
        let done = deed(tx.as_mut()).await.unwrap();
        tx.commit().await.unwrap();
        done
    });
    join_all(tries).await.into_iter().filter(|done| *done).count()
}

async fn of_many_at_once_one_answers_one_takes_the_secret_and_one_picks_up(world: &World) {
    let (acme, connection) = connected(world).await;
    let attempt = full(world, &connection);
    insert(world, &acme, &attempt).await;
    let (id, now) = (attempt.id, world.clock.now());
    let answers = at_once(world, &acme, async |tx: &mut dyn TenantTx| {
        let ticket: [u8; 32] = digest(&world.ids.next(now).to_string());
        tx.answer_attempt(id, &Answer::Refused(SignInCause::Clock.into()), &ticket, now).await
    });
    assert_eq!(answers.await, 1);
    assert_eq!(at_once(world, &acme, async |tx: &mut dyn TenantTx| tx.take_attempt_secret(id).await).await, 1);
    assert_eq!(at_once(world, &acme, async |tx: &mut dyn TenantTx| tx.pick_up(id, now).await).await, 1);
    let kept = found(world, &acme, &attempt).await;
    assert_eq!((kept.secret, kept.picked_up, kept.answer.is_some()), (None, Some(now), true));
}

async fn what_is_rolled_back_did_not_happen(world: &World) {
    let (acme, connection) = connected(world).await;
    let attempt = full(world, &connection);
    insert(world, &acme, &attempt).await;
    let now = world.clock.now();
    for _ in 0..2 {
        let mut tx = write(world, &acme).await;
        assert_eq!(tx.take_attempt_secret(attempt.id).await, Ok(true));
        assert_eq!(tx.pick_up(attempt.id, now).await, Ok(true));
        assert_eq!(tx.use_assertion(connection.id, "a", now).await, Ok(true));
        drop(tx);
    }
    assert_eq!(found(world, &acme, &attempt).await, attempt);
}

async fn a_handle_and_a_ticket_lead_to_one_attempt(world: &World) {
    let (acme, connection) = connected(world).await;
    let one = Attempt { ticket: Some(digest("t")), ..world.attempt(&connection, Purpose::SignIn, "h") };
    insert(world, &acme, &one).await;
    let other = world.attempt(&connection, Purpose::SignIn, "other");
    for twin in [
        Attempt { handle: one.handle, ..other.clone() },
        Attempt { ticket: one.ticket, ..other.clone() },
        Attempt { id: one.id, ..other.clone() },
    ] {
        let mut tx = write(world, &acme).await;
        assert!(tx.insert_attempt(&twin).await.is_err(), "{twin:?}");
    }
    insert(world, &acme, &other).await;
}

async fn a_test_is_open_until_it_comes_back_or_cannot_any_more(world: &World) {
    let (acme, connection) = connected(world).await;
    let now = world.clock.now();
    let test = |handle| world.attempt(&connection, Purpose::Test, handle);
    let over = Attempt { expires: now, ..test("over") };
    let (answered, first, second) = (test("answered"), test("first"), test("second"));
    for attempt in [&over, &answered, &first, &second, &world.attempt(&connection, Purpose::SignIn, "sign-in")] {
        insert(world, &acme, attempt).await;
    }
    let mut tx = write(world, &acme).await;
    let answer = Answer::Refused(SignInCause::Clock.into());
    tx.answer_attempt(answered.id, &answer, &digest("ticket"), now.plus_seconds(86_400)).await.unwrap();
    tx.commit().await.unwrap();
    let mut single = read(world, &acme).await;
    assert_eq!(single.list_open_tests(now).await, Ok(vec![second.clone(), first]));
    assert_eq!(single.list_open_tests(second.expires).await, Ok(Vec::new()));
}

async fn an_assertion_is_used_once_for_each_connection(world: &World) {
    let (acme, connection) = connected(world).await;
    let other = world.oidc(&acme).await;
    let until = world.clock.now().plus_seconds(60);
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.use_assertion(connection.id, "_a", until).await, Ok(true));
    assert_eq!(tx.use_assertion(connection.id, "_a", until.plus_seconds(60)).await, Ok(false));
    assert_eq!(tx.use_assertion(connection.id, "_A", until).await, Ok(true), "another id");
    assert_eq!(tx.use_assertion(other.id, "_a", until).await, Ok(true), "another identity provider's");
    tx.commit().await.unwrap();
    let mut tx = write(world, &acme).await;
    assert_eq!(tx.use_assertion(connection.id, "_a", until).await, Ok(false), "in another transaction too");
}

async fn of_many_at_once_one_uses_an_assertion(world: &World) {
    let (acme, connection) = connected(world).await;
    let until = world.clock.now().plus_seconds(60);
    let using = async |tx: &mut dyn TenantTx| tx.use_assertion(connection.id, "_a", until).await;
    assert_eq!(at_once(world, &acme, using).await, 1);
}
