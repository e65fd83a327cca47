//! Connections and keys as they are kept.

use domain::admin::{AdminIdentity, AdminRole};
use domain::connection::attempt::Purpose;
use domain::connection::{Connection, PassedTest, Reading, Switch};
use domain::ids::ConnectionId;
use domain::ports::{Clock as _, IdGen as _};
use domain::store::{Store as _, StoreError};
use domain::who::{Mark, Who};
use testkit::connections::CLIENT_SECRET;
use testkit::{World, on_both_databases};

use super::{read, write};
use crate::raw::Raw;

on_both_databases! { World:
    everything_of_a_connection_is_kept,
    a_secret_is_kept_beside_its_connection_and_replaced,
    a_connection_goes_with_what_was_begun_by_it_and_nothing_else,
    two_admins_are_not_one_identity,
    keys_are_the_newest_first_and_go_once,
    tenants_with_connections_are_listed_by_name,
}

async fn everything_of_a_connection_is_kept(world: &World) {
    let tenant = world.tenant("acme").await;
    let (saml, oidc) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    let now = world.clock.now();
    let at = |seconds: i64| now.plus_seconds(seconds);
    let mut all = saml.clone();
    all.name = "Acmé \"SSO\"".to_owned();
    all.rules.return_addresses = vec!["/a".to_owned(), "https://app.example/?x=\"y\"".to_owned()];
    all.rules.creates_people = true;
    all.rules.idp_initiated = true;
    (all.setup_version, all.version, all.switch) = (7, 9, Switch::Enforced);
    all.reading = Reading { done: Some(at(1)), tried: Some(at(2)), fault: Some("it is down".to_owned()) };
    all.tested = Some(PassedTest { at: at(3), setup_version: 6, person: "Ada".to_owned() });
    (all.test_failed, all.activated) = (Some(at(4)), Some(at(5)));
    all.changed = Mark { at: at(6), by: Who { kind: "admin".to_owned(), name: Some("Ana".to_owned()) } };
    let mut tx = write(world, &tenant).await;
    tx.update_connection(&all).await.unwrap();
    assert_eq!(tx.find_connection(saml.id).await, Ok(Some(all.clone())), "within the transaction");
    tx.commit().await.unwrap();

    let mut read = read(world, &tenant).await;
    assert_eq!(read.list_connections().await, Ok(vec![all, oidc.clone()]), "the oldest first");
    assert_eq!(read.find_connection(oidc.id).await, Ok(Some(oidc)), "the other is as it was");
    assert_eq!(read.find_connection(ConnectionId(tenant.id.0)).await, Ok(None));
}

async fn a_secret_is_kept_beside_its_connection_and_replaced(world: &World) {
    let tenant = world.tenant("acme").await;
    let (saml, oidc) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    let dump = format!("{:?}", Raw::of(world).await.dump(&tenant).await);
    assert!(!dump.contains(CLIENT_SECRET), "it is encrypted");
    let mut tx = write(world, &tenant).await;
    assert_eq!(tx.connection_secret(saml.id).await, Ok(None));
    let first = tx.connection_secret(oidc.id).await.unwrap().unwrap();
    let ring = world.keys.ring();
    let about = format!("client secret {} {}", tenant.id, oidc.id);
    assert_eq!(ring.open(&first, &about).unwrap(), CLIENT_SECRET.as_bytes());
    let second = ring.seal(b"another", &about).unwrap();
    tx.set_connection_secret(oidc.id, Some(&second)).await.unwrap();
    tx.update_connection(&Connection { version: 2, ..oidc.clone() }).await.unwrap();
    assert_eq!(tx.connection_secret(oidc.id).await, Ok(Some(second)), "an update leaves it");
    tx.set_connection_secret(oidc.id, None).await.unwrap();
    assert_eq!(tx.connection_secret(oidc.id).await, Ok(None));
    assert_eq!(tx.connection_secret(saml.id).await, Ok(None));
}

