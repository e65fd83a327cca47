//! What a tenant's admins and operators switch and choose.

use std::sync::Arc;

use uuid::Uuid;

use super::credentials::{Credentials, Minted, NewToken};
use super::once;
use crate::Error;
use crate::admission::Admissions;
use crate::choices::{People, Preferences, Retention, SwitchedOff, distinct};
use crate::context::OpContext;
use crate::ids::{FactId, JobId, ResourceId};
use crate::job::{Job, JobKind, JobState};
use crate::journal::Fact;
use crate::limit::LimitOverrides;
use crate::mail::MailAddress;
use crate::ports::IdGen;
use crate::provider::Provider;
use crate::request_key::RequestKey;
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::{DirectoryRules, ProvisioningState, Tenant};
use crate::who::Mark;

/// What is to be saved. What is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsChange {
    /// The [version](crate::choices::Choices::version) that was looked at; with none, whatever is there is changed.
    pub seen: Option<i64>,
    /// By which a request that comes twice is known.
    pub key: Option<RequestKey>,
    pub provisioning: Option<ProvisioningState>,
    /// What is to become of people, where provisioning is to be off.
    pub people: People,
    pub provider: Option<Provider>,
    pub retention: Option<Retention>,
    pub notify: Option<Vec<MailAddress>>,
}

impl From<ProvisioningState> for SettingsChange {
    fn from(state: ProvisioningState) -> Self {
        Self { provisioning: Some(state), ..Self::default() }
    }
}

impl SettingsChange {
    fn preferences(&self, before: &Preferences) -> Result<Preferences, Error> {
        let notify = self.notify.clone().map_or_else(|| Ok(before.notify.clone()), distinct);
        Ok(Preferences {
            provider: self.provider.unwrap_or(before.provider),
            retention: self.retention.unwrap_or(before.retention),
            notify: notify.map_err(Error::NotAllowed)?,
        })
    }
}

/// What a change did.
#[derive(Clone, Debug)]
pub struct Switched {
    pub tenant: Tenant,
    /// The first switching-on makes the first token.
    pub minted: Option<Minted>,
    /// The job that deactivates people, when the change asked for one.
    pub job: Option<Job>,
}

pub struct Settings {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    credentials: Arc<Credentials>,
    admissions: Arc<Admissions>,
}

impl Settings {
    pub fn new(
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        credentials: Arc<Credentials>,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { store, ids, credentials, admissions }
    }

    /// Switches provisioning on, off or to a pause. The first time it is switched on, a token is made; switching off keeps
    /// tokens and people, and refuses calls.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn set_provisioning(&self, cx: &OpContext, state: ProvisioningState) -> Result<Switched, Error> {
        self.change(cx, state.into()).await
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone, [`Error::NotAllowed`] when provisioning is off.
    pub async fn resume_provisioning(&self, cx: &OpContext) -> Result<Switched, Error> {
        self.save(cx, ProvisioningState::On.into(), Some("switch it on instead of resuming it")).await
    }

    /// Saves what admins choose: all of it or nothing. Switching off asks what is to become of people; deactivating them is a
    /// [job](crate::job), which switching on stops. To ask for that when provisioning is off already begins the job too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone, [`Error::NotAllowed`] for pausing what is off, [`Error::Outdated`] when
    /// somebody else has changed something since, [`Error::ShownAlready`] when the request came before and made a token.
    pub async fn change(&self, cx: &OpContext, change: SettingsChange) -> Result<Switched, Error> {
        let is_pause = change.provisioning == Some(ProvisioningState::Paused);
        self.save(cx, change, is_pause.then_some("there is nothing to pause")).await
    }

