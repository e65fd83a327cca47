//! Links that open something once.

use domain::Error;
use domain::admin::link::{Link, LinkPurpose, LinkState, LinkText};
use domain::admin::{AdminRole, Right, SessionHolder};
use domain::mail::MailAddress;
use domain::ops::LinkOutcome;
use domain::ports::Clock as _;
use domain::store::Store as _;
use futures_util::future::join_all;
use testkit::admins::{PASSWORD, SIGN_IN, visitor};
use testkit::{World, on_both_databases};

use crate::raw::facts;

on_both_databases! { World:
    looking_at_a_link_uses_nothing_up,
    a_link_works_once,
    a_link_used_twice_at_once_works_once,
    a_link_with_a_bad_password_is_good_still,
    links_end_with_their_time_and_with_the_next_one,
    what_is_no_link_of_the_tenant_opens_nothing,
    a_reset_ends_all_sessions_and_leaves_the_second_step,
    a_setup_link_opens_the_settings_and_nothing_about_people,
    a_setup_link_that_is_revoked_ends_its_session,
    setup_links_are_good_for_thirty_days_and_there_are_twenty,
    a_forgotten_password_tells_nobody_which_accounts_there_are,
    whoever_asks_for_a_new_password_voids_nobodys_link,
    ended_sessions_and_links_are_forgotten_in_time,
}

async fn looking_at_a_link_uses_nothing_up(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, link) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    for _ in 0..3 {
        let now = world.clock.now();
        let view = world.sign_in.look_at_link(&tenant.scope(), &link.text.reveal(), now).await.unwrap().unwrap();
        assert_eq!(
            (view.purpose, view.email.as_ref().map(MailAddress::as_str)),
            (LinkPurpose::Invitation, Some("ana@acme.example"))
        );
        assert_eq!(view.expires, now.plus_seconds(7 * 86_400));
    }
    assert!(matches!(world.use_link(&tenant, &link.text.reveal(), Some(PASSWORD)).await, Ok(LinkOutcome::In(_))));
}

async fn a_link_works_once(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, link) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let text = link.text.reveal();
    let LinkOutcome::In(session) = world.use_link(&tenant, &text, Some(PASSWORD)).await.unwrap() else { panic!() };
    assert!(world.caller(&tenant, &session).await.unwrap().is_complete);
    let again = world.use_link(&tenant, &text, Some("another four words")).await.unwrap();
    assert!(matches!(again, LinkOutcome::Gone), "{again:?}");
    assert_eq!(world.sign_in.look_at_link(&tenant.scope(), &text, world.clock.now()).await.unwrap(), None);
    world.signed_in(&tenant, "ana@acme.example").await;
}

async fn a_link_used_twice_at_once_works_once(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, invitation) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let setup = world.people.make_setup_link(&world.operator(&tenant), "", 60).await.unwrap();
    for (text, password) in [(invitation.text.reveal(), Some(PASSWORD)), (setup.text.reveal(), None)] {
        let tries = join_all((0..5).map(|_| world.use_link(&tenant, &text, password))).await;
        let count = tries.iter().filter(|outcome| matches!(outcome, Ok(LinkOutcome::In(_)))).count();
        assert_eq!(count, 1, "{tries:?}");
    }
    let used = facts(world, &tenant).await.iter().filter(|row| row.what == "link_used").count();
    assert_eq!(used, 2);
}

async fn a_link_with_a_bad_password_is_good_still(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, link) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let text = link.text.reveal();
    for bad in [None, Some("short"), Some("ana@acme.example")] {
        assert!(matches!(world.use_link(&tenant, &text, bad).await, Err(Error::NotAllowed(_))), "{bad:?}");
    }
    assert!(matches!(world.use_link(&tenant, &text, Some(PASSWORD)).await, Ok(LinkOutcome::In(_))));
}

