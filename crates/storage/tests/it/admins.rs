//! Admin accounts: who may do what to whom, and the last owner.

use domain::Error;
use domain::admin::{AdminRole, AdminState};
use domain::context::{Actor, OpContext};
use domain::ops::{LinkOutcome, NewAdmin};
use domain::ports::Clock as _;
use domain::store::Store as _;
use domain::tenant::Tenant;
use futures_util::future::join_all;
use scim_protocol::secret::Secret;
use testkit::admins::{PASSWORD, SIGN_IN};
use testkit::{World, on_both_databases};

use crate::raw::{Raw, facts};

on_both_databases! { World:
    an_account_is_found_by_its_address_in_any_case,
    an_address_belongs_to_one_account_until_that_is_removed,
    an_invited_account_becomes_active_with_its_password,
    passwords_that_break_a_rule_are_refused_with_the_rule,
    roles_count_for_what_they_may_do_to_others,
    the_last_owner_who_can_sign_in_stays,
    of_two_owners_who_go_at_once_one_stays,
    what_is_taken_from_an_account_is_gone_at_once,
    a_password_change_ends_the_other_sessions,
    a_removed_account_is_still_known_by_name,
    nothing_secret_is_kept_in_clear,
    secrets_of_second_steps_follow_the_key_ring,
    what_admins_do_is_in_the_journal,
    nobody_gets_around_the_password_of_their_own_account,
}

async fn invite(world: &World, cx: &OpContext, tenant: &Tenant, email: &str, role: AdminRole) -> Result<(), Error> {
    let new = NewAdmin { email: email.parse().unwrap(), name: String::new(), role };
    world.people.invite(cx, tenant, new, SIGN_IN).await.map(drop)
}

async fn an_account_is_found_by_its_address_in_any_case(world: &World) {
    let tenant = world.tenant("acme").await;
    let ana = world.admin(&tenant, "Ana@Acme.example", AdminRole::Owner).await;
    assert_eq!(world.people.find(&tenant.scope(), &" ana@ACME.example".parse().unwrap()).await.unwrap(), ana);
    assert_eq!(world.people.list(&tenant.scope()).await.unwrap(), std::slice::from_ref(&ana));
    assert_eq!((ana.state, ana.has_second_step, ana.last_sign_in), (AdminState::Active, false, None));
    world.signed_in(&tenant, "ana@acme.example").await;
    let seen = world.people.find(&tenant.scope(), &"ana@acme.example".parse().unwrap()).await.unwrap();
    assert_eq!(seen.last_sign_in, Some(world.clock.now()));
}

async fn an_address_belongs_to_one_account_until_that_is_removed(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    let again = invite(world, &cx, &tenant, "BOB@acme.example", AdminRole::Auditor).await;
    assert!(matches!(&again, Err(Error::NotAllowed(why)) if why.contains("BOB@acme.example already")), "{again:?}");
    world.people.remove(&cx, bob.id).await.unwrap();
    invite(world, &cx, &tenant, "BOB@acme.example", AdminRole::Auditor).await.unwrap();
    let globex = world.tenant("globex").await;
    world.admin(&globex, "ana@acme.example", AdminRole::Owner).await;
}

async fn an_invited_account_becomes_active_with_its_password(world: &World) {
    let tenant = world.tenant("acme").await;
    let (ana, link) = world.invited(&tenant, "ana@acme.example", AdminRole::Owner).await;
    assert_eq!(ana.state, AdminState::Invited);
    let outcome = world.use_link(&tenant, &link.text.reveal(), Some(PASSWORD)).await.unwrap();
    assert!(matches!(outcome, LinkOutcome::In(_)), "{outcome:?}");
    let ana = world.people.find(&tenant.scope(), &"ana@acme.example".parse().unwrap()).await.unwrap();
    assert_eq!((ana.state, ana.last_sign_in), (AdminState::Active, Some(world.clock.now())));
    world.signed_in(&tenant, "ana@acme.example").await;
    let again = world.people.invite_again(&world.operator(&tenant), &tenant, ana.id, SIGN_IN).await;
    assert!(matches!(again, Err(Error::NotAllowed(_))), "{again:?}");
}

