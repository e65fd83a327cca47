//! Lists: in the database where it can answer, by reading through the candidates where it cannot.

use domain::directory::{Kind, StoredResource};
use domain::store::{ListPage, ListQuery, Position, StoreError};
use scim_protocol::resource_type::ResourceType;
use scim_protocol::sort::SortKey;
use sea_orm::sea_query::{Asterisk, CommonTableExpression, Expr, ExprTrait, Order, Query, SelectStatement, WithClause};
use sea_orm::{ColumnTrait, Iden, QueryFilter, QueryResult, QuerySelect, QueryTrait, Select};
use tokio::sync::OwnedSemaphorePermit;

use super::walk::Walk;
use super::{corrupt, counts, views};
use crate::sql::dialect;
use crate::sql::entity::resource::{Column, Entity};
use crate::sql::error::failure;
use crate::sql::filter::{Exactness, Narrowed, Narrowing, Set};
use crate::sql::line::Line;
use crate::sql::order::{Leg, SqlOrder};
use crate::sql::scope::statement;
use crate::sql::store::Session;

/// How many times a question may have the database look for a part of a text in a whole index.
const MOST_PARTS: usize = 8;

/// The largest number the databases count with; the driver panics at a larger one.
const MOST: u64 = i64::MAX.unsigned_abs();

pub async fn list<L: Line>(session: &Session<L>, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError> {
    let resource_type = session.scope.types().get(kind).map_err(corrupt)?;
    let indexed = session.indexed(kind)?;
    let may_scan = query.condition.as_ref().is_none_or(|condition| condition.parts() <= MOST_PARTS);
    let narrowing =
        Narrowing { door: session.door, backend: session.line.backend(), resource_type, indexed: &indexed, may_scan };
    let narrowed = query.condition.as_ref().and_then(|condition| narrowing.narrow(condition));
    let has_point = narrowed.as_ref().is_some_and(|narrowed| narrowed.is_point);
    let unindexed = query.condition.as_ref().filter(|_| !has_point).map(|condition| narrowing.unindexed(condition));
    let page = List { session, kind, resource_type, query }.page(narrowed).await?;
    Ok(ListPage { unindexed: unindexed.unwrap_or_default(), ..page })
}

/// One question.
struct List<'q, L> {
    session: &'q Session<L>,
    kind: &'q Kind,
    resource_type: &'q ResourceType,
    query: &'q ListQuery,
}

