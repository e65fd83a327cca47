//! Admin accounts. Their sessions and links are beside this; one trait has them all.

use async_trait::async_trait;
use domain::admin::link::{Link, LinkPurpose};
use domain::admin::second_step::StoredSecondStep;
use domain::admin::session::{HeldSession, HolderId, StoredSession};
use domain::admin::{Admin, AdminIdentity, AdminRole, AdminState, StoredAdmin};
use domain::ids::{AdminId, ConnectionId, LinkId, SessionId};
use domain::keys::{KeyId, Sealed};
use domain::store::{ReadAdmins, StoreError, WriteAdmins};
use domain::timestamp::Timestamp;
use scim_protocol::secret::Secret;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, Select, UpdateMany,
};
use uuid::Uuid;

use super::{corrupt, moment};
use crate::sql::entity::admin::{Column, Entity, Model};
use crate::sql::entity::{admin, admin_recovery_code};
use crate::sql::error::{failure, taken};
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

impl<L: Line> Session<L> {
    /// Accounts that were not removed.
    fn admins(&self) -> Select<Entity> {
        self.door.select::<Entity>().filter(Column::RemovedUs.is_null())
    }

    async fn read_admins(&self, select: Select<Entity>) -> Result<Vec<StoredAdmin>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }

    async fn read_admin(&self, select: Select<Entity>) -> Result<Option<StoredAdmin>, StoreError> {
        Ok(self.read_admins(select).await?.into_iter().next())
    }
}

impl Session<Transaction> {
    fn update_admin(&self, id: AdminId) -> UpdateMany<Entity> {
        self.door.update::<Entity>().filter(Column::Id.eq(id.0)).filter(Column::RemovedUs.is_null())
    }

