//! Sessions of people.

use domain::connection::Protocol;
use domain::ids::{ConnectionId, ResourceId, SessionId};
use domain::keys::KeyedDigest;
use domain::person::{SignOn, StoredPersonSession};
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, Select};

use super::{corrupt, moment};
use crate::sql::entity::admin_session;
use crate::sql::entity::person_session::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::key;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn read(row: Model) -> Result<StoredPersonSession, StoreError> {
    let sign_on = SignOn {
        connection: ConnectionId(row.connection_id),
        protocol: Protocol::named(&row.protocol).ok_or_else(|| corrupt("person_session.protocol"))?,
        key: row.sso_key,
        authenticated: row.authenticated_us.map(moment),
        name: row.name.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)?,
        session: row.idp_session,
    };
    Ok(StoredPersonSession {
        id: SessionId(row.id),
        person: ResourceId(row.person_id),
        digest: KeyedDigest { key: row.key_id.parse().map_err(corrupt)?, bytes: row.digest },
        sign_on,
        signed_in: moment(row.signed_in_us),
        last_seen: moment(row.last_seen_us),
        expires: moment(row.expires_us),
        address: row.address,
        client: row.client,
    })
}

impl<L: Line> Session<L> {
    async fn read_person_sessions(&self, select: Select<Entity>) -> Result<Vec<StoredPersonSession>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }

    pub(super) async fn read_person_session(&self, id: SessionId) -> Result<Option<StoredPersonSession>, StoreError> {
        let select = self.door.select::<Entity>().filter(Column::Id.eq(id.0));
        Ok(self.read_person_sessions(select).await?.into_iter().next())
    }

    pub(super) async fn person_sessions_of(&self, person: ResourceId) -> Result<Vec<StoredPersonSession>, StoreError> {
        let select = self.door.select::<Entity>().filter(Column::PersonId.eq(person.0));
        self.read_person_sessions(select.order_by_desc(Column::SignedInUs).order_by_desc(Column::Id)).await
    }

    pub(super) async fn person_sessions_named(
        &self,
        connection: ConnectionId,
        name: &str,
        session: Option<&str>,
    ) -> Result<Vec<StoredPersonSession>, StoreError> {
        let select = self.door.select::<Entity>().filter(Column::ConnectionId.eq(connection.0));
        let select = select.filter(Column::IdpName.eq(key::exact(name)));
        self.read_person_sessions(match session {
            Some(session) => select.filter(Column::IdpSession.eq(session)),
            None => select,
        })
        .await
    }
}

impl Session<Transaction> {
    pub(super) async fn add_person_session(&self, session: &StoredPersonSession) -> Result<(), StoreError> {
        let sign_on = &session.sign_on;
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(session.id.0),
            person_id: Set(session.person.0),
            connection_id: Set(sign_on.connection.0),
            protocol: Set(sign_on.protocol.as_str().to_owned()),
            sso_key: Set(sign_on.key.clone()),
            authenticated_us: Set(sign_on.authenticated.map(Timestamp::as_micros)),
            name: Set(sign_on.name.as_ref().map(serde_json::to_string).transpose().map_err(corrupt)?),
            idp_name: Set(sign_on.name.as_ref().map(|name| key::exact(&name.value))),
            idp_session: Set(sign_on.session.clone()),
            key_id: Set(session.digest.key.to_string()),
            digest: Set(session.digest.bytes.clone()),
            signed_in_us: Set(session.signed_in.as_micros()),
            last_seen_us: Set(session.last_seen.as_micros()),
            expires_us: Set(session.expires.as_micros()),
            address: Set(session.address.clone()),
            client: Set(session.client.clone()),
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn mark_person_session_seen(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<Entity>().col_expr(Column::LastSeenUs, Expr::value(now.as_micros()));
        let update = update.filter(Column::Id.eq(id.0)).filter(Column::LastSeenUs.lt(now.as_micros()));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_person_session(&self, id: SessionId) -> Result<bool, StoreError> {
        let delete = self.door.delete::<Entity>().filter(Column::Id.eq(id.0));
        Ok(delete.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    pub(super) async fn drop_person_sessions_by(&self, connection: ConnectionId) -> Result<(), StoreError> {
        let delete = self.door.delete::<Entity>().filter(Column::ConnectionId.eq(connection.0));
        delete.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    pub(super) async fn drop_sessions_of_person(&self, person: ResourceId) -> Result<u64, StoreError> {
        let own = self.door.delete::<Entity>().filter(Column::PersonId.eq(person.0));
        let own = own.exec(&self.line).await.map_err(failure)?.rows_affected;
        let settings = self.door.delete::<admin_session::Entity>();
        let settings = settings.filter(admin_session::Column::PersonId.eq(person.0));
        Ok(own + settings.exec(&self.line).await.map_err(failure)?.rows_affected)
    }
}