async fn links_end_with_their_time_and_with_the_next_one(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let (ana, first) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let second = world.people.invite_again(&cx, &tenant, ana.id, SIGN_IN).await.unwrap();
    let gone = world.use_link(&tenant, &first.text.reveal(), Some(PASSWORD)).await.unwrap();
    assert!(matches!(gone, LinkOutcome::Gone), "the one before opens nothing");
    world.clock.advance_seconds(7 * 86_400);
    let gone = world.use_link(&tenant, &second.text.reveal(), Some(PASSWORD)).await.unwrap();
    assert!(matches!(gone, LinkOutcome::Gone), "it has expired");
    let reset = world.people.reset(&world.operator(&tenant), &tenant, ana.id, SIGN_IN).await.unwrap();
    assert_eq!(reset.link.expires, world.clock.now().plus_seconds(3_600));
    world.people.remove(&cx, ana.id).await.unwrap_err();
    world.clock.advance_seconds(3_599);
    let used = world.use_link(&tenant, &reset.text.reveal(), Some(PASSWORD)).await.unwrap();
    assert!(matches!(used, LinkOutcome::In(_)));
}

async fn what_is_no_link_of_the_tenant_opens_nothing(world: &World) {
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let (_, link) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let forged = LinkText::new(link.link.id, [1; 32]).reveal();
    for (tenant, text) in [(&other, link.text.reveal()), (&tenant, forged), (&tenant, "link_x".to_owned())] {
        let outcome = world.use_link(tenant, &text, Some(PASSWORD)).await.unwrap();
        assert!(matches!(outcome, LinkOutcome::Gone), "{outcome:?}");
    }
}

