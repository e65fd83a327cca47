//! Setting up the second step, and taking it away.

use scim_protocol::secret::Secret;

use super::People;
use super::own::{own, still_the_password};
use crate::Error;
use crate::admin::second_step::{RECOVERY_CODES, RecoveryCode, StoredSecondStep, TotpSecret};
use crate::admin::{Admin, AdminCaller};
use crate::context::OpContext;
use crate::ids::AdminId;
use crate::journal::Fact;
use crate::ops::accounts::{find, not_found, require_manager, require_somebody_else};
use crate::store::TenantTx;
use crate::tenant::Tenant;

/// What an app needs to make codes. Shown until a first code has shown that it does.
#[derive(Clone, Debug)]
pub struct Enrolment {
    pub secret: TotpSecret,
    /// The `otpauth` URI, for a picture that apps read.
    pub uri: String,
}

impl Enrolment {
    fn of(secret: TotpSecret, issuer: &str, admin: &Admin, tenant: &Tenant) -> Self {
        let uri = secret.uri(issuer, &format!("{} ({})", admin.email, tenant.slug));
        Self { secret, uri }
    }
}

fn waiting(step: Option<StoredSecondStep>) -> Result<StoredSecondStep, Error> {
    let waiting = step.filter(|step| step.confirmed.is_none());
    waiting.ok_or_else(|| Error::NotAllowed("nothing waits to be confirmed; begin anew".to_owned()))
}

impl People {
    /// Makes a secret for an app; nothing is asked for until [`People::confirm_second_step`].
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the password is wrong or the second step is on already.
    pub async fn begin_second_step(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        caller: &AdminCaller,
        password: &Secret,
        issuer: &str,
    ) -> Result<Enrolment, Error> {
        let id = own(caller)?.id;
        let checked = self.require_password(tenant, caller, password).await?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?;
        still_the_password(&known, &checked)?;
        if known.second_step.is_some_and(|step| step.confirmed.is_some()) {
            return Err(Error::NotAllowed("the second step is on; switch it off to set it up anew".to_owned()));
        }
        let secret = self.make_secret(tx.as_mut(), cx, id).await?;
        tx.commit().await?;
        Ok(Enrolment::of(secret, issuer, &known.admin, tenant))
    }

    /// What waits to be confirmed, for a page that is looked at twice.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when nothing does.
    pub async fn waiting_second_step(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        caller: &AdminCaller,
        issuer: &str,
    ) -> Result<Enrolment, Error> {
        let id = own(caller)?.id;
        let known = self.accounts.store.read(&cx.scope).await?.find_admin(id).await?.ok_or_else(|| not_found(id))?;
        let secret = self.accounts.totp(cx, id, &waiting(known.second_step)?.secret).await?;
        Ok(Enrolment::of(secret, issuer, &known.admin, tenant))
    }

    async fn make_secret(&self, tx: &mut dyn TenantTx, cx: &OpContext, id: AdminId) -> Result<TotpSecret, Error> {
        let secret = TotpSecret::new(self.accounts.secrets.bytes());
        let sealed = secret.seal(&self.accounts.keys.ring(), cx.scope.tenant(), id);
        let sealed = sealed.map_err(crate::store::StoreError::Internal)?;
        let step = StoredSecondStep { secret: sealed, confirmed: None, last_step: None };
        tx.set_second_step(id, Some(&step)).await?;
        Ok(secret)
    }

