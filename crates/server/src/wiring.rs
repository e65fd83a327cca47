//! Settings → a working product.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::access_token::AccessTokens;
use domain::activity::Trail;
use domain::admission::Admissions;
use domain::context::{Actor, OpContext};
use domain::erasure::Erasure;
use domain::keys::Keys;
use domain::ops::{
    Accounts, ActivityLog, Archives, Audit, Connections, Credentials, Declarations, Directory, Domains, Erasures,
    Forgetting, IndexWishes, Jobs, Journal, Mailroom, Notices, People, Provisioning, Roles, Settings as TenantSwitches,
    SignIn, SignOnTools, SingleSignOn, Tenants,
};
use domain::ports::{Clock, IdGen, Mailer, Passwords, RateLimiter, Resolver, SecretGen};
use domain::signing_key::SigningKeys;
use domain::store::{KeyUses, Store, StoreError, TenantData};
use domain::tenant::Tenant;
use outbound::{GuardedFetch, LogMailer, SmtpMailer};
use secrecy::ExposeSecret;
use storage::limiter::{LocalLimiter, Patience, RedisLimiter, RedisTarget};
use storage::{Partitioned, Progress, Schema, SchemaState, SqlActivity, SqlStore, SqlTenantData, Target, Timing};
use web::address::Addresses;
use web::limit::{Limits, Unlimited};
use web::measure::TenantLabels;

use crate::runtime::{
    Argon2Passwords, BlockingThreads, CountedMailer, RandomSecrets, RingHome, SystemClock, TimeOrderedIds,
};
use crate::settings::{DatabaseSettings, DatabaseTarget, RetentionSettings, Settings};

/// Everything the server and the command line work with.
pub struct Rollcall {
    pub store: Arc<SqlStore>,
    pub admissions: Arc<Admissions>,
    pub wishes: Arc<IndexWishes>,
    pub tenants: Tenants,
    /// Tenants as archives.
    pub archives: Archives,
    pub erasures: Erasures,
    /// Erasing people.
    pub forgetting: Forgetting,
    pub credentials: Arc<Credentials>,
    pub switches: Arc<TenantSwitches>,
    /// Admin accounts.
    pub people: Arc<People>,
    /// Links to identity providers.
    pub connections: Arc<Connections>,
    sign_on: SignOnTools,
    /// Which role of the vendor's product people have.
    pub roles: Arc<Roles>,
    pub declarations: Declarations,
    pub jobs: Arc<Jobs>,
    pub journal: Arc<Journal>,
    pub audit: Arc<Audit>,
    pub directory: Arc<Directory>,
    pub activity: Arc<ActivityLog>,
    /// How much is kept, and for how long.
    pub retention: RetentionSettings,
    /// The outbox.
    pub mailroom: Arc<Mailroom>,
    pub notices: Notices,
    /// What the vendor calls the product.
    pub product: String,
    accounts: Accounts,
    resolver: Arc<dyn Resolver>,
    pub passwords: Arc<dyn Passwords>,
    pub clock: Arc<dyn Clock>,
    /// The same, for whoever has it follow the database's.
    pub database_clock: Arc<SystemClock>,
    pub ids: Arc<dyn IdGen>,
    pub keys: Arc<Keys>,
    /// Where the key ring is kept.
    pub ring_home: RingHome,
    pub signing: Arc<SigningKeys>,
    pub addresses: Addresses,
    /// Which tenants are told apart where something is counted.
    pub labels: Arc<TenantLabels>,
    /// What opening the store did to its schema.
    pub migration: Progress,
}

