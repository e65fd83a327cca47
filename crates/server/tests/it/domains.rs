//! What verified domains mean for identity providers, over HTTP.

use domain::context::OpContext;
use domain::email_domain::{DomainPolicy, EmailDomain};
use domain::ops::{Domains, Look};
use domain::tenant::Tenant;
use serde_json::{Value, json};
use testkit::on_both_databases;
use web::limit::Unlimited;

use crate::caller::{BULK_REQUEST, USER};
use crate::served::Served;

on_both_databases! { Served:
    an_address_outside_is_refused_by_every_way_in,
    who_was_there_before_goes_on_being_kept,
    the_policy_holds_from_the_next_request_on,
    a_domain_whose_turn_it_is_is_looked_for_in_the_real_world,
}

fn domains(served: &Served) -> Domains {
    served.rollcall.domains(std::sync::Arc::new(Unlimited))
}

fn cx(served: &Served, tenant: &Tenant) -> OpContext {
    served.rollcall.operator_context(tenant)
}

/// Verifies a domain by a record in the domain name system, and chooses the policy.
async fn verify(served: &Served, tenant: &Tenant, name: &str, policy: DomainPolicy) -> EmailDomain {
    let (domains, cx) = (domains(served), cx(served, tenant));
    let domain = domains.add(&cx, name.parse().unwrap()).await.unwrap();
    served.dns.publish(&domain.name.record(), &[&domain.challenge]);
    let Look::Done(domain) = domains.check(&cx, domain.id).await.unwrap() else { panic!("nobody is to wait") };
    assert!(domain.is_verified(), "{domain:?}");
    domains.set_policy(&cx, policy).await.unwrap();
    domain
}

fn person(user_name: &str, email: &str) -> Value {
    json!({"schemas": [USER], "userName": user_name, "emails": [{"value": email}], "active": true})
}

async fn an_address_outside_is_refused_by_every_way_in(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    verify(served, &acme, "contoso.com", DomainPolicy::Require).await;
    let scim = served.caller("acme", &token);
    let id = scim.post("/Users", &person("ana@contoso.com", "ana@contoso.com")).await.expect(201).id();
    let outside = person("eve@gmail.com", "eve@contoso.com");
    let path = format!("/Users/{id}");
    let put = scim.send(&reqwest::Method::PUT, &path, Some(&outside)).await;
    let replace = json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "ana@gmail.com"}]);
    for refused in [scim.post("/Users", &outside).await, put, scim.patch(&path, replace).await] {
        let error = refused.expect_error(400).json();
        assert_eq!(error["scimType"], "invalidValue");
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains("\"gmail.com\"") && detail.contains("Domains"), "{detail}");
        assert!(!detail.contains("contoso.com"), "the tenant's own domains are nobody's business: {detail}");
    }
    let bulk = json!({"schemas": [BULK_REQUEST], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": outside},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": person("bob@contoso.com", "bob@contoso.com")},
    ]});
    let done = scim.post("/Bulk", &bulk).await.expect(200).json();
    let statuses: Vec<_> = done["Operations"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(statuses, ["400", "201"], "{done}");
    assert_eq!(scim.get(&path).await.expect(200).json()["userName"], "ana@contoso.com");
    assert_eq!(scim.get("/Users").await.expect(200).json()["totalResults"], 2);
}

async fn who_was_there_before_goes_on_being_kept(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let scim = served.caller("acme", &token);
    let id = scim.post("/Users", &person("guest@gmail.com", "guest@gmail.com")).await.expect(201).id();
    verify(served, &acme, "contoso.com", DomainPolicy::Require).await;
    let path = format!("/Users/{id}");
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&path, off).await.expect(200);
    let mut same = person("guest@gmail.com", "guest@gmail.com");
    same["title"] = json!("Guest");
    scim.send(&reqwest::Method::PUT, &path, Some(&same)).await.expect(200);
    scim.delete(&path).await.expect(204);
    scim.post("/Users", &person("guest@gmail.com", "guest@gmail.com")).await.expect_error(400);
}

async fn the_policy_holds_from_the_next_request_on(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let scim = served.caller("acme", &token);
    let domain = verify(served, &acme, "contoso.com", DomainPolicy::Warn).await;
    scim.create_user("one@gmail.com").await.expect(201);
    domains(served).set_policy(&cx(served, &acme), DomainPolicy::Require).await.unwrap();
    scim.create_user("two@gmail.com").await.expect_error(400);
    domains(served).remove(&cx(served, &acme), domain.id).await.unwrap();
    scim.create_user("two@gmail.com").await.expect(201);
}

async fn a_domain_whose_turn_it_is_is_looked_for_in_the_real_world(served: &Served) {
    let acme = served.tenant("acme").await;
    let (domains, cx) = (domains(served), cx(served, &acme));
    let domain = domains.add(&cx, "contoso.com".parse().unwrap()).await.unwrap();
    served.dns.publish(&domain.name.record(), &[&domain.challenge]);
    assert_eq!(domains.look_again(cx.now.plus_seconds(3_000)).await.unwrap(), 0);
    assert_eq!(domains.look_again(cx.now.plus_seconds(3_600)).await.unwrap(), 1);
    assert!(domains.get(&cx.scope, domain.id).await.unwrap().is_verified());
}
