//! Looking for records: now, by itself, and again.

use std::sync::Arc;

use domain::email_domain::{Answer, DomainPolicy, DomainState};
use domain::ids::ConnectionId;
use domain::ops::Domains;
use domain::ports::{Clock as _, ResolveError};
use domain::store::{Store as _, Work as _};
use futures_util::future::join_all;
use storage::limiter::LocalLimiter;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use super::{DAY, now, state, told};

on_both_databases! { World:
    a_domain_is_verified_once_its_record_is_found,
    a_domain_of_another_tenant_is_claimed_and_nothing_is_told_of_whose_it_is,
    of_tenants_who_verify_one_domain_at_once_one_gets_it,
    what_is_due_is_looked_for_once_however_many_processes_look,
    a_record_that_is_gone_is_missed_for_two_weeks_and_then_the_domain_is_anybodys,
    a_domain_leads_to_its_tenant_and_connection_while_it_is_verified,
    other_processes_learn_what_is_verified,
}

async fn a_domain_is_verified_once_its_record_is_found(world: &World) {
    let acme = world.tenant("acme").await;
    let domain = world.domain(&acme, "Contoso.com").await;
    assert_eq!((domain.name.as_str(), domain.state), ("contoso.com", DomainState::Pending));
    assert_eq!(now(world, &acme, &domain).await, domain);
    let failed = world.look_for(&acme, &domain).await;
    assert_eq!((failed.state, &failed.answer), (DomainState::Failed, &Some(Answer::NoSuchName)));
    world.resolver.publish("_rollcall-challenge.contoso.com", &["v=spf1 -all", &domain.challenge]);
    let verified = world.look_for(&acme, &domain).await;
    assert_eq!((verified.state, verified.verified), (DomainState::Verified, Some(world.clock.now())));
    let answer = Answer::Records(vec![domain.challenge.clone(), "v=spf1 -all".to_owned()]);
    assert_eq!(verified.answer, Some(answer));
    assert_eq!(now(world, &acme, &domain).await, verified);
    let scope = world.tenants.get(&acme.slug).await.unwrap().scope();
    assert_eq!(scope.domains().verified, vec![domain.name.clone()]);
    world.look_for(&acme, &domain).await;
    let row = |what: &str, before: &str, after: &str| (what.to_owned(), before.to_owned(), after.to_owned());
    assert_eq!(
        told(world, &acme, &domain).await,
        [
            row("created", "", "pending"),
            row("domain_changed", "pending", "failed"),
            row("domain_changed", "failed", "verified"),
        ],
        "each change of state, and no look that changes nothing"
    );
}

async fn a_domain_of_another_tenant_is_claimed_and_nothing_is_told_of_whose_it_is(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let own = world.verified_domain(&acme, "contoso.com").await;
    let theirs = world.domain(&globex, "contoso.com").await;
    assert_ne!(own.challenge, theirs.challenge);
    // Who cannot change the DNS learns nothing, also not by the record of the other.
    assert_eq!(world.look_for(&globex, &theirs).await.state, DomainState::Failed);
    world.resolver.publish(&own.name.record(), &[&own.challenge, &theirs.challenge]);
    let claimed = world.look_for(&globex, &theirs).await;
    assert_eq!((claimed.state, claimed.verified, claimed.due), (DomainState::Claimed, None, None));
    assert_eq!(now(world, &globex, &theirs).await, claimed);
    let facts = crate::raw::facts(world, &globex).await;
    assert!(!facts.iter().any(|fact| fact.payload().to_string().contains("acme")), "{facts:?}");
    assert!(world.tenants.get(&globex.slug).await.unwrap().domains.verified.is_empty());
    world.domains.remove(&world.operator(&acme), own.id).await.unwrap();
    assert_eq!(world.look_for(&globex, &theirs).await.state, DomainState::Verified);
}

async fn of_tenants_who_verify_one_domain_at_once_one_gets_it(world: &World) {
    let mut domains = Vec::new();
    for slug in ["acme", "globex", "initech", "umbrella"] {
        let tenant = world.tenant(slug).await;
        let domain = world.domain(&tenant, "contoso.com").await;
        domains.push((tenant, domain));
    }
    let challenges: Vec<&str> = domains.iter().map(|(_, domain)| domain.challenge.as_str()).collect();
    world.resolver.publish(&domains[0].1.name.record(), &challenges);
    let looks = domains.iter().map(|(tenant, domain)| world.look_for(tenant, domain));
    let states: Vec<_> = join_all(looks).await.into_iter().map(|domain| domain.state).collect();
    assert_eq!(states.iter().filter(|state| **state == DomainState::Verified).count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == DomainState::Claimed).count(), 3, "{states:?}");
}