impl Rollcall {
    /// Opens the store, brings its schema up to date if the settings allow it, and puts everything together. `public_base`:
    /// the public URL, which for a server that asked for any port is known only once it listens.
    ///
    /// # Errors
    /// One sentence: what could not be used and what to do.
    pub async fn open(settings: &Settings, public_base: &str) -> anyhow::Result<Self> {
        let migration = prepare_schema(settings).await?;
        let store = Arc::new(open_store(settings).await?);
        let port: Arc<dyn Store> = store.clone();
        let clock = Arc::new(SystemClock::default());
        clock.follow(store.as_ref()).await?;
        let ring_home = RingHome::of(settings, port.clone());
        let ring = ring_home.open(settings, port.as_ref(), &RandomSecrets, clock.now()).await?;
        let keys = Arc::new(Keys::new(ring, Box::new(ring_home.clone())));
        let ids: Arc<dyn IdGen> = Arc::new(TimeOrderedIds);
        let secrets: Arc<dyn SecretGen> = Arc::new(RandomSecrets);
        let admissions = Arc::new(Admissions::new(port.clone()));
        let signing = Arc::new(SigningKeys::new(port.clone(), ids.clone(), keys.clone()));
        let access = Arc::new(AccessTokens::new(signing.clone(), public_base));
        let credentials =
            Credentials::new(port.clone(), ids.clone(), secrets.clone(), keys.clone(), access, admissions.clone());
        let credentials = Arc::new(credentials);
        let wishes = Arc::new(IndexWishes::new(port.clone()));
        let passwords: Arc<dyn Passwords> = Arc::new(Argon2Passwords::default());
        let limit = u64::from(settings.scim.group_list_members_limit);
        let provisioning = Provisioning::new(port.clone(), ids.clone(), wishes.clone(), passwords.clone(), limit);
        let provisioning = Arc::new(provisioning);
        let jobs = Arc::new(Jobs::new(port.clone(), ids.clone(), provisioning.clone()));
        let log = Arc::new(open_log(settings, &store).await?);
        let journal = Arc::new(Journal::new(port.clone(), ids.clone()));
        let forgetting = Forgetting::new(port.clone(), log.clone(), provisioning, journal.clone());
        let data: Arc<dyn TenantData> = Arc::new(SqlTenantData::new(&store, &log));
        let activity = ActivityLog::new(log, port.clone(), admissions.clone(), credentials.clone());
        let activity = Arc::new(activity);
        let mailroom = Arc::new(Mailroom::new(port.clone(), ids.clone(), keys.clone(), mailer(settings)?));
        let sign_on = SignOnTools {
            store: port.clone(),
            ids: ids.clone(),
            secrets: secrets.clone(),
            keys: keys.clone(),
            fetch: Arc::new(GuardedFetch::new(&settings.sso.allowed_networks).map_err(anyhow::Error::msg)?),
            offload: Arc::new(BlockingThreads::default()),
            // Of this process alone: it only keeps admins from having others' servers asked without end.
            limiter: Arc::new(LocalLimiter::new(clock.clone())),
            loopback_http_allowed: settings.sso.loopback_http_allowed(),
        };
        let accounts = Accounts {
            store: port.clone(),
            ids: ids.clone(),
            secrets,
            keys: keys.clone(),
            passwords: passwords.clone(),
        };
        Ok(Self {
            notices: Notices::new(port.clone(), ids.clone(), activity.clone(), mailroom.clone()),
            mailroom,
            product: settings.branding.name.trim().to_owned(),
            activity,
            retention: settings.retention.clone(),
            jobs,
            tenants: Tenants::new(port.clone(), ids.clone(), admissions.clone()),
            archives: Archives::new(data.clone(), port.clone(), ids.clone(), admissions.clone()),
            erasures: Erasures::new(data, port.clone(), ids.clone(), keys.clone(), admissions.clone()),
            switches: Arc::new(TenantSwitches::new(port.clone(), ids.clone(), credentials.clone(), admissions.clone())),
            declarations: Declarations::new(port.clone(), ids.clone(), admissions.clone()),
            audit: Arc::new(Audit::new(port.clone(), ids.clone())),
            directory: Arc::new(Directory::new(port.clone(), wishes.clone())),
            wishes,
            roles: Arc::new(Roles::new(port.clone(), ids.clone(), settings.roles.names.clone())),
            forgetting,
            journal,
            admissions,
            addresses: Addresses::new(public_base, settings.tenancy.base_domain.as_deref()),
            passwords,
            people: Arc::new(People::new(accounts.clone())),
            connections: Arc::new(Connections::new(sign_on.clone())),
            sign_on,
            accounts,
            resolver: Arc::new(settings.dns.resolver()?),
            labels: Arc::default(),
            database_clock: clock.clone(),
            clock,
            keys,
            ring_home,
            signing,
            store,
            credentials,
            ids,
            migration,
        })
    }

