//! Rows as resources, with the groups of a user beside them.

use std::collections::BTreeSet;

use domain::directory::{GroupRef, Kind, Membership, Related, StoredResource, View};
use domain::ids::ResourceId;
use domain::store::StoreError;
use scim_protocol::resource::Resource;
use sea_orm::sea_query::{Expr, SelectStatement};
use sea_orm::{DbBackend, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::{corrupt, moment, nesting};
use crate::sql::dialect;
use crate::sql::entity::resource::Model;
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::store::Session;

/// The column with a user's groups, where they were asked for.
const GROUPS: &str = "groups";

pub fn read(row: Model) -> Result<StoredResource, StoreError> {
    let attributes = serde_json::from_str(&row.doc).map_err(corrupt)?;
    Ok(StoredResource {
        kind: Kind::named(&row.kind),
        id: ResourceId(row.id),
        resource: Resource::trusted(attributes),
        version: row.version,
        created: moment(row.created_us),
        modified: moment(row.modified_us),
    })
}

/// Rows with their groups, if these were selected [`with_groups`]. Groups in groups are few, so that those above them are
/// asked for only where there are any.
pub async fn views<L: Line>(session: &Session<L>, rows: &[QueryResult], groups: bool) -> Result<Vec<View>, StoreError> {
    let mut views = Vec::with_capacity(rows.len());
    let mut nested = BTreeSet::new();
    for row in rows {
        let stored = read(Model::from_query_result(row, "").map_err(failure)?)?;
        let related = match groups {
            false => Related::None,
            true => Related::Groups(read_groups(row.try_get("", GROUPS).map_err(failure)?, &mut nested)?),
        };
        views.push(View { stored, related });
    }
    if !nested.is_empty() {
        let above = nesting::above(session, &nested.into_iter().collect::<Vec<_>>()).await?;
        for view in &mut views {
            if let Related::Groups(groups) = &mut view.related {
                nesting::add_indirect(groups, &above);
            }
        }
    }
    Ok(views)
}

/// The groups of one, those above them as well.
pub async fn all_groups<L: Line>(session: &Session<L>, list: Option<String>) -> Result<Vec<GroupRef>, StoreError> {
    let mut nested = BTreeSet::new();
    let mut groups = read_groups(list, &mut nested)?;
    if !nested.is_empty() {
        let above = nesting::above(session, &nested.into_iter().collect::<Vec<_>>()).await?;
        nesting::add_indirect(&mut groups, &above);
    }
    Ok(groups)
}

fn read_groups(list: Option<String>, nested: &mut BTreeSet<ResourceId>) -> Result<Vec<GroupRef>, StoreError> {
    let list: Vec<(String, Option<String>, bool)> =
        list.map_or(Ok(Vec::new()), |list| serde_json::from_str(&list)).map_err(corrupt)?;
    let group = |(id, display, is_nested): (String, Option<String>, bool)| {
        let id = ResourceId(Uuid::try_parse(&id).map_err(corrupt)?);
        if is_nested {
            nested.insert(id);
        }
        Ok(GroupRef { id, display, membership: Membership::Direct })
    };
    list.into_iter().map(group).collect()
}

/// Users know their groups; nobody else has any to show.
pub fn shows_groups(kind: &Kind, groups: bool) -> bool {
    groups && *kind == Kind::USER
}

pub fn with_groups(backend: DbBackend, mut select: SelectStatement, groups: bool) -> SelectStatement {
    match groups {
        true => select.expr_as(Expr::cust(dialect::groups_of_row(backend)), GROUPS).take(),
        false => select,
    }
}
