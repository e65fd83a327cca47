//! What admins do to connections: set up, test, activate, enforce, switch off, remove.

mod expiry;
mod keys;
mod provider;
mod refresh;
mod setting_up;
mod switching;

use std::sync::Arc;

use crate::Error;
use crate::connection::attempt::Attempt;
use crate::connection::key::StoredSsoKey;
use crate::connection::{Connection, IdentityClaim, MAX_CONNECTIONS, Protocol, Reading, Rules, Setup, Switch};
use crate::connection::{oidc::OidcSetup, saml::SamlSetup, saml::SamlSource};
use crate::context::OpContext;
use crate::fetch::Fetch;
use crate::ids::{ConnectionId, FactId};
use crate::journal::Fact;
use crate::keys::Keys;
use crate::notice::Reason;
use crate::ports::{IdGen, Offload, RateLimiter, SecretGen};
use crate::sign_in_log::{SignInCounts, SignInEntry, SignInQuery};
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::{Tenant, TenantScope, shown_text};
use crate::timestamp::Timestamp;
use crate::who::Mark;

pub use expiry::Ends;
pub use setting_up::{OidcInput, SamlInput};

/// What single sign-on works with.
#[derive(Clone)]
pub struct SignOnTools {
    pub store: Arc<dyn Store>,
    pub ids: Arc<dyn IdGen>,
    pub secrets: Arc<dyn SecretGen>,
    pub keys: Arc<Keys>,
    pub fetch: Arc<dyn Fetch>,
    pub offload: Arc<dyn Offload>,
    pub limiter: Arc<dyn RateLimiter>,
    /// Whether identity providers of this very machine may do without TLS, for trying things out.
    pub loopback_http_allowed: bool,
}

impl SignOnTools {
    /// The same for somebody who waits in front of a page until all questions to an identity provider are answered.
    pub(in crate::ops) fn in_front_of_a_page(&self) -> Self {
        Self { fetch: self.fetch.together(), ..self.clone() }
    }

    pub(super) async fn record(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }
}

pub struct Connections {
    tools: SignOnTools,
}

impl Connections {
    pub fn new(tools: SignOnTools) -> Self {
        Self { tools }
    }

    /// The tenant's connections, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<Connection>, Error> {
        Ok(self.tools.store.read(scope).await?.list_connections().await?)
    }

    /// # Errors
    /// [`Error::NotFound`].
    pub async fn find(&self, scope: &TenantScope, id: ConnectionId) -> Result<Connection, Error> {
        let found = self.tools.store.read(scope).await?.find_connection(id).await?;
        found.ok_or_else(|| not_found(id))
    }

    /// The tenant's own keys, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn own_keys(&self, scope: &TenantScope) -> Result<Vec<StoredSsoKey>, Error> {
        Ok(self.tools.store.read(scope).await?.list_sso_keys().await?)
    }

    /// How it went with a connection since then.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn counts(&self, scope: &TenantScope, of: ConnectionId, since: Timestamp) -> Result<SignInCounts, Error> {
        Ok(self.tools.store.read(scope).await?.count_sign_ins(of, since).await?)
    }

    /// Tests of connections that were begun and have not come back, as far as they still can, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open_tests(&self, scope: &TenantScope, now: Timestamp) -> Result<Vec<Attempt>, Error> {
        Ok(self.tools.store.read(scope).await?.list_open_tests(now).await?)
    }

    /// Entries of the sign-in log, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_ins(&self, scope: &TenantScope, query: &SignInQuery) -> Result<Vec<SignInEntry>, Error> {
        Ok(self.tools.store.read(scope).await?.sign_ins(query).await?)
    }

    /// Makes a connection that leads nowhere yet. The first one by SAML makes the tenant's own key.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] without a name, or when there are as many as there may be.
    pub async fn create(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        name: &str,
        protocol: Protocol,
    ) -> Result<Connection, Error> {
        let name = checked_name(name)?;
        let key = match protocol {
            Protocol::Saml => self.first_key(cx, tenant).await?,
            Protocol::Oidc => None,
        };
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        if tx.list_connections().await?.len() >= MAX_CONNECTIONS {
            return Err(Error::NotAllowed(format!("there may be {MAX_CONNECTIONS} connections; remove one first")));
        }
        let connection = Connection {
            id: ConnectionId(self.tools.ids.next(cx.now)),
            name,
            setup: match protocol {
                Protocol::Saml => {
                    let source = SamlSource::Url(String::new());
                    Setup::Saml(SamlSetup { source, signs_requests: false, found: None })
                }
                Protocol::Oidc => Setup::Oidc(OidcSetup {
                    issuer: String::new(),
                    client_id: String::new(),
                    secret_end: String::new(),
                    found: None,
                }),
            },
            rules: Rules {
                identity: IdentityClaim::ObjectId,
                idp_initiated: false,
                return_addresses: Vec::new(),
                creates_people: false,
            },
            setup_version: 1,
            version: 1,
            switch: Switch::Off,
            reading: Reading::default(),
            tested: None,
            test_failed: None,
            activated: None,
            created: cx.now,
            changed: Mark::of(cx),
        };
        tx.insert_connection(&connection, None).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::connection_created(&connection)).await?;
        if let Some(key) = key {
            self.put_first_key(tx.as_mut(), cx, key).await?;
        }
        tx.commit().await?;
        Ok(connection)
    }

    /// Removes a connection; its people's sessions end.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] while it is enforced, or the only way in that admins have.
    pub async fn remove(&self, cx: &OpContext, id: ConnectionId) -> Result<(), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find_in(tx.as_mut(), id).await?;
        if known.switch == Switch::Enforced {
            return Err(Error::NotAllowed(
                "people have to sign in by this connection; end the enforcement first".to_owned(),
            ));
        }
        switching::require_way_in_without(tx.as_mut(), id).await?;
        tx.delete_connection(id).await?;
        let told = tx.notices().await?.into_iter().map(|notice| notice.reason);
        let told: Vec<_> =
            told.filter(|reason| matches!(reason, Reason::CertificateEnds(of, _) if *of == id)).collect();
        tx.close_notices(&told).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::connection_removed(&known)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Changes a connection that nobody else has changed since it was seen, and tells it.
    async fn change<T>(
        &self,
        cx: &OpContext,
        id: ConnectionId,
        seen: Option<i64>,
        change: impl AsyncFnOnce(&mut dyn TenantTx, &mut Connection) -> Result<T, Error>,
    ) -> Result<(Connection, T), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let before = find_in(tx.as_mut(), id).await?;
        if seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::Outdated(Some(before.changed)));
        }
        let mut after = before.clone();
        let given = change(tx.as_mut(), &mut after).await?;
        if after != before {
            after.version = before.version + 1;
            after.changed = Mark::of(cx);
            tx.update_connection(&after).await?;
            if let Some(fact) = Fact::connection_changed(&before, &after) {
                self.tools.record(tx.as_mut(), cx, &fact).await?;
            }
        }
        tx.commit().await?;
        Ok((after, given))
    }
}

pub(super) async fn find_in(tx: &mut dyn TenantTx, id: ConnectionId) -> Result<Connection, Error> {
    tx.find_connection(id).await?.ok_or_else(|| not_found(id))
}

pub(super) fn not_found(id: ConnectionId) -> Error {
    Error::NotFound(format!("connection {id}"))
}

fn checked_name(name: &str) -> Result<String, Error> {
    match shown_text(name).map_err(Error::NotAllowed)? {
        name if name.is_empty() => Err(Error::NotAllowed("give the connection a name, such as Entra".to_owned())),
        name => Ok(name),
    }
}
