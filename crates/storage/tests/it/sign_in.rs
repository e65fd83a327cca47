//! Signing in: with a password, with a second step, as often as one may, and the session that follows.

use domain::Error;
use domain::admin::session::{IDLE_SECONDS, LONGEST_SECONDS, NewSession};
use domain::admin::{AdminCaller, AdminRole};
use domain::ops::{Outcome, Visitor};
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use futures_util::future::join_all;
use scim_protocol::secret::Secret;
use testkit::admins::{PASSWORD, attempt, visitor};
use testkit::{World, on_both_databases};

use crate::raw::facts;

on_both_databases! { World:
    only_the_right_password_of_the_right_tenant_lets_somebody_in,
    a_session_opens_only_with_its_secret_its_tenant_and_in_its_time,
    a_session_is_idle_at_last,
    sessions_are_listed_and_ended_by_their_holder_alone,
    every_sign_in_begins_a_new_session,
    the_second_step_is_owed_until_it_is_done,
    a_code_used_twice_at_once_lets_one_in,
    a_code_that_was_used_lets_nobody_in_again,
    recovery_codes_are_good_once_and_until_they_are_made_anew,
    a_second_step_that_is_not_confirmed_is_not_asked_for,
    a_stranger_does_not_lock_a_known_browser_out,
    strangers_of_many_addresses_do_not_guess_for_ever,
    addresses_of_nobody_are_counted_like_those_of_accounts,
    codes_are_not_guessed_for_ever,
    refused_sign_ins_are_told_once_an_hour,
    a_tenant_that_there_is_not_is_refused_like_one_that_there_is,
    a_browser_has_one_session_at_a_time,
    what_a_page_asks_by_itself_is_no_use_of_a_session,
}

async fn enter(world: &World, tenant: &Tenant, email: &str, password: &str, visitor: Visitor) -> Outcome {
    world.sign_in.with_password(tenant, attempt(email, password, visitor), world.clock.now()).await.unwrap()
}

fn password() -> Secret {
    Secret::new(PASSWORD.to_owned())
}

async fn with_device(world: &World, tenant: &Tenant, email: &str) -> Visitor {
    let (session, _) = world.signed_in(tenant, email).await;
    Visitor { device: session.device, ..visitor("198.51.100.7") }
}

fn session(outcome: Outcome) -> NewSession {
    match outcome {
        Outcome::In(session) | Outcome::SecondStep(session) => session,
        other => panic!("not let in: {other:?}"),
    }
}

async fn only_the_right_password_of_the_right_tenant_lets_somebody_in(world: &World) {
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    world.invited(&tenant, "bob@acme.example", AdminRole::Admin).await;
    for (tenant, email, password) in [
        (&tenant, "ana@acme.example", "not it at all"),
        (&tenant, "ana@acme.example", ""),
        (&tenant, "bob@acme.example", PASSWORD),
        (&tenant, "nobody@acme.example", PASSWORD),
        (&other, "ana@acme.example", PASSWORD),
    ] {
        let outcome = world.try_password(tenant, email, password).await;
        assert!(matches!(outcome, Outcome::Refused), "{email}: {outcome:?}");
    }
    let (_, caller) = world.signed_in(&tenant, " ANA@acme.example").await;
    assert_eq!((caller.shown_name(), caller.is_complete), ("ana@acme.example", true));
}

async fn a_session_opens_only_with_its_secret_its_tenant_and_in_its_time(world: &World) {
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let resume = async |tenant: &Tenant, cookie: &str| {
        world.sign_in.resume(&tenant.scope(), cookie, world.clock.now()).await.unwrap()
    };
    assert_eq!(resume(&tenant, &session.cookie).await, Some(caller));
    let flipped = if session.cookie.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{flipped}", &session.cookie[..session.cookie.len() - 1]);
    for bad in ["", "x_y", &mistyped, &session.cookie[1..]] {
        assert_eq!(resume(&tenant, bad).await, None, "{bad}");
    }
    assert_eq!(resume(&other, &session.cookie).await, None);
    for _ in 0..LONGEST_SECONDS / 3_600 {
        assert!(resume(&tenant, &session.cookie).await.is_some());
        world.clock.advance_seconds(3_600);
    }
    assert_eq!(resume(&tenant, &session.cookie).await, None, "it ends however busy it is");
}

