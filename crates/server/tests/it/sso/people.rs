//! Who is let in and who is not: people who are provisioned, added, deactivated and deleted.

use domain::admin::AdminRole;
use domain::connection::cause::SignInCause as Cause;
use domain::email_domain::DomainPolicy;
use domain::ids::ResourceId;
use domain::ops::Look;
use serde_json::json;
use testkit::on_both_databases;
use uuid::Uuid;
use web::limit::Unlimited;

use super::browser::Browser;
use super::office::Office;
use super::peer::{Peer, Person, people};
use crate::reader::employ;
use crate::served::Served;

on_both_databases! { Served:
    who_is_not_provisioned_is_told_whom_to_ask,
    who_is_not_there_is_added_where_that_is_wanted,
    two_who_come_at_once_are_one_person,
    whoever_is_deactivated_is_out_everywhere_at_once,
    whoever_is_deleted_is_out_everywhere_at_once,
    sign_ins_and_deactivations_at_once_leave_nobody_in,
    several_people_with_one_key_are_told_from_each_other_by_nobody,
    who_is_outside_of_the_domains_is_refused,
    a_suspended_tenant_lets_nobody_in,
}

fn active(is_active: bool) -> serde_json::Value {
    json!([{"op": "replace", "path": "active", "value": is_active}])
}

fn resource(id: &str) -> ResourceId {
    ResourceId(Uuid::try_parse(id).unwrap())
}

async fn who_is_not_provisioned_is_told_whom_to_ask(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, zoe] = people();
    office.provision(&ana).await;
    for (email, role) in [("second@acme.example", AdminRole::Owner), ("ivo@acme.example", AdminRole::Auditor)] {
        employ(served, &office.tenant, email, role).await;
    }
    let connection = office.saml(&peer, &ana).await;
    // Adding people is for tenants without provisioning.
    let rules = [("name", "Entra"), ("identity", "object_id"), ("creates_people", "on"), ("return_addresses", "")];
    office.save(connection, "rules", &rules).await;
    let shown = office.browser().sign_in(&office.begin(connection), zoe.upn).await;
    let entry = office.expect_refused(&shown, 422, Cause::PersonUnknown, "has not been set up yet").await;
    shown.expect(422, "Ask one of these people at your company");
    shown.expect(422, "owner@acme.example");
    shown.expect(422, "second@acme.example");
    assert!(!shown.page.body.contains("ivo@"), "{shown:?}");
    assert_eq!((entry.name.as_deref(), entry.key.as_deref()), (Some(zoe.upn), Some(zoe.object_id)));
    assert_eq!(office.scim.get("/Users").await.json()["totalResults"], 1);
    // The same person with another id in the directory is somebody else, whatever the name.
    let mut other = zoe.document();
    other["externalId"] = json!("zoe.son");
    office.scim.post("/Users", &other).await.expect(201);
    let shown = office.browser().sign_in(&office.begin(connection), zoe.upn).await;
    office.expect_refused(&shown, 422, Cause::PersonUnknown, "has not been set up yet").await;
}

async fn who_is_not_there_is_added_where_that_is_wanted(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::without_provisioning(served, "acme").await;
    let [ana, zoe] = people();
    let connection = office.saml(&peer, &ana).await;
    let shown = office.browser().sign_in(&office.begin(connection), ana.upn).await;
    office.expect_refused(&shown, 422, Cause::PersonUnknown, "has not been set up yet").await;
    let rules = [("name", "Entra"), ("identity", "object_id"), ("creates_people", "on"), ("return_addresses", "")];
    office.save(connection, "rules", &rules).await;
    for _ in 0..2 {
        let mut browser = office.browser();
        let shown = browser.sign_in(&office.begin(connection), zoe.upn).await;
        let entry = office.expect_in(&mut browser, &shown, &zoe).await;
        for known in ["zoe.son@contoso.example", "zoe@contoso.example", "Søn"] {
            shown.expect(200, known);
        }
        let person = entry.person.unwrap();
        let found = office.admin.open(&office.url("/settings/user-authentication/directory")).await;
        assert_eq!(found.page.body.matches("/directory/people/0").count(), 1, "{found:?}");
        found.expect(200, &person.0.to_string());
    }
    // A name that somebody else has is not taken over.
    let mut impostor = json!([
        {"upn": zoe.upn, "objectId": "99999999-0000-4000-8000-000000000000", "name": "Zoe Other", "email": zoe.upn}
    ]);
    peer.set(json!({"people": impostor.take()})).await;
    let shown = office.browser().sign_in(&office.begin(connection), zoe.upn).await;
    shown.expect(422, "cannot be told from another one");
    let entry = office.entry().await;
    assert_eq!((entry.cause, entry.person), (Some(Cause::PersonAmbiguous), None));
}

