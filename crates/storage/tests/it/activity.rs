//! The activity log on both databases.

use domain::activity::{Action, ActivityFilter, CredentialRef, Entry, Outcome, Raw, Reach, Shown};
use domain::catalogue::Cause;
use domain::choices::Retention;
use domain::context::{Actor, OpContext};
use domain::credential::CredentialKind;
use domain::directory::Kind;
use domain::health::{Evidence, Pulse, Window};
use domain::ids::{ActivityId, CredentialId, ResourceId};
use domain::ops::{Knock, Noted};
use domain::ports::Clock as _;
use domain::store::{ActivityStore as _, Missing};
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use serde_json::json;
use testkit::clock::START;
use testkit::{World, activity_entry, on_both_databases};
use uuid::Uuid;

on_both_databases! { World:
    another_tenant_sees_nothing_of_a_log_and_removes_nothing,
    what_is_written_twice_is_one_row_and_counted_once,
    refusals_that_are_alike_grow_one_row,
    refusals_of_many_tenants_at_once_are_written_in_turn,
    strangers_do_not_hide_an_own_secret_that_is_refused,
    what_everybody_meets_is_no_failure_of_the_connection,
    pages_follow_one_another_and_a_search_ends_in_time,
    cycles_end_with_a_pause_and_each_credential_has_its_own,
    a_target_fails_until_it_is_done,
    somebody_who_was_not_made_fails_until_somebody_of_that_name_is_done,
    old_rows_go_and_others_stay,
    a_tenant_that_goes_takes_its_log_with_it,
    where_there_is_no_room_reads_go_first_and_what_goes_is_counted,
    a_change_without_a_row_gets_one_from_its_fact,
}

const ENTRA: CredentialId = CredentialId(Uuid::from_u128(7));
const OKTA: CredentialId = CredentialId(Uuid::from_u128(8));

/// A change of a person that was done, so many seconds after the start of time; each second has one.
fn entry(tenant: &Tenant, second: i64) -> Entry {
    let at = START.plus_seconds(second);
    let request = Uuid::from_u128(0x1000_0000 + u128::try_from(second + 100_000_000).unwrap());
    named(activity_entry(tenant.id, at, request), &format!("p{second}"))
}

fn failed(mut entry: Entry, cause: Cause) -> Entry {
    (entry.activity.outcome, entry.activity.status, entry.activity.cause) = (Outcome::Refused, 409, Some(cause));
    entry
}

fn named(mut entry: Entry, name: &str) -> Entry {
    entry.activity.target.as_mut().unwrap().name = Some(name.to_owned());
    entry
}

async fn ids(world: &World, tenant: &Tenant, filter: &ActivityFilter) -> Vec<ActivityId> {
    let page = world.log.page(&tenant.scope(), filter, None, 1_000).await.unwrap();
    page.rows.iter().map(|row| row.id).collect()
}

