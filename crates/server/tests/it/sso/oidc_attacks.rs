//! Answers by OpenID Connect that are wrong.

use domain::connection::cause::SignInCause as Cause;
use domain::ids::ConnectionId;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::browser::{Shown, Step};
use super::office::Office;
use super::peer::{Peer, Person, people};
use crate::served::Served;

on_both_databases! { Served:
    tokens_that_are_forged_or_of_others_are_refused,
    callbacks_that_are_forged_are_refused,
    a_code_and_a_state_are_good_once_and_in_one_browser,
    a_state_of_one_tenant_is_none_of_another,
    a_code_of_another_sign_in_lets_nobody_in,
    a_new_key_is_read_once_and_a_stranger_is_not_believed,
}

const NOT_ACCEPTED: &str = "What your company&#39;s sign-in sent could not be accepted.";
const OVER: &str = "This sign-in is over";

struct Scene<'s> {
    peer: Peer,
    office: Office<'s>,
    connection: ConnectionId,
    ana: Person,
}

impl<'s> Scene<'s> {
    async fn set(served: &'s Served) -> Self {
        let peer = Peer::start("mock", &json!({}));
        let mut office = Office::open(served, "acme").await;
        let [ana, zoe] = people();
        for person in [ana, zoe] {
            office.provision(&person).await;
        }
        let connection = office.oidc(peer.text("issuer"), "a secret", &ana).await;
        Self { peer, office, connection, ana }
    }

    async fn come(&mut self, settings: Value) -> Shown {
        self.come_changed(settings, |answer| answer).await
    }

    async fn come_changed(&mut self, settings: Value, change: impl FnOnce(Step) -> Step) -> Shown {
        self.peer.reset(settings).await;
        let mut browser = self.office.browser();
        let answer = browser.answer(&self.office.begin(self.connection), self.ana.upn).await;
        browser.go(change(answer)).await
    }
}

async fn tokens_that_are_forged_or_of_others_are_refused(served: &Served) {
    let mut scene = Scene::set(served).await;
    let [_, zoe] = people();
    let elsewhere = "00000000-0000-4000-8000-000000000000";
    let cases = [
        (json!({"algorithm": "none"}), Cause::WeakAlgorithm, NOT_ACCEPTED),
        (json!({"algorithm": "HS256"}), Cause::WeakAlgorithm, NOT_ACCEPTED),
        (json!({"tampered": {"oid": zoe.object_id}}), Cause::SignatureWrong, NOT_ACCEPTED),
        (json!({"active": 1}), Cause::SignatureWrong, NOT_ACCEPTED),
        (json!({"active": 1, "header": {"kid": "mock-0"}}), Cause::SignatureWrong, NOT_ACCEPTED),
        (json!({"claims": {"aud": "another"}}), Cause::WrongAudience, NOT_ACCEPTED),
        (json!({"claims": {"aud": ["rollcall", "another"]}}), Cause::WrongAudience, NOT_ACCEPTED),
        (json!({"claims": {"iss": "https://login.example/v2.0"}}), Cause::WrongIssuer, NOT_ACCEPTED),
        (json!({"claims": {"nonce": "another"}}), Cause::SignatureWrong, NOT_ACCEPTED),
        (json!({"claims": {"nonce": null}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"claims": {"tid": elsewhere}}), Cause::WrongTenant, NOT_ACCEPTED),
        (json!({"claims": {"tid": null}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"claims": {"oid": null}}), Cause::ClaimMissing, NOT_ACCEPTED),
        (json!({"times": {"exp": -400, "iat": -800, "nbf": -800}}), Cause::Expired, OVER),
        (json!({"times": {"iat": 400, "nbf": 400, "exp": 4000}}), Cause::Clock, NOT_ACCEPTED),
        (json!({"token": {"id_token": null}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"token": {"id_token": "not.a.token"}}), Cause::Unreadable, NOT_ACCEPTED),
    ];
    for (settings, cause, words) in cases {
        let shown = scene.come(settings.clone()).await;
        let entry = scene.office.expect_refused(&shown, 422, cause, words).await;
        assert_eq!((entry.connection, entry.key), (Some(scene.connection), None), "{settings}");
    }
    // An address that somebody took over joins nobody.
    let taken = json!({"claims": {"email": scene.ana.upn, "preferred_username": scene.ana.upn, "oid": elsewhere}});
    let shown = scene.come(taken).await;
    scene.office.expect_refused(&shown, 422, Cause::PersonUnknown, "has not been set up yet").await;
}