async fn a_connection_goes_with_what_was_begun_by_it_and_nothing_else(world: &World) {
    let tenant = world.tenant("acme").await;
    let (kept, gone) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    let ada = world.user(&world.cx(&tenant), "ada").await.stored.id;
    let [ana, bob] = ["ana@acme.example", "bob@acme.example"];
    let (ana, bob) =
        (world.admin(&tenant, ana, AdminRole::Owner).await.id, world.admin(&tenant, bob, AdminRole::Owner).await.id);
    let (one, two) = (world.domain(&tenant, "contoso.com").await, world.domain(&tenant, "fabrikam.com").await);
    for (domain, connection) in [(&one, &kept), (&two, &gone)] {
        world.domains.set_connection(&world.operator(&tenant), domain.id, Some(connection.id)).await.unwrap();
    }
    let mut tx = write(world, &tenant).await;
    let mut begun = Vec::new();
    for (connection, admin) in [(&kept, ana), (&gone, bob)] {
        let attempt = world.attempt(connection, Purpose::SignIn, &connection.id.to_string());
        tx.insert_attempt(&attempt).await.unwrap();
        assert!(tx.use_assertion(connection.id, "a", world.clock.now().plus_seconds(60)).await.unwrap());
        let session = world.person_session(connection, ada);
        tx.insert_person_session(&session).await.unwrap();
        let entry = world.sign_in_entry(Some(connection.id));
        tx.log_sign_in(&entry).await.unwrap();
        let identity = AdminIdentity { connection: connection.id, key: "k".to_owned() };
        tx.set_admin_identity(admin, Some(&identity)).await.unwrap();
        begun.push((attempt, session, entry, identity));
    }
    tx.commit().await.unwrap();

    let mut tx = write(world, &tenant).await;
    tx.delete_connection(gone.id).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = read(world, &tenant).await;
    assert_eq!(read.list_connections().await, Ok(vec![kept.clone()]));
    let [left, over] = begun.try_into().unwrap();
    assert_eq!(read.find_attempt(left.0.id).await, Ok(Some(left.0)));
    assert_eq!(read.find_attempt(over.0.id).await, Ok(None));
    assert_eq!(read.list_person_sessions(ada).await, Ok(vec![left.1]));
    assert_eq!(read.find_admin(ana).await.unwrap().unwrap().admin.identity, Some(left.3));
    assert_eq!(read.find_admin(bob).await.unwrap().unwrap().admin.identity, None);
    assert_eq!(read.find_admin_by_identity(&over.3).await, Ok(None));
    let domains = read.list_domains().await.unwrap();
    let chosen: Vec<_> = domains.iter().map(|domain| domain.connection).collect();
    assert_eq!(chosen, [Some(kept.id), None]);
    let query = domain::sign_in_log::SignInQuery { limit: 10, ..Default::default() };
    assert_eq!(read.sign_ins(&query).await.unwrap(), [over.2, left.2], "the log keeps what happened");
    let raw = Raw::of(world).await;
    assert_eq!(raw.number("SELECT count(*) FROM sso_assertion").await, 1);
}

async fn two_admins_are_not_one_identity(world: &World) {
    let tenant = world.tenant("acme").await;
    let (one, two) = (world.saml(&tenant).await, world.oidc(&tenant).await);
    let ana = world.admin(&tenant, "ana@acme.example", AdminRole::Owner).await.id;
    let bob = world.admin(&tenant, "bob@acme.example", AdminRole::Owner).await.id;
    let identity =
        |connection: &Connection, key: &str| AdminIdentity { connection: connection.id, key: key.to_owned() };
    let set = async |admin, identity: Option<&AdminIdentity>| {
        let mut tx = write(world, &tenant).await;
        let done = tx.set_admin_identity(admin, identity).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    };
    set(ana, Some(&identity(&one, "k"))).await.unwrap();
    set(ana, Some(&identity(&one, "k"))).await.unwrap();
    let taken = set(bob, Some(&identity(&one, "k"))).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })), "{taken:?}");
    set(bob, Some(&identity(&one, "K"))).await.unwrap();
    set(bob, Some(&identity(&two, "k"))).await.unwrap();
    let found = async |wanted: AdminIdentity| {
        let mut read = read(world, &tenant).await;
        read.find_admin_by_identity(&wanted).await.unwrap().map(|known| known.admin.id)
    };
    assert_eq!(found(identity(&one, "k")).await, Some(ana));
    assert_eq!(found(identity(&one, "K")).await, None);
    assert_eq!(found(identity(&two, "k")).await, Some(bob));
    set(ana, None).await.unwrap();
    assert_eq!(found(identity(&one, "k")).await, None);
    let mut tx = write(world, &tenant).await;
    tx.remove_admin(bob, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(identity(&two, "k")).await, None, "a removed account is nobody's way in");
    set(ana, Some(&identity(&two, "k"))).await.unwrap();
}

async fn keys_are_the_newest_first_and_go_once(world: &World) {
    let tenant = world.tenant("acme").await;
    world.saml(&tenant).await;
    let first = world.connections.own_keys(&tenant.scope()).await.unwrap().remove(0);
    let now = world.clock.now();
    let second = domain::connection::key::StoredSsoKey {
        id: domain::ids::SsoKeyId(world.ids.next(now)),
        created: now.plus_seconds(5),
        ..first.clone()
    };
    let mut tx = write(world, &tenant).await;
    tx.insert_sso_key(&second).await.unwrap();
    assert_eq!(tx.list_sso_keys().await, Ok(vec![second.clone(), first.clone()]));
    tx.commit().await.unwrap();
    let mut tx = write(world, &tenant).await;
    assert_eq!(tx.delete_sso_key(first.id).await, Ok(true));
    assert_eq!(tx.delete_sso_key(first.id).await, Ok(false));
    tx.commit().await.unwrap();
    assert_eq!(world.connections.own_keys(&tenant.scope()).await.unwrap(), [second]);
}

async fn tenants_with_connections_are_listed_by_name(world: &World) {
    let (globex, acme) = (world.tenant("globex").await, world.tenant("acme").await);
    world.tenant("initech").await;
    let connected = async || world.store.work().connected_tenants().await.unwrap();
    assert_eq!(connected().await, []);
    world.oidc(&globex).await;
    let one = world.oidc(&acme).await;
    world.oidc(&acme).await;
    assert_eq!(connected().await, [acme.slug.clone(), globex.slug.clone()], "each once");
    for connection in world.connections.list(&acme.scope()).await.unwrap() {
        world.connections.remove(&world.operator(&acme), connection.id).await.unwrap();
    }
    assert_eq!(connected().await, [globex.slug]);
    assert!(matches!(world.connections.find(&acme.scope(), one.id).await, Err(domain::Error::NotFound(_))));
}
