//! The tenant's own switches.

use std::sync::Arc;

use super::credentials::{Credentials, Minted, NewToken};
use crate::Error;
use crate::admission::Admissions;
use crate::context::OpContext;
use crate::ids::FactId;
use crate::journal::Fact;
use crate::limit::LimitOverrides;
use crate::ports::IdGen;
use crate::store::Store;
use crate::tenant::{DirectoryRules, ProvisioningState, Tenant};

/// What switching provisioning did.
#[derive(Clone, Debug)]
pub struct Switched {
    pub tenant: Tenant,
    /// The first switching-on makes the first token.
    pub minted: Option<Minted>,
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
    /// tokens and refuses calls.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone, [`Error::NotAllowed`] for pausing what is off.
    pub async fn set_provisioning(&self, cx: &OpContext, state: ProvisioningState) -> Result<Switched, Error> {
        let needs_on = (state == ProvisioningState::Paused).then_some("there is nothing to pause");
        self.switch(cx, state, needs_on).await
    }

    /// Changes the rules of the directory, all but the one about group names, which holds from the first group on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone.
    pub async fn set_rules(&self, cx: &OpContext, change: impl FnOnce(&mut DirectoryRules)) -> Result<Tenant, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))?;
        let mut rules = before.rules;
        change(&mut rules);
        rules.unique_group_names = before.rules.unique_group_names;
        if rules != before.rules {
            tx.set_rules(rules).await?;
            tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::rules_changed(before.rules, rules)).await?;
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
        let before = tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))?;
        let mut limits = before.limits;
        change(&mut limits);
        if limits != before.limits {
            tx.set_limits(&limits).await?;
            tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::limits_changed(&before.limits, &limits)).await?;
            tx.commit().await?;
            self.admissions.forget(cx.scope.slug());
        }
        Ok(Tenant { limits, ..before })
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone, [`Error::NotAllowed`] when provisioning is off.
    pub async fn resume_provisioning(&self, cx: &OpContext) -> Result<Switched, Error> {
        self.switch(cx, ProvisioningState::On, Some("switch it on instead of resuming it")).await
    }

    /// `unless_off`: what to tell a caller who may not do this while provisioning is off.
    async fn switch(
        &self,
        cx: &OpContext,
        state: ProvisioningState,
        unless_off: Option<&str>,
    ) -> Result<Switched, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))?;
        if let Some(advice) = unless_off.filter(|_| before.provisioning == ProvisioningState::Off) {
            return Err(Error::NotAllowed(format!("provisioning is off; {advice}")));
        }
        if before.provisioning != state {
            tx.set_provisioning(state).await?;
            let fact = Fact::provisioning_changed(before.provisioning, state);
            tx.record(cx, FactId(self.ids.next(cx.now)), &fact).await?;
        }
        let is_first = state == ProvisioningState::On && tx.list_credentials().await?.is_empty();
        let minted = match is_first {
            true => {
                let new = NewToken { label: "first".to_owned(), ..NewToken::default() };
                Some(self.credentials.mint_in(tx.as_mut(), cx, new).await?)
            }
            false => None,
        };
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(Switched { tenant: Tenant { provisioning: state, ..before }, minted })
    }
}