async fn a_session_is_idle_at_last(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let last_seen = async || {
        let now = world.clock.now();
        world.sign_in.sessions(&tenant.scope(), &caller, now).await.unwrap().first().map(|session| session.last_seen)
    };
    let begun = world.clock.now();
    world.clock.advance_seconds(59);
    world.caller(&tenant, &session).await.unwrap();
    assert_eq!(last_seen().await, Some(begun), "seen is written once a minute");
    world.clock.advance_seconds(1);
    world.caller(&tenant, &session).await.unwrap();
    assert_eq!(last_seen().await, Some(begun.plus_seconds(60)));
    world.clock.advance_seconds(IDLE_SECONDS - 1);
    assert!(world.caller(&tenant, &session).await.is_some());
    world.clock.advance_seconds(IDLE_SECONDS);
    assert!(world.caller(&tenant, &session).await.is_none());
}

async fn sessions_are_listed_and_ended_by_their_holder_alone(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    world.admin(&tenant, "bob@acme.example", AdminRole::Owner).await;
    let (one, first) = world.signed_in(&tenant, "ana@acme.example").await;
    world.clock.advance_seconds(1);
    let (two, second) = world.signed_in(&tenant, "ana@acme.example").await;
    let (bobs, bob) = world.signed_in(&tenant, "bob@acme.example").await;
    let cx = world.as_caller(&tenant, &second);
    let listed = world.sign_in.sessions(&tenant.scope(), &second, cx.now).await.unwrap();
    let shown: Vec<_> = listed.iter().map(|one| (one.id, one.is_own, one.address.as_str())).collect();
    assert_eq!(shown, [(second.session, true, "192.0.2.1"), (first.session, false, "192.0.2.1")]);
    let refused = world.sign_in.end_session(&cx, &second, bob.session).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    world.sign_in.end_session(&cx, &second, first.session).await.unwrap();
    assert!(world.sign_in.end_session(&cx, &second, first.session).await.is_err());
    world.sign_in.sign_out(&cx, &second).await.unwrap();
    assert!(world.caller(&tenant, &one).await.is_none() && world.caller(&tenant, &two).await.is_none());
    assert!(world.caller(&tenant, &bobs).await.is_some());
}

async fn every_sign_in_begins_a_new_session(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (one, first) = world.signed_in(&tenant, "ana@acme.example").await;
    let (two, second) = world.signed_in(&tenant, "ana@acme.example").await;
    assert_ne!((one.cookie, first.session), (two.cookie, second.session));
    assert_ne!(first.csrf, second.csrf);
}

async fn the_second_step_is_owed_until_it_is_done(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let (secret, _) = world.second_step(&tenant, &caller).await;
    world.clock.advance_seconds(60);
    let Outcome::SecondStep(owing) = world.try_password(&tenant, "ana@acme.example", PASSWORD).await else { panic!() };
    assert_eq!(owing.device, None);
    let caller = world.caller(&tenant, &owing).await.unwrap();
    assert!(!caller.is_complete);
    let cx = world.as_caller(&tenant, &caller);
    let enrolled = world.people.begin_second_step(&cx, &tenant, &caller, &password(), "Rollcall").await;
    assert!(matches!(enrolled, Err(Error::NotAllowed(_))), "{enrolled:?}");

    let step = async |code: &str| {
        world.sign_in.second_step(&tenant, &caller, code, &visitor("192.0.2.1"), world.clock.now()).await.unwrap()
    };
    for wrong in ["", "000000", "aaaa-bbbb-cccc-dddd"] {
        assert!(matches!(step(wrong).await, Outcome::Refused), "{wrong}");
    }
    let done = session(step(&world.code(&secret)).await);
    assert_ne!(done.cookie, owing.cookie, "the session is another one");
    assert!(world.caller(&tenant, &owing).await.is_none());
    assert!(world.caller(&tenant, &done).await.unwrap().is_complete && done.device.is_some());

    let Outcome::SecondStep(owing) = world.try_password(&tenant, "ana@acme.example", PASSWORD).await else { panic!() };
    world.clock.advance_seconds(600);
    assert!(world.caller(&tenant, &owing).await.is_none(), "it does not wait for ever");
}