    /// The operations of identity providers. `list_members_limit`: see decisions.md 14.
    pub fn provisioning(&self, list_members_limit: u64) -> Provisioning {
        let passwords = self.passwords.clone();
        Provisioning::new(self.store.clone(), self.ids.clone(), self.wishes.clone(), passwords, list_members_limit)
    }

    /// The way in for admins, which spends from these buckets.
    pub fn sign_in(&self, limiter: Arc<dyn RateLimiter>) -> SignIn {
        SignIn::new(self.accounts.clone(), limiter)
    }

    /// The way in for people and admins by their identity provider, which spends from these buckets.
    pub fn single_sign_on(&self, limiter: Arc<dyn RateLimiter>) -> SingleSignOn {
        // Whom it adds to a directory is never listed with members.
        let provisioning = Arc::new(self.provisioning(0));
        SingleSignOn::new(self.sign_on.clone(), self.accounts.clone(), self.connections.clone(), provisioning, limiter)
    }

    /// The domains of tenants' e-mail addresses; looking for them spends from these buckets.
    pub fn domains(&self, limiter: Arc<dyn RateLimiter>) -> Domains {
        let (store, ids) = (self.store.clone(), self.ids.clone());
        let (secrets, resolver) = (self.accounts.secrets.clone(), self.resolver.clone());
        Domains::new(store, ids, secrets, resolver, limiter, self.admissions.clone())
    }

    /// Tells the first tenants apart where something is counted; at most so many.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tell_tenants_apart(&self, most: u32) -> Result<(), StoreError> {
        let tenants = self.store.work().tenants_after(None, u64::from(most)).await?;
        self.labels.tell_apart(tenants.into_iter().map(|(_, slug)| slug));
        Ok(())
    }

    /// The context of something an operator does to a tenant from the command line.
    pub fn operator_context(&self, tenant: &Tenant) -> OpContext {
        OpContext {
            scope: tenant.scope(),
            actor: Actor::Operator,
            request_id: "cli".to_owned(),
            now: self.clock.now(),
            trail: Trail::default(),
        }
    }
}

/// Who sends mails. Without a server the embedded home shows them in its log, which whoever runs it reads for himself.
///
/// # Errors
/// One sentence: what is wrong with the server of mails.
fn mailer(settings: &Settings) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match settings.mail.server(&settings.branding.name)? {
        Some((server, from)) => Arc::new(CountedMailer::new(SmtpMailer::new(&server, &from)?)),
        None if settings.database.is_embedded() => Arc::new(CountedMailer::new(LogMailer::Whole)),
        None => Arc::new(CountedMailer::new(LogMailer::Silent)),
    })
}

