//! Writing rows and what is counted of them, for all tenants at once.

#![expect(clippy::disallowed_methods, reason = "the writer works for all tenants")]

use std::collections::{BTreeMap, HashSet};

use domain::activity::Entry;
use domain::store::{Missing, StoreError};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoIden, OnConflict, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryTrait, TryGetable};
use uuid::Uuid;

use super::counted::{Counted, MINUTE, MISSING, Minute, MinuteKey, Seen, Target};
use super::firsts::Firsts;
use super::row;
use crate::sql::dialect;
use crate::sql::entity::{activity, activity_body, activity_head, activity_minute, activity_seen, activity_target};
use crate::sql::error::failure;
use crate::sql::portions::portions;
use crate::sql::scope::Door;
use crate::sql::store::SqlStore;
use crate::transaction::Transaction;

pub async fn append(store: &SqlStore, firsts: &Firsts, batch: &[Entry], missing: &[Missing]) -> Result<(), StoreError> {
    if batch.is_empty() && missing.is_empty() {
        return Ok(());
    }
    let tx = store.operating_promptly().await?;
    let new = rows(&tx, batch).await?;
    bodies(&tx, &new).await?;
    let mut counted = Counted::of(&new);
    for missing in missing {
        let at = missing.at.as_micros();
        let key = MinuteKey {
            tenant: missing.tenant.0,
            minute: at.div_euclid(MINUTE) * MINUTE,
            credential: Uuid::nil(),
            class: MISSING,
            outcome: "",
            cause: "",
        };
        let requests = i64::try_from(missing.count).unwrap_or(i64::MAX);
        counted.minutes.insert(key, Minute { first: at, last: at, requests, members: 0 });
    }
    minutes(&tx, &counted).await?;
    let unknown = firsts.unknown(&counted);
    seen(&tx, &unknown).await?;
    forget_named(&tx, &counted).await?;
    targets(&tx, &counted).await?;
    tx.commit().await.map_err(failure)?;
    firsts.note(unknown);
    Ok(())
}

/// Writes rows, and gives those that were not there: the others must not be counted twice. Somebody was not told that they
/// were written, or a change got its row from the journal meanwhile. Refusals that are added up grow.
async fn rows<'a>(tx: &Transaction, batch: &'a [Entry]) -> Result<Vec<&'a Entry>, StoreError> {
    use activity::Column;
    let stored = |entry: &&Entry| row::stored(entry.tenant.0, &entry.activity);
    let (sums, requests): (Vec<&Entry>, Vec<&Entry>) = batch.iter().partition(|entry| is_sum(entry));
    let grown = Expr::col((activity::Entity, Column::Times)).add(Expr::col(("excluded".into_iden(), Column::Times)));
    let known = OnConflict::columns([Column::TenantId, Column::Id]).value(Column::Times, grown).to_owned();
    insert_all(tx, &sums, stored, &known).await?;
    let mut new: HashSet<(Uuid, Uuid)> = HashSet::new();
    for chunk in portions(&requests) {
        let insert = activity::Entity::insert_many(chunk.iter().map(stored));
        let mut insert = insert.on_conflict(OnConflict::new().do_nothing().to_owned()).into_query();
        insert.returning(Query::returning().columns([Column::TenantId, Column::Id]));
        for row in tx.query_all(&insert).await.map_err(failure)? {
            new.insert(row.try_get_many_by_index().map_err(failure)?);
        }
    }
    let is_new = |entry: &&Entry| is_sum(entry) || new.contains(&(entry.tenant.0, entry.activity.id.0));
    Ok(batch.iter().filter(is_new).collect())
}

const fn is_sum(entry: &Entry) -> bool {
    entry.activity.address.is_some()
}

async fn bodies(tx: &Transaction, new: &[&Entry]) -> Result<(), StoreError> {
    let has_body = |entry: &&Entry| entry.bodies.request.is_some() || entry.bodies.response.is_some();
    let with_body: Vec<&Entry> = new.iter().copied().filter(has_body).collect();
    let stored = |entry: &&Entry| activity_body::ActiveModel {
        tenant_id: Set(entry.tenant.0),
        id: Set(entry.activity.id.0),
        request: Set(entry.bodies.request.clone()),
        response: Set(entry.bodies.response.clone()),
    };
    insert_all(tx, &with_body, stored, OnConflict::new().do_nothing()).await
}

