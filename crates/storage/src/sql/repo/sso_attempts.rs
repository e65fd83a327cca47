//! Sign-ins that are under way, and assertions that were used.

use domain::connection::attempt::{Answer, Attempt, Purpose, digest};
use domain::connection::cause::{Refused, SignInCause};
use domain::ids::{AdminId, AttemptId, ConnectionId};
use domain::keys::Sealed;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};
use serde_json::{Value, json};

use super::{corrupt, moment};
use crate::sql::entity::sso_assertion;
use crate::sql::entity::sso_attempt::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

/// So many are enough to tell how each connection is.
const MOST_OPEN_TESTS: u64 = 100;

fn write_answer(answer: &Answer) -> Result<String, StoreError> {
    let written = match answer {
        Answer::Arrived(arrival) => json!({"arrived": arrival}),
        Answer::Refused(Refused { cause, detail }) => json!({"refused": {"cause": cause.code(), "detail": detail}}),
    };
    serde_json::to_string(&written).map_err(corrupt)
}

fn read_answer(text: &str) -> Result<Answer, StoreError> {
    let mut read: Value = serde_json::from_str(text).map_err(corrupt)?;
    if let Some(arrived) = read.get_mut("arrived") {
        return serde_json::from_value(arrived.take()).map(Answer::Arrived).map_err(corrupt);
    }
    let text = |name: &str| read.pointer(name).and_then(Value::as_str);
    let cause = text("/refused/cause").and_then(SignInCause::named).ok_or_else(|| corrupt("sso_attempt.answer"))?;
    Ok(Answer::Refused(Refused::new(cause, text("/refused/detail").unwrap_or_default())))
}

fn read(row: Model) -> Result<Attempt, StoreError> {
    let bytes = |bytes: Option<Vec<u8>>| bytes.map(|it| it.try_into().map_err(|_| corrupt("sso_attempt"))).transpose();
    Ok(Attempt {
        id: AttemptId(row.id),
        connection: ConnectionId(row.connection_id),
        purpose: Purpose::named(&row.purpose).ok_or_else(|| corrupt("sso_attempt.purpose"))?,
        handle: bytes(row.handle)?,
        browser: bytes(row.browser)?,
        secret: row.secret.map(Sealed),
        setup_version: row.setup_version,
        return_to: row.return_to,
        admin: row.admin_id.map(AdminId),
        begun: moment(row.begun_us),
        expires: moment(row.expires_us),
        answer: row.answer.as_deref().map(read_answer).transpose()?,
        ticket: bytes(row.ticket)?,
        picked_up: row.picked_up_us.map(moment),
    })
}

impl<L: Line> Session<L> {
    pub(super) async fn read_attempt(&self, wanted: impl IntoCondition) -> Result<Option<Attempt>, StoreError> {
        let rows = self.rows(statement(self.door.select::<Entity>().filter(wanted))).await?;
        let row = rows.first().map(|row| Model::from_query_result(row, "").map_err(failure)).transpose()?;
        row.map(read).transpose()
    }

    pub(super) async fn read_open_tests(&self, now: Timestamp) -> Result<Vec<Attempt>, StoreError> {
        let select = self
            .door
            .select::<Entity>()
            .filter(Column::ExpiresUs.gt(now.as_micros()))
            .filter(Column::Purpose.eq(Purpose::Test.as_str()))
            .filter(Column::Answer.is_null())
            .order_by_desc(Column::Id)
            .limit(MOST_OPEN_TESTS);
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }
}

impl Session<Transaction> {
    pub(super) async fn add_attempt(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let bytes = |bytes: &Option<[u8; 32]>| bytes.map(|it| it.to_vec());
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(attempt.id.0),
            connection_id: Set(attempt.connection.0),
            purpose: Set(attempt.purpose.as_str().to_owned()),
            handle: Set(bytes(&attempt.handle)),
            browser: Set(bytes(&attempt.browser)),
            secret: Set(attempt.secret.as_ref().map(|secret| secret.0.clone())),
            setup_version: Set(attempt.setup_version),
            return_to: Set(attempt.return_to.clone()),
            admin_id: Set(attempt.admin.map(|admin| admin.0)),
            begun_us: Set(attempt.begun.as_micros()),
            expires_us: Set(attempt.expires.as_micros()),
            answer: Set(attempt.answer.as_ref().map(write_answer).transpose()?),
            ticket: Set(bytes(&attempt.ticket)),
            picked_up_us: Set(attempt.picked_up.map(Timestamp::as_micros)),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_attempt_secret(&self, id: AttemptId) -> Result<bool, StoreError> {
        let update = self.door.update::<Entity>().col_expr(Column::Secret, Expr::value(None::<Vec<u8>>));
        let update = update.filter(Column::Id.eq(id.0)).filter(Column::Secret.is_not_null());
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn note_answer(
        &self,
        id: AttemptId,
        answer: &Answer,
        ticket: &[u8; 32],
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::Answer, Expr::value(write_answer(answer)?))
            .col_expr(Column::Ticket, Expr::value(ticket.to_vec()))
            .col_expr(Column::ExpiresUs, Expr::value(until.as_micros()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::Answer.is_null());
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn note_picked_up(&self, id: AttemptId, now: Timestamp) -> Result<bool, StoreError> {
        let update = self.door.update::<Entity>().col_expr(Column::PickedUpUs, Expr::value(now.as_micros()));
        let update = update.filter(Column::Id.eq(id.0)).filter(Column::PickedUpUs.is_null());
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn note_assertion(
        &self,
        of: ConnectionId,
        id: &str,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        use sso_assertion::Column;
        let row = sso_assertion::ActiveModel {
            tenant_id: NotSet,
            connection_id: Set(of.0),
            digest: Set(digest(id).to_vec()),
            until_us: Set(until.as_micros()),
        };
        let insert = self.door.insert::<sso_assertion::Entity>([row]);
        let insert = insert.on_conflict_do_nothing_on([Column::TenantId, Column::ConnectionId, Column::Digest]);
        match insert.exec_without_returning(&self.line).await.map_err(failure)? {
            TryInsertResult::Inserted(rows) => Ok(rows == 1),
            TryInsertResult::Empty | TryInsertResult::Conflicted => Ok(false),
        }
    }
}
