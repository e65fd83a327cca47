//! Links that open something once.

use domain::admin::link::{Link, LinkPurpose};
use domain::ids::{AdminId, LinkId};
use domain::keys::KeyedDigest;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, Select, UpdateMany,
};

use super::{corrupt, moment};
use crate::sql::entity::admin_link::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn read(row: Model) -> Result<Link, StoreError> {
    Ok(Link {
        id: LinkId(row.id),
        purpose: LinkPurpose::named(&row.purpose).ok_or_else(|| corrupt("admin_link.purpose"))?,
        admin: row.admin_id.map(AdminId),
        label: row.label,
        digest: KeyedDigest { key: row.key_id.parse().map_err(corrupt)?, bytes: row.digest },
        created: moment(row.created_us),
        expires: moment(row.expires_us),
        used: row.used_us.map(moment),
        revoked: row.revoked_us.map(moment),
    })
}

impl<L: Line> Session<L> {
    async fn read_links(&self, select: Select<Entity>) -> Result<Vec<Link>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }

    pub(super) async fn read_link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        let found = self.read_links(self.door.select::<Entity>().filter(Column::Id.eq(id.0))).await?;
        Ok(found.into_iter().next())
    }

    pub(super) async fn read_links_for(&self, purpose: LinkPurpose) -> Result<Vec<Link>, StoreError> {
        let links = self.door.select::<Entity>().filter(Column::Purpose.eq(purpose.as_str()));
        self.read_links(links.order_by_desc(Column::CreatedUs).order_by_desc(Column::Id)).await
    }
}

impl Session<Transaction> {
    pub(super) async fn add_link(&self, link: &Link) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(link.id.0),
            purpose: Set(link.purpose.as_str().to_owned()),
            admin_id: Set(link.admin.map(|id| id.0)),
            label: Set(link.label.clone()),
            key_id: Set(link.digest.key.to_string()),
            digest: Set(link.digest.bytes.clone()),
            created_us: Set(link.created.as_micros()),
            expires_us: Set(link.expires.as_micros()),
            used_us: Set(None),
            revoked_us: Set(None),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    /// Links that were neither used nor revoked.
    fn update_open(&self) -> UpdateMany<Entity> {
        self.door.update::<Entity>().filter(Column::UsedUs.is_null()).filter(Column::RevokedUs.is_null())
    }

    pub(super) async fn use_link_up(&self, id: LinkId, now: Timestamp) -> Result<bool, StoreError> {
        let update = self.update_open().col_expr(Column::UsedUs, Expr::value(now.as_micros()));
        let update = update.filter(Column::Id.eq(id.0)).filter(Column::ExpiresUs.gt(now.as_micros()));
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn end_link(&self, id: LinkId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<Entity>().col_expr(Column::RevokedUs, Expr::value(now.as_micros()));
        update.filter(Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn end_links_of(&self, admin: AdminId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.update_open().col_expr(Column::RevokedUs, Expr::value(now.as_micros()));
        update.filter(Column::AdminId.eq(admin.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
