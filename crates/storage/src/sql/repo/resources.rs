//! Resources and what is searched of them.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::directory::{GroupRef, Kind, Member, StoredResource, unique_name};
use domain::ids::ResourceId;
use domain::store::{ListPage, ListQuery, ReadResources, StoreError, WriteResources};
use domain::timestamp::Timestamp;
use scim_protocol::resource::Resource;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, QueryFilter, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::members::uuids;
use super::{CHUNK, corrupt, list, members, moment};
use crate::sql::entity::resource::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::resource_value;
use crate::sql::error::{failure, taken};
use crate::sql::key;
use crate::sql::store::Session;

/// Multi-valued attributes with rows in the side table.
pub const INDEXED_PATHS: [(&str, &str); 1] = [("emails", "value")];

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

fn document(resource: &Resource) -> Result<String, StoreError> {
    serde_json::to_string(resource.attributes()).map_err(corrupt)
}

/// The columns that follow from the document.
struct Hot {
    unique_attribute: String,
    unique_key: Option<String>,
    external_key: Option<String>,
    display_key: Option<String>,
    display: Option<String>,
}

impl<C> Session<C> {
    fn hot(&self, kind: &Kind, resource: &Resource) -> Result<Hot, StoreError> {
        let resource_type = self.types.get(kind).map_err(corrupt)?;
        let unique = unique_name(resource_type, resource, self.rules);
        Ok(Hot {
            unique_key: unique.as_ref().map(|(_, value)| key::folded(value)),
            unique_attribute: unique.map(|(name, value)| format!("{name} \"{value}\"")).unwrap_or_default(),
            external_key: resource.text("externalId").map(key::exact),
            display_key: resource.text("displayName").map(key::folded),
            display: resource.text("displayName").or_else(|| resource.text("userName")).map(ToOwned::to_owned),
        })
    }
}

