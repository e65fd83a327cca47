//! What people were told, and mails for the outbox.

use async_trait::async_trait;
use domain::mail::QueuedMail;
use domain::notice::{Notice, Reason};
use domain::store::{ReadNotices, StoreError, WriteMail, WriteNotices};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder};

use super::{corrupt, moment};
use crate::sql::entity::{mail, notice};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

#[async_trait]
impl<L: Line> ReadNotices for Session<L> {
    async fn notices(&mut self) -> Result<Vec<Notice>, StoreError> {
        let select = self.door.select::<notice::Entity>().order_by_asc(notice::Column::Reason);
        let rows = self.rows(statement(select)).await?;
        let read = |row: &_| {
            let row = notice::Model::from_query_result(row, "").map_err(failure)?;
            let reason = Reason::named(&row.reason).ok_or_else(|| corrupt("notice.reason"))?;
            Ok(Notice { reason, told: moment(row.told_us), well_since: row.well_us.map(moment) })
        };
        rows.iter().map(read).collect()
    }
}

#[async_trait]
impl WriteNotices for Session<Transaction> {
    async fn open_notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let row = notice::ActiveModel {
            tenant_id: NotSet,
            reason: Set(notice.reason.key()),
            told_us: Set(notice.told.as_micros()),
            well_us: Set(notice.well_since.map(Timestamp::as_micros)),
        };
        let insert = self.door.insert::<notice::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn note_well(&mut self, since: Option<Timestamp>) -> Result<(), StoreError> {
        let names: Vec<String> = self
            .notices()
            .await?
            .iter()
            .map(|notice| notice.reason)
            .filter(|reason| !reason.is_about_a_token())
            .map(Reason::key)
            .collect();
        let update = self.door.update::<notice::Entity>();
        let update = update.col_expr(notice::Column::WellUs, Expr::value(since.map(Timestamp::as_micros)));
        update.filter(notice::Column::Reason.is_in(names)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn close_notices(&mut self, reasons: &[Reason]) -> Result<(), StoreError> {
        let names = reasons.iter().map(|reason| reason.key());
        let delete = self.door.delete::<notice::Entity>().filter(notice::Column::Reason.is_in(names));
        delete.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }
}

#[async_trait]
impl WriteMail for Session<Transaction> {
    async fn queue_mail(&mut self, mail: &QueuedMail) -> Result<(), StoreError> {
        let row = mail::ActiveModel {
            tenant_id: NotSet,
            id: Set(mail.id.0),
            sealed: Set(Some(mail.sealed.0.clone())),
            key_id: Set(mail.sealed.key().map(|key| key.to_string())),
            queued_us: Set(mail.queued.as_micros()),
            due_us: Set(Some(mail.queued.as_micros())),
            attempts: Set(0),
            ended_us: Set(None),
            how: Set(None),
        };
        let insert = self.door.insert::<mail::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
