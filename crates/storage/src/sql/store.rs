//! [`SqlStore`]: the store port on either database.

use async_trait::async_trait;
use domain::admission::{Admission, TenantChange};
use domain::change::{Change, Saved};
use domain::context::Actor;
use domain::store::{OperatorTx, Store, StoreError, TenantRead, TenantTx, Work};
use domain::tenant::{TenantScope, TenantSlug};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{DbBackend, DbErr, QueryResult};
use tracing::Instrument as _;

use super::anchors::Anchors;
use super::error::failure;
use super::line::{self, Line};
use super::repo::tenants;
use super::scope::Door;
use super::step::step;
use super::turns::Turns;
use crate::connect::{Databases, Target, Timing};
use crate::measure::PoolUse;
use crate::transaction::Transaction;

/// One in so many connections may answer expensive questions of one and the same tenant.
const SHARE: usize = 4;

const OPERATOR: &str = "set_config('role', 'rollcall_operator', true)";

/// What the server does for itself may take its time.
const UNHURRIED: &str = "set_config('statement_timeout', '0', true)";

/// As many parts of the time that requests wait for a connection may be spent on a lock, where that can be done later too.
const PROMPT: u32 = 3;

/// Everything that is kept, in PostgreSQL or in a SQLite file.
#[derive(Clone)]
pub struct SqlStore {
    databases: Databases,
    anchors: Anchors,
    turns: Turns,
    /// What PostgreSQL is told by who waits for a lock no longer than is bearable for those who wait for his connection.
    prompt: String,
}

impl SqlStore {
    /// Opens the pools on a database that has its [schema](crate::Schema).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, [`StoreError::Schema`] with what to do when its
    /// role may not work as the roles of row-level security.
    pub async fn connect(target: &Target, timing: Timing) -> Result<Self, StoreError> {
        let at_once = (timing.max_connections as usize / SHARE).max(2);
        let turns = Turns::new(at_once, timing.acquire_timeout);
        let lock_timeout = timing.lock_timeout.min(timing.acquire_timeout / PROMPT);
        let prompt = format!("set_config('lock_timeout', '{}', true)", lock_timeout.as_millis().max(1));
        let databases = Databases::connect(target, timing).await?;
        Ok(Self { databases, anchors: Anchors::default(), turns, prompt })
    }

    /// How much of each pool of connections is in use.
    pub fn pools(&self) -> Vec<PoolUse> {
        self.databases.pools()
    }

    /// Gives the connections back, and waits until they are.
    pub async fn close(self) {
        self.databases.close().await;
    }

    pub(super) const fn databases(&self) -> &Databases {
        &self.databases
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.databases.backend()
    }

    /// For the server's own writing, across tenants.
    pub(super) async fn operating(&self) -> Result<Transaction, StoreError> {
        as_operator(self.databases.begin().await?).await
    }

    /// For the server's own writing that others of its kind may be at just now, and that can be tried again: whoever waits for
    /// a lock holds one of the few connections that requests wait for meanwhile.
    pub(super) async fn operating_promptly(&self) -> Result<Transaction, StoreError> {
        let told = [Expr::cust(OPERATOR), Expr::cust(UNHURRIED), Expr::cust(self.prompt.clone())];
        introduced(self.databases.begin().await?, told).await
    }

    /// For the server's own reading, across tenants.
    pub(super) async fn overlooking(&self) -> Result<Transaction, StoreError> {
        as_operator(self.databases.begin_reading().await?).await
    }

    /// For reading across tenants what there is at one moment, for as long as it takes.
    pub(super) async fn still(&self) -> Result<Transaction, StoreError> {
        let tx = as_operator(self.databases.begin_still().await?).await?;
        tx.may_pause().await?;
        Ok(tx)
    }

    pub(super) fn session<L: Line>(&self, line: L, scope: &TenantScope) -> Session<L> {
        Session {
            line,
            door: Door::of(scope),
            scope: scope.clone(),
            anchors: self.anchors.clone(),
            turns: self.turns.clone(),
        }
    }
}

async fn as_operator(tx: Transaction) -> Result<Transaction, StoreError> {
    introduced(tx, [OPERATOR, UNHURRIED].map(Expr::cust)).await
}

async fn introduced<const N: usize>(mut tx: Transaction, told: [Expr; N]) -> Result<Transaction, StoreError> {
    tx.introduce(Query::select().exprs(told).take()).await?;
    Ok(tx)
}

#[async_trait]
impl Store for SqlStore {
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenantRead>, StoreError> {
        Ok(Box::new(self.session(self.databases.single(), scope)))
    }

    async fn save(&self, scope: &TenantScope, change: &Change<'_>) -> Result<Saved, StoreError> {
        let session = self.session(self.databases.single(), scope);
        match self.databases.clerk() {
            None => session.save_at_once(change).await,
            Some(clerk) => session.save_by(clerk, &self.databases, change).await,
        }
    }

    async fn write(&self, scope: &TenantScope) -> Result<Box<dyn TenantTx>, StoreError> {
        let mut tx = self.databases.begin().await?;
        tx.introduce(line::tell_tenant(Door::of(scope))).await?;
        let indexes = tenants::indexes(&tx, Door::of(scope)).await?;
        Ok(Box::new(self.session(tx, &scope.clone().with_indexes(indexes))))
    }

    async fn operate(&self, _operator: &Actor) -> Result<Box<dyn OperatorTx>, StoreError> {
        Ok(Box::new(OperatorSession { conn: self.operating().await? }))
    }

    async fn find_admission(&self, slug: &TenantSlug) -> Result<Option<Admission>, StoreError> {
        tenants::find_admission(&self.overlooking().await?, slug).await
    }

    async fn tenant_changes(&self, since: Timestamp) -> Result<Vec<TenantChange>, StoreError> {
        tenants::changes(&self.overlooking().await?, since).await
    }

    fn work(&self) -> &dyn Work {
        self
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.databases.ping().await
    }
}

/// A connection or transaction that works in one tenant.
pub struct Session<L> {
    pub(super) line: L,
    pub(super) door: Door,
    pub(super) scope: TenantScope,
    pub(super) anchors: Anchors,
    pub(super) turns: Turns,
}

impl<L: Line> Session<L> {
    pub(super) async fn rows(&self, select: SelectStatement) -> Result<Vec<QueryResult>, StoreError> {
        let rows: Result<_, DbErr> = self.line.rows(self.door, select).await;
        rows.map_err(failure)
    }
}

impl<L: Line> TenantRead for Session<L> {}

#[async_trait]
impl TenantTx for Session<Transaction> {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.line.commit().instrument(step("commit")).await.map_err(failure)
    }
}

/// A transaction across tenants.
pub struct OperatorSession {
    pub(super) conn: Transaction,
}

#[async_trait]
impl OperatorTx for OperatorSession {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.conn.commit().await.map_err(failure)
    }
}
