//! What a process believes of who may come in, and for how long (decisions.md 19).

use std::sync::Arc;

use domain::admission::{Admission, Admissions, TRUST_SECONDS};
use domain::context::Actor;
use domain::directory::Kind;
use domain::ids::FactId;
use domain::journal::{Fact, Subject, What};
use domain::ops::NewToken;
use domain::ops::Presented;
use domain::ports::{Clock as _, IdGen as _};
use domain::store::Store as _;
use domain::tenant::{Closure, ProvisioningState, Tenant, TenantStatus};
use domain::value_index::{IndexState, ValueIndex};
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    nothing_is_believed_before_it_was_asked_what_changed,
    what_is_known_is_believed_for_five_seconds_after_asking,
    what_was_forgotten_is_read_again,
    a_tenant_that_there_is_not_is_asked_for_each_time,
    a_refusal_is_never_from_memory,
    a_token_that_another_process_revoked_is_refused_after_asking,
    whatever_decides_who_comes_in_is_noticed_by_other_processes,
    what_happens_to_the_directory_makes_no_process_forget,
    a_process_forgets_at_once_what_it_changes_itself,
    a_note_is_acted_on_for_ten_seconds_and_no_longer,
    a_note_that_became_visible_late_is_noticed,
}

/// Another process on the same database, which looks on.
async fn onlooker(world: &World) -> Admissions {
    Admissions::new(world.another_store().await)
}

async fn look(world: &World, onlooker: &Admissions, tenant: &Tenant) -> Option<Arc<Admission>> {
    onlooker.find(&tenant.slug, world.clock.now(), |_| true).await.unwrap()
}

async fn name(world: &World, onlooker: &Admissions, tenant: &Tenant) -> String {
    look(world, onlooker, tenant).await.unwrap().tenant.name.clone()
}

/// A change that no note tells of.
async fn rename_silently(world: &World, name: &str) {
    Raw::of(world).await.run("UPDATE tenant SET name = $1", [name.into()]).await;
}

async fn nothing_is_believed_before_it_was_asked_what_changed(world: &World) {
    let (tenant, onlooker) = (world.tenant("acme").await, onlooker(world).await);
    assert_eq!(name(world, &onlooker, &tenant).await, "acme");
    rename_silently(world, "new").await;
    assert_eq!(name(world, &onlooker, &tenant).await, "new");
}

async fn what_is_known_is_believed_for_five_seconds_after_asking(world: &World) {
    let (tenant, onlooker) = (world.tenant("acme").await, onlooker(world).await);
    // The note of the tenant's creation is old by then.
    world.clock.advance_seconds(200);
    for seconds in [0, 0, 3] {
        world.clock.advance_seconds(seconds);
        onlooker.follow(world.clock.now()).await.unwrap();
    }
    assert_eq!(name(world, &onlooker, &tenant).await, "acme");
    rename_silently(world, "new").await;
    world.clock.advance_seconds(TRUST_SECONDS - 1);
    assert_eq!(name(world, &onlooker, &tenant).await, "acme", "known, and nobody told otherwise");
    world.clock.advance_seconds(1);
    assert_eq!(name(world, &onlooker, &tenant).await, "new", "five seconds without asking");
    rename_silently(world, "newer").await;
    assert_eq!(name(world, &onlooker, &tenant).await, "newer", "and until it asks again");

    onlooker.follow(world.clock.now()).await.unwrap();
    rename_silently(world, "newest").await;
    assert_eq!(name(world, &onlooker, &tenant).await, "newer");
}

async fn what_was_forgotten_is_read_again(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let onlooker = onlooker(world).await;
    world.clock.advance_seconds(200);
    onlooker.follow(world.clock.now()).await.unwrap();
    for tenant in [&acme, &globex] {
        look(world, &onlooker, tenant).await.unwrap();
    }
    rename_silently(world, "new").await;
    onlooker.forget(&acme.slug);
    assert_eq!(name(world, &onlooker, &acme).await, "new");
    assert_eq!(name(world, &onlooker, &globex).await, "globex");
}