async fn another_tenant_sees_nothing_of_a_log_and_removes_nothing(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let log = &world.log;
    let entries = [entry(&acme, 1), failed(entry(&acme, 2), Cause::UserNameTaken)];
    let missing = Missing { tenant: acme.id, at: START, count: 3 };
    log.append(&entries, &[missing]).await.unwrap();
    log.note_reconciled(&acme.scope(), 5).await.unwrap();

    let (other, now, later) = (globex.scope(), START, START.plus_seconds(60));
    let all = ActivityFilter::default();
    assert_eq!(log.page(&other, &all, None, 10).await.unwrap().rows, []);
    assert_eq!(log.find(&other, entries[0].activity.id).await.unwrap(), None);
    assert_eq!(log.cycles(&other, now, later).await.unwrap(), []);
    assert_eq!(log.pulse(&other, later).await.unwrap(), Pulse::default());
    assert_eq!(log.first_seen(&other).await.unwrap(), Evidence::default());
    assert_eq!(log.oldest(&other).await.unwrap(), None);
    assert_eq!(log.missing(&other, now).await.unwrap(), 0);
    assert_eq!(log.reconciled(&other).await.unwrap(), None);
    assert_eq!(log.known(&other, &[entries[0].activity.id]).await.unwrap(), []);
    assert_eq!(log.bulk_requests(&other, now, later).await.unwrap(), Vec::<String>::new());
    assert_eq!(log.prune(&other, later.plus_seconds(86_400 * 400), 10).await.unwrap(), 0);
    log.note_reconciled(&other, 9).await.unwrap();

    let own = acme.scope();
    assert_eq!(ids(world, &acme, &all).await.len(), 2);
    let (found, bodies) = log.find(&own, entries[1].activity.id).await.unwrap().unwrap();
    assert_eq!((found, bodies), (entries[1].activity.clone(), entries[1].bodies.clone()));
    assert_eq!(log.reconciled(&own).await.unwrap(), Some(5));
    assert_eq!(
        (log.missing(&own, now).await.unwrap(), log.oldest(&own).await.unwrap()),
        (3, Some(START.plus_seconds(1)))
    );
    assert_ne!(log.pulse(&own, later).await.unwrap(), Pulse::default());
}

async fn what_is_written_twice_is_one_row_and_counted_once(world: &World) {
    let acme = world.tenant("acme").await;
    for _ in 0..2 {
        world.log.append(&[entry(&acme, 1), entry(&acme, 2)], &[]).await.unwrap();
    }
    assert_eq!(ids(world, &acme, &ActivityFilter::default()).await.len(), 2);
    let pulse = world.log.pulse(&acme.scope(), START.plus_seconds(60)).await.unwrap();
    assert_eq!((pulse.window.attempts, pulse.last_cycle.unwrap().changes), (2, 2));
}

async fn refusals_that_are_alike_grow_one_row(world: &World) {
    let acme = world.tenant("acme").await;
    let mut refusal = entry(&acme, 1);
    let activity = &mut refusal.activity;
    (activity.credential, activity.target, activity.action) = (None, None, Action::Other);
    (activity.status, activity.outcome, activity.cause) = (401, Outcome::Refused, Some(Cause::NoToken));
    (activity.times, activity.address) = (40, Some("192.0.2.1".to_owned()));
    refusal.reach = Reach::Refused;
    for _ in 0..3 {
        world.log.append(std::slice::from_ref(&refusal), &[]).await.unwrap();
    }
    let page = world.log.page(&acme.scope(), &ActivityFilter::default(), None, 10).await.unwrap();
    assert_eq!((page.rows.len(), page.rows[0].times), (1, 120));
    let refused = world.log.pulse(&acme.scope(), START.plus_seconds(60)).await.unwrap().refused.unwrap();
    assert_eq!((refused.count, refused.cause), (120, Cause::NoToken));
}

async fn refusals_of_many_tenants_at_once_are_written_in_turn(world: &World) {
    let mut tenants = Vec::new();
    for number in 0..30 {
        tenants.push(world.tenant(&format!("tenant-{number}")).await);
    }
    for tenant in &tenants {
        world.activity.knock(Knock {
            slug: tenant.slug.clone(),
            reach: Reach::Refused,
            shown: Shown::Nothing(Cause::TokenForeign),
            credential: None,
            address: "192.0.2.1".to_owned(),
            at: START,
            request_id: Uuid::from_u128(1).to_string(),
            method: "GET".to_owned(),
            path: "/Users".to_owned(),
            client: None,
            status: 401,
        });
    }
    for _ in 0..2 {
        world.activity.flush(world.clock.now()).await.unwrap();
    }
    for tenant in &tenants {
        assert_eq!(ids(world, tenant, &ActivityFilter::default()).await.len(), 1, "{}", tenant.slug);
    }
}

