//! Keys and indexes begin with the tenant, so that every table can be split by it (decisions.md 8).

use std::collections::BTreeSet;

use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    keys_and_indexes_begin_with_the_tenant_but_for_those_listed_here,
}

/// What belongs to no tenant, and what the server's own workers read across tenants. Whatever else begins with something
/// else is a mistake; a name that is here for nothing is one too.
///
/// `email_domain`: a verified domain is one tenant's in the whole installation, and leads whoever signs in to it.
const EXCEPTIONS: [&str; 10] = [
    "email_domain",
    "erasure",
    "fact_ticket",
    "installation",
    "migration_lease",
    "seaql_migrations",
    "signing_key",
    "tenant",
    "tenant_change",
    "worker_lease",
];

/// Facts wait for their numbers where there is more than one writer.
const ON_POSTGRES_ONLY: &str = "fact_ticket";

/// Tables of which some key or index begins with another column, or with an expression, or which have no key at all.
async fn exceptions(raw: &Raw) -> BTreeSet<String> {
    let sql = match raw.is_postgres() {
        true => {
            "SELECT t.relname::text FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace
             LEFT JOIN pg_index AS i ON i.indrelid = t.oid
             LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
             WHERE n.nspname = current_schema() AND t.relkind IN ('r', 'p') AND NOT t.relispartition
             AND (i.indexrelid IS NULL OR a.attname IS DISTINCT FROM 'tenant_id'
                  OR NOT EXISTS (SELECT FROM pg_index AS k WHERE k.indrelid = t.oid AND k.indisprimary))"
        }
        false => {
            "SELECT t.name FROM sqlite_master AS t LEFT JOIN pragma_table_info(t.name) AS c ON c.pk = 1
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND c.name IS NOT 'tenant_id'
             UNION
             SELECT t.name FROM sqlite_master AS t JOIN pragma_index_list(t.name) AS i
             JOIN pragma_index_info(i.name) AS c ON c.seqno = 0
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND c.name IS NOT 'tenant_id'"
        }
    };
    raw.texts(sql, []).await.into_iter().collect()
}

async fn keys_and_indexes_begin_with_the_tenant_but_for_those_listed_here(world: &World) {
    let raw = Raw::of(world).await;
    let listed = EXCEPTIONS.into_iter().filter(|table| raw.is_postgres() || *table != ON_POSTGRES_ONLY);
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(exceptions(&raw).await, listed);

    for another in
        ["CREATE INDEX by_version ON resource (version)", "CREATE TABLE another (id bigint, tenant_id bigint)"]
    {
        raw.run(another, []).await;
    }
    let another: Vec<_> = exceptions(&raw).await.difference(&listed).cloned().collect();
    assert_eq!(another, ["another", "resource"], "a new exception is noticed");
}