async fn two_who_come_at_once_are_one_person(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::without_provisioning(served, "acme").await;
    let [ana, _] = people();
    let connection = office.saml(&peer, &ana).await;
    let rules = [("name", "Entra"), ("identity", "object_id"), ("creates_people", "on"), ("return_addresses", "")];
    office.save(connection, "rules", &rules).await;
    let replica = served.replica().await;
    let (mut one, mut two) = (office.browser(), office.browser().at(&replica));
    let answers =
        (one.answer(&office.begin(connection), ana.upn).await, two.answer(&office.begin(connection), ana.upn).await);
    let (first, second) = tokio::join!(one.go(answers.0), two.go(answers.1));
    for shown in [first, second] {
        shown.expect(200, ana.name);
    }
    let entries = office.entries().await;
    assert_eq!(entries.len(), 2);
    assert!(entries[0].person.is_some() && entries[0].person == entries[1].person, "{entries:?}");
    assert_eq!(office.sessions_of(entries[0].person.unwrap()).await, 2);
}

/// Somebody who is signed in, seen by two servers.
struct Presence<'s> {
    office: Office<'s>,
    peer: Peer,
    id: String,
    ana: Person,
    begin: String,
    replica: Served,
    browser: Browser,
}

impl<'s> Presence<'s> {
    async fn of_ana(served: &'s Served) -> Self {
        let peer = Peer::start("saml", &json!({}));
        let mut office = Office::open(served, "acme").await;
        let [ana, _] = people();
        let id = office.provision(&ana).await;
        let connection = office.saml(&peer, &ana).await;
        let replica = served.replica().await;
        let mut browser = office.browser();
        let begin = office.begin(connection);
        let shown = browser.sign_in(&begin, ana.upn).await;
        office.expect_in(&mut browser, &shown, &ana).await;
        let presence = Self { office, peer, id, ana, begin, replica, browser };
        assert_eq!(presence.is_in().await, [true, true]);
        presence
    }

    /// Here and at the replica.
    async fn is_in(&self) -> [bool; 2] {
        let (mut here, mut there) = (self.browser.at(self.office.served), self.browser.at(&self.replica));
        [self.office.is_in(&mut here).await, self.office.is_in(&mut there).await]
    }
}

async fn whoever_is_deactivated_is_out_everywhere_at_once(served: &Served) {
    let mut at = Presence::of_ana(served).await;
    let path = format!("/Users/{}", at.id);
    at.office.scim.patch(&path, active(false)).await.expect(200);
    assert_eq!(at.is_in().await, [false, false]);
    assert_eq!(at.office.sessions().await, 0);
    let shown = at.office.browser().sign_in(&at.begin, at.ana.upn).await;
    let entry = at.office.expect_refused(&shown, 422, Cause::PersonInactive, "Your account here is deactivated.").await;
    shown.expect(422, "Ask this person at your company");
    assert_eq!(entry.person, Some(resource(&at.id)));
    at.office.scim.patch(&path, active(true)).await.expect(200);
    assert_eq!(at.is_in().await, [false, false], "what has ended stays so");
    let mut browser = at.browser.at(&at.replica);
    let shown = browser.sign_in(&at.begin, at.ana.upn).await;
    at.office.expect_in(&mut browser, &shown, &at.ana).await;
    assert_eq!(at.is_in().await, [false, false]);
    // Whoever has an answer in the hand when it happens is too late as well.
    let answer = browser.answer(&at.begin, at.ana.upn).await;
    let posted = browser.take(&answer).await;
    at.office.scim.patch(&path, active(false)).await.expect(200);
    let shown = browser.open(&at.office.url(posted.page.location())).await;
    at.office.expect_refused(&shown, 422, Cause::PersonInactive, "Your account here is deactivated.").await;
    assert!(at.peer.asked("/saml2").await > 0);
}

