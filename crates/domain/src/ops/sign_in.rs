//! Signing in: with a password and a second step, by a link, and with the session that follows.

pub(super) mod by_password;
mod forgotten;
mod links;
mod refusals;
mod sessions;

use std::sync::Arc;

use scim_protocol::secret::Secret;

use super::accounts::{Accounts, Beginning, Visitor, context_of};
use crate::Error;
use crate::admin::device::KnownDevice;
use crate::admin::second_step::RecoveryCode;
use crate::admin::session::{HolderId, NewSession, SessionSecret};
use crate::admin::throttle::{Throttle, Wait, beginning_of};
use crate::admin::{Admin, AdminCaller, StoredAdmin};
use crate::context::OpContext;
use crate::ids::{AdminId, TenantId};
use crate::journal::Fact;
use crate::mail::address;
use crate::ports::{Asker, Checked, RateLimiter};
use crate::store::TenantTx;
use crate::tenant::{Tenant, TenantSlug};
use crate::timestamp::Timestamp;

pub use links::{LinkOutcome, LinkUse};
use refusals::Refusals;

/// A try with a password.
#[derive(Clone, Debug)]
pub struct PasswordAttempt {
    /// As it was typed.
    pub email: String,
    pub password: Secret,
    pub visitor: Visitor,
}

/// What comes of a try to sign in.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Wrong address, password or code; which, nobody is told.
    Refused,
    /// Too many tries; this many seconds are enough to wait.
    Wait(u64),
    /// The password is right, but this account signs in by single sign-on.
    SingleSignOn,
    /// The password is right and the second step is owed: this session opens nothing else.
    SecondStep(NewSession),
    In(NewSession),
}

pub struct SignIn {
    accounts: Accounts,
    throttle: Throttle,
    refusals: Refusals,
}

/// How many seconds to wait where many others wait for their passwords to be checked.
const SOON: Wait = 5;

impl SignIn {
    pub fn new(accounts: Accounts, limiter: Arc<dyn RateLimiter>) -> Self {
        Self { accounts, throttle: Throttle::new(limiter), refusals: Refusals::default() }
    }

    /// Signs in with a password. An address that belongs to nobody is refused like a wrong password, and as late.
    ///
    /// # Errors
    /// Those of the store, and when passwords cannot be checked now.
    pub async fn with_password(
        &self,
        tenant: &Tenant,
        attempt: PasswordAttempt,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let PasswordAttempt { email, password, visitor } = attempt;
        let (scope, account) = (tenant.scope(), address::key(&email));
        let known = self.accounts.store.read(&scope).await?.find_admin_by_email(&account).await?;
        let device = known.as_ref().and_then(|known| self.device(tenant, known.admin.id, &visitor, now));
        if let Err(wait) = self.throttle.password(tenant.id, &account, visitor.address, device.as_ref()).await {
            return Ok(Outcome::Wait(wait));
        }
        let digest = known.as_ref().and_then(|known| known.password.as_ref());
        let asker = if device.is_some() { Asker::Known } else { Asker::Stranger };
        let checked = self.accounts.passwords.verify(tenant.id, asker, &password, digest).await?;
        match (checked, known) {
            (Checked::Right, Some(known)) => self.enter(tenant, known, &visitor, now).await,
            (Checked::Wrong, Some(known)) => {
                self.refusals.note(&scope, known.admin.id);
                Ok(Outcome::Refused)
            }
            (Checked::Later, _) => Ok(Outcome::Wait(SOON)),
            (_, None) => Ok(Outcome::Refused),
        }
    }

    /// Refuses a try at a tenant that there is not, as late as any other: who our customers are is nobody's business.
    ///
    /// # Errors
    /// When passwords cannot be checked now.
    pub async fn at_no_tenant(&self, slug: &TenantSlug, attempt: PasswordAttempt) -> Result<Outcome, Error> {
        let PasswordAttempt { email, password, visitor } = attempt;
        // Budgets and turns of its own, as every tenant has them: what is tried at one name must not be felt at another.
        let nobodys = self.nobody(slug);
        if let Err(wait) = self.throttle.password(nobodys, &address::key(&email), visitor.address, None).await {
            return Ok(Outcome::Wait(wait));
        }
        match self.accounts.passwords.verify(nobodys, Asker::Stranger, &password, None).await? {
            Checked::Later => Ok(Outcome::Wait(SOON)),
            Checked::Right | Checked::Wrong => Ok(Outcome::Refused),
        }
    }

