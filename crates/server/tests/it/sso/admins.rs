//! Admins and single sign-on: joining an account, coming in by it, and what nobody gets by it.

use domain::admin::AdminRole;
use domain::connection::cause::SignInCause as Cause;
use domain::ids::ConnectionId;
use serde_json::json;
use testkit::on_both_databases;

use super::browser::{Browser, Shown, Step};
use super::office::{Office, SSO};
use super::peer::{Peer, Person, people};
use crate::reader::{PASSWORD, employ};
use crate::served::Served;

on_both_databases! { Served:
    an_admin_joins_the_account_and_comes_in_by_it,
    nobody_joins_an_account_to_somebody_else,
    a_sign_in_leads_to_pages_of_the_tenant_alone,
    whoever_may_set_up_does_not_become_an_owner_by_it,
    an_admin_who_is_deactivated_in_the_directory_is_out,
}

const ACCOUNT: &str = "/settings/account";

/// What an admin sends to join the account, with a password.
async fn ask_to_join(office: &Office<'_>, browser: &mut Browser, connection: ConnectionId, password: &str) -> Shown {
    browser.open(&office.url(ACCOUNT)).await.expect(200, "Single sign-on");
    browser.send(&office.url(&format!("{ACCOUNT}/sso/{connection}")), &[("password", password)]).await
}

/// Where that leads with the right one.
async fn join(office: &Office<'_>, browser: &mut Browser, connection: ConnectionId) -> Step {
    let shown = ask_to_join(office, browser, connection, PASSWORD).await;
    shown.expect(200, "Sign in at Entra now, as yourself.");
    shown.primary_link()
}

async fn company<'s>(served: &'s Served, peer: &Peer) -> (Office<'s>, ConnectionId, [Person; 2]) {
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    let connection = office.saml(peer, &ana).await;
    (office, connection, [ana, zoe])
}

/// Joins the account of the admin whose browser this is.
async fn joined(office: &Office<'_>, browser: &mut Browser, connection: ConnectionId, who: &Person) {
    let step = join(office, browser, connection).await;
    let shown = browser.sign_in_by(step, who.upn).await;
    shown.expect(200, "Linked to");
}

async fn is_admin(office: &Office<'_>, browser: &mut Browser) -> bool {
    browser.look(&office.url(ACCOUNT)).await.page.status == 200
}

async fn to_settings(office: &Office<'_>, connection: ConnectionId, browser: &mut Browser, who: &Person) -> Shown {
    let next = "%2Fsettings%2Fuser-authentication%2Fsso";
    browser.sign_in(&format!("{}?next={next}", office.begin(connection)), who.upn).await
}

async fn an_admin_joins_the_account_and_comes_in_by_it(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let (mut office, connection, [ana, zoe]) = company(served, &peer).await;
    office.provision(&ana).await;
    // Before that nobody knows that they are one.
    let shown = to_settings(&office, connection, &mut office.browser(), &ana).await;
    office.expect_refused(&shown, 422, Cause::AdminUnknown, "joined to no admin account").await;
    let mut owner = office.admin.at(served);
    // Whoever signs in at the identity provider for the first time in this browser is asked.
    let mut fresh = office.enter("owner@acme.example").await;
    joined(&office, &mut fresh, connection, &ana).await;
    let mut browser = office.browser();
    let shown = to_settings(&office, connection, &mut browser, &ana).await;
    assert_eq!(shown.url.as_str(), office.url(SSO), "{shown:?}");
    assert!(is_admin(&office, &mut browser).await && !office.is_in(&mut browser).await);
    // The same person with another errand is a person.
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    assert_eq!(shown.url.as_str(), office.url("/me"));
    assert!(!is_admin(&office, &mut browser).await && office.is_in(&mut browser).await);
    // Another admin cannot be the same.
    employ(served, &office.tenant, "ivo@acme.example", AdminRole::Admin).await;
    let mut ivo = office.enter("ivo@acme.example").await;
    let step = join(&office, &mut ivo, connection).await;
    let shown = ivo.sign_in_by(step, ana.upn).await;
    shown.expect(422, "nother account is joined to this identity already");
    joined(&office, &mut office.enter("ivo@acme.example").await, connection, &zoe).await;
    // Who is parted is not let in any more.
    owner.open(&office.url(ACCOUNT)).await;
    owner.send(&office.url(&format!("{ACCOUNT}/sso/unlink")), &[]).await.expect(200, "Link to Entra");
    let mut browser = office.browser();
    let shown = to_settings(&office, connection, &mut browser, &ana).await;
    shown.expect(422, "joined to no admin account");
    assert!(!is_admin(&office, &mut browser).await);
}