async fn callbacks_that_are_forged_are_refused(served: &Served) {
    let mut scene = Scene::set(served).await;
    let refused = json!({"error": "access_denied", "error_description": "AADSTS50105: <b>not assigned</b>"});
    let cases = [
        (json!({"callback": {"state": null}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"callback": {"state": "another"}}), Cause::RequestUnknown, OVER),
        (json!({"callback": {"code": null}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"callback": {"error": "also_an_error"}}), Cause::Unreadable, NOT_ACCEPTED),
        (json!({"callback": {"iss": "https://login.example/"}}), Cause::WrongIssuer, NOT_ACCEPTED),
        (json!({"callback": {"code": "guessed"}}), Cause::ProviderRefused, "did not let you in"),
        (json!({"failure": refused}), Cause::ProviderRefused, "did not let you in"),
    ];
    for (settings, cause, words) in cases {
        let shown = scene.come(settings.clone()).await;
        let entry = scene.office.expect_refused(&shown, 422, cause, words).await;
        assert!(!shown.page.body.contains("AADSTS"), "what a provider says is for admins: {shown:?}");
        assert_eq!(entry.detail.contains("AADSTS50105"), settings.get("failure").is_some(), "{entry:?}");
    }
    let page = scene.office.url("/settings/user-authentication/sso/log");
    let log = scene.office.admin.open(&page).await;
    log.expect(200, "AADSTS50105: &#60;b&#62;not assigned");
    // Not even a query.
    let shown = scene.office.browser().open(&scene.office.url("/sso/oidc/callback")).await;
    scene.office.expect_refused(&shown, 422, Cause::Unreadable, NOT_ACCEPTED).await;
}

