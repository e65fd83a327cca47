//! Facts: a frame that stays and a payload that can be erased.

#![expect(clippy::disallowed_methods, reason = "the values of facts are erased past the batch")]

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::context::OpContext;
use domain::ids::{FactId, ResourceId};
use domain::journal::{Fact, NumberedFact, Subject, What};
use domain::store::{EraseFacts, ReadJournal, StoreError, Traces, WriteJournal};
use domain::tenant::TenantScope;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, OnConflict, Query};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{corrupt, moment, traces};
use crate::sql::batch::Batch;
use crate::sql::dialect;
use crate::sql::entity::{fact, fact_payload, fact_ticket, journal_head, sign_in, tenant_change};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::{Door, statement};
use crate::sql::store::{OperatorSession, Session};
use crate::transaction::Transaction;

/// The frame of a fact that was not written yet.
pub struct Told(fact::Model);

impl Told {
    pub fn new(cx: &OpContext, id: FactId, fact: &Fact) -> Self {
        Self(fact::Model {
            tenant_id: Uuid::nil(),
            number: 0,
            id: id.0,
            at_us: cx.now.as_micros(),
            what: fact.what.as_str().to_owned(),
            subject_kind: fact.subject.kind().to_owned(),
            subject_id: fact.subject.id(),
            actor_kind: cx.actor.kind().to_owned(),
            actor_id: cx.actor.id(),
            request_id: cx.request_id.clone(),
        })
    }

    /// Waits for its number, with a ticket drawn when the rows of the batch are held.
    pub fn ticket(self, door: Door) -> Result<InsertStatement, StoreError> {
        use fact_ticket::Column as C;
        let columns =
            [C::Ticket, C::Id, C::AtUs, C::What, C::SubjectKind, C::SubjectId, C::ActorKind, C::ActorId, C::RequestId];
        let insert = door.insert_from::<fact_ticket::Entity>(columns, |row| {
            row.expr(Expr::cust("nextval('fact_ticket_number')")).exprs(self.frame()).from("held");
        });
        let mut insert = insert.map_err(failure)?;
        insert.returning(Query::returning().exprs([Expr::cust("1")]));
        Ok(insert)
    }

    /// Gets its number at once, by two statements; only where there is one writer at a time.
    pub fn numbered(self, door: Door) -> Result<[InsertStatement; 2], StoreError> {
        use fact::Column as C;
        use journal_head::Column as Head;
        let head = journal_head::ActiveModel { tenant_id: NotSet, last: Set(1), emptied: NotSet };
        let last = Expr::col((journal_head::Entity, Head::Last));
        let next = OnConflict::column(Head::TenantId).value(Head::Last, last.add(1)).to_owned();
        let next = statement(door.insert::<journal_head::Entity>([head]).on_conflict(next));
        let columns =
            [C::Number, C::Id, C::AtUs, C::What, C::SubjectKind, C::SubjectId, C::ActorKind, C::ActorId, C::RequestId];
        let insert = door.insert_from::<fact::Entity>(columns, |row| {
            row.expr(Expr::col(Head::Last)).exprs(self.frame());
            row.from(journal_head::Entity).and_where(Head::TenantId.eq(door.tenant()));
        });
        Ok([next, insert.map_err(failure)?])
    }

    fn frame(self) -> [Expr; 8] {
        let Self(fact::Model { id, at_us, what, subject_kind, subject_id, actor_kind, actor_id, request_id, .. }) =
            self;
        [
            Expr::val(id),
            Expr::val(at_us),
            Expr::val(what),
            Expr::val(subject_kind),
            Expr::val(subject_id),
            Expr::val(actor_kind),
            Expr::val(actor_id),
            Expr::val(request_id),
        ]
    }
}

pub fn payload(door: Door, id: FactId, fact: &Fact) -> InsertStatement {
    let body = Set(Some(fact.payload.to_string()));
    statement(door.insert::<fact_payload::Entity>([fact_payload::ActiveModel {
        tenant_id: NotSet,
        fact_id: Set(id.0),
        body,
    }]))
}

/// Tells other processes not to go on believing what they know of the tenant (decisions.md 19).
pub fn change_note(scope: &TenantScope, now: Timestamp, id: Uuid) -> InsertStatement {
    let slug = Set(scope.slug().to_string());
    let note = tenant_change::ActiveModel { at_us: Set(now.as_micros()), id: Set(id), tenant_id: NotSet, slug };
    statement(Door::of(scope).insert::<tenant_change::Entity>([note]))
}

async fn record(conn: &Transaction, door: Door, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
    let mut batch = Batch::new(door, conn.backend());
    batch.tell(cx, id, fact);
    batch.run_within(conn, &failure).await.map(drop)
}

#[async_trait]
impl WriteJournal for Session<Transaction> {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
        record(&self.line, self.door, cx, id, fact).await
    }
}

#[async_trait]
impl WriteJournal for OperatorSession {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
        record(&self.conn, Door::of(&cx.scope), cx, id, fact).await
    }
}

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    frame: fact::Model,
    body: Option<String>,
}

