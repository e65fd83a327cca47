//! Provisioning tokens.

use async_trait::async_trait;
use domain::ids::TokenId;
use domain::store::{ReadTokens, StoreError, WriteTokens};
use domain::timestamp::Timestamp;
use domain::token::{ProvisioningToken, TokenUse};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DatabaseTransaction, FromQueryResult, QueryFilter, QueryOrder,
    QueryResult,
};

use super::moment;
use crate::sql::entity::provisioning_token::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;

pub fn read(row: Model) -> ProvisioningToken {
    ProvisioningToken {
        id: TokenId(row.id),
        label: row.label,
        digest: row.digest,
        last_four: row.last_four,
        created: moment(row.created_us),
        expires: row.expires_us.map(moment),
        revoked: row.revoked_us.map(moment),
        last_used: row.last_used_us.map(|at| TokenUse { at: moment(at), client: row.last_client }),
    }
}

#[async_trait]
impl<L: Line> ReadTokens for Session<L> {
    async fn find_token(&mut self, id: TokenId) -> Result<Option<ProvisioningToken>, StoreError> {
        let rows = self.rows(statement(self.door.select::<Entity>().filter(Column::Id.eq(id.0)))).await?;
        read_all(&rows).map(|tokens| tokens.into_iter().next())
    }

    async fn list_tokens(&mut self) -> Result<Vec<ProvisioningToken>, StoreError> {
        read_all(&self.rows(statement(self.door.select::<Entity>().order_by_asc(Column::Id))).await?)
    }
}

fn read_all(rows: &[QueryResult]) -> Result<Vec<ProvisioningToken>, StoreError> {
    rows.iter().map(|row| Model::from_query_result(row, "").map(read).map_err(failure)).collect()
}

#[async_trait]
impl WriteTokens for Session<DatabaseTransaction> {
    async fn insert_token(&mut self, token: &ProvisioningToken) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(token.id.0),
            label: Set(token.label.clone()),
            digest: Set(token.digest.clone()),
            last_four: Set(token.last_four.clone()),
            created_us: Set(token.created.as_micros()),
            expires_us: Set(token.expires.map(Timestamp::as_micros)),
            revoked_us: Set(None),
            last_used_us: Set(None),
            last_client: Set(None),
        };
        self.door.insert::<Entity>([row]).exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<Entity>().col_expr(Column::RevokedUs, Expr::value(now.as_micros()));
        update.filter(Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn note_token_use(&mut self, id: TokenId, seen: &TokenUse) -> Result<(), StoreError> {
        let at = seen.at.as_micros();
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::LastUsedUs, Expr::value(at))
            .col_expr(Column::LastClient, Expr::value(seen.client.clone()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::LastUsedUs.is_null().or(Column::LastUsedUs.lt(at)));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
