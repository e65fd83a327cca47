//! Sessions of the settings UI.

use domain::admin::SessionHolder;
use domain::admin::session::{HeldSession, HolderId, SettingsSignOn, StoredSession};
use domain::directory::Kind;
use domain::ids::{AdminId, ConnectionId, LinkId, ResourceId, SessionId};
use domain::keys::KeyedDigest;
use domain::store::{ReadAdmins, ReadResources as _, StoreError};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, Select,
};

use super::{corrupt, moment};
use crate::sql::entity::admin_session::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn held_by(holder: HolderId) -> Condition {
    Condition::all().add(match holder {
        HolderId::Admin(id) => Column::AdminId.eq(id.0),
        HolderId::SetupLink(id) => Column::LinkId.eq(id.0),
    })
}

fn read(row: Model) -> Result<StoredSession, StoreError> {
    let holder = match (row.admin_id, row.link_id) {
        (Some(id), None) => HolderId::Admin(AdminId(id)),
        (None, Some(id)) => HolderId::SetupLink(LinkId(id)),
        _ => return Err(corrupt("admin_session")),
    };
    Ok(StoredSession {
        id: SessionId(row.id),
        holder,
        digest: KeyedDigest { key: row.key_id.parse().map_err(corrupt)?, bytes: row.digest },
        signed_in: moment(row.signed_in_us),
        last_seen: moment(row.last_seen_us),
        expires: moment(row.expires_us),
        address: row.address,
        client: row.client,
        is_complete: row.is_complete,
        sign_on: row.connection_id.map(|connection| SettingsSignOn {
            connection: ConnectionId(connection),
            person: row.person_id.map(ResourceId),
        }),
    })
}

impl<L: Line> Session<L> {
    async fn read_sessions(&self, select: Select<Entity>) -> Result<Vec<StoredSession>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }

    pub(super) async fn read_sessions_of(&self, holder: HolderId) -> Result<Vec<StoredSession>, StoreError> {
        let sessions = self.door.select::<Entity>().filter(held_by(holder));
        self.read_sessions(sessions.order_by_desc(Column::SignedInUs).order_by_desc(Column::Id)).await
    }

    pub(super) async fn read_held_session(&mut self, id: SessionId) -> Result<Option<HeldSession>, StoreError> {
        let select = self.door.select::<Entity>().filter(Column::Id.eq(id.0));
        let Some(session) = self.read_sessions(select).await?.into_iter().next() else { return Ok(None) };
        if let Some(person) = session.sign_on.and_then(|sign_on| sign_on.person) {
            // It began with the sign-in of somebody whom the directory knows, and lasts as long as they may sign in.
            let view = self.find(&Kind::USER, person, false).await?;
            if !view.is_some_and(|view| view.stored.is_active()) {
                return Ok(None);
            }
        }
        let holder = match session.holder {
            HolderId::Admin(id) => self.find_admin(id).await?.map(|known| SessionHolder::Admin(known.admin)),
            HolderId::SetupLink(id) => {
                let link = self.find_link(id).await?.filter(|link| link.revoked.is_none());
                link.map(|link| SessionHolder::SetupLink { id, label: link.label })
            }
        };
        Ok(holder.map(|holder| HeldSession { session, holder }))
    }
}

impl Session<Transaction> {
    pub(super) async fn add_session(&self, session: &StoredSession) -> Result<(), StoreError> {
        let (admin, link) = match session.holder {
            HolderId::Admin(id) => (Some(id.0), None),
            HolderId::SetupLink(id) => (None, Some(id.0)),
        };
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(session.id.0),
            admin_id: Set(admin),
            link_id: Set(link),
            key_id: Set(session.digest.key.to_string()),
            digest: Set(session.digest.bytes.clone()),
            signed_in_us: Set(session.signed_in.as_micros()),
            last_seen_us: Set(session.last_seen.as_micros()),
            expires_us: Set(session.expires.as_micros()),
            address: Set(session.address.clone()),
            client: Set(session.client.clone()),
            is_complete: Set(session.is_complete),
            connection_id: Set(session.sign_on.map(|sign_on| sign_on.connection.0)),
            person_id: Set(session.sign_on.and_then(|sign_on| sign_on.person).map(|person| person.0)),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_unfinished_sessions(&self) -> Result<(), StoreError> {
        let delete = self.door.delete::<Entity>().filter(Column::IsComplete.eq(false));
        delete.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_settings_sessions_by(
        &self,
        connection: ConnectionId,
        of: Option<AdminId>,
    ) -> Result<(), StoreError> {
        let delete = self.door.delete::<Entity>().filter(Column::ConnectionId.eq(connection.0));
        let delete = match of {
            Some(admin) => delete.filter(Column::AdminId.eq(admin.0)),
            None => delete,
        };
        delete.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn mark_session_seen(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<Entity>();
        let update = update.col_expr(Column::LastSeenUs, Expr::value(now.as_micros()));
        let update = update.filter(Column::Id.eq(id.0)).filter(Column::LastSeenUs.lt(now.as_micros()));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let delete = self.door.delete::<Entity>().filter(Column::Id.eq(id.0));
        Ok(delete.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn drop_sessions_of(
        &self,
        holder: HolderId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let mut delete = self.door.delete::<Entity>().filter(held_by(holder));
        if let Some(kept) = except {
            delete = delete.filter(Column::Id.ne(kept.0));
        }
        Ok(delete.exec(&self.line).await.map_err(failure)?.rows_affected)
    }
}