    /// The id that no tenant of this name has.
    fn nobody(&self, slug: &TenantSlug) -> TenantId {
        TenantId(beginning_of(&self.accounts.keys.ring().sign_device(slug.as_str().as_bytes())))
    }

    /// Begins the session of an account whose password was right a moment ago.
    async fn enter(
        &self,
        tenant: &Tenant,
        checked: StoredAdmin,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let cx = context_of(tenant, checked.admin.actor(), visitor, now);
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        let Some(tenant) = tx.lock_tenant().await? else { return Ok(Outcome::Refused) };
        let current = tx.find_admin(checked.admin.id).await?.filter(|current| current.password == checked.password);
        let Some(current) = current else { return Ok(Outcome::Refused) };
        if !by_password::takes_password(tx.as_mut(), &tenant, &current.admin).await? {
            return Ok(Outcome::SingleSignOn);
        }
        let outcome = self.begin_for(tx.as_mut(), &cx, &current.admin, "password", visitor).await?;
        if matches!(outcome, Outcome::In(_)) {
            tx.note_password(current.admin.id, now).await?;
        }
        tx.commit().await?;
        Ok(outcome)
    }

    /// Begins the session of an account, which owes the second step if the account has one.
    async fn begin_for(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        admin: &Admin,
        by: &str,
        visitor: &Visitor,
    ) -> Result<Outcome, Error> {
        let is_complete = !admin.has_second_step;
        let beginning = Beginning {
            holder: HolderId::Admin(admin.id),
            is_complete,
            by_second_step: false,
            by,
            sign_on: None,
            visitor,
        };
        let session = self.accounts.begin(tx, cx, beginning).await?;
        Ok(if is_complete { Outcome::In(session) } else { Outcome::SecondStep(session) })
    }

    /// Does the second step with a code of the app or a recovery code. The session that owed it ends, and another begins.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the code cannot be checked.
    pub async fn second_step(
        &self,
        tenant: &Tenant,
        caller: &AdminCaller,
        code: &str,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Outcome, Error> {
        let Some(admin) = caller.admin().filter(|_| !caller.is_complete) else { return Ok(Outcome::Refused) };
        let device = self.device(tenant, admin.id, visitor, now);
        let spent = self.throttle.code(tenant.id, admin.id, caller.session.0, device.as_ref()).await;
        if let Err(wait) = spent {
            return Ok(Outcome::Wait(wait));
        }
        let cx = context_of(tenant, caller.actor(), visitor, now);
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let is_right = self.use_code(tx.as_mut(), &cx, admin.id, code).await?;
        if !is_right || !tx.end_session(caller.session).await? {
            self.refusals.note(&cx.scope, admin.id);
            return Ok(Outcome::Refused);
        }
        let by = "password and second step";
        let holder = HolderId::Admin(admin.id);
        let beginning = Beginning { holder, is_complete: true, by_second_step: true, by, sign_on: None, visitor };
        let session = self.accounts.begin(tx.as_mut(), &cx, beginning).await?;
        tx.note_password(admin.id, now).await?;
        tx.commit().await?;
        Ok(Outcome::In(session))
    }

    /// Uses up what was typed for the second step; false when it is good for nothing.
    async fn use_code(&self, tx: &mut dyn TenantTx, cx: &OpContext, id: AdminId, code: &str) -> Result<bool, Error> {
        let known = tx.find_admin(id).await?.and_then(|known| known.second_step);
        let Some(step) = known.filter(|step| step.confirmed.is_some()) else { return Ok(false) };
        let secret = self.accounts.totp(cx, id, &step.secret).await?;
        if let Some(step) = secret.step_of(code, step.last_step, cx.now) {
            return Ok(tx.use_second_step(id, step).await?);
        }
        let Some(code) = RecoveryCode::parse(code) else { return Ok(false) };
        if !tx.use_recovery_code(id, &secret.digest(&code)).await? {
            return Ok(false);
        }
        let left = tx.count_recovery_codes(id).await?;
        self.accounts.record(tx, cx, &Fact::recovery_code_used(id, left)).await?;
        Ok(true)
    }

    /// The visitor's browser, if this account has signed in with it.
    fn device(&self, tenant: &Tenant, admin: AdminId, visitor: &Visitor, now: Timestamp) -> Option<KnownDevice> {
        let text = visitor.device.as_deref()?;
        let known = KnownDevice::parse(text, &self.accounts.keys.ring(), tenant.id, now)?;
        (known.admin == admin).then_some(known)
    }
}