async fn passwords_that_break_a_rule_are_refused_with_the_rule(world: &World) {
    let tenant = world.tenant("acme").await;
    let create = async |password: &str| {
        let new = NewAdmin { email: "ana@acme.example".parse().unwrap(), name: String::new(), role: AdminRole::Owner };
        world.people.create(&world.operator(&tenant), &tenant, new, &Secret::new(password.to_owned())).await
    };
    for (password, rule) in [
        ("short", "at least 12"),
        ("1qaz2wsx3edc", "many people use"),
        ("ana@acme.example", "your e-mail address"),
        ("acme-acme-acme-2026", "names that others know"),
        ("abcabcabcabc", "over and over"),
    ] {
        let refused = create(password).await;
        assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains(rule)), "{password}: {refused:?}");
    }
    assert_eq!(world.people.list(&tenant.scope()).await.unwrap(), []);
}

async fn roles_count_for_what_they_may_do_to_others(world: &World) {
    let tenant = world.tenant("acme").await;
    let mut by_role = Vec::new();
    for role in AdminRole::ALL {
        let email = format!("{}@acme.example", role.as_str());
        by_role.push((role, world.admin(&tenant, &email, role).await));
        world.admin(&tenant, &format!("second-{email}"), role).await;
    }
    for (acting_role, acting) in &by_role {
        let cx = OpContext { actor: acting.actor(), ..world.cx(&tenant) };
        for target_role in AdminRole::ALL {
            let may = acting_role.may(target_role.managed_with());
            let email = format!("{}-by-{}@acme.example", target_role.as_str(), acting_role.as_str());
            assert_eq!(invite(world, &cx, &tenant, &email, target_role).await.is_ok(), may, "{email}");
            let second = format!("second-{}@acme.example", target_role.as_str());
            let target = world.people.find(&tenant.scope(), &second.parse().unwrap()).await.unwrap();
            assert_eq!(world.people.reset(&cx, &tenant, target.id, SIGN_IN).await.is_ok(), may, "{second}");
            assert_eq!(world.people.drop_second_step(&cx, target.id).await.is_ok(), may, "{second}");
            assert_eq!(world.people.set_role(&cx, target.id, target_role).await.is_ok(), may, "{second}");
            let to_owner = world.people.set_role(&cx, target.id, AdminRole::Owner).await;
            assert_eq!(to_owner.is_ok(), *acting_role == AdminRole::Owner, "{second}");
            world.people.set_role(&world.operator(&tenant), target.id, target_role).await.unwrap();
        }
    }
    let setup = world.people.make_setup_link(&world.operator(&tenant), "Ana", 60).await.unwrap();
    let actor = Actor::SetupLink { id: setup.link.id, label: "Ana".to_owned() };
    let cx = OpContext { actor, ..world.cx(&tenant) };
    assert!(invite(world, &cx, &tenant, "new@acme.example", AdminRole::Auditor).await.is_err());
    assert!(world.people.make_setup_link(&cx, "", 60).await.is_err(), "no link makes another");
}

async fn the_last_owner_who_can_sign_in_stays(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let ana = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (bob, _) = world.invited(&tenant, "bob@acme.example", AdminRole::Owner).await;
    for refused in [world.people.remove(&cx, ana.id).await, world.people.set_role(&cx, ana.id, AdminRole::Admin).await]
    {
        assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains("last owner")), "{refused:?}");
    }
    world.people.remove(&cx, bob.id).await.unwrap();
    let carol = world.admin(&tenant, "carol@acme.example", AdminRole::Owner).await;
    world.people.set_role(&cx, ana.id, AdminRole::Admin).await.unwrap();
    assert!(world.people.remove(&cx, carol.id).await.is_err());
    world.people.remove(&cx, ana.id).await.unwrap();
}

