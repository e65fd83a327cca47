//! What admins choose: it is kept, told, and never saved over somebody else's.

use domain::Error;
use domain::choices::{Choices, HeadCount, People, Preferences, Retention, SwitchedOff};
use domain::context::{Actor, OpContext};
use domain::mail::MailAddress;
use domain::ops::SettingsChange;
use domain::provider::Provider;
use domain::tenant::{ProvisioningState, Tenant};
use domain::who::{Mark, Who};
use futures_util::future::join_all;
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw;

on_both_databases! { World:
    a_new_tenant_has_chosen_nothing,
    what_is_chosen_is_kept_and_told,
    what_changes_nothing_is_no_change,
    who_saves_over_somebody_else_is_told_who_that_was,
    of_many_who_save_what_they_saw_one_does,
    more_than_ten_addresses_are_refused,
    the_switch_tells_since_when_and_by_whom,
    switching_off_keeps_in_mind_how_many_there_were,
    a_pause_keeps_what_was_chosen,
    steps_of_the_guide_are_ticked_and_that_changes_no_setting,
}

fn operator(world: &World, tenant: &Tenant) -> OpContext {
    OpContext { actor: Actor::Operator, ..world.cx(tenant) }
}

fn mark(cx: &OpContext) -> Mark {
    Mark { at: cx.now, by: Who { kind: "operator".to_owned(), name: None } }
}

fn addresses(count: usize) -> Vec<MailAddress> {
    (0..count).map(|index| format!("it-{index}@contoso.com").parse().unwrap()).collect()
}

fn retention(retention: Retention) -> SettingsChange {
    SettingsChange { retention: Some(retention), ..SettingsChange::default() }
}

async fn a_new_tenant_has_chosen_nothing(world: &World) {
    let tenant = world.tenant("acme").await;
    assert_eq!(tenant.choices, Choices::default());
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap().choices, Choices::default());
    assert_eq!(tenant.choices.preferences.retention.days(), 30);
}

async fn what_is_chosen_is_kept_and_told(world: &World) {
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let cx = operator(world, &tenant);
    let change = SettingsChange {
        provider: Some(Provider::Okta),
        retention: Some(Retention::HalfYear),
        notify: Some(addresses(2)),
        ..SettingsChange::default()
    };
    let changed = world.settings.change(&cx, change).await.unwrap().tenant;
    let preferences = Preferences { provider: Provider::Okta, retention: Retention::HalfYear, notify: addresses(2) };
    let expected = Choices { version: 1, preferences, changed: Some(mark(&cx)), ..Choices::default() };
    assert_eq!(changed.choices, expected);
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), changed);
    assert_eq!(world.tenants.get(&other.slug).await.unwrap(), other);

    let facts = raw::facts(world, &tenant).await;
    let fact = facts.last().unwrap();
    assert_eq!((fact.what.as_str(), fact.actor_kind.as_str()), ("preferences_changed", "operator"));
    let after = json!({
        "provider": "okta", "log_retention_days": 180, "notify": ["it-0@contoso.com", "it-1@contoso.com"],
    });
    let before = json!({"provider": "entra", "log_retention_days": 30, "notify": []});
    assert_eq!(fact.payload(), json!({"before": before, "after": after}));
}

async fn what_changes_nothing_is_no_change(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = operator(world, &tenant);
    let facts = raw::facts(world, &tenant).await.len();
    let same = SettingsChange { notify: Some(Vec::new()), ..retention(Retention::Month) };
    assert_eq!(world.settings.change(&cx, same).await.unwrap().tenant, tenant);
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), tenant);
    assert_eq!(raw::facts(world, &tenant).await.len(), facts);
}

async fn who_saves_over_somebody_else_is_told_who_that_was(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = operator(world, &tenant);
    let seen = |version, change| SettingsChange { seen: Some(version), ..change };
    world.settings.change(&cx, seen(0, retention(Retention::Week))).await.unwrap();
    let refused = world.settings.change(&cx, seen(0, retention(Retention::HalfYear))).await;
    assert!(matches!(&refused, Err(Error::Outdated(Some(by))) if *by == mark(&cx)), "{refused:?}");
    let refused = world.settings.change(&cx, seen(0, ProvisioningState::On.into())).await;
    assert!(matches!(refused, Err(Error::Outdated(_))), "the switch is a setting too");
    let now = world.tenants.get(&tenant.slug).await.unwrap();
    assert_eq!((now.provisioning, now.choices.preferences.retention), (ProvisioningState::Off, Retention::Week));

    world.settings.change(&cx, seen(1, retention(Retention::Quarter))).await.unwrap();
    let over = world.settings.change(&cx, retention(Retention::HalfYear)).await.unwrap().tenant;
    assert_eq!((over.choices.version, over.choices.preferences.retention), (3, Retention::HalfYear));
}