async fn strangers_do_not_hide_an_own_secret_that_is_refused(world: &World) {
    let acme = world.tenant("acme").await;
    let knock = |minute: i64, cause: Cause, times: u32| {
        let mut refusal = failed(entry(&acme, minute * 60), cause);
        let activity = &mut refusal.activity;
        (activity.credential, activity.target, activity.action) = (None, None, Action::Other);
        (activity.status, activity.times, activity.address) = (401, times, Some(format!("192.0.2.{minute}")));
        refusal.reach = Reach::Refused;
        refusal
    };
    let refused = async || {
        let pulse = world.log.pulse(&acme.scope(), START.plus_seconds(3_600)).await.unwrap();
        pulse.refused.map(|refused| (refused.cause, refused.count, refused.since, refused.last))
    };
    let at = |minute: i64| START.plus_seconds(minute * 60);
    world.log.append(&[knock(1, Cause::NoToken, 5)], &[]).await.unwrap();
    assert_eq!(refused().await, Some((Cause::NoToken, 5, at(1), at(1))));
    world.log.append(&[knock(2, Cause::TokenUnknown, 7), knock(3, Cause::NoToken, 9)], &[]).await.unwrap();
    assert_eq!(refused().await, Some((Cause::TokenUnknown, 7, at(2), at(2))));
    let own = [knock(4, Cause::TokenRevoked, 2), knock(5, Cause::TokenRevoked, 3), knock(6, Cause::TokenUnknown, 50)];
    world.log.append(&own, &[]).await.unwrap();
    assert_eq!(refused().await, Some((Cause::TokenRevoked, 5, at(4), at(5))));
}

async fn what_everybody_meets_is_no_failure_of_the_connection(world: &World) {
    let acme = world.tenant("acme").await;
    let causes = [Cause::ProvisioningPaused, Cause::ProvisioningOff, Cause::TenantTooFast, Cause::DatabaseAway];
    let mut rows = vec![entry(&acme, 0)];
    for (minute, cause) in (1..).zip(causes) {
        let mut held = failed(entry(&acme, minute * 600), cause);
        let activity = &mut held.activity;
        (activity.target, activity.action, activity.times) = (None, Action::Other, 40);
        activity.address = Some("192.0.2.1".to_owned());
        held.reach = Reach::ForAll;
        rows.push(held);
    }
    world.log.append(&rows, &[]).await.unwrap();
    let pulse = world.log.pulse(&acme.scope(), START.plus_seconds(3_000)).await.unwrap();
    let Window { attempts, failures, targets, failing, causes, .. } = pulse.window;
    assert_eq!((attempts, failures, targets, failing, causes), (1, 0, 1, 0, Vec::new()));
    assert_eq!(pulse.cycle_starts, [START], "nor a cycle");
    assert_eq!(pulse.last_call, Some(START.plus_seconds(2_400)), "but the provider is there");
    assert_eq!(pulse.refused, None);
    assert_eq!(world.log.cycles(&acme.scope(), START, START.plus_seconds(3_000)).await.unwrap().len(), 1);
}

