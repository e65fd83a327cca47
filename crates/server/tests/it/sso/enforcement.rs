//! Where single sign-on is enforced passwords open nothing, but for those who keep the break glass.

use domain::admin::AdminRole;
use domain::ids::{AdminId, ConnectionId};
use serde_json::json;
use testkit::on_both_databases;

use super::browser::{Browser, Shown};
use super::office::{Office, SSO};
use super::peer::{Peer, people};
use crate::reader::{PASSWORD, employ};
use crate::served::Served;

on_both_databases! { Served:
    passwords_are_refused_but_for_the_break_glass,
    the_last_break_glass_stays_where_it_is,
    only_an_owner_ends_what_is_enforced,
    a_link_to_a_new_password_leads_around_nothing,
    admins_passwords_can_be_switched_off_without_enforcing,
}

/// A tenant with an owner, a second owner, and an admin; its connection is active.
struct Scene<'s> {
    office: Office<'s>,
    connection: ConnectionId,
    peer: Peer,
}

impl<'s> Scene<'s> {
    async fn set(served: &'s Served) -> Self {
        let peer = Peer::start("saml", &json!({}));
        let mut office = Office::open(served, "acme").await;
        for (email, role) in [("second@acme.example", AdminRole::Owner), ("eve@acme.example", AdminRole::Admin)] {
            employ(served, &office.tenant, email, role).await;
        }
        let [ana, _] = people();
        let connection = office.saml(&peer, &ana).await;
        Self { office, connection, peer }
    }

    async fn enforced(served: &'s Served) -> Self {
        let mut scene = Self::set(served).await;
        scene.give("owner@acme.example", "on").await.expect(200, "Withdraw");
        scene.office.save(scene.connection, "switch", &[("to", "enforced")]).await;
        scene
    }

    async fn id(&self, email: &str) -> AdminId {
        let address = email.parse().unwrap();
        let scope = self.office.tenant.scope();
        self.office.served.rollcall.people.find(&scope, &address).await.unwrap().id
    }

    /// Gives somebody the break glass, or takes it away.
    async fn give(&mut self, email: &str, keeps: &str) -> Shown {
        let id = self.id(email).await;
        self.office.admin.open(&self.office.url(SSO)).await;
        let url = self.office.url(&format!("/settings/admins/{id}/break-glass"));
        self.office.admin.send(&url, &[("keeps", keeps)]).await
    }

    async fn is_let_in(&self, email: &str) -> bool {
        let mut browser = self.office.browser();
        let shown = self.office.try_password(&mut browser, email).await;
        match shown.page.status {
            200 => true,
            422 => {
                shown.expect(422, "requires single sign-on");
                shown.expect(422, "Sign in with Entra");
                assert!(!is_inside(&self.office, &mut browser).await);
                false
            }
            status => panic!("{status}: {shown:?}"),
        }
    }
}

async fn is_inside(office: &Office<'_>, browser: &mut Browser) -> bool {
    browser.look(&office.url("/settings/account")).await.page.status == 200
}

async fn passwords_are_refused_but_for_the_break_glass(served: &Served) {
    let mut scene = Scene::set(served).await;
    for email in ["owner@acme.example", "second@acme.example", "eve@acme.example"] {
        assert!(scene.is_let_in(email).await, "{email}");
    }
    // Not before somebody can get in when it fails.
    let refused = scene.office.send(scene.connection, "switch", &[("to", "enforced")]).await;
    refused.expect(422, "No owner can get in without single sign-on");
    scene.give("eve@acme.example", "on").await.expect(422, "Only an owner can keep the break glass");
    scene.give("owner@acme.example", "on").await.expect(200, "Withdraw");
    // Nor with a test that is too old.
    served.clock.advance_seconds(86_401);
    scene.office.admin = scene.office.enter("owner@acme.example").await;
    let refused = scene.office.send(scene.connection, "switch", &[("to", "enforced")]).await;
    refused.expect(422, "older than 24 hours");
    scene.peer.set(json!({"skew": served.clock.ahead()})).await;
    let [ana, _] = people();
    scene.office.test(scene.connection, &ana).await.expect(200, "Test passed");
    scene.office.save(scene.connection, "switch", &[("to", "enforced")]).await;
    assert!(scene.is_let_in("owner@acme.example").await);
    assert!(!scene.is_let_in("second@acme.example").await);
    assert!(!scene.is_let_in("eve@acme.example").await);
    // A wrong password is told nothing about that.
    let mut stranger = scene.office.browser();
    stranger.open(&scene.office.url("/sign-in")).await;
    let wrong = [("email", "eve@acme.example"), ("password", "a guess of many")];
    let shown = stranger.send(&scene.office.url("/sign-in"), &wrong).await;
    assert!(shown.page.status == 422 && !shown.page.body.contains("requires single sign-on"), "{shown:?}");
}

