//! Connections to identity providers in a [`World`], and people who sign in by them without any identity provider.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed; whatever may fail gives a result"
)]

use domain::connection::arrival::{Arrival, ArrivedName};
use domain::connection::attempt::{Answer, Attempt, Purpose, digest};
use domain::connection::key::StoredSsoKey;
use domain::connection::{Connection, PassedTest, Protocol, Switch};
use domain::fetch::Fetched;
use domain::ids::{AttemptId, ConnectionId, ResourceId, SessionId, SignInId, SsoKeyId, TenantId};
use domain::keys::KeyRing;
use domain::ops::{OidcInput, SamlInput, Ticket, Welcome};
use domain::person::{SignOn, StoredPersonSession};
use domain::ports::{Clock as _, IdGen as _};
use domain::sign_in_log::SignInEntry;
use domain::store::Store as _;
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use scim_protocol::secret::Secret;
use uuid::Uuid;

use crate::World;
use crate::admins::visitor;

/// Where the metadata of [`World::saml`] is.
pub const METADATA_URL: &str = "https://login.example/metadata.xml";

/// Whose metadata it is.
pub const ENTITY_ID: &str = "https://login.example/entity";

/// The issuer of [`World::oidc`].
pub const ISSUER: &str = "https://id.example/realms/acme";

/// Where the issuer's discovery document is.
pub const DISCOVERY_URL: &str = "https://id.example/realms/acme/.well-known/openid-configuration";

/// Where the issuer's keys are.
pub const KEYS_URL: &str = "https://id.example/keys";

/// The secret of [`World::oidc`]'s client.
pub const CLIENT_SECRET: &str = "a client secret that is long";

/// The cookie by which the browser of [`World::attempt`] is known.
pub const BROWSER: &str = "a browser";

/// What all addresses of a tenant's settings begin with in [`World::pick_up`].
pub const SETTINGS: &str = "/t/acme/settings";

/// For how long a certificate of ours is good, in seconds: ten years.
const CERTIFICATE_SECONDS: i64 = 3_650 * 86_400;

/// A certificate that ends then, in base64. Nobody has its key.
pub fn certificate(ends: Timestamp) -> String {
    let (id, tenant) = (SsoKeyId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(1)));
    let ring = KeyRing::new("nobodys".parse().expect("a key's name"), [7; 32]);
    let made = StoredSsoKey::generate(id, tenant, "login.example", &ring, ends.plus_seconds(-CERTIFICATE_SECONDS));
    made.expect("a key").certificate
}

/// The metadata of an identity provider that takes requests by redirect and signs with these.
pub fn metadata(entity_id: &str, certificates: &[&str]) -> String {
    let keys = certificates.iter().map(|certificate| {
        format!(
            "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>\
             <X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        )
    });
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{}\
         <SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://login.example/saml\"/></IDPSSODescriptor></EntityDescriptor>",
        keys.collect::<String>()
    )
}

/// A discovery document of this issuer.
pub fn discovery(issuer: &str) -> String {
    format!(
        r#"{{"issuer": "{issuer}", "authorization_endpoint": "{issuer}/authorize", "token_endpoint": "{issuer}/token",
            "jwks_uri": "{KEYS_URL}", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"]}}"#
    )
}

/// A key set with one key of this name.
pub fn keys(id: &str) -> String {
    let modulus = "pt61-ljWs5e9CQ_IjN6M-FAbQBzSizLk3bjXQMgeY_aWcm-ag8Mh3kSgYmK0VFg5THcZz1_XUq8Jhgn6WXp6IMWLGZAENSfNih0lg7NO\
                   zl9hucGb6N3tYwDyNSMfFRA0gRjATA8JoGWcfpYDjP5qtyfd0mP93HA8CIv3pHv7obxzVNOLsqpvbknVT9HuFiQK096RRKBDGq3rgyLW\
                   6HQ9OyyK3nFherfN5BAw4QAaFQGcVqkYj7zbVO5lF2K40J-ciMWmDhgXl7rJ0kTRnK_1dCWG348znJgIOCtn1WTXIY-5oGAOasrc6Opf\
                   yVL9BuyNKYofIx0RYWmCE7BWlgG4jw";
    format!(
        r#"{{"keys": [{{"kty": "RSA", "e": "AQAB", "use": "sig", "alg": "RS256", "kid": "{id}", "n": "{modulus}"}}]}}"#
    )
}

