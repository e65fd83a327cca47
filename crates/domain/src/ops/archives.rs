//! Taking a tenant out as an archive, and bringing one in (ADR 0044).

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::Arc;

use uuid::Uuid;

use super::tenants::context;
use crate::Error;
use crate::admission::Admissions;
use crate::archive::{
    Adoption, ArchiveFault, ArchiveKey, ArchiveReader, ArchiveSigner, ArchiveWriter, FORMAT, Head, KIND, LeftOut, Row,
    adopted_ring,
};
use crate::context::Actor;
use crate::ids::{FactId, TenantId};
use crate::journal::Fact;
use crate::keys::KeyRing;
use crate::ports::IdGen;
use crate::store::{Intake, RowCounts, Store, StoreError, TenantData};
use crate::tenant::{Tenant, TenantSlug};
use crate::timestamp::Timestamp;

/// Rows that are put in at a time.
const AT_ONCE: usize = 500;

/// What may go wrong besides what may go wrong in any operation.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Archive(#[from] ArchiveFault),
    /// The file cannot be written.
    #[error("the archive cannot be written: {0}")]
    Output(std::io::Error),
    #[error(transparent)]
    Operation(#[from] Error),
}

impl From<StoreError> for ArchiveError {
    fn from(error: StoreError) -> Self {
        Self::Operation(error.into())
    }
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub tenant: Tenant,
    pub rows: RowCounts,
    pub signer: ArchiveKey,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub tenant: Tenant,
    pub rows: RowCounts,
    pub left_out: LeftOut,
}

/// An archive that was read to its end and found good.
pub struct Checked {
    pub head: Head,
    sha256: String,
}

pub struct Archives {
    data: Arc<dyn TenantData>,
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    admissions: Arc<Admissions>,
}

impl Archives {
    pub fn new(
        data: Arc<dyn TenantData>,
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { data, store, ids, admissions }
    }

    /// Writes everything of a tenant as it is at one moment. The tenant goes on being served.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`ArchiveError::Output`].
    pub async fn export(
        &self,
        actor: &Actor,
        slug: &TenantSlug,
        ring: &KeyRing,
        out: impl Write + Send,
        now: Timestamp,
    ) -> Result<Exported, ArchiveError> {
        let snapshot = self.data.snapshot(actor, slug).await?;
        let mut snapshot = snapshot.ok_or_else(|| Error::NotFound(format!("tenant {slug}")))?;
        let tenant = snapshot.tenant().clone();
        let signer = ArchiveSigner::of(ring).map_err(StoreError::Internal)?;
        let head = self.head(&tenant, ring, &signer.key(), now);
        let mut writer = ArchiveWriter::begin(out, &head).map_err(ArchiveError::Output)?;
        while let Some(rows) = snapshot.next().await? {
            for row in rows.rows {
                writer.row(&rows.table, row).map_err(ArchiveError::Output)?;
            }
        }
        let (_, rows) = writer.end(&signer).map_err(ArchiveError::Output)?;
        let mut tx = self.store.operate(actor).await?;
        let fact = Fact::exported("workspace", "archive", "");
        tx.record(&context(actor, &tenant, now), FactId(self.ids.next(now)), &fact).await?;
        tx.commit().await?;
        Ok(Exported { tenant, rows, signer: signer.key() })
    }

    fn head(&self, tenant: &Tenant, ring: &KeyRing, signer: &ArchiveKey, now: Timestamp) -> Head {
        let mark = |id| ring.mark(id).unwrap_or_default().to_owned();
        Head {
            rollcall: KIND.to_owned(),
            format: FORMAT,
            schema: self.data.schema(),
            tenant: tenant.slug.to_string(),
            tenant_id: tenant.id.to_string(),
            name: tenant.name.clone(),
            exported: now.to_string(),
            keys: ring.ids().map(|id| (id.to_string(), mark(id))).collect::<BTreeMap<_, _>>(),
            signer: signer.to_string(),
        }
    }

