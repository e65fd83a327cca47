//! Jobs.

use async_trait::async_trait;
use domain::choices::HeadCount;
use domain::context::Actor;
use domain::directory::Kind;
use domain::ids::{JobId, ResourceId};
use domain::job::{Job, JobKind, JobState, JobStep};
use domain::store::{ReadJobs, StoreError, WriteJobs};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::{corrupt, moment};
use crate::sql::dialect;
use crate::sql::entity::job::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::resource;
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

pub fn read(row: Model) -> Result<Job, StoreError> {
    let asked_by = Actor::stored(&row.asked_kind, row.asked_id.as_deref(), row.asked_name.as_deref());
    let count = |column: i64| u64::try_from(column).map_err(corrupt);
    Ok(Job {
        id: JobId(row.id),
        kind: JobKind::named(&row.kind).ok_or_else(|| corrupt("job.kind"))?,
        state: JobState::named(&row.state).ok_or_else(|| corrupt("job.state"))?,
        total: count(row.total)?,
        done: count(row.done)?,
        failed: count(row.failed)?,
        position: ResourceId(row.position),
        asked_by: asked_by.ok_or_else(|| corrupt("job.asked_kind"))?,
        request_id: row.request_id,
        created: moment(row.created_us),
        ended: row.ended_us.map(moment),
    })
}

fn whole(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(corrupt)
}

impl<L: Line> Session<L> {
    async fn first_job(&self, jobs: Select<Entity>) -> Result<Option<Job>, StoreError> {
        let rows = self.rows(statement(jobs.limit(1))).await?;
        rows.first().map(|row| read(Model::from_query_result(row, "").map_err(failure)?)).transpose()
    }
}

#[async_trait]
impl<L: Line> ReadJobs for Session<L> {
    async fn latest_job(&mut self) -> Result<Option<Job>, StoreError> {
        self.first_job(self.door.select::<Entity>().order_by_desc(Column::Id)).await
    }

    async fn find_job(&mut self, id: JobId) -> Result<Option<Job>, StoreError> {
        self.first_job(self.door.select::<Entity>().filter(Column::Id.eq(id.0))).await
    }

    async fn head_count(&mut self) -> Result<HeadCount, StoreError> {
        let is_inactive = dialect::is_inactive(self.line.backend(), resource::Column::Doc.into_expr());
        let inactive = Expr::case(is_inactive, 1).finally(Expr::null());
        let people = self.of_kind(&Kind::USER).select_only();
        let people = people.expr_as(Expr::cust("count(*)"), "people").expr_as(Expr::expr(inactive).count(), "inactive");
        let rows = self.rows(statement(people)).await?;
        let row = rows.first().ok_or_else(|| corrupt("a count"))?;
        let count = |name: &str| u64::try_from(row.try_get::<i64>("", name).map_err(failure)?).map_err(corrupt);
        let (people, inactive) = (count("people")?, count("inactive")?);
        Ok(HeadCount { active: people.saturating_sub(inactive), inactive })
    }

    async fn total(&mut self, kind: &Kind) -> Result<u64, StoreError> {
        Ok(self.count(kind).await?.total)
    }
}

#[async_trait]
impl WriteJobs for Session<Transaction> {
    async fn insert_job(&mut self, job: &Job) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(job.id.0),
            kind: Set(job.kind.as_str().to_owned()),
            state: Set(job.state.as_str().to_owned()),
            total: Set(whole(job.total)?),
            done: Set(whole(job.done)?),
            failed: Set(whole(job.failed)?),
            position: Set(job.position.0),
            asked_kind: Set(job.asked_by.kind().to_owned()),
            asked_id: Set(job.asked_by.id()),
            asked_name: Set(job.asked_by.name().map(str::to_owned)),
            request_id: Set(job.request_id.clone()),
            created_us: Set(job.created.as_micros()),
            ended_us: Set(job.ended.map(Timestamp::as_micros)),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn advance_job(&mut self, id: JobId, step: &JobStep) -> Result<bool, StoreError> {
        let is_running = || Column::State.eq(JobState::Running.as_str());
        let ended = step.ended.map(Timestamp::as_micros);
        let state = if ended.is_some() { JobState::Done } else { JobState::Running };
        let state = Expr::case(is_running(), state.as_str()).finally(Expr::col(Column::State));
        let ended = Expr::case(is_running(), Expr::val(ended)).finally(Expr::col(Column::EndedUs));
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::Position, Expr::value(step.to.0))
            .col_expr(Column::Done, Expr::col(Column::Done).add(whole(step.done)?))
            .col_expr(Column::Failed, Expr::col(Column::Failed).add(whole(step.failed)?))
            .col_expr(Column::State, state.into())
            .col_expr(Column::EndedUs, ended.into())
            .filter(Column::Id.eq(id.0))
            .filter(Column::State.ne(JobState::Done.as_str()))
            .filter(Column::Position.eq(step.from.0));
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    async fn stop_jobs(&mut self, now: Timestamp) -> Result<Vec<Job>, StoreError> {
        let running = Column::State.eq(JobState::Running.as_str());
        let jobs = self.door.select::<Entity>().filter(running.clone()).order_by_asc(Column::Id).lock_exclusive();
        let jobs = jobs.all(&self.line).await.map_err(failure)?;
        let stop = self
            .door
            .update::<Entity>()
            .col_expr(Column::State, Expr::value(JobState::Stopped.as_str()))
            .col_expr(Column::EndedUs, Expr::value(now.as_micros()))
            .filter(running);
        stop.exec(&self.line).await.map_err(failure)?;
        let stopped = |row| Ok(Job { state: JobState::Stopped, ended: Some(now), ..read(row)? });
        jobs.into_iter().map(stopped).collect()
    }
}