    /// `unless_off`: what to tell a caller who may not do this while provisioning is off.
    async fn save(&self, cx: &OpContext, change: SettingsChange, unless_off: Option<&str>) -> Result<Switched, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = lock(tx.as_mut(), cx).await?;
        match once::find(tx.as_mut(), change.key.as_ref()).await?.map(|made| made.credential) {
            Some(Some(credential)) => return Err(Error::ShownAlready(credential)),
            Some(None) => return Ok(Switched { tenant: before, minted: None, job: tx.latest_job().await? }),
            None => {}
        }
        if change.seen.is_some_and(|seen| seen != before.choices.version) {
            return Err(Error::Outdated(before.choices.changed));
        }
        if let Some(advice) = unless_off.filter(|_| before.provisioning == ProvisioningState::Off) {
            return Err(Error::NotAllowed(format!("provisioning is off; {advice}")));
        }
        let preferences = change.preferences(&before.choices.preferences)?;
        let mut after = Tenant { provisioning: change.provisioning.unwrap_or(before.provisioning), ..before.clone() };
        if preferences != before.choices.preferences {
            self.tell(tx.as_mut(), cx, &Fact::preferences_changed(&before.choices.preferences, &preferences)).await?;
            after.choices.preferences = preferences;
        }
        let job = self.switch(tx.as_mut(), cx, &change, &before, &mut after).await?;
        if (after.provisioning, &after.choices) != (before.provisioning, &before.choices) {
            after.choices.version += 1;
            after.choices.changed = Some(Mark::of(cx));
            tx.set_choices(after.provisioning, &after.choices).await?;
        }
        let minted = match change.provisioning {
            Some(ProvisioningState::On) => self.mint_first(tx.as_mut(), cx).await?,
            _ => None,
        };
        let credential = minted.as_ref().map(|minted| minted.token.id);
        once::note(tx.as_mut(), change.key.as_ref(), credential, cx.now).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(Switched { tenant: after, minted, job })
    }

    /// What the switch of provisioning brings with it, where it is a matter of the change.
    async fn switch(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        change: &SettingsChange,
        before: &Tenant,
        after: &mut Tenant,
    ) -> Result<Option<Job>, Error> {
        let is_switched = after.provisioning != before.provisioning;
        if is_switched {
            after.choices.switched = Some(Mark::of(cx));
            after.choices.off = None;
        }
        let running = tx.latest_job().await?.filter(Job::is_running);
        let is_asked_now = is_switched || (change.people == People::Deactivate && running.is_none());
        let is_off = change.provisioning == Some(ProvisioningState::Off);
        if is_off && is_asked_now {
            after.choices.off = Some(SwitchedOff { people: change.people, count: tx.head_count().await? });
        }
        if is_switched {
            let off = after.choices.off.as_ref();
            let fact = Fact::provisioning_changed(before.provisioning, after.provisioning, off);
            self.tell(tx, cx, &fact).await?;
        }
        if is_switched && after.provisioning == ProvisioningState::On {
            for stopped in tx.stop_jobs(cx.now).await? {
                self.tell(tx, cx, &Fact::job_ended(&stopped)).await?;
            }
        }
        match after.choices.off.filter(|_| is_off && is_asked_now) {
            Some(SwitchedOff { people: People::Deactivate, count }) => self.deactivate(tx, cx, count.active).await,
            _ => Ok(running.filter(|_| is_off)),
        }
    }

    /// Asks for everybody to be deactivated. Where nobody is active there is nothing to do.
    async fn deactivate(&self, tx: &mut dyn TenantTx, cx: &OpContext, active: u64) -> Result<Option<Job>, Error> {
        if active == 0 {
            return Ok(None);
        }
        let job = Job {
            id: JobId(self.ids.next(cx.now)),
            kind: JobKind::DeactivatePeople,
            state: JobState::Running,
            total: active,
            done: 0,
            failed: 0,
            position: ResourceId(Uuid::nil()),
            asked_by: cx.actor.clone(),
            request_id: cx.request_id.clone(),
            created: cx.now,
            ended: None,
        };
        tx.insert_job(&job).await?;
        self.tell(tx, cx, &Fact::job_started(&job)).await?;
        Ok(Some(job))
    }

    async fn mint_first(&self, tx: &mut dyn TenantTx, cx: &OpContext) -> Result<Option<Minted>, Error> {
        if !tx.list_credentials().await?.is_empty() {
            return Ok(None);
        }
        let new = NewToken { label: "first".to_owned(), ..NewToken::default() };
        self.credentials.mint_in(tx, cx, new).await.map(Some)
    }

    /// Ticks a step of the set-up guide, or takes the tick back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone.
    pub async fn tick(&self, cx: &OpContext, step: &str, is_done: bool) -> Result<Tenant, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let mut tenant = lock(tx.as_mut(), cx).await?;
        let ticks = &mut tenant.choices.ticks;
        let is_changed = if is_done { ticks.insert(step.to_owned()) } else { ticks.remove(step) };
        if is_changed {
            tx.set_choices(tenant.provisioning, &tenant.choices).await?;
            self.tell(tx.as_mut(), cx, &Fact::guide_ticked(step, is_done)).await?;
            tx.commit().await?;
            self.admissions.forget(cx.scope.slug());
        }
        Ok(tenant)
    }

    /// Changes the rules of the directory, all but the one about group names, which holds from the first group on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone.
    pub async fn set_rules(&self, cx: &OpContext, change: impl FnOnce(&mut DirectoryRules)) -> Result<Tenant, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = lock(tx.as_mut(), cx).await?;
        let mut rules = before.rules;
        change(&mut rules);
        rules.unique_group_names = before.rules.unique_group_names;
        if rules != before.rules {
            tx.set_rules(rules).await?;
            self.tell(tx.as_mut(), cx, &Fact::rules_changed(before.rules, rules)).await?;
            tx.commit().await?;
            self.admissions.forget(cx.scope.slug());
        }
        Ok(Tenant { rules, ..before })
    }

    /// Changes what the tenant may spend.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone.
    pub async fn set_limits(&self, cx: &OpContext, change: impl FnOnce(&mut LimitOverrides)) -> Result<Tenant, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = lock(tx.as_mut(), cx).await?;
        let mut limits = before.limits;
        change(&mut limits);
        if limits != before.limits {
            tx.set_limits(&limits).await?;
            self.tell(tx.as_mut(), cx, &Fact::limits_changed(&before.limits, &limits)).await?;
            tx.commit().await?;
            self.admissions.forget(cx.scope.slug());
        }
        Ok(Tenant { limits, ..before })
    }

    async fn tell(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }
}

async fn lock(tx: &mut dyn TenantTx, cx: &OpContext) -> Result<Tenant, Error> {
    tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))
}
