//! Reading again what identity providers publish, before somebody is refused because it has changed.

use super::{Connections, SignOnTools};
use crate::Error;
use crate::activity::Trail;
use crate::admin::throttle::Throttle;
use crate::connection::cause::Refused;
use crate::connection::saml::SamlSource;
use crate::connection::{Connection, Setup};
use crate::context::{Actor, OpContext};
use crate::ids::ConnectionId;
use crate::journal::Fact;
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Metadata is read again after so long (Entra publishes a new certificate weeks before it is used).
pub const READ_AGAIN_SECONDS: i64 = 86_400;

/// Keys of OpenID Connect are read again after so long: providers may change them any day.
const KEYS_AGAIN_SECONDS: i64 = 3_600;

/// A reading that failed is tried again after so long.
const FAILED_SECONDS: i64 = 900;

/// A key that is not known has it read again, but not more often than this: anybody can send what is signed with some key.
pub const UNKNOWN_KEY_SECONDS: i64 = 300;

impl Connection {
    /// Whether it is time to read again what the identity provider publishes.
    pub fn is_to_be_read(&self, now: Timestamp) -> bool {
        let after = match &self.setup {
            Setup::Saml(saml) => match saml.source {
                SamlSource::Url(_) if saml.found.is_some() => READ_AGAIN_SECONDS,
                SamlSource::Url(_) | SamlSource::File | SamlSource::Hand => return false,
            },
            Setup::Oidc(oidc) if oidc.found.is_some() => KEYS_AGAIN_SECONDS,
            Setup::Oidc(_) => return false,
        };
        let is_due = |since: Option<Timestamp>, after: i64| since.is_none_or(|at| at.plus_seconds(after) <= now);
        is_due(self.reading.done, after) && is_due(self.reading.tried, FAILED_SECONDS.min(after))
    }

    /// Whether it may be read again because of a key that is not known.
    pub fn may_be_read(&self, now: Timestamp) -> bool {
        let is_published = match &self.setup {
            Setup::Saml(saml) => matches!(saml.source, SamlSource::Url(_)),
            Setup::Oidc(_) => true,
        };
        is_published && self.reading.tried.is_none_or(|at| at.plus_seconds(UNKNOWN_KEY_SECONDS) <= now)
    }
}

/// A connection after its identity provider was asked what it publishes, if it was.
pub struct Anew {
    pub connection: Connection,
    /// Why there is nothing new.
    pub refused: Option<Refused>,
}

impl From<Connection> for Anew {
    fn from(connection: Connection) -> Self {
        Self { connection, refused: None }
    }
}

impl SignOnTools {
    /// Reads again what the identity provider of a connection publishes, and writes down what came of it, also in the
    /// [`Reading`](crate::connection::Reading) of the connection.
    ///
    /// # Errors
    /// Those of the store, and [`Error::NotFound`] when it was removed meanwhile.
    pub async fn read_again(&self, cx: &OpContext, connection: &Connection) -> Result<Anew, Error> {
        let read = self.publish(connection, cx.now).await;
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let before = super::find_in(tx.as_mut(), connection.id).await?;
        let mut after = before.clone();
        // Somebody has set it up anew meanwhile, and read it then.
        if !is_of(&before.setup, &connection.setup) {
            return Ok(before.into());
        }
        after.reading.tried = Some(cx.now);
        let refused = match read {
            Ok(setup) => {
                after.reading.done = Some(cx.now);
                put(&mut after.setup, setup);
                None
            }
            Err(refused) => Some(refused),
        };
        after.reading.fault = refused.as_ref().map(|refused| refused.detail.clone());
        tx.update_connection(&after).await?;
        if let Some(fact) = Fact::connection_changed(&before, &after) {
            self.record(tx.as_mut(), cx, &fact).await?;
        }
        tx.commit().await?;
        Ok(Anew { connection: after, refused })
    }