async fn whoever_is_deleted_is_out_everywhere_at_once(served: &Served) {
    let mut at = Presence::of_ana(served).await;
    at.office.scim.delete(&format!("/Users/{}", at.id)).await.expect(204);
    assert_eq!(at.is_in().await, [false, false]);
    assert_eq!(at.office.sessions().await, 0);
    let shown = at.office.browser().sign_in(&at.begin, at.ana.upn).await;
    at.office.expect_refused(&shown, 422, Cause::PersonUnknown, "has not been set up yet").await;
    // Whoever comes back is another to sessions.
    at.office.provision(&at.ana).await;
    assert_eq!(at.is_in().await, [false, false]);
}

async fn sign_ins_and_deactivations_at_once_leave_nobody_in(served: &Served) {
    let mut at = Presence::of_ana(served).await;
    let path = format!("/Users/{}", at.id);
    let mut seen = [0, 0];
    for round in 0..20 {
        let mut browser = at.office.browser().at(if round % 2 == 0 { served } else { &at.replica });
        let answer = browser.answer(&at.begin, at.ana.upn).await;
        let posted = browser.take(&answer).await;
        let arrive = at.office.url(posted.page.location());
        let deactivate = async {
            // Before, in the middle of it, and after.
            tokio::time::sleep(std::time::Duration::from_millis(round % 5 * 3)).await;
            at.office.scim.patch(&path, active(false)).await.expect(200)
        };
        let (arrived, _) = tokio::join!(browser.look(&arrive), deactivate);
        assert!([303, 422].contains(&arrived.page.status), "{arrived:?}");
        seen[usize::from(arrived.page.status == 303)] += 1;
        assert!(!at.office.is_in(&mut browser).await, "{round}: somebody who is inactive is in");
        let mut there = browser.at(&at.replica);
        assert!(!at.office.is_in(&mut there).await, "{round}: somebody who is inactive is in elsewhere");
        at.office.scim.patch(&path, active(true)).await.expect(200);
        assert!(!at.office.is_in(&mut browser).await, "{round}: a session came back to life");
        assert_eq!(at.office.sessions().await, 0, "{round}");
    }
    assert_eq!(seen.iter().sum::<usize>(), 20);
    let entries = at.office.entries().await;
    assert_eq!(entries.len(), 20, "{entries:?}");
    assert_eq!(
        entries.iter().filter(|entry| entry.cause == Some(Cause::PersonInactive)).count(),
        seen[0],
        "{entries:?}"
    );
}

async fn several_people_with_one_key_are_told_from_each_other_by_nobody(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::open(served, "acme").await;
    let [ana, _] = people();
    office.provision(&ana).await;
    let connection = office.saml(&peer, &ana).await;
    let mut twin = ana.document();
    twin["userName"] = json!("twin@contoso.example");
    office.scim.post("/Users", &twin).await.expect(201);
    let shown = office.browser().sign_in(&office.begin(connection), ana.upn).await;
    let entry = office.expect_refused(&shown, 422, Cause::PersonAmbiguous, "cannot be told from another one").await;
    assert!(entry.detail.starts_with("2 people"), "{entry:?}");
}

