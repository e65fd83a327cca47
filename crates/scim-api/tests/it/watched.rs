//! A store that remembers the facts of what was saved, and that can go away. What it keeps is kept by the real one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::admission::{Admission, TenantChange};
use domain::change::{Change, Saved};
use domain::context::Actor;
use domain::journal::Fact;
use domain::store::{OperatorTx, Store, StoreError, TenantRead, TenantTx, Work};
use domain::tenant::{TenantScope, TenantSlug};
use domain::timestamp::Timestamp;

type Answer<T> = Result<T, StoreError>;

pub struct Watched {
    real: Arc<dyn Store>,
    facts: Mutex<Vec<Fact>>,
    away: AtomicBool,
}

impl Watched {
    pub fn new(real: Arc<dyn Store>) -> Self {
        Self { real, facts: Mutex::default(), away: AtomicBool::new(false) }
    }

    /// The facts of changes that were saved, in order.
    pub fn facts(&self) -> Vec<Fact> {
        self.facts.lock().unwrap().clone()
    }

    pub fn go_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    fn present(&self) -> Answer<()> {
        match self.away.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("the connection was refused".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Store for Watched {
    async fn read(&self, scope: &TenantScope) -> Answer<Box<dyn TenantRead>> {
        self.present()?;
        self.real.read(scope).await
    }

    async fn save(&self, scope: &TenantScope, change: &Change<'_>) -> Answer<Saved> {
        self.present()?;
        let saved = self.real.save(scope, change).await?;
        self.facts.lock().unwrap().extend(change.facts.iter().map(|(_, fact)| fact.clone()));
        Ok(saved)
    }

    async fn write(&self, scope: &TenantScope) -> Answer<Box<dyn TenantTx>> {
        self.present()?;
        self.real.write(scope).await
    }

    async fn operate(&self, operator: &Actor) -> Answer<Box<dyn OperatorTx>> {
        self.real.operate(operator).await
    }

    async fn find_admission(&self, slug: &TenantSlug) -> Answer<Option<Admission>> {
        self.present()?;
        self.real.find_admission(slug).await
    }

    async fn tenant_changes(&self, since: Timestamp) -> Answer<Vec<TenantChange>> {
        self.present()?;
        self.real.tenant_changes(since).await
    }

    fn work(&self) -> &dyn Work {
        self.real.work()
    }

    async fn ping(&self) -> Answer<()> {
        self.present()?;
        self.real.ping().await
    }
}