async fn nobody_joins_an_account_to_somebody_else(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let (office, connection, [_, zoe]) = company(served, &peer).await;
    employ(served, &office.tenant, "eve@acme.example", AdminRole::Admin).await;
    let mut owner = office.enter("owner@acme.example").await;
    let mut eve = office.enter("eve@acme.example").await;
    // Eve begins, and has the owner's browser end it; and the other way round.
    let (mut evil, mut victim) = (eve.at(served), owner.at(served));
    for (beginner, ender) in [(&mut evil, &mut owner), (&mut victim, &mut eve)] {
        let step = join(&office, beginner, connection).await;
        let answer = beginner.answer_to(step, zoe.upn).await;
        let shown = ender.go(answer).await;
        assert_eq!(shown.page.status, 422, "{shown:?}");
        shown.expect(422, "The account was not linked");
    }
    let admins = served.rollcall.people.list(&office.tenant.scope()).await.unwrap();
    assert!(admins.iter().all(|admin| admin.identity.is_none()), "{admins:?}");
    // Whoever finds a browser open does not know the password.
    let shown = ask_to_join(&office, &mut owner, connection, "a guess of many").await;
    shown.expect(422, "The account was not linked");
    // Nor is the ticket of a sign-in one for joining, or the other way round.
    let answer = eve.answer(&office.begin(connection), zoe.upn).await;
    let posted = eve.take(&answer).await;
    let ticket = posted.page.location().split_once("ticket=").unwrap().1.to_owned();
    let shown = eve.look(&office.url(&format!("{ACCOUNT}/sso/arrive?ticket={ticket}"))).await;
    shown.expect(422, "The account was not linked");
    let step = join(&office, &mut eve, connection).await;
    let answer = eve.answer_to(step, zoe.upn).await;
    let posted = eve.take(&answer).await;
    let ticket = posted.page.location().split_once("ticket=").unwrap().1.to_owned();
    eve.look(&office.url(&format!("/sso/arrive?ticket={ticket}"))).await.expect(422, "This sign-in is over");
    eve.look(&office.url(&format!("{ACCOUNT}/sso/arrive?ticket={ticket}"))).await;
    let again = eve.look(&office.url(&format!("{ACCOUNT}/sso/arrive?ticket={ticket}"))).await;
    again.expect(422, "The account was not linked");
}

async fn a_sign_in_leads_to_pages_of_the_tenant_alone(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let (mut office, connection, [ana, _]) = company(served, &peer).await;
    office.provision(&ana).await;
    let mut browser = office.browser();
    let own = office.url("/me");
    for (next, leads_to) in [
        ("/me?from=here", office.url("/me?from=here")),
        ("//evil.test", own.clone()),
        ("//evil.test/me", own.clone()),
        ("https://evil.test/me", own.clone()),
        ("/\\evil.test", own.clone()),
        ("/me/../../evil", own.clone()),
        ("\\/evil.test", own.clone()),
        ("javascript:alert(1)", own.clone()),
        ("/me\r\nlocation: https://evil.test", own.clone()),
        ("/t/other/me", own.clone()),
        ("@evil.test", own.clone()),
        (".evil.test/me", own.clone()),
        ("/sso/begin/x", own.clone()),
    ] {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let shown = browser.sign_in(&format!("{}?next={next}", office.begin(connection)), ana.upn).await;
        assert_eq!(shown.url.as_str(), leads_to, "{next}");
        assert_eq!(shown.page.status, 200);
    }
}