impl<L: Line> List<'_, L> {
    async fn page(&self, narrowed: Option<Narrowed>) -> Result<ListPage, StoreError> {
        let order = match &self.query.sort {
            None => Some(SqlOrder::creation()),
            Some(sort) => SqlOrder::of(self.resource_type, sort),
        };
        let legs = order.and_then(|order| order.legs(self.query.after.as_ref()).map(|legs| (order, legs)));
        let answered = match (legs, &self.query.condition, &narrowed) {
            (Some((order, legs)), None, _) => self.whole(&order, &legs).await?,
            (Some((order, legs)), Some(_), Some(narrowed))
                if narrowed.exactness == Exactness::Exact && narrowed.is_point =>
            {
                self.few(&order, &legs, narrowed.set.clone().expr()).await?
            }
            (Some((order, legs)), Some(_), Some(narrowed)) if narrowed.exactness != Exactness::Candidates => {
                let _turn = self.turn(Some(narrowed)).await?;
                self.many(&order, &legs, narrowed).await?
            }
            _ => None,
        };
        if let Some(page) = answered {
            return Ok(page);
        }
        let _turn = self.turn(narrowed.as_ref()).await?;
        let candidates = self.session.of_kind(self.kind);
        let candidates = match narrowed {
            Some(narrowed) => candidates.filter(narrowed.set.expr()),
            None => candidates,
        };
        Walk { session: self.session, resource_type: self.resource_type, query: self.query }.page(candidates).await
    }

    /// The right to look at very many, where that is needed.
    async fn turn(&self, narrowed: Option<&Narrowed>) -> Result<Option<OwnedSemaphorePermit>, StoreError> {
        match narrowed.is_some_and(|narrowed| narrowed.is_by_value) {
            true => Ok(None),
            false => self.session.turns.take(self.session.door.tenant()).await.map(Some),
        }
    }

    /// A page of everything. Its total is known without counting, and deep pages start from an anchor.
    async fn whole(&self, order: &SqlOrder, legs: &[Leg]) -> Result<Option<ListPage>, StoreError> {
        if order.is_creation()
            && self.query.after.is_none()
            && let Some(page) = self.anchored().await?
        {
            return Ok(Some(page));
        }
        let (offset, limit) = self.window();
        let of_kind = self.session.of_kind(self.kind);
        if offset == 0 {
            let all = order.apply(statement(of_kind));
            return self.read(order, legs, |leg, limit| leg.of(all.clone()).limit(limit).take(), None).await;
        }
        // The ids first, from the index alone; then only the documents of the page.
        let ids = order.apply(statement(of_kind.clone().select_only().column(Column::Id)));
        let page = |leg: &Leg, limit: u64| {
            let ids = leg.of(ids.clone()).offset(offset).limit(limit).take();
            order.apply(statement(of_kind.clone().filter(self.one_of_found(ids))))
        };
        self.read(order, legs, |leg, _| page(leg, limit), None).await
    }

    async fn anchored(&self) -> Result<Option<ListPage>, StoreError> {
        let (offset, limit) = self.window();
        let Some(anchor) = self.session.anchor(self.kind, offset).await? else { return Ok(None) };
        let order = SqlOrder::creation();
        let rest = order.apply(statement(self.session.of_kind(self.kind).filter(Column::Id.gt(anchor.after))));
        let page = rest.clone().offset(offset - anchor.position).limit(limit).take();
        let page = self.read(&order, &[Leg::Everything], |_, _| page.clone(), Some(anchor.changes)).await?;
        if page.is_none() {
            self.session.drop_anchors(self.kind);
        }
        Ok(page)
    }

    fn one_of_found(&self, ids: SelectStatement) -> Expr {
        dialect::one_of_found(self.session.line.backend(), Column::Id.into_expr(), ids)
    }

    fn window(&self) -> (u64, u64) {
        (std::cmp::min(self.query.offset, MOST), std::cmp::min(self.query.limit, MOST))
    }

    /// The rows of one leg after another, until the page is full.
    async fn rows(
        &self,
        legs: &[Leg],
        page: impl Fn(&Leg, u64) -> SelectStatement,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let (_, limit) = self.window();
        let mut rows = Vec::new();
        for leg in legs {
            let missing = limit.saturating_sub(rows.len() as u64);
            if missing > 0 {
                rows.append(&mut self.session.rows(page(leg, missing)).await?);
            }
        }
        Ok(rows)
    }

    /// Reads a page with the count of everything; none when there were changes since the anchor, or when the order of the
    /// page cannot be told from keys.
    async fn read(
        &self,
        order: &SqlOrder,
        legs: &[Leg],
        page: impl Fn(&Leg, u64) -> SelectStatement,
        changes: Option<i64>,
    ) -> Result<Option<ListPage>, StoreError> {
        let counted = |leg: &Leg, limit: u64| {
            let mut page = self.with_groups(page(leg, limit));
            page.expr_as(self.session.total(self.kind), "total").expr_as(self.session.changes(self.kind), "changes");
            page
        };
        let rows = self.rows(legs, counted).await?;
        let count = match rows.first() {
            Some(row) => counts::read(row)?,
            None => self.session.count(self.kind).await?,
        };
        if changes.is_some_and(|changes| changes != count.changes) || order.is_unclear(&rows)? {
            return Ok(None);
        }
        self.found(count.total, &rows).await.map(Some)
    }

    fn with_groups(&self, page: SelectStatement) -> SelectStatement {
        let groups = views::shows_groups(self.kind, self.query.groups);
        views::with_groups(self.session.line.backend(), page, groups)
    }

    async fn found(&self, total: u64, rows: &[QueryResult]) -> Result<ListPage, StoreError> {
        let groups = views::shows_groups(self.kind, self.query.groups);
        let views = views::views(self.session, rows, groups).await?;
        let keys = views.iter().map(|view| self.key(&view.stored)).collect();
        let is_last = (rows.len() as u64) < self.query.limit;
        Ok(ListPage { total, views, keys, is_last, unindexed: Vec::new() })
    }

    /// By what a resource is sorted, where there is a column for it.
    fn key(&self, stored: &StoredResource) -> SortKey {
        match &self.query.sort {
            None => SortKey::Missing,
            Some(sort) if sort.field.is_core("id", None) => SortKey::Text(stored.id.to_string()),
            Some(sort) if sort.field.is_core("meta", Some("created")) => SortKey::Instant(stored.created.as_micros()),
            Some(sort) if sort.field.is_core("meta", Some("lastModified")) => {
                SortKey::Instant(stored.modified.as_micros())
            }
            Some(sort) => SortKey::of(&sort.field, stored.resource.attributes()),
        }
    }

    /// Hardly more than one. A page that is not full tells the total by itself, so that the search for one person, the
    /// most frequent of all questions, is one statement. They are found first and put in order then: on a freshly filled
    /// table PostgreSQL would walk the order and look for them.
    async fn few(&self, order: &SqlOrder, legs: &[Leg], condition: Expr) -> Result<Option<ListPage>, StoreError> {
        let (offset, limit) = self.window();
        let matching = self.session.of_kind(self.kind).filter(condition);
        let found = statement(matching.clone().offset(0).limit(MOST));
        let page = |leg: &Leg, limit: u64| {
            let page = Query::select().column((Entity, Asterisk)).from_subquery(found.clone(), Entity).take();
            order.apply(self.with_groups(leg.of(page))).offset(offset).limit(limit).take()
        };
        let rows = self.rows(legs, page).await?;
        if order.is_unclear(&rows)? {
            return Ok(None);
        }
        let found = rows.len() as u64;
        let is_last = found < limit && (found > 0 || offset == 0) && self.query.after.is_none();
        let total = match is_last {
            true => offset + found,
            false => self.count_of(matching).await?,
        };
        self.found(total, &rows).await.map(Some)
    }

    /// Possibly very many: their ids first, which indexes give alone, counted and cut to the page.
    async fn many(&self, order: &SqlOrder, legs: &[Leg], narrowed: &Narrowed) -> Result<Option<ListPage>, StoreError> {
        let (offset, _) = self.window();
        let is_cuttable = matches!(narrowed.exactness, Exactness::UnlessCut(_));
        let tally = |page| tally(page, is_cuttable);
        let of_kind = self.session.of_kind(self.kind);
        let page = |leg: &Leg, limit: u64| {
            let page = if order.is_creation() {
                let mut ids = ids(is_cuttable, self.query.after.as_ref());
                let ids = ids.order_by((MATCHED, Column::Id), Order::Asc).offset(offset).limit(limit).take();
                order.apply(statement(of_kind.clone().filter(self.one_of_found(ids))))
            } else {
                let ids = ids(is_cuttable, None);
                let all = order.apply(statement(of_kind.clone().filter(Column::Id.in_subquery(ids))));
                leg.of(all).offset(offset).limit(limit).take()
            };
            self.with_matched(narrowed, tally(self.with_groups(page)))
        };
        let mut rows = self.rows(legs, page).await?;
        if order.is_unclear(&rows)? {
            return Ok(None);
        }
        let is_empty = rows.is_empty();
        if is_empty {
            rows = self.session.rows(self.with_matched(narrowed, tally(Query::select()))).await?;
        }
        let total = rows.first().map_or(Ok(None), read_tally)?;
        let page = if is_empty { &[] } else { rows.as_slice() };
        match total {
            Some(total) => self.found(total, page).await.map(Some),
            None => Ok(None),
        }
    }

    /// Puts the ids of a set in front of a statement that reads them.
    fn with_matched(&self, narrowed: &Narrowed, mut statement: SelectStatement) -> SelectStatement {
        let is_cut = match &narrowed.exactness {
            Exactness::UnlessCut(is_cut) => is_cut.clone(),
            _ => Expr::cust("1 = 0"),
        };
        let ids = match narrowed.set.clone() {
            Set::Ids(mut ids) => ids.expr_as(is_cut, IS_CUT).take(),
            Set::Rows(rows) => {
                let matching = self.session.of_kind(self.kind).filter(rows).select_only().column(Column::Id);
                matching.expr_as(is_cut, IS_CUT).into_query()
            }
        };
        let mut matched = CommonTableExpression::new();
        matched.table_name(MATCHED).columns([Column::Id.to_string(), IS_CUT.to_owned()]).query(ids).materialized(true);
        let mut with = WithClause::new();
        with.cte(matched);
        statement.with_cte(with).take()
    }

    async fn count_of(&self, matching: Select<Entity>) -> Result<u64, StoreError> {
        let count = matching.select_only().expr_as(Expr::cust("count(*)"), "total");
        let rows = self.session.rows(statement(count)).await?;
        let total: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "total")).map_err(failure)?;
        Ok(total.unsigned_abs())
    }
}

