//! What requests leave in the activity log.

mod attribution;
mod secrets;

use actix_web::http::Method;
use domain::activity::{Action, Activity, ActivityDetail, ActivityFilter, Outcome};
use domain::catalogue::Cause;
use domain::ids::ActivityId;
use domain::ports::Clock as _;
use domain::provider::Provider;
use domain::tenant::ProvisioningState;
use serde_json::json;
use testkit::on_both_databases;

use crate::face::{Face, elements, encoded, id, user};

on_both_databases! { Face:
    each_request_leaves_a_row_that_says_what_was_done,
    what_was_refused_says_why_and_who_it_was_about,
    a_member_is_called_by_name,
    reads_keep_no_bodies_and_writes_keep_both_with_their_facts,
    evidence_and_pulse_follow_from_what_was_seen,
    a_pause_is_no_failure_of_the_connection,
}

/// All rows, the oldest first.
async fn rows(face: &Face) -> Vec<Activity> {
    face.world.activity.flush(face.world.clock.now()).await.unwrap();
    let scope = face.tenant.scope();
    let page = face.world.activity.page(&scope, &ActivityFilter::default(), None, 1_000).await.unwrap();
    assert_eq!((page.next, page.searched_to), (None, None));
    page.rows.into_iter().rev().collect()
}

async fn a_pause_is_no_failure_of_the_connection(face: &Face) {
    let world = &face.world;
    face.new_user("ana").await;
    world.settings.set_provisioning(&world.cx(&face.tenant), ProvisioningState::Paused).await.unwrap();
    face.api.admissions.forget(&face.tenant.slug);
    for _ in 0..4 {
        later(face);
        face.get("/Users").await.is(503);
    }
    let held = rows(face).await.pop().unwrap();
    assert_eq!((held.cause, held.times), (Some(Cause::ProvisioningPaused), 4));
    let pulse = world.activity.pulse(&face.tenant.scope(), world.clock.now()).await.unwrap();
    let window = &pulse.window;
    assert_eq!((window.attempts, window.failures, window.targets, window.causes.len()), (1, 0, 1, 0));
}

async fn detail(face: &Face, id: ActivityId) -> ActivityDetail {
    face.world.number_facts().await;
    face.world.activity.find(&face.tenant.scope(), id).await.unwrap()
}

/// Rows of different requests have different moments, so that they are in order.
fn later(face: &Face) {
    face.world.clock.advance_seconds(1);
}

