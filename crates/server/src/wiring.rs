//! Settings → a working product.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::context::{Actor, OpContext};
use domain::directory::ResourceTypes;
use domain::ops::{Provisioning, Settings as TenantSwitches, Tenants, Tokens};
use domain::ports::{Clock, IdGen, SecretGen};
use domain::store::Store;
use domain::tenant::Tenant;
use domain::token::DigestKey;
use secrecy::ExposeSecret;
use storage::{Progress, SqlStore, Target, Timing};
use web::address::Addresses;

use crate::runtime::{RandomSecrets, SystemClock, TimeOrderedIds};
use crate::settings::{DatabaseSettings, DatabaseTarget, Settings};

/// Everything the server and the command line work with.
pub struct Rollcall {
    pub store: Arc<SqlStore>,
    pub types: Arc<ResourceTypes>,
    pub tenants: Tenants,
    pub tokens: Arc<Tokens>,
    pub switches: TenantSwitches,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGen>,
    pub addresses: Addresses,
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
        let types = Arc::new(ResourceTypes::default());
        let store = Arc::new(connect(settings, types.clone()).await?);
        let migration = prepare_schema(settings, &store).await?;
        let key = match settings.keys.token_digest_key() {
            Some(key) => DigestKey::new(*key.expose_secret()),
            None => DigestKey::new(store.installation().await?.token_key),
        };
        let port: Arc<dyn Store> = store.clone();
        let ids: Arc<dyn IdGen> = Arc::new(TimeOrderedIds);
        let secrets: Arc<dyn SecretGen> = Arc::new(RandomSecrets);
        let tokens = Arc::new(Tokens::new(port.clone(), ids.clone(), secrets, key));
        Ok(Self {
            tenants: Tenants::new(port.clone(), ids.clone()),
            switches: TenantSwitches::new(port, ids.clone(), tokens.clone()),
            addresses: Addresses::new(public_base, settings.tenancy.base_domain.as_deref()),
            clock: Arc::new(SystemClock),
            store,
            types,
            tokens,
            ids,
            migration,
        })
    }

    /// The operations of identity providers. `list_members_limit`: see decisions.md 14.
    pub fn provisioning(&self, list_members_limit: u64) -> Provisioning {
        Provisioning::new(self.store.clone(), self.ids.clone(), self.types.clone(), list_members_limit)
    }

    /// The context of something an operator does to a tenant from the command line.
    pub fn operator_context(&self, tenant: &Tenant) -> OpContext {
        OpContext { scope: tenant.scope(), actor: Actor::Operator, request_id: "cli".to_owned(), now: self.clock.now() }
    }
}

/// Opens the store of the settings without looking at its schema.
///
/// # Errors
/// One sentence that names the database and what to check.
pub async fn connect(settings: &Settings, types: Arc<ResourceTypes>) -> anyhow::Result<SqlStore> {
    let database = &settings.database;
    match database.target() {
        DatabaseTarget::Sqlite { path } => {
            create_folder(&path)?;
            create_file(&path)?;
            let target = Target::Sqlite { path: path.clone() };
            let opened = SqlStore::connect(&target, timing(database), types).await;
            opened.with_context(|| {
                format!("{} cannot be used as the database; see that it can be read and written", path.display())
            })
        }
        DatabaseTarget::Postgres { url, .. } => {
            let target = Target::Postgres { url: url.expose_secret().to_owned() };
            let opened = SqlStore::connect(&target, timing(database), types).await;
            opened.context(
                "the PostgreSQL server of database.url cannot be reached; check the URL and that the server runs",
            )
        }
    }
}

fn timing(database: &DatabaseSettings) -> Timing {
    Timing { max_connections: database.max_connections, acquire_timeout: database.acquire_timeout() }
}

/// The folder of the embedded home holds people's data, so it is its owner's alone.
fn create_folder(file: &Path) -> anyhow::Result<()> {
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

async fn prepare_schema(settings: &Settings, store: &SqlStore) -> anyhow::Result<Progress> {
    if settings.database.migrate_on_start {
        return migrate(settings, store).await;
    }
    let state = store.schema_state().await?;
    match state.is_current() {
        true => Ok(Progress::default()),
        false if state.unknown.is_empty() => bail!(
            "the database lacks the migrations {}; run `rollcall migrate` (database.migrate_on_start is off)",
            state.pending.join(", ")
        ),
        // The store words this one itself.
        false => Ok(store.migrate(&SystemClock, &RandomSecrets).await?),
    }
}

/// Brings the schema up to date, as the owner of the tables where the settings name one; the role that serves may then
/// read and write them.
///
/// # Errors
/// One sentence: the database is away or of a newer version.
pub async fn migrate(settings: &Settings, store: &SqlStore) -> anyhow::Result<Progress> {
    let DatabaseTarget::Postgres { owner_url: Some(owner), .. } = settings.database.target() else {
        return Ok(store.migrate(&SystemClock, &RandomSecrets).await?);
    };
    let target = Target::Postgres { url: owner.expose_secret().to_owned() };
    let timing = Timing { max_connections: 2, ..timing(&settings.database) };
    let owner = SqlStore::connect(&target, timing, Arc::new(ResourceTypes::default())).await;
    let owner = owner.context("the PostgreSQL server of database.owner_url cannot be reached; check the URL")?;
    let done = owner.migrate(&SystemClock, &RandomSecrets).await?;
    // Only by the process that applied something: PostgreSQL refuses one of two that grant at once.
    if let Some(role) = store.role().await?.filter(|_| !done.applied.is_empty()) {
        owner.grant_to(&role).await?;
    }
    Ok(done)
}
