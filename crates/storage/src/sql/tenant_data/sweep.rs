//! What was written for a tenant after it had gone.
//!
//! A request is let in before its body is read, and workers are in the middle of something; nothing in the database ties what
//! they write to the tenant's row, which would cost each change a look. So whatever comes too late is looked for afterwards.

use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use super::catalogue::{Part, Table};
use super::erasing::in_order;
use crate::sql::error::failure;
use crate::sql::store::SqlStore;

/// Those that are gone, and of whom that is known for a while.
const GONE: &str = "
    SELECT tenant_id FROM tenant_change WHERE NOT EXISTS (SELECT 1 FROM tenant WHERE id = tenant_id)
    UNION SELECT erased_id FROM erasure
    WHERE ended_us >= $1 AND NOT EXISTS (SELECT 1 FROM tenant WHERE id = erased_id)";

pub async fn sweep(store: &SqlStore, after: Timestamp) -> Result<u64, StoreError> {
    let is_postgres = store.backend() == DbBackend::Postgres;
    let tx = store.overlooking().await?;
    let gone = Statement::from_sql_and_values(store.backend(), GONE, [after.as_micros().into()]);
    let gone = tx.query_all_raw(gone).await.map_err(failure)?;
    drop(tx);
    // The log that has a file of its own is compared with the tenants there are anyway.
    let swept =
        |table: &Table| !["tenant", "tenant_change"].contains(&table.name) && (is_postgres || table.part != Part::Log);
    let mut rows = 0;
    for tenant in gone {
        let tenant: Uuid = tenant.try_get_by_index(0).map_err(failure)?;
        let tx = store.operating().await?;
        for table in in_order(is_postgres).filter(swept) {
            // Asked by each statement, since somebody may be bringing the tenant back from an archive.
            let (name, owner) = (table.name, table.tenant);
            let sql =
                format!("DELETE FROM {name} WHERE {owner} = $1 AND NOT EXISTS (SELECT 1 FROM tenant WHERE id = $1)");
            let delete = Statement::from_sql_and_values(store.backend(), sql, [tenant.into()]);
            rows += tx.execute_raw(delete).await.map_err(failure)?.rows_affected();
        }
        tx.commit().await.map_err(failure)?;
    }
    Ok(rows)
}
