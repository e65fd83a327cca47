//! Splitting tables by tenant: what large installations do to a PostgreSQL, once (ADR 0045).
//!
//! A table is split when its primary key and its unique indexes begin with the tenant; those of the server's own work stay
//! whole. The split table has the name, the columns, the indexes, the policies and the rights of the one before, so that
//! nobody who sends statements notices. Each table is one transaction: what was begun and broken off goes on when it is begun
//! again.

#![expect(clippy::disallowed_methods, reason = "the schema belongs to no tenant")]

use domain::ports::{Clock, SecretGen};
use domain::store::StoreError;
use migrations::EXPERIENCE;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait, Value,
};

use crate::migrate::{Attempts, CAREFULLY, Schema};
use crate::sql::error::failure;

/// Fewer are none, and more cost each statement more than they help.
const PARTS: std::ops::RangeInclusive<u32> = 2..=256;

/// What a split did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitioned {
    /// Tables that were split now.
    pub split: Vec<String>,
    /// Those that were split before.
    pub before: Vec<String>,
}

/// Tables that begin with the tenant and are whole.
pub const WHOLE: &str = "
    SELECT t.relname::text FROM pg_class AS t
    JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'tenant_id'
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND NOT t.relispartition
    AND EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = t.oid AND i.indisprimary)
    AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = t.oid AND i.indisunique AND i.indkey[0] <> a.attnum)
    ORDER BY t.relname";

/// Whether any table is split.
pub const IS_SPLIT: &str = "
    SELECT EXISTS (SELECT FROM pg_class AS t
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'p')";

const SPLIT: &str = "
    SELECT t.relname::text FROM pg_class AS t
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'p' ORDER BY t.relname";

/// How many parts the tables have that were split before.
const HOW_MANY: &str = "
    SELECT count(*) FROM pg_inherits AS i JOIN pg_class AS t ON t.oid = i.inhparent
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'p'
    GROUP BY t.oid ORDER BY 1 DESC LIMIT 1";

/// What refers to the table and what it refers to.
const REFERENCES: &str = "
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND ($1::regclass IN (conrelid, confrelid)) ORDER BY conname";

/// How the index is put aside, and how it is made anew.
const INDEXES: &str = "
    SELECT format('ALTER INDEX %I RENAME TO %I', i.relname, 'whole_' || i.oid),
           CASE WHEN c.oid IS NULL THEN pg_get_indexdef(i.oid)
           ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', x.indrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
           END
    FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid
    LEFT JOIN pg_constraint AS c ON c.conindid = i.oid AND c.contype IN ('p', 'u')
    WHERE x.indrelid = $1::regclass ORDER BY x.indisprimary DESC, i.relname";

/// Who may do what, on the whole table and on columns.
const GRANTS: &str = "
    SELECT format('GRANT %s ON %s TO %s', a.privilege_type, t.oid::regclass, a.grantee::regrole), ''
    FROM pg_class AS t, aclexplode(t.relacl) AS a
    WHERE t.oid = $1::regclass AND a.grantee <> t.relowner AND a.grantee <> 0
    UNION ALL
    SELECT format('GRANT %s (%I) ON %s TO %s', a.privilege_type, c.attname, c.attrelid::regclass, a.grantee::regrole), ''
    FROM pg_attribute AS c, aclexplode(c.attacl) AS a
    WHERE c.attrelid = $1::regclass AND a.grantee <> 0 AND NOT c.attisdropped";

const POLICIES: &str = "
    SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, p.polrelid::regclass,
                  CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                  CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                                WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                  (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE r::regrole::text END, ', ')
                   FROM unnest(p.polroles) AS r))
           || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
           || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''), ''
    FROM pg_policy AS p WHERE p.polrelid = $1::regclass ORDER BY p.polname";

impl Schema {
    /// Splits every table that begins with the tenant into `parts` by the hash of the tenant. The schema has to be current.
    /// Requests that need a table while it is split wait for it, and are put off when that takes too long. One process does so
    /// at a time, and none migrates meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Schema`] with what to do on SQLite, on a schema that is not current, for a number of parts that cannot
    /// be or that is another than the tables have already; [`StoreError::Unavailable`], [`StoreError::Internal`].
    pub async fn partition(
        &self,
        parts: u32,
        clock: &dyn Clock,
        secrets: &dyn SecretGen,
    ) -> Result<Partitioned, StoreError> {
        let db = self.db();
        if db.get_database_backend() != DbBackend::Postgres {
            return Err(refused("an embedded home is not split; only PostgreSQL has partitions"));
        }
        if !PARTS.contains(&parts) {
            return Err(refused(&format!("{parts} parts cannot be; choose {} to {}", PARTS.start(), PARTS.end())));
        }
        if !self.state().await?.pending.is_empty() {
            return Err(refused("the schema is not up to date; run `rollcall migrate` first"));
        }
        self.alone(clock, secrets, self.split_all(parts)).await
    }

