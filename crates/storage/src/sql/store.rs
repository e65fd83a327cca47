//! [`SqlStore`]: the store port on either database.

use std::sync::Arc;

use async_trait::async_trait;
use domain::context::Actor;
use domain::directory::ResourceTypes;
use domain::store::{OperatorTx, Store, StoreError, TenantRead, TenantTx};
use domain::tenant::{DirectoryRules, Tenant, TenantScope, TenantSlug};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::error::failure;
use super::repo::tenants;
use super::scope::Door;
use crate::connect::{Databases, Target, Timing};

/// What the installation as a whole keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct Installation {
    /// The key token secrets are digested with when the settings name none.
    pub token_key: [u8; 32],
}

/// Everything that is kept, in PostgreSQL or in a SQLite file.
#[derive(Clone)]
pub struct SqlStore {
    databases: Databases,
    types: Arc<ResourceTypes>,
}

impl SqlStore {
    /// Opens the pools. The schema is for [`SqlStore::migrate`] to bring.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached.
    pub async fn connect(target: &Target, timing: Timing, types: Arc<ResourceTypes>) -> Result<Self, StoreError> {
        Ok(Self { databases: Databases::connect(target, timing).await?, types })
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.databases.write
    }

    /// What the first migration made.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the schema is not there.
    pub async fn installation(&self) -> Result<Installation, StoreError> {
        tenants::installation(&self.databases.read).await
    }

    async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let write = &self.databases.write;
        let immediate = (write.get_database_backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        write.begin_with_options(options).await.map_err(failure)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn read(&self, scope: &TenantScope) -> Result<Box<dyn TenantRead>, StoreError> {
        Ok(Box::new(Session::new(self.databases.read.clone(), scope, self.types.clone())))
    }

    async fn write(&self, scope: &TenantScope) -> Result<Box<dyn TenantTx>, StoreError> {
        Ok(Box::new(Session::new(self.begin().await?, scope, self.types.clone())))
    }

    async fn operate(&self, _operator: &Actor) -> Result<Box<dyn OperatorTx>, StoreError> {
        Ok(Box::new(OperatorSession { conn: self.begin().await? }))
    }

    async fn find_tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        tenants::find_by_slug(&self.databases.read, slug).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.databases.read.ping().await.map_err(failure)
    }
}

/// A connection or transaction that works in one tenant.
pub struct Session<C> {
    pub(super) conn: C,
    pub(super) door: Door,
    pub(super) rules: DirectoryRules,
    pub(super) types: Arc<ResourceTypes>,
}

impl<C> Session<C> {
    fn new(conn: C, scope: &TenantScope, types: Arc<ResourceTypes>) -> Self {
        Self { conn, door: Door::of(scope), rules: scope.rules(), types }
    }
}

impl<C: ConnectionTrait + Send + Sync> TenantRead for Session<C> {}

#[async_trait]
impl TenantTx for Session<DatabaseTransaction> {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.conn.commit().await.map_err(failure)
    }
}

/// A transaction across tenants.
pub struct OperatorSession {
    pub(super) conn: DatabaseTransaction,
}

#[async_trait]
impl OperatorTx for OperatorSession {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.conn.commit().await.map_err(failure)
    }
}