/// Somebody whom an identity provider calls by these: the claim that joins, and a user name.
pub fn arrival(key: &str, user_name: &str) -> Arrival {
    Arrival {
        issuer: ENTITY_ID.to_owned(),
        object_id: Some(key.to_owned()),
        name_id: Some(ArrivedName {
            value: format!("name of {key}"),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
        }),
        subject: Some(key.to_owned()),
        user_name: Some(user_name.to_owned()),
        email: None,
        display_name: None,
        given_name: None,
        family_name: None,
        claims: Vec::new(),
        session: Some("session-1".to_owned()),
        authenticated_us: None,
        until_us: None,
        signed: "assertion".to_owned(),
        is_encrypted: false,
        certificate: None,
        skew_ms: 0,
        is_solicited: true,
    }
}

impl World {
    /// What an identity provider answers at [`METADATA_URL`] from now on: it signs with these certificates.
    pub fn publish_metadata(&self, certificates: &[&str]) {
        self.fetch.document(METADATA_URL, &metadata(ENTITY_ID, certificates));
    }

    /// What the provider of [`ISSUER`] publishes from now on.
    pub fn publish_issuer(&self, key: &str) {
        self.fetch.document(DISCOVERY_URL, &discovery(ISSUER));
        self.fetch.document(KEYS_URL, &keys(key));
    }

    /// A connection by SAML that has read its metadata from an address. The certificate ends in a year.
    pub async fn saml(&self, tenant: &Tenant) -> Connection {
        self.publish_metadata(&[&certificate(self.clock.now().plus_seconds(365 * 86_400))]);
        let made = self.connection(tenant, Protocol::Saml).await;
        let input = SamlInput::Url(METADATA_URL.to_owned());
        self.connections.set_saml(&self.operator(tenant), made.id, None, input).await.expect("a set-up")
    }

    /// A connection by OpenID Connect that has read its provider's documents.
    pub async fn oidc(&self, tenant: &Tenant) -> Connection {
        self.publish_issuer("one");
        let made = self.connection(tenant, Protocol::Oidc).await;
        let input = OidcInput {
            issuer: ISSUER.to_owned(),
            client_id: "rollcall".to_owned(),
            secret: Some(Secret::new(CLIENT_SECRET.to_owned())),
        };
        self.connections.set_oidc(&self.operator(tenant), made.id, None, input).await.expect("a set-up")
    }

    /// The connection as it is now.
    pub async fn connection_now(&self, tenant: &Tenant, id: ConnectionId) -> Connection {
        self.connections.find(&tenant.scope(), id).await.expect("the connection")
    }

    /// Somebody passes a test with a connection as it is set up now.
    pub async fn tested(&self, tenant: &Tenant, id: ConnectionId) -> Connection {
        let mut connection = self.connection_now(tenant, id).await;
        let person = "Ada".to_owned();
        connection.tested = Some(PassedTest { at: self.clock.now(), setup_version: connection.setup_version, person });
        let mut tx = self.store.write(&tenant.scope()).await.expect("a transaction");
        tx.update_connection(&connection).await.expect("a connection that is written");
        tx.commit().await.expect("a commit");
        connection
    }

    /// Tests a connection and activates it.
    pub async fn activated(&self, tenant: &Tenant, id: ConnectionId) -> Connection {
        self.tested(tenant, id).await;
        let cx = self.operator(tenant);
        self.connections.switch(&cx, id, None, Switch::Active).await.expect("a connection that was tested")
    }

    /// A sign-in that has begun: its handle is the digest of `handle`, its browser is known by [`BROWSER`].
    pub fn attempt(&self, connection: &Connection, purpose: Purpose, handle: &str) -> Attempt {
        let now = self.clock.now();
        Attempt {
            handle: Some(digest(handle)),
            browser: Some(digest(BROWSER)),
            return_to: "/t/acme/me".to_owned(),
            ..Attempt::new(AttemptId(self.ids.next(now)), connection, purpose, now, now.plus_seconds(900))
        }
    }

