//! Signing in by single sign-on: away to the identity provider, back with its answer, and in.
//!
//! An answer is checked where it comes in ([`saml`], [`oidc`]) and kept under a ticket; the browser then picks it up
//! ([`arrive`]), which is when somebody is let in. The two are apart because a browser does not send its cookies with a form
//! that another site's page posts, by which SAML answers come, and without them nobody knows whose browser it is.

mod arrive;
mod begin;
mod doctor;
mod home;
mod join;
mod learn;
mod logout;
mod oidc;
mod own;
mod saml;
mod sessions;
mod testing;

use std::sync::Arc;

use super::accounts::{Accounts, Visitor, shortened};
use super::connections::{Connections, SignOnTools};
use super::provisioning::Provisioning;
use crate::Error;
use crate::admin::throttle::Throttle;
use crate::connection::Connection;
use crate::connection::arrival::Arrival;
use crate::connection::attempt::{Attempt, Purpose};
use crate::connection::cause::{Refused, SignInCause};
use crate::ids::{AttemptId, ConnectionId, ResourceId, SignInId};
use crate::ports::RateLimiter;
use crate::sign_in_log::{SignInEntry, logged_name};
use crate::store::{StoreError, TenantTx};
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

use learn::Turns;

pub use arrive::{Ticket, Welcome};
pub use begin::{Begun, Departure};
pub use doctor::{Diagnosis, Doctor};
pub use join::Outside;
pub use logout::{LogoutLanding, SignedOut};
pub use saml::Posted;
pub use testing::TestResult;

/// Characters that are kept of what was wrong: some of it is what anybody may have sent.
const MAX_DETAIL: usize = 300;

/// Where a browser goes that has brought an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The answer is good so far and waits to be picked up with this.
    PickUp {
        ticket: String,
        purpose: Purpose,
    },
    /// A test has ended, well or not.
    Tested(ConnectionId, AttemptId),
    Refused(Refused),
    /// Too many answers came from there; this many seconds are enough to wait.
    Wait(u64),
}

/// People's way in.
pub struct SingleSignOn {
    tools: SignOnTools,
    accounts: Accounts,
    connections: Arc<Connections>,
    provisioning: Arc<Provisioning>,
    throttle: Throttle,
    turns: Turns,
}

/// What the log says of a sign-in beside how it ended.
struct Logged<'l> {
    connection: Option<ConnectionId>,
    purpose: Purpose,
    is_solicited: bool,
    arrival: Option<&'l Arrival>,
    key: Option<&'l str>,
    person: Option<ResourceId>,
    /// Where they come from, if that is worth a note.
    outside: Option<Outside>,
    visitor: &'l Visitor,
}

impl<'l> Logged<'l> {
    /// Of an answer to an attempt, of which nothing is believed yet.
    fn of(attempt: &Attempt, visitor: &'l Visitor) -> Self {
        Self {
            connection: Some(attempt.connection),
            purpose: attempt.purpose,
            is_solicited: attempt.handle.is_some(),
            arrival: None,
            key: None,
            person: None,
            outside: None,
            visitor,
        }
    }

    /// Of an answer to nothing.
    fn of_nothing(connection: Option<ConnectionId>, visitor: &'l Visitor) -> Self {
        let (purpose, is_solicited) = (Purpose::SignIn, false);
        Self { connection, purpose, is_solicited, arrival: None, key: None, person: None, outside: None, visitor }
    }
}

impl SingleSignOn {
    pub fn new(
        tools: SignOnTools,
        accounts: Accounts,
        connections: Arc<Connections>,
        provisioning: Arc<Provisioning>,
        limiter: Arc<dyn RateLimiter>,
    ) -> Self {
        Self { tools, accounts, connections, provisioning, throttle: Throttle::new(limiter), turns: Turns::default() }
    }

    /// The connections that people can sign in by, the oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open_connections(&self, scope: &TenantScope) -> Result<Vec<Connection>, Error> {
        let mut all = self.connections.list(scope).await?;
        all.retain(Connection::is_open);
        Ok(all)
    }

    fn entry(&self, logged: &Logged<'_>, refused: Option<&Refused>, now: Timestamp) -> SignInEntry {
        let outside = || logged.outside.as_ref().map(Outside::detail);
        let detail = refused.map(|refused| refused.detail.clone()).or_else(outside);
        let name = logged.arrival.and_then(|arrival| arrival.user_name.as_deref().or(arrival.email.as_deref()));
        SignInEntry {
            id: SignInId(self.tools.ids.next(now)),
            at: now,
            connection: logged.connection,
            purpose: logged.purpose,
            is_solicited: logged.is_solicited,
            cause: refused.map(|refused| refused.cause),
            detail: detail.unwrap_or_default().chars().take(MAX_DETAIL).collect(),
            person: logged.person,
            name: name.map(logged_name),
            key: logged.key.map(str::to_owned),
            address: logged.visitor.address.to_string(),
            client: logged.visitor.client.as_deref().map(shortened),
        }
    }

    /// Refuses whoever comes before what they bring is looked at.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn turn_away(
        &self,
        tenant: &Tenant,
        cause: SignInCause,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        if let Err(wait) = self.throttle.sign_on(tenant.id, visitor.address).await {
            return Ok(Landing::Wait(wait));
        }
        let logged = Logged::of_nothing(None, visitor);
        Ok(Landing::Refused(self.refuse(tenant, &logged, cause.into(), now).await?))
    }

    /// Writes a refusal down, unless a flood of them is under way, and says it.
    async fn refuse(
        &self,
        tenant: &Tenant,
        logged: &Logged<'_>,
        refused: Refused,
        now: Timestamp,
    ) -> Result<Refused, Error> {
        tracing::info!(cause = refused.cause.code(), "a sign-in by single sign-on is refused");
        if self.throttle.keeps_refusal(tenant.id, logged.arrival.is_some()).await {
            let mut tx = self.tools.store.write(&tenant.scope()).await?;
            tx.log_sign_in(&self.entry(logged, Some(&refused), now)).await?;
            tx.commit().await?;
        }
        Ok(refused)
    }

    async fn log(&self, tx: &mut dyn TenantTx, logged: &Logged<'_>, now: Timestamp) -> Result<(), StoreError> {
        tx.log_sign_in(&self.entry(logged, None, now)).await
    }
}
