//! Carries out jobs, a few resources at a time.
//!
//! Each person is changed by an operation of their own, with its own transaction and fact, as if whoever asked had done it.
//! What a step did is told from what is there afterwards, so that a step that was cut off, or that two workers took at once,
//! is taken again and counts the same.

use std::sync::Arc;

use scim_protocol::patch::PatchRequest;
use scim_protocol::sort::SortKey;
use scim_protocol::urn;
use serde_json::json;

use super::provisioning::{Provisioning, Show, Target};
use crate::Error;
use crate::activity::Trail;
use crate::choices::HeadCount;
use crate::context::OpContext;
use crate::directory::{Kind, StoredResource, View};
use crate::ids::FactId;
use crate::job::{Job, JobState, JobStep};
use crate::journal::Fact;
use crate::ports::IdGen;
use crate::store::{ListQuery, Position, Store, StoreError};
use crate::tenant::{TenantScope, TenantSlug};
use crate::timestamp::Timestamp;

/// People that one step looks at.
const BATCH: u64 = 50;

pub struct Jobs {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    provisioning: Arc<Provisioning>,
}

/// What became of one person.
enum Outcome {
    Done,
    /// There was nothing to do, or the person is gone.
    Nothing,
    Failed,
}

impl Jobs {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, provisioning: Arc<Provisioning>) -> Self {
        Self { store, ids, provisioning }
    }

    /// The job that was asked for last.
    pub async fn latest(&self, scope: &TenantScope) -> Result<Option<Job>, Error> {
        Ok(self.store.read(scope).await?.latest_job().await?)
    }

    /// How many people there are, to be told before somebody asks for a job about them.
    pub async fn head_count(&self, scope: &TenantScope) -> Result<HeadCount, Error> {
        Ok(self.store.read(scope).await?.head_count().await?)
    }

    /// How many people and groups there are.
    pub async fn totals(&self, scope: &TenantScope) -> Result<(u64, u64), Error> {
        let mut read = self.store.read(scope).await?;
        Ok((read.total(&Kind::USER).await?, read.total(&Kind::GROUP).await?))
    }

    /// Takes a step in each job that runs; false when there is none.
    ///
    /// # Errors
    /// The first failure; the other jobs had their step all the same, and the one that failed is taken again.
    pub async fn step(&self, now: Timestamp) -> Result<bool, Error> {
        let open = self.store.work().open_jobs().await?;
        let mut failed = None;
        for (slug, job) in &open {
            if let Err(error) = self.step_in(slug, job, now).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(!open.is_empty()), Err)
    }

    async fn step_in(&self, slug: &TenantSlug, job: &Job, now: Timestamp) -> Result<(), Error> {
        let Some(admission) = self.store.find_admission(slug).await? else { return Ok(()) };
        // Clocks differ, and a change of a job comes after the job.
        let now = now.max(job.created);
        let (actor, request_id) = (job.asked_by.clone(), job.request_id.clone());
        let cx = OpContext { scope: admission.tenant.scope(), actor, request_id, now, trail: Trail::default() };
        let people = self.next(&cx, job).await?;
        let mut step = JobStep { from: job.position, to: job.position, done: 0, failed: 0, ended: None };
        for person in &people {
            if !self.is_wanted(&cx, job).await? {
                // What it did so far counts, also when it was stopped meanwhile.
                return self.note(&cx, job, step).await;
            }
            match self.deactivate(&cx, job, &person.stored).await? {
                Outcome::Done => step.done += 1,
                Outcome::Failed => step.failed += 1,
                Outcome::Nothing => {}
            }
            step.to = person.stored.id;
        }
        step.ended = ((people.len() as u64) < BATCH).then_some(now);
        self.note(&cx, job, step).await
    }

    async fn next(&self, cx: &OpContext, job: &Job) -> Result<Vec<View>, StoreError> {
        let after = Position { key: SortKey::Missing, id: job.position };
        let query = ListQuery { after: Some(after), limit: BATCH, ..ListQuery::default() };
        Ok(self.store.read(&cx.scope).await?.list(&Kind::USER, &query).await?.views)
    }

    /// Whether the job still runs and nobody else has gone on with it.
    async fn is_wanted(&self, cx: &OpContext, job: &Job) -> Result<bool, StoreError> {
        let known = self.store.read(&cx.scope).await?.find_job(job.id).await?;
        Ok(known.is_some_and(|known| known.is_running() && known.position == job.position))
    }

    async fn deactivate(&self, cx: &OpContext, job: &Job, person: &StoredResource) -> Result<Outcome, Error> {
        if !person.is_active() {
            // By an earlier attempt at this step.
            let is_ours = person.modified >= job.created;
            return Ok(if is_ours { Outcome::Done } else { Outcome::Nothing });
        }
        let operation = json!({"op": "replace", "path": "active", "value": false});
        let request = PatchRequest::read(json!({"schemas": [urn::PATCH_OP], "Operations": [operation]}))?;
        let target = Target { kind: Kind::USER, id: person.id };
        match self.provisioning.patch(cx, &target, request, None, Show::Version).await {
            Ok(_) => Ok(Outcome::Done),
            Err(Error::NotFound(_)) => Ok(Outcome::Nothing),
            Err(Error::Store(error)) if error.may_pass() => Err(error.into()),
            Err(error) => {
                tracing::error!(job = %job.id, user = %person.id, %error, "a person cannot be deactivated");
                Ok(Outcome::Failed)
            }
        }
    }

    async fn note(&self, cx: &OpContext, job: &Job, step: JobStep) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        if !tx.advance_job(job.id, &step).await? {
            return Ok(());
        }
        // The end of one that was stopped has been told.
        let ended = tx.find_job(job.id).await?.filter(|job| job.state == JobState::Done);
        if let Some(ended) = ended {
            tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::job_ended(&ended)).await?;
        }
        Ok(tx.commit().await?)
    }
}
