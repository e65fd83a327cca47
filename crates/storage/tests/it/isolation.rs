//! Three walls between tenants (ADR 0003), each asked from the other side.

mod distributable;
mod operations;
mod reading;
mod tables;
mod wall;
mod writing;

use domain::admin::link::MadeLink;
use domain::admin::{Admin, AdminCaller, AdminIdentity, AdminRole};
use domain::connection::Connection;
use domain::connection::attempt::{Attempt, Purpose, digest};
use domain::connection::cause::SignInCause;
use domain::connection::key::StoredSsoKey;
use domain::credential::Credential;
use domain::directory::{Kind, View};
use domain::email_domain::EmailDomain;
use domain::ids::ResourceId;
use domain::ops::NewToken;
use domain::person::StoredPersonSession;
use domain::sign_in_log::SignInEntry;
use domain::store::{Store as _, TenantTx};
use domain::tenant::Tenant;
use serde_json::json;
use testkit::World;

/// Somebody whom Acme's identity provider knows and its directory does not.
const STRANGER: &str = "eve@example.com";

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
    /// Active, by OpenID Connect.
    connection: Connection,
    /// Under way, with the handle `handle`.
    attempt: Attempt,
    key: StoredSsoKey,
    /// Of Ada's.
    session: StoredPersonSession,
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
        let connection = world.with_single_sign_on(&acme, ada.stored.id).await;
        let mut tx = world.store.write(&acme.scope()).await.unwrap();
        let refused = SignInEntry {
            cause: Some(SignInCause::PersonUnknown),
            name: Some(STRANGER.to_owned()),
            ..world.sign_in_entry(Some(connection.id))
        };
        tx.log_sign_in(&refused).await.unwrap();
        tx.log_sign_in(&SignInEntry { person: Some(ada.stored.id), ..world.sign_in_entry(Some(connection.id)) })
            .await
            .unwrap();
        let identity = AdminIdentity { connection: connection.id, key: "owner".to_owned() };
        tx.set_admin_identity(owner.admin().unwrap().id, Some(&identity)).await.unwrap();
        let waiting = world.attempt(&connection, Purpose::Test, "waiting");
        tx.insert_attempt(&Attempt { ticket: Some(digest("ticket")), ..waiting }).await.unwrap();
        tx.commit().await.unwrap();
        let mut read = world.store.read(&acme.scope()).await.unwrap();
        let attempt = read.find_attempt_by_handle(&digest("handle")).await.unwrap().unwrap();
        let key = read.list_sso_keys().await.unwrap().remove(0);
        let session = read.list_person_sessions(ada.stored.id).await.unwrap().remove(0);
        drop(read);
        let acme = world.tenants.get(&acme.slug).await.unwrap();
        Self {
            acme,
            globex,
            ada,
            group,
            outer,
            token,
            owner,
            invitation,
            setup,
            domain,
            connection,
            attempt,
            key,
            session,
        }
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
