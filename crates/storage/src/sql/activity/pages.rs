//! Rows as people ask for them. However many there are, a question looks at a bounded number of them.

use domain::activity::{Activity, ActivityFilter, ActivityPage, Bodies};
use domain::ids::ActivityId;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Asterisk, Cond, Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{SqlActivity, row};
use crate::sql::dialect;
use crate::sql::entity::activity::{Column, Entity, Model};
use crate::sql::entity::{activity_body, activity_head, activity_minute};
use crate::sql::error::failure;
use crate::sql::repo::moment;
use crate::sql::scope::{Door, statement};

/// Rows that one question looks at, at the most.
const SCAN: u64 = 20_000;

/// Bulk requests that are looked at in one go.
const BULKS: u64 = 10_000;

impl SqlActivity {
    pub(super) async fn page_of(
        &self,
        door: Door,
        filter: &ActivityFilter,
        before: Option<ActivityId>,
        limit: u64,
    ) -> Result<ActivityPage, StoreError> {
        let mut rows = self.asked(door, filter, before, limit + 1).await?;
        let has_more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if has_more {
            let next = rows.last().map(|row| row.id);
            return Ok(ActivityPage { rows, next, searched_to: None });
        }
        // The scan ended because there are no more rows, or because it had looked at as many as it may.
        let mut last = scanned(door, filter, before);
        last.clear_selects().columns([Column::Id, Column::AtUs]).limit(1).offset(SCAN - 1);
        let last = self.rows(door, last).await?;
        let Some(last) = last.first() else { return Ok(ActivityPage { rows, next: None, searched_to: None }) };
        let (id, at): (Uuid, i64) = last.try_get_many_by_index().map_err(failure)?;
        Ok(ActivityPage { rows, next: Some(ActivityId(id)), searched_to: Some(moment(at)) })
    }

    async fn asked(
        &self,
        door: Door,
        filter: &ActivityFilter,
        before: Option<ActivityId>,
        limit: u64,
    ) -> Result<Vec<Activity>, StoreError> {
        let select = Query::select()
            .column(Asterisk)
            .from_subquery(scanned(door, filter, before), "scanned")
            .cond_where(self.rest(filter))
            .order_by(Column::Id, Order::Desc)
            .limit(limit)
            .take();
        let rows: Vec<Model> = self.models(door, select).await?;
        rows.into_iter().map(row::read).collect()
    }

