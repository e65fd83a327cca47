//! Connections to identity providers, and the tenant's own keys. Sign-ins under way are beside this; one trait has them all.

use async_trait::async_trait;
use domain::connection::attempt::{Answer, Attempt};
use domain::connection::key::StoredSsoKey;
use domain::connection::{Connection, IdentityClaim, PassedTest, Reading, Rules, Switch};
use domain::ids::{AttemptId, ConnectionId, SsoKeyId};
use domain::keys::Sealed;
use domain::store::{ReadConnections, StoreError, WriteConnections};
use domain::timestamp::Timestamp;
use domain::who::{Mark, Who};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder,
    Select,
};

use super::{corrupt, moment};
use crate::sql::entity::sso_connection::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::{admin, email_domain, sso_assertion, sso_attempt, sso_key};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn read(row: Model) -> Result<Connection, StoreError> {
    let test = (row.tested_us, row.tested_version, row.tested_person);
    let tested = match test {
        (Some(at), Some(setup_version), Some(person)) => Some(PassedTest { at: moment(at), setup_version, person }),
        _ => None,
    };
    Ok(Connection {
        id: ConnectionId(row.id),
        name: row.name,
        setup: serde_json::from_str(&row.setup).map_err(corrupt)?,
        rules: Rules {
            identity: IdentityClaim::named(&row.identity).ok_or_else(|| corrupt("sso_connection.identity"))?,
            idp_initiated: row.idp_initiated,
            return_addresses: serde_json::from_str(&row.return_addresses).map_err(corrupt)?,
            creates_people: row.creates_people,
        },
        setup_version: row.setup_version,
        version: row.version,
        switch: Switch::named(&row.switch).ok_or_else(|| corrupt("sso_connection.switch"))?,
        reading: Reading { done: row.read_us.map(moment), tried: row.tried_us.map(moment), fault: row.read_fault },
        tested,
        test_failed: row.test_failed_us.map(moment),
        activated: row.activated_us.map(moment),
        created: moment(row.created_us),
        changed: Mark { at: moment(row.changed_us), by: Who { kind: row.changed_kind, name: row.changed_name } },
    })
}

/// Everything but the tenant, the secret and what never changes.
fn columns(connection: &Connection) -> Result<ActiveModel, StoreError> {
    let Connection { rules, reading, tested, changed, .. } = connection;
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_micros);
    Ok(ActiveModel {
        name: Set(connection.name.clone()),
        setup: Set(serde_json::to_string(&connection.setup).map_err(corrupt)?),
        identity: Set(rules.identity.as_str().to_owned()),
        idp_initiated: Set(rules.idp_initiated),
        return_addresses: Set(serde_json::to_string(&rules.return_addresses).map_err(corrupt)?),
        creates_people: Set(rules.creates_people),
        setup_version: Set(connection.setup_version),
        version: Set(connection.version),
        switch: Set(connection.switch.as_str().to_owned()),
        read_us: Set(micros(reading.done)),
        tried_us: Set(micros(reading.tried)),
        read_fault: Set(reading.fault.clone()),
        tested_us: Set(tested.as_ref().map(|test| test.at.as_micros())),
        tested_version: Set(tested.as_ref().map(|test| test.setup_version)),
        tested_person: Set(tested.as_ref().map(|test| test.person.clone())),
        test_failed_us: Set(micros(connection.test_failed)),
        activated_us: Set(micros(connection.activated)),
        changed_us: Set(changed.at.as_micros()),
        changed_kind: Set(changed.by.kind.clone()),
        changed_name: Set(changed.by.name.clone()),
        ..ActiveModelTrait::default()
    })
}

type Secret = (Option<Vec<u8>>, Option<String>);

fn sealed(secret: Option<&Sealed>) -> Result<Secret, StoreError> {
    let Some(secret) = secret else { return Ok((None, None)) };
    let key = secret.key().ok_or_else(|| corrupt("a secret that is not encrypted"))?;
    Ok((Some(secret.0.clone()), Some(key.to_string())))
}

impl<L: Line> Session<L> {
    async fn read_connections(&self, select: Select<Entity>) -> Result<Vec<Model>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure)).collect()
    }

    async fn connection_row(&self, id: ConnectionId) -> Result<Option<Model>, StoreError> {
        let select = self.door.select::<Entity>().filter(Column::Id.eq(id.0));
        Ok(self.read_connections(select).await?.into_iter().next())
    }
}

#[async_trait]
impl<L: Line> ReadConnections for Session<L> {
    async fn list_connections(&mut self) -> Result<Vec<Connection>, StoreError> {
        let rows = self.read_connections(self.door.select::<Entity>().order_by_asc(Column::Id)).await?;
        rows.into_iter().map(read).collect()
    }

    async fn find_connection(&mut self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.connection_row(id).await?.map(read).transpose()
    }

    async fn connection_secret(&mut self, id: ConnectionId) -> Result<Option<Sealed>, StoreError> {
        Ok(self.connection_row(id).await?.and_then(|row| row.secret).map(Sealed))
    }

