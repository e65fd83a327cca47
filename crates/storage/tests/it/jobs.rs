//! Deactivating everybody when provisioning is switched off.

use std::sync::Arc;

use domain::choices::People;
use domain::context::{Actor, OpContext};
use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::job::{Job, JobState, JobStep};
use domain::ops::{IndexWishes, Jobs, Provisioning, SettingsChange, Switched};
use domain::ports::Clock as _;
use domain::store::{Store, TenantTx};
use domain::tenant::{ProvisioningState, Tenant};
use futures_util::future::join_all;
use serde_json::json;
use testkit::{TestPasswords, World, on_both_databases};

use crate::raw::{self, Raw};

on_both_databases! { World:
    everybody_who_is_active_is_deactivated_as_if_the_admin_had_done_it,
    where_nobody_is_active_there_is_no_job,
    a_job_that_is_asked_for_twice_runs_once,
    who_was_kept_can_be_deactivated_later,
    a_step_that_was_cut_off_counts_the_same_when_it_is_taken_again,
    two_workers_at_once_do_everything_once,
    switching_on_stops_the_job,
    a_job_that_is_stopped_in_the_middle_of_a_step_counts_what_the_step_did,
    a_person_who_goes_meanwhile_is_no_failure,
    jobs_of_other_tenants_are_apart,
    a_step_that_another_worker_was_quicker_with_does_not_count,
}

const OFF: SettingsChange = SettingsChange {
    seen: None,
    key: None,
    provisioning: Some(ProvisioningState::Off),
    people: People::Deactivate,
    provider: None,
    retention: None,
    notify: None,
};

fn cx(world: &World, tenant: &Tenant) -> OpContext {
    OpContext { actor: Actor::Operator, request_id: "the-request".to_owned(), ..world.cx(tenant) }
}

/// A tenant with so many active users, one more who is not active, and a group.
async fn staffed(world: &World, slug: &str, active: u64) -> Tenant {
    let (tenant, _) = world.open_tenant(slug).await;
    let cx = world.cx(&tenant);
    let gone = world.create(&cx, &Kind::USER, json!({"userName": "gone", "active": false})).await.unwrap();
    for index in 0..active {
        let user = json!({"userName": format!("user-{index}"), "active": true, "title": "Clerk"});
        world.create(&cx, &Kind::USER, user).await.unwrap();
    }
    world.group(&cx, "Everybody", &[gone.stored.id]).await;
    world.clock.advance_seconds(60);
    tenant
}

async fn switch_off(world: &World, tenant: &Tenant) -> Switched {
    world.settings.change(&cx(world, tenant), OFF).await.unwrap()
}

async fn job(world: &World, tenant: &Tenant) -> Job {
    world.jobs.latest(&tenant.scope()).await.unwrap().unwrap()
}

async fn work(world: &World) -> usize {
    let mut steps = 0;
    while world.jobs.step(world.clock.now()).await.unwrap() {
        steps += 1;
    }
    steps
}

async fn active(world: &World, tenant: &Tenant) -> u64 {
    world.jobs.head_count(&tenant.scope()).await.unwrap().active
}

/// How many facts tell that somebody was deactivated.
async fn deactivations(world: &World, tenant: &Tenant) -> usize {
    let facts = raw::facts(world, tenant).await;
    facts.iter().filter(|fact| fact.what == "patched" && fact.subject_kind == "User").count()
}

/// A process of its own.
async fn another(world: &World) -> Jobs {
    let store: Arc<dyn Store> = world.another_store().await;
    let wishes = Arc::new(IndexWishes::new(store.clone()));
    let provisioning = Provisioning::new(store.clone(), world.ids.clone(), wishes, Arc::new(TestPasswords), 1_000);
    Jobs::new(store, world.ids.clone(), Arc::new(provisioning))
}

async fn everybody_who_is_active_is_deactivated_as_if_the_admin_had_done_it(world: &World) {
    let tenant = staffed(world, "acme", 120).await;
    let asked = switch_off(world, &tenant).await;
    let began = asked.job.unwrap();
    assert_eq!(began, job(world, &tenant).await);
    assert_eq!((began.state, began.total, began.done), (JobState::Running, 120, 0));
    assert_eq!(active(world, &tenant).await, 120, "that is the server's work");

    world.clock.advance_seconds(5);
    assert!(world.jobs.step(world.clock.now()).await.unwrap());
    let half = job(world, &tenant).await;
    assert_eq!((half.state, half.done), (JobState::Running, 49), "one of the first fifty was not active");
    assert_eq!(work(world).await, 2);
    let done = job(world, &tenant).await;
    let now = world.clock.now();
    let expected = Job { state: JobState::Done, done: 120, ended: Some(now), position: done.position, ..began.clone() };
    assert_eq!(done, expected);
    assert_eq!(active(world, &tenant).await, 0);
    assert!(!world.jobs.step(world.clock.now()).await.unwrap());

    let facts = raw::facts(world, &tenant).await;
    let told: Vec<_> = facts.iter().filter(|fact| fact.request_id == "the-request").collect();
    assert!(told.iter().all(|fact| fact.actor_kind == "operator"));
    let what: Vec<_> = told.iter().map(|fact| fact.what.as_str()).collect();
    assert_eq!(what[..2], ["provisioning_changed", "job_started"]);
    assert_eq!(what[2..122], ["patched"; 120]);
    assert_eq!(what[122..], ["job_ended"]);
    assert_eq!(told[2].payload()["before"], json!({"active": true}));
    assert_eq!(told[2].payload()["after"], json!({"active": false}));
    let after = json!({
        "job": began.id.to_string(), "kind": "deactivate_people", "state": "done", "total": 120, "done": 120, "failed": 0,
    });
    assert_eq!(told[122].payload(), json!({"after": after}));
}