    /// What no index answers.
    fn rest(&self, filter: &ActivityFilter) -> Condition {
        let mut rest = Cond::all();
        if !filter.outcomes.is_empty() {
            rest = rest.add(Expr::col(Column::Outcome).is_in(filter.outcomes.iter().map(|one| one.as_str())));
        }
        if !filter.actions.is_empty() {
            rest = rest.add(Expr::col(Column::Action).is_in(filter.actions.iter().map(|one| one.as_str())));
        }
        if let Some(kind) = &filter.kind {
            rest = rest.add(Expr::col(Column::TargetKind).eq(kind.as_str()));
        }
        for credential in filter.credential.iter().chain(filter.cycle.as_ref().map(|cycle| &cycle.credential)) {
            rest = rest.add(Expr::col(Column::CredentialId).eq(credential.0));
        }
        if let Some(cause) = filter.cause {
            rest = rest.add(Expr::col(Column::Cause).eq(cause.code()));
        }
        let (from, to) = bounds(filter);
        if let Some(from) = from {
            rest = rest.add(Expr::col(Column::AtUs).gte(from.as_micros()));
        }
        if let Some(to) = to {
            rest = rest.add(Expr::col(Column::AtUs).lte(to.as_micros()));
        }
        if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            rest = rest.add(self.holds(&text.to_lowercase()));
        }
        rest
    }

    fn holds(&self, text: &str) -> Condition {
        use Column as C;
        let columns = [C::TargetName, C::WhoName, C::Path, C::Client, C::RequestId, C::CredentialLabel, C::Address];
        columns.into_iter().fold(Cond::any(), |any, column| {
            let lower = Expr::from(Func::lower(Expr::col(column)));
            any.add(dialect::contains(self.store.backend(), lower, text))
        })
    }

    pub(super) async fn row_of(&self, door: Door, id: ActivityId) -> Result<Option<(Activity, Bodies)>, StoreError> {
        let select = door.select::<Entity>().filter(Column::Id.eq(id.0));
        let rows: Vec<Model> = self.models(door, statement(select)).await?;
        let Some(found) = rows.into_iter().next() else { return Ok(None) };
        let select = door.select::<activity_body::Entity>().filter(activity_body::Column::Id.eq(id.0));
        let bodies: Vec<activity_body::Model> = self.models(door, statement(select)).await?;
        let bodies = bodies.into_iter().next();
        let bodies = bodies.map(|row| Bodies { request: row.request, response: row.response }).unwrap_or_default();
        Ok(Some((row::read(found)?, bodies)))
    }

    pub(super) async fn oldest_of(&self, door: Door) -> Result<Option<Timestamp>, StoreError> {
        let select = door.select::<Entity>().order_by_asc(Column::Id).limit(1);
        let rows: Vec<Model> = self.models(door, statement(select)).await?;
        Ok(rows.first().map(|row| moment(row.at_us)))
    }

    pub(super) async fn missing_of(&self, door: Door, since: Timestamp) -> Result<u64, StoreError> {
        use activity_minute::Column as C;
        let select = door.select::<activity_minute::Entity>().filter(C::MinuteUs.gte(since.as_micros()));
        let select = select.filter(C::Class.eq(super::counted::MISSING));
        let rows: Vec<activity_minute::Model> = self.models(door, statement(select)).await?;
        Ok(rows.iter().map(|row| u64::try_from(row.requests).unwrap_or_default()).sum())
    }

    pub(super) async fn head_of(&self, door: Door) -> Result<Option<i64>, StoreError> {
        let rows: Vec<activity_head::Model> =
            self.models(door, statement(door.select::<activity_head::Entity>())).await?;
        Ok(rows.first().map(|row| row.reconciled))
    }

    pub(super) async fn known_of(&self, door: Door, ids: &[ActivityId]) -> Result<Vec<ActivityId>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let is_one = dialect::one_of(self.store.backend(), Expr::col((Entity, Column::Id)), &ids);
        let select = door.select::<Entity>().select_only().column(Column::Id).filter(is_one);
        let rows = self.rows(door, statement(select)).await?;
        rows.iter().map(|row| Ok(ActivityId(row.try_get_by_index(0).map_err(failure)?))).collect()
    }

    pub(super) async fn bulk_requests_of(
        &self,
        door: Door,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let select = door.select::<Entity>().select_only().column(Column::RequestId);
        let select = select.filter(Column::Id.gte(ActivityId::first_at(from).0));
        let select = select.filter(Column::Id.lte(ActivityId::last_at(to).0));
        let select = select.filter(Column::Action.eq(domain::activity::ActionKind::Bulk.as_str())).limit(BULKS);
        let rows = self.rows(door, statement(select)).await?;
        rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
    }
}

/// The rows that are looked at: as many as there may be, of those that an index finds.
fn scanned(door: Door, filter: &ActivityFilter, before: Option<ActivityId>) -> SelectStatement {
    let mut rows = door.select::<Entity>();
    if let Some(before) = before {
        rows = rows.filter(Column::Id.lt(before.0));
    }
    let (first, last) = bounds(filter);
    if let Some(first) = first {
        rows = rows.filter(Column::Id.gte(ActivityId::first_at(first).0));
    }
    if let Some(last) = last {
        rows = rows.filter(Column::Id.lte(ActivityId::last_at(last).0));
    }
    if filter.failures_only {
        rows = rows.filter(Expr::cust("outcome IN ('refused', 'failed')"));
    }
    if let Some(target) = filter.target {
        rows = rows.filter(Column::TargetId.eq(target.0).or(Column::WhoId.eq(target.0)));
    }
    statement(rows.order_by_desc(Column::Id).limit(SCAN))
}

/// Between which moments, as the filter and its cycle say together.
fn bounds(filter: &ActivityFilter) -> (Option<Timestamp>, Option<Timestamp>) {
    let cycle = filter.cycle.as_ref();
    let from = filter.from.into_iter().chain(cycle.map(|cycle| cycle.from)).max();
    let to = filter.to.into_iter().chain(cycle.map(|cycle| cycle.to)).min();
    (from, to)
}
