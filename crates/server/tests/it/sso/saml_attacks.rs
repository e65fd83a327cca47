//! Answers by SAML that are wrong: each is refused with a page, an entry in the log that names the cause, and no session.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connection::cause::SignInCause as Cause;
use domain::ids::ConnectionId;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::browser::{Shown, Step};
use super::office::Office;
use super::peer::{Peer, Person, people};
use crate::served::Served;

on_both_databases! { Served:
    what_the_identity_provider_gets_wrong_is_named,
    what_is_changed_on_the_way_is_refused,
    what_is_no_answer_is_refused,
    an_answer_is_good_once,
    an_answer_is_good_in_the_browser_that_began_alone,
    an_answer_answers_its_own_request_alone,
    an_answer_for_one_tenant_is_none_for_another,
    an_answer_comes_in_time_or_not_at_all,
    certificates_end,
}

const NOT_ACCEPTED: &str = "What your company&#39;s sign-in sent could not be accepted.";
const OVER: &str = "This sign-in is over";
const BEGUN_HERE: &str = "This sign-in has to be begun here.";

/// A tenant with Ana in it, a connection to a peer, and what somebody does to an answer on its way.
struct Scene<'s> {
    peer: Peer,
    office: Office<'s>,
    connection: ConnectionId,
    ana: Person,
    zoe: Person,
}

impl<'s> Scene<'s> {
    async fn set(served: &'s Served) -> Self {
        let peer = Peer::start("saml", &json!({}));
        let mut office = Office::open(served, "acme").await;
        let [ana, zoe] = people();
        for person in [ana, zoe] {
            office.provision(&person).await;
        }
        let connection = office.saml(&peer, &ana).await;
        Self { peer, office, connection, ana, zoe }
    }

    /// Begins in a browser of its own, and brings what the peer answers under these settings.
    async fn come(&mut self, settings: Value, change: impl FnOnce(Step) -> Step) -> Shown {
        self.peer.reset(settings).await;
        let mut browser = self.office.browser();
        let answer = browser.answer(&self.office.begin(self.connection), self.ana.upn).await;
        browser.go(change(answer)).await
    }
}

/// Changes the XML of an answer.
fn rewritten(answer: Step, change: impl FnOnce(String) -> String) -> Step {
    let xml = String::from_utf8(STANDARD.decode(answer.field("SAMLResponse")).unwrap()).unwrap();
    let changed = change(xml.clone());
    assert_ne!(changed, xml, "nothing was changed");
    answer.with("SAMLResponse", &STANDARD.encode(changed))
}

async fn what_the_identity_provider_gets_wrong_is_named(served: &Served) {
    let mut scene = Scene::set(served).await;
    let other = "https://other.example/";
    let failure = json!({"code": "Responder", "subCode": "RequestDenied", "message": "AADSTS50105: not assigned"});
    let cases = [
        (json!({"sign": "none"}), Cause::Unsigned, NOT_ACCEPTED, ""),
        (json!({"sha1": true}), Cause::WeakAlgorithm, NOT_ACCEPTED, "sha1"),
        (
            json!({"active": 1}),
            Cause::UnknownCertificate,
            NOT_ACCEPTED,
            "not one that the identity provider is known by",
        ),
        (json!({"override": {"audience": other}}), Cause::WrongAudience, NOT_ACCEPTED, other),
        (json!({"override": {"recipient": other}}), Cause::WrongAddress, NOT_ACCEPTED, other),
        (json!({"override": {"destination": other}, "sign": "both"}), Cause::WrongAddress, NOT_ACCEPTED, other),
        (json!({"override": {"issuer": other}}), Cause::WrongIssuer, NOT_ACCEPTED, other),
        (json!({"override": {"inResponseTo": "_another"}}), Cause::RequestUnknown, OVER, "no request of that id"),
        (json!({"override": {"inResponseTo": null}}), Cause::Unsolicited, BEGUN_HERE, ""),
        (json!({"skew": 600}), Cause::Clock, NOT_ACCEPTED, ""),
        (json!({"expired": true}), Cause::Expired, OVER, ""),
        (json!({"failure": failure}), Cause::ProviderRefused, "did not let you in", "AADSTS50105"),
        (
            json!({"claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": null}}),
            Cause::ClaimMissing,
            NOT_ACCEPTED,
            "object_id",
        ),
    ];
    for (settings, cause, words, detail) in cases {
        let shown = scene.come(settings.clone(), |answer| answer).await;
        let entry = scene.office.expect_refused(&shown, 422, cause, words).await;
        assert!(entry.detail.contains(detail), "{settings}: {entry:?}");
    }
    // A clock may be wrong by a few minutes.
    for skew in [240, -240] {
        scene.peer.reset(json!({"skew": skew})).await;
        let mut browser = scene.office.browser();
        let shown = browser.sign_in(&scene.office.begin(scene.connection), scene.ana.upn).await;
        scene.office.expect_in(&mut browser, &shown, &scene.ana).await;
    }
}