async fn each_request_leaves_a_row_that_says_what_was_done(face: &Face) {
    let test = format!("userName eq \"{}\"", "3f2b7c9e-0000-4000-8000-000000000000");
    face.find("/Users", &test).await.is(200);
    later(face);
    let ana = face.new_user("ana").await;
    later(face);
    face.find("/Users", "userName eq \"ana\"").await.is(200);
    later(face);
    face.get(&ana).await.is(200);
    for operation in [
        json!({"op": "Replace", "path": "title", "value": "Chief"}),
        json!({"op": "Replace", "path": "title", "value": "Chief"}),
        json!({"op": "Replace", "path": "active", "value": false}),
        json!({"op": "Replace", "path": "active", "value": true}),
        json!({"op": "Replace", "path": "userName", "value": "ruiz"}),
    ] {
        later(face);
        face.patch(&ana, json!([operation])).await.is(200);
    }
    later(face);
    face.delete(&ana).await.is(204);
    later(face);
    face.get("/Schemas").await.is(200);
    later(face);
    let operations = json!([{"method": "POST", "path": "/Users", "bulkId": "1", "data": user(json!({"userName": "b"}))}, {"method": "DELETE", "path": ana}]);
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
    face.post("/Bulk", bulk).await.is(200);
    let rows = rows(face).await;
    let told: Vec<_> = rows.iter().map(|row| (row.action.clone(), row.outcome, row.provider)).collect();
    let expected = [
        (Action::TestedConnection, Outcome::Done, Provider::Entra),
        (Action::Created, Outcome::Done, Provider::Other),
        (Action::Searched { found: 1 }, Outcome::Done, Provider::Other),
        (Action::LookedUp, Outcome::Done, Provider::Other),
        (Action::Updated, Outcome::Done, Provider::Entra),
        (Action::Updated, Outcome::Unchanged, Provider::Entra),
        (Action::Disabled, Outcome::Done, Provider::Entra),
        (Action::Enabled, Outcome::Done, Provider::Entra),
        (Action::Renamed, Outcome::Done, Provider::Entra),
        (Action::Deleted, Outcome::Done, Provider::Other),
        (Action::ReadDiscovery, Outcome::Done, Provider::Other),
        (Action::Bulk { operations: 2, failed: 1 }, Outcome::Done, Provider::Other),
    ];
    assert_eq!(told, expected);
    let created = &rows[1];
    let target = created.target.as_ref().unwrap();
    assert_eq!((target.kind.as_str(), target.name.as_deref()), ("User", Some("ana")));
    assert_eq!(target.id.unwrap().to_string(), id(&ana));
    assert_eq!(rows[8].target.as_ref().unwrap().name.as_deref(), Some("ana"), "as it was called before");
    assert_eq!((created.method.as_str(), created.status, created.times), ("POST", 201, 1));
    assert_eq!(rows[2].target.as_ref().unwrap().name.as_deref(), Some("ana"));
    assert!(rows[2].path.ends_with(&format!("/Users?filter={}", encoded("userName eq \"ana\""))), "{}", rows[2].path);
    assert!(rows.iter().all(|row| row.credential.is_some() && row.cause.is_none() && !row.request_id.is_empty()));
}

async fn what_was_refused_says_why_and_who_it_was_about(face: &Face) {
    let ana = face.new_user("ana").await;
    later(face);
    face.post("/Users", user(json!({"userName": "Ana"}))).await.is(409);
    later(face);
    face.post("/Users", user(json!({"displayName": "Nobody"}))).await.is(400);
    later(face);
    face.ask(Method::POST, "/Users").json(&json!("{")).send().await.is(400);
    later(face);
    face.get(&ana.replace("-7", "-8").replace("/Users/0", "/Users/f")).await.is(404);
    later(face);
    face.get("/Uesrs").await.is(404);
    later(face);
    let group = face.new_group("Editors", &[]).await;
    later(face);
    let nobody = json!([{"op": "add", "path": "members", "value": [{"value": id(&group).replace('7', "8")}]}]);
    face.patch(&group, nobody).await.is(400);
    later(face);
    face.ask(Method::PUT, &ana)
        .header(("if-match", "W/\"9\""))
        .json(&user(json!({"userName": "ana"})))
        .send()
        .await
        .is(412);
    let rows = rows(face).await;
    let told: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row.cause?, row.outcome, row.target.as_ref().and_then(|it| it.name.as_deref()))))
        .collect();
    let expected = [
        (Cause::UserNameTaken, Outcome::Refused, Some("Ana")),
        (Cause::RequiredMissing, Outcome::Refused, Some("Nobody")),
        (Cause::BadBody, Outcome::Refused, None),
        (Cause::NotFound, Outcome::NotFound, None),
        (Cause::AddressUnknown, Outcome::NotFound, None),
        (Cause::MemberUnknown, Outcome::Refused, Some("Editors")),
        (Cause::ChangedMeanwhile, Outcome::Refused, Some("ana")),
    ];
    assert_eq!(told, expected);
    let evidence = face.world.activity.evidence(&face.tenant.scope()).await.unwrap();
    assert_eq!(evidence.member_added.failed.unwrap().cause, Cause::MemberUnknown);
    let failures = ActivityFilter { failures_only: true, ..ActivityFilter::default() };
    let page = face.world.activity.page(&face.tenant.scope(), &failures, None, 100).await.unwrap();
    assert_eq!(page.rows.len(), 5);
}

