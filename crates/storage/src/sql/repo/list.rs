//! Lists: in the database where it can answer, by reading through the candidates where it cannot.

use domain::directory::{Kind, Related, StoredResource};
use domain::ids::ResourceId;
use domain::store::{ListPage, ListQuery, ReadResources, Sort, StoreError};
use scim_protocol::filter::Condition;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::sort::SortKey;
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::members::uuids;
use super::{CHUNK, corrupt, resources};
use crate::sql::entity::resource::{Column, Entity};
use crate::sql::error::failure;
use crate::sql::filter::{Narrowed, narrow};
use crate::sql::store::Session;

/// How many resources one question may look at.
const WORK_LIMIT: u64 = 200_000;

/// Resources read at once while looking through candidates.
const BATCH: u64 = 500;

/// The largest number the databases count with; the driver panics at a larger one.
const MOST: u64 = i64::MAX.unsigned_abs();

pub async fn list<C: ConnectionTrait + Send + Sync>(
    session: &mut Session<C>,
    kind: &Kind,
    query: &ListQuery,
) -> Result<ListPage, StoreError> {
    let types = session.types.clone();
    let resource_type = types.get(kind).map_err(corrupt)?;
    let narrowed = query.condition.as_ref().map(|condition| narrow(session.door, resource_type, condition));
    let candidates = session.door.select::<Entity>().filter(Column::Kind.eq(kind.as_str()));
    let (candidates, residual) = match narrowed {
        None => (candidates, None),
        Some(None) => (candidates, query.condition.as_ref()),
        Some(Some(Narrowed { sql, exact: true })) => (candidates.filter(sql), None),
        Some(Some(Narrowed { sql, exact: false })) => (candidates.filter(sql), query.condition.as_ref()),
    };
    match (residual, &query.sort) {
        (None, None) => page(&session.conn, candidates, query).await,
        (residual, sort) => {
            Search { resource_type, residual, sort: sort.as_ref() }.run(session, candidates, query).await
        }
    }
}

/// The database answers alone. A page that is not full tells the total by itself, so that the search for one person, the
/// most frequent of all questions, is one statement.
async fn page<C: ConnectionTrait>(
    conn: &C,
    matching: Select<Entity>,
    query: &ListQuery,
) -> Result<ListPage, StoreError> {
    let rows = match query.limit {
        0 => Vec::new(),
        limit => {
            let page = matching.clone().order_by_asc(Column::Id);
            let page = page.offset(query.offset.min(MOST)).limit(limit.min(MOST));
            page.all(conn).await.map_err(failure)?
        }
    };
    let found = rows.len() as u64;
    let is_last = found < query.limit && (found > 0 || query.offset == 0);
    let total = match is_last {
        true => query.offset + found,
        false => matching.count(conn).await.map_err(failure)?,
    };
    let resources = rows.into_iter().map(resources::read).collect::<Result<_, _>>()?;
    Ok(ListPage { total, resources })
}

/// Candidates are read one after another, tested and, if need be, sorted.
struct Search<'q> {
    resource_type: &'q ResourceType,
    residual: Option<&'q Condition>,
    sort: Option<&'q Sort>,
}

impl Search<'_> {
    async fn run<C: ConnectionTrait + Send + Sync>(
        &self,
        session: &mut Session<C>,
        candidates: Select<Entity>,
        query: &ListQuery,
    ) -> Result<ListPage, StoreError> {
        let mut found: Vec<(SortKey, ResourceId)> = Vec::new();
        let mut last = None;
        let mut looked_at = 0;
        loop {
            let rest = match last {
                None => candidates.clone(),
                Some(id) => candidates.clone().filter(Column::Id.gt(id)),
            };
            let rows = rest.order_by_asc(Column::Id).limit(BATCH).all(&session.conn).await.map_err(failure)?;
            last = rows.last().map(|row| row.id);
            looked_at += rows.len() as u64;
            let is_last = (rows.len() as u64) < BATCH;
            let batch = rows.into_iter().map(resources::read).collect::<Result<Vec<_>, _>>()?;
            found.extend(self.matching(session, batch).await?);
            if is_last {
                break;
            }
            if looked_at >= WORK_LIMIT {
                return Err(StoreError::TooMuchWork { limit: WORK_LIMIT });
            }
        }
        self.order(&mut found);
        let total = found.len() as u64;
        let window = found.into_iter().map(|(_, id)| id);
        let ids: Vec<ResourceId> = window.skip(clamp(query.offset)).take(clamp(query.limit)).collect();
        Ok(ListPage { total, resources: by_ids(session, &ids, &self.resource_type.name).await? })
    }

    async fn matching<C: ConnectionTrait + Send + Sync>(
        &self,
        session: &mut Session<C>,
        batch: Vec<StoredResource>,
    ) -> Result<Vec<(SortKey, ResourceId)>, StoreError> {
        let related = self.related(session, &batch).await?;
        let mut found = Vec::new();
        for (resource, related) in batch.iter().zip(related) {
            let document = resource.document(self.resource_type, &related);
            if self.residual.is_none_or(|condition| condition.matches(&document)) {
                let key = self.sort.map_or(SortKey::Missing, |sort| SortKey::of(&sort.field, &document));
                found.push((key, resource.id));
            }
        }
        Ok(found)
    }

    /// What is kept beside the documents, where the question is about it.
    async fn related<C: ConnectionTrait + Send + Sync>(
        &self,
        session: &mut Session<C>,
        batch: &[StoredResource],
    ) -> Result<Vec<Related>, StoreError> {
        let asks_for = |name: &str| {
            self.residual.is_some_and(|condition| condition.mentions(name))
                || self.sort.is_some_and(|sort| sort.field.extension.is_none() && sort.field.name == name)
        };
        let ids: Vec<ResourceId> = batch.iter().map(|resource| resource.id).collect();
        if self.resource_type.name == Kind::USER.as_str() && asks_for("groups") {
            let mut groups = session.groups_of(&ids).await?;
            return Ok(ids.iter().map(|id| Related::Groups(groups.remove(id).unwrap_or_default())).collect());
        }
        if self.resource_type.name == Kind::GROUP.as_str() && asks_for("members") {
            let mut members = session.members(&ids).await?;
            return Ok(ids.iter().map(|id| Related::Members(members.remove(id).unwrap_or_default())).collect());
        }
        Ok(vec![Related::None; ids.len()])
    }

    /// By the sort key; those that are equal stay in order of creation.
    fn order(&self, found: &mut [(SortKey, ResourceId)]) {
        match self.sort {
            None => {}
            Some(Sort { descending: false, .. }) => found.sort_by(|left, right| left.0.compare(&right.0)),
            Some(Sort { descending: true, .. }) => found.sort_by(|left, right| right.0.compare(&left.0)),
        }
    }
}

/// These resources, in this order.
async fn by_ids<C: ConnectionTrait + Send + Sync>(
    session: &Session<C>,
    ids: &[ResourceId],
    kind: &str,
) -> Result<Vec<StoredResource>, StoreError> {
    let mut found = std::collections::HashMap::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = session.door.select::<Entity>().filter(Column::Kind.eq(kind)).filter(Column::Id.is_in(uuids(ids)));
        for row in query.all(&session.conn).await.map_err(failure)? {
            found.insert(ResourceId(row.id), resources::read(row)?);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