/// What tenants and strangers may spend, counted where the settings say. A Redis that is away is no obstacle.
///
/// # Errors
/// One sentence: what is wrong with the address of Redis or its certificates.
pub async fn limits(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<Limits> {
    let limiter: Arc<dyn RateLimiter> = match &settings.redis.url {
        _ if !settings.limits.enabled => Arc::new(Unlimited),
        None => Arc::new(LocalLimiter::new(clock.clone())),
        Some(url) => {
            let target = RedisTarget::parse(url.expose_secret())?;
            let target = match &settings.redis.ca_file {
                None => target,
                Some(file) => target.with_ca_file(file)?,
            };
            Arc::new(RedisLimiter::connect(&target, Patience::default(), clock.clone()).await?)
        }
    };
    Ok(Limits::new(limiter, settings.limits.policies(), settings.http.client_addresses()))
}

/// Opens the store of the settings, which has its schema.
///
/// # Errors
/// One sentence that names the database and what to check.
pub async fn open_store(settings: &Settings) -> anyhow::Result<SqlStore> {
    let database = &settings.database;
    let (target, unusable) = target(database)?;
    SqlStore::connect(&target, timing(database)).await.map_err(explained(&unusable))
}

/// Opens the activity log of a store, which in the embedded home is a file of its own with the same rights.
///
/// # Errors
/// One sentence that names the file and what to check.
async fn open_log(settings: &Settings, store: &SqlStore) -> anyhow::Result<SqlActivity> {
    let database = &settings.database;
    let (target, unusable) = target(database)?;
    let unusable = match target.activity_file() {
        None => unusable,
        Some(file) => {
            create_file(&file)?;
            format!("{} cannot be used for the activity log; see that it can be read and written", file.display())
        }
    };
    SqlActivity::connect(store, &target, timing(database)).await.map_err(explained(&unusable))
}

/// Opens the schema of the settings' database, as the role that serves.
///
/// # Errors
/// As [`open_store`].
async fn served_schema(database: &DatabaseSettings) -> anyhow::Result<Schema> {
    let (target, unusable) = target(database)?;
    Schema::connect(&target, timing(database)).await.map_err(explained(&unusable))
}

/// The database, and what to say when it cannot be used.
fn target(database: &DatabaseSettings) -> anyhow::Result<(Target, String)> {
    match database.target() {
        DatabaseTarget::Sqlite { path } => {
            create_folder(&path)?;
            create_file(&path)?;
            let unusable =
                format!("{} cannot be used as the database; see that it can be read and written", path.display());
            Ok((Target::Sqlite { path }, unusable))
        }
        DatabaseTarget::Postgres { url, .. } => {
            let unusable = "the PostgreSQL server of database.url cannot be used; check the URL, the certificates that it names, and \
                 that the server runs";
            Ok((Target::Postgres { url: url.expose_secret().to_owned() }, unusable.to_owned()))
        }
    }
}

/// What the store words for people is told as it is.
fn explained(unusable: &str) -> impl FnOnce(StoreError) -> anyhow::Error {
    let unusable = unusable.to_owned();
    move |error| match error {
        StoreError::Schema(_) => error.into(),
        other => anyhow::Error::new(other).context(unusable),
    }
}

fn timing(database: &DatabaseSettings) -> Timing {
    Timing {
        max_connections: database.max_connections,
        acquire_timeout: database.acquire_timeout(),
        statement_timeout: database.statement_timeout(),
        lock_timeout: database.lock_timeout(),
    }
}

/// The folder of the embedded home holds people's data, so it is its owner's alone.
///
/// # Errors
/// One sentence that names the folder.
pub fn create_folder(file: &Path) -> anyhow::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("the folder {} cannot be created", folder.display()))
}

/// Likewise the file, wherever it is; SQLite gives the files beside it the same rights.
fn create_file(file: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("the database {} cannot be created", file.display()))
        }
        _ => Ok(()),
    }
}

async fn prepare_schema(settings: &Settings) -> anyhow::Result<Progress> {
    if settings.database.migrate_on_start {
        return migrate(settings).await;
    }
    let schema = served_schema(&settings.database).await?;
    let state = schema.state().await?;
    match state.is_current() {
        true => Ok(Progress::default()),
        false if state.unknown.is_empty() => bail!(
            "the database lacks the migrations {}; run `rollcall migrate` (database.migrate_on_start is off)",
            state.pending.join(", ")
        ),
        // The schema words this one itself.
        false => Ok(schema.migrate(&clock_of(&schema).await?, &RandomSecrets).await?),
    }
}

