//! Memberships. Single members are found by the whole key: on a freshly filled table PostgreSQL plans a look-up by a list
//! as a walk through the whole group (performance.md, finding 4).

use std::collections::HashMap;

use domain::change::Change;
use domain::directory::{Candidate, GroupRef, Kind, Member, Membership};
use domain::ids::ResourceId;
use domain::store::StoreError;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, IntoIden, JoinType, Order, Query, SelectStatement};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult,
    QuerySelect,
};
use uuid::Uuid;

use super::corrupt;
use crate::sql::batch::Batch;
use crate::sql::dialect::{self, uuids};
use crate::sql::entity::member::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::resource;
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;

/// Up to this many members are written one by one, each by its whole key.
const FEW: usize = 16;

const NAMED: &str = "named";

pub async fn count<L: Line>(session: &Session<L>, groups: &[ResourceId]) -> Result<u64, StoreError> {
    let query = session.door.select::<Entity>().filter(one_of(session, Column::GroupId, groups));
    let rows = session.rows(statement(query.select_only().expr_as(Expr::cust("count(*)"), "members"))).await?;
    let members: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "members")).map_err(failure)?;
    u64::try_from(members).map_err(corrupt)
}

pub async fn members<L: Line>(
    session: &Session<L>,
    groups: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError> {
    let query = session.door.select::<Entity>().filter(one_of(session, Column::GroupId, groups));
    let rows = session.rows(statement(query.order_by_asc(Column::GroupId).order_by_asc(Column::MemberId))).await?;
    let mut found: HashMap<ResourceId, Vec<Member>> = HashMap::new();
    for row in rows {
        let row = Model::from_query_result(&row, "").map_err(failure)?;
        let member = Member { id: ResourceId(row.member_id), kind: Kind::named(&row.member_kind) };
        found.entry(ResourceId(row.group_id)).or_default().push(member);
    }
    Ok(found)
}

/// Memberships with the groups' names.
pub async fn groups_of<L: Line>(
    session: &Session<L>,
    members: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
    let tenant = session.door.tenant();
    let its_group = Expr::col(("g", resource::Column::TenantId))
        .eq(tenant)
        .and(Expr::col(("g", resource::Column::Kind)).eq(Kind::GROUP.as_str()))
        .and(Expr::col(("g", resource::Column::Id)).equals((Entity, Column::GroupId)));
    let query = Query::select()
        .columns([(Entity, Column::MemberId), (Entity, Column::GroupId)])
        .column(("g", resource::Column::Display))
        .from(Entity)
        .join_as(JoinType::InnerJoin, resource::Entity, "g".into_iden(), its_group)
        .and_where(Expr::col((Entity, Column::TenantId)).eq(tenant))
        .and_where(one_of(session, Column::MemberId, members))
        .order_by((Entity, Column::GroupId), Order::Asc)
        .take();
    let mut found: HashMap<ResourceId, Vec<GroupRef>> = HashMap::new();
    for row in session.rows(query).await? {
        let (member, id, display): (Uuid, Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
        let group = GroupRef { id: ResourceId(id), display, membership: Membership::Direct };
        found.entry(ResourceId(member)).or_default().push(group);
    }
    Ok(found)
}

fn one_of<L: Line>(session: &Session<L>, column: Column, ids: &[ResourceId]) -> Expr {
    dialect::one_of(session.line.backend(), Expr::col((Entity, column)), &uuids(ids))
}

/// A group's row once for each of these, with what each is to the group. Everything is looked for by its whole key.
pub fn with_candidates<L: Line>(session: &Session<L>, group: SelectStatement, named: &[ResourceId]) -> SelectStatement {
    let of_group = Expr::col(("found", resource::Column::Id));
    candidates(session, named, of_group)
        .column(("found", Asterisk))
        .join_subquery(JoinType::InnerJoin, group, "found", Expr::cust("1 = 1"))
        .take()
}

/// What each of these is to no group in particular.
pub fn strangers<L: Line>(session: &Session<L>, named: &[ResourceId]) -> SelectStatement {
    candidates(session, named, Expr::val(Uuid::nil()))
}

fn candidates<L: Line>(session: &Session<L>, named: &[ResourceId], group: Expr) -> SelectStatement {
    let its_id = || Expr::col((NAMED, resource::Column::Id));
    let exists = |kind: &Kind| {
        let found = session.of_kind(kind).filter(resource::Column::Id.into_expr().eq(its_id()));
        Expr::from(statement(found.select_only().column(resource::Column::Kind)))
    };
    let member = session.door.select::<Entity>().filter(Column::GroupId.into_expr().eq(group));
    let member = member.filter(Column::MemberId.into_expr().eq(its_id())).select_only().column(Column::MemberId);
    Query::select()
        .expr_as(its_id(), "candidate")
        .expr_as(exists(&Kind::USER), "as_user")
        .expr_as(exists(&Kind::GROUP), "as_group")
        .expr_as(Expr::from(statement(member)), "as_member")
        .from_subquery(named_rows(session, named), NAMED)
        .take()
}

fn named_rows<L: Line>(session: &Session<L>, named: &[ResourceId]) -> SelectStatement {
    dialect::ids(session.line.backend(), &uuids(named))
}

pub fn read_candidates(rows: &[QueryResult]) -> Result<HashMap<ResourceId, Candidate>, StoreError> {
    let read = |row: &QueryResult| {
        let id: Uuid = row.try_get("", "candidate")?;
        let as_user: Option<String> = row.try_get("", "as_user")?;
        let as_group: Option<String> = row.try_get("", "as_group")?;
        let as_member: Option<Uuid> = row.try_get("", "as_member")?;
        let kind = as_user.or(as_group).map(|kind| Kind::named(&kind));
        Ok((ResourceId(id), Candidate { kind, is_member: as_member.is_some() }))
    };
    rows.iter().map(|row| read(row).map_err(failure)).collect()
}

/// Who joins and who leaves, in order of their ids. Somebody else may have done the same meanwhile; then all is decided
/// again.
pub fn change<L: Line>(
    session: &Session<L>,
    batch: &mut Batch,
    group: ResourceId,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    let of_group = || session.door.delete::<Entity>().filter(Column::GroupId.eq(group.0));
    let size = if change.leaving.len() <= FEW { 1 } else { usize::MAX };
    for leaving in change.leaving.chunks(size) {
        let chosen = dialect::one_of(session.line.backend(), Column::MemberId.into_expr(), &uuids(leaving));
        batch.delete(statement(of_group().filter(chosen)), Some(leaving.len()));
    }
    match change.joining.len() {
        0 => Ok(()),
        1..=FEW => {
            let rows = change.joining.iter().map(|(id, kind)| ActiveModel {
                tenant_id: NotSet,
                group_id: Set(group.0),
                member_id: Set(id.0),
                member_kind: Set(kind.to_string()),
            });
            batch.insert(statement(session.door.insert::<Entity>(rows)), None);
            Ok(())
        }
        _ => join_many(session, batch, group, change),
    }
}

/// One statement a kind, whatever the number.
fn join_many<L: Line>(
    session: &Session<L>,
    batch: &mut Batch,
    group: ResourceId,
    change: &Change<'_>,
) -> Result<(), StoreError> {
    for kind in [Kind::USER, Kind::GROUP] {
        let ids: Vec<ResourceId> = change.joining.iter().filter(|(_, each)| *each == kind).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            continue;
        }
        let columns = [Column::GroupId, Column::MemberKind, Column::MemberId];
        let insert = session.door.insert_from::<Entity>(columns, |row| {
            row.expr(Expr::val(group.0))
                .expr(Expr::val(kind.to_string()))
                .expr(Expr::col((NAMED, resource::Column::Id)));
            row.from_subquery(named_rows(session, &ids), NAMED);
        });
        batch.insert(insert.map_err(failure)?, Some(ids.len()));
    }
    Ok(())
}

/// Everybody leaves a group that is going itself.
pub fn clear<L: Line>(session: &Session<L>, batch: &mut Batch, group: ResourceId) {
    batch.delete(statement(session.door.delete::<Entity>().filter(Column::GroupId.eq(group.0))), None);
}

/// Somebody leaves these groups. One that they have joined meanwhile keeps them from going, by its foreign key, even if they
/// have left another one and the number is the same.
pub fn leave_all<L: Line>(session: &Session<L>, batch: &mut Batch, member: ResourceId, groups: &[ResourceId]) {
    let of_member = session.door.delete::<Entity>().filter(Column::MemberId.eq(member.0));
    let these = one_of(session, Column::GroupId, groups);
    batch.delete(statement(of_member.filter(these)), Some(groups.len()));
}
