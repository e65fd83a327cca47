//! Erasing a tenant, in steps that others do not wait for, with a record of it that stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tenants::context;
use crate::Error;
use crate::admission::Admissions;
use crate::context::Actor;
use crate::erasure::Erasure;
use crate::keys::Keys;
use crate::ports::IdGen;
use crate::store::{Store, StoreError, TenantData};
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

/// Rows that are deleted in one transaction.
const AT_ONCE: u64 = 1_000;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many rows went; there may be more.
    Deleted(u64),
    /// Some process may serve the tenant until then.
    Wait(Timestamp),
    Done(Box<Erasure>),
}

pub struct Erasures {
    data: Arc<dyn TenantData>,
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    keys: Arc<Keys>,
    admissions: Arc<Admissions>,
}

impl Erasures {
    pub fn new(
        data: Arc<dyn TenantData>,
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        keys: Arc<Keys>,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { data, store, ids, keys, admissions }
    }

    /// All there were, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn list(&self) -> Result<Vec<Erasure>, Error> {
        Ok(self.data.erasures().await?)
    }

    /// The erasure of this tenant that was begun and not ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open(&self, slug: &TenantSlug) -> Result<Option<Erasure>, Error> {
        let all = self.data.erasures().await?;
        Ok(all.into_iter().find(|erasure| erasure.ended.is_none() && erasure.slug == slug.as_str()))
    }

    /// Suspends the tenant and writes down that it is being erased. From here on there is no way back.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`StoreError::Taken`] when somebody else began it a moment ago.
    pub async fn begin(
        &self,
        actor: &Actor,
        slug: &TenantSlug,
        asked_by: &str,
        now: Timestamp,
    ) -> Result<Erasure, Error> {
        let found = self.store.find_admission(slug).await?;
        let tenant = found.ok_or_else(|| Error::NotFound(format!("tenant {slug}")))?.tenant;
        let erasure = Erasure {
            id: self.ids.next(now),
            tenant: tenant.id,
            slug: slug.to_string(),
            name: tenant.name.clone(),
            asked_by: asked_by.to_owned(),
            begun: now,
            ended: None,
            rows: BTreeMap::new(),
            proof: None,
        };
        self.data.begin_erasure(&context(actor, &tenant, now), &erasure).await?;
        self.admissions.forget(slug);
        Ok(erasure)
    }

    /// Goes on with an erasure, whose end waits for so many seconds after its beginning: [`SETTLE_SECONDS`] as long as somebody
    /// may be served.
    ///
    /// [`SETTLE_SECONDS`]: crate::erasure::SETTLE_SECONDS
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn step(
        &self,
        actor: &Actor,
        erasure: &Erasure,
        settle_seconds: i64,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let deleted = match self.data.erase_some(erasure, AT_ONCE).await {
            // Somebody who was still being served has written; the next step finds that too.
            Err(StoreError::Contention | StoreError::MemberGone) => return Ok(Step::Deleted(0)),
            deleted => deleted?,
        };
        if deleted >= AT_ONCE {
            return Ok(Step::Deleted(deleted));
        }
        let settled = erasure.begun.plus_seconds(settle_seconds);
        if now < settled {
            return Ok(Step::Wait(settled));
        }
        let slug: TenantSlug = erasure.slug.parse().map_err(StoreError::Internal)?;
        let found = self.store.find_admission(&slug).await?.map(|admission| admission.tenant);
        let tenant = found.filter(|tenant| tenant.id == erasure.tenant);
        let Some(tenant) = tenant else {
            // Somebody else has brought it to its end.
            let ended = self.list().await?.into_iter().find(|known| known.id == erasure.id && known.ended.is_some());
            return ended
                .map(|ended| Step::Done(Box::new(ended)))
                .ok_or_else(|| Error::NotFound(format!("tenant {slug}")));
        };
        let ring = self.keys.ring();
        let proven = move |record: &Erasure| record.proven(&ring).map_err(StoreError::Internal);
        match self.data.end_erasure(&context(actor, &tenant, now), erasure, &proven).await {
            Err(StoreError::Contention | StoreError::MemberGone) => Ok(Step::Deleted(0)),
            ended => {
                let ended = ended?;
                self.admissions.forget(&slug);
                Ok(Step::Done(Box::new(ended)))
            }
        }
    }
}