/// Sessions that owe the second step, each from an address of its own.
async fn owing(world: &World, tenant: &Tenant, count: usize) -> Vec<domain::admin::AdminCaller> {
    let mut callers = Vec::new();
    for number in 1..=count {
        let outcome = enter(world, tenant, "ana@acme.example", PASSWORD, visitor(&format!("192.0.2.{number}"))).await;
        callers.push(world.caller(tenant, &session(outcome)).await.unwrap());
    }
    callers
}

async fn a_code_used_twice_at_once_lets_one_in(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let (secret, codes) = world.second_step(&tenant, &caller).await;
    world.clock.advance_seconds(60);
    for code in [world.code(&secret), codes[0].reveal()] {
        let callers = owing(world, &tenant, 4).await;
        let visitor = visitor("192.0.2.1");
        let tries =
            callers.iter().map(|caller| world.sign_in.second_step(&tenant, caller, &code, &visitor, world.clock.now()));
        let outcomes = join_all(tries).await;
        let count = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::In(_)))).count();
        assert_eq!(count, 1, "{outcomes:?}");
    }
}

async fn a_code_that_was_used_lets_nobody_in_again(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let (secret, _) = world.second_step(&tenant, &caller).await;
    let callers = owing(world, &tenant, 3).await;
    let step = async |place: usize, code: &str| {
        world
            .sign_in
            .second_step(&tenant, &callers[place], code, &visitor("192.0.2.1"), world.clock.now())
            .await
            .unwrap()
    };
    let confirming = world.code(&secret);
    assert!(matches!(step(0, &confirming).await, Outcome::Refused), "it was used to switch the second step on");
    world.clock.advance_seconds(30);
    let next = world.code(&secret);
    assert!(matches!(step(0, &next).await, Outcome::In(_)));
    world.clock.advance_seconds(29);
    assert!(matches!(step(1, &next).await, Outcome::Refused));
}

async fn recovery_codes_are_good_once_and_until_they_are_made_anew(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let cx = world.as_caller(&tenant, &caller);
    let (_, codes) = world.second_step(&tenant, &caller).await;
    assert_eq!(codes.len(), 10);
    let callers = owing(world, &tenant, 3).await;
    let step = async |place: usize, code: &str| {
        world
            .sign_in
            .second_step(&tenant, &callers[place], code, &visitor("192.0.2.1"), world.clock.now())
            .await
            .unwrap()
    };
    assert!(matches!(step(0, &codes[3].reveal().to_uppercase()).await, Outcome::In(_)));
    assert!(matches!(step(1, &codes[3].reveal()).await, Outcome::Refused));
    assert_eq!(world.people.count_recovery_codes(&cx, &caller).await.unwrap(), 9);
    let password = scim_protocol::secret::Secret::new(PASSWORD.to_owned());
    let anew = world.people.renew_recovery_codes(&cx, &tenant, &caller, &password).await.unwrap();
    assert!(matches!(step(1, &codes[4].reveal()).await, Outcome::Refused));
    assert!(matches!(step(1, &anew[4].reveal()).await, Outcome::In(_)));
    world.people.drop_second_step(&world.operator(&tenant), caller.admin().unwrap().id).await.unwrap();
    assert!(matches!(step(2, &anew[5].reveal()).await, Outcome::Refused), "they go with the second step");
    assert!(matches!(world.try_password(&tenant, "ana@acme.example", PASSWORD).await, Outcome::In(_)));
}

