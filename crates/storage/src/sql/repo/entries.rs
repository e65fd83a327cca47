//! The journal as people read it.

use async_trait::async_trait;
use domain::audit::Entry;
use domain::ids::ResourceId;
use domain::journal::NumberedFact;
use domain::store::{EntryQuery, ReadEntries, StoreError};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Asterisk, Expr, Query};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select};
use uuid::Uuid;

use super::{corrupt, moment};
use crate::sql::dialect;
use crate::sql::entity::fact::{Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;

/// As it stands in the condition of the index `fact_not_by_provider`, which a parameter would not meet.
const NOT_BY_PROVIDER: &str = "fact.actor_kind NOT IN ('token', 'client')";

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    frame: Model,
    body: Option<String>,
}

fn read(rows: &[QueryResult]) -> Result<Vec<Entry>, StoreError> {
    let entry = |row: &QueryResult| {
        let Row { frame, body } = Row::from_query_result(row, "").map_err(failure)?;
        Ok(Entry {
            number: frame.number,
            at: moment(frame.at_us),
            what: frame.what,
            subject_kind: frame.subject_kind,
            subject_id: frame.subject_id,
            actor_kind: frame.actor_kind,
            actor_id: frame.actor_id,
            request_id: frame.request_id,
            payload: body.map(|body| serde_json::from_str(&body)).transpose().map_err(corrupt)?,
        })
    };
    rows.iter().map(entry).collect()
}

impl<L: Line> Session<L> {
    fn facts_of(&self, subject: Uuid) -> Select<Entity> {
        self.door.select::<Entity>().filter(Column::SubjectId.eq(subject))
    }
}

#[async_trait]
impl<L: Line> ReadEntries for Session<L> {
    async fn entries(&mut self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        let mut facts = match query.about {
            Some(subject) => self.facts_of(subject),
            None => self.door.select::<Entity>(),
        };
        if !query.providers {
            facts = facts.filter(Expr::cust(NOT_BY_PROVIDER));
        }
        if let Some(before) = query.before {
            facts = facts.filter(Column::Number.lt(before));
        }
        let newest = facts.order_by_desc(Column::Number).limit(query.limit).expr_as(self.body(), "body");
        read(&self.rows(statement(newest)).await?)
    }

    async fn moment_of(&mut self, number: i64) -> Result<Option<Timestamp>, StoreError> {
        let frame = self.door.select::<Entity>().filter(Column::Number.eq(number));
        let rows = self.rows(statement(frame.select_only().column(Column::AtUs))).await?;
        let at: Option<i64> = rows.first().map(|row| row.try_get("", "at_us")).transpose().map_err(failure)?;
        Ok(at.map(moment))
    }

    async fn facts_about_after(&mut self, id: Uuid, number: i64, limit: u64) -> Result<Vec<NumberedFact>, StoreError> {
        self.facts(self.facts_of(id).filter(Column::Number.gt(number)).limit(limit)).await
    }

    async fn membership_entries(
        &mut self,
        group: ResourceId,
        member: ResourceId,
        among: u64,
    ) -> Result<Vec<Entry>, StoreError> {
        let newest = self.facts_of(group.0).order_by_desc(Column::Number).limit(among);
        let newest = statement(newest.expr_as(self.body(), "body"));
        let told = dialect::contains(self.line.backend(), Expr::col(("newest", "body")), &member.to_string());
        let told = Query::select()
            .column(("newest", Asterisk))
            .from_subquery(newest, "newest")
            .and_where(told)
            .order_by(("newest", Column::Number), sea_orm::Order::Desc)
            .take();
        let entries = read(&self.rows(told).await?)?;
        let is_about = |entry: &Entry| entry.joined().contains(&member) || entry.left().contains(&member);
        Ok(entries.into_iter().filter(is_about).collect())
    }
}
