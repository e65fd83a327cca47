//! Memberships. Single members are found by the whole key: on a freshly filled table PostgreSQL plans a look-up by a list
//! as a walk through the whole group (performance.md, finding 4).

use std::collections::HashMap;

use domain::directory::{GroupRef, Kind, Member};
use domain::ids::ResourceId;
use domain::store::StoreError;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoIden, Query};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult,
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
        let query = door.select::<Entity>().filter(Column::GroupId.is_in(uuids(groups)));
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
        let rows = joined(conn, door, Column::GroupId, groups, (Column::MemberKind, Column::MemberId)).await?;
        for (group, member, kind, display) in rows {
            let member = Member { id: ResourceId(member), kind: Kind::named(&kind), display };
            found.entry(ResourceId(group)).or_default().push(member);
        }
    }
    Ok(found)
}

pub async fn groups_of<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    members: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
    let mut found: HashMap<ResourceId, Vec<GroupRef>> = HashMap::new();
    for members in members.chunks(CHUNK) {
        let group = (Expr::value(Kind::GROUP.as_str()), Column::GroupId);
        for (member, group, _, display) in joined_as(conn, door, Column::MemberId, members, group).await? {
            found.entry(ResourceId(member)).or_default().push(GroupRef { id: ResourceId(group), display });
        }
    }
    Ok(found)
}

type Row = (Uuid, Uuid, String, Option<String>);

async fn joined<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    from: Column,
    ids: &[ResourceId],
    (kind, to): (Column, Column),
) -> Result<Vec<Row>, StoreError> {
    joined_as(conn, door, from, ids, (Expr::col((Entity, kind)), to)).await
}

/// Rows of `member` whose `from` is one of these, with the resource their `to` stands for.
async fn joined_as<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    from: Column,
    ids: &[ResourceId],
    (kind, to): (Expr, Column),
) -> Result<Vec<Row>, StoreError> {
    let r = || Alias::new("r").into_iden();
    let wanted = match ids {
        [one] => Expr::col((Entity, from)).eq(one.0),
        many => Expr::col((Entity, from)).is_in(uuids(many)),
    };
    let same_resource = Expr::col((r(), resource::Column::TenantId))
        .eq(door.tenant())
        .and(Expr::col((r(), resource::Column::Kind)).eq(kind))
        .and(Expr::col((r(), resource::Column::Id)).eq(Expr::col((Entity, to))));
    let query = Query::select()
        .columns([(Entity, from), (Entity, to)])
        .columns([(r(), resource::Column::Kind), (r(), resource::Column::Display)])
        .from(Entity)
        .join_as(sea_orm::JoinType::InnerJoin, resource::Entity, r(), same_resource)
        .and_where(Expr::col((Entity, Column::TenantId)).eq(door.tenant()))
        .and_where(wanted)
        .order_by((Entity, to), sea_orm::Order::Asc)
        .to_owned();
    let rows = conn.query_all(&query).await.map_err(failure)?;
    rows.iter().map(|row| row.try_get_many_by_index().map_err(failure)).collect()
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
        let chosen = match members {
            [one] => Column::MemberId.eq(one.0),
            many => Column::MemberId.is_in(uuids(many)),
        };
        let delete = door.delete::<Entity>().filter(Column::GroupId.eq(group.0)).filter(chosen);
        let rows = delete.exec_with_returning(conn).await.map_err(failure)?;
        removed.extend(rows.into_iter().map(|row| ResourceId(row.member_id)));
    }
    Ok(removed)
}

pub async fn leave_all(conn: &DatabaseTransaction, door: Door, member: ResourceId) -> Result<Vec<ResourceId>, StoreError> {
    let delete = door.delete::<Entity>().filter(Column::MemberId.eq(member.0));
    let rows = delete.exec_with_returning(conn).await.map_err(failure)?;
    let mut left: Vec<ResourceId> = rows.into_iter().map(|row| ResourceId(row.group_id)).collect();
    left.sort_unstable();
    Ok(left)
}

pub fn uuids(ids: &[ResourceId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
