//! Lists: in the database where it can answer, by reading through the candidates where it cannot.

use domain::directory::Kind;
use domain::store::{ListPage, ListQuery, StoreError};
use scim_protocol::resource_type::ResourceType;
use sea_orm::sea_query::{Asterisk, CommonTableExpression, Expr, Order, Query, SelectStatement, WithClause};
use sea_orm::{ColumnTrait, Iden, QueryFilter, QueryResult, QuerySelect, QueryTrait, Select};

use super::walk::Walk;
use super::{corrupt, counts, resources};
use crate::sql::dialect;
use crate::sql::entity::resource::{Column, Entity};
use crate::sql::error::failure;
use crate::sql::filter::{Exactness, Narrowed, Narrowing, Set};
use crate::sql::line::Line;
use crate::sql::order::SqlOrder;
use crate::sql::scope::statement;
use crate::sql::store::Session;

/// The largest number the databases count with; the driver panics at a larger one.
const MOST: u64 = i64::MAX.unsigned_abs();

pub async fn list<L: Line>(session: &Session<L>, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError> {
    let types = session.types.clone();
    let resource_type = types.get(kind).map_err(corrupt)?;
    let indexed = session.indexed(kind)?;
    let narrowing = Narrowing { door: session.door, backend: session.line.backend(), resource_type, indexed: &indexed };
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
        let answered = match (order, &self.query.condition, &narrowed) {
            (Some(order), None, _) => self.whole(&order).await?,
            (Some(order), Some(_), Some(narrowed)) if narrowed.exactness == Exactness::Exact && narrowed.is_point => {
                self.few(&order, narrowed.set.clone().expr()).await?
            }
            (Some(order), Some(_), Some(narrowed)) if narrowed.exactness != Exactness::Candidates => {
                self.many(&order, narrowed).await?
            }
            _ => None,
        };
        if let Some(page) = answered {
            return Ok(page);
        }
        let candidates = self.session.of_kind(self.kind);
        let candidates = match narrowed {
            Some(narrowed) => candidates.filter(narrowed.set.expr()),
            None => candidates,
        };
        Walk { session: self.session, resource_type: self.resource_type, query: self.query }.page(candidates).await
    }

    /// A page of everything. Its total is known without counting, and deep pages start from an anchor.
    async fn whole(&self, order: &SqlOrder) -> Result<Option<ListPage>, StoreError> {
        if order.is_creation()
            && let Some(page) = self.anchored().await?
        {
            return Ok(Some(page));
        }
        let (offset, limit) = self.window();
        let of_kind = self.session.of_kind(self.kind);
        let page = if offset == 0 {
            order.apply(statement(of_kind)).limit(limit).take()
        } else {
            // The ids first, from the index alone; then only the documents of the page.
            let ids = statement(of_kind.clone().select_only().column(Column::Id));
            let ids = order.apply(ids).offset(offset).limit(limit).take();
            order.apply(statement(of_kind.filter(self.one_of_found(ids))))
        };
        self.read(order, page, None).await
    }

    async fn anchored(&self) -> Result<Option<ListPage>, StoreError> {
        let (offset, limit) = self.window();
        let Some(anchor) = self.session.anchor(self.kind, offset).await? else { return Ok(None) };
        let order = SqlOrder::creation();
        let rest = order.apply(statement(self.session.of_kind(self.kind).filter(Column::Id.gt(anchor.after))));
        let page = rest.clone().offset(offset - anchor.position).limit(limit).take();
        let page = self.read(&order, page, Some(anchor.changes)).await?;
        if page.is_none() {
            self.session.drop_anchors(self.kind);
        }
        Ok(page)
    }

    fn one_of_found(&self, ids: SelectStatement) -> Expr {
        dialect::one_of_found(self.session.line.backend(), Column::Id.into_expr(), ids)
    }

    fn window(&self) -> (u64, u64) {
        (self.query.offset.min(MOST), self.query.limit.min(MOST))
    }

    /// Reads a page with the count of everything; none when there were changes since the anchor, or when the order of the
    /// page cannot be told from keys.
    async fn read(
        &self,
        order: &SqlOrder,
        page: SelectStatement,
        changes: Option<i64>,
    ) -> Result<Option<ListPage>, StoreError> {
        let mut page = self.with_groups(page);
        page.expr_as(self.session.total(self.kind), "total").expr_as(self.session.changes(self.kind), "changes");
        let rows = if self.query.limit == 0 { Vec::new() } else { self.session.rows(page).await? };
        let count = match rows.first() {
            Some(row) => counts::read(row)?,
            None => self.session.count(self.kind).await?,
        };
        if changes.is_some_and(|changes| changes != count.changes) || order.is_unclear(&rows)? {
            return Ok(None);
        }
        self.found(count.total, &rows).map(Some)
    }

    fn with_groups(&self, page: SelectStatement) -> SelectStatement {
        let groups = resources::shows_groups(self.kind, self.query.groups);
        resources::with_groups(self.session.line.backend(), page, groups)
    }

    fn found(&self, total: u64, rows: &[QueryResult]) -> Result<ListPage, StoreError> {
        let groups = resources::shows_groups(self.kind, self.query.groups);
        let views = rows.iter().map(|row| resources::view(row, groups)).collect::<Result<_, _>>()?;
        Ok(ListPage { total, views, unindexed: Vec::new() })
    }

    /// Hardly more than one. A page that is not full tells the total by itself, so that the search for one person, the
    /// most frequent of all questions, is one statement. They are found first and put in order then: on a freshly filled
    /// table PostgreSQL would walk the order and look for them.
    async fn few(&self, order: &SqlOrder, condition: Expr) -> Result<Option<ListPage>, StoreError> {
        let (offset, limit) = self.window();
        let matching = self.session.of_kind(self.kind).filter(condition);
        let found = statement(matching.clone().offset(0).limit(MOST));
        let page = Query::select().column((Entity, Asterisk)).from_subquery(found, Entity).take();
        let page = order.apply(self.with_groups(page)).offset(offset).limit(limit).take();
        let rows = if limit == 0 { Vec::new() } else { self.session.rows(page).await? };
        if order.is_unclear(&rows)? {
            return Ok(None);
        }
        let found = rows.len() as u64;
        let is_last = found < limit && (found > 0 || offset == 0);
        let total = match is_last {
            true => offset + found,
            false => self.count_of(matching).await?,
        };
        self.found(total, &rows).map(Some)
    }

    /// Possibly very many: their ids first, which indexes give alone, counted and cut to the page.
    async fn many(&self, order: &SqlOrder, narrowed: &Narrowed) -> Result<Option<ListPage>, StoreError> {
        let (offset, limit) = self.window();
        let is_cuttable = matches!(narrowed.exactness, Exactness::UnlessCut(_));
        let tally = |page| tally(page, is_cuttable);
        let ids = || ids(is_cuttable);
        let of_kind = self.session.of_kind(self.kind);
        let page = if order.is_creation() {
            let page = ids().order_by((MATCHED, Column::Id), Order::Asc).offset(offset).limit(limit).take();
            order.apply(statement(of_kind.filter(self.one_of_found(page))))
        } else {
            let all = order.apply(statement(of_kind.filter(Column::Id.in_subquery(ids()))));
            all.clone().offset(offset).limit(limit).take()
        };
        let page = self.with_matched(narrowed, tally(self.with_groups(page)));
        let mut rows = if limit == 0 { Vec::new() } else { self.session.rows(page).await? };
        if order.is_unclear(&rows)? {
            return Ok(None);
        }
        let is_empty = rows.is_empty();
        if is_empty {
            rows = self.session.rows(self.with_matched(narrowed, tally(Query::select()))).await?;
        }
        let total = rows.first().map_or(Ok(None), read_tally)?;
        let page = if is_empty { &[] } else { rows.as_slice() };
        total.map(|total| self.found(total, page)).transpose()
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
fn ids(is_cuttable: bool) -> SelectStatement {
    let mut ids = Query::select();
    if is_cuttable {
        ids.distinct();
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