    /// Reads an archive to its end: whether nothing was changed, and whether the right one signed it. Nothing of an archive
    /// is used before.
    ///
    /// # Errors
    /// [`ArchiveFault`].
    pub fn check(
        &self,
        input: impl BufRead,
        known: &[ArchiveKey],
        expected: Option<&ArchiveKey>,
    ) -> Result<Checked, ArchiveFault> {
        let mut reader = ArchiveReader::begin(input)?;
        reader.require_signer(known, expected)?;
        if reader.head().schema > self.data.schema() {
            return Err(ArchiveFault::Newer);
        }
        while reader.row()?.is_some() {}
        Ok(Checked { head: reader.head().clone(), sha256: reader.sha256() })
    }

    /// Puts in what was [checked](Self::check), all of it or nothing. `ring`: this installation's; `given`: the other one's,
    /// whose keys are in this ring already where they are to go on working ([`adopted_ring`]).
    ///
    /// # Errors
    /// [`StoreError::Taken`] when a tenant of that name is there.
    pub async fn import(
        &self,
        actor: &Actor,
        input: impl BufRead + Send,
        checked: &Checked,
        slug: &TenantSlug,
        rings: (&KeyRing, Option<&KeyRing>),
        now: Timestamp,
    ) -> Result<Imported, ArchiveError> {
        let mut reader = ArchiveReader::begin(input)?;
        let id = self.id_here(&checked.head, now).await?;
        let adoption = Adoption::new(&checked.head, (id, slug.clone()), rings, now)?;
        let mut intake = Taking { intake: self.data.intake(actor, id).await?, adoption, batch: Vec::new() };
        let mut rows = RowCounts::new();
        let mut table = String::new();
        while let Some((next, row)) = reader.row()? {
            if next != table || intake.batch.len() >= AT_ONCE {
                intake.put(&table).await?;
                table = next;
            }
            if intake.take(&table, row).await? {
                *rows.entry(table.clone()).or_default() += 1;
            }
        }
        intake.put(&table).await?;
        if reader.sha256() != checked.sha256 {
            return Err(ArchiveFault::Changed.into());
        }
        let Taking { mut intake, adoption, .. } = intake;
        let tenant = intake.tenant(slug).await?.ok_or(ArchiveFault::Foreign)?;
        let cx = context(actor, &tenant, now);
        intake.record(&cx, FactId(self.ids.next(now)), &Fact::imported(&checked.head)).await?;
        intake.commit().await?;
        self.admissions.forget(slug);
        Ok(Imported { tenant, rows, left_out: adoption.left_out() })
    }

    /// The id that the tenant has always had, unless it is here already, under another name.
    async fn id_here(&self, head: &Head, now: Timestamp) -> Result<TenantId, ArchiveError> {
        let broken = |error: uuid::Error| ArchiveFault::Broken { line: 1, why: error.to_string() };
        let id = TenantId(Uuid::try_parse(&head.tenant_id).map_err(broken)?);
        Ok(match self.data.has_tenant(id).await? {
            true => TenantId(self.ids.next(now)),
            false => id,
        })
    }

    /// This installation's ring with the keys of another on which an archive rests.
    pub fn ring_for(ring: &KeyRing, given: Option<&KeyRing>, checked: &Checked) -> KeyRing {
        given.map_or_else(|| ring.clone(), |given| adopted_ring(ring, given, &checked.head))
    }
}

/// Rows on their way in.
struct Taking<'r> {
    intake: Box<dyn Intake>,
    adoption: Adoption<'r>,
    batch: Vec<Row>,
}

impl Taking<'_> {
    /// Whether it is not left out.
    async fn take(&mut self, table: &str, row: Row) -> Result<bool, StoreError> {
        let Some(mut row) = self.adoption.row(table, row) else { return Ok(false) };
        if table == "email_domain" && row.get("state").and_then(serde_json::Value::as_str) == Some("verified") {
            let name = row.get("name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            if self.intake.is_claimed(&name).await? {
                self.adoption.unverify(&mut row);
            }
        }
        self.batch.push(row);
        Ok(true)
    }

    async fn put(&mut self, table: &str) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        match batch.is_empty() {
            true => Ok(()),
            false => self.intake.put(table, batch).await,
        }
    }
}