/// What of the schema's history the settings' database has.
///
/// # Errors
/// One sentence: the database is away.
pub async fn schema_state(settings: &Settings) -> anyhow::Result<SchemaState> {
    Ok(served_schema(&settings.database).await?.state().await?)
}

/// Brings the schema up to date, as the owner of the tables where the settings name one; the role that serves may then
/// work as the roles of row-level security.
///
/// # Errors
/// One sentence: the database is away or of a newer version.
pub async fn migrate(settings: &Settings) -> anyhow::Result<Progress> {
    let database = &settings.database;
    let served = served_schema(database).await?;
    let Some(owner) = owners_schema(database).await? else {
        return Ok(served.migrate(&clock_of(&served).await?, &RandomSecrets).await?);
    };
    let done = owner.migrate(&clock_of(&owner).await?, &RandomSecrets).await?;
    if let Some(role) = served.role().await? {
        owner.admit(&role).await?;
    }
    Ok(done)
}

/// Splits the tables by tenant, as their owner.
///
/// # Errors
/// One sentence: why they cannot be split.
pub async fn partition(settings: &Settings, parts: u32) -> anyhow::Result<Partitioned> {
    let database = &settings.database;
    let schema = match owners_schema(database).await? {
        Some(owner) => owner,
        None => served_schema(database).await?,
    };
    Ok(schema.partition(parts, &clock_of(&schema).await?, &RandomSecrets).await?)
}

/// The database's clock, by which all processes go, those that take turns at its schema too (ADR 0047).
async fn clock_of(schema: &Schema) -> Result<SystemClock, StoreError> {
    let clock = SystemClock::default();
    clock.follow_by(schema.clock()).await?;
    Ok(clock)
}

/// The schema as seen by the owner of the tables, where the settings name one.
async fn owners_schema(database: &DatabaseSettings) -> anyhow::Result<Option<Schema>> {
    let DatabaseTarget::Postgres { owner_url: Some(owner), .. } = database.target() else { return Ok(None) };
    let target = Target::Postgres { url: owner.expose_secret().to_owned() };
    let owner = Schema::connect(&target, timing(database)).await;
    owner.map(Some).context("the PostgreSQL server of database.owner_url cannot be reached; check the URL")
}

/// What of the schema's history a SQLite file has, wherever it is.
///
/// # Errors
/// One sentence that names the file.
pub async fn file_schema(settings: &Settings, file: &Path) -> anyhow::Result<SchemaState> {
    let unusable = || format!("{} cannot be read as a database", file.display());
    let target = Target::Sqlite { path: file.to_owned() };
    let schema = Schema::connect(&target, timing(&settings.database)).await.with_context(unusable)?;
    let state = schema.state().await;
    schema.close().await;
    state.with_context(unusable)
}

/// The erasures of tenants that a SQLite file has records of, wherever it is.
///
/// # Errors
/// One sentence that names the file.
pub async fn file_erasures(settings: &Settings, file: &Path) -> anyhow::Result<Vec<Erasure>> {
    let unusable = || format!("{} cannot be read as a database", file.display());
    let target = Target::Sqlite { path: file.to_owned() };
    let store = SqlStore::connect(&target, timing(&settings.database)).await.with_context(unusable)?;
    let erasures = storage::erasures(&store).await;
    store.close().await;
    erasures.with_context(unusable)
}

/// What rests on which key in a SQLite file with the schema, wherever it is.
///
/// # Errors
/// One sentence that names the file.
pub async fn file_key_uses(settings: &Settings, file: &Path) -> anyhow::Result<KeyUses> {
    let unusable = || format!("{} cannot be read as a database", file.display());
    let target = Target::Sqlite { path: file.to_owned() };
    let store = SqlStore::connect(&target, timing(&settings.database)).await.with_context(unusable)?;
    let uses = store.work().key_uses(SystemClock::default().now()).await;
    store.close().await;
    uses.with_context(unusable)
}
