//! Tenants as a whole: taken out, brought in, erased.

mod erasing;
mod moving;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;

use domain::archive::{ArchiveReader, Row, signers};
use domain::context::Actor;
use domain::ops::{ArchiveError, Archives, Erasures, Imported};
use domain::ports::Clock as _;
use domain::store::TenantData;
use domain::tenant::TenantSlug;
use storage::{SqlTenantData, Target};
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    every_table_and_column_of_tenants_is_known,
}

pub fn data(world: &World) -> Arc<dyn TenantData> {
    Arc::new(SqlTenantData::new(&world.store, &world.log))
}

pub fn archives(world: &World) -> Archives {
    Archives::new(data(world), world.store.clone(), world.ids.clone(), world.admissions.clone())
}

pub fn erasures(world: &World) -> Erasures {
    Erasures::new(data(world), world.store.clone(), world.ids.clone(), world.keys.clone(), world.admissions.clone())
}

/// A tenant's archive.
pub async fn export(world: &World, slug: &TenantSlug) -> Vec<u8> {
    let mut archive = Vec::new();
    let ring = world.keys.ring();
    archives(world).export(&Actor::Operator, slug, &ring, &mut archive, world.clock.now()).await.unwrap();
    archive
}

/// Brings an archive in under a name. The rings of all worlds are alike.
pub async fn import(world: &World, archive: &[u8], slug: &str) -> Result<Imported, ArchiveError> {
    let (archives, ring) = (archives(world), world.keys.ring());
    let checked = archives.check(Cursor::new(archive), &signers(&ring), None)?;
    let (slug, now) = (slug.parse().unwrap(), world.clock.now());
    archives.import(&Actor::Operator, Cursor::new(archive), &checked, &slug, (&ring, None), now).await
}

/// The rows of an archive by their tables, each as one text.
pub fn rows(archive: &[u8]) -> BTreeMap<String, BTreeSet<String>> {
    let mut reader = ArchiveReader::begin(archive).unwrap();
    let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while let Some((table, row)) = reader.row().unwrap() {
        rows.entry(table).or_default().insert(serde_json::to_string::<Row>(&row).unwrap());
    }
    rows
}

async fn every_table_and_column_of_tenants_is_known(world: &World) {
    let mut known = storage::tenant_columns();
    let log = world.target().activity_file().map(|path| Target::Sqlite { path });
    for target in [Some(world.target().clone()), log].into_iter().flatten() {
        let raw = Raw::open(&target).await;
        let mut tables = raw.tables_with("tenant_id").await;
        if target.activity_file() == world.target().activity_file() {
            tables.push("tenant".to_owned());
        }
        for table in tables {
            let columns = raw.columns(&table).await;
            let known = known.remove(table.as_str()).unwrap_or_else(|| panic!("{table} is not in the catalogue"));
            assert_eq!(known, columns.iter().map(String::as_str).collect(), "{table}");
        }
    }
    known.retain(|table, _| *table != "fact_ticket");
    assert!(known.is_empty(), "tables that there are not: {known:?}");
}