async fn what_is_due_is_looked_for_once_however_many_processes_look(world: &World) {
    let acme = world.tenant("acme").await;
    let mut domains = Vec::new();
    for number in 0..25 {
        let domain = world.domain(&acme, &format!("contoso{number}.com")).await;
        world.publish(&domain);
        domains.push(domain);
    }
    assert_eq!(world.domains.look_again(world.clock.now()).await.unwrap(), 0, "nothing is due yet");
    world.clock.advance_seconds(3_600);
    let (time, until) = (world.clock.now(), world.clock.now().plus_seconds(300));
    let other = world.another_store().await;
    let taken = join_all((0..4).map(|number| {
        let store = if number % 2 == 0 { &world.store } else { &other };
        store.take_domains(time, until, 10)
    }));
    let mut ids: Vec<_> = taken.await.into_iter().flat_map(Result::unwrap).map(|(_, id)| id).collect();
    assert_eq!(ids.len(), 25, "each is taken");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 25, "and by one process");
    assert_eq!(world.domains.look_again(time).await.unwrap(), 0, "the others leave them alone");
    // Whoever took them is gone.
    let store = world.another_store().await;
    let limiter = Arc::new(LocalLimiter::new(world.clock.clone()));
    let (ids, secrets, admissions) = (world.ids.clone(), world.secrets.clone(), world.admissions.clone());
    let another = Domains::new(store, ids, secrets, world.resolver.clone(), limiter, admissions);
    world.clock.advance_seconds(300);
    let time = world.clock.now();
    let work = async |domains: &Domains| {
        let mut looked = 0;
        while let some @ 1.. = domains.look_again(time).await.unwrap() {
            looked += some;
        }
        looked
    };
    let (one, two) = tokio::join!(work(&world.domains), work(&another));
    assert_eq!(one + two, 25);
    for domain in &domains {
        assert_eq!(state(world, &acme, domain).await, DomainState::Verified);
        assert_eq!(told(world, &acme, domain).await.len(), 2, "added and verified, each told once");
    }
}

async fn a_record_that_is_gone_is_missed_for_two_weeks_and_then_the_domain_is_anybodys(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let domain = world.verified_domain(&acme, "contoso.com").await;
    let theirs = world.domain(&globex, "contoso.com").await;
    world.publish(&theirs);
    let tomorrow = async |state: DomainState| {
        world.clock.advance_seconds(DAY);
        world.domains.look_again(world.clock.now()).await.unwrap();
        let known = now(world, &acme, &domain).await;
        assert_eq!(known.state, state, "{known:?}");
        known
    };
    let missing = tomorrow(DomainState::Verified).await;
    assert_eq!(missing.missing, Some(world.clock.now()));
    for _ in 0..13 {
        tomorrow(DomainState::Verified).await;
    }
    assert_eq!(state(world, &globex, &theirs).await, DomainState::Claimed);
    let expired = tomorrow(DomainState::Expired).await;
    assert_eq!((expired.missing, expired.due), (missing.missing, None));
    assert!(world.tenants.get(&acme.slug).await.unwrap().domains.verified.is_empty());
    assert_eq!(world.look_for(&globex, &theirs).await.state, DomainState::Verified);
    world.resolver.publish(&domain.name.record(), &[&domain.challenge, &theirs.challenge]);
    assert_eq!(world.look_for(&acme, &domain).await.state, DomainState::Claimed, "it is too late");
    let whats: Vec<_> =
        told(world, &acme, &domain).await.into_iter().map(|(_, before, after)| (before, after)).collect();
    let row = |before: &str, after: &str| (before.to_owned(), after.to_owned());
    assert_eq!(
        whats,
        [
            row("", "pending"),
            row("pending", "verified"),
            row("verified", "verified"),
            row("verified", "expired"),
            row("expired", "claimed"),
        ]
    );
}

async fn a_domain_leads_to_its_tenant_and_connection_while_it_is_verified(world: &World) {
    let acme = world.tenant("acme").await;
    let name = "contoso.com".parse().unwrap();
    let leads = async || world.store.work().find_verified_domain(&name).await.unwrap();
    assert_eq!(leads().await, None);
    let domain = world.domain(&acme, "contoso.com").await;
    assert_eq!(leads().await, None, "what is only added leads nowhere");
    world.publish(&domain);
    world.look_for(&acme, &domain).await;
    assert_eq!(leads().await, Some((acme.slug.clone(), None)));
    let connection = ConnectionId(Uuid::from_u128(7));
    let cx = world.operator(&acme);
    let set = world.domains.set_connection(&cx, domain.id, Some(connection)).await.unwrap();
    assert_eq!((set.connection, now(world, &acme, &domain).await), (Some(connection), set.clone()));
    assert_eq!(leads().await, Some((acme.slug.clone(), Some(connection))));
    assert_eq!(world.store.work().find_verified_domain(&"mail.contoso.com".parse().unwrap()).await, Ok(None));
    world.resolver.answer(&domain.name.record(), Err(ResolveError::TooSlow(5)));
    assert_eq!(world.look_for(&acme, &domain).await.connection, Some(connection), "a look keeps the connection");
    world.domains.remove(&cx, domain.id).await.unwrap();
    assert_eq!(leads().await, None);
}

async fn other_processes_learn_what_is_verified(world: &World) {
    let acme = world.tenant("acme").await;
    let changes = async || world.store.tenant_changes(world.clock.now().plus_seconds(-1)).await.unwrap().len();
    world.clock.advance_seconds(2);
    assert_eq!(changes().await, 0);
    let domain = world.domain(&acme, "contoso.com").await;
    world.publish(&domain);
    world.clock.advance_seconds(2);
    world.look_for(&acme, &domain).await;
    assert_eq!(changes().await, 1);
    world.clock.advance_seconds(2);
    world.look_for(&acme, &domain).await;
    assert_eq!(changes().await, 0, "a look that changes nothing disturbs nobody");
    world.domains.set_policy(&world.operator(&acme), DomainPolicy::Require).await.unwrap();
    assert_eq!(changes().await, 1);
    world.clock.advance_seconds(2);
    world.domains.remove(&world.operator(&acme), domain.id).await.unwrap();
    assert_eq!(changes().await, 1);
}
