//! Reading through candidates one after another, where no index answers: testing each, and sorting if need be.

use std::cmp::Ordering;

use domain::directory::{Kind, Related, StoredResource, View};
use domain::ids::ResourceId;
use domain::store::{ListPage, ListQuery, Sort, StoreError};
use scim_protocol::filter::Condition;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::sort::SortKey;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{members, nesting, views};
use crate::sql::dialect::{self, uuids};
use crate::sql::entity::resource::{Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;

/// How many resources one question of a few terms may look at.
const WORK_LIMIT: u64 = 200_000;

/// So many terms cost as much as reading the resource.
const TERMS: u64 = 8;

/// Resources read at once.
const BATCH: u64 = 500;

pub struct Walk<'q, L> {
    pub session: &'q Session<L>,
    pub resource_type: &'q ResourceType,
    pub query: &'q ListQuery,
}

impl<L: Line> Walk<'_, L> {
    pub async fn page(&self, candidates: Select<Entity>) -> Result<ListPage, StoreError> {
        let mut found: Vec<(SortKey, ResourceId)> = Vec::new();
        let mut last = None;
        let terms = self.query.condition.as_ref().map_or(0, Condition::terms) as u64;
        let limit = WORK_LIMIT / (1 + terms / TERMS);
        let mut looked_at = 0;
        loop {
            let rest = match last {
                None => candidates.clone(),
                Some(id) => candidates.clone().filter(Column::Id.gt(id)),
            };
            let rows = self.session.rows(statement(rest.order_by_asc(Column::Id).limit(BATCH))).await?;
            let batch = rows.iter().map(|row| views::read(Model::from_query_result(row, "").map_err(failure)?));
            let batch = batch.collect::<Result<Vec<_>, _>>()?;
            last = batch.last().map(|resource| resource.id.0);
            looked_at += batch.len() as u64;
            let is_last = (batch.len() as u64) < BATCH;
            found.extend(self.matching(batch).await?);
            if is_last {
                break;
            }
            if looked_at >= limit {
                return Err(StoreError::TooMuchWork { limit });
            }
        }
        self.order(&mut found);
        let total = found.len() as u64;
        let window = found.into_iter().skip_while(|entry| !self.is_after(entry));
        let window = window.skip(clamp(self.query.offset)).take(clamp(self.query.limit));
        let (mut keys, ids): (Vec<SortKey>, Vec<ResourceId>) = window.unzip();
        let views = self.by_ids(&ids).await?;
        if views.len() < ids.len() {
            // Who was deleted meanwhile is in no page.
            let mut there = ids.iter().map(|id| views.iter().any(|view| view.stored.id == *id));
            keys.retain(|_| there.next().unwrap_or(false));
        }
        let is_last = ids.len() < clamp(self.query.limit);
        Ok(ListPage { total, views, keys, is_last, unindexed: Vec::new() })
    }

    /// Whether a resource comes after the place where the page begins.
    fn is_after(&self, (key, id): &(SortKey, ResourceId)) -> bool {
        let Some(after) = &self.query.after else { return true };
        self.compare(key, &after.key).then(id.cmp(&after.id)).is_gt()
    }

    async fn matching(&self, batch: Vec<StoredResource>) -> Result<Vec<(SortKey, ResourceId)>, StoreError> {
        let related = self.related(&batch).await?;
        let (condition, sort) = (self.query.condition.as_ref(), self.query.sort.as_ref());
        let mut found = Vec::new();
        for (resource, related) in batch.iter().zip(related) {
            let document = resource.document(self.resource_type, &related);
            if condition.is_none_or(|condition| condition.matches(&document)) {
                let key = sort.map_or(SortKey::Missing, |sort| SortKey::of(&sort.field, &document));
                found.push((key, resource.id));
            }
        }
        Ok(found)
    }

    /// What is kept beside the documents, where the question is about it.
    async fn related(&self, batch: &[StoredResource]) -> Result<Vec<Related>, StoreError> {
        let asks_for = |name: &str| {
            self.query.condition.as_ref().is_some_and(|condition| condition.mentions(name))
                || self
                    .query
                    .sort
                    .as_ref()
                    .is_some_and(|sort| sort.field.extension.is_none() && sort.field.name == name)
        };
        let ids: Vec<ResourceId> = batch.iter().map(|resource| resource.id).collect();

        if self.resource_type.name == Kind::USER.as_str() && asks_for("groups") {
            let mut groups = members::groups_of(self.session, &ids).await?;
            nesting::complete(self.session, &mut groups).await?;
            return Ok(ids.iter().map(|id| Related::Groups(groups.remove(id).unwrap_or_default())).collect());
        }
        if self.resource_type.name == Kind::GROUP.as_str() && asks_for("members") {
            let mut members = members::members(self.session, &ids).await?;
            return Ok(ids.iter().map(|id| Related::Members(members.remove(id).unwrap_or_default())).collect());
        }
        Ok(vec![Related::None; ids.len()])
    }

    /// By the sort key; those that are equal stay in order of creation.
    fn order(&self, found: &mut [(SortKey, ResourceId)]) {
        if self.query.sort.is_some() {
            found.sort_by(|left, right| self.compare(&left.0, &right.0));
        }
    }

    fn compare(&self, left: &SortKey, right: &SortKey) -> Ordering {
        match self.query.sort {
            None => Ordering::Equal,
            Some(Sort { descending: false, .. }) => left.compare(right),
            Some(Sort { descending: true, .. }) => right.compare(left),
        }
    }

    /// These resources, in this order.
    async fn by_ids(&self, ids: &[ResourceId]) -> Result<Vec<View>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (kind, backend) = (Kind::named(&self.resource_type.name), self.session.line.backend());
        let groups = views::shows_groups(&kind, self.query.groups);
        let chosen = dialect::one_of(backend, Column::Id.into_expr(), &uuids(ids));
        let query = views::with_groups(backend, statement(self.session.of_kind(&kind).filter(chosen)), groups);
        let mut found = std::collections::HashMap::with_capacity(ids.len());
        let rows = self.session.rows(query).await?;
        for view in views::views(self.session, &rows, groups).await? {
            found.insert(view.stored.id, view);
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
