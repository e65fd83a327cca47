//! Where deep pages begin: every so-many-th id, so that a page costs the same however deep it is (performance.md, finding
//! 6). Anchors hold exactly as long as nothing comes or goes, which the count of everything tells.

use std::sync::Arc;

use domain::directory::Kind;
use domain::store::StoreError;
use moka::sync::Cache;
use sea_orm::sea_query::{Expr, Order, Query, WindowStatement};
use sea_orm::{QuerySelect, QueryTrait};
use uuid::Uuid;

use super::entity::resource::{Column, Entity};
use super::error::failure;
use super::line::Line;
use super::store::Session;

/// So many resources lie between two anchors.
const STEP: u64 = 500;

/// Lists shorter than this are walked from their beginning.
const DEEP: u64 = 4 * STEP;

/// Kinds of tenants that a process keeps anchors of.
const LISTS: u64 = 1_000;

/// The anchors of all lists that were paged deeply of late.
#[derive(Clone)]
pub struct Anchors(Cache<(Uuid, Kind), Arc<List>>);

/// The anchors of one list.
struct List {
    /// The count of changes when they were taken.
    changes: i64,
    /// The id at every position that is a multiple of [`STEP`], counted from 1.
    ids: Vec<Uuid>,
}

/// Where to begin.
pub struct Anchor {
    /// The last id before the page, or further ahead.
    pub after: Uuid,
    /// How many there are up to and with it.
    pub position: u64,
    /// The count of changes of which this is true.
    pub changes: i64,
}

impl Default for Anchors {
    fn default() -> Self {
        Self(Cache::new(LISTS))
    }
}

impl<L: Line> Session<L> {
    /// The nearest anchor before a page; none where the page is not deep.
    pub async fn anchor(&self, kind: &Kind, offset: u64) -> Result<Option<Anchor>, StoreError> {
        if offset < DEEP {
            return Ok(None);
        }
        let list = (self.door.tenant(), kind.clone());
        let anchors = if let Some(anchors) = self.anchors.0.get(&list) {
            anchors
        } else {
            let taken = Arc::new(self.take_anchors(kind).await?);
            // A list that is too short for any may grow.
            if !taken.ids.is_empty() {
                self.anchors.0.insert(list, taken.clone());
            }
            taken
        };
        let passed = (offset / STEP).min(anchors.ids.len() as u64);
        let index = usize::try_from(passed).unwrap_or(usize::MAX).checked_sub(1);
        Ok(index.and_then(|index| anchors.ids.get(index)).map(|after| Anchor {
            after: *after,
            position: passed * STEP,
            changes: anchors.changes,
        }))
    }

    pub fn drop_anchors(&self, kind: &Kind) {
        self.anchors.0.invalidate(&(self.door.tenant(), kind.clone()));
    }

    async fn take_anchors(&self, kind: &Kind) -> Result<List, StoreError> {
        let by_id = WindowStatement::new().order_by((Entity, Column::Id), Order::Asc).take();
        let mut numbered = self.of_kind(kind).select_only().column(Column::Id).into_query();
        numbered.expr_window_as(Expr::cust("row_number()"), by_id, "position");
        let anchors = Query::select()
            .column(("numbered", Column::Id))
            .expr_as(self.changes(kind), "changes")
            .from_subquery(numbered, "numbered")
            .and_where(Expr::cust(format!("numbered.position % {STEP} = 0")))
            .order_by(("numbered", Column::Id), Order::Asc)
            .take();
        let rows = self.rows(anchors).await?;
        let changes = rows.first().map_or(Ok(0), |row| row.try_get("", "changes")).map_err(failure)?;
        let ids = rows.iter().map(|row| row.try_get("", "id").map_err(failure)).collect::<Result<_, _>>()?;
        Ok(List { changes, ids })
    }
}
