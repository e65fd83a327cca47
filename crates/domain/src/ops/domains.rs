//! The domains of a tenant's e-mail addresses: adding them, looking for the records that show whose they are, and what holds
//! for addresses outside of them.

use std::slice;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::Error;
use crate::activity::Trail;
use crate::admin::AdminRole;
use crate::admin::throttle::{Throttle, Wait};
use crate::admission::Admissions;
use crate::connection::routing::is_enforced_for;
use crate::context::{Actor, OpContext};
use crate::directory::StoredResource;
use crate::email_domain::{Answer, DomainName, DomainPolicy, DomainSeed, EmailDomain, MAX_DOMAINS};
use crate::ids::{ConnectionId, DomainId, FactId, ResourceId};
use crate::journal::Fact;
use crate::ops::accounts::require_manager;
use crate::ports::{IdGen, RateLimiter, Resolver, SecretGen};
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::{Tenant, TenantScope, TenantSlug};
use crate::timestamp::Timestamp;

/// Domains that are looked for at the same time.
const AT_ONCE: u64 = 10;
/// Whoever takes a domain has it for so long: longer than a look and what is written of it need.
const TAKEN_SECONDS: i64 = 300;
/// People who are read in one go to see who is outside.
const READ_PEOPLE: u64 = 500;

/// What came of a wish to have a domain looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Done(EmailDomain),
    /// The tenant asks too often; how many seconds to wait.
    Wait(Wait),
}

/// People whose addresses lie outside of the verified domains.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outsiders {
    /// By creation.
    pub people: Vec<StoredResource>,
    /// Whether there are more.
    pub has_more: bool,
}

pub struct Domains {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    secrets: Arc<dyn SecretGen>,
    resolver: Arc<dyn Resolver>,
    throttle: Throttle,
    admissions: Arc<Admissions>,
}

impl Domains {
    pub fn new(
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        secrets: Arc<dyn SecretGen>,
        resolver: Arc<dyn Resolver>,
        limiter: Arc<dyn RateLimiter>,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { store, ids, secrets, resolver, throttle: Throttle::new(limiter), admissions }
    }