async fn of_many_who_save_what_they_saw_one_does(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = operator(world, &tenant);
    let saves = (1..=8).map(|count| {
        let change = SettingsChange { seen: Some(0), notify: Some(addresses(count)), ..SettingsChange::default() };
        world.settings.change(&cx, change)
    });
    let done = join_all(saves).await;
    assert_eq!(done.iter().filter(|saved| saved.is_ok()).count(), 1);
    assert!(done.iter().all(|saved| matches!(saved, Ok(_) | Err(Error::Outdated(Some(_))))), "{done:?}");
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap().choices.version, 1);
}

async fn more_than_ten_addresses_are_refused(world: &World) {
    let cx = operator(world, &world.tenant("acme").await);
    let many = |count| SettingsChange { notify: Some(addresses(count)), ..SettingsChange::default() };
    let refused = world.settings.change(&cx, many(11)).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
    world.settings.change(&cx, many(10)).await.unwrap();
}

async fn the_switch_tells_since_when_and_by_whom(world: &World) {
    let tenant = world.tenant("acme").await;
    let mut switched = Vec::new();
    for state in [ProvisioningState::On, ProvisioningState::Paused, ProvisioningState::Off] {
        world.clock.advance_seconds(60);
        let cx = operator(world, &tenant);
        let tenant = world.settings.set_provisioning(&cx, state).await.unwrap().tenant;
        assert_eq!(tenant.choices.switched, Some(mark(&cx)));
        assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), tenant);
        world.clock.advance_seconds(60);
        let again = world.settings.set_provisioning(&operator(world, &tenant), state).await.unwrap().tenant;
        assert_eq!(again, tenant, "that is no change");
        let kept = world.settings.change(&operator(world, &tenant), retention(Retention::Week)).await.unwrap().tenant;
        assert_eq!(kept.choices.switched, tenant.choices.switched, "nor does another setting switch anything");
        switched.push(tenant.choices.version);
    }
    assert!(switched.is_sorted(), "{switched:?}");
}

async fn switching_off_keeps_in_mind_how_many_there_were(world: &World) {
    let (tenant, _) = world.open_tenant("acme").await;
    let cx = operator(world, &tenant);
    for name in ["ada", "bob", "eve"] {
        world.user(&cx, name).await;
    }
    let inactive = json!({"userName": "dan", "active": false, "title": "\"active\":true"});
    world.create(&cx, &domain::directory::Kind::USER, inactive).await.unwrap();
    let tricky = json!({"userName": "tim", "active": true, "title": "x\",\"active\":false,\""});
    world.create(&cx, &domain::directory::Kind::USER, tricky).await.unwrap();
    let count = HeadCount { active: 4, inactive: 1 };
    assert_eq!(world.jobs.head_count(&cx.scope).await.unwrap(), count);

    let off = world.settings.set_provisioning(&cx, ProvisioningState::Off).await.unwrap();
    assert!(off.job.is_none());
    assert_eq!(off.tenant.choices.off, Some(SwitchedOff { people: People::Keep, count }));
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), off.tenant);
    let facts = raw::facts(world, &tenant).await;
    let told = facts.iter().rfind(|fact| fact.what == "provisioning_changed").unwrap().payload();
    assert_eq!(told["people"], json!({"then": "keep", "active": 4, "inactive": 1}));

    let on = world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap().tenant;
    assert_eq!(on.choices.off, None);
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), on);
}

async fn a_pause_keeps_what_was_chosen(world: &World) {
    let (tenant, _) = world.open_tenant("acme").await;
    let cx = operator(world, &tenant);
    world.settings.change(&cx, retention(Retention::Quarter)).await.unwrap();
    let paused = world.settings.set_provisioning(&cx, ProvisioningState::Paused).await.unwrap().tenant;
    assert_eq!((paused.choices.off, paused.choices.preferences.retention), (None, Retention::Quarter));
}

async fn steps_of_the_guide_are_ticked_and_that_changes_no_setting(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = operator(world, &tenant);
    for (step, is_done, ticked) in
        [("open", true, vec!["open"]), ("save", true, vec!["open", "save"]), ("open", false, vec!["save"])]
    {
        for _ in 0..2 {
            let known = world.settings.tick(&cx, step, is_done).await.unwrap();
            assert!(known.choices.ticks.iter().eq(&ticked), "{step} {is_done}");
            assert_eq!((known.choices.version, &known.choices.changed), (0, &None));
            assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), known);
        }
    }
    let facts = raw::facts(world, &tenant).await;
    assert_eq!(facts.iter().filter(|fact| fact.what == "guide_ticked").count(), 3);
}
