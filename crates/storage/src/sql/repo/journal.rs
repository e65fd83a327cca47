//! Facts: a frame that stays and a payload that can be erased.

use async_trait::async_trait;
use domain::context::OpContext;
use domain::ids::FactId;
use domain::journal::Fact;
use domain::store::{Journal, StoreError};
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, DatabaseTransaction};

use crate::sql::entity::{fact, fact_payload};
use crate::sql::error::failure;
use crate::sql::scope::Door;
use crate::sql::store::{OperatorSession, Session};

async fn write(
    conn: &DatabaseTransaction,
    door: Door,
    cx: &OpContext,
    id: FactId,
    fact: &Fact,
) -> Result<(), StoreError> {
    let frame = fact::ActiveModel {
        tenant_id: NotSet,
        id: Set(id.0),
        at_us: Set(cx.now.as_micros()),
        what: Set(fact.what.as_str().to_owned()),
        subject_kind: Set(fact.subject.kind().to_owned()),
        subject_id: Set(fact.subject.id()),
        actor_kind: Set(cx.actor.kind().to_owned()),
        actor_id: Set(cx.actor.id()),
        request_id: Set(cx.request_id.clone()),
    };
    let payload =
        fact_payload::ActiveModel { tenant_id: NotSet, fact_id: Set(id.0), body: Set(fact.payload.to_string()) };
    door.insert::<fact::Entity>([frame]).exec_without_returning(conn).await.map_err(failure)?;
    door.insert::<fact_payload::Entity>([payload]).exec_without_returning(conn).await.map_err(failure)?;
    Ok(())
}

#[async_trait]
impl Journal for Session<DatabaseTransaction> {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
        write(&self.conn, self.door, cx, id, fact).await
    }
}

#[async_trait]
impl Journal for OperatorSession {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Result<(), StoreError> {
        write(&self.conn, Door::of(&cx.scope), cx, id, fact).await
    }
}