async fn a_code_and_a_state_are_good_once_and_in_one_browser(served: &Served) {
    let mut scene = Scene::set(served).await;
    let other = "begun in another browser";
    let (mut anas, mut eves) = (scene.office.browser(), scene.office.browser());
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    for _ in 0..2 {
        // Without a cookie, and with one of her own.
        let shown = eves.go(answer.clone()).await;
        scene.office.expect_refused(&shown, 422, Cause::OtherBrowser, other).await;
        eves.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    }
    let shown = anas.go(answer.clone()).await;
    scene.office.expect_in(&mut anas, &shown, &scene.ana).await;
    assert_eq!(scene.peer.asked("/token").await, 2, "the code was asked for in the test and by its own browser");
    let arrived = anas.trail.iter().rfind(|url| url.path() == "/sso/arrive").unwrap().clone();
    anas.send(&scene.office.url("/me/sign-out-everywhere"), &[]).await;
    for again in [answer.url.as_str(), arrived.as_str()] {
        let shown = anas.look(again).await;
        scene.office.expect_refused(&shown, 422, Cause::Replayed, OVER).await;
    }
    // Another code under a state that was used.
    let another = answer.clone().asking("code", Some("another")).url;
    let shown = anas.look(another.as_str()).await;
    scene.office.expect_refused(&shown, 422, Cause::Replayed, OVER).await;
    assert_eq!(scene.peer.asked("/token").await, 2);
    // Two windows that bring the same at once.
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    let mut window = anas.at(served);
    let (one, two) = tokio::join!(anas.look(answer.url.as_str()), window.look(answer.url.as_str()));
    let mut statuses = [one.page.status, two.page.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    assert_eq!(scene.office.entry().await.cause, Some(Cause::Replayed));
    // Too late.
    let answer = anas.answer(&scene.office.begin(scene.connection), scene.ana.upn).await;
    served.clock.advance_seconds(16 * 60);
    let shown = anas.go(answer).await;
    scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
}

async fn a_state_of_one_tenant_is_none_of_another(served: &Served) {
    let mut scene = Scene::set(served).await;
    let mut other = Office::open(served, "other").await;
    other.provision(&scene.ana).await;
    let others = other.oidc(scene.peer.text("issuer"), "a secret", &scene.ana).await;
    let mut browser = scene.office.browser();
    let answer = browser.answer(&other.begin(others), scene.ana.upn).await;
    let shown = browser.go(answer.clone().at_host(&scene.office.host())).await;
    let entry = scene.office.expect_refused(&shown, 422, Cause::RequestUnknown, OVER).await;
    assert_eq!((entry.connection, other.entries().await), (None, Vec::new()));
    let shown = browser.go(answer).await;
    other.expect_in(&mut browser, &shown, &scene.ana).await;
    // Nor is a connection.
    let shown = browser.look(&scene.office.begin(others)).await;
    assert_eq!(shown.page.status, 404, "{shown:?}");
}

/// With a state that is one's own, and a code that is not.
async fn a_code_of_another_sign_in_lets_nobody_in(served: &Served) {
    let mut scene = Scene::set(served).await;
    let [ana, zoe] = people();
    let mut other = Office::open(served, "other").await;
    other.provision(&ana).await;
    let others = other.oidc(scene.peer.text("issuer"), "a secret", &ana).await;
    let (here, there) = (scene.office.begin(scene.connection), other.begin(others));
    for (own, stolen_of, begun_at) in [(zoe, ana, &here), (ana, zoe, &here), (zoe, ana, &there)] {
        let (mut victims, mut thiefs) = (scene.office.browser(), scene.office.browser());
        scene.peer.set(json!({"person": stolen_of.upn})).await;
        let stolen = victims.answer(begun_at, stolen_of.upn).await;
        scene.peer.set(json!({"person": own.upn})).await;
        let answer = thiefs.answer(&here, own.upn).await;
        let code = stolen.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let shown = thiefs.go(answer.asking("code", Some(&code))).await;
        let words = "did not let you in";
        let entry = scene.office.expect_refused(&shown, 422, Cause::ProviderRefused, words).await;
        assert_eq!((entry.connection, entry.key), (Some(scene.connection), None), "{own:?}");
        assert_eq!(other.entries().await, Vec::new());
    }
}

async fn a_new_key_is_read_once_and_a_stranger_is_not_believed(served: &Served) {
    let mut scene = Scene::set(served).await;
    let read = async |scene: &Scene<'_>| scene.peer.asked("/jwks").await;
    let before = read(&scene).await;
    let later = json!({"active": 1, "published": [0, 1], "skew": served.clock.ahead()});
    let shown = scene.come(later).await;
    scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
    assert_eq!(read(&scene).await, before, "it was read a moment ago");
    served.clock.advance_seconds(301);
    // A key that is published nowhere has it read once, and the next one does not.
    for _ in 0..3 {
        let shown = scene.come(json!({"active": 1, "skew": served.clock.ahead()})).await;
        scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
        assert_eq!(read(&scene).await, before + 1);
    }
    served.clock.advance_seconds(301);
    let anew = json!({"active": 1, "published": [0, 1], "skew": served.clock.ahead()});
    for _ in 0..3 {
        scene.peer.reset(anew.clone()).await;
        let mut browser = scene.office.browser();
        let shown = browser.sign_in(&scene.office.begin(scene.connection), scene.ana.upn).await;
        scene.office.expect_in(&mut browser, &shown, &scene.ana).await;
        assert_eq!(read(&scene).await, before + 2, "and then it is known");
        browser.send(&scene.office.url("/me/sign-out-everywhere"), &[]).await;
    }
    // Whoever signs under a name that is known is no reason to read anything.
    served.clock.advance_seconds(301);
    let stranger = json!({"active": 1, "header": {"kid": "mock-0"}, "skew": served.clock.ahead()});
    let shown = scene.come(stranger).await;
    scene.office.expect_refused(&shown, 422, Cause::SignatureWrong, NOT_ACCEPTED).await;
}