async fn a_tenant_that_there_is_not_is_asked_for_each_time(world: &World) {
    let onlooker = onlooker(world).await;
    onlooker.follow(world.clock.now()).await.unwrap();
    let slug = "acme".parse().unwrap();
    assert_eq!(onlooker.find(&slug, world.clock.now(), |_| true).await, Ok(None));
    world.tenant("acme").await;
    assert!(onlooker.find(&slug, world.clock.now(), |_| true).await.unwrap().is_some());
}

async fn a_refusal_is_never_from_memory(world: &World) {
    let (tenant, _) = world.open_tenant("acme").await;
    let (onlooker, now) = (onlooker(world).await, world.clock.now());
    onlooker.follow(now).await.unwrap();
    look(world, &onlooker, &tenant).await.unwrap();
    let minted = world.credentials.mint(&world.cx(&tenant), NewToken::default()).await.unwrap();
    let lets_in =
        |known: &Admission| world.credentials.accept(known, &Presented::Token(minted.bearer.clone()), "", now);
    let remembered = look(world, &onlooker, &tenant).await.unwrap();
    assert!(!lets_in(&remembered), "it has not been told");
    let read = onlooker.find(&tenant.slug, now, lets_in).await.unwrap().unwrap();
    assert!(lets_in(&read));
}

async fn a_token_that_another_process_revoked_is_refused_after_asking(world: &World) {
    let (tenant, bearer) = world.open_tenant("acme").await;
    let onlooker = onlooker(world).await;
    let now = world.clock.now();
    onlooker.follow(now).await.unwrap();
    let opens = async || {
        let admission = look(world, &onlooker, &tenant).await.unwrap();
        world.credentials.accept(&admission, &Presented::Token(bearer.clone()), "", now)
    };
    assert!(opens().await);
    world.credentials.revoke(&world.cx(&tenant), bearer.id).await.unwrap();
    assert!(opens().await, "it has not been told");
    onlooker.follow(now).await.unwrap();
    assert!(!opens().await);
}

async fn whatever_decides_who_comes_in_is_noticed_by_other_processes(world: &World) {
    let tenant = world.tenant("acme").await;
    let onlooker = onlooker(world).await;
    let index = ValueIndex { kind: Kind::USER, path: "title".to_owned(), state: IndexState::Filling };
    let mut token = None;
    let mut before = None;
    for step in 0..9 {
        // Whatever was noticed before is no longer acted on.
        world.clock.advance_seconds(60);
        onlooker.follow(world.clock.now()).await.unwrap();
        let known = look(world, &onlooker, &tenant).await;
        assert_eq!(known, before.unwrap_or(known.clone()), "step {step}");
        let (cx, now) = (world.cx(&tenant), world.clock.now());
        let status = |status| world.tenants.set_status(&Actor::Operator, &tenant.slug, status, now);
        let switch = |state| world.settings.set_provisioning(&cx, state);
        match step {
            0 => drop(switch(ProvisioningState::On).await.unwrap()),
            1 => drop(switch(ProvisioningState::Paused).await.unwrap()),
            2 => drop(status(TenantStatus::Suspended).await.unwrap()),
            3 => drop(status(TenantStatus::Active).await.unwrap()),
            4 => token = Some(world.credentials.mint(&cx, NewToken::default()).await.unwrap().token.id),
            5 => world.credentials.revoke(&cx, token.unwrap()).await.unwrap(),
            6 => world.store.work().register_index(&tenant.slug, &index, now).await.unwrap(),
            7 => drop(world.store.work().fill_index(&tenant.slug, &index, now).await.unwrap()),
            _ => drop(world.tenants.delete(&Actor::Operator, &tenant.slug, now).await.unwrap()),
        }
        assert_eq!(look(world, &onlooker, &tenant).await, known, "step {step}: not told yet");
        onlooker.follow(now).await.unwrap();
        let told = look(world, &onlooker, &tenant).await;
        assert_ne!(told, known, "step {step}");
        assert_eq!(told, world.store.find_admission(&tenant.slug).await.unwrap().map(Arc::new), "step {step}");
        before = Some(told);
    }
    assert_eq!(before, Some(None), "it is gone");
}