async fn pages_follow_one_another_and_a_search_ends_in_time(world: &World) {
    let acme = world.tenant("acme").await;
    let scope = acme.scope();
    let mut rows: Vec<Entry> = (0..20_010).map(|second| entry(&acme, second)).collect();
    rows[3] = failed(rows[3].clone(), Cause::UserNameTaken);
    for chunk in rows.chunks(2_000) {
        world.log.append(chunk, &[]).await.unwrap();
    }
    let all = ActivityFilter::default();
    let first = world.log.page(&scope, &all, None, 3).await.unwrap();
    let second = world.log.page(&scope, &all, first.next, 3).await.unwrap();
    let seen: Vec<_> = first.rows.iter().chain(&second.rows).map(|row| row.at).collect();
    let expected: Vec<Timestamp> = (0..6).map(|back| START.plus_seconds(20_009 - back)).collect();
    assert_eq!((seen, first.searched_to), (expected, None));
    let held = |text: &str| ActivityFilter { text: Some(text.to_owned()), ..ActivityFilter::default() };
    let old = world.log.page(&scope, &held("P3"), None, 50).await.unwrap();
    assert!(old.next.is_none() && old.rows.len() == 50 || old.next.is_some());
    let cut = world.log.page(&scope, &held("nobody"), None, 50).await.unwrap();
    assert_eq!(
        (cut.rows.len(), cut.searched_to),
        (0, Some(START.plus_seconds(10))),
        "older rows have not been searched"
    );
    let rest = world.log.page(&scope, &held("nobody"), cut.next, 50).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next, rest.searched_to), (0, None, None));

    // A failure far back is found at once.
    let failures = ActivityFilter { failures_only: true, ..ActivityFilter::default() };
    assert_eq!(ids(world, &acme, &failures).await, [rows[3].activity.id]);
    let range = ActivityFilter { from: Some(START.plus_seconds(5)), to: Some(START.plus_seconds(7)), ..all };
    assert_eq!(ids(world, &acme, &range).await.len(), 3);
}

async fn cycles_end_with_a_pause_and_each_credential_has_its_own(world: &World) {
    let acme = world.tenant("acme").await;
    let mut rows: Vec<Entry> = [0, 100, 200, 2_400, 2_410].into_iter().map(|second| entry(&acme, second)).collect();
    rows.push(failed(entry(&acme, 2_420), Cause::MemberUnknown));
    let mut okta = entry(&acme, 150);
    okta.activity.credential = Some(CredentialRef { id: OKTA, label: "okta".to_owned() });
    let mut test = entry(&acme, 1_200);
    test.activity.action = Action::TestedConnection;
    let closed = Entry { reach: Reach::ForAll, ..failed(entry(&acme, 1_300), Cause::ProvisioningPaused) };
    rows.extend([okta, test, closed]);
    // As several processes write them.
    for row in rows.iter().rev() {
        world.log.append(std::slice::from_ref(row), &[]).await.unwrap();
    }
    let found = world.log.cycles(&acme.scope(), START, START.plus_seconds(3_000)).await.unwrap();
    let told: Vec<_> =
        found.iter().map(|span| (span.cycle.credential, span.requests, span.changes, span.failures)).collect();
    assert_eq!(told, [(ENTRA, 3, 2, 1), (OKTA, 1, 1, 0), (ENTRA, 3, 3, 0)]);
    let filter = ActivityFilter { cycle: Some(found[2].cycle), ..ActivityFilter::default() };
    assert_eq!(ids(world, &acme, &filter).await.len(), 3);
    assert_eq!(rows.iter().filter(|row| found[2].cycle.holds(&row.activity)).count(), 3);
    let pulse = world.log.pulse(&acme.scope(), START.plus_seconds(3_000)).await.unwrap();
    assert_eq!(pulse.cycle_starts, [START.plus_seconds(2_400), START]);
    assert_eq!(pulse.window.cycles, 2);
}

async fn a_target_fails_until_it_is_done(world: &World) {
    let acme = world.tenant("acme").await;
    let scope = acme.scope();
    let taken = |second| failed(named(entry(&acme, second), "ana"), Cause::UserNameTaken);
    world
        .log
        .append(&[taken(1), taken(2), failed(named(entry(&acme, 3), "bob"), Cause::UserNameTaken)], &[])
        .await
        .unwrap();
    world.log.append(&[taken(10)], &[]).await.unwrap();
    let window = world.log.pulse(&scope, START.plus_seconds(60)).await.unwrap().window;
    let cause = &window.causes[0];
    assert_eq!((window.targets, window.failing, window.failures), (2, 2, 4));
    assert_eq!((window.recent.new_targets, window.recent.new_failing), (2, 2));
    assert_eq!((cause.cause, cause.failures, cause.people, cause.tries), (Cause::UserNameTaken, 4, 2, 3));
    assert_eq!(cause.since, START.plus_seconds(1));
    world.log.append(&[named(entry(&acme, 20), "ana")], &[]).await.unwrap();
    let window = world.log.pulse(&scope, START.plus_seconds(60)).await.unwrap().window;
    assert_eq!((window.targets, window.failing, window.causes[0].people), (2, 1, 1));
    assert_eq!((window.attempts, window.changes), (5, 1));
    let far = START.plus_seconds(90_000);
    assert_eq!(world.log.pulse(&scope, far).await.unwrap().window.failing, 0, "what is long ago is not counted");
}

