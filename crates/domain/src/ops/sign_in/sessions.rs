//! Sessions after they began.

use super::{SessionSecret, SignIn, Visitor, context_of};
use crate::Error;
use crate::activity::Trail;
use crate::admin::session::{AdminSession, HolderId, SEEN_SECONDS, StoredSession};
use crate::admin::throttle::Wait;
use crate::admin::{AdminCaller, SessionHolder};
use crate::context::OpContext;
use crate::ids::{AdminId, SessionId};
use crate::journal::Fact;
use crate::mail::MailAddress;
use crate::store::StoreError;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

impl AdminCaller {
    const fn holder_id(&self) -> HolderId {
        match &self.holder {
            SessionHolder::Admin(admin) => HolderId::Admin(admin.id),
            SessionHolder::SetupLink { id, .. } => HolderId::SetupLink(*id),
        }
    }
}

impl SignIn {
    /// Who is calling, by the text of the session's cookie; none when it opens nothing in this tenant now. A session whose
    /// second step is owed gives a caller who may nothing ([`AdminCaller::is_complete`]).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(
        &self,
        scope: &TenantScope,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<AdminCaller>, Error> {
        let Some((last_seen, caller)) = self.find_caller(scope, cookie, now).await? else { return Ok(None) };
        if last_seen.plus_seconds(SEEN_SECONDS) <= now {
            self.see(scope, caller.session, now).await;
        }
        Ok(Some(caller))
    }

    /// [`SignIn::resume`] for what a page asks by itself, which is no use of the session: in front of a page that nobody looks
    /// at it ends as everywhere.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn glance(
        &self,
        scope: &TenantScope,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<AdminCaller>, Error> {
        Ok(self.find_caller(scope, cookie, now).await?.map(|(_, caller)| caller))
    }