    /// Whether the account was there and as the update wants it.
    async fn carry_out(&self, update: UpdateMany<Entity>) -> Result<bool, StoreError> {
        Ok(update.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    async fn drop_recovery_codes(&self, id: AdminId) -> Result<(), StoreError> {
        let codes = self.door.delete::<admin_recovery_code::Entity>();
        codes.filter(admin_recovery_code::Column::AdminId.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }
}

fn read(row: Model) -> Result<StoredAdmin, StoreError> {
    let second_step = row.second_step.map(|secret| StoredSecondStep {
        secret: Sealed(secret),
        confirmed: row.second_step_us.map(moment),
        last_step: row.second_step_last,
    });
    let admin = Admin {
        id: AdminId(row.id),
        email: row.email.parse().map_err(corrupt)?,
        name: row.name,
        role: AdminRole::named(&row.role).ok_or_else(|| corrupt("admin.role"))?,
        state: if row.password.is_some() { AdminState::Active } else { AdminState::Invited },
        has_second_step: second_step.as_ref().is_some_and(|step| step.confirmed.is_some()),
        created: moment(row.created_us),
        last_sign_in: row.signed_in_us.map(moment),
        password_used: row.password_us.map(moment),
        is_break_glass: row.break_glass,
        identity: row
            .sso_connection_id
            .zip(row.sso_key)
            .map(|(connection, key)| AdminIdentity { connection: ConnectionId(connection), key }),
    };
    Ok(StoredAdmin { admin, password: row.password.map(Secret::new), second_step })
}

/// What is stored of a second step: its secret, the key it is encrypted with, when it was confirmed, and the step of time
/// that was used last.
type Step = (Option<Vec<u8>>, Option<String>, Option<i64>, Option<i64>);

fn columns(step: Option<&StoredSecondStep>) -> Result<Step, StoreError> {
    let Some(step) = step else { return Ok((None, None, None, None)) };
    let key: KeyId = step.secret.key().ok_or_else(|| corrupt("a secret that is not encrypted"))?;
    let confirmed = step.confirmed.map(Timestamp::as_micros);
    Ok((Some(step.secret.0.clone()), Some(key.to_string()), confirmed, step.last_step))
}

#[async_trait]
impl<L: Line> ReadAdmins for Session<L> {
    async fn list_admins(&mut self) -> Result<Vec<StoredAdmin>, StoreError> {
        self.read_admins(self.admins().order_by_asc(Column::Id)).await
    }

    async fn find_admin(&mut self, id: AdminId) -> Result<Option<StoredAdmin>, StoreError> {
        self.read_admin(self.admins().filter(Column::Id.eq(id.0))).await
    }

    async fn find_admin_by_email(&mut self, key: &str) -> Result<Option<StoredAdmin>, StoreError> {
        self.read_admin(self.admins().filter(Column::EmailKey.eq(key))).await
    }

    async fn find_admin_by_identity(&mut self, identity: &AdminIdentity) -> Result<Option<StoredAdmin>, StoreError> {
        let admins = self.admins().filter(Column::SsoConnectionId.eq(identity.connection.0));
        self.read_admin(admins.filter(Column::SsoKey.eq(identity.key.as_str()))).await
    }

    async fn known_admins(&mut self) -> Result<Vec<Admin>, StoreError> {
        let all = self.read_admins(self.door.select::<Entity>().order_by_asc(Column::Id)).await?;
        Ok(all.into_iter().map(|known| known.admin).collect())
    }

    async fn find_session(&mut self, id: SessionId) -> Result<Option<HeldSession>, StoreError> {
        self.read_held_session(id).await
    }

    async fn list_sessions(&mut self, holder: HolderId) -> Result<Vec<StoredSession>, StoreError> {
        self.read_sessions_of(holder).await
    }

    async fn find_link(&mut self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.read_link(id).await
    }

    async fn list_links(&mut self, purpose: LinkPurpose) -> Result<Vec<Link>, StoreError> {
        self.read_links_for(purpose).await
    }

    async fn count_recovery_codes(&mut self, id: AdminId) -> Result<u64, StoreError> {
        let codes = self.door.select::<admin_recovery_code::Entity>();
        let rows = self.rows(statement(codes.filter(admin_recovery_code::Column::AdminId.eq(id.0)))).await?;
        Ok(rows.len() as u64)
    }
}

#[async_trait]
impl WriteAdmins for Session<Transaction> {
    async fn insert_admin(&mut self, stored: &StoredAdmin) -> Result<(), StoreError> {
        let StoredAdmin { admin, password, second_step } = stored;
        let (secret, key, confirmed, last) = columns(second_step.as_ref())?;
        let row = admin::ActiveModel {
            tenant_id: NotSet,
            id: Set(admin.id.0),
            email: Set(admin.email.as_str().to_owned()),
            email_key: Set(Some(admin.email.key())),
            name: Set(admin.name.clone()),
            role: Set(admin.role.as_str().to_owned()),
            password: Set(password.as_ref().map(|digest| digest.reveal().to_owned())),
            second_step: Set(secret),
            second_step_key: Set(key),
            second_step_us: Set(confirmed),
            second_step_last: Set(last),
            created_us: Set(admin.created.as_micros()),
            signed_in_us: Set(admin.last_sign_in.map(Timestamp::as_micros)),
            refusals_us: Set(None),
            removed_us: Set(None),
            sso_connection_id: Set(None),
            sso_key: Set(None),
            break_glass: Set(admin.is_break_glass),
            password_us: Set(admin.password_used.map(Timestamp::as_micros)),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(|error| taken(error, "email"))?;
        Ok(())
    }

    async fn set_admin_role(&mut self, id: AdminId, role: AdminRole) -> Result<(), StoreError> {
        let update = self.update_admin(id).col_expr(Column::Role, Expr::value(role.as_str()));
        self.carry_out(update).await.map(drop)
    }

    async fn remove_admin(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError> {
        self.drop_sessions_of(HolderId::Admin(id), None).await?;
        self.end_links_of(id, now).await?;
        self.set_second_step(id, None).await?;
        let update = self
            .update_admin(id)
            .col_expr(Column::EmailKey, Expr::value(None::<String>))
            .col_expr(Column::Password, Expr::value(None::<String>))
            .col_expr(Column::RemovedUs, Expr::value(now.as_micros()))
            .col_expr(Column::SsoConnectionId, Expr::value(None::<Uuid>))
            .col_expr(Column::SsoKey, Expr::value(None::<String>));
        self.carry_out(update).await.map(drop)
    }

    async fn set_admin_identity(&mut self, id: AdminId, identity: Option<&AdminIdentity>) -> Result<(), StoreError> {
        let update = self
            .update_admin(id)
            .col_expr(Column::SsoConnectionId, Expr::value(identity.map(|it| it.connection.0)))
            .col_expr(Column::SsoKey, Expr::value(identity.map(|it| it.key.as_str())));
        let done = update.exec(&self.line).await;
        done.map(drop).map_err(|error| taken(error, "identity"))
    }

    async fn set_break_glass(&mut self, id: AdminId, is_on: bool) -> Result<(), StoreError> {
        let update = self.update_admin(id).col_expr(Column::BreakGlass, Expr::value(is_on));
        self.carry_out(update).await.map(drop)
    }

    async fn note_password(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.update_admin(id).col_expr(Column::PasswordUs, Expr::value(now.as_micros()));
        self.carry_out(update).await.map(drop)
    }

    async fn set_admin_password(&mut self, id: AdminId, digest: &Secret) -> Result<(), StoreError> {
        let update = self.update_admin(id).col_expr(Column::Password, Expr::value(digest.reveal()));
        self.carry_out(update).await.map(drop)
    }

    async fn note_sign_in(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.update_admin(id).col_expr(Column::SignedInUs, Expr::value(now.as_micros()));
        self.carry_out(update).await.map(drop)
    }

    async fn note_refusals(&mut self, id: AdminId, before: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        let update = self
            .update_admin(id)
            .col_expr(Column::RefusalsUs, Expr::value(now.as_micros()))
            .filter(Column::RefusalsUs.is_null().or(Column::RefusalsUs.lte(before.as_micros())));
        self.carry_out(update).await
    }

    async fn set_second_step(&mut self, id: AdminId, step: Option<&StoredSecondStep>) -> Result<(), StoreError> {
        let (secret, key, confirmed, last) = columns(step)?;
        if step.is_none() {
            self.drop_recovery_codes(id).await?;
        }
        let update = self
            .update_admin(id)
            .col_expr(Column::SecondStep, Expr::value(secret))
            .col_expr(Column::SecondStepKey, Expr::value(key))
            .col_expr(Column::SecondStepUs, Expr::value(confirmed))
            .col_expr(Column::SecondStepLast, Expr::value(last));
        self.carry_out(update).await.map(drop)
    }

    async fn use_second_step(&mut self, id: AdminId, step: i64) -> Result<bool, StoreError> {
        let update = self
            .update_admin(id)
            .col_expr(Column::SecondStepLast, Expr::value(step))
            .filter(Column::SecondStepLast.is_null().or(Column::SecondStepLast.lt(step)));
        self.carry_out(update).await
    }

    async fn put_recovery_codes(&mut self, id: AdminId, digests: &[Vec<u8>]) -> Result<(), StoreError> {
        self.drop_recovery_codes(id).await?;
        let rows = digests.iter().map(|digest| admin_recovery_code::ActiveModel {
            tenant_id: NotSet,
            admin_id: Set(id.0),
            digest: Set(digest.clone()),
        });
        let insert = self.door.insert::<admin_recovery_code::Entity>(rows);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn use_recovery_code(&mut self, id: AdminId, digest: &[u8]) -> Result<bool, StoreError> {
        use admin_recovery_code::Column;
        let code = self.door.delete::<admin_recovery_code::Entity>();
        let code = code.filter(Column::AdminId.eq(id.0)).filter(Column::Digest.eq(digest.to_vec()));
        Ok(code.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    async fn insert_session(&mut self, session: &StoredSession) -> Result<(), StoreError> {
        self.add_session(session).await
    }

    async fn see_session(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.mark_session_seen(id, now).await
    }

    async fn end_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        self.drop_session(id).await
    }

    async fn end_sessions(&mut self, holder: HolderId, except: Option<SessionId>) -> Result<u64, StoreError> {
        self.drop_sessions_of(holder, except).await
    }

    async fn end_unfinished_sessions(&mut self) -> Result<(), StoreError> {
        self.drop_unfinished_sessions().await
    }

    async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError> {
        self.add_link(link).await
    }

    async fn use_link(&mut self, id: LinkId, now: Timestamp) -> Result<bool, StoreError> {
        self.use_link_up(id, now).await
    }

    async fn revoke_link(&mut self, id: LinkId, now: Timestamp) -> Result<(), StoreError> {
        self.drop_sessions_of(HolderId::SetupLink(id), None).await?;
        self.end_link(id, now).await
    }

    async fn revoke_links_of(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError> {
        self.end_links_of(id, now).await
    }
}