async fn minutes(tx: &Transaction, counted: &Counted) -> Result<(), StoreError> {
    use activity_minute::Column;
    let col = |column: Column| Expr::col((activity_minute::Entity, column));
    let new = |column: Column| Expr::col(("excluded".into_iden(), column));
    let keys =
        [Column::TenantId, Column::MinuteUs, Column::CredentialId, Column::Class, Column::Outcome, Column::Cause];
    let known = OnConflict::columns(keys)
        .value(Column::FirstUs, lesser(col(Column::FirstUs), new(Column::FirstUs)))
        .value(Column::LastUs, greater(col(Column::LastUs), new(Column::LastUs)))
        .value(Column::Requests, col(Column::Requests).add(new(Column::Requests)))
        .value(Column::Members, col(Column::Members).add(new(Column::Members)))
        .to_owned();
    let minutes: Vec<_> = counted.minutes.iter().collect();
    let stored = |(key, minute): &(&MinuteKey, &Minute)| activity_minute::ActiveModel {
        tenant_id: Set(key.tenant),
        minute_us: Set(key.minute),
        credential_id: Set(key.credential),
        class: Set(key.class.to_owned()),
        outcome: Set(key.outcome.to_owned()),
        cause: Set(key.cause.to_owned()),
        first_us: Set(minute.first),
        last_us: Set(minute.last),
        requests: Set(minute.requests),
        members: Set(minute.members),
    };
    insert_all(tx, &minutes, stored, &known).await
}

async fn seen(tx: &Transaction, unknown: &[(&(Uuid, String), &Seen)]) -> Result<(), StoreError> {
    use activity_seen::Column;
    let col = |column: Column| Expr::col((activity_seen::Entity, column));
    let new = |column: Column| Expr::col(("excluded".into_iden(), column));
    let pick = |condition: Expr, column: Column| Expr::case(condition, new(column)).finally(col(column));
    let is_first = || new(Column::FirstUs).lt(col(Column::FirstUs));
    let is_last = || new(Column::LastUs).gte(col(Column::LastUs));
    let known = OnConflict::columns([Column::TenantId, Column::What])
        .value(Column::FirstUs, pick(is_first(), Column::FirstUs))
        .value(Column::FirstId, pick(is_first(), Column::FirstId))
        .value(Column::LastUs, pick(is_last(), Column::LastUs))
        .value(Column::LastId, pick(is_last(), Column::LastId))
        .value(Column::Detail, pick(is_last(), Column::Detail))
        .to_owned();
    let stored = |((tenant, what), seen): &(&(Uuid, String), &Seen)| activity_seen::ActiveModel {
        tenant_id: Set(*tenant),
        what: Set(what.clone()),
        first_us: Set(seen.first.0),
        first_id: Set(seen.first.1.0),
        last_us: Set(seen.last.0),
        last_id: Set(seen.last.1.0),
        detail: Set(seen.detail.clone()),
    };
    insert_all(tx, unknown, stored, &known).await
}

/// Whoever failed under a name that is somebody's now does so no more. Before the targets of the same rows are written, so
/// that one which failed since stays.
async fn forget_named(tx: &Transaction, counted: &Counted) -> Result<(), StoreError> {
    use activity_target::Column;
    let mut by_tenant: BTreeMap<Uuid, Vec<&str>> = BTreeMap::new();
    for (tenant, name) in &counted.named {
        by_tenant.entry(*tenant).or_default().push(name);
    }
    let tenants: Vec<Uuid> = by_tenant.keys().copied().collect();
    let failing = with_failures(tx, &tenants).await?;
    for (tenant, names) in by_tenant.into_iter().filter(|(tenant, _)| failing.contains(tenant)) {
        for name in known_names(tx, tenant, &names).await? {
            let delete = Query::delete()
                .from_table(activity_target::Entity)
                .and_where(Expr::col(Column::TenantId).eq(tenant))
                .and_where(Expr::col(Column::Target).eq(name))
                .take();
            tx.execute(&delete).await.map_err(failure)?;
        }
    }
    Ok(())
}

/// Those of the tenants of which somebody fails. Mostly there are none, and then nobody's names need be looked up.
async fn with_failures(tx: &Transaction, tenants: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    use activity_target::Column;
    if tenants.is_empty() {
        return Ok(HashSet::new());
    }
    let there = Query::select()
        .expr(Expr::val(1))
        .from(activity_target::Entity)
        .and_where(Expr::col(Column::TenantId).eq(Expr::col(("wanted", "id"))))
        .and_where(Expr::col(Column::Cause).is_not_null())
        .limit(1)
        .take();
    let wanted = dialect::ids(tx.get_database_backend(), tenants);
    Ok(asked_one_by_one(tx, wanted, "id", there).await?.into_iter().collect())
}

