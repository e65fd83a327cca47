//! Memberships. Single members are found by the whole key: on a freshly filled table PostgreSQL plans a look-up by a list
//! as a walk through the whole group (performance.md, finding 4).

use std::collections::HashMap;

use domain::directory::{GroupRef, Kind, Member};
use domain::ids::ResourceId;
use domain::store::StoreError;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoIden, Query};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, JoinType, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use uuid::Uuid;

use super::CHUNK;
use crate::sql::entity::member::{ActiveModel, Column, Entity};
use crate::sql::entity::resource;
use crate::sql::error::failure;
use crate::sql::scope::Door;

/// Up to this many removals go one by one.
const FEW: usize = 16;

pub async fn count<C: ConnectionTrait>(conn: &C, door: Door, groups: &[ResourceId]) -> Result<u64, StoreError> {
    let mut total = 0;
    for groups in groups.chunks(CHUNK) {
        let query = door.select::<Entity>().filter(one_of(Column::GroupId, groups));
        total += query.count(conn).await.map_err(failure)?;
    }
    Ok(total)
}

pub async fn members<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    groups: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError> {
    let mut found: HashMap<ResourceId, Vec<Member>> = HashMap::new();
    for groups in groups.chunks(CHUNK) {
        let query = door.select::<Entity>().filter(one_of(Column::GroupId, groups)).order_by_asc(Column::MemberId);
        for row in query.all(conn).await.map_err(failure)? {
            let member = Member { id: ResourceId(row.member_id), kind: Kind::named(&row.member_kind) };
            found.entry(ResourceId(row.group_id)).or_default().push(member);
        }
    }
    Ok(found)
}

/// Memberships with the groups' names.
pub async fn groups_of<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    members: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
    let group = || Alias::new("g").into_iden();
    let its_group = Expr::col((group(), resource::Column::TenantId))
        .eq(door.tenant())
        .and(Expr::col((group(), resource::Column::Kind)).eq(Kind::GROUP.as_str()))
        .and(Expr::col((group(), resource::Column::Id)).eq(Expr::col((Entity, Column::GroupId))));
    let mut found: HashMap<ResourceId, Vec<GroupRef>> = HashMap::new();
    for members in members.chunks(CHUNK) {
        let query = Query::select()
            .columns([(Entity, Column::MemberId), (Entity, Column::GroupId)])
            .column((group(), resource::Column::Display))
            .from(Entity)
            .join_as(JoinType::InnerJoin, resource::Entity, group(), its_group.clone())
            .and_where(Expr::col((Entity, Column::TenantId)).eq(door.tenant()))
            .and_where(one_of(Column::MemberId, members))
            .order_by((Entity, Column::GroupId), Order::Asc)
            .to_owned();
        for row in conn.query_all(&query).await.map_err(failure)? {
            let (member, id, display): (Uuid, Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
            found.entry(ResourceId(member)).or_default().push(GroupRef { id: ResourceId(id), display });
        }
    }
    Ok(found)
}

fn one_of(column: Column, ids: &[ResourceId]) -> Expr {
    match ids {
        [one] => column.eq(one.0),
        many => column.is_in(uuids(many)),
    }
}

pub async fn ids(conn: &DatabaseTransaction, door: Door, group: ResourceId) -> Result<Vec<ResourceId>, StoreError> {
    let query = door.select::<Entity>().filter(Column::GroupId.eq(group.0)).order_by_asc(Column::MemberId);
    let ids = query.select_only().column(Column::MemberId).into_tuple::<Uuid>().all(conn).await.map_err(failure)?;
    Ok(ids.into_iter().map(ResourceId).collect())
}

pub async fn add(
    conn: &DatabaseTransaction,
    door: Door,
    group: ResourceId,
    members: &[(ResourceId, Kind)],
) -> Result<Vec<ResourceId>, StoreError> {
    let mut added = Vec::with_capacity(members.len());
    for members in members.chunks(CHUNK) {
        let rows = members.iter().map(|(id, kind)| ActiveModel {
            tenant_id: NotSet,
            group_id: Set(group.0),
            member_id: Set(id.0),
            member_kind: Set(kind.to_string()),
        });
        let insert = door.insert::<Entity>(rows).on_conflict_do_nothing();
        if let TryInsertResult::Inserted(rows) = insert.exec_with_returning_many(conn).await.map_err(failure)? {
            added.extend(rows.into_iter().map(|row| ResourceId(row.member_id)));
        }
    }
    Ok(added)
}

pub async fn remove(
    conn: &DatabaseTransaction,
    door: Door,
    group: ResourceId,
    members: &[ResourceId],
) -> Result<Vec<ResourceId>, StoreError> {
    let mut removed = Vec::with_capacity(members.len());
    let size = if members.len() <= FEW { 1 } else { CHUNK };
    for members in members.chunks(size) {
        let chosen = one_of(Column::MemberId, members);
        let delete = door.delete::<Entity>().filter(Column::GroupId.eq(group.0)).filter(chosen);
        let rows = delete.exec_with_returning(conn).await.map_err(failure)?;
        removed.extend(rows.into_iter().map(|row| ResourceId(row.member_id)));
    }
    Ok(removed)
}

pub async fn leave_all(
    conn: &DatabaseTransaction,
    door: Door,
    member: ResourceId,
) -> Result<Vec<ResourceId>, StoreError> {
    let delete = door.delete::<Entity>().filter(Column::MemberId.eq(member.0));
    let rows = delete.exec_with_returning(conn).await.map_err(failure)?;
    let mut left: Vec<ResourceId> = rows.into_iter().map(|row| ResourceId(row.group_id)).collect();
    left.sort_unstable();
    Ok(left)
}

pub fn uuids(ids: &[ResourceId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
