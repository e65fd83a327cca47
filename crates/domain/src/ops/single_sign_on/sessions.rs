//! Sessions of people after they began.

use super::SingleSignOn;
use crate::Error;
use crate::admin::session::{AdminSession, SEEN_SECONDS, SessionSecret};
use crate::context::{Actor, OpContext};
use crate::directory::{Kind, Related};
use crate::ids::{ResourceId, SessionId};
use crate::journal::Fact;
use crate::ops::accounts::{Visitor, context_of};
use crate::person::{PersonCaller, StoredPersonSession};
use crate::store::StoreError;
use crate::tenant::{Tenant, TenantScope, TenantStatus};
use crate::timestamp::Timestamp;

impl PersonCaller {
    pub fn actor(&self) -> Actor {
        Actor::Person { id: self.person.id, name: self.shown_name() }
    }
}

impl SingleSignOn {
    /// Who is calling, by the text of the session's cookie; none when it opens nothing in this tenant now, because it has ended
    /// or because the person may not sign in any more.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resume(&self, tenant: &Tenant, cookie: &str, now: Timestamp) -> Result<Option<PersonCaller>, Error> {
        let scope = tenant.scope();
        let Some(secret) = SessionSecret::parse(cookie) else { return Ok(None) };
        let mut read = self.tools.store.read(&scope).await?;
        let Some(session) = read.find_person_session(secret.id).await? else { return Ok(None) };
        if !session.is_live(now) || tenant.status != TenantStatus::Active {
            return Ok(None);
        }
        let view = read.find(&Kind::USER, session.person, true).await?;
        let Some(view) = view.filter(|view| view.stored.is_active()) else { return Ok(None) };
        drop(read);
        // Another process may have begun it under a key that this one has not read yet.
        self.tools.keys.learn(|ring| ring.holds(&session.digest.key)).await;
        if !secret.is_of(&session.digest, &self.tools.keys.ring()) {
            return Ok(None);
        }
        if session.last_seen.plus_seconds(SEEN_SECONDS) <= now {
            self.see(&scope, session.id, now).await;
        }
        let groups = match view.related {
            Related::Groups(groups) => groups,
            Related::None | Related::Members(_) => Vec::new(),
        };
        Ok(Some(PersonCaller { session, person: view.stored, groups, csrf: secret.csrf() }))
    }

    /// A session that cannot be noted as seen works all the same.
    async fn see(&self, scope: &TenantScope, id: SessionId, now: Timestamp) {
        let noted = async {
            let mut tx = self.tools.store.write(scope).await?;
            tx.see_person_session(id, now).await?;
            tx.commit().await
        };
        let noted: Result<(), StoreError> = noted.await;
        if let Err(error) = noted {
            tracing::debug!(%error, "a session could not be noted as seen");
        }
    }

    /// The caller's sessions that are live, the newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sessions(
        &self,
        scope: &TenantScope,
        caller: &PersonCaller,
        now: Timestamp,
    ) -> Result<Vec<AdminSession>, Error> {
        let stored = self.tools.store.read(scope).await?.list_person_sessions(caller.person.id).await?;
        let shown = |session: StoredPersonSession| AdminSession {
            id: session.id,
            signed_in: session.signed_in,
            last_seen: session.last_seen,
            address: session.address,
            client: session.client,
            is_own: session.id == caller.session.id,
        };
        Ok(stored.into_iter().filter(|session| session.is_live(now)).map(shown).collect())
    }

    /// Ends a session of the caller's.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the caller has none of that id.
    pub async fn end_session(&self, cx: &OpContext, caller: &PersonCaller, id: SessionId) -> Result<(), Error> {
        match self.end(cx, caller, |session| session.id == id, "ended").await? {
            0 => Err(Error::NotFound(format!("session {id}"))),
            _ => Ok(()),
        }
    }

    /// Ends all sessions of the caller's, this one too.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_everywhere(&self, cx: &OpContext, caller: &PersonCaller) -> Result<(), Error> {
        self.end(cx, caller, |_| true, "signed_out_everywhere").await.map(drop)
    }

    /// Ends the sessions of a person that an admin thinks should end; gives how many there were.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such person.
    pub async fn end_sessions_of(&self, cx: &OpContext, person: ResourceId) -> Result<u64, Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        if tx.find(&Kind::USER, person, false).await?.is_none() {
            return Err(Error::NotFound(format!("User {person}")));
        }
        let sessions = tx.list_person_sessions(person).await?;
        tx.end_person_sessions(person).await?;
        let live: Vec<_> = sessions.iter().filter(|session| session.is_live(cx.now)).collect();
        for session in &live {
            self.tools.record(tx.as_mut(), cx, &Fact::person_session_ended(session, "ended_by_admin")).await?;
        }
        tx.commit().await?;
        Ok(live.len() as u64)
    }

    pub(super) async fn end(
        &self,
        cx: &OpContext,
        caller: &PersonCaller,
        wanted: impl Fn(&StoredPersonSession) -> bool,
        how: &str,
    ) -> Result<u64, Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        let mut ended = 0;
        for session in tx.list_person_sessions(caller.person.id).await?.iter().filter(|session| wanted(session)) {
            if tx.end_person_session(session.id).await? && session.is_live(cx.now) {
                self.tools.record(tx.as_mut(), cx, &Fact::person_session_ended(session, how)).await?;
                ended += 1;
            }
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// The context of what a person does.
    pub fn context(tenant: &Tenant, caller: &PersonCaller, visitor: &Visitor, now: Timestamp) -> OpContext {
        context_of(tenant, caller.actor(), visitor, now)
    }
}