async fn what_is_changed_on_the_way_is_refused(served: &Served) {
    let mut scene = Scene::set(served).await;
    let (ana, zoe) = (scene.ana, scene.zoe);
    for sign in ["assertion", "response", "both"] {
        for (from, to) in [(ana.object_id, zoe.object_id), (ana.upn, zoe.upn)] {
            let swap = |answer: Step| rewritten(answer, |xml| xml.replace(from, to));
            let shown = scene.come(json!({"sign": sign}), swap).await;
            let entry = scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
            assert_eq!((entry.key, entry.name), (None, None), "what is not signed is not kept");
        }
    }
    // An assertion of somebody else's beside the one that is signed.
    let wrap = |answer: Step| {
        rewritten(answer, |xml| {
            let start = xml.find("<saml:Assertion").unwrap();
            let end = xml.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
            let forged = xml[start..end].replace(ana.object_id, zoe.object_id).replace(ana.upn, zoe.upn);
            format!("{}{forged}{}", &xml[..start], &xml[start..])
        })
    };
    let shown = scene.come(json!({}), wrap).await;
    scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
    // A comment may cut a name short.
    let cut =
        |answer: Step| rewritten(answer, |xml| xml.replace(ana.upn, "ana.kovac@contoso.example<!---->.evil.test"));
    let shown = scene.come(json!({}), cut).await;
    scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
}

async fn what_is_no_answer_is_refused(served: &Served) {
    let mut scene = Scene::set(served).await;
    let entity = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let with_prolog = |prolog: &'static str| {
        move |answer: Step| {
            rewritten(answer, |xml| {
                format!("{prolog}{}", xml.replace("AuthnContextClassRef>", "AuthnContextClassRef>&b;"))
            })
        }
    };
    let shown = scene.come(json!({}), with_prolog(entity)).await;
    scene.office.expect_refused(&shown, 422, Cause::Unreadable, NOT_ACCEPTED).await;
    let shown = scene
        .come(json!({}), |it| rewritten(it, |xml| format!("<!DOCTYPE r SYSTEM \"file:///etc/passwd\">{xml}")))
        .await;
    scene.office.expect_refused(&shown, 422, Cause::Unreadable, NOT_ACCEPTED).await;
    let cut = |answer: Step| rewritten(answer, |xml| xml[..xml.len() / 2].to_owned());
    let shown = scene.come(json!({}), cut).await;
    scene.office.expect_refused(&shown, 422, Cause::Unreadable, NOT_ACCEPTED).await;
    for text in ["", "%%% not base64 %%%", "bm8geG1s", "PHg+"] {
        let shown = scene.come(json!({}), |answer| answer.with("SAMLResponse", text)).await;
        scene.office.expect_refused(&shown, 422, Cause::Unreadable, NOT_ACCEPTED).await;
    }
    for bytes in [600_000, 10_000_000] {
        let large = STANDARD.encode("x".repeat(bytes));
        let shown = scene.come(json!({}), |answer| answer.with("SAMLResponse", &large)).await;
        scene.office.expect_refused(&shown, 413, Cause::TooLarge, NOT_ACCEPTED).await;
    }
}

