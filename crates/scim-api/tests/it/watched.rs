//! A store that remembers the facts it was given, and that can go away. What it keeps is kept by the real one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::context::{Actor, OpContext};
use domain::directory::{GroupRef, Kind, Member, StoredResource};
use domain::ids::{FactId, ResourceId, TokenId};
use domain::journal::Fact;
use domain::store::{
    Journal, ListPage, ListQuery, OperatorTx, ReadResources, ReadTokens, Store, StoreError, TenantRead, TenantSettings,
    TenantTx, WriteResources, WriteTokens,
};
use domain::tenant::{ProvisioningState, Tenant, TenantScope, TenantSlug};
use domain::timestamp::Timestamp;
use domain::token::{ProvisioningToken, TokenUse};
use scim_protocol::resource::Resource;

type Answer<T> = Result<T, StoreError>;

pub struct Watched {
    real: Arc<dyn Store>,
    facts: Arc<Mutex<Vec<Fact>>>,
    away: AtomicBool,
}

impl Watched {
    pub fn new(real: Arc<dyn Store>) -> Self {
        Self { real, facts: Arc::default(), away: AtomicBool::new(false) }
    }

    /// The facts of committed transactions, in order.
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

    async fn write(&self, scope: &TenantScope) -> Answer<Box<dyn TenantTx>> {
        self.present()?;
        let real = self.real.write(scope).await?;
        Ok(Box::new(WatchedTx { real, recorded: Vec::new(), facts: self.facts.clone() }))
    }

    async fn operate(&self, operator: &Actor) -> Answer<Box<dyn OperatorTx>> {
        self.real.operate(operator).await
    }

    async fn find_tenant(&self, slug: &TenantSlug) -> Answer<Option<Tenant>> {
        self.present()?;
        self.real.find_tenant(slug).await
    }

    async fn ping(&self) -> Answer<()> {
        self.present()?;
        self.real.ping().await
    }
}

struct WatchedTx {
    real: Box<dyn TenantTx>,
    recorded: Vec<Fact>,
    facts: Arc<Mutex<Vec<Fact>>>,
}

impl TenantRead for WatchedTx {}

#[async_trait]
impl TenantTx for WatchedTx {
    async fn commit(self: Box<Self>) -> Answer<()> {
        self.real.commit().await?;
        self.facts.lock().unwrap().extend(self.recorded);
        Ok(())
    }
}

#[async_trait]
impl Journal for WatchedTx {
    async fn record(&mut self, cx: &OpContext, id: FactId, fact: &Fact) -> Answer<()> {
        self.recorded.push(fact.clone());
        self.real.record(cx, id, fact).await
    }
}

#[async_trait]
impl ReadResources for WatchedTx {
    async fn find(&mut self, kind: &Kind, id: ResourceId) -> Answer<Option<StoredResource>> {
        self.real.find(kind, id).await
    }

    async fn list(&mut self, kind: &Kind, query: &ListQuery) -> Answer<ListPage> {
        self.real.list(kind, query).await
    }

    async fn count_members(&mut self, groups: &[ResourceId]) -> Answer<u64> {
        self.real.count_members(groups).await
    }

    async fn members(&mut self, groups: &[ResourceId]) -> Answer<HashMap<ResourceId, Vec<Member>>> {
        self.real.members(groups).await
    }

    async fn groups_of(&mut self, members: &[ResourceId]) -> Answer<HashMap<ResourceId, Vec<GroupRef>>> {
        self.real.groups_of(members).await
    }

    async fn kinds_of(&mut self, ids: &[ResourceId]) -> Answer<HashMap<ResourceId, Kind>> {
        self.real.kinds_of(ids).await
    }
}

#[async_trait]
impl WriteResources for WatchedTx {
    async fn lock(&mut self, kind: &Kind, id: ResourceId) -> Answer<Option<StoredResource>> {
        self.real.lock(kind, id).await
    }

    async fn insert(&mut self, new: &StoredResource) -> Answer<()> {
        self.real.insert(new).await
    }

    async fn update(&mut self, before: &StoredResource, after: &Resource, now: Timestamp) -> Answer<StoredResource> {
        self.real.update(before, after, now).await
    }

    async fn touch(&mut self, kind: &Kind, ids: &[ResourceId], now: Timestamp) -> Answer<u64> {
        self.real.touch(kind, ids, now).await
    }

    async fn delete(&mut self, kind: &Kind, id: ResourceId) -> Answer<()> {
        self.real.delete(kind, id).await
    }

    async fn add_members(&mut self, group: ResourceId, members: &[(ResourceId, Kind)]) -> Answer<Vec<ResourceId>> {
        self.real.add_members(group, members).await
    }

    async fn remove_members(&mut self, group: ResourceId, members: &[ResourceId]) -> Answer<Vec<ResourceId>> {
        self.real.remove_members(group, members).await
    }

    async fn member_ids(&mut self, group: ResourceId) -> Answer<Vec<ResourceId>> {
        self.real.member_ids(group).await
    }

    async fn leave_groups(&mut self, member: ResourceId) -> Answer<Vec<ResourceId>> {
        self.real.leave_groups(member).await
    }
}

#[async_trait]
impl ReadTokens for WatchedTx {
    async fn find_token(&mut self, id: TokenId) -> Answer<Option<ProvisioningToken>> {
        self.real.find_token(id).await
    }

    async fn list_tokens(&mut self) -> Answer<Vec<ProvisioningToken>> {
        self.real.list_tokens().await
    }
}

#[async_trait]
impl WriteTokens for WatchedTx {
    async fn insert_token(&mut self, token: &ProvisioningToken) -> Answer<()> {
        self.real.insert_token(token).await
    }

    async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> Answer<()> {
        self.real.revoke_token(id, now).await
    }

    async fn note_token_use(&mut self, id: TokenId, seen: &TokenUse) -> Answer<()> {
        self.real.note_token_use(id, seen).await
    }
}

#[async_trait]
impl TenantSettings for WatchedTx {
    async fn lock_tenant(&mut self) -> Answer<Option<Tenant>> {
        self.real.lock_tenant().await
    }

    async fn set_provisioning(&mut self, state: ProvisioningState) -> Answer<()> {
        self.real.set_provisioning(state).await
    }
}
