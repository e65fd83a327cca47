//! The tenant's own switch.

use domain::Error;
use domain::ops::Presented;
use domain::ops::Switched;
use domain::store::Store as _;
use domain::tenant::{Closure, ProvisioningState};
use futures_util::future::join_all;
use testkit::{World, on_both_databases};

on_both_databases! { World:
    the_first_switching_on_makes_the_first_token,
    of_several_who_switch_on_first_one_gets_the_token,
    what_is_off_can_be_neither_paused_nor_resumed,
    switching_is_kept_and_shown,
}

async fn the_first_switching_on_makes_the_first_token(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    assert_eq!(tenant.closure(), Some(Closure::Off));
    let switched = world.settings.set_provisioning(&cx, ProvisioningState::On).await.unwrap();
    let minted = switched.minted.unwrap();
    let admission = world.store.find_admission(&tenant.slug).await.unwrap().unwrap();
    let actor = world.credentials.authenticate(&admission, &Presented::Token(minted.bearer.clone()), "", cx.now, None);
    assert!(actor.is_some());

    world.credentials.revoke(&cx, minted.token.id).await.unwrap();
    for state in [ProvisioningState::On, ProvisioningState::Off, ProvisioningState::On] {
        let again = world.settings.set_provisioning(&cx, state).await.unwrap();
        assert!(again.minted.is_none(), "revoked or not, there was one");
    }
    assert_eq!(world.credentials.list(&cx.scope).await.unwrap().len(), 1);
}

async fn of_several_who_switch_on_first_one_gets_the_token(world: &World) {
    for slug in ["acme", "globex", "initech"] {
        let cx = world.cx(&world.tenant(slug).await);
        let switches = (0..5).map(|_| world.settings.set_provisioning(&cx, ProvisioningState::On));
        let done: Vec<_> = join_all(switches).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().filter(|switched| switched.minted.is_some()).count(), 1);
        let is_on = |switched: &Switched| switched.tenant.provisioning == ProvisioningState::On;
        assert!(done.iter().all(is_on));
        assert_eq!(world.credentials.list(&cx.scope).await.unwrap().len(), 1);
    }
}

async fn what_is_off_can_be_neither_paused_nor_resumed(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = world.cx(&tenant);
    let paused = world.settings.set_provisioning(&cx, ProvisioningState::Paused).await;
    assert!(matches!(paused, Err(Error::NotAllowed(_))), "{paused:?}");
    let resumed = world.settings.resume_provisioning(&cx).await;
    assert!(matches!(resumed, Err(Error::NotAllowed(_))), "{resumed:?}");
    assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), tenant);
    assert!(world.credentials.list(&cx.scope).await.unwrap().is_empty());

    for state in [ProvisioningState::On, ProvisioningState::Paused] {
        world.settings.set_provisioning(&cx, state).await.unwrap();
    }
    let resumed = world.settings.resume_provisioning(&cx).await.unwrap().tenant;
    assert_eq!(resumed.provisioning, ProvisioningState::On);
}

async fn switching_is_kept_and_shown(world: &World) {
    let (tenant, other) = (world.tenant("acme").await, world.tenant("globex").await);
    let cx = world.cx(&tenant);
    for (state, closure) in [
        (ProvisioningState::On, None),
        (ProvisioningState::Paused, Some(Closure::Paused)),
        (ProvisioningState::On, None),
        (ProvisioningState::Off, Some(Closure::Off)),
    ] {
        let switched = world.settings.set_provisioning(&cx, state).await.unwrap().tenant;
        assert_eq!(world.tenants.get(&tenant.slug).await.unwrap(), switched);
        assert_eq!(switched.closure(), closure);
    }
    assert_eq!(world.tenants.get(&other.slug).await.unwrap(), other);

    world.tenants.delete(&cx.actor, &tenant.slug, cx.now).await.unwrap();
    let gone = world.settings.set_provisioning(&cx, ProvisioningState::On).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}