async fn an_answer_is_good_once(served: &Served) {
    let mut scene = Scene::set(served).await;
    let mut browser = scene.office.browser();
    let answer = browser.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let shown = browser.go(answer.clone()).await;
    scene.office.expect_in(&mut browser, &shown, &scene.ana).await;
    let arrived = browser.trail.iter().find(|url| url.path() == "/sso/arrive").unwrap().clone();
    browser.send(&scene.office.url("/me/sign-out-everywhere"), &[]).await;
    assert_eq!(scene.office.sessions().await, 0);
    // In the same browser, and in that of whoever has seen it.
    for mut browser in [browser, scene.office.browser()] {
        let shown = browser.go(answer.clone()).await;
        let entry = scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
        assert!(entry.detail.contains("answered already") && entry.connection == Some(scene.connection), "{entry:?}");
    }
    // What was picked up is not picked up again, nor is what never was there.
    let mut browser = scene.office.browser();
    let shown = browser.look(arrived.as_str()).await;
    scene.office.expect_refused(&shown, 422, Cause::OtherBrowser, "begun in another browser").await;
    let shown = browser.look(&scene.office.url("/sso/arrive?ticket=00")).await;
    scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
}

async fn an_answer_is_good_in_the_browser_that_began_alone(served: &Served) {
    let mut scene = Scene::set(served).await;
    let (mut anas, mut eves) = (scene.office.browser(), scene.office.browser());
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let shown = eves.go(answer.clone()).await;
    scene.office.expect_refused(&shown, 422, Cause::OtherBrowser, "begun in another browser").await;
    // Also when she has begun one of her own.
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    eves.answer(&scene.office.begin(scene.connection), scene.zoe.upn).await;
    let shown = eves.go(answer).await;
    scene.office.expect_refused(&shown, 422, Cause::OtherBrowser, "begun in another browser").await;
    // Nobody is kept out by what she tried.
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let forged = rewritten(answer.clone(), |xml| xml.replace(scene.ana.upn, scene.zoe.upn));
    let shown = eves.go(forged).await;
    scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
    let shown = anas.go(answer).await;
    scene.office.expect_in(&mut anas, &shown, &scene.ana).await;
    let arrived = anas.trail.iter().rfind(|url| url.path() == "/sso/arrive").unwrap().clone();
    let again = anas.look(arrived.as_str()).await;
    again.expect(422, OVER);
    assert_eq!(scene.office.entry().await.cause, Some(Cause::Replayed));
    assert!(scene.office.is_in(&mut anas).await, "the session that there is goes on");
}

async fn an_answer_answers_its_own_request_alone(served: &Served) {
    let mut scene = Scene::set(served).await;
    let (mut anas, mut eves) = (scene.office.browser(), scene.office.browser());
    eves.answer(&scene.office.begin(scene.connection), scene.zoe.upn).await;
    let eves_request = scene.peer.last().await["request"]["id"].as_str().unwrap().to_owned();
    // The outside, which nobody signed, names Eve's request, and the inside Ana's.
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let anas_request = scene.peer.last().await["request"]["id"].as_str().unwrap().to_owned();
    let moved = rewritten(answer, |xml| xml.replacen(&anas_request, &eves_request, 1));
    for browser in [&mut eves, &mut anas] {
        let shown = browser.go(moved.clone()).await;
        let entry = scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
        assert_eq!(entry.connection, Some(scene.connection));
    }
    // An answer that names another's request throughout is good in that one's browser alone.
    scene.peer.set(json!({"override": {"inResponseTo": eves_request}})).await;
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let shown = anas.go(answer).await;
    scene.office.expect_refused(&shown, 422, Cause::OtherBrowser, "begun in another browser").await;
}

