//! Letting people use a connection, making them, and ending that.

use domain::Error;
use domain::admin::{Admin, AdminCaller, AdminRole};
use domain::connection::{Connection, FRESH_SECONDS, Protocol, Stage, Switch};
use domain::context::OpContext;
use domain::ops::Welcome;
use domain::tenant::Tenant;
use serde_json::json;
use testkit::admins::PASSWORD;
use testkit::{World, on_both_databases};

use super::connected;
use crate::raw;

on_both_databases! { World:
    a_connection_that_was_not_tested_is_not_activated,
    a_connection_goes_from_draft_to_enforced_and_back,
    enforcing_needs_a_fresh_test,
    enforcing_needs_an_owner_who_can_get_in_without_it,
    only_an_owner_ends_the_enforcement,
    switching_off_ends_the_sessions_that_began_by_it,
    what_is_enforced_is_not_removed,
    the_last_break_glass_stays_while_it_is_needed,
    enforcing_and_giving_the_break_glass_away_at_once_leaves_somebody_a_way_in,
    only_an_owner_keeps_and_gives_the_break_glass,
    passwords_of_admins_are_switched_off_by_an_owner_with_a_way_back,
}

fn refusal<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::NotAllowed(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn switch(world: &World, cx: &OpContext, of: &Connection, to: Switch) -> Result<Connection, Error> {
    world.connections.switch(cx, of.id, None, to).await
}

/// An owner who keeps the break glass and has signed in with the password.
async fn keeper(world: &World, tenant: &Tenant, email: &str) -> (Admin, AdminCaller) {
    let admin = world.admin(tenant, email, AdminRole::Owner).await;
    let (_, caller) = world.signed_in(tenant, email).await;
    world.connections.set_break_glass(&world.operator(tenant), admin.id, true).await.unwrap();
    (admin, caller)
}

async fn a_connection_that_was_not_tested_is_not_activated(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.operator(&tenant);
    let made = world.saml(&tenant).await;
    assert!(refusal(switch(world, &cx, &made, Switch::Active).await).contains("pass a test first"));
    assert!(refusal(switch(world, &cx, &made, Switch::Enforced).await).contains("activate the connection first"));
    world.tested(&tenant, made.id).await;
    world.connections.set_rules(&cx, made.id, None, "Entra", made.rules.clone(), true).await.unwrap();
    assert!(refusal(switch(world, &cx, &made, Switch::Active).await).contains("as it is set up now"));
    world.tested(&tenant, made.id).await;
    world.clock.advance_seconds(FRESH_SECONDS * 30);
    let active = switch(world, &cx, &made, Switch::Active).await.unwrap();
    assert_eq!((active.stage(), active.activated), (Stage::Active, Some(cx.now)), "an old test is good for this");
    let missing = world.connections.switch(&cx, domain::ids::ConnectionId(tenant.id.0), None, Switch::Off).await;
    assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
}

async fn a_connection_goes_from_draft_to_enforced_and_back(world: &World) {
    let tenant = world.tenant("acme").await;
    keeper(world, &tenant, "ana@acme.example").await;
    let cx = world.operator(&tenant);
    let made = world.connection(&tenant, Protocol::Oidc).await;
    assert_eq!((made.stage(), made.is_complete()), (Stage::Draft, false));
    world.connections.remove(&cx, made.id).await.unwrap();
    let made = world.oidc(&tenant).await;
    assert_eq!((made.stage(), made.is_complete()), (Stage::Draft, true));
    assert_eq!(world.tested(&tenant, made.id).await.stage(), Stage::Tested);
    for (to, stage) in [
        (Switch::Active, Stage::Active),
        (Switch::Enforced, Stage::Enforced),
        (Switch::Enforced, Stage::Enforced),
        (Switch::Active, Stage::Active),
        (Switch::Enforced, Stage::Enforced),
        (Switch::Off, Stage::Disabled),
        (Switch::Active, Stage::Active),
    ] {
        let after = switch(world, &cx, &made, to).await.unwrap();
        assert_eq!((after.stage(), after.switch), (stage, to));
        assert_eq!(world.connections.is_enforced(&cx).await.unwrap(), to == Switch::Enforced);
    }
    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> = facts
        .iter()
        .filter(|fact| fact.what == "connection_changed")
        .map(|fact| fact.payload()["after"]["switch"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["off", "active", "enforced", "active", "enforced", "off", "active"], "the first is the set-up");
}

async fn enforcing_needs_a_fresh_test(world: &World) {
    let (tenant, connection) = connected(world).await;
    keeper(world, &tenant, "ana@acme.example").await;
    world.clock.advance_seconds(FRESH_SECONDS);
    let cx = world.operator(&tenant);
    assert!(refusal(switch(world, &cx, &connection, Switch::Enforced).await).contains("24 hours"));
    world.tested(&tenant, connection.id).await;
    world.clock.advance_seconds(FRESH_SECONDS - 1);
    switch(world, &world.operator(&tenant), &connection, Switch::Enforced).await.unwrap();
}

async fn enforcing_needs_an_owner_who_can_get_in_without_it(world: &World) {
    let (tenant, connection) = connected(world).await;
    let cx = world.operator(&tenant);
    let enforce = async || switch(world, &cx, &connection, Switch::Enforced).await;
    assert!(refusal(enforce().await).contains("no owner can get in"));
    let owner = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await;
    assert!(refusal(enforce().await).contains("no owner can get in"), "she does not keep the break glass");
    world.connections.set_break_glass(&cx, owner.id, true).await.unwrap();
    assert!(refusal(enforce().await).contains("no owner can get in"), "she has never used the password");
    let (invited, _) = world.invited(&tenant, "bob@acme.example", AdminRole::Owner).await;
    world.connections.set_break_glass(&cx, invited.id, true).await.unwrap();
    assert!(refusal(enforce().await).contains("no owner can get in"), "he has no password yet");
    world.signed_in(&tenant, "ana@acme.example").await;
    enforce().await.unwrap();
}

async fn only_an_owner_ends_the_enforcement(world: &World) {
    let (tenant, connection) = connected(world).await;
    let (_, owner) = keeper(world, &tenant, "ana@acme.example").await;
    world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    let (_, admin) = world.signed_in(&tenant, "bob@acme.example").await;
    let (owner, admin) = (world.as_caller(&tenant, &owner), world.as_caller(&tenant, &admin));
    switch(world, &admin, &connection, Switch::Enforced).await.unwrap();
    for to in [Switch::Active, Switch::Off] {
        assert_eq!(refusal(switch(world, &admin, &connection, to).await), "only an owner can end the enforcement");
    }
    switch(world, &owner, &connection, Switch::Active).await.unwrap();
    switch(world, &admin, &connection, Switch::Off).await.unwrap();
}

async fn switching_off_ends_the_sessions_that_began_by_it(world: &World) {
    let (tenant, connection) = connected(world).await;
    let other = world.oidc(&tenant).await;
    let other = world.activated(&tenant, other.id).await;
    let cx = world.cx(&tenant);
    let person = json!({"userName": "ada", "externalId": "ada"});
    world.create(&cx, &domain::directory::Kind::USER, person).await.unwrap();
    let mut cookies = Vec::new();
    for by in [&connection, &other] {
        let Welcome::Person { session, .. } = world.sign_on(&tenant, by, "ada", "/t/acme/me").await else {
            panic!("not let in")
        };
        cookies.push(session.cookie);
    }
    switch(world, &cx, &connection, Switch::Off).await.unwrap();
    let mut open = Vec::new();
    for cookie in &cookies {
        open.push(world.single_sign_on.resume(&tenant, cookie, cx.now).await.unwrap().is_some());
    }
    assert_eq!(open, [false, true]);
    let names = |connections: Vec<Connection>| connections.iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(names(world.single_sign_on.open_connections(&cx.scope).await.unwrap()), [other.id]);
    assert!(matches!(world.sign_on(&tenant, &connection, "ada", "/t/acme/me").await, Welcome::Refused(_)));
}

async fn what_is_enforced_is_not_removed(world: &World) {
    let (tenant, connection) = connected(world).await;
    keeper(world, &tenant, "ana@acme.example").await;
    let cx = world.operator(&tenant);
    switch(world, &cx, &connection, Switch::Enforced).await.unwrap();
    assert!(refusal(world.connections.remove(&cx, connection.id).await).contains("end the enforcement first"));
    switch(world, &cx, &connection, Switch::Active).await.unwrap();
    world.connections.remove(&cx, connection.id).await.unwrap();
    assert!(matches!(world.connections.remove(&cx, connection.id).await, Err(Error::NotFound(_))));
}

async fn the_last_break_glass_stays_while_it_is_needed(world: &World) {
    let (tenant, connection) = connected(world).await;
    let (ana, _) = keeper(world, &tenant, "ana@acme.example").await;
    let (bob, _) = keeper(world, &tenant, "bob@acme.example").await;
    let cx = world.operator(&tenant);
    let take = async |admin: &Admin| world.connections.set_break_glass(&cx, admin.id, false).await;
    switch(world, &cx, &connection, Switch::Enforced).await.unwrap();
    take(&ana).await.unwrap();
    assert!(refusal(take(&bob).await).contains("no owner can get in"));
    for done in [world.people.set_role(&cx, bob.id, AdminRole::Admin).await, world.people.remove(&cx, bob.id).await] {
        assert!(refusal(done).contains("break glass"), "neither does he lose his role or account");
    }
    switch(world, &cx, &connection, Switch::Active).await.unwrap();
    take(&bob).await.unwrap();
    world.people.remove(&cx, bob.id).await.unwrap();
    assert!(refusal(switch(world, &cx, &connection, Switch::Enforced).await).contains("no owner can get in"));
}

async fn enforcing_and_giving_the_break_glass_away_at_once_leaves_somebody_a_way_in(world: &World) {
    let (tenant, connection) = connected(world).await;
    let (ana, _) = keeper(world, &tenant, "ana@acme.example").await;
    let cx = world.operator(&tenant);
    for round in 0..6 {
        let (enforced, given) = tokio::join!(
            switch(world, &cx, &connection, Switch::Enforced),
            world.connections.set_break_glass(&cx, ana.id, false),
        );
        assert_ne!(enforced.is_ok(), given.is_ok(), "round {round}: {enforced:?}, {given:?}");
        switch(world, &cx, &connection, Switch::Active).await.unwrap();
        world.connections.set_break_glass(&cx, ana.id, true).await.unwrap();
    }
}

async fn only_an_owner_keeps_and_gives_the_break_glass(world: &World) {
    let tenant = world.tenant("acme").await;
    let (ana, owner) = keeper(world, &tenant, "ana@acme.example").await;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    let (_, admin) = world.signed_in(&tenant, "bob@acme.example").await;
    let (owner, admin) = (world.as_caller(&tenant, &owner), world.as_caller(&tenant, &admin));
    let set = async |cx: &OpContext, of: &Admin, is_on| world.connections.set_break_glass(cx, of.id, is_on).await;
    refusal(set(&admin, &ana, false).await);
    refusal(set(&admin, &bob, true).await);
    assert!(refusal(set(&owner, &bob, true).await).contains("only an owner can keep"));
    set(&owner, &ana, true).await.unwrap();
    set(&owner, &ana, false).await.unwrap();
    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> = facts
        .iter()
        .filter(|fact| fact.what == "break_glass_changed")
        .map(|fact| fact.payload()["after"].clone())
        .collect();
    assert_eq!(told, [json!({"break_glass": true}), json!({"break_glass": false})], "and not what changes nothing");
}

async fn passwords_of_admins_are_switched_off_by_an_owner_with_a_way_back(world: &World) {
    let tenant = world.tenant("acme").await;
    let (ana, owner) = keeper(world, &tenant, "ana@acme.example").await;
    world.admin(&tenant, "bob@acme.example", AdminRole::Admin).await;
    let (_, admin) = world.signed_in(&tenant, "bob@acme.example").await;
    let (owner, admin) = (world.as_caller(&tenant, &owner), world.as_caller(&tenant, &admin));
    let set = async |cx: &OpContext, are_on| world.connections.set_admin_passwords(cx, are_on).await;
    assert!(refusal(set(&owner, false).await).contains("no connection is active"));
    let made = world.oidc(&tenant).await;
    let connection = world.activated(&tenant, made.id).await;
    assert_eq!(refusal(set(&admin, false).await), "only an owner can say how admins sign in");
    world.connections.set_break_glass(&owner, ana.id, false).await.unwrap();
    assert!(refusal(set(&owner, false).await).contains("no owner can get in"));
    world.connections.set_break_glass(&owner, ana.id, true).await.unwrap();
    set(&owner, false).await.unwrap();
    set(&owner, false).await.unwrap();
    assert!(!world.tenants.get(&tenant.slug).await.unwrap().admin_passwords);
    assert!(refusal(world.connections.set_break_glass(&owner, ana.id, false).await).contains("no owner can get in"));
    // With the only connection gone, nobody would come in but by the break glass.
    assert!(refusal(switch(world, &owner, &connection, Switch::Off).await).contains("admins could not get in"));
    assert!(refusal(world.connections.remove(&owner, connection.id).await).contains("admins could not get in"));
    let outcome = world.try_password(&tenant, "ana@acme.example", PASSWORD).await;
    assert!(matches!(outcome, domain::ops::Outcome::In(_)), "{outcome:?}");
    set(&owner, true).await.unwrap();
    switch(world, &owner, &connection, Switch::Off).await.unwrap();
    assert!(world.tenants.get(&tenant.slug).await.unwrap().admin_passwords);
    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> = facts
        .iter()
        .filter(|fact| fact.what == "admin_sign_in_changed")
        .map(|fact| fact.payload()["after"].clone())
        .collect();
    assert_eq!(told, [json!({"passwords": false}), json!({"passwords": true})]);
}