    /// Writes an attempt down whose answer arrived; gives the ticket that it waits under.
    pub async fn arrived(&self, tenant: &Tenant, attempt: Attempt, arrival: Arrival) -> String {
        let ticket = format!("ticket of {}", attempt.id);
        let (answer, ticket_digest) = (Some(Answer::Arrived(Box::new(arrival))), Some(digest(&ticket)));
        let mut tx = self.store.write(&tenant.scope()).await.expect("a transaction");
        tx.insert_attempt(&Attempt { answer, ticket: ticket_digest, ..attempt }).await.expect("an attempt");
        tx.commit().await.expect("a commit");
        ticket
    }

    /// Picks an answer up in the browser of [`World::attempt`].
    pub async fn pick_up(&self, tenant: &Tenant, ticket: &str) -> Welcome {
        let visitor = visitor("192.0.2.7");
        let ticket = Ticket { text: ticket, browser: Some(BROWSER), settings: SETTINGS, visitor: &visitor };
        self.single_sign_on.pick_up(tenant, ticket, self.clock.now()).await.expect("an answer of the store")
    }

    /// Somebody whom the identity provider calls so arrives and picks the answer up, to go there.
    pub async fn sign_on(&self, tenant: &Tenant, connection: &Connection, key: &str, return_to: &str) -> Welcome {
        let handle = self.ids.next(self.clock.now()).to_string();
        let attempt = self.attempt(connection, Purpose::SignIn, &handle);
        let attempt = Attempt { return_to: return_to.to_owned(), ..attempt };
        let ticket = self.arrived(tenant, attempt, arrival(key, key)).await;
        self.pick_up(tenant, &ticket).await
    }

    /// A session of a person's that is good for twelve hours, as it would be stored.
    pub fn person_session(&self, connection: &Connection, person: ResourceId) -> StoredPersonSession {
        let now = self.clock.now();
        let id = SessionId(self.ids.next(now));
        let arrival = arrival("key", "ada");
        StoredPersonSession {
            id,
            person,
            digest: self.keys.ring().digest(id.0.as_bytes()),
            sign_on: SignOn {
                connection: connection.id,
                protocol: connection.protocol(),
                key: "key".to_owned(),
                authenticated: Some(now.plus_seconds(-5)),
                name: arrival.name_id,
                session: arrival.session,
            },
            signed_in: now,
            last_seen: now,
            expires: now.plus_seconds(12 * 3_600),
            address: "192.0.2.7".to_owned(),
            client: Some("Mozilla/5.0".to_owned()),
        }
    }

    /// A sign-in by a connection that led in, as the log has it.
    pub fn sign_in_entry(&self, connection: Option<ConnectionId>) -> SignInEntry {
        let now = self.clock.now();
        SignInEntry {
            id: SignInId(self.ids.next(now)),
            at: now,
            connection,
            purpose: Purpose::SignIn,
            is_solicited: true,
            cause: None,
            detail: String::new(),
            person: None,
            name: Some("ada@example.com".to_owned()),
            key: Some("key".to_owned()),
            address: "192.0.2.7".to_owned(),
            client: Some("Mozilla/5.0".to_owned()),
        }
    }

    /// Gives a tenant a connection of each protocol, a sign-in that is under way, an assertion that was used, and a person's
    /// session with its entry in the log: rows in every table of single sign-on. Gives the connection by OpenID Connect.
    pub async fn with_single_sign_on(&self, tenant: &Tenant, person: ResourceId) -> Connection {
        self.saml(tenant).await;
        let oidc = self.oidc(tenant).await;
        let oidc = self.activated(tenant, oidc.id).await;
        let mut tx = self.store.write(&tenant.scope()).await.expect("a transaction");
        let attempt = self.attempt(&oidc, Purpose::SignIn, "handle");
        tx.insert_attempt(&attempt).await.expect("an attempt");
        let until = self.clock.now().plus_seconds(300);
        assert!(tx.use_assertion(oidc.id, "assertion", until).await.expect("an assertion"), "it was used already");
        tx.insert_person_session(&self.person_session(&oidc, person)).await.expect("a session");
        tx.log_sign_in(&self.sign_in_entry(Some(oidc.id))).await.expect("an entry");
        tx.commit().await.expect("a commit");
        oidc
    }
}

/// An answer with a status that is no success.
pub fn failing(status: u16) -> Fetched {
    Fetched { status, body: b"oh no".to_vec() }
}