async fn a_second_step_that_is_not_confirmed_is_not_asked_for(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let cx = world.as_caller(&tenant, &caller);
    let found_open = Secret::new("whoever finds the browser".to_owned());
    let enrolled = world.people.begin_second_step(&cx, &tenant, &caller, &found_open, "Rollcall").await;
    assert!(matches!(enrolled, Err(Error::NotAllowed(_))), "{enrolled:?}");
    let first = world.people.begin_second_step(&cx, &tenant, &caller, &password(), "Rollcall").await.unwrap();
    let again = world.people.waiting_second_step(&cx, &tenant, &caller, "Rollcall").await.unwrap();
    assert_eq!(first.secret, again.secret, "a page can be looked at twice");
    assert!(again.uri.starts_with("otpauth://totp/Rollcall:ana%40acme.example%20%28acme%29?secret="), "{}", again.uri);
    assert!(world.people.confirm_second_step(&cx, &caller, "000000").await.is_err());
    world.signed_in(&tenant, "ana@acme.example").await;
}

async fn a_stranger_does_not_lock_a_known_browser_out(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let known = with_device(world, &tenant, "ana@acme.example").await;
    let stranger = async || enter(world, &tenant, "ana@acme.example", "a guess of many", visitor("203.0.113.9")).await;
    let mut waits = 0;
    for _ in 0..50 {
        waits += u64::from(matches!(stranger().await, Outcome::Wait(_)));
    }
    assert_eq!(waits, 40, "ten at once, then one a minute");
    let same_address = Visitor { device: known.device.clone(), ..visitor("203.0.113.9") };
    for visitor in [known, same_address] {
        let outcome = enter(world, &tenant, "ana@acme.example", PASSWORD, visitor).await;
        assert!(matches!(outcome, Outcome::In(_)), "{outcome:?}");
    }
    let elsewhere = enter(world, &tenant, "ana@acme.example", PASSWORD, visitor("192.0.2.77")).await;
    assert!(matches!(elsewhere, Outcome::In(_)), "nor a new browser elsewhere: {elsewhere:?}");
}

async fn strangers_of_many_addresses_do_not_guess_for_ever(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let known = with_device(world, &tenant, "ana@acme.example").await;
    let mut tried = 0;
    for number in 0..400 {
        let visitor = visitor(&format!("2001:db8:0:{number:x}::1"));
        let outcome = enter(world, &tenant, "ana@acme.example", "a guess of many", visitor).await;
        tried += u64::from(matches!(outcome, Outcome::Refused));
    }
    assert_eq!(tried, 119, "and one was the owner's own first time");
    assert!(matches!(enter(world, &tenant, "ana@acme.example", PASSWORD, known).await, Outcome::In(_)));
}

async fn addresses_of_nobody_are_counted_like_those_of_accounts(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    for (email, address) in [("ana@acme.example", "192.0.2.8"), ("nobody@acme.example", "192.0.2.9")] {
        let mut outcomes = Vec::new();
        for _ in 0..12 {
            outcomes.push(match enter(world, &tenant, email, "a guess of many", visitor(address)).await {
                Outcome::Refused => "refused".to_owned(),
                Outcome::Wait(seconds) => format!("wait {seconds}"),
                other => panic!("{other:?}"),
            });
        }
        assert_eq!(outcomes[9..], ["refused", "wait 60", "wait 60"], "{email}");
    }
}

