//! A person's own page, and what the settings say of their way in.

use domain::role::{GroupChoice, RoleRules};
use serde_json::json;
use testkit::on_both_databases;

use super::office::Office;
use super::peer::{Peer, people};
use crate::caller::{USER, group};
use crate::served::Served;

on_both_databases! { Served:
    somebody_sees_their_role_and_why,
    somebody_sees_where_they_are_signed_in_and_ends_one_session,
    the_link_doctor_says_who_would_come_in,
}

async fn somebody_sees_their_role_and_why(served: &Served) {
    let peer = Peer::start("mock", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    let id = office.provision(&ana).await;
    let connection = office.oidc(peer.text("issuer"), "a secret", &ana).await;
    let mut browser = office.browser();
    let shown = browser.sign_in(&office.begin(connection), ana.upn).await;
    office.expect_in(&mut browser, &shown, &ana).await;
    let line = |said: &str| format!("<dt>Role</dt><dd>{said}, <span class=\"faint\">because ");
    shown.expect(200, &format!("{}no rule matches", line("none")));
    shown.expect(200, "<dt>Groups</dt><dd class=\"break\">none</dd>");
    let engineers = office.scim.post("/Groups", &group("R&D", &[&id])).await.expect(201).id();
    let everybody = office.scim.post("/Groups", &group("Everybody", &[&engineers])).await.expect(201).id();
    let cx = served.rollcall.operator_context(&office.tenant);
    let roles = &served.rollcall.roles;
    let rule =
        |group: &str, name: &str| roles.new_rule(&cx, GroupChoice::Seen(group.parse().unwrap()), name.parse().unwrap());
    let mut version = 0;
    for (rules, said) in [
        (
            vec![rule(&everybody, "Member"), rule(&engineers, "Admin")],
            "of the group Everybody, by way of R&#38;D (rule 1)",
        ),
        (vec![rule(&engineers, "Member"), rule(&everybody, "Admin")], "of the group R&#38;D (rule 1)"),
    ] {
        let saved = roles.save(&cx, version, &RoleRules { rules, fallback: None }).await.unwrap();
        version = saved.version;
        let shown = browser.open(&office.url("/me")).await;
        shown.expect(200, &format!("{}{said}", line("<b>Member</b>")));
    }
    let shown = browser.open(&office.url("/me")).await;
    shown.expect(200, "R&#38;D");
    shown.expect(200, "Everybody <span class=\"faint\">(by way of another group)</span>");
}

async fn somebody_sees_where_they_are_signed_in_and_ends_one_session(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    for person in [ana, zoe] {
        office.provision(&person).await;
    }
    let connection = office.saml(&peer, &ana).await;
    let (mut work, mut home, mut zoes) = (office.browser(), office.browser(), office.browser());
    for (browser, who) in [(&mut work, ana), (&mut home, ana), (&mut zoes, zoe)] {
        let shown = browser.sign_in(&office.begin(connection), who.upn).await;
        office.expect_in(browser, &shown, &who).await;
    }
    let me = office.url("/me");
    let shown = work.open(&me).await;
    assert_eq!(shown.page.body.matches("(this one)").count(), 1, "{shown:?}");
    assert_eq!(shown.page.body.matches("127.0.0.1").count(), 2, "hers and nobody else's: {shown:?}");
    let ends = ends(&shown.page.body);
    assert_eq!(ends.len(), 1, "her own session is ended by signing out: {shown:?}");
    // Nobody ends somebody else's, though they know its name.
    zoes.open(&me).await;
    let refused = zoes.send(&office.url(&ends[0]), &[]).await;
    assert_eq!(refused.page.status, 404, "{refused:?}");
    assert_eq!((office.is_in(&mut work).await, office.is_in(&mut home).await), (true, true));
    work.open(&me).await;
    let ended = work.send(&office.url(&ends[0]), &[]).await;
    ended.expect(200, "Session ended");
    assert_eq!(self::ends(&ended.page.body), Vec::<String>::new());
    let replica = served.replica().await;
    let mut elsewhere = home.at(&replica);
    assert_eq!((office.is_in(&mut home).await, office.is_in(&mut elsewhere).await), (false, false));
    assert_eq!((office.is_in(&mut work).await, office.is_in(&mut zoes).await), (true, true));
    let again = work.send(&office.url(&ends[0]), &[]).await;
    assert_eq!(again.page.status, 404, "{again:?}");
}

/// Where the sessions of a page are ended.
fn ends(body: &str) -> Vec<String> {
    let actions = body.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    actions.filter(|action| action.contains("/me/sessions/")).map(str::to_owned).collect()
}

async fn the_link_doctor_says_who_would_come_in(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    let anas = office.provision(&ana).await;
    let page = |id: &str| format!("/settings/user-authentication/directory/people/{id}");
    let shown = office.admin.open(&office.url(&page(&anas))).await;
    assert!(!shown.page.body.contains("Link doctor"), "there is no connection: {shown:?}");
    let connection = office.saml(&peer, &ana).await;
    let by_nickname = json!({"schemas": [USER], "userName": zoe.upn, "externalId": "zoe.son", "active": true});
    let zoes = office.scim.post("/Users", &by_nickname).await.expect(201).id();
    let without = json!({"schemas": [USER], "userName": "bob@contoso.example", "active": true});
    let bobs = office.scim.post("/Users", &without).await.expect(201).id();
    let refused = office.browser().sign_in(&office.begin(connection), zoe.upn).await;
    refused.expect(422, "<code>person_unknown</code>");
    for (id, verdict, why) in [
        (&anas, "Would link", "Nothing speaks against it."),
        (&zoes, "Would not link", "The externalId is “zoe.son”, single sign-on will say an object ID."),
        (&bobs, "Would not link", "Provisioning sends no externalId for this person."),
    ] {
        let shown = office.admin.open(&office.url(&page(id))).await;
        let doctor = shown.page.body.split_once("Link doctor").unwrap_or_else(|| panic!("{shown:?}")).1;
        assert!(doctor.contains(&format!("{verdict}<")) && doctor.contains(why), "{verdict}: {doctor}");
        assert!(doctor.contains(&connection.to_string()), "{doctor}");
    }
    office.browser().sign_in(&office.begin(connection), ana.upn).await.expect(200, ana.name);
    let shown = office.admin.open(&office.url(&page(&anas))).await;
    shown.expect(200, "Linked<");
    // An admin ends their sessions there.
    assert_eq!(office.sessions().await, 1);
    office.admin.send(&office.url(&format!("{}/sign-out", page(&anas))), &[]).await.expect(200, "");
    assert_eq!(office.sessions().await, 0);
}