async fn of_two_owners_who_go_at_once_one_stays(world: &World) {
    let tenant = world.tenant("acme").await;
    let ana = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Owner).await;
    let each = [&ana, &bob, &ana, &bob].into_iter().enumerate().map(async |(turn, admin)| {
        let cx = OpContext { actor: admin.actor(), ..world.cx(&tenant) };
        match turn % 2 == 0 {
            true => world.people.remove(&cx, admin.id).await,
            false => world.people.set_role(&cx, admin.id, AdminRole::Auditor).await,
        }
    });
    join_all(each).await;
    let owners = world.people.list(&tenant.scope()).await.unwrap();
    assert_eq!(owners.iter().filter(|one| one.role == AdminRole::Owner).count(), 1, "{owners:?}");
}

async fn what_is_taken_from_an_account_is_gone_at_once(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Owner).await;
    let (session, caller) = world.signed_in(&tenant, "bob@acme.example").await;
    let cx = world.as_caller(&tenant, &caller);
    invite(world, &cx, &tenant, "carol@acme.example", AdminRole::Auditor).await.unwrap();
    world.people.set_role(&world.operator(&tenant), bob.id, AdminRole::Auditor).await.unwrap();
    let now = world.caller(&tenant, &session).await.unwrap();
    assert_eq!(now.admin().unwrap().role, AdminRole::Auditor);
    let refused = invite(world, &cx, &tenant, "dora@acme.example", AdminRole::Auditor).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "the caller of before is not believed: {refused:?}");
    world.people.remove(&world.operator(&tenant), bob.id).await.unwrap();
    assert_eq!(world.caller(&tenant, &session).await, None);
}