async fn an_answer_for_one_tenant_is_none_for_another(served: &Served) {
    let mut scene = Scene::set(served).await;
    let mut other = Office::open(served, "other").await;
    other.provision(&scene.ana).await;
    let others = other.saml(&scene.peer, &scene.ana).await;
    // One identity provider, two of its applications.
    for (connection, is_swapped) in [(others, false), (scene.connection, true)] {
        if is_swapped {
            std::mem::swap(&mut scene.office, &mut other);
        }
        let mut browser = scene.office.browser();
        let answer = browser.answer(&other.begin(connection), scene.ana.upn).await;
        let shown = browser.go(answer.clone().at_host(&scene.office.host())).await;
        let mut entries = scene.office.entries().await;
        shown.expect(422, OVER);
        let entry = entries.remove(0);
        assert_eq!((entry.cause, entry.connection, entries.len()), (Some(Cause::RequestUnknown), None, 0));
        assert!(!scene.office.is_in(&mut browser).await);
        assert_eq!(other.entries().await, [], "the other tenant has nothing to do with it");
        // It was not used up.
        let shown = browser.go(answer).await;
        other.expect_in(&mut browser, &shown, &scene.ana).await;
        browser.send(&other.url("/me/sign-out-everywhere"), &[]).await;
    }
    // Nor is a ticket, or a session.
    let mut browser = scene.office.browser();
    let shown = browser.sign_in(&scene.office.begin(others), scene.ana.upn).await;
    scene.office.expect_in(&mut browser, &shown, &scene.ana).await;
    let arrived = browser.trail.iter().rfind(|url| url.path() == "/sso/arrive").unwrap();
    let mut elsewhere = arrived.clone();
    elsewhere.set_host(Some(&other.host())).unwrap();
    let shown = browser.look(elsewhere.as_str()).await;
    other.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
    assert!(!other.is_in(&mut browser).await);
}

async fn an_answer_comes_in_time_or_not_at_all(served: &Served) {
    let mut scene = Scene::set(served).await;
    let mut browser = scene.office.browser();
    // Whoever leaves the page of the identity provider open for long.
    let asked = browser.look(&scene.office.begin(scene.connection)).await;
    served.clock.advance_seconds(16 * 60);
    scene.peer.set(json!({"skew": served.clock.ahead()})).await;
    let answer = browser.answer(asked.page.location(), scene.ana.upn).await;
    let shown = browser.go(answer).await;
    let entry = scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
    assert!(entry.detail.contains("15 minutes"), "{entry:?}");
    // Whoever keeps the address that picks it up.
    let answer = browser.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let posted = browser.take(&answer).await;
    assert_eq!(posted.page.status, 303, "{posted:?}");
    served.clock.advance_seconds(121);
    let shown = browser.look(&scene.office.url(posted.page.location())).await;
    scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
    // Whoever brings a good answer late.
    scene.peer.set(json!({"skew": served.clock.ahead(), "lifetime": 60})).await;
    let answer = browser.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    served.clock.advance_seconds(60 + 301);
    let shown = browser.go(answer).await;
    scene.office.expect_refused(&shown, 422, Cause::Expired, OVER).await;
}

async fn certificates_end(served: &Served) {
    let mut scene = Scene::set(served).await;
    served.clock.advance_seconds(3 * 365 * 86_400 + 86_400);
    scene.peer.set(json!({"skew": served.clock.ahead()})).await;
    let skew = json!({"skew": served.clock.ahead()});
    let shown = scene.come(skew, |answer| answer).await;
    let entry = scene.office.expect_refused(&shown, 422, Cause::CertificateExpired, NOT_ACCEPTED).await;
    assert_eq!(entry.connection, Some(scene.connection));
}