async fn who_is_outside_of_the_domains_is_refused(served: &Served) {
    let peer = Peer::start("saml", &json!({}));
    let mut office = Office::without_provisioning(served, "acme").await;
    let [ana, _] = people();
    let connection = office.saml(&peer, &ana).await;
    let rules = [("name", "Entra"), ("identity", "object_id"), ("creates_people", "on"), ("return_addresses", "")];
    office.save(connection, "rules", &rules).await;
    let mut early = office.browser();
    let shown = early.sign_in(&office.begin(connection), ana.upn).await;
    let person = office.expect_in(&mut early, &shown, &ana).await.person.unwrap();
    early.send(&office.url("/me/sign-out-everywhere"), &[]).await;

    let domains = served.rollcall.domains(std::sync::Arc::new(Unlimited));
    let cx = served.rollcall.operator_context(&office.tenant);
    let domain = domains.add(&cx, "fabrikam.example".parse().unwrap()).await.unwrap();
    served.dns.publish(&domain.name.record(), &[&domain.challenge]);
    let Look::Done(domain) = domains.check(&cx, domain.id).await.unwrap() else { panic!("nobody is to wait") };
    assert!(domain.is_verified());
    domains.set_policy(&cx, DomainPolicy::Warn).await.unwrap();
    let shown = early.sign_in(&office.begin(connection), ana.upn).await;
    let entry = office.expect_in(&mut early, &shown, &ana).await;
    assert_eq!(entry.detail, "contoso.example is not one of the verified domains");
    early.send(&office.url("/me/sign-out-everywhere"), &[]).await;
    let zoe = |upn: &str| json!({"upn": upn, "objectId": "0c0c0c0c-0000-4000-8000-000000000000", "name": "Zoe"});
    peer.set(json!({"people": [zoe("zoe@gmail.example")]})).await;
    let shown = office.browser().sign_in(&office.begin(connection), "zoe@gmail.example").await;
    shown.expect(200, "Zoe");
    assert_eq!(office.entry().await.detail, "gmail.example is not one of the verified domains");

    domains.set_policy(&cx, DomainPolicy::Require).await.unwrap();
    let bob = json!({"upn": "bob@gmail.example", "objectId": "0b0b0b0b-0000-4000-8000-000000000000", "name": "Bob"});
    let inside =
        json!({"upn": "eva@fabrikam.example", "objectId": "0e0e0e0e-0000-4000-8000-000000000000", "name": "Eva"});
    let [known, _] = [ana, ana].map(|it| json!({"upn": it.upn, "objectId": it.object_id, "name": it.name}));
    peer.set(json!({"people": [known, bob, inside, zoe("zoe")]})).await;
    // Somebody who was there before, somebody who would be added, and somebody whose address the directory alone knows.
    let outsiders = [(ana.upn, "contoso.example"), ("bob@gmail.example", "gmail.example"), ("zoe", "gmail.example")];
    for (who, outside) in outsiders {
        let shown = office.browser().sign_in(&office.begin(connection), who).await;
        let entry = office.expect_refused(&shown, 422, Cause::DomainOutside, "not one that may sign in here").await;
        assert!(entry.detail.contains(outside), "{entry:?}");
        assert_eq!(office.sessions_of(person).await, 0);
    }
    let found = office.admin.open(&office.url("/settings/user-authentication/directory")).await;
    assert!(!found.page.body.contains("bob@gmail.example"), "nobody from outside was added: {found:?}");
    let shown = office.browser().sign_in(&office.begin(connection), "eva@fabrikam.example").await;
    shown.expect(200, "Eva");
}

async fn a_suspended_tenant_lets_nobody_in(served: &Served) {
    let mut at = Presence::of_ana(served).await;
    let mut browser = at.browser.at(served);
    let answer = browser.answer(&at.begin, at.ana.upn).await;
    served.suspend(&at.office.tenant).await;
    assert!(!at.office.is_in(&mut browser).await);
    let shown = browser.go(answer).await;
    shown.expect(422, "This workspace is suspended.");
    assert_eq!(at.office.entry().await.cause, Some(Cause::Suspended));
    browser.look(&at.begin).await.expect(422, "This workspace is suspended.");
    assert_eq!(at.office.entry().await.cause, Some(Cause::Suspended));
}
