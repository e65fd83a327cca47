//! Three walls between tenants (ADR 0003), each asked from the other side.

mod operations;
mod reading;
mod tables;
mod wall;
mod writing;

use domain::admin::link::MadeLink;
use domain::admin::{Admin, AdminCaller, AdminRole};
use domain::credential::Credential;
use domain::directory::{Kind, View};
use domain::email_domain::EmailDomain;
use domain::ids::ResourceId;
use domain::ops::NewToken;
use domain::store::{Store as _, TenantTx};
use domain::tenant::Tenant;
use serde_json::json;
use testkit::World;

/// Acme with a user in a group and a token; and Globex, who wants them.
struct Two {
    acme: Tenant,
    globex: Tenant,
    ada: View,
    group: View,
    /// A group that the group is in.
    outer: View,
    token: Credential,
    /// Acme's owner, with a second step.
    owner: AdminCaller,
    /// Of somebody who is invited.
    invitation: MadeLink,
    setup: MadeLink,
    /// Verified.
    domain: EmailDomain,
}

impl Two {
    async fn make(world: &World) -> Self {
        let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
        let cx = world.cx(&acme);
        let document = json!({
            "userName": "ada", "externalId": "x", "displayName": "Ada", "emails": [{"value": "ada@example.com"}],
        });
        let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
        let group = world.group(&cx, "Engineers", &[ada.stored.id]).await;
        let outer = world.group(&cx, "Everybody", &[group.stored.id]).await;
        world.give_roles(&acme).await;
        let token = world.credentials.mint(&cx, NewToken::default()).await.unwrap().token;
        let owner = world.with_owner(&acme).await;
        let (_, invitation) = world.invited(&acme, "ana@acme.example", AdminRole::Admin).await;
        let setup = world.people.make_setup_link(&world.operator(&acme), "Ana", 3_600).await.unwrap();
        let domain = world.verified_domain(&acme, "example.com").await;
        Self { acme, globex, ada, group, outer, token, owner, invitation, setup, domain }
    }

    fn ids(&self) -> [ResourceId; 2] {
        [self.ada.stored.id, self.group.stored.id]
    }

    fn admin(&self) -> &Admin {
        self.owner.admin().unwrap()
    }

    /// A transaction of the second tenant.
    async fn write(&self, world: &World) -> Box<dyn TenantTx> {
        world.store.write(&self.globex.scope()).await.unwrap()
    }
}
