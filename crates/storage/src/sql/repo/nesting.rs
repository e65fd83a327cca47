//! Groups in groups. There are no circles among them, and yet a walk through them ends even if there were.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::directory::{GroupRef, Kind, Membership};
use domain::ids::ResourceId;
use domain::store::StoreError;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, IntoIden, JoinType, Order, Query, SelectStatement, UnionType,
    WithClause,
};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::sql::dialect::{self, uuids};
use crate::sql::entity::member::{Column, Entity};
use crate::sql::entity::resource;
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::{Door, statement};
use crate::sql::store::Session;

const WALK: &str = "walk";

/// The groups above each of these: those it is in directly, those that these are in, and so on.
pub async fn above<L: Line>(
    session: &Session<L>,
    groups: &[ResourceId],
) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
    let tenant = session.door.tenant();
    let start = dialect::one_of(session.line.backend(), Expr::col((Entity, Column::MemberId)), &uuids(groups));
    let first = nested(session.door).filter(start).select_only().column(Column::MemberId).column(Column::GroupId);
    let next = Query::select()
        .column((WALK, "start"))
        .column(("m", Column::GroupId))
        .from(WALK)
        .join_as(
            JoinType::InnerJoin,
            Entity,
            "m".into_iden(),
            Expr::col(("m", Column::TenantId)).eq(tenant).and(Expr::col(("m", Column::MemberId)).equals((WALK, "id"))),
        )
        .take();
    let its_group = Expr::col(("g", resource::Column::TenantId))
        .eq(tenant)
        .and(Expr::col(("g", resource::Column::Kind)).eq(Kind::GROUP.as_str()))
        .and(Expr::col(("g", resource::Column::Id)).equals((WALK, "id")));
    let found = Query::select()
        .columns([(WALK, "start"), (WALK, "id")])
        .column(("g", resource::Column::Display))
        .from(WALK)
        .join_as(JoinType::InnerJoin, resource::Entity, "g".into_iden(), its_group)
        .order_by((WALK, "id"), Order::Asc)
        .take();
    let mut above: HashMap<ResourceId, Vec<GroupRef>> = HashMap::new();
    for row in session.rows(walking(&["start", "id"], statement(first), next, found)).await? {
        let (start, id, display): (Uuid, Uuid, Option<String>) = row.try_get_many_by_index().map_err(failure)?;
        let group = GroupRef { id: ResourceId(id), display, membership: Membership::Indirect };
        above.entry(ResourceId(start)).or_default().push(group);
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
                .and(Expr::col(("m", Column::MemberKind)).eq(Kind::GROUP.as_str())),
        )
        .take();
    let found = Query::select().column((WALK, "id")).from(WALK).take();
    walking(&["id"], first, next, found)
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

/// Adds what is above somebody's groups, each group once.
pub fn add_indirect(groups: &mut Vec<GroupRef>, above: &HashMap<ResourceId, Vec<GroupRef>>) {
    let mut known: HashSet<ResourceId> = groups.iter().map(|group| group.id).collect();
    let mut indirect: Vec<GroupRef> =
        groups.iter().filter_map(|group| above.get(&group.id)).flatten().cloned().collect();
    indirect.retain(|group| known.insert(group.id));
    indirect.sort_by_key(|group| group.id);
    groups.append(&mut indirect);
}

/// Memberships of groups.
fn nested(door: Door) -> sea_orm::Select<Entity> {
    door.select::<Entity>().filter(Column::MemberKind.eq(Kind::GROUP.as_str()))
}

/// What is found from the first rows and, over and over, from the rows found by the last step; each row once.
fn walking(
    columns: &[&'static str],
    mut first: SelectStatement,
    next: SelectStatement,
    mut found: SelectStatement,
) -> SelectStatement {
    let mut walk = CommonTableExpression::new();
    walk.table_name(WALK).columns(columns.iter().map(|column| Alias::new(*column)));
    walk.query(first.union(UnionType::Distinct, next).take());
    let mut with = WithClause::new();
    with.recursive(true).cte(walk);
    found.with_cte(with).take()
}
