//! What domains mean for people.

use domain::Error;
use domain::context::OpContext;
use domain::directory::{Kind, View};
use domain::email_domain::DomainPolicy;
use serde_json::{Value, json};
use testkit::{World, on_both_databases};

use crate::raw;

on_both_databases! { World:
    where_domains_are_required_addresses_outside_are_refused,
    what_was_there_before_is_not_judged_again,
    where_others_are_let_in_it_is_noted,
    nothing_is_asked_where_it_is_off_or_nothing_is_verified,
    people_outside_are_found,
}

fn person(user_name: &str, emails: &[&str]) -> Value {
    let emails: Vec<Value> = emails.iter().map(|value| json!({"value": value})).collect();
    json!({"userName": user_name, "emails": emails})
}

async fn create(world: &World, cx: &OpContext, user_name: &str, emails: &[&str]) -> Result<View, Error> {
    world.create(cx, &Kind::USER, person(user_name, emails)).await
}

/// What a refusal says; it has to be one of a value.
fn refusal<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    let Err(Error::Invalid(fault)) = done else { panic!("{done:?}") };
    assert_eq!((fault.status, fault.scim_type.unwrap().as_str()), (400, "invalidValue"));
    fault.detail
}

async fn where_domains_are_required_addresses_outside_are_refused(world: &World) {
    let acme = world.tenant("acme").await;
    let acme = world.with_domain(&acme, "contoso.com", DomainPolicy::Require).await;
    let cx = world.cx(&acme);
    let ana = create(world, &cx, "ana@contoso.com", &["Ana@CONTOSO.com"]).await.unwrap();
    create(world, &cx, "no-address", &[]).await.unwrap();
    for (user_name, emails, attribute, domain) in [
        ("eve@gmail.com", &[][..], "userName", "gmail.com"),
        ("eve@mail.contoso.com", &[], "userName", "mail.contoso.com"),
        ("eve", &["eve@contoso.com", "eve@evil.example"], "emails.value", "evil.example"),
    ] {
        let detail = refusal(create(world, &cx, user_name, emails).await);
        assert!(detail.starts_with(&format!("{attribute} lies in the domain \"{domain}\"")), "{detail}");
        assert!(!detail.contains("contoso.com") || domain.contains("contoso.com"), "no list of others: {detail}");
    }
    let replaced = person("ana@contoso.com", &["ana@gmail.com"]);
    assert!(refusal(world.replace(&cx, &ana, replaced).await).contains("\"gmail.com\""));
    for operation in [
        json!({"op": "replace", "path": "userName", "value": "ana@gmail.com"}),
        json!({"op": "add", "path": "emails", "value": [{"value": "ana@gmail.com"}]}),
        json!({"op": "replace", "value": {"emails": [{"value": "ana@gmail.com"}]}}),
    ] {
        assert!(refusal(world.patch(&cx, &ana, json!([operation])).await).contains("\"gmail.com\""));
    }
    assert_eq!(world.get(&cx, &ana).await.unwrap().stored, ana.stored, "nothing was changed");
    assert!(world.list(&cx, &Kind::USER, "userName sw \"eve\"").await.unwrap().is_empty());
    world.group(&cx, "somebody@gmail.com", &[]).await;
}

async fn what_was_there_before_is_not_judged_again(world: &World) {
    let acme = world.tenant("acme").await;
    let guest = create(world, &world.cx(&acme), "guest@gmail.com", &["guest@gmail.com"]).await.unwrap();
    let acme = world.with_domain(&acme, "contoso.com", DomainPolicy::Require).await;
    let cx = world.cx(&acme);
    world.patch(&cx, &guest, json!([{"op": "replace", "path": "active", "value": false}])).await.unwrap();
    let mut document = person("Guest@Gmail.com", &["guest@gmail.com", "guest@contoso.com"]);
    document["title"] = json!("Guest");
    world.replace(&cx, &guest, document).await.unwrap();
    let moved = json!([{"op": "replace", "path": "userName", "value": "guest@hotmail.com"}]);
    assert!(refusal(world.patch(&cx, &guest, moved).await).contains("\"hotmail.com\""));
    world.delete(&cx, &guest).await.unwrap();
}

async fn where_others_are_let_in_it_is_noted(world: &World) {
    let acme = world.tenant("acme").await;
    let acme = world.with_domain(&acme, "contoso.com", DomainPolicy::Warn).await;
    let cx = world.cx(&acme);
    let eve = create(world, &cx, "eve@gmail.com", &["eve@evil.example", "eve@contoso.com"]).await.unwrap();
    world.patch(&cx, &eve, json!([{"op": "replace", "path": "active", "value": false}])).await.unwrap();
    world.patch(&cx, &eve, json!([{"op": "replace", "path": "userName", "value": "eve@hotmail.com"}])).await.unwrap();
    create(world, &cx, "ana@contoso.com", &[]).await.unwrap();
    let facts = raw::facts(world, &acme).await;
    let of_users = facts.iter().filter(|fact| fact.subject_kind == "User");
    let noted: Vec<_> = of_users.map(|fact| fact.payload()["outside_domains"].clone()).collect();
    assert_eq!(noted, [json!(["evil.example", "gmail.com"]), Value::Null, json!(["hotmail.com"]), Value::Null]);
}

async fn nothing_is_asked_where_it_is_off_or_nothing_is_verified(world: &World) {
    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    let acme = world.with_domain(&acme, "contoso.com", DomainPolicy::Off).await;
    world.domain(&globex, "fabrikam.com").await;
    world.domains.set_policy(&world.operator(&globex), DomainPolicy::Require).await.unwrap();
    let globex = world.tenants.get(&globex.slug).await.unwrap();
    for tenant in [acme, globex] {
        create(world, &world.cx(&tenant), "eve@gmail.com", &["eve@gmail.com"]).await.unwrap();
        let facts = raw::facts(world, &tenant).await;
        assert!(facts.iter().all(|fact| fact.payload()["outside_domains"].is_null()));
    }
}

async fn people_outside_are_found(world: &World) {
    let acme = world.tenant("acme").await;
    let cx = world.cx(&acme);
    let long = format!("{}@contoso.com", "x".repeat(250));
    let long_outside = format!("{}@gmail.com", "y".repeat(250));
    let mut outside = Vec::new();
    for (user_name, emails, is_outside) in [
        ("ana@contoso.com", &["ANA@Contoso.com"][..], false),
        ("bob", &[], false),
        ("eve@gmail.com", &[], true),
        ("cy@contoso.com", &["cy@contoso.com", "cy@mail.contoso.com"], true),
        ("jo@münchen.example", &["jo@xn--mnchen-3ya.example"], false),
        ("di@evilcontoso.com", &[], true),
        (&long, &[], false),
        (&long_outside, &[], true),
    ] {
        let view = create(world, &cx, user_name, emails).await.unwrap();
        outside.extend(is_outside.then_some(view.stored.id));
    }
    world.group(&cx, "x@gmail.com", &[]).await;
    assert!(world.domains.outsiders(&acme.scope(), 10).await.unwrap().people.is_empty(), "nothing is verified yet");
    world.verified_domain(&acme, "contoso.com").await;
    world.verified_domain(&acme, "münchen.example").await;
    let scope = world.tenants.get(&acme.slug).await.unwrap().scope();
    let found = world.domains.outsiders(&scope, 10).await.unwrap();
    assert_eq!(found.people.iter().map(|person| person.id).collect::<Vec<_>>(), outside);
    assert!(!found.has_more);
    let few = world.domains.outsiders(&scope, 2).await.unwrap();
    assert_eq!((few.people.len(), few.has_more), (2, true));
}