async fn the_last_break_glass_stays_where_it_is(served: &Served) {
    let mut scene = Scene::enforced(served).await;
    let id = scene.id("owner@acme.example").await;
    scene.give("owner@acme.example", "off").await.expect(422, "No owner can get in without single sign-on");
    // Somebody who never used the password does not count.
    scene.give("second@acme.example", "on").await.expect(200, "once they have signed in with the password");
    scene.give("owner@acme.example", "off").await.expect(422, "No owner can get in without single sign-on");
    // Nor is there another way to lose it.
    for (form, fields) in [("role", &[("role", "auditor")][..]), ("remove", &[][..])] {
        let page = scene.office.url(&format!("/settings/admins/{id}"));
        scene.office.admin.open(&page).await;
        let shown = scene.office.admin.send(&format!("{page}/{form}"), fields).await;
        shown.expect(409, "break glass");
    }
    assert!(scene.is_let_in("owner@acme.example").await);
    // Handed over to somebody who has used the password it may go.
    assert!(scene.is_let_in("second@acme.example").await);
    scene.give("owner@acme.example", "off").await.expect(200, "Withdraw");
    assert!(!scene.is_let_in("owner@acme.example").await);
    // Of two who give theirs away at once one keeps it.
    scene.give("owner@acme.example", "on").await.expect(200, "Withdraw");
    let [one, two] = [scene.id("owner@acme.example").await, scene.id("second@acme.example").await];
    let mut second = scene.office.enter("second@acme.example").await;
    second.open(&scene.office.url(SSO)).await;
    let url = |id: AdminId| scene.office.url(&format!("/settings/admins/{id}/break-glass"));
    let (first, last) = (url(one), url(two));
    let off = [("keeps", "off")];
    let (first, last) = tokio::join!(scene.office.admin.send(&first, &off), second.send(&last, &off));
    let mut statuses = [first.page.status, last.page.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}

async fn only_an_owner_ends_what_is_enforced(served: &Served) {
    let mut scene = Scene::set(served).await;
    // Whoever came before it goes on.
    let eve = scene.office.enter("eve@acme.example").await;
    scene.give("owner@acme.example", "on").await;
    scene.office.save(scene.connection, "switch", &[("to", "enforced")]).await;
    let owner = std::mem::replace(&mut scene.office.admin, eve);
    for to in ["active", "off"] {
        let shown = scene.office.send(scene.connection, "switch", &[("to", to)]).await;
        shown.expect(422, "nly an owner");
    }
    let shown = scene.office.send(scene.connection, "remove", &[]).await;
    shown.expect(422, "end the enforcement first");
    let id = scene.id("eve@acme.example").await;
    let url = scene.office.url(&format!("/settings/admins/{id}/break-glass"));
    assert_eq!(scene.office.admin.send(&url, &[("keeps", "on")]).await.page.status, 403);
    let url = scene.office.url(&format!("{SSO}/admin-sign-in"));
    assert_eq!(scene.office.admin.send(&url, &[("passwords", "on")]).await.page.status, 403);
    assert!(!scene.is_let_in("eve@acme.example").await);
    scene.office.admin = owner;
    let shown = scene.office.send(scene.connection, "remove", &[]).await;
    shown.expect(422, "end the enforcement first");
    scene.office.save(scene.connection, "switch", &[("to", "active")]).await;
    assert!(scene.is_let_in("eve@acme.example").await);
}

async fn a_link_to_a_new_password_leads_around_nothing(served: &Served) {
    let scene = Scene::enforced(served).await;
    let (rollcall, tenant) = (&served.rollcall, &scene.office.tenant);
    let cx = rollcall.operator_context(tenant);
    let sign_in = rollcall.addresses.sign_in_url(&tenant.slug);
    for (email, is_let_in) in [("eve@acme.example", false), ("owner@acme.example", true)] {
        let id = scene.id(email).await;
        let link = rollcall.people.reset(&cx, tenant, id, &sign_in).await.unwrap();
        let url = rollcall.addresses.link_url(&tenant.slug, &link.text.reveal());
        let mut browser = scene.office.browser();
        browser.open(&url).await.expect(200, "password");
        let shown = browser.send(&url, &[("new_password", "another four words here")]).await;
        assert_eq!(is_inside(&scene.office, &mut browser).await, is_let_in, "{email}: {shown:?}");
        // The new password is set, and opens as little as the one before.
        let mut browser = scene.office.browser();
        browser.open(&scene.office.url("/sign-in")).await;
        let fields = [("email", email), ("password", "another four words here")];
        let shown = browser.send(&scene.office.url("/sign-in"), &fields).await;
        match is_let_in {
            true => shown.expect(200, "User authentication"),
            false => shown.expect(422, "requires single sign-on"),
        }
    }
    assert_ne!(PASSWORD, "another four words here");
}

async fn admins_passwords_can_be_switched_off_without_enforcing(served: &Served) {
    let mut scene = Scene::set(served).await;
    let url = scene.office.url(&format!("{SSO}/admin-sign-in"));
    scene.office.admin.open(&scene.office.url(SSO)).await;
    let shown = scene.office.admin.send(&url, &[("passwords", "off")]).await;
    shown.expect(422, "No owner can get in without single sign-on");
    scene.give("owner@acme.example", "on").await;
    scene.office.admin.send(&url, &[("passwords", "off")]).await.expect(200, "Let admins use passwords");
    assert!(scene.is_let_in("owner@acme.example").await && !scene.is_let_in("second@acme.example").await);
    scene.give("owner@acme.example", "off").await.expect(422, "No owner can get in without single sign-on");
    scene.office.admin.send(&url, &[("passwords", "on")]).await.expect(200, "Switch passwords off");
    assert!(scene.is_let_in("second@acme.example").await);
}