impl Row {
    fn read(self) -> Result<NumberedFact, StoreError> {
        let Self { frame, body } = self;
        Ok(NumberedFact {
            number: frame.number,
            id: FactId(frame.id),
            at: moment(frame.at_us),
            what: What::named(&frame.what).ok_or_else(|| corrupt("fact.what"))?,
            subject: Subject::stored(&frame.subject_kind, frame.subject_id),
            actor_kind: frame.actor_kind,
            actor_id: frame.actor_id,
            request_id: frame.request_id,
            payload: body.map(|body| serde_json::from_str(&body)).transpose().map_err(corrupt)?,
        })
    }
}

impl<L: Line> Session<L> {
    pub async fn facts(&self, facts: sea_orm::Select<fact::Entity>) -> Result<Vec<NumberedFact>, StoreError> {
        let facts = facts.order_by_asc(fact::Column::Number).expr_as(self.body(), "body");
        let rows = self.rows(statement(facts)).await?;
        rows.iter().map(|row| Row::from_query_result(row, "").map_err(failure)?.read()).collect()
    }

    /// The payload of the fact of the row.
    pub fn body(&self) -> Expr {
        let body = self.door.select::<fact_payload::Entity>().select_only().column(fact_payload::Column::Body);
        let body = body.filter(
            Expr::col((fact_payload::Entity, fact_payload::Column::FactId)).equals((fact::Entity, fact::Column::Id)),
        );
        Expr::from(body.into_query())
    }
}

#[async_trait]
impl<L: Line> ReadJournal for Session<L> {
    async fn facts_after(&mut self, number: i64, limit: u64) -> Result<Vec<NumberedFact>, StoreError> {
        self.facts(self.door.select::<fact::Entity>().filter(fact::Column::Number.gt(number)).limit(limit)).await
    }

    async fn facts_about(&mut self, id: Uuid, number: i64) -> Result<Vec<NumberedFact>, StoreError> {
        let facts = self.door.select::<fact::Entity>().filter(fact::Column::SubjectId.eq(id));
        self.facts(facts.filter(fact::Column::Number.lte(number))).await
    }

    async fn facts_of_request(&mut self, request_id: &str) -> Result<Vec<NumberedFact>, StoreError> {
        /// A bulk request may have thousands, and people read some of them.
        const MOST: u64 = 200;
        let facts = self.door.select::<fact::Entity>().filter(fact::Column::RequestId.eq(request_id));
        self.facts(facts.limit(MOST)).await
    }

    async fn deleted_named(&mut self, user_name: &str) -> Result<Vec<ResourceId>, StoreError> {
        let quoted = format!("\"userName\":{}", serde_json::Value::from(user_name));
        let facts = self.door.select::<fact::Entity>().filter(fact::Column::What.eq(What::Deleted.as_str()));
        let facts = facts.filter(fact::Column::SubjectKind.eq("User"));
        let told = self.facts(facts.filter(dialect::contains(self.line.backend(), self.body(), &quoted))).await?;
        let mut ids: Vec<ResourceId> = told.iter().filter_map(|fact| fact.subject.id().map(ResourceId)).collect();
        ids.dedup();
        Ok(ids)
    }

    async fn last_fact(&mut self) -> Result<i64, StoreError> {
        let rows = self.rows(statement(self.door.select::<journal_head::Entity>())).await?;
        rows.first().map_or(Ok(0), |row| row.try_get("", "last").map_err(failure))
    }
}

#[async_trait]
impl EraseFacts for Session<Transaction> {
    async fn erase_payloads(&mut self, id: Uuid) -> Result<u64, StoreError> {
        let numbered = self.door.select::<fact::Entity>().filter(fact::Column::SubjectId.eq(id));
        let mut facts = numbered.select_only().column(fact::Column::Id).into_query();
        if self.line.backend() == DbBackend::Postgres {
            let waiting = self.door.select::<fact_ticket::Entity>().filter(fact_ticket::Column::SubjectId.eq(id));
            facts.union(
                sea_orm::sea_query::UnionType::All,
                waiting.select_only().column(fact_ticket::Column::Id).into_query(),
            );
        }
        let erase = self
            .door
            .update::<fact_payload::Entity>()
            .col_expr(fact_payload::Column::Body, Expr::val(None::<String>))
            .filter(fact_payload::Column::FactId.in_subquery(facts));
        let erased = self.line.execute(&statement(erase)).await.map_err(failure)?.rows_affected();
        let sign_ins = self
            .door
            .update::<sign_in::Entity>()
            .col_expr(sign_in::Column::Name, Expr::val(None::<String>))
            .col_expr(sign_in::Column::SsoKey, Expr::val(None::<String>))
            .col_expr(sign_in::Column::Detail, Expr::val(""))
            .filter(sign_in::Column::PersonId.eq(id));
        self.line.execute(&statement(sign_ins)).await.map_err(failure)?;
        Ok(erased)
    }

    async fn erase_traces(&mut self, person: ResourceId, names: &BTreeSet<String>) -> Result<Traces, StoreError> {
        traces::erase(&self.line, self.door, person, names).await
    }
}