/// Those of the names under which somebody failed. Most are nobody's.
async fn known_names(tx: &Transaction, tenant: Uuid, names: &[&str]) -> Result<Vec<String>, StoreError> {
    use activity_target::Column;
    let there = Query::select()
        .expr(Expr::val(1))
        .from(activity_target::Entity)
        .and_where(Expr::col(Column::TenantId).eq(tenant))
        .and_where(Expr::col((activity_target::Entity, Column::Target)).eq(Expr::col(("wanted", "text"))))
        .take();
    asked_one_by_one(tx, dialect::texts(tx.get_database_backend(), names), "text", there).await
}

/// What of `wanted` is `there`. Each is asked for on its own: PostgreSQL would rather read all rows of a tenant than look for
/// so many in a table that it has not counted yet.
async fn asked_one_by_one<T: TryGetable>(
    tx: &Transaction,
    wanted: SelectStatement,
    column: &'static str,
    there: SelectStatement,
) -> Result<Vec<T>, StoreError> {
    let select = Query::select()
        .column(("wanted", column))
        .from_subquery(wanted, "wanted")
        .and_where(Expr::from(there).eq(1))
        .take();
    let rows = tx.query_all(&select).await.map_err(failure)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
}

async fn targets(tx: &Transaction, counted: &Counted) -> Result<(), StoreError> {
    use activity_target::Column;
    let col = |column: Column| Expr::col((activity_target::Entity, column));
    let new = |column: Column| Expr::col(("excluded".into_iden(), column));
    // Whoever was done in between fails anew.
    let was_done = || new(Column::DoneUs).is_not_null();
    let since = Expr::case(was_done(), new(Column::FailingSinceUs))
        .case(new(Column::Cause).is_null(), Expr::val(None::<i64>))
        .finally(Expr::from(Func::coalesce([col(Column::FailingSinceUs), new(Column::FailingSinceUs)])));
    let tries = Expr::case(was_done(), new(Column::Tries)).finally(col(Column::Tries).add(new(Column::Tries)));
    let done = Expr::case(was_done(), new(Column::DoneUs)).finally(col(Column::DoneUs));
    let known = OnConflict::columns([Column::TenantId, Column::Target])
        .value(Column::LastUs, new(Column::LastUs))
        .value(Column::DoneUs, done)
        .value(Column::FailingSinceUs, since)
        .value(Column::Tries, tries)
        .value(Column::Cause, new(Column::Cause))
        .value(Column::IsReference, new(Column::IsReference))
        .action_and_where(new(Column::LastUs).gte(col(Column::LastUs)))
        .to_owned();
    let targets: Vec<_> = counted.targets.iter().collect();
    let stored = |((tenant, key), target): &(&(Uuid, String), &Target)| activity_target::ActiveModel {
        tenant_id: Set(*tenant),
        target: Set(key.clone()),
        kind: Set(target.kind.clone()),
        first_us: Set(target.first),
        last_us: Set(target.last),
        done_us: Set(target.done),
        failing_since_us: Set(target.failing_since),
        tries: Set(target.tries),
        cause: Set(target.cause.map(ToOwned::to_owned)),
        is_reference: Set(target.is_reference),
    };
    insert_all(tx, &targets, stored, &known).await
}

/// Writes a row for each of these; `known`: what becomes of one that is there.
async fn insert_all<T, A: ActiveModelTrait>(
    tx: &Transaction,
    all: &[T],
    stored: impl Fn(&T) -> A,
    known: &OnConflict,
) -> Result<(), StoreError> {
    for portion in portions(all) {
        let insert = A::Entity::insert_many(portion.iter().map(&stored)).on_conflict(known.clone());
        insert.exec_without_returning(tx).await.map_err(failure)?;
    }
    Ok(())
}

fn lesser(one: Expr, other: Expr) -> Expr {
    Expr::case(other.clone().lt(one.clone()), other).finally(one).into()
}

fn greater(one: Expr, other: Expr) -> Expr {
    Expr::case(other.clone().gt(one.clone()), other).finally(one).into()
}

pub async fn note_head(store: &SqlStore, door: Door, number: i64) -> Result<(), StoreError> {
    let tx = store.operating().await?;
    let row = activity_head::ActiveModel { tenant_id: Set(door.tenant()), reconciled: Set(number) };
    let known =
        OnConflict::column(activity_head::Column::TenantId).update_column(activity_head::Column::Reconciled).to_owned();
    let insert = activity_head::Entity::insert_many([row]).on_conflict(known);
    insert.exec_without_returning(&tx).await.map_err(failure)?;
    tx.commit().await.map_err(failure)
}