async fn whoever_may_set_up_does_not_become_an_owner_by_it(served: &Served) {
    let (peer, rogue) = (Peer::start("saml", &json!({})), Peer::start("saml", &json!({})));
    let (mut office, connection, [ana, zoe]) = company(served, &peer).await;
    employ(served, &office.tenant, "eve@acme.example", AdminRole::Admin).await;
    joined(&office, &mut office.enter("owner@acme.example").await, connection, &ana).await;
    // An identity provider of her own, which says whatever she likes.
    office.admin = office.enter("eve@acme.example").await;
    let url = rogue.text("metadata").to_owned();
    let rogues = [("source", "url"), ("url", url.as_str())];
    let by_claim = [("name", "Entra"), ("identity", "name_id"), ("return_addresses", "")];
    for (form, fields) in [("saml", &rogues[..]), ("rules", &by_claim[..])] {
        let shown = office.send(connection, form, fields).await;
        shown.expect(422, "only an owner can change whom it is with");
    }
    // Nor does whoever was only sent a link to help with the set-up.
    let rollcall = &served.rollcall;
    let link =
        rollcall.people.make_setup_link(&rollcall.operator_context(&office.tenant), "helper", 3_600).await.unwrap();
    let link = rollcall.addresses.link_url(&office.tenant.slug, &link.text.reveal());
    let helper = office.browser();
    let eves = std::mem::replace(&mut office.admin, helper);
    office.admin.open(&link).await;
    office.admin.send(&link, &[]).await.expect(200, "User authentication");
    office.send(connection, "saml", &rogues).await.expect(422, "only an owner can change whom it is with");
    office.admin = eves;
    let mut browser = office.browser();
    rogue.set(json!({"entityId": peer.text("entityId")})).await;
    to_settings(&office, connection, &mut browser, &zoe).await;
    assert!(!is_admin(&office, &mut browser).await);
    // What touches nobody's way in is hers to change.
    let kept = [("name", "Entra ID"), ("identity", "object_id"), ("return_addresses", "")];
    office.save(connection, "rules", &kept).await;
    office.save(connection, "read", &[]).await;
    // The owner may.
    office.admin = office.enter("owner@acme.example").await;
    office.save(connection, "saml", &rogues).await;
    // Whom nobody above her is joined to, she may set up.
    office.admin.open(&office.url(ACCOUNT)).await;
    office.admin.send(&office.url(&format!("{ACCOUNT}/sso/unlink")), &[]).await;
    office.admin = office.enter("eve@acme.example").await;
    office.save(connection, "saml", &[("source", "url"), ("url", peer.text("metadata"))]).await;
}

async fn an_admin_who_is_deactivated_in_the_directory_is_out(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let (mut office, connection, [ana, _]) = company(served, &peer).await;
    let id = office.provision(&ana).await;
    joined(&office, &mut office.enter("owner@acme.example").await, connection, &ana).await;
    let replica = served.replica().await;
    let mut browser = office.browser();
    to_settings(&office, connection, &mut browser, &ana).await.expect(200, "Single sign-on");
    assert!(is_admin(&office, &mut browser.at(&replica)).await);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    office.scim.patch(&format!("/Users/{id}"), off).await.expect(200);
    assert!(!is_admin(&office, &mut browser).await && !is_admin(&office, &mut browser.at(&replica)).await);
    let shown = to_settings(&office, connection, &mut browser, &ana).await;
    shown.expect(422, "Your account here is deactivated.");
    // With the password they come in still: the directory does not decide about that.
    assert!(is_admin(&office, &mut office.enter("owner@acme.example").await).await);
}