async fn what_happens_to_the_directory_makes_no_process_forget(world: &World) {
    let (tenant, onlooker) = (world.tenant("acme").await, onlooker(world).await);
    world.clock.advance_seconds(200);
    onlooker.follow(world.clock.now()).await.unwrap();
    look(world, &onlooker, &tenant).await.unwrap();
    rename_silently(world, "new").await;
    let cx = world.cx(&tenant);
    let ada = world.create(&cx, &Kind::USER, json!({"userName": "ada"})).await.unwrap();
    world.group(&cx, "Engineers", &[ada.stored.id]).await;
    world.delete(&cx, &ada).await.unwrap();
    world.journal.erase(&cx, &Kind::USER, ada.stored.id).await.unwrap();
    onlooker.follow(world.clock.now()).await.unwrap();
    assert_eq!(name(world, &onlooker, &tenant).await, "acme");
}

async fn a_process_forgets_at_once_what_it_changes_itself(world: &World) {
    let (tenant, bearer) = world.open_tenant("acme").await;
    let (cx, now) = (world.cx(&tenant), world.clock.now());
    world.admissions.follow(now).await.unwrap();
    let find = async || world.admissions.find(&tenant.slug, now, |_| true).await.unwrap();
    let closure = async || find().await.unwrap().tenant.closure();
    assert_eq!(closure().await, None);
    world.settings.set_provisioning(&cx, ProvisioningState::Paused).await.unwrap();
    assert_eq!(closure().await, Some(Closure::Paused));
    world.settings.resume_provisioning(&cx).await.unwrap();
    assert_eq!(closure().await, None);
    world.tenants.set_status(&Actor::Operator, &tenant.slug, TenantStatus::Suspended, now).await.unwrap();
    assert_eq!(closure().await, Some(Closure::Suspended));
    let minted = world.credentials.mint(&cx, NewToken::default()).await.unwrap();
    assert!(find().await.unwrap().credentials.contains(&minted.token));
    world.credentials.revoke(&cx, bearer.id).await.unwrap();
    assert!(find().await.unwrap().credentials.iter().any(|token| token.revoked == Some(now)));
    world.tenants.delete(&Actor::Operator, &tenant.slug, now).await.unwrap();
    assert_eq!(find().await, None);
}

/// Somebody may be reading what a note made obsolete, and remember it after the note was seen.
async fn a_note_is_acted_on_for_ten_seconds_and_no_longer(world: &World) {
    let (tenant, onlooker) = (world.tenant("acme").await, onlooker(world).await);
    for second in 0..16 {
        onlooker.follow(world.clock.now()).await.unwrap();
        look(world, &onlooker, &tenant).await.unwrap();
        rename_silently(world, &second.to_string()).await;
        let known = name(world, &onlooker, &tenant).await;
        let is_acted_on = second <= 10;
        let expected = match (is_acted_on, second) {
            (true, 0) => "acme".to_owned(),
            (true, _) => (second - 1).to_string(),
            (false, _) => "9".to_owned(),
        };
        assert_eq!(known, expected, "after {second} seconds");
        world.clock.advance_seconds(1);
    }
}

async fn a_note_that_became_visible_late_is_noticed(world: &World) {
    let (tenant, onlooker) = (world.tenant("acme").await, onlooker(world).await);
    world.clock.advance_seconds(200);
    let cx = world.cx(&tenant);
    let fact = Fact { what: What::StatusChanged, subject: Subject::Tenant, payload: json!({}) };
    let mut tx = world.store.write(&cx.scope).await.unwrap();
    tx.record(&cx, FactId(world.ids.next(cx.now)), &fact).await.unwrap();
    for _ in 0..30 {
        world.clock.advance_seconds(2);
        onlooker.follow(world.clock.now()).await.unwrap();
    }
    assert_eq!(name(world, &onlooker, &tenant).await, "acme");
    tx.commit().await.unwrap();
    rename_silently(world, "new").await;
    assert_eq!(name(world, &onlooker, &tenant).await, "acme", "still believed");
    onlooker.follow(world.clock.now()).await.unwrap();
    assert_eq!(name(world, &onlooker, &tenant).await, "new", "a minute after it was written");
}
