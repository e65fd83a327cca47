//! Groups in groups. There are no circles among them, and yet a walk through them ends even if there were.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::directory::{GroupRef, Kind, Membership};
use domain::ids::ResourceId;
use domain::role::NamedGroup;
use domain::store::StoreError;
use sea_orm::sea_query::{
    CommonTableExpression, Expr, ExprTrait, IntoIden, JoinType, Query, SelectStatement, UnionType, WithClause,
};
use uuid::Uuid;

use crate::sql::dialect::{self, uuids};
use crate::sql::entity::member::{Column, Entity};
use crate::sql::entity::resource;
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::Door;
use crate::sql::store::Session;

const WALK: &str = "walk";

/// Which groups a group is in itself, for every group on the way up from some.
pub type Above = HashMap<ResourceId, Vec<GroupRef>>;

/// The way up from these groups: what they are in, what that is in, and so on.
pub async fn above<L: Line>(session: &Session<L>, groups: &[ResourceId]) -> Result<Above, StoreError> {
    let tenant = session.door.tenant();
    let in_walk = |alias: &'static str| {
        Expr::col((alias, Column::TenantId)).eq(tenant).and(Expr::col((alias, Column::MemberId)).equals((WALK, "id")))
    };
    let first = dialect::ids(session.line.backend(), &uuids(groups));
    let next = Query::select()
        .column(("m", Column::GroupId))
        .from(WALK)
        .join_as(JoinType::InnerJoin, Entity, "m".into_iden(), in_walk("m"))
        .take();
    let its_group = Expr::col(("g", resource::Column::TenantId))
        .eq(tenant)
        .and(Expr::col(("g", resource::Column::Kind)).eq(Kind::GROUP.as_str()))
        .and(Expr::col(("g", resource::Column::Id)).equals(("m", Column::GroupId)));
    let found = Query::select()
        .columns([("m", Column::MemberId), ("m", Column::GroupId)])
        .column(("g", resource::Column::Display))
        .from(WALK)
        .join_as(JoinType::InnerJoin, Entity, "m".into_iden(), in_walk("m"))
        .join_as(JoinType::InnerJoin, resource::Entity, "g".into_iden(), its_group)
        .take();
    let mut above = Above::new();
    for row in session.rows(walking(first, next, found)).await? {
        let (member, id, display): (Uuid, Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
        let group = GroupRef { id: ResourceId(id), display, membership: Membership::Indirect };
        above.entry(ResourceId(member)).or_default().push(group);
    }
    Ok(above)
}

/// The ids of a group and of all groups below it.
pub fn below(door: Door, group: Uuid) -> SelectStatement {
    let first = Query::select().expr(Expr::val(group)).take();
    let next = Query::select()
        .column(("m", Column::MemberId))
        .from(WALK)
        .join_as(
            JoinType::InnerJoin,
            Entity,
            "m".into_iden(),
            Expr::col(("m", Column::TenantId))
                .eq(door.tenant())
                .and(Expr::col(("m", Column::GroupId)).equals((WALK, "id")))
                // As it stands in the condition of the index, which a parameter would not meet.
                .and(Expr::cust("m.member_kind = 'Group'")),
        )
        .take();
    let found = Query::select().column((WALK, "id")).from(WALK).take();
    walking(first, next, found)
}

/// Of each of these groups, and of each group on the way down from them: which groups are directly in it.
pub async fn all_below<L: Line>(
    session: &Session<L>,
    groups: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<NamedGroup>>, StoreError> {
    let tenant = session.door.tenant();
    let nested = || {
        Expr::col(("m", Column::TenantId))
            .eq(tenant)
            .and(Expr::col(("m", Column::GroupId)).equals((WALK, "id")))
            // As it stands in the condition of the index, which a parameter would not meet.
            .and(Expr::cust("m.member_kind = 'Group'"))
    };
    let first = dialect::ids(session.line.backend(), &uuids(groups));
    let next = Query::select()
        .column(("m", Column::MemberId))
        .from(WALK)
        .join_as(JoinType::InnerJoin, Entity, "m".into_iden(), nested())
        .take();
    let its_group = Expr::col(("g", resource::Column::TenantId))
        .eq(tenant)
        .and(Expr::col(("g", resource::Column::Kind)).eq(Kind::GROUP.as_str()))
        .and(Expr::col(("g", resource::Column::Id)).equals(("m", Column::MemberId)));
    let found = Query::select()
        .columns([("m", Column::GroupId), ("m", Column::MemberId)])
        .column(("g", resource::Column::Display))
        .from(WALK)
        .join_as(JoinType::InnerJoin, Entity, "m".into_iden(), nested())
        .join_as(JoinType::InnerJoin, resource::Entity, "g".into_iden(), its_group)
        .take();
    let mut below: HashMap<ResourceId, Vec<NamedGroup>> = HashMap::new();
    for row in session.rows(walking(first, next, found)).await? {
        let (group, id, name): (Uuid, Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
        below.entry(ResourceId(group)).or_default().push(NamedGroup { id: ResourceId(id), name });
    }
    Ok(below)
}

/// Direct memberships made whole by the groups above them.
pub async fn complete<L: Line>(
    session: &Session<L>,
    groups: &mut HashMap<ResourceId, Vec<GroupRef>>,
) -> Result<(), StoreError> {
    let direct: BTreeSet<ResourceId> = groups.values().flatten().map(|group| group.id).collect();
    if direct.is_empty() {
        return Ok(());
    }
    let above = above(session, &direct.into_iter().collect::<Vec<_>>()).await?;
    for groups in groups.values_mut() {
        add_indirect(groups, &above);
    }
    Ok(())
}

/// Adds what is above somebody's groups, each group once, in order of their ids.
pub fn add_indirect(groups: &mut Vec<GroupRef>, above: &Above) {
    let mut known: HashSet<ResourceId> = groups.iter().map(|group| group.id).collect();
    let mut open: Vec<ResourceId> = known.iter().copied().collect();
    let mut indirect = Vec::new();
    while let Some(group) = open.pop() {
        for parent in above.get(&group).into_iter().flatten() {
            if known.insert(parent.id) {
                open.push(parent.id);
                indirect.push(parent.clone());
            }
        }
    }
    indirect.sort_by_key(|group| group.id);
    groups.append(&mut indirect);
}

/// What is found from the first rows and, over and over, from the rows found by the last step; each row once.
fn walking(mut first: SelectStatement, next: SelectStatement, mut found: SelectStatement) -> SelectStatement {
    let mut walk = CommonTableExpression::new();
    walk.table_name(WALK).column("id").query(first.union(UnionType::Distinct, next).take());
    let mut with = WithClause::new();
    with.recursive(true).cte(walk);
    found.with_cte(with).take()
}
