//! What operators do to tenants.

use std::sync::Arc;

use crate::Error;
use crate::activity::Trail;
use crate::admission::Admissions;
use crate::choices::Choices;
use crate::context::{Actor, OpContext};
use crate::directory::ResourceTypes;
use crate::ids::{FactId, TenantId};
use crate::journal::Fact;
use crate::limit::LimitOverrides;
use crate::ports::IdGen;
use crate::store::Store;
use crate::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantSlug, TenantStatus};
use crate::timestamp::Timestamp;

/// What a new tenant is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    pub slug: TenantSlug,
    pub name: String,
    pub rules: DirectoryRules,
}

pub struct Tenants {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    admissions: Arc<Admissions>,
}

impl Tenants {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, admissions: Arc<Admissions>) -> Self {
        Self { store, ids, admissions }
    }

    /// Adds a tenant with provisioning off.
    ///
    /// # Errors
    /// [`StoreError::Taken`](crate::store::StoreError::Taken) when the slug is in use.
    pub async fn create(&self, actor: &Actor, new: NewTenant, now: Timestamp) -> Result<Tenant, Error> {
        let tenant = Tenant {
            id: TenantId(self.ids.next(now)),
            slug: new.slug,
            name: new.name,
            status: TenantStatus::Active,
            provisioning: ProvisioningState::Off,
            rules: new.rules,
            choices: Choices::default(),
            admin_passwords: true,
            limits: LimitOverrides::default(),
            indexes: Arc::default(),
            types: ResourceTypes::standard(),
            domains: Arc::default(),
            created: now,
        };
        let mut tx = self.store.operate(actor).await?;
        tx.insert_tenant(&tenant).await?;
        let cx = context(actor, &tenant, now);
        tx.record(&cx, FactId(self.ids.next(now)), &Fact::tenant_created(&tenant)).await?;
        tx.commit().await?;
        Ok(tenant)
    }

    /// All tenants by slug.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Tenant>, Error> {
        Ok(self.store.operate(actor).await?.list_tenants().await?)
    }

    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, slug: &TenantSlug) -> Result<Tenant, Error> {
        let found = self.store.find_admission(slug).await?;
        Ok(found.ok_or_else(|| Error::NotFound(format!("tenant {slug}")))?.tenant)
    }

    /// Suspends or resumes a tenant.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn set_status(
        &self,
        actor: &Actor,
        slug: &TenantSlug,
        status: TenantStatus,
        now: Timestamp,
    ) -> Result<Tenant, Error> {
        let before = self.get(slug).await?;
        if before.status != status {
            let mut tx = self.store.operate(actor).await?;
            tx.set_status(before.id, status).await?;
            let fact = Fact::status_changed(before.status, status);
            tx.record(&context(actor, &before, now), FactId(self.ids.next(now)), &fact).await?;
            tx.commit().await?;
            self.admissions.forget(slug);
        }
        Ok(Tenant { status, ..before })
    }

    /// Removes a tenant with its directory, tokens and journal. There is no way back.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete(&self, actor: &Actor, slug: &TenantSlug, now: Timestamp) -> Result<Tenant, Error> {
        let tenant = self.get(slug).await?;
        let mut tx = self.store.operate(actor).await?;
        tx.delete_tenant(&context(actor, &tenant, now)).await?;
        tx.commit().await?;
        self.admissions.forget(slug);
        Ok(tenant)
    }
}

/// The context of something that is done to a tenant from the command line.
pub fn context(actor: &Actor, tenant: &Tenant, now: Timestamp) -> OpContext {
    OpContext {
        scope: tenant.scope(),
        actor: actor.clone(),
        request_id: "cli".to_owned(),
        now,
        trail: Trail::default(),
    }
}
