//! The log of sign-ins by single sign-on.

use domain::connection::attempt::Purpose;
use domain::connection::cause::SignInCause;
use domain::ids::{ConnectionId, ResourceId, SignInId};
use domain::sign_in_log::{SignInCounts, SignInEntry, SignInQuery};
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::{corrupt, moment};
use crate::sql::entity::sign_in::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn read(row: Model) -> Result<SignInEntry, StoreError> {
    let cause = row.cause.map(|code| SignInCause::named(&code).ok_or_else(|| corrupt("sign_in.cause")));
    Ok(SignInEntry {
        id: SignInId(row.id),
        at: moment(row.at_us),
        connection: row.connection_id.map(ConnectionId),
        purpose: Purpose::named(&row.purpose).ok_or_else(|| corrupt("sign_in.purpose"))?,
        is_solicited: row.is_solicited,
        cause: cause.transpose()?,
        detail: row.detail,
        person: row.person_id.map(ResourceId),
        name: row.name,
        key: row.sso_key,
        address: row.address,
        client: row.client,
    })
}

#[derive(FromQueryResult)]
struct Count {
    led_in: i64,
    refused: i64,
    last_us: Option<i64>,
}

impl<L: Line> Session<L> {
    async fn sign_in_rows(&self, select: Select<Entity>) -> Result<Vec<SignInEntry>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }

    pub(super) async fn read_sign_ins(&self, query: &SignInQuery) -> Result<Vec<SignInEntry>, StoreError> {
        let mut select = self.door.select::<Entity>();
        if let Some(connection) = query.connection {
            select = select.filter(Column::ConnectionId.eq(connection.0));
        }
        if let Some(person) = query.person {
            select = select.filter(Column::PersonId.eq(person.0));
        }
        if query.refused {
            select = select.filter(Column::Cause.is_not_null());
        }
        if let Some(cause) = query.cause {
            select = select.filter(Column::Cause.eq(cause.code()));
        }
        if let Some(before) = query.before {
            select = select.filter(Column::Id.lt(before.0));
        }
        self.sign_in_rows(select.order_by_desc(Column::Id).limit(query.limit)).await
    }

    pub(super) async fn sign_in_counts(&self, of: ConnectionId, since: Timestamp) -> Result<SignInCounts, StoreError> {
        let led_in = || Column::Cause.is_null();
        let counted = |is: sea_orm::sea_query::SimpleExpr| Expr::expr(Expr::case(is, 1).finally(0)).sum();
        let select = self
            .door
            .select::<Entity>()
            .select_only()
            .filter(Column::ConnectionId.eq(of.0))
            .filter(Column::Purpose.is_in([Purpose::SignIn, Purpose::Link].map(Purpose::as_str)))
            .filter(Column::AtUs.gte(since.as_micros()))
            .expr_as(Expr::expr(counted(led_in())).if_null(0).cast_as("bigint"), "led_in")
            .expr_as(Expr::expr(counted(Column::Cause.is_not_null())).if_null(0).cast_as("bigint"), "refused")
            .expr_as(Expr::expr(Expr::case(led_in(), Expr::col(Column::AtUs))).max(), "last_us");
        let rows = self.rows(statement(select)).await?;
        let Some(row) = rows.first() else { return Ok(SignInCounts::default()) };
        let count = Count::from_query_result(row, "").map_err(failure)?;
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(SignInCounts {
            led_in: number(count.led_in),
            refused: number(count.refused),
            last: count.last_us.map(moment),
        })
    }

    pub(super) async fn read_newest_stranger(
        &self,
        of: ConnectionId,
        name: &str,
    ) -> Result<Option<SignInEntry>, StoreError> {
        let select = self
            .door
            .select::<Entity>()
            .filter(Column::ConnectionId.eq(of.0))
            .filter(Column::Name.eq(name))
            .filter(Column::Cause.eq(SignInCause::PersonUnknown.code()));
        Ok(self.sign_in_rows(select.order_by_desc(Column::Id).limit(1)).await?.into_iter().next())
    }
}

impl Session<Transaction> {
    pub(super) async fn add_sign_in(&self, entry: &SignInEntry) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(entry.id.0),
            at_us: Set(entry.at.as_micros()),
            connection_id: Set(entry.connection.map(|id| id.0)),
            purpose: Set(entry.purpose.as_str().to_owned()),
            is_solicited: Set(entry.is_solicited),
            cause: Set(entry.cause.map(|cause| cause.code().to_owned())),
            detail: Set(entry.detail.clone()),
            person_id: Set(entry.person.map(|id| id.0)),
            name: Set(entry.name.clone()),
            sso_key: Set(entry.key.clone()),
            address: Set(entry.address.clone()),
            client: Set(entry.client.clone()),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