async fn a_reset_ends_all_sessions_and_leaves_the_second_step(world: &World) {
    let tenant = world.tenant("acme").await;
    let ana = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (before, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    world.second_step(&tenant, &caller).await;
    let reset = world.people.reset(&world.operator(&tenant), &tenant, ana.id, SIGN_IN).await.unwrap();
    assert!(world.caller(&tenant, &before).await.is_some(), "asking for a link ends nothing");
    let outcome = world.use_link(&tenant, &reset.text.reveal(), Some("another four words")).await.unwrap();
    let LinkOutcome::SecondStep(session) = outcome else { panic!("{outcome:?}") };
    assert!(world.caller(&tenant, &before).await.is_none());
    let caller = world.caller(&tenant, &session).await.unwrap();
    assert!(!caller.is_complete && !caller.may(Right::See), "the second step is owed");
}

async fn a_setup_link_opens_the_settings_and_nothing_about_people(world: &World) {
    let tenant = world.tenant("acme").await;
    let link = world.people.make_setup_link(&world.operator(&tenant), "Ana of Acme", 86_400).await.unwrap();
    let LinkOutcome::In(session) = world.use_link(&tenant, &link.text.reveal(), None).await.unwrap() else { panic!() };
    assert_eq!(session.device, None);
    world.clock.advance_seconds(7_000);
    let caller = world.caller(&tenant, &session).await.unwrap();
    assert_eq!(caller.holder, SessionHolder::SetupLink { id: link.link.id, label: "Ana of Acme".to_owned() });
    let rights = [Right::See, Right::Configure, Right::SeePeople, Right::ManagePeople, Right::ManageOwners];
    assert_eq!(rights.map(|right| caller.may(right)), [true, true, false, false, false]);
    assert_eq!((caller.shown_name(), caller.actor().kind()), ("Ana of Acme", "setup_link"));
    assert!(world.caller(&world.tenant("globex").await, &session).await.is_none());
    let row = facts(world, &tenant).await.pop().unwrap();
    assert_eq!(
        (row.what.as_str(), row.actor_kind.as_str(), row.subject_kind.as_str()),
        ("session_started", "setup_link", "Link")
    );
}

async fn a_setup_link_that_is_revoked_ends_its_session(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let [used, unused] = [(); 2].map(|()| world.people.make_setup_link(&cx, "", 60));
    let (used, unused) = (used.await.unwrap(), unused.await.unwrap());
    let LinkOutcome::In(session) = world.use_link(&tenant, &used.text.reveal(), None).await.unwrap() else { panic!() };
    for link in [&used, &unused] {
        world.people.revoke_setup_link(&cx, link.link.id).await.unwrap();
        world.people.revoke_setup_link(&cx, link.link.id).await.unwrap();
        assert!(matches!(world.use_link(&tenant, &link.text.reveal(), None).await, Ok(LinkOutcome::Gone)));
    }
    assert_eq!(world.caller(&tenant, &session).await, None);
    let (ana, invitation) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let refused = world.people.revoke_setup_link(&cx, invitation.link.id).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{} is no setup link: {refused:?}", ana.email);
    let states: Vec<_> =
        world.people.setup_links(&tenant.scope()).await.unwrap().iter().map(|link| link.state(cx.now)).collect();
    assert_eq!(states, [LinkState::Revoked, LinkState::Revoked]);
}

async fn setup_links_are_good_for_thirty_days_and_there_are_twenty(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    for seconds in [0, -1, 30 * 86_400 + 1] {
        assert!(matches!(world.people.make_setup_link(&cx, "", seconds).await, Err(Error::NotAllowed(_))));
    }
    for _ in 0..20 {
        world.people.make_setup_link(&cx, "", 30 * 86_400).await.unwrap();
    }
    assert!(matches!(world.people.make_setup_link(&cx, "", 60).await, Err(Error::NotAllowed(_))));
}

async fn a_forgotten_password_tells_nobody_which_accounts_there_are(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    for email in ["ana@acme.example", "nobody@acme.example", "no address"] {
        let (visitor, now) = (visitor("192.0.2.1"), world.clock.now());
        for _ in 0..5 {
            world.sign_in.forgot_password(&tenant, email, SIGN_IN, &visitor, now).await.unwrap();
        }
    }
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    let links = tx.list_links(LinkPurpose::Reset).await.unwrap();
    let live = links.iter().filter(|link| link.state(world.clock.now()) == LinkState::Live).count();
    assert_eq!((links.len(), live), (3, 3), "three an hour, each good for one");
}

async fn whoever_asks_for_a_new_password_voids_nobodys_link(world: &World) {
    let tenant = world.tenant("acme").await;
    let (_, invitation) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (visitor, now) = (visitor("192.0.2.1"), world.clock.now());
    world.sign_in.forgot_password(&tenant, "ana@acme.example", SIGN_IN, &visitor, now).await.unwrap();
    let used = world.use_link(&tenant, &invitation.text.reveal(), Some(PASSWORD)).await;
    assert!(matches!(used, Ok(LinkOutcome::In(_))), "{used:?}");
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    let live = |link: &Link| link.state(now) == LinkState::Live;
    assert!(!tx.list_links(LinkPurpose::Reset).await.unwrap().iter().any(live), "with a password all links end");
}

async fn ended_sessions_and_links_are_forgotten_in_time(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let setup = world.people.make_setup_link(&world.operator(&tenant), "", 60).await.unwrap();
    world.use_link(&tenant, &setup.text.reveal(), None).await.unwrap();
    let work = world.store.work();
    let now = world.clock.now();
    work.prune_sessions(now, now).await.unwrap();
    assert!(world.caller(&tenant, &session).await.is_some());
    assert_eq!(world.people.setup_links(&tenant.scope()).await.unwrap().len(), 1, "its session goes on");
    let later = now.plus_seconds(2 * 3_600);
    work.prune_sessions(later, later).await.unwrap();
    assert_eq!(world.sign_in.sessions(&tenant.scope(), &caller, now).await.unwrap(), []);
    assert_eq!(world.people.setup_links(&tenant.scope()).await.unwrap(), []);
}