    async fn split_all(&self, parts: u32) -> Result<Partitioned, StoreError> {
        let db = self.db();
        let before = names(db, SPLIT).await?;
        match number(db, HOW_MANY).await? {
            Some(there) if there != i64::from(parts) => {
                return Err(refused(&format!("the tables have {there} parts already; choose as many")));
            }
            _ => {}
        }
        let mut split = Vec::new();
        for table in names(db, WHOLE).await? {
            let attempts = Attempts::begin();
            while !attempts.succeeded(self.split(&table, parts).await).await? {}
            split.push(table);
        }
        Ok(Partitioned { split, before })
    }

    async fn split(&self, table: &str, parts: u32) -> Result<(), StoreError> {
        let tx = self.db().begin().await.map_err(failure)?;
        tx.execute_unprepared(CAREFULLY).await.map_err(failure)?;
        Split { tx: &tx, table, parts }.carry_out().await?;
        tx.commit().await.map_err(failure)
    }
}

/// One table that is being split.
struct Split<'s> {
    tx: &'s DatabaseTransaction,
    table: &'s str,
    parts: u32,
}

impl Split<'_> {
    async fn carry_out(&self) -> Result<(), StoreError> {
        let (table, whole) = (self.table, format!("whole_{}", self.table));
        self.run(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await?;
        let references = self.pairs(REFERENCES).await?;
        let indexes = self.pairs(INDEXES).await?;
        let after = [self.pairs(POLICIES).await?, self.pairs(GRANTS).await?].concat();
        self.run_all(references.iter().map(|(drop, _)| drop)).await?;
        self.run_all(indexes.iter().map(|(aside, _)| aside)).await?;
        // Its owner is to see every row, whose policies are for others.
        self.run(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
        self.run(&format!("ALTER TABLE {table} RENAME TO {whole}")).await?;
        self.run(&format!(
            "CREATE TABLE {table} (LIKE {whole} INCLUDING ALL EXCLUDING INDEXES EXCLUDING STATISTICS)
             PARTITION BY HASH (tenant_id)"
        ))
        .await?;
        for part in 0..self.parts {
            let parts = self.parts;
            self.run(&format!(
                "CREATE TABLE {table}_p{part} PARTITION OF {table} FOR VALUES WITH (MODULUS {parts}, REMAINDER {part})"
            ))
            .await?;
            self.wall(&format!("{table}_p{part}")).await?;
        }
        self.run_all(indexes.iter().map(|(_, anew)| anew)).await?;
        if table == EXPERIENCED {
            self.run_all(EXPERIENCE).await?;
        }
        self.move_rows(&whole).await?;
        self.run(&format!("DROP TABLE {whole}")).await?;
        self.wall(table).await?;
        self.run_all(after.iter().map(|(statement, _)| statement)).await?;
        self.run_all(references.iter().map(|(_, add)| add)).await?;
        self.run(&format!("ANALYZE {table}")).await
    }

    /// Nobody whom no policy names sees rows: on parts, which are asked by nobody, not one.
    async fn wall(&self, table: &str) -> Result<(), StoreError> {
        self.run(&format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")).await?;
        self.run(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await
    }

    /// None is lost on the way, or nothing is done at all.
    async fn move_rows(&self, whole: &str) -> Result<(), StoreError> {
        let there = number(self.tx, &format!("SELECT count(*) FROM {whole}")).await?.unwrap_or_default();
        let moved = self.run_counted(&format!("INSERT INTO {} SELECT * FROM {whole}", self.table)).await?;
        match i64::try_from(moved) == Ok(there) {
            true => Ok(()),
            false => Err(StoreError::Internal(format!("{moved} of {there} rows of {} were moved", self.table))),
        }
    }

    async fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.run_counted(sql).await.map(drop)
    }

    async fn run_counted(&self, sql: &str) -> Result<u64, StoreError> {
        let told = |error: DbErr| match failure(error) {
            StoreError::Internal(why) => StoreError::Internal(format!("{}: {why}", self.table)),
            other => other,
        };
        Ok(self.tx.execute_unprepared(sql).await.map_err(told)?.rows_affected())
    }

    async fn run_all(&self, statements: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), StoreError> {
        for statement in statements {
            self.run(statement.as_ref()).await?;
        }
        Ok(())
    }

    async fn pairs(&self, sql: &str) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.tx.query_all_raw(statement(sql, [self.table.into()])).await.map_err(failure)?;
        rows.iter().map(|row| row.try_get_many_by_index().map_err(failure)).collect()
    }
}

/// The table that the planner has to know before there is anything in it.
const EXPERIENCED: &str = "resource";

fn refused(why: &str) -> StoreError {
    StoreError::Schema(why.to_owned())
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

async fn names(db: &DatabaseConnection, sql: &str) -> Result<Vec<String>, StoreError> {
    let rows = db.query_all_raw(statement(sql, [])).await.map_err(failure)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
}

async fn number<C: ConnectionTrait>(db: &C, sql: &str) -> Result<Option<i64>, StoreError> {
    let row = db.query_one_raw(statement(sql, [])).await.map_err(failure)?;
    row.map(|row| row.try_get_by_index(0).map_err(failure)).transpose()
}