    /// Switches the second step on when this is a code of the app's; gives the recovery codes, which are shown this once.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when it is not, or when nothing waits to be confirmed.
    pub async fn confirm_second_step(
        &self,
        cx: &OpContext,
        caller: &AdminCaller,
        code: &str,
    ) -> Result<Vec<RecoveryCode>, Error> {
        let id = own(caller)?.id;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let pending = waiting(find(tx.as_mut(), id).await?.second_step)?;
        let secret = self.accounts.totp(cx, id, &pending.secret).await?;
        let step = secret.step_of(code, None, cx.now).ok_or_else(|| {
            Error::NotAllowed(
                "this is not the code that the app shows now; see that the clock of the phone is right".to_owned(),
            )
        })?;
        let confirmed = StoredSecondStep { confirmed: Some(cx.now), last_step: Some(step), ..pending };
        tx.set_second_step(id, Some(&confirmed)).await?;
        self.accounts.record(tx.as_mut(), cx, &Fact::second_step_changed(id, true)).await?;
        let codes = self.make_codes(tx.as_mut(), cx, id, &secret).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Makes the caller's recovery codes anew; the ones before open nothing any more.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the password is wrong or the second step is off.
    pub async fn renew_recovery_codes(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        caller: &AdminCaller,
        password: &Secret,
    ) -> Result<Vec<RecoveryCode>, Error> {
        let id = own(caller)?.id;
        let checked = self.require_password(tenant, caller, password).await?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        still_the_password(&find(tx.as_mut(), id).await?, &checked)?;
        let step = find(tx.as_mut(), id).await?.second_step.filter(|step| step.confirmed.is_some());
        let step = step.ok_or_else(|| Error::NotAllowed("the second step is off".to_owned()))?;
        let secret = self.accounts.totp(cx, id, &step.secret).await?;
        let codes = self.make_codes(tx.as_mut(), cx, id, &secret).await?;
        tx.commit().await?;
        Ok(codes)
    }

    async fn make_codes(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        id: AdminId,
        secret: &TotpSecret,
    ) -> Result<Vec<RecoveryCode>, Error> {
        let make = |_| RecoveryCode::new(self.accounts.secrets.bytes());
        let codes: Vec<_> = (0..RECOVERY_CODES).map(make).collect();
        let digests: Vec<_> = codes.iter().map(|code| secret.digest(code)).collect();
        tx.put_recovery_codes(id, &digests).await?;
        self.accounts.record(tx, cx, &Fact::recovery_codes_made(id)).await?;
        Ok(codes)
    }

    /// Switches the caller's second step off.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the password is wrong.
    pub async fn drop_own_second_step(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        caller: &AdminCaller,
        password: &Secret,
    ) -> Result<(), Error> {
        let id = own(caller)?.id;
        let checked = self.require_password(tenant, caller, password).await?;
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        still_the_password(&find(tx.as_mut(), id).await?, &checked)?;
        self.take_away(tx.as_mut(), cx, id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes the second step from somebody who has lost the app and the recovery codes.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the actor may not.
    pub async fn drop_second_step(&self, cx: &OpContext, id: AdminId) -> Result<(), Error> {
        let mut tx = self.accounts.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?.admin;
        require_manager(tx.as_mut(), &cx.actor, known.role).await?;
        require_somebody_else(&cx.actor, id)?;
        self.take_away(tx.as_mut(), cx, id).await?;
        tx.commit().await?;
        Ok(())
    }

    /// One that was never confirmed goes without a word.
    async fn take_away(&self, tx: &mut dyn TenantTx, cx: &OpContext, id: AdminId) -> Result<(), Error> {
        let Some(step) = find(tx, id).await?.second_step else { return Ok(()) };
        tx.set_second_step(id, None).await?;
        if step.confirmed.is_some() {
            self.accounts.record(tx, cx, &Fact::second_step_changed(id, false)).await?;
        }
        Ok(())
    }

    /// How many recovery codes of the caller were not used yet.
    ///
    /// # Errors
    /// Those of the store; [`Error::NotAllowed`] for whoever has no account.
    pub async fn count_recovery_codes(&self, cx: &OpContext, caller: &AdminCaller) -> Result<u64, Error> {
        let id = own(caller)?.id;
        Ok(self.accounts.store.read(&cx.scope).await?.count_recovery_codes(id).await?)
    }

    /// Encrypts secrets anew that rest on an old key of the ring; at most so many at once. Gives how many there were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reseal(&self, limit: u64) -> Result<u64, crate::store::StoreError> {
        let (work, ring) = (self.accounts.store.work(), self.accounts.keys.ring());
        let previous: Vec<_> = ring.ids().filter(|id| *id != ring.current()).cloned().collect();
        if previous.is_empty() {
            return Ok(0);
        }
        let mut done = 0;
        for stale in work.second_steps_under(&previous, limit).await? {
            if let Some(anew) = stale.sealed_anew(&ring) {
                work.reseal_second_step(&stale, &anew).await?;
                done += 1;
            }
        }
        Ok(done)
    }
}
