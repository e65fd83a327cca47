//! Whether admins may come in with a password while there is single sign-on.

use domain::admin::{Admin, AdminRole};
use domain::connection::{Connection, Switch};
use domain::ops::{LinkOutcome, Outcome};
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use testkit::admins::{PASSWORD, SIGN_IN};
use testkit::{World, on_both_databases};

use super::connected;

on_both_databases! { World:
    passwords_are_taken_until_an_owner_says_otherwise,
    an_enforced_connection_takes_all_passwords_but_those_of_another_ones_domains,
    a_reset_sets_the_password_and_lets_nobody_in,
    whoever_is_invited_comes_in_once_to_join_the_account,
    a_wrong_password_tells_nothing_of_single_sign_on,
}

/// Connected, with an owner who keeps the break glass and an admin who does not.
async fn staffed(world: &World) -> (Tenant, Connection, Admin) {
    let (acme, connection) = connected(world).await;
    let owner = world.admin(&acme, "owner@acme.example", AdminRole::Owner).await;
    world.signed_in(&acme, "owner@acme.example").await;
    world.connections.set_break_glass(&world.operator(&acme), owner.id, true).await.unwrap();
    let admin = world.admin(&acme, "ana@acme.example", AdminRole::Admin).await;
    (acme, connection, admin)
}

/// How the right password is answered: whether it lets in.
async fn lets_in(world: &World, tenant: &Tenant, email: &str) -> bool {
    match world.try_password(tenant, email, PASSWORD).await {
        Outcome::In(_) => true,
        Outcome::SingleSignOn => false,
        other => panic!("{other:?}"),
    }
}

async fn set_passwords(world: &World, tenant: &Tenant, are_on: bool) {
    world.connections.set_admin_passwords(&world.operator(tenant), are_on).await.unwrap();
}

async fn enforce(world: &World, tenant: &Tenant, connection: &Connection) {
    world.connections.switch(&world.operator(tenant), connection.id, None, Switch::Enforced).await.unwrap();
}

async fn passwords_are_taken_until_an_owner_says_otherwise(world: &World) {
    let (acme, _, _) = staffed(world).await;
    assert!(lets_in(world, &acme, "ana@acme.example").await, "an active connection is an offer");
    set_passwords(world, &acme, false).await;
    assert!(!lets_in(world, &acme, "ana@acme.example").await);
    assert!(lets_in(world, &acme, "owner@acme.example").await, "the break glass");
    assert!(!lets_in(world, &acme, "ANA@acme.example").await, "with a tenant that was read before, too");
    set_passwords(world, &acme, true).await;
    assert!(lets_in(world, &acme, "ana@acme.example").await);
}

async fn an_enforced_connection_takes_all_passwords_but_those_of_another_ones_domains(world: &World) {
    let (acme, connection, _) = staffed(world).await;
    world.admin(&acme, "bob@partner.example", AdminRole::Admin).await;
    enforce(world, &acme, &connection).await;
    for (email, is_let_in) in
        [("ana@acme.example", false), ("bob@partner.example", false), ("owner@acme.example", true)]
    {
        assert_eq!(lets_in(world, &acme, email).await, is_let_in, "{email}: without domains it is for everybody");
    }
    let domain = world.verified_domain(&acme, "acme.example").await;
    assert!(!lets_in(world, &acme, "ana@acme.example").await);
    assert!(
        !lets_in(world, &acme, "bob@partner.example").await,
        "nor does a domain that is verified lift it for others"
    );
    let other = world.oidc(&acme).await;
    world.activated(&acme, other.id).await;
    let cx = world.operator(&acme);
    world.domains.set_connection(&cx, domain.id, Some(other.id)).await.unwrap();
    assert!(
        lets_in(world, &acme, "ana@acme.example").await,
        "her domain is led by another connection, which is an offer"
    );
    world.domains.set_connection(&cx, domain.id, Some(connection.id)).await.unwrap();
    assert!(!lets_in(world, &acme, "ana@acme.example").await);
    world.connections.switch(&cx, connection.id, None, Switch::Active).await.unwrap();
    assert!(lets_in(world, &acme, "ana@acme.example").await);
}

async fn a_reset_sets_the_password_and_lets_nobody_in(world: &World) {
    let (acme, _, admin) = staffed(world).await;
    let cx = world.operator(&acme);
    let link = world.people.reset(&cx, &acme, admin.id, SIGN_IN).await.unwrap();
    set_passwords(world, &acme, false).await;
    let used = world.use_link(&acme, &link.text.reveal(), Some("another four words here")).await.unwrap();
    assert!(matches!(used, LinkOutcome::SingleSignOn), "{used:?}");
    let again = world.use_link(&acme, &link.text.reveal(), Some("another four words here")).await.unwrap();
    assert!(matches!(again, LinkOutcome::Gone), "{again:?}");
    set_passwords(world, &acme, true).await;
    let old = world.try_password(&acme, "ana@acme.example", PASSWORD).await;
    let new = world.try_password(&acme, "ana@acme.example", "another four words here").await;
    assert!(matches!((&old, &new), (Outcome::Refused, Outcome::In(_))), "{old:?}, {new:?}");
    let read = world.store.clone();
    let mut read = domain::store::Store::read(read.as_ref(), &acme.scope()).await.unwrap();
    let used = read.find_admin(admin.id).await.unwrap().unwrap().admin.password_used;
    assert_eq!(used, Some(world.clock.now()));
}

async fn whoever_is_invited_comes_in_once_to_join_the_account(world: &World) {
    let (acme, _, _) = staffed(world).await;
    set_passwords(world, &acme, false).await;
    let (_, invitation) = world.invited(&acme, "new@acme.example", AdminRole::Admin).await;
    let used = world.use_link(&acme, &invitation.text.reveal(), Some(PASSWORD)).await.unwrap();
    let LinkOutcome::In(session) = used else { panic!("{used:?}") };
    assert!(world.caller(&acme, &session).await.is_some());
    assert!(!lets_in(world, &acme, "new@acme.example").await, "the password alone opens nothing");
}

async fn a_wrong_password_tells_nothing_of_single_sign_on(world: &World) {
    let (acme, connection, _) = staffed(world).await;
    set_passwords(world, &acme, false).await;
    enforce(world, &acme, &connection).await;
    for email in ["ana@acme.example", "owner@acme.example", "nobody@acme.example"] {
        let outcome = world.try_password(&acme, email, "not it at all").await;
        assert!(matches!(outcome, Outcome::Refused), "{email}: {outcome:?}");
    }
}