async fn where_nobody_is_active_there_is_no_job(world: &World) {
    let tenant = staffed(world, "acme", 0).await;
    let off = switch_off(world, &tenant).await;
    assert!(off.job.is_none());
    assert_eq!(off.tenant.choices.off.map(|off| (off.count.active, off.count.inactive)), Some((0, 1)));
    assert!(!world.jobs.step(world.clock.now()).await.unwrap());
}

async fn a_job_that_is_asked_for_twice_runs_once(world: &World) {
    let tenant = staffed(world, "acme", 60).await;
    let first = switch_off(world, &tenant).await;
    world.jobs.step(world.clock.now()).await.unwrap();
    let second = switch_off(world, &tenant).await;
    assert_eq!(second.tenant, first.tenant, "nor is it counted anew");
    assert_eq!(second.job.map(|job| job.id), first.job.map(|job| job.id));
    work(world).await;
    assert_eq!(deactivations(world, &tenant).await, 60);
    assert!(switch_off(world, &tenant).await.job.is_none(), "nobody is left");
}

async fn who_was_kept_can_be_deactivated_later(world: &World) {
    let tenant = staffed(world, "acme", 3).await;
    let kept = world.settings.set_provisioning(&cx(world, &tenant), ProvisioningState::Off).await.unwrap();
    assert!(kept.job.is_none());
    assert_eq!(work(world).await, 0);
    let asked = switch_off(world, &tenant).await;
    assert_eq!(asked.job.map(|job| job.total), Some(3));
    assert_eq!(asked.tenant.choices.switched, kept.tenant.choices.switched, "off since then");
    work(world).await;
    assert_eq!(active(world, &tenant).await, 0);
}

/// As if the process had been killed after it changed some people and before it wrote that down.
async fn a_step_that_was_cut_off_counts_the_same_when_it_is_taken_again(world: &World) {
    let tenant = staffed(world, "acme", 70).await;
    switch_off(world, &tenant).await;
    let before = job(world, &tenant).await;
    world.clock.advance_seconds(1);
    let users = world.list(&world.cx(&tenant), &Kind::USER, "title eq \"Clerk\"").await.unwrap();
    for user in &users[..30] {
        let cx = OpContext { request_id: before.request_id.clone(), ..cx(world, &tenant) };
        world.patch(&cx, user, json!([{"op": "replace", "path": "active", "value": false}])).await.unwrap();
    }
    assert_eq!(job(world, &tenant).await, before);
    work(world).await;
    let done = job(world, &tenant).await;
    assert_eq!((done.state, done.done, done.failed), (JobState::Done, 70, 0));
    assert_eq!(deactivations(world, &tenant).await, 70, "nobody twice");
    let versions = Raw::of(world).await.number("SELECT max(version) FROM resource WHERE kind = 'User'").await;
    assert_eq!(versions, 2);
}

async fn two_workers_at_once_do_everything_once(world: &World) {
    let tenant = staffed(world, "acme", 130).await;
    switch_off(world, &tenant).await;
    let workers = [another(world).await, another(world).await];
    let now = world.clock.now();
    join_all(workers.iter().map(async |jobs| while jobs.step(now).await.unwrap() {})).await;
    let done = job(world, &tenant).await;
    assert_eq!((done.state, done.done, done.failed), (JobState::Done, 130, 0));
    assert_eq!(active(world, &tenant).await, 0);
    assert_eq!(deactivations(world, &tenant).await, 130);
    let ends = raw::facts(world, &tenant).await;
    assert_eq!(ends.iter().filter(|fact| fact.what == "job_ended").count(), 1);
}