async fn somebody_who_was_not_made_fails_until_somebody_of_that_name_is_done(world: &World) {
    let acme = world.tenant("acme").await;
    let made = |second| {
        let mut made = failed(named(entry(&acme, second), "Ana"), Cause::UserNameTaken);
        made.activity.action = Action::Created;
        made
    };
    let failing = async || world.log.pulse(&acme.scope(), START.plus_seconds(60)).await.unwrap().window.failing;
    world.log.append(&[made(1), made(2)], &[]).await.unwrap();
    assert_eq!(failing().await, 1);
    // Entra finds her and goes on with her id.
    let mut patched = named(entry(&acme, 10), "Ana");
    patched.activity.target.as_mut().unwrap().id = Some(ResourceId(Uuid::from_u128(9)));
    world.log.append(&[patched.clone()], &[]).await.unwrap();
    assert_eq!(failing().await, 0);

    patched.activity.id = ActivityId::of_request(START.plus_seconds(20), Uuid::from_u128(20));
    patched.activity.at = START.plus_seconds(20);
    world.log.append(&[made(15), patched], &[]).await.unwrap();
    assert_eq!(failing().await, 0, "nor in one batch");
    let mut again = named(entry(&acme, 25), "Ana");
    again.activity.target.as_mut().unwrap().id = Some(ResourceId(Uuid::from_u128(9)));
    world.log.append(&[again, made(30)], &[]).await.unwrap();
    assert_eq!(failing().await, 1, "unless it failed since");
}

async fn old_rows_go_and_others_stay(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let day = 86_400;
    let days = i64::from(Retention::default().days());
    for tenant in [&acme, &globex] {
        let rows: Vec<Entry> = (0..10).map(|number| entry(tenant, number * day + 10)).collect();
        world.log.append(&rows, &[]).await.unwrap();
    }
    let now = START.plus_seconds((days + 4) * day);
    assert_eq!(world.activity.prune(&acme, now, 3).await.unwrap(), 3);
    assert_eq!(world.activity.prune(&acme, now, 3).await.unwrap(), 1);
    assert_eq!(world.activity.prune(&acme, now, 3).await.unwrap(), 0);
    assert_eq!(world.activity.oldest(&acme.scope()).await.unwrap(), Some(START.plus_seconds(4 * day + 10)));
    assert_eq!(ids(world, &globex, &ActivityFilter::default()).await.len(), 10);
}

async fn a_tenant_that_goes_takes_its_log_with_it(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    world.log.append(&[entry(&acme, 1), entry(&globex, 1)], &[]).await.unwrap();
    world.log.forget(acme.id).await.unwrap();
    assert_eq!(world.log.tenants().await.unwrap(), [globex.id]);
    assert_eq!(ids(world, &acme, &ActivityFilter::default()).await, []);
    assert_eq!(world.log.pulse(&acme.scope(), START).await.unwrap(), Pulse::default());
}

