//! Erasing a person from the log: rows stay, since others are counted by them; what names the person goes.

#![expect(
    clippy::disallowed_methods,
    reason = "a tenant's own statements only read the log; this is an operator's work"
)]

use std::collections::BTreeSet;

use domain::activity::WITHHELD;
use domain::ids::ResourceId;
use domain::store::StoreError;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use uuid::Uuid;

use crate::sql::entity::{activity, activity_body, activity_target};
use crate::sql::error::failure;
use crate::sql::scope::Door;
use crate::sql::store::SqlStore;
use crate::transaction::Transaction;

/// Rows that are looked at in one go.
const PAGE: u64 = 500;

/// What of a row may name somebody.
struct Seen {
    id: Uuid,
    path: String,
    is_own: bool,
    names: bool,
    who: Option<String>,
    target: Option<String>,
}

/// Gives how many rows said something of the person.
pub async fn person(
    store: &SqlStore,
    door: Door,
    person: ResourceId,
    names: &BTreeSet<String>,
) -> Result<u64, StoreError> {
    let (mut after, mut erased) = (Uuid::nil(), 0);
    loop {
        let tx = store.operating().await?;
        let page = page(&tx, door, person, names, after).await?;
        let Some(last) = page.last().map(|row| row.id) else { break };
        for row in page.iter().filter(|row| row.is_own || row.names) {
            erased += u64::from(empty(&tx, door, row, names).await?);
        }
        tx.commit().await.map_err(failure)?;
        after = last;
    }
    forget_target(store, door, person, names).await?;
    Ok(erased)
}

async fn page(
    tx: &Transaction,
    door: Door,
    person: ResourceId,
    names: &BTreeSet<String>,
    after: Uuid,
) -> Result<Vec<Seen>, StoreError> {
    use activity::Column as C;
    let bodies = |column: activity_body::Column| {
        let body = Query::select()
            .column(column)
            .from(activity_body::Entity)
            .and_where(Expr::col((activity_body::Entity, activity_body::Column::TenantId)).eq(door.tenant()))
            .and_where(Expr::col((activity_body::Entity, activity_body::Column::Id)).equals((activity::Entity, C::Id)))
            .take();
        Expr::from(body)
    };
    let select = Query::select()
        .columns([C::Id, C::Path, C::WhoId, C::WhoName, C::TargetId, C::TargetName])
        .expr(bodies(activity_body::Column::Request))
        .expr(bodies(activity_body::Column::Response))
        .from(activity::Entity)
        .and_where(Expr::col(C::TenantId).eq(door.tenant()))
        .and_where(Expr::col((activity::Entity, C::Id)).gt(after))
        .order_by((activity::Entity, C::Id), Order::Asc)
        .limit(PAGE)
        .take();
    let mut rows = Vec::new();
    for row in tx.query_all(&select).await.map_err(failure)? {
        type Row =
            (Uuid, String, Option<Uuid>, Option<String>, Option<Uuid>, Option<String>, Option<String>, Option<String>);
        let (id, path, who_id, who, target_id, target, request, response): Row =
            row.try_get_many_by_index().map_err(failure)?;
        let texts = [Some(&path), who.as_ref(), target.as_ref(), request.as_ref(), response.as_ref()];
        let names = texts.into_iter().flatten().any(|text| mentions(text, names));
        let is_own = [who_id, target_id].contains(&Some(person.0));
        rows.push(Seen { id, path, is_own, names, who, target });
    }
    Ok(rows)
}

/// Whether a text has one of these names in it, in any case, and as it stands in an address.
fn mentions(text: &str, names: &BTreeSet<String>) -> bool {
    let plain = text.to_lowercase();
    let decoded = unescaped(&plain);
    names.iter().any(|name| plain.contains(name.as_str()) || decoded.contains(name.as_str()))
}

/// Percent-decoded, with spaces for plus signs.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut left = text.bytes();
    while let Some(byte) = left.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut ahead = left.clone();
                let digits: Vec<u8> = ahead.by_ref().take(2).collect();
                match std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(decoded) => {
                        bytes.push(decoded);
                        left = ahead;
                    }
                    None => bytes.push(byte),
                }
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).to_lowercase()
}

/// Whether there was something to empty.
async fn empty(tx: &Transaction, door: Door, row: &Seen, names: &BTreeSet<String>) -> Result<bool, StoreError> {
    use activity::Column as C;
    let bodies = Query::delete()
        .from_table(activity_body::Entity)
        .and_where(Expr::col(activity_body::Column::TenantId).eq(door.tenant()))
        .and_where(Expr::col(activity_body::Column::Id).eq(row.id))
        .take();
    let had_bodies = tx.execute(&bodies).await.map_err(failure)?.rows_affected() > 0;
    let goes = |name: &Option<String>| name.as_ref().is_some_and(|name| row.is_own || mentions(name, names));
    let (who, target) = (goes(&row.who), goes(&row.target));
    let path = match row.path.split_once('?') {
        Some((path, query)) if query != WITHHELD && (row.is_own || mentions(query, names)) => {
            Some(format!("{path}?{WITHHELD}"))
        }
        _ => None,
    };
    if !who && !target && path.is_none() {
        return Ok(had_bodies);
    }
    let mut update = Query::update();
    update.table(activity::Entity);
    update.and_where(Expr::col(C::TenantId).eq(door.tenant())).and_where(Expr::col(C::Id).eq(row.id));
    if who {
        update.value(C::WhoName, None::<String>);
    }
    if target {
        update.value(C::TargetName, None::<String>);
    }
    if let Some(path) = path {
        update.value(C::Path, path);
    }
    tx.execute(&update).await.map_err(failure)?;
    Ok(true)
}

/// Whoever could not be made is counted by name.
async fn forget_target(
    store: &SqlStore,
    door: Door,
    person: ResourceId,
    names: &BTreeSet<String>,
) -> Result<(), StoreError> {
    use activity_target::Column as C;
    let tx = store.operating().await?;
    let select = Query::select()
        .column(C::Target)
        .from(activity_target::Entity)
        .and_where(Expr::col(C::TenantId).eq(door.tenant()))
        .take();
    let own = person.to_string();
    for row in tx.query_all(&select).await.map_err(failure)? {
        let target: String = row.try_get_by_index(0).map_err(failure)?;
        if target.contains(&own) || mentions(&target, names) {
            let delete = Query::delete()
                .from_table(activity_target::Entity)
                .and_where(Expr::col(C::TenantId).eq(door.tenant()))
                .and_where(Expr::col(C::Target).eq(target))
                .take();
            tx.execute(&delete).await.map_err(failure)?;
        }
    }
    tx.commit().await.map_err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_in_addresses() {
        let names = BTreeSet::from(["ada@acme.example".to_owned(), "ädä lövelace".to_owned()]);
        for text in [
            "/Users?filter=userName%20eq%20%22Ada%40acme.example%22",
            "{\"value\":\"ADA@ACME.EXAMPLE\"}",
            "/Users?filter=displayName+eq+%22%C3%84d%C3%A4+L%C3%B6velace%22",
            "ÄDÄ LÖVELACE",
        ] {
            assert!(mentions(text, &names), "{text}");
        }
        for text in ["", "%", "%4", "/Users?filter=userName%20eq%20%22eve%40acme.example%22"] {
            assert!(!mentions(text, &names), "{text}");
        }
    }
}