async fn a_password_change_ends_the_other_sessions(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (one, _) = world.signed_in(&tenant, "ana@acme.example").await;
    let (two, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let cx = world.as_caller(&tenant, &caller);
    let secret = |text: &str| Secret::new(text.to_owned());
    let change = async |old: &str, new: &str| {
        world.people.change_password(&cx, &tenant, &caller, &secret(old), &secret(new)).await
    };
    assert!(matches!(change("not it at all", "another four words").await, Err(Error::NotAllowed(_))));
    assert!(matches!(change(PASSWORD, "short").await, Err(Error::NotAllowed(_))));
    assert!(world.caller(&tenant, &one).await.is_some());
    change(PASSWORD, "another four words").await.unwrap();
    assert!(world.caller(&tenant, &one).await.is_none() && world.caller(&tenant, &two).await.is_some());
}

async fn a_removed_account_is_still_known_by_name(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    world.people.remove(&world.operator(&tenant), bob.id).await.unwrap();
    assert_eq!(world.people.list(&tenant.scope()).await.unwrap().len(), 1);
    let known = world.people.known(&tenant.scope()).await.unwrap();
    assert!(known.iter().any(|one| one.id == bob.id && one.email.as_str() == "bob@acme.example"), "{known:?}");
}

async fn nothing_secret_is_kept_in_clear(world: &World) {
    let tenant = world.tenant("acme").await;
    world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (session, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let (totp, codes) = world.second_step(&tenant, &caller).await;
    let (_, link) = world.invited(&tenant, "bob@acme.example", AdminRole::Admin).await;
    world.number_facts().await;
    let kept = format!("{:?}", Raw::of(world).await.dump(&tenant).await).to_lowercase();
    let secret_of = |text: &str| text.split('_').next_back().unwrap()[..64].to_owned();
    let totp: String = totp.reveal().to_lowercase().replace(' ', "");
    let mut secrets =
        vec![PASSWORD.to_owned(), secret_of(&session.cookie), secret_of(&link.text.reveal()), totp, caller.csrf];
    secrets.extend(codes.iter().flat_map(|code| [code.reveal(), code.reveal().replace('-', "")]));
    for secret in secrets {
        assert!(!kept.contains(&secret.to_lowercase()), "{secret}");
    }
}

async fn secrets_of_second_steps_follow_the_key_ring(world: &World) {
    let tenant = world.tenant("acme").await;
    world.with_owner(&tenant).await;
    let work = world.store.work();
    let old = world.keys.ring();
    assert_eq!(world.people.reseal(10).await, Ok(0));
    let uses = work.key_uses(world.clock.now()).await.unwrap();
    let counted = (uses.sealed[old.current()], uses.digests[old.current()]);
    assert_eq!(counted, (2, 2), "the second step and the mail of an invitation; a session and the invitation");
    let new = old.rotated("k2".parse().unwrap(), [9; 32]);
    assert!(work.store_ring(&old.reveal(), &new.reveal()).await.unwrap());
    world.keys.follow().await.unwrap();
    assert_eq!(world.people.reseal(10).await, Ok(1));
    assert_eq!(world.people.reseal(10).await, Ok(0));
    let uses = work.key_uses(world.clock.now()).await.unwrap();
    let sealed = (uses.sealed[old.current()], uses.sealed[new.current()]);
    assert_eq!(sealed, (1, 1), "the mail stays as it is until it is sent");
    let later = world.clock.now().plus_seconds(8 * 86_400);
    assert_eq!(work.key_uses(later).await.unwrap().digests.len(), 0, "sessions and links are over by then");
}

async fn what_admins_do_is_in_the_journal(world: &World) {
    let tenant = world.tenant("acme").await;
    let ana = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    let cx = world.as_caller(&tenant, &caller);
    world.second_step(&tenant, &caller).await;
    let secret = |text: &str| Secret::new(text.to_owned());
    world.people.renew_recovery_codes(&cx, &tenant, &caller, &secret(PASSWORD)).await.unwrap();
    world.people.drop_own_second_step(&cx, &tenant, &caller, &secret(PASSWORD)).await.unwrap();
    world
        .people
        .change_password(&cx, &tenant, &caller, &secret(PASSWORD), &secret("another four words"))
        .await
        .unwrap();
    let new = NewAdmin { email: "bob@acme.example".parse().unwrap(), name: "Bob".to_owned(), role: AdminRole::Admin };
    let bob = world.people.invite(&cx, &tenant, new, SIGN_IN).await.unwrap().admin;
    world.people.set_role(&cx, bob.id, AdminRole::Auditor).await.unwrap();
    world.people.remove(&cx, bob.id).await.unwrap();
    world.sign_in.sign_out(&cx, &caller).await.unwrap();
    let rows = facts(world, &tenant).await;
    let told: Vec<_> =
        rows.iter().skip(1).map(|row| (row.what.as_str(), row.actor_kind.as_str(), row.subject_id)).collect();
    let (ana_id, bob_id) = (Some(ana.id.0), Some(bob.id.0));
    assert_eq!(
        told,
        [
            ("created", "operator", ana_id),
            ("session_started", "admin", ana_id),
            ("second_step_changed", "admin", ana_id),
            ("recovery_codes_made", "admin", ana_id),
            ("recovery_codes_made", "admin", ana_id),
            ("second_step_changed", "admin", ana_id),
            ("password_changed", "admin", ana_id),
            ("created", "admin", bob_id),
            ("link_made", "admin", bob_id),
            ("role_changed", "admin", bob_id),
            ("deleted", "admin", bob_id),
            ("session_ended", "admin", ana_id),
        ]
    );
    assert!(rows.iter().skip(2).all(|row| row.subject_kind == "Admin"));
    assert_eq!(rows[9].actor_id, Some(ana.id.to_string()));
    assert_eq!(rows[8].payload()["after"]["email"], "bob@acme.example");
}

async fn nobody_gets_around_the_password_of_their_own_account(world: &World) {
    let tenant = world.tenant("acme").await;
    let (ana, bob) = (
        world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await,
        world.admin(&tenant, "bob@acme.example", AdminRole::Owner).await,
    );
    let (_, caller) = world.signed_in(&tenant, "ana@acme.example").await;
    world.second_step(&tenant, &caller).await;
    let cx = world.as_caller(&tenant, &caller);
    let made = world.people.reset(&cx, &tenant, ana.id, SIGN_IN).await;
    assert!(matches!(&made, Err(Error::NotAllowed(why)) if why.contains("your own account")), "{made:?}");
    let dropped = world.people.drop_second_step(&cx, ana.id).await;
    assert!(matches!(dropped, Err(Error::NotAllowed(_))), "{dropped:?}");
    assert!(world.people.reset(&cx, &tenant, bob.id, SIGN_IN).await.is_ok());
    assert!(world.people.drop_second_step(&cx, bob.id).await.is_ok());
}