    /// Ends the session that a browser had when another begins in it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn leave(&self, tenant: &Tenant, cookie: &str, visitor: &Visitor, now: Timestamp) -> Result<(), Error> {
        match self.glance(&tenant.scope(), cookie, now).await? {
            Some(caller) => self.sign_out(&context_of(tenant, caller.actor(), visitor, now), &caller).await,
            None => Ok(()),
        }
    }

    /// Who is calling, and when they were seen last.
    async fn find_caller(
        &self,
        scope: &TenantScope,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<(Timestamp, AdminCaller)>, Error> {
        let Some(secret) = SessionSecret::parse(cookie) else { return Ok(None) };
        let Some(held) = self.accounts.store.read(scope).await?.find_session(secret.id).await? else {
            return Ok(None);
        };
        let session = held.session;
        if !session.is_live(now) {
            return Ok(None);
        }
        // Another process may have begun it under a key that this one has not read yet.
        self.accounts.keys.learn(|ring| ring.holds(&session.digest.key)).await;
        if !secret.is_of(&session.digest, &self.accounts.keys.ring()) {
            return Ok(None);
        }
        let caller = AdminCaller {
            session: session.id,
            holder: held.holder,
            csrf: secret.csrf(),
            signed_in: session.signed_in,
            is_complete: session.is_complete,
        };
        Ok(Some((session.last_seen, caller)))
    }

    /// A session that cannot be noted as seen works all the same.
    async fn see(&self, scope: &TenantScope, id: SessionId, now: Timestamp) {
        let noted = async {
            let mut tx = self.accounts.store.write(scope).await?;
            tx.see_session(id, now).await?;
            tx.commit().await
        };
        let noted: Result<(), StoreError> = noted.await;
        if let Err(error) = noted {
            tracing::debug!(%error, "a session could not be noted as seen");
        }
    }

    /// Whether the caller may try their password now, as before a deed that asks for it; how many seconds to wait when not.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn try_own_password(&self, tenant: &Tenant, caller: &AdminCaller) -> Result<(), Wait> {
        match caller.admin() {
            Some(admin) => self.throttle.own_password(tenant.id, admin.id).await,
            None => Ok(()),
        }
    }

    /// Whether a mail to this address may be sent for the caller now; how many seconds to wait when not.
    ///
    /// # Errors
    /// How long to wait.
    pub async fn try_invitation(&self, tenant: &Tenant, to: &MailAddress) -> Result<(), Wait> {
        self.throttle.invitation(tenant.id, &to.key()).await
    }

    /// Ends the caller's session.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_out(&self, cx: &OpContext, caller: &AdminCaller) -> Result<(), Error> {
        self.end(cx, caller.holder_id(), caller.session, "signed_out").await.map(drop)
    }

    /// The caller's sessions that are live, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sessions(
        &self,
        scope: &TenantScope,
        caller: &AdminCaller,
        now: Timestamp,
    ) -> Result<Vec<AdminSession>, Error> {
        let stored = self.accounts.store.read(scope).await?.list_sessions(caller.holder_id()).await?;
        let live = stored.into_iter().filter(|session| session.is_complete && session.is_live(now));
        let shown = |session: StoredSession| AdminSession {
            id: session.id,
            signed_in: session.signed_in,
            last_seen: session.last_seen,
            address: session.address,
            client: session.client,
            is_own: session.id == caller.session,
        };
        Ok(live.map(shown).collect())
    }

    /// Ends a session of the caller's.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the caller has none of that id.
    pub async fn end_session(&self, cx: &OpContext, caller: &AdminCaller, id: SessionId) -> Result<(), Error> {
        match self.end(cx, caller.holder_id(), id, "ended").await? {
            true => Ok(()),
            false => Err(Error::NotFound(format!("session {id}"))),
        }
    }

    /// Ends the caller's sessions but for the one that asks.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_other_sessions(&self, cx: &OpContext, caller: &AdminCaller) -> Result<(), Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        for session in tx.list_sessions(caller.holder_id()).await? {
            let is_other = session.id != caller.session;
            if is_other && tx.end_session(session.id).await? && session.is_complete && session.is_live(cx.now) {
                self.accounts.record(tx.as_mut(), cx, &Fact::session_ended(&session, "ended")).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn end(&self, cx: &OpContext, holder: HolderId, id: SessionId, how: &str) -> Result<bool, Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let known = tx.list_sessions(holder).await?.into_iter().find(|session| session.id == id);
        let Some(session) = known else { return Ok(false) };
        if !tx.end_session(id).await? {
            return Ok(false);
        }
        if session.is_complete {
            self.accounts.record(tx.as_mut(), cx, &Fact::session_ended(&session, how)).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Writes down what sign-ins were refused since the last time: one fact for an account and hour.
    ///
    /// # Errors
    /// The last failure; what could not be written is kept for the next time.
    pub async fn flush_refusals(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut done = Ok(());
        for (scope, admin, times) in self.refusals.take() {
            match self.tell_refusals(&scope, admin, times, now).await {
                Ok(true) => {}
                Ok(false) => self.refusals.keep(scope, admin, times),
                Err(error) => {
                    self.refusals.keep(scope, admin, times);
                    done = Err(error);
                }
            }
        }
        done
    }

    /// False when refusals of this account were told within the hour.
    async fn tell_refusals(
        &self,
        scope: &TenantScope,
        admin: AdminId,
        times: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.accounts.store.write(scope).await?;
        if tx.find_admin(admin).await?.is_none() {
            return Ok(true);
        }
        if !tx.note_refusals(admin, now.plus_seconds(-super::refusals::HOUR_SECONDS), now).await? {
            return Ok(false);
        }
        let cx = OpContext {
            scope: scope.clone(),
            actor: crate::context::Actor::System,
            request_id: "sign-ins".to_owned(),
            now,
            trail: Trail::default(),
        };
        self.accounts.record(tx.as_mut(), &cx, &Fact::sign_in_refused(admin, times)).await?;
        tx.commit().await?;
        Ok(true)
    }
}
