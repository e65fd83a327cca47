//! What cannot be done with domains.

use domain::Error;
use domain::connection::{Protocol, Switch};
use domain::email_domain::{DomainPolicy, MAX_DOMAINS};
use domain::ops::Look;
use domain::store::Store as _;
use testkit::{World, on_both_databases};

use super::told;
use crate::raw;

on_both_databases! { World:
    a_tenant_has_a_domain_once,
    a_tenant_has_so_many_domains_and_no_more,
    a_domain_that_is_added_again_has_the_same_record,
    the_last_verified_domain_stays_while_sign_on_is_enforced,
    a_tenant_asks_so_often_and_no_more,
    the_policy_is_told_when_it_changes,
}

async fn a_tenant_has_a_domain_once(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    world.domain(&acme, "contoso.com").await;
    let again = world.domains.add(&world.operator(&acme), "CONTOSO.com".parse().unwrap()).await;
    assert_eq!(again.unwrap_err().to_string(), "contoso.com is in the list already");
    world.domain(&globex, "contoso.com").await;
    let cx = world.operator(&acme);
    let adds = (0..4).map(|_| world.domains.add(&cx, "fabrikam.com".parse().unwrap()));
    let added = futures_util::future::join_all(adds).await;
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1, "{added:?}");
    assert_eq!(world.domains.list(&acme.scope()).await.unwrap().len(), 2);
}

async fn a_tenant_has_so_many_domains_and_no_more(world: &World) {
    let acme = world.tenant("acme").await;
    for number in 0..MAX_DOMAINS {
        world.domain(&acme, &format!("contoso{number}.com")).await;
    }
    let cx = world.operator(&acme);
    let more = world.domains.add(&cx, "fabrikam.com".parse().unwrap()).await;
    assert!(matches!(&more, Err(Error::NotAllowed(why)) if why.contains("50 domains")), "{more:?}");
    let first = &world.domains.list(&acme.scope()).await.unwrap()[0];
    world.domains.remove(&cx, first.id).await.unwrap();
    world.domain(&acme, "fabrikam.com").await;
}

async fn a_domain_that_is_added_again_has_the_same_record(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let before = world.verified_domain(&acme, "contoso.com").await;
    world.domains.remove(&world.operator(&acme), before.id).await.unwrap();
    assert_eq!(world.domains.list(&acme.scope()).await.unwrap(), []);
    let after = world.domain(&acme, "contoso.com").await;
    assert_eq!(after.challenge, before.challenge);
    assert_ne!(after.challenge, world.domain(&acme, "fabrikam.com").await.challenge);
    assert_ne!(after.challenge, world.domain(&globex, "contoso.com").await.challenge);
    assert!(!after.is_verified(), "it is to be shown again");
    let row = ("deleted".to_owned(), "verified".to_owned(), String::new());
    assert_eq!(told(world, &acme, &before).await.last(), Some(&row));
}

async fn the_last_verified_domain_stays_while_sign_on_is_enforced(world: &World) {
    let acme = world.tenant("acme").await;
    let cx = world.operator(&acme);
    let (one, two) =
        (world.verified_domain(&acme, "contoso.com").await, world.verified_domain(&acme, "fabrikam.com").await);
    let pending = world.domain(&acme, "tailspin.example").await;
    let mut enforced = world.connection(&acme, Protocol::Saml).await;
    let mut enforce = async |switch: Switch| {
        let mut tx = world.store.write(&acme.scope()).await.unwrap();
        enforced.switch = switch;
        tx.update_connection(&enforced).await.unwrap();
        assert_eq!(tx.is_sso_enforced().await, Ok(switch == Switch::Enforced));
        tx.commit().await.unwrap();
    };
    enforce(Switch::Enforced).await;
    world.domains.remove(&cx, pending.id).await.unwrap();
    world.domains.remove(&cx, one.id).await.unwrap();
    let refused = world.domains.remove(&cx, two.id).await;
    assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains("last verified domain")), "{refused:?}");
    assert_eq!(world.domains.list(&acme.scope()).await.unwrap(), vec![two.clone()]);
    enforce(Switch::Active).await;
    world.domains.remove(&cx, two.id).await.unwrap();
}

async fn a_tenant_asks_so_often_and_no_more(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let domain = world.domain(&acme, "contoso.com").await;
    for _ in 0..30 {
        world.look_for(&acme, &domain).await;
    }
    let cx = world.operator(&acme);
    let wait = world.domains.check(&cx, domain.id).await.unwrap();
    assert_eq!(wait, Look::Wait(10));
    let theirs = world.domain(&globex, "contoso.com").await;
    world.look_for(&globex, &theirs).await;
    world.clock.advance_seconds(10);
    world.look_for(&acme, &domain).await;
}

async fn the_policy_is_told_when_it_changes(world: &World) {
    let acme = world.tenant("acme").await;
    assert_eq!(acme.domains.policy, DomainPolicy::Warn);
    for policy in [DomainPolicy::Warn, DomainPolicy::Require, DomainPolicy::Require, DomainPolicy::Off] {
        world.domains.set_policy(&world.operator(&acme), policy).await.unwrap();
        assert_eq!(world.tenants.get(&acme.slug).await.unwrap().domains.policy, policy);
    }
    let facts = raw::facts(world, &acme).await;
    let told: Vec<_> = facts
        .iter()
        .filter(|fact| fact.what == "domain_policy_changed")
        .map(|fact| fact.payload()["after"]["domain_policy"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["require", "off"]);
}