/// The ids that a condition is true of.
const MATCHED: &str = "matched";
const IS_CUT: &str = "is_cut";

/// Each once. Only where cut keys are told apart from others can one resource be there twice.
fn ids(is_cuttable: bool, after: Option<&Position>) -> SelectStatement {
    let mut ids = Query::select();
    if is_cuttable {
        ids.distinct();
    }
    if let Some(after) = after {
        ids.and_where(Expr::col((MATCHED, Column::Id)).gt(after.id.0));
    }
    ids.column((MATCHED, Column::Id)).from(MATCHED).take()
}

/// Adds how many there are, and how many of them were found by a key that is cut.
fn tally(mut statement: SelectStatement, is_cuttable: bool) -> SelectStatement {
    let (total, cut) = match is_cuttable {
        true => {
            ("(SELECT count(DISTINCT matched.id) FROM matched)", "(SELECT count(*) FROM matched WHERE matched.is_cut)")
        }
        false => ("(SELECT count(*) FROM matched)", "CAST(0 AS bigint)"),
    };
    statement.expr_as(Expr::cust(total), "total").expr_as(Expr::cust(cut), "cut").take()
}

/// The total; none when not all of it is certain.
fn read_tally(row: &QueryResult) -> Result<Option<u64>, StoreError> {
    let total: i64 = row.try_get("", "total").map_err(failure)?;
    let cut: i64 = row.try_get("", "cut").map_err(failure)?;
    Ok((cut == 0).then_some(total.unsigned_abs()))
}