async fn a_change_without_a_row_gets_one_from_its_fact(world: &World) {
    let (acme, bearer) = world.open_tenant("acme").await;
    let actor = Actor::Credential { id: bearer.id, kind: CredentialKind::Token, label: "entra".to_owned() };
    let cx = |number: u128| OpContext {
        actor: actor.clone(),
        request_id: Uuid::from_u128(number).to_string(),
        ..world.cx(&acme)
    };
    let ana = world.create(&cx(1), &Kind::USER, json!({"userName": "ana"})).await.unwrap();
    let group = world.group(&cx(2), "Editors", &[]).await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ana.stored.id.to_string()}]}]);
    world.patch(&cx(3), &group, add).await.unwrap();
    world.patch(&cx(4), &ana, json!([{"op": "replace", "path": "active", "value": false}])).await.unwrap();
    // This one has a row, and that one is no identity provider's.
    let kept = cx(5);
    world.patch(&kept, &ana, json!([{"op": "replace", "path": "title", "value": "Chief"}])).await.unwrap();
    let mut row = entry(&acme, 0);
    row.activity.id = ActivityId::of_request(kept.now, Uuid::from_u128(5));
    world.log.append(&[row], &[]).await.unwrap();
    world.patch(&world.cx(&acme), &ana, json!([{"op": "replace", "path": "title", "value": "x"}])).await.unwrap();
    world.delete(&cx(6), &ana).await.unwrap();
    world.number_facts().await;

    let reconcile = async || world.activity.reconcile(&acme.slug, world.clock.now()).await.unwrap().0;
    assert_eq!(reconcile().await, 0, "whoever answered it may still be writing");
    world.clock.advance_seconds(60);
    assert_eq!(reconcile().await, 5);
    assert_eq!(reconcile().await, 0);
    let page = world.log.page(&acme.scope(), &ActivityFilter::default(), None, 100).await.unwrap();
    let mut told: Vec<_> = page
        .rows
        .iter()
        .filter(|row| row.took_us == 0)
        .map(|row| (row.request_id.clone(), row.action.kind().as_str(), row.target.as_ref().unwrap().kind.to_string()))
        .collect();
    told.sort();
    let expected = [
        (1, "created", "User"),
        (2, "created", "Group"),
        (3, "members_added", "Group"),
        (4, "disabled", "User"),
        (6, "deleted", "User"),
    ];
    let expected =
        expected.map(|(number, action, kind)| (Uuid::from_u128(number).to_string(), action, kind.to_owned()));
    assert_eq!(told, expected);
    assert!(page.rows.iter().all(|row| row.credential.is_some()));
}

/// Bytes of bodies that may wait to be written.
const ROOM: usize = 32 << 20;

async fn where_there_is_no_room_reads_go_first_and_what_goes_is_counted(world: &World) {
    let acme = world.tenant("acme").await;
    let admission = world.admissions.read(&acme.slug).await.unwrap().unwrap();
    let note = |second: i64, action: Action, body: usize| {
        let mut activity = entry(&acme, second).activity;
        activity.action = action;
        let admission = admission.clone();
        let request: Option<Raw> = Some(Box::new(vec![b'x'; body]));
        let query = String::new();
        Noted { admission, activity, query, secret: None, is_reference: false, request, response: None }
    };
    let flush = async || world.activity.flush(world.clock.now()).await.unwrap();
    for second in 0..20 {
        world.activity.record(note(second, Action::LookedUp, ROOM / 12));
    }
    for second in 20..28 {
        world.activity.record(note(second, Action::Created, ROOM / 12));
    }
    flush().await;
    let missing = async || world.log.missing(&acme.scope(), START).await.unwrap();
    let rows = world.log.page(&acme.scope(), &ActivityFilter::default(), None, 100).await.unwrap().rows;
    let writes = rows.iter().filter(|row| row.action == Action::Created).count();
    assert_eq!((rows.len(), writes, missing().await), (11, 8, 17));
    // What was written makes room; without any, changes go too, and the journal still has them.
    for second in 100..112 {
        world.activity.record(note(second, Action::Created, ROOM / 12));
    }
    flush().await;
    assert_eq!((ids(world, &acme, &ActivityFilter::default()).await.len(), missing().await), (22, 18));
}