async fn switching_on_stops_the_job(world: &World) {
    let tenant = staffed(world, "acme", 80).await;
    switch_off(world, &tenant).await;
    world.jobs.step(world.clock.now()).await.unwrap();
    let half = job(world, &tenant).await;
    world.clock.advance_seconds(5);
    let on = world.settings.set_provisioning(&cx(world, &tenant), ProvisioningState::On).await.unwrap();
    assert!(on.job.is_none());
    let stopped = job(world, &tenant).await;
    assert_eq!(stopped, Job { state: JobState::Stopped, ended: Some(world.clock.now()), ..half });
    assert_eq!(work(world).await, 0);
    assert_eq!(active(world, &tenant).await, 80 - stopped.done);
    let facts = raw::facts(world, &tenant).await;
    let ended = facts.iter().find(|fact| fact.what == "job_ended").unwrap().payload();
    assert_eq!((&ended["after"]["state"], &ended["after"]["done"]), (&json!("stopped"), &json!(stopped.done)));

    let again = switch_off(world, &tenant).await.job.unwrap();
    assert_eq!((again.total, again.done), (80 - stopped.done, 0));
    work(world).await;
    assert_eq!(job(world, &tenant).await.done, again.total);
}

async fn a_job_that_is_stopped_in_the_middle_of_a_step_counts_what_the_step_did(world: &World) {
    let tenant = staffed(world, "acme", 2).await;
    let running = switch_off(world, &tenant).await.job.unwrap();
    world.settings.set_provisioning(&cx(world, &tenant), ProvisioningState::On).await.unwrap();
    let stopped = job(world, &tenant).await;
    assert_eq!((stopped.state, stopped.done), (JobState::Stopped, 0));
    let there = ResourceId(uuid::Uuid::from_u128(7));
    let end = Some(world.clock.now().plus_seconds(9));
    let step = JobStep { from: running.position, to: there, done: 1, failed: 1, ended: end };
    let mut tx = world.store.write(&tenant.scope()).await.unwrap();
    assert!(tx.advance_job(running.id, &step).await.unwrap());
    assert!(!tx.advance_job(running.id, &step).await.unwrap(), "once");
    tx.commit().await.unwrap();
    assert_eq!(job(world, &tenant).await, Job { position: there, done: 1, failed: 1, ..stopped });
}

async fn a_person_who_goes_meanwhile_is_no_failure(world: &World) {
    let tenant = staffed(world, "acme", 3).await;
    switch_off(world, &tenant).await;
    let users = world.list(&world.cx(&tenant), &Kind::USER, "title eq \"Clerk\"").await.unwrap();
    world.delete(&world.cx(&tenant), &users[1]).await.unwrap();
    work(world).await;
    let done = job(world, &tenant).await;
    assert_eq!((done.state, done.total, done.done, done.failed), (JobState::Done, 3, 2, 0));
}

async fn jobs_of_other_tenants_are_apart(world: &World) {
    let (acme, globex) = (staffed(world, "acme", 60).await, staffed(world, "globex", 4).await);
    switch_off(world, &acme).await;
    assert_eq!(world.jobs.latest(&globex.scope()).await.unwrap(), None);
    let acmes = job(world, &acme).await;
    let mut tx = world.store.write(&globex.scope()).await.unwrap();
    let step = JobStep { from: acmes.position, to: acmes.position, done: 1, failed: 0, ended: None };
    assert!(!tx.advance_job(acmes.id, &step).await.unwrap());
    assert_eq!(tx.find_job(acmes.id).await, Ok(None));
    assert_eq!(tx.stop_jobs(world.clock.now()).await, Ok(Vec::new()));
    tx.commit().await.unwrap();
    assert_eq!(job(world, &acme).await, acmes);
    switch_off(world, &globex).await;
    world.jobs.step(world.clock.now()).await.unwrap();
    assert_eq!(job(world, &globex).await.state, JobState::Done, "nobody waits for the larger one");
    assert_eq!(job(world, &acme).await.state, JobState::Running);
    world.tenants.delete(&Actor::Operator, &acme.slug, world.clock.now()).await.unwrap();
    assert_eq!(work(world).await, 0);
}

async fn a_step_that_another_worker_was_quicker_with_does_not_count(world: &World) {
    let tenant = staffed(world, "acme", 2).await;
    let job = switch_off(world, &tenant).await.job.unwrap();
    let there = ResourceId(uuid::Uuid::from_u128(7));
    let step = JobStep { from: job.position, to: there, done: 1, failed: 1, ended: None };
    let advance = async |step: &JobStep| {
        let mut tx: Box<dyn TenantTx> = world.store.write(&tenant.scope()).await.unwrap();
        let advanced = tx.advance_job(job.id, step).await.unwrap();
        tx.commit().await.unwrap();
        advanced
    };
    assert!(advance(&step).await);
    assert!(!advance(&step).await);
    let known = self::job(world, &tenant).await;
    assert_eq!((known.position, known.done, known.failed), (there, 1, 1));
    let last = JobStep { from: there, ended: Some(world.clock.now()), ..step };
    assert!(advance(&last).await);
    assert!(!advance(&JobStep { from: last.to, ..last }).await, "it has ended");
}
