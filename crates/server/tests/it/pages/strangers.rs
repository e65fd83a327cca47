//! What belongs to another tenant is not there, whatever page is asked for it and whatever form is sent about it.

use tenant_admin::{AdminRoute, ROUTES};
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
    let before = snapshot(served, "other").await;
    // A person's own pages want a person's session.
    let is_settings = |route: &&AdminRoute| route.path.starts_with("/settings") && route.path.contains("{id}");
    for route in ROUTES.iter().filter(is_settings) {
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

/// All that an admin of another tenant could have changed.
async fn snapshot(served: &Served, slug: &str) -> String {
    let rollcall = &served.rollcall;
    let tenant = rollcall.tenants.get(&slug.parse().unwrap()).await.unwrap();
    let scope = tenant.scope();
    let admins = rollcall.people.list(&scope).await.unwrap();
    let credentials = rollcall.credentials.list(&scope).await.unwrap();
    let credentials: Vec<_> = credentials.iter().map(|one| (one.id, one.revoked)).collect();
    let admins: Vec<_> = admins.iter().map(|one| (one.id, one.role, one.state)).collect();
    format!("{admins:?} {credentials:?} {:?}", tenant.provisioning)
}
