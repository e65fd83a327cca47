//! Groups and people, as rules of roles look at them: many at once, in few statements.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::role::NamedGroup;
use domain::store::{Among, ReadGroups, StoreError};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select};
use uuid::Uuid;

use super::nesting;
use crate::sql::dialect::{self, uuids};
use crate::sql::entity::resource::{Column, Entity};
use crate::sql::error::failure;
use crate::sql::key;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;

fn read(row: &QueryResult) -> Result<NamedGroup, StoreError> {
    let (id, name): (Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
    Ok(NamedGroup { id: ResourceId(id), name })
}

impl<L: Line> Session<L> {
    async fn named_groups(&self, chosen: Expr) -> Result<Vec<NamedGroup>, StoreError> {
        let groups = self.of_kind(&Kind::GROUP).filter(chosen).select_only().columns([Column::Id, Column::Display]);
        self.rows(statement(groups)).await?.iter().map(read).collect()
    }

    /// What people call these, in the order of the selection.
    async fn called(&self, select: SelectStatement) -> Result<Vec<(ResourceId, String)>, StoreError> {
        let called = |row: &QueryResult| read(row).map(|found| (found.id, found.name.unwrap_or_default()));
        self.rows(select).await?.iter().map(called).collect()
    }

    /// Some of a kind; none where there can be none.
    fn among(&self, kind: &Kind, among: Among<'_>) -> Option<Select<Entity>> {
        let all = self.of_kind(kind).select_only().columns([Column::Id, Column::Display]);
        match among {
            Among::These([]) => None,
            Among::These(ids) => {
                Some(all.filter(dialect::one_of(self.line.backend(), Column::Id.into_expr(), &uuids(ids))))
            }
            Among::Without([]) => Some(all),
            Among::Without(ids) => {
                let others = dialect::ids(self.line.backend(), &uuids(ids));
                Some(all.filter(Column::Id.into_expr().not_in_subquery(others)))
            }
        }
    }
}

#[async_trait]
impl<L: Line> ReadGroups for Session<L> {
    async fn find_groups(&mut self, ids: &[ResourceId], names: &[&str]) -> Result<Vec<NamedGroup>, StoreError> {
        let mut found = BTreeMap::new();
        if !ids.is_empty() {
            let chosen = dialect::one_of(self.line.backend(), Column::Id.into_expr(), &uuids(ids));
            found.extend(self.named_groups(chosen).await?.into_iter().map(|group| (group.id, group)));
        }
        if !names.is_empty() {
            let chosen = Column::DisplayKey.is_in(names.iter().map(|name| key::folded(name)));
            found.extend(self.named_groups(chosen).await?.into_iter().map(|group| (group.id, group)));
        }
        Ok(found.into_values().collect())
    }

    async fn groups_below(
        &mut self,
        groups: &[ResourceId],
    ) -> Result<HashMap<ResourceId, Vec<NamedGroup>>, StoreError> {
        match groups {
            [] => Ok(HashMap::new()),
            groups => nesting::all_below(self, groups).await,
        }
    }

    async fn first_by_name(
        &mut self,
        kind: &Kind,
        among: Among<'_>,
        limit: u64,
    ) -> Result<Vec<(ResourceId, String)>, StoreError> {
        let Some(all) = self.among(kind, among) else { return Ok(Vec::new()) };
        let named = all.clone().filter(Column::DisplayKey.is_not_null());
        let named = named.order_by_asc(Column::DisplayKey).order_by_asc(Column::Id).limit(limit);
        let mut found = self.called(statement(named)).await?;
        let left = limit.saturating_sub(found.len() as u64);
        if left > 0 {
            let others = all.filter(Column::DisplayKey.is_null()).order_by_asc(Column::Id).limit(left);
            found.append(&mut self.called(statement(others)).await?);
        }
        Ok(found)
    }
}