    /// The same for somebody who misses a key, if nobody has tried a short while ago, on whichever server.
    ///
    /// # Errors
    /// As [`read_again`](Self::read_again).
    pub async fn read_for_key(&self, cx: &OpContext, id: ConnectionId) -> Result<Anew, Error> {
        let known = self.store.read(&cx.scope).await?.find_connection(id).await?;
        let known = known.ok_or_else(|| super::not_found(id))?;
        if !known.may_be_read(cx.now) {
            return Ok(known.into());
        }
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let mut known = super::find_in(tx.as_mut(), id).await?;
        if !known.may_be_read(cx.now) {
            return Ok(known.into());
        }
        // Said before it is done, so that nobody else does it as well.
        known.reading.tried = Some(cx.now);
        tx.update_connection(&known).await?;
        tx.commit().await?;
        self.read_again(cx, &known).await
    }

    async fn publish(&self, connection: &Connection, now: Timestamp) -> Result<Setup, Refused> {
        match &connection.setup {
            Setup::Saml(saml) => {
                let SamlSource::Url(url) = &saml.source else { return Ok(connection.setup.clone()) };
                let known = saml.found.as_ref().map(|found| found.entity_id.as_str());
                let found = self.read_metadata(url, known, now).await?;
                let mut read = saml.clone();
                read.found = Some(found);
                Ok(Setup::Saml(read))
            }
            Setup::Oidc(oidc) => {
                let found = self.read_provider(&self.issuer(&oidc.issuer)?).await?;
                let mut read = oidc.clone();
                read.found = Some(found);
                Ok(Setup::Oidc(read))
            }
        }
    }

    /// The context of what nobody but the server does.
    pub fn own_context(scope: &TenantScope, now: Timestamp) -> OpContext {
        OpContext {
            scope: scope.clone(),
            actor: Actor::System,
            request_id: "single-sign-on".to_owned(),
            now,
            trail: Trail::default(),
        }
    }
}

/// Whether both are set up with the same identity provider.
fn is_of(one: &Setup, other: &Setup) -> bool {
    match (one, other) {
        (Setup::Saml(one), Setup::Saml(other)) => one.source == other.source,
        (Setup::Oidc(one), Setup::Oidc(other)) => one.issuer == other.issuer,
        _ => false,
    }
}

/// Puts in what was read, and leaves what admins chose.
fn put(setup: &mut Setup, read: Setup) {
    match (setup, read) {
        (Setup::Saml(kept), Setup::Saml(read)) => kept.found = read.found,
        (Setup::Oidc(kept), Setup::Oidc(read)) => kept.found = read.found,
        _ => {}
    }
}

impl Connections {
    /// Reads again at once what an identity provider publishes.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] says why it cannot be read.
    pub async fn read_now(&self, cx: &OpContext, id: ConnectionId) -> Result<Connection, Error> {
        let known = self.find(&cx.scope, id).await?;
        self.spend_reading(cx).await?;
        let after = self.tools.read_again(cx, &known).await?;
        match after.refused {
            Some(refused) => Err(Error::NotAllowed(refused.detail)),
            None => Ok(after.connection),
        }
    }

    /// Spends a reading that an admin asks for: a question to a server of others.
    pub(super) async fn spend_reading(&self, cx: &OpContext) -> Result<(), Error> {
        let throttle = Throttle::new(self.tools.limiter.clone());
        throttle.reading(cx.scope.tenant()).await.map_err(|wait| {
            Error::NotAllowed(format!("identity providers were asked too often; try again in {wait} seconds"))
        })
    }

    /// Reads what is due of a tenant; gives how many were read.
    ///
    /// # Errors
    /// The last failure of the store; the other connections are read all the same.
    pub async fn read_due(&self, scope: &TenantScope, now: Timestamp) -> Result<u64, Error> {
        let cx = SignOnTools::own_context(scope, now);
        let (mut done, mut outcome) = (0, Ok(()));
        for connection in self.list(scope).await?.iter().filter(|connection| connection.is_to_be_read(now)) {
            match self.tools.read_again(&cx, connection).await {
                Ok(_) => done += 1,
                Err(Error::NotFound(_)) => {}
                Err(error) => outcome = Err(error),
            }
        }
        outcome.map(|()| done)
    }
}