async fn codes_are_not_guessed_for_ever(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let has_shown_a_password = with_device(world, &tenant, "ana@acme.example").await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let (secret, _) = world.second_step(&tenant, &caller).await;
    world.clock.advance_seconds(60);
    let step = async |caller: &AdminCaller, code: &str, visitor: &Visitor| {
        world.sign_in.second_step(&tenant, caller, code, visitor, world.clock.now()).await.unwrap()
    };
    let first = owing(world, &tenant, 1).await.remove(0);
    let signed_in = session(step(&first, &world.code(&secret), &has_shown_a_password).await);
    let has_shown_a_code = Visitor { device: signed_in.device, ..visitor("198.51.100.7") };
    // By tomorrow all budgets are whole again.
    world.clock.advance_seconds(86_400);
    let mut tried = 0;
    for caller in owing(world, &tenant, 8).await {
        for _ in 0..8 {
            // A browser that has shown a password alone is a stranger's.
            let outcome = step(&caller, "000000", &has_shown_a_password).await;
            tried += u64::from(matches!(outcome, Outcome::Refused));
        }
    }
    assert_eq!(tried, 20);
    world.clock.advance_seconds(60);
    let owing = session(enter(world, &tenant, "ana@acme.example", PASSWORD, has_shown_a_code.clone()).await);
    let caller = world.caller(&tenant, &owing).await.unwrap();
    let outcome = step(&caller, &world.code(&secret), &has_shown_a_code).await;
    assert!(matches!(outcome, Outcome::In(_)), "{outcome:?}");
}

async fn refused_sign_ins_are_told_once_an_hour(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let told = async || {
        world.sign_in.flush_refusals(world.clock.now()).await.unwrap();
        let rows = facts(world, &tenant).await;
        let rows = rows.iter().filter(|row| row.what == "sign_in_refused");
        rows.map(|row| row.payload()["times"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let fail = async |email: &str, times: usize| {
        for number in 0..times {
            let visitor = visitor(&format!("198.51.100.{number}"));
            assert!(matches!(enter(world, &tenant, email, "a guess of many", visitor).await, Outcome::Refused));
        }
    };
    fail("nobody@acme.example", 3).await;
    assert!(told().await.is_empty());
    fail("ana@acme.example", 2).await;
    assert_eq!(told().await, [2]);
    fail("ana@acme.example", 3).await;
    assert_eq!(told().await, [2]);
    world.clock.advance_seconds(3_600);
    fail("ana@acme.example", 1).await;
    assert_eq!(told().await, [2, 4]);
}

async fn a_tenant_that_there_is_not_is_refused_like_one_that_there_is(world: &World) {
    let tenant = world.tenant("acme").await;
    let at_no_tenant = async |slug: &str| {
        let attempt = attempt("ana@acme.example", "a guess of many", visitor("192.0.2.1"));
        world.sign_in.at_no_tenant(&slug.parse().unwrap(), attempt).await.unwrap()
    };
    for _ in 0..10 {
        assert!(matches!(at_no_tenant("nobody").await, Outcome::Refused));
    }
    assert!(matches!(at_no_tenant("nobody").await, Outcome::Wait(_)));
    // What was tried there is felt neither where there is a tenant nor where there is none.
    assert!(matches!(at_no_tenant("nobody-else").await, Outcome::Refused));
    assert!(matches!(world.try_password(&tenant, "ana@acme.example", "a guess of many").await, Outcome::Refused));
}

async fn a_browser_has_one_session_at_a_time(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, _) = world.signed_in(&tenant, "ana@acme.example").await;
    let leave = async |cookie: &str| {
        world.sign_in.leave(&tenant, cookie, &visitor("192.0.2.1"), world.clock.now()).await.unwrap();
    };
    leave("nobody's").await;
    assert!(world.caller(&tenant, &session).await.is_some());
    leave(&session.cookie).await;
    assert!(world.caller(&tenant, &session).await.is_none());
}

async fn what_a_page_asks_by_itself_is_no_use_of_a_session(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, _) = world.signed_in(&tenant, "ana@acme.example").await;
    let mut minutes = 0;
    while world.sign_in.glance(&tenant.scope(), &session.cookie, world.clock.now()).await.unwrap().is_some() {
        world.clock.advance_seconds(60);
        minutes += 1;
        assert!(minutes < 1_000, "the session never ends");
    }
    assert_eq!(minutes, 120);
}
