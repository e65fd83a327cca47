//! Jobs, and what has to be known before one is asked for.

use async_trait::async_trait;

use super::StoreError;
use crate::choices::HeadCount;
use crate::directory::Kind;
use crate::ids::JobId;
use crate::job::{Job, JobStep};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadJobs: Send {
    /// The job that was asked for last.
    async fn latest_job(&mut self) -> Result<Option<Job>, StoreError>;

    async fn find_job(&mut self, id: JobId) -> Result<Option<Job>, StoreError>;

    /// How many people there are. It looks at everybody.
    async fn head_count(&mut self) -> Result<HeadCount, StoreError>;

    /// How many resources there are of a kind, which is known without counting.
    async fn total(&mut self, kind: &Kind) -> Result<u64, StoreError>;
}

#[async_trait]
pub trait WriteJobs: Send {
    async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError>;

    /// Notes what a step did. A job that was stopped meanwhile stays so, and counts what its last step did. False when the
    /// job is not where the step began, or is done.
    async fn advance_job(&mut self, id: JobId, step: &JobStep) -> Result<bool, StoreError>;

    /// Stops the jobs that run; gives them as they are then.
    async fn stop_jobs(&mut self, now: Timestamp) -> Result<Vec<Job>, StoreError>;
}
