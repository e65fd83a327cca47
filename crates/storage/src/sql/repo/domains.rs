//! The domains of e-mail addresses.

use std::sync::Arc;

use async_trait::async_trait;
use domain::connection::Switch;
use domain::email_domain::{DomainName, DomainPolicy, DomainSeed, DomainState, EmailDomain, TenantDomains};
use domain::ids::{ConnectionId, DomainId};
use domain::store::{ReadConnections as _, ReadDomains, StoreError, WriteDomains};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QueryOrder,
    Select,
};

use super::{corrupt, moment, tenants};
use crate::sql::entity::email_domain::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::tenant;
use crate::sql::error::{failure, taken};
use crate::sql::line::Line;
use crate::sql::scope::{Door, statement};
use crate::sql::store::Session;
use crate::transaction::Transaction;

fn read(row: Model) -> Result<EmailDomain, StoreError> {
    Ok(EmailDomain {
        id: DomainId(row.id),
        name: name(&row.name)?,
        challenge: row.challenge,
        state: DomainState::named(&row.state).ok_or_else(|| corrupt("email_domain.state"))?,
        added: moment(row.added_us),
        checked: row.checked_us.map(moment),
        verified: row.verified_us.map(moment),
        missing: row.missing_us.map(moment),
        answer: row.answer.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)?,
        connection: row.connection_id.map(ConnectionId),
        due: row.due_us.map(moment),
    })
}

fn answer(domain: &EmailDomain) -> Result<Option<String>, StoreError> {
    domain.answer.as_ref().map(serde_json::to_string).transpose().map_err(corrupt)
}

/// A name as it was read once; what may be added changes from version to version.
fn name(stored: &str) -> Result<DomainName, StoreError> {
    DomainName::stored(stored).ok_or_else(|| corrupt("email_domain.name"))
}

/// What a tenant has verified, and what that means.
pub async fn of_tenant<C: ConnectionTrait>(
    conn: &C,
    door: Door,
    policy: DomainPolicy,
) -> Result<Arc<TenantDomains>, StoreError> {
    let verified = door.select::<Entity>().filter(Column::State.eq(DomainState::Verified.as_str()));
    let verified = verified.order_by_asc(Column::Name).all(conn).await.map_err(failure)?;
    let verified = verified.iter().map(|row| name(&row.name)).collect::<Result<_, _>>()?;
    Ok(Arc::new(TenantDomains { policy, verified }))
}

impl<L: Line> Session<L> {
    async fn read_domains(&self, select: Select<Entity>) -> Result<Vec<EmailDomain>, StoreError> {
        let rows = self.rows(statement(select)).await?;
        rows.iter().map(|row| Model::from_query_result(row, "").map_err(failure).and_then(read)).collect()
    }
}

#[async_trait]
impl<L: Line> ReadDomains for Session<L> {
    async fn list_domains(&mut self) -> Result<Vec<EmailDomain>, StoreError> {
        self.read_domains(self.door.select::<Entity>().order_by_asc(Column::Name)).await
    }

    async fn find_domain(&mut self, id: DomainId) -> Result<Option<EmailDomain>, StoreError> {
        Ok(self.read_domains(self.door.select::<Entity>().filter(Column::Id.eq(id.0))).await?.pop())
    }

    async fn is_sso_enforced(&mut self) -> Result<bool, StoreError> {
        let connections = self.list_connections().await?;
        Ok(connections.iter().any(|connection| connection.switch == Switch::Enforced))
    }
}

#[async_trait]
impl WriteDomains for Session<Transaction> {
    async fn insert_domain(&mut self, domain: &EmailDomain) -> Result<(), StoreError> {
        let row = ActiveModel {
            tenant_id: NotSet,
            id: Set(domain.id.0),
            name: Set(domain.name.to_string()),
            challenge: Set(domain.challenge.clone()),
            state: Set(domain.state.as_str().to_owned()),
            added_us: Set(domain.added.as_micros()),
            checked_us: Set(domain.checked.map(Timestamp::as_micros)),
            verified_us: Set(domain.verified.map(Timestamp::as_micros)),
            missing_us: Set(domain.missing.map(Timestamp::as_micros)),
            due_us: Set(domain.due.map(Timestamp::as_micros)),
            answer: Set(answer(domain)?),
            connection_id: Set(domain.connection.map(|id| id.0)),
        };
        let insert = self.door.insert::<Entity>([row]).exec_without_returning(&self.line).await;
        insert.map(drop).map_err(|error| taken(error, "the domain"))
    }

    async fn save_domain(&mut self, domain: &EmailDomain) -> Result<(), StoreError> {
        let at = |moment: Option<Timestamp>| Expr::value(moment.map(Timestamp::as_micros));
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::State, Expr::value(domain.state.as_str()))
            .col_expr(Column::CheckedUs, at(domain.checked))
            .col_expr(Column::VerifiedUs, at(domain.verified))
            .col_expr(Column::MissingUs, at(domain.missing))
            .col_expr(Column::DueUs, at(domain.due))
            .col_expr(Column::Answer, Expr::value(answer(domain)?))
            .col_expr(Column::ConnectionId, Expr::value(domain.connection.map(|id| id.0)))
            .filter(Column::Id.eq(domain.id.0));
        update.exec(&self.line).await.map(drop).map_err(|error| taken(error, "the domain"))
    }

    async fn delete_domain(&mut self, id: DomainId) -> Result<(), StoreError> {
        self.door.delete::<Entity>().filter(Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn set_domain_policy(&mut self, policy: DomainPolicy) -> Result<(), StoreError> {
        tenants::set(&self.line, self.door.tenant(), tenant::Column::DomainPolicy, policy.as_str()).await
    }

    async fn domain_seed(&mut self, fresh: DomainSeed) -> Result<DomainSeed, StoreError> {
        let row = tenants::one(self.door).one(&self.line).await.map_err(failure)?;
        if let Some(seed) = row.and_then(|row| row.domain_seed) {
            return Ok(DomainSeed(seed.try_into().map_err(|_| corrupt("tenant.domain_seed"))?));
        }
        tenants::set(&self.line, self.door.tenant(), tenant::Column::DomainSeed, fresh.0.to_vec()).await?;
        Ok(fresh)
    }
}