    /// The tenant's domains, in the order of their names.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<EmailDomain>, Error> {
        Ok(self.store.read(scope).await?.list_domains().await?)
    }

    /// A domain of the tenant's.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, scope: &TenantScope, id: DomainId) -> Result<EmailDomain, Error> {
        self.store.read(scope).await?.find_domain(id).await?.ok_or_else(|| not_found(id))
    }

    /// Adds a domain. Nothing is asked about it yet, and nobody learns whether another tenant has it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when the tenant has it already, or has [`MAX_DOMAINS`].
    pub async fn add(&self, cx: &OpContext, name: DomainName) -> Result<EmailDomain, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        lock(tx.as_mut(), cx).await?;
        let known = tx.list_domains().await?;
        if known.iter().any(|domain| domain.name == name) {
            return Err(Error::NotAllowed(format!("{} is in the list already", name.shown())));
        }
        if known.len() >= MAX_DOMAINS {
            return Err(Error::NotAllowed(format!(
                "there may be {MAX_DOMAINS} domains, and there are; remove one that is not used any more"
            )));
        }
        let seed = tx.domain_seed(DomainSeed(self.secrets.bytes())).await?;
        let domain = EmailDomain::new(DomainId(self.ids.next(cx.now)), name, &seed, cx.now);
        tx.insert_domain(&domain).await?;
        self.tell(tx.as_mut(), cx, &Fact::domain_added(&domain)).await?;
        tx.commit().await?;
        Ok(domain)
    }

    /// Asks the domain name system about a domain now, and writes down what it says.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn check(&self, cx: &OpContext, id: DomainId) -> Result<Look, Error> {
        let domain = self.get(&cx.scope, id).await?;
        if let Err(wait) = self.throttle.domain_check(cx.scope.tenant()).await {
            return Ok(Look::Wait(wait));
        }
        self.look(cx, &domain).await.map(Look::Done)
    }

    /// Asks first and opens a transaction then: others are not kept waiting by a slow server.
    async fn look(&self, cx: &OpContext, domain: &EmailDomain) -> Result<EmailDomain, Error> {
        let answer = Answer::of(self.resolver.txt(&domain.name.record()).await);
        let settled = self.settle(cx, domain.id, |before| before.after(answer.clone(), cx.now)).await;
        match settled {
            Err(Error::Store(StoreError::Taken { .. })) => {
                self.settle(cx, domain.id, |before| before.after(answer.clone(), cx.now).claimed()).await
            }
            settled => settled,
        }
    }

    /// Changes a domain and tells what is new.
    async fn settle(
        &self,
        cx: &OpContext,
        id: DomainId,
        change: impl FnOnce(&EmailDomain) -> EmailDomain,
    ) -> Result<EmailDomain, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        lock(tx.as_mut(), cx).await?;
        let before = tx.find_domain(id).await?.ok_or_else(|| not_found(id))?;
        let after = change(&before);
        self.write(tx, cx, &before, after).await
    }

    async fn write(
        &self,
        mut tx: Box<dyn TenantTx>,
        cx: &OpContext,
        before: &EmailDomain,
        after: EmailDomain,
    ) -> Result<EmailDomain, Error> {
        if after != *before {
            tx.save_domain(&after).await?;
        }
        let fact = Fact::domain_changed(before, &after);
        if let Some(fact) = &fact {
            self.tell(tx.as_mut(), cx, fact).await?;
        }
        tx.commit().await?;
        if fact.is_some() {
            self.admissions.forget(cx.scope.slug());
        }
        Ok(after)
    }

    /// Removes a domain. Added again, it has the same record.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] for the last verified domain while single sign-on is enforced, which
    /// would lock everybody out.
    pub async fn remove(&self, cx: &OpContext, id: DomainId) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        lock(tx.as_mut(), cx).await?;
        let known = tx.list_domains().await?;
        let domain = known.iter().find(|domain| domain.id == id).ok_or_else(|| not_found(id))?;
        let is_last = domain.is_verified() && known.iter().filter(|domain| domain.is_verified()).count() == 1;
        if is_last && tx.is_sso_enforced().await? {
            return Err(Error::NotAllowed(format!(
                "{} is the last verified domain, and single sign-on is enforced: nobody could sign in. Verify another domain, \
                 or stop enforcing single sign-on, first",
                domain.name.shown()
            )));
        }
        tx.delete_domain(id).await?;
        self.tell(tx.as_mut(), cx, &Fact::domain_removed(domain)).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(())
    }

    /// Chooses what becomes of people whose addresses lie outside of the verified domains.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tenant is gone.
    pub async fn set_policy(&self, cx: &OpContext, policy: DomainPolicy) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = lock(tx.as_mut(), cx).await?.domains.policy;
        if before != policy {
            tx.set_domain_policy(policy).await?;
            self.tell(tx.as_mut(), cx, &Fact::domain_policy_changed(before, policy)).await?;
            tx.commit().await?;
            self.admissions.forget(cx.scope.slug());
        }
        Ok(())
    }

    /// Chooses the connection by which the people of a domain sign in; none for the tenant's usual way. Whether there is such
    /// a connection is for the caller to know.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] for whoever is no owner, when nobody of the domain would have to sign in by
    /// single sign-on any more.
    pub async fn set_connection(
        &self,
        cx: &OpContext,
        id: DomainId,
        connection: Option<ConnectionId>,
    ) -> Result<EmailDomain, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        lock(tx.as_mut(), cx).await?;
        let before = tx.find_domain(id).await?.ok_or_else(|| not_found(id))?;
        let after = EmailDomain { connection, ..before.clone() };
        let connections = tx.list_connections().await?;
        let address = format!("somebody@{}", before.name);
        let is_enforced = |domain: &EmailDomain| is_enforced_for(&address, slice::from_ref(domain), &connections);
        if is_enforced(&before) && !is_enforced(&after) {
            require_manager(tx.as_mut(), &cx.actor, AdminRole::Owner).await.map_err(|_| {
                Error::NotAllowed(
                    "only an owner can lead a domain away from the connection that is required".to_owned(),
                )
            })?;
        }
        self.write(tx, cx, &before, after).await
    }

    /// At most `limit` people whose user name or one of whose e-mail addresses lies outside of the verified domains, after one
    /// of them. Nobody does while there is no verified domain.
    ///
    /// # Errors
    /// Those of the store: everybody may have to be looked at.
    pub async fn outsiders(&self, scope: &TenantScope, limit: usize) -> Result<Outsiders, Error> {
        let own = scope.domains();
        let mut outsiders = Outsiders::default();
        let mut after: Option<ResourceId> = None;
        let mut read = self.store.read(scope).await?;
        while !own.verified.is_empty() {
            let some = read.people_outside(&own.verified, after, READ_PEOPLE).await?;
            let is_over = (some.len() as u64) < READ_PEOPLE;
            after = some.last().map(|person| person.id).or(after);
            outsiders.people.extend(some.into_iter().filter(|person| {
                let mut addresses = person.addresses();
                addresses.any(|address| own.is_outside(address))
            }));
            if is_over || outsiders.people.len() > limit {
                break;
            }
        }
        outsiders.has_more = outsiders.people.len() > limit;
        outsiders.people.truncate(limit);
        Ok(outsiders)
    }

    /// Looks for domains that are due, those of all tenants; gives how many there were. Any process may do so at any time: a
    /// domain is one's alone for a while, and another's when whoever took it is gone.
    ///
    /// # Errors
    /// The first failure of the store; the other domains are looked for all the same.
    pub async fn look_again(&self, now: Timestamp) -> Result<u64, Error> {
        let taken = self.store.work().take_domains(now, now.plus_seconds(TAKEN_SECONDS), AT_ONCE).await?;
        let count = taken.len() as u64;
        let looks = taken.iter().map(|(slug, id)| self.look_for(slug, *id, now));
        let mut failed = join_all(looks).await.into_iter().filter_map(Result::err);
        // One that is gone meanwhile is nobody's any more.
        match failed.find(|error| !matches!(error, Error::NotFound(_))) {
            Some(error) => Err(error),
            None => Ok(count),
        }
    }

    async fn look_for(&self, slug: &TenantSlug, id: DomainId, now: Timestamp) -> Result<(), Error> {
        let Some(admission) = self.store.find_admission(slug).await? else { return Ok(()) };
        let cx = OpContext {
            scope: admission.tenant.scope(),
            actor: Actor::System,
            request_id: "domains".to_owned(),
            now,
            trail: Trail::default(),
        };
        let before = self.get(&cx.scope, id).await?;
        let after = self.look(&cx, &before).await?;
        if after.state != before.state {
            let state = after.state.as_str();
            tracing::info!(tenant.slug = slug.as_str(), domain.id = %id, state, "a domain is known otherwise");
        }
        Ok(())
    }

    async fn tell(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }
}

async fn lock(tx: &mut dyn TenantTx, cx: &OpContext) -> Result<Tenant, Error> {
    tx.lock_tenant().await?.ok_or_else(|| Error::NotFound(format!("tenant {}", cx.scope.slug())))
}

fn not_found(id: DomainId) -> Error {
    Error::NotFound(format!("domain {id}"))
}