async fn a_member_is_called_by_name(face: &Face) {
    let ana = face.post("/Users", user(json!({"userName": "ana", "displayName": "Ana Ruiz"}))).await.created();
    let bob = face.new_user("bob").await;
    let group = face.new_group("Editors", &[]).await;
    for operation in [
        json!({"op": "Add", "path": "members", "value": elements(&[&ana])}),
        json!({"op": "Add", "path": "members", "value": elements(&[&ana, &bob])}),
        json!({"op": "Remove", "path": format!("members[value eq \"{}\"]", id(&ana))}),
    ] {
        later(face);
        face.patch(&group, json!([operation])).await.is(204);
    }
    let rows = rows(face).await;
    let told: Vec<_> = rows[3..]
        .iter()
        .map(|row| (row.action.numbers().0, row.action.person().and_then(|it| it.name.clone()).unwrap()))
        .collect();
    assert_eq!(told, [(1, "Ana Ruiz".to_owned()), (1, "bob".to_owned()), (1, "Ana Ruiz".to_owned())]);
    assert!(
        matches!(rows[3].action, Action::MembersAdded { .. })
            && matches!(rows[5].action, Action::MembersRemoved { .. })
    );
    assert_eq!(rows[3].target.as_ref().unwrap().name.as_deref(), Some("Editors"));
}

async fn reads_keep_no_bodies_and_writes_keep_both_with_their_facts(face: &Face) {
    let ana = face.new_user("ana").await;
    later(face);
    face.get(&ana).await.is(200);
    later(face);
    face.get("/Users").await.is(200);
    later(face);
    face.patch(&ana, json!([{"op": "replace", "path": "title", "value": "Chief"}])).await.is(200);
    let rows = rows(face).await;
    for read in &rows[1..3] {
        let read = detail(face, read.id).await;
        assert_eq!((read.request, read.response, read.facts.len()), (None, None, 0));
    }
    let written = detail(face, rows[3].id).await;
    assert!(written.request.unwrap().contains("Chief") && written.response.unwrap().contains("Chief"));
    let payload = written.facts[0].payload.clone().unwrap();
    assert_eq!((written.facts.len(), &payload["after"]), (1, &json!({"title": "Chief"})));
}

async fn evidence_and_pulse_follow_from_what_was_seen(face: &Face) {
    let scope = face.tenant.scope();
    assert_eq!(face.world.activity.evidence(&scope).await.unwrap(), domain::health::Evidence::default());
    face.post("/Users", user(json!({"displayName": "Nobody"}))).await.is(400);
    later(face);
    let ana = face.post("/Users", user(json!({"userName": "ana", "externalId": "ana"}))).await.created();
    later(face);
    face.new_group("Editors", &[]).await;
    later(face);
    face.patch(&ana, json!([{"op": "Replace", "path": "active", "value": "False"}])).await.is(200);
    rows(face).await;
    let evidence = face.world.activity.evidence(&scope).await.unwrap();
    let seen = [evidence.authenticated, evidence.user_created, evidence.group_created, evidence.user_disabled];
    assert!(seen.iter().all(|step| step.seen.is_some()), "{evidence:?}");
    assert!(evidence.user_searched.seen.is_none() && evidence.member_added.seen.is_none());
    assert_eq!(evidence.user_created.failed.unwrap().cause, Cause::RequiredMissing);
    assert_eq!(evidence.external_ids, Some(domain::health::ExternalIds::Others));
    assert!(["active", "userName", "externalId"].iter().all(|name| evidence.attributes.iter().any(|it| it == name)));
    let pulse = face.world.activity.pulse(&scope, face.world.clock.now()).await.unwrap();
    assert_eq!((pulse.window.attempts, pulse.window.failures, pulse.window.failing), (4, 1, 1));
    assert_eq!((pulse.provider, pulse.credentials.len()), (Provider::Entra, 1));
    let cycle = pulse.last_cycle.unwrap();
    assert_eq!((cycle.changes, cycle.failures, cycle.people, cycle.groups), (3, 1, 1, 1));
}