    async fn list_sso_keys(&mut self) -> Result<Vec<StoredSsoKey>, StoreError> {
        let keys = self.door.select::<sso_key::Entity>().order_by_desc(sso_key::Column::Id);
        let rows = self.rows(statement(keys)).await?;
        let read = |row: sso_key::Model| StoredSsoKey {
            id: SsoKeyId(row.id),
            private: Sealed(row.private),
            certificate: row.certificate,
            created: moment(row.created_us),
        };
        rows.iter().map(|row| sso_key::Model::from_query_result(row, "").map(read).map_err(failure)).collect()
    }

    async fn find_attempt(&mut self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.read_attempt(sso_attempt::Column::Id.eq(id.0)).await
    }

    async fn find_attempt_by_handle(&mut self, handle: &[u8; 32]) -> Result<Option<Attempt>, StoreError> {
        self.read_attempt(sso_attempt::Column::Handle.eq(handle.to_vec())).await
    }

    async fn find_attempt_by_ticket(&mut self, ticket: &[u8; 32]) -> Result<Option<Attempt>, StoreError> {
        self.read_attempt(sso_attempt::Column::Ticket.eq(ticket.to_vec())).await
    }

    async fn list_open_tests(&mut self, now: Timestamp) -> Result<Vec<Attempt>, StoreError> {
        self.read_open_tests(now).await
    }
}

#[async_trait]
impl WriteConnections for Session<Transaction> {
    async fn insert_connection(&mut self, connection: &Connection, secret: Option<&Sealed>) -> Result<(), StoreError> {
        let (secret, key) = sealed(secret)?;
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(connection.id.0),
            created_us: Set(connection.created.as_micros()),
            secret: Set(secret),
            secret_key: Set(key),
            ..columns(connection)?
        };
        let insert = self.door.insert::<Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn update_connection(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let update = self.door.update::<Entity>().set(columns(connection)?);
        update.filter(Column::Id.eq(connection.id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn set_connection_secret(&mut self, id: ConnectionId, secret: Option<&Sealed>) -> Result<(), StoreError> {
        let (secret, key) = sealed(secret)?;
        let update = self.door.update::<Entity>().col_expr(Column::Secret, Expr::value(secret));
        let update = update.col_expr(Column::SecretKey, Expr::value(key)).filter(Column::Id.eq(id.0));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn delete_connection(&mut self, id: ConnectionId) -> Result<(), StoreError> {
        let door = self.door;
        let attempts = door.delete::<sso_attempt::Entity>().filter(sso_attempt::Column::ConnectionId.eq(id.0));
        attempts.exec(&self.line).await.map_err(failure)?;
        let used = door.delete::<sso_assertion::Entity>().filter(sso_assertion::Column::ConnectionId.eq(id.0));
        used.exec(&self.line).await.map_err(failure)?;
        self.drop_person_sessions_by(id).await?;
        self.drop_settings_sessions_by(id, None).await?;
        let domains = door.update::<email_domain::Entity>();
        let domains = domains.col_expr(email_domain::Column::ConnectionId, Expr::value(None::<uuid::Uuid>));
        let domains = domains.filter(email_domain::Column::ConnectionId.eq(id.0));
        domains.exec(&self.line).await.map_err(failure)?;
        let accounts = door
            .update::<admin::Entity>()
            .col_expr(admin::Column::SsoConnectionId, Expr::value(None::<uuid::Uuid>))
            .col_expr(admin::Column::SsoKey, Expr::value(None::<String>));
        let accounts = accounts.filter(admin::Column::SsoConnectionId.eq(id.0));
        accounts.exec(&self.line).await.map_err(failure)?;
        door.delete::<Entity>().filter(Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn insert_sso_key(&mut self, key: &StoredSsoKey) -> Result<(), StoreError> {
        let under = key.private.key().ok_or_else(|| corrupt("a secret that is not encrypted"))?;
        let row = sso_key::ActiveModel {
            tenant_id: NotSet,
            id: Set(key.id.0),
            private: Set(key.private.0.clone()),
            private_key: Set(under.to_string()),
            certificate: Set(key.certificate.clone()),
            created_us: Set(key.created.as_micros()),
        };
        let insert = self.door.insert::<sso_key::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn delete_sso_key(&mut self, id: SsoKeyId) -> Result<bool, StoreError> {
        let delete = self.door.delete::<sso_key::Entity>().filter(sso_key::Column::Id.eq(id.0));
        Ok(delete.exec(&self.line).await.map_err(failure)?.rows_affected == 1)
    }

    async fn insert_attempt(&mut self, attempt: &Attempt) -> Result<(), StoreError> {
        self.add_attempt(attempt).await
    }

    async fn take_attempt_secret(&mut self, id: AttemptId) -> Result<bool, StoreError> {
        self.drop_attempt_secret(id).await
    }

    async fn answer_attempt(
        &mut self,
        id: AttemptId,
        answer: &Answer,
        ticket: &[u8; 32],
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.note_answer(id, answer, ticket, until).await
    }

    async fn pick_up(&mut self, id: AttemptId, now: Timestamp) -> Result<bool, StoreError> {
        self.note_picked_up(id, now).await
    }

    async fn use_assertion(&mut self, of: ConnectionId, id: &str, until: Timestamp) -> Result<bool, StoreError> {
        self.note_assertion(of, id, until).await
    }
}
