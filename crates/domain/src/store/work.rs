//! What the server does on its own, across tenants. Every step is a transaction of its own and can be taken by any
//! process; a lease says whose turn it is (decisions.md 20).

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Outbox, StoreError};
use crate::admin::second_step::StaleSecondStep;
use crate::connection::key::StaleSsoSecret;
use crate::credential::Credential;
use crate::email_domain::DomainName;
use crate::ids::{ConnectionId, CredentialId, DomainId, TenantId};
use crate::job::Job;
use crate::keys::{KeyId, Sealed};
use crate::signing_key::StoredSigningKey;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;
use crate::value_index::ValueIndex;

/// The right to do one kind of work, until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The kind of work.
    pub name: &'static str,
    /// Who does it: different in every process.
    pub holder: String,
    pub until: Timestamp,
}

/// What one step of filling an index did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillStep {
    /// Some resources are done and others are left.
    Going,
    /// The index holds every resource.
    Complete,
}

/// What rests on the keys of the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUses {
    pub digests: BTreeMap<KeyId, u64>,
    pub sealed: BTreeMap<KeyId, u64>,
}

/// Things that wait, and since when the oldest does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    pub count: u64,
    pub since: Option<Timestamp>,
}

/// What waits for the server to work on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Facts without a number.
    pub facts: Queued,
    /// Mails that are not sent and not given up.
    pub mails: Queued,
}

#[async_trait]
pub trait Work: Outbox + Send + Sync {
    /// What the clock of the database shows, which all processes go by; none where it is this machine's.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Takes or renews a lease that is free, run out by `now`, or held already. False when it is somebody else's, or somebody
    /// is at it just now and does not come to an end. One that ends much later than any may is free too: it was taken by a
    /// clock that is wrong.
    async fn take_lease(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives numbers to at most `limit` facts that wait for one; gives how many there were. Does nothing unless the lease
    /// is held when the numbers are written, so that a process that was paused and forgotten cannot number.
    async fn number_facts(&self, lease: &Lease, limit: u64) -> Result<u64, StoreError>;

    /// Folds the counts that have come apart into more than `rows` rows; gives how many rows there are fewer.
    async fn fold_counts(&self, rows: u64) -> Result<u64, StoreError>;

    /// Registers a path that a tenant's clients filter by; nothing when it is registered already, or when the tenant has
    /// as many as it may have.
    async fn register_index(&self, slug: &TenantSlug, wanted: &ValueIndex, now: Timestamp) -> Result<(), StoreError>;

    /// The registered indexes that are not complete, with their tenants.
    async fn open_indexes(&self) -> Result<Vec<(TenantSlug, ValueIndex)>, StoreError>;

    /// A moment in the order of all transactions; see [`Work::has_passed`].
    async fn horizon(&self) -> Result<i64, StoreError>;

    /// Whether every transaction that was under way at this horizon has ended.
    async fn has_passed(&self, horizon: i64) -> Result<bool, StoreError>;

    /// Fills an index with the values of some more resources.
    async fn fill_index(&self, slug: &TenantSlug, index: &ValueIndex, now: Timestamp) -> Result<FillStep, StoreError>;

    /// The keys that access tokens are signed with, the oldest first.
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError>;

    async fn insert_signing_key(&self, key: &StoredSigningKey) -> Result<(), StoreError>;

    /// Puts a key that is encrypted anew in the place of itself, unless somebody else did.
    async fn reseal_signing_key(&self, before: &Sealed, anew: &StoredSigningKey) -> Result<(), StoreError>;

    /// Removes the keys made before then.
    async fn prune_signing_keys(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Second steps whose secrets are encrypted under one of these keys, at most so many.
    async fn second_steps_under(&self, keys: &[KeyId], limit: u64) -> Result<Vec<StaleSecondStep>, StoreError>;

    /// Puts a secret that is encrypted anew in the place of itself, unless somebody else did.
    async fn reseal_second_step(&self, before: &StaleSecondStep, anew: &Sealed) -> Result<(), StoreError>;

    /// Secrets of single sign-on that are encrypted under one of these keys, at most so many of each kind.
    async fn sso_secrets_under(&self, keys: &[KeyId], limit: u64) -> Result<Vec<StaleSsoSecret>, StoreError>;

    /// Puts a secret that is encrypted anew in the place of itself, unless somebody else did.
    async fn reseal_sso_secret(&self, before: &StaleSsoSecret, anew: &Sealed) -> Result<(), StoreError>;

    /// The tenants that have connections by SAML or OpenID Connect, in order of their names.
    async fn connected_tenants(&self) -> Result<Vec<TenantSlug>, StoreError>;

    /// Forgets sign-ins under way, assertions and people's sessions that have run out by now, and entries of the sign-in log
    /// that are older than their tenants keep them.
    async fn prune_sign_ins(&self, now: Timestamp) -> Result<(), StoreError>;

    /// Forgets sessions that have run out by now, and links that opened nothing any more by `before`.
    async fn prune_sessions(&self, now: Timestamp, before: Timestamp) -> Result<(), StoreError>;

    /// How many things rest on each key of the ring: digests of secrets that may still be used, and encrypted values.
    async fn key_uses(&self, now: Timestamp) -> Result<KeyUses, StoreError>;

    /// The ring that is kept in the database, for installations that keep none elsewhere.
    async fn stored_ring(&self) -> Result<String, StoreError>;

    /// Puts another ring in the place of the one in the database; false when that is not what it was.
    async fn store_ring(&self, before: &str, after: &str) -> Result<bool, StoreError>;

    /// The jobs that run, with their tenants, the oldest first.
    async fn open_jobs(&self) -> Result<Vec<(TenantSlug, Job)>, StoreError>;

    /// Forgets the keys of requests made before then.
    async fn prune_request_keys(&self, before: Timestamp) -> Result<(), StoreError>;

    /// A credential of any tenant's, for those who explain why it does not open another's door. It is looked for without an
    /// index, so not on anybody's way.
    async fn find_credential(&self, id: CredentialId) -> Result<Option<Credential>, StoreError>;

    /// The tenants there are, in order of their ids, after one of them.
    async fn tenants_after(&self, id: Option<TenantId>, limit: u64) -> Result<Vec<(TenantId, TenantSlug)>, StoreError>;

    /// Takes at most `limit` domains that are to be looked for, with their tenants; until `until` nobody else does.
    async fn take_domains(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<(TenantSlug, DomainId)>, StoreError>;

    /// The tenant that has verified a domain, and the connection by which the people of the domain sign in. Whoever asks must
    /// not show whether there is one: it would tell who the customers are.
    async fn find_verified_domain(
        &self,
        name: &DomainName,
    ) -> Result<Option<(TenantSlug, Option<ConnectionId>)>, StoreError>;

    /// The number of each tenant's newest fact.
    async fn journal_heads(&self) -> Result<Vec<(TenantId, i64)>, StoreError>;

    /// How much waits, for those who look after the server.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// Empties the values of facts that are older than `before`, at most so many, the oldest first; frames and numbers stay.
    /// Gives how many these were.
    async fn empty_old_facts(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError>;

    /// Gives back to the disk what is free in a file, so much at a time that nobody waits for long.
    async fn give_back(&self) -> Result<(), StoreError>;

    /// Forgets what every process has long taken notice of.
    async fn prune_changes(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Removes what somebody wrote for a tenant that is gone: those of which notes are left, and those whose erasure ended
    /// after this moment. Gives how many rows these were. A tenant that came back under its id keeps everything.
    async fn sweep_gone(&self, after: Timestamp) -> Result<u64, StoreError>;
}