/// The rows of the side table that stand for a resource: path, element, key.
fn searchable(resource: &Resource) -> Vec<(String, i32, String)> {
    let mut rows = Vec::new();
    for (attribute, sub) in INDEXED_PATHS {
        let elements = resource.attributes().get(attribute).and_then(Value::as_array);
        for (element, index) in elements.into_iter().flatten().zip(0..) {
            if let Some(value) = element.get(sub).and_then(Value::as_str) {
                rows.push((format!("{attribute}.{sub}"), index, key::folded(value)));
            }
        }
    }
    rows
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> ReadResources for Session<C> {
    async fn find(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError> {
        let query = self.door.select::<Entity>().filter(Column::Kind.eq(kind.as_str())).filter(Column::Id.eq(id.0));
        query.one(&self.conn).await.map_err(failure)?.map(read).transpose()
    }

    async fn list(&mut self, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError> {
        list::list(self, kind, query).await
    }

    async fn count_members(&mut self, groups: &[ResourceId]) -> Result<u64, StoreError> {
        members::count(&self.conn, self.door, groups).await
    }

    async fn members(&mut self, groups: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError> {
        members::members(&self.conn, self.door, groups).await
    }

    async fn groups_of(&mut self, members: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
        members::groups_of(&self.conn, self.door, members).await
    }

    async fn kinds_of(&mut self, ids: &[ResourceId]) -> Result<HashMap<ResourceId, Kind>, StoreError> {
        let mut kinds = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            let query = self
                .door
                .select::<Entity>()
                .filter(Column::Kind.is_in([Kind::USER.as_str(), Kind::GROUP.as_str()]))
                .filter(Column::Id.is_in(uuids(ids)));
            let rows = query.select_only().columns([Column::Id, Column::Kind]).into_tuple::<(Uuid, String)>();
            for (id, kind) in rows.all(&self.conn).await.map_err(failure)? {
                kinds.insert(ResourceId(id), Kind::named(&kind));
            }
        }
        Ok(kinds)
    }
}

#[async_trait]
impl WriteResources for Session<DatabaseTransaction> {
    async fn lock(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError> {
        let query = self.door.select::<Entity>().filter(Column::Kind.eq(kind.as_str())).filter(Column::Id.eq(id.0));
        query.lock_exclusive().one(&self.conn).await.map_err(failure)?.map(read).transpose()
    }

    async fn insert(&mut self, new: &StoredResource) -> Result<(), StoreError> {
        let hot = self.hot(&new.kind, &new.resource)?;
        let row = ActiveModel {
            tenant_id: NotSet,
            kind: Set(new.kind.to_string()),
            id: Set(new.id.0),
            unique_key: Set(hot.unique_key),
            external_key: Set(hot.external_key),
            display_key: Set(hot.display_key),
            display: Set(hot.display),
            version: Set(new.version),
            created_us: Set(new.created.as_micros()),
            modified_us: Set(new.modified.as_micros()),
            doc: Set(document(&new.resource)?),
        };
        let insert = self.door.insert::<Entity>([row]).exec_without_returning(&self.conn).await;
        insert.map_err(|error| taken(error, &hot.unique_attribute))?;
        self.insert_searchable(new.kind.as_str(), new.id, searchable(&new.resource)).await
    }

    async fn update(
        &mut self,
        before: &StoredResource,
        after: &Resource,
        now: Timestamp,
    ) -> Result<StoredResource, StoreError> {
        let hot = self.hot(&before.kind, after)?;
        let version = before.version + 1;
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::UniqueKey, Expr::value(hot.unique_key))
            .col_expr(Column::ExternalKey, Expr::value(hot.external_key))
            .col_expr(Column::DisplayKey, Expr::value(hot.display_key))
            .col_expr(Column::Display, Expr::value(hot.display))
            .col_expr(Column::Version, Expr::value(version))
            .col_expr(Column::ModifiedUs, Expr::value(now.as_micros()))
            .col_expr(Column::Doc, Expr::value(document(after)?))
            .filter(Column::Kind.eq(before.kind.as_str()))
            .filter(Column::Id.eq(before.id.0))
            .filter(Column::Version.eq(before.version));
        let done = update.exec(&self.conn).await.map_err(|error| taken(error, &hot.unique_attribute))?;
        if done.rows_affected == 0 {
            return Err(StoreError::Contention);
        }
        let (old, new) = (searchable(&before.resource), searchable(after));
        if old != new {
            self.delete_searchable(before.kind.as_str(), before.id).await?;
            self.insert_searchable(before.kind.as_str(), before.id, new).await?;
        }
        Ok(StoredResource { resource: after.clone(), version, modified: now, ..before.clone() })
    }

    async fn touch(&mut self, kind: &Kind, ids: &[ResourceId], now: Timestamp) -> Result<u64, StoreError> {
        let mut touched = 0;
        for id in ids {
            let update = self
                .door
                .update::<Entity>()
                .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                .col_expr(Column::ModifiedUs, Expr::value(now.as_micros()))
                .filter(Column::Kind.eq(kind.as_str()))
                .filter(Column::Id.eq(id.0));
            touched += update.exec(&self.conn).await.map_err(failure)?.rows_affected;
        }
        Ok(touched)
    }

    async fn delete(&mut self, kind: &Kind, id: ResourceId) -> Result<(), StoreError> {
        self.delete_searchable(kind.as_str(), id).await?;
        let delete = self.door.delete::<Entity>().filter(Column::Kind.eq(kind.as_str())).filter(Column::Id.eq(id.0));
        delete.exec(&self.conn).await.map_err(|error| match failure(error) {
            // Somebody became a member between our look and the deletion; once more and it is seen.
            StoreError::MemberGone => StoreError::Contention,
            other => other,
        })?;
        Ok(())
    }

    async fn add_members(
        &mut self,
        group: ResourceId,
        members: &[(ResourceId, Kind)],
    ) -> Result<Vec<ResourceId>, StoreError> {
        members::add(&self.conn, self.door, group, members).await
    }

    async fn remove_members(
        &mut self,
        group: ResourceId,
        members: &[ResourceId],
    ) -> Result<Vec<ResourceId>, StoreError> {
        members::remove(&self.conn, self.door, group, members).await
    }

    async fn member_ids(&mut self, group: ResourceId) -> Result<Vec<ResourceId>, StoreError> {
        members::ids(&self.conn, self.door, group).await
    }

    async fn leave_groups(&mut self, member: ResourceId) -> Result<Vec<ResourceId>, StoreError> {
        members::leave_all(&self.conn, self.door, member).await
    }
}

impl Session<DatabaseTransaction> {
    async fn insert_searchable(
        &self,
        kind: &str,
        id: ResourceId,
        rows: Vec<(String, i32, String)>,
    ) -> Result<(), StoreError> {
        for rows in rows.chunks(CHUNK) {
            let rows = rows.iter().cloned().map(|(path, element, key)| resource_value::ActiveModel {
                tenant_id: NotSet,
                kind: Set(kind.to_owned()),
                resource_id: Set(id.0),
                path: Set(path),
                element: Set(element),
                key: Set(key),
            });
            let insert = self.door.insert::<resource_value::Entity>(rows);
            insert.exec_without_returning(&self.conn).await.map_err(failure)?;
        }
        Ok(())
    }

    async fn delete_searchable(&self, kind: &str, id: ResourceId) -> Result<(), StoreError> {
        let delete = self.door.delete::<resource_value::Entity>();
        let delete = delete.filter(resource_value::Column::Kind.eq(kind));
        delete.filter(resource_value::Column::ResourceId.eq(id.0)).exec(&self.conn).await.map_err(failure)?;
        Ok(())
    }
}
