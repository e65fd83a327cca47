//! What belongs to another tenant is not there, whatever page is asked for it and whatever form is sent about it.

use domain::activity::Trail;
use domain::connection::Protocol;
use domain::context::{Actor, OpContext};
use tenant_admin::{Access, AdminRoute, ROUTES};
use testkit::on_both_databases;

use super::{ACTIVITY, DIRECTORY, PROVISIONING, ids_after, owner};
use crate::caller::group;
use crate::served::Served;

on_both_databases! { Served:
    another_tenants_ids_lead_nowhere,
}

async fn another_tenants_ids_lead_nowhere(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    let (other, token) = served.open_tenant("other").await;
    let (mut ana, mut eve) = (owner(served, &acme).await, owner(served, &other).await);
    let scim = served.caller("other", &token);
    scim.create_user("olga@other.example").await.expect(201);
    scim.post("/Groups", &group("Editors", &[])).await.expect(201);
    served.rollcall.activity.flush(served.rollcall.clock.now()).await.unwrap();
    let mut ids = Vec::new();
    for (page, before) in [
        (ACTIVITY, "id=\"a"),
        (DIRECTORY, "/people/"),
        (&*format!("{DIRECTORY}/groups"), "/groups/"),
        (PROVISIONING, "/credentials/"),
        ("/settings/admins", "/admins/"),
        ("/settings/account", "/sessions/"),
    ] {
        let body = eve.open(page).await.body;
        let found = ids_after(&body, before);
        assert!(!found.is_empty() || page == "/settings/account", "{page} shows no {before}: {body}");
        ids.extend(found.into_iter().map(str::to_owned));
    }
    ids.extend(single_sign_on(served, "other").await);
    let before = snapshot(served, "other").await;
    // Sessions of people are asked about by people.
    let of_admins = |route: &&AdminRoute| route.path.contains("{id}") && route.access != Access::Person;
    for route in ROUTES.iter().filter(of_admins) {
        for id in &ids {
            let path = route.path.replace("{id}", id).replace("{secret}", id).replace("{test}", id);
            ana.open("/settings/user-authentication").await;
            let answer = match route.method.as_str() {
                "GET" => ana.open(&path).await,
                _ => ana.send(&path, &[("role", "auditor"), ("last4", ""), ("confirm", "other")]).await,
            };
            assert_eq!(answer.status, 404, "{} {path}: {answer:?}", route.method);
            assert!(!answer.body.contains("olga") && !answer.body.contains("Editors"), "{path}");
        }
    }
    assert_eq!(snapshot(served, "other").await, before);
}

/// A new connection of a tenant's, and its key: their ids.
async fn single_sign_on(served: &Served, slug: &str) -> [String; 2] {
    let rollcall = &served.rollcall;
    let tenant = rollcall.tenants.get(&slug.parse().unwrap()).await.unwrap();
    let cx = OpContext {
        scope: tenant.scope(),
        actor: Actor::Operator,
        request_id: "test-request".to_owned(),
        now: rollcall.clock.now(),
        trail: Trail::default(),
    };
    let connection = rollcall.connections.create(&cx, &tenant, "Entra", Protocol::Saml).await.unwrap();
    let key = rollcall.connections.own_keys(&cx.scope).await.unwrap().remove(0);
    [connection.id.to_string(), key.id.to_string()]
}

/// All that an admin of another tenant could have changed.
async fn snapshot(served: &Served, slug: &str) -> String {
    let rollcall = &served.rollcall;
    let tenant = rollcall.tenants.get(&slug.parse().unwrap()).await.unwrap();
    let scope = tenant.scope();
    let admins = rollcall.people.list(&scope).await.unwrap();
    let credentials = rollcall.credentials.list(&scope).await.unwrap();
    let credentials: Vec<_> = credentials.iter().map(|one| (one.id, one.revoked)).collect();
    let admins: Vec<_> = admins.iter().map(|one| (one.id, one.role, one.state)).collect();
    let connections = rollcall.connections.list(&scope).await.unwrap();
    let keys = rollcall.connections.own_keys(&scope).await.unwrap();
    format!("{admins:?} {credentials:?} {:?} {connections:?} {keys:?}", tenant.provisioning)
}
