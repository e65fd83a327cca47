//! The installation's own keys: the ring that is kept here for want of another place, the keys that access tokens are signed
//! with, and what rests on which key of the ring.

#![expect(clippy::disallowed_methods, reason = "the keys belong to no tenant")]

use std::collections::BTreeMap;

use domain::keys::{KeyId, Sealed};
use domain::signing_key::StoredSigningKey;
use domain::store::{KeyUses, StoreError};
use domain::timestamp::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};

use super::entity::{installation, signing_key};
use super::error::failure;
use super::repo::{corrupt, moment};
use super::store::SqlStore;
use crate::transaction::Transaction;

impl SqlStore {
    pub(super) async fn all_signing_keys(&self) -> Result<Vec<StoredSigningKey>, StoreError> {
        let tx = self.overlooking().await?;
        let rows = signing_key::Entity::find().order_by_asc(signing_key::Column::CreatedUs).all(&tx).await;
        let read = |row: signing_key::Model| StoredSigningKey {
            id: row.id,
            public: row.public_key,
            private: Sealed(row.private_key),
            created: moment(row.created_us),
        };
        Ok(rows.map_err(failure)?.into_iter().map(read).collect())
    }

    pub(super) async fn add_signing_key(&self, key: &StoredSigningKey) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let row = signing_key::ActiveModel {
            id: Set(key.id),
            public_key: Set(key.public.clone()),
            private_key: Set(key.private.0.clone()),
            created_us: Set(key.created.as_micros()),
        };
        signing_key::Entity::insert(row).exec_without_returning(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    pub(super) async fn put_signing_key(&self, before: &Sealed, anew: &StoredSigningKey) -> Result<(), StoreError> {
        use signing_key::Column;
        let tx = self.operating().await?;
        let update = signing_key::Entity::update_many()
            .col_expr(Column::PrivateKey, Expr::value(anew.private.0.clone()))
            .filter(Column::Id.eq(anew.id))
            .filter(Column::PrivateKey.eq(before.0.clone()));
        update.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    pub(super) async fn drop_signing_keys(&self, before: Timestamp) -> Result<(), StoreError> {
        let tx = self.operating().await?;
        let old = signing_key::Entity::delete_many().filter(signing_key::Column::CreatedUs.lt(before.as_micros()));
        old.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    pub(super) async fn count_key_uses(&self, now: Timestamp) -> Result<KeyUses, StoreError> {
        let tx = self.overlooking().await?;
        let sql = "SELECT secret.key_id, count(*) FROM credential_secret AS secret
                   JOIN credential ON credential.tenant_id = secret.tenant_id AND credential.id = secret.credential_id
                   WHERE credential.revoked_us IS NULL AND secret.revoked_us IS NULL
                     AND (secret.expires_us IS NULL OR secret.expires_us > $1)
                   GROUP BY secret.key_id";
        let mut digests = counts(&tx, sql, Some(now)).await?;
        let sessions = "SELECT key_id, count(*) FROM admin_session WHERE expires_us > $1 GROUP BY key_id";
        let links = "SELECT key_id, count(*) FROM admin_link
                     WHERE used_us IS NULL AND revoked_us IS NULL AND expires_us > $1 GROUP BY key_id";
        for more in [counts(&tx, sessions, Some(now)).await?, counts(&tx, links, Some(now)).await?] {
            add(&mut digests, more);
        }
        let second_steps = "SELECT second_step_key, count(*) FROM admin
                            WHERE second_step_key IS NOT NULL GROUP BY second_step_key";
        let mut sealed = counts(&tx, second_steps, None).await?;
        let persons = "SELECT key_id, count(*) FROM person_session WHERE expires_us > $1 GROUP BY key_id";
        add(&mut digests, counts(&tx, persons, Some(now)).await?);
        let own = "SELECT private_key, count(*) FROM sso_key GROUP BY private_key";
        let clients =
            "SELECT secret_key, count(*) FROM sso_connection WHERE secret_key IS NOT NULL GROUP BY secret_key";
        for more in [counts(&tx, own, None).await?, counts(&tx, clients, None).await?] {
            add(&mut sealed, more);
        }
        let mails = "SELECT key_id, count(*) FROM mail WHERE key_id IS NOT NULL GROUP BY key_id";
        add(&mut sealed, counts(&tx, mails, None).await?);
        for key in signing_key::Entity::find().all(&tx).await.map_err(failure)? {
            let id = Sealed(key.private_key).key().ok_or_else(|| corrupt("signing_key.private_key"))?;
            *sealed.entry(id).or_default() += 1;
        }
        Ok(KeyUses { digests, sealed })
    }

    pub(super) async fn find_ring(&self) -> Result<String, StoreError> {
        let row = installation::Entity::find_by_id(1).one(&self.overlooking().await?).await.map_err(failure)?;
        row.map(|row| row.key_ring).ok_or_else(|| StoreError::Internal("the installation has no row".to_owned()))
    }

    pub(super) async fn put_ring(&self, before: &str, after: &str) -> Result<bool, StoreError> {
        use installation::Column;
        let tx = self.operating().await?;
        let update = installation::Entity::update_many()
            .col_expr(Column::KeyRing, Expr::value(after))
            .filter(Column::Id.eq(1).and(Column::KeyRing.eq(before)));
        let done = update.exec(&tx).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(done.rows_affected == 1)
    }
}

fn add(counts: &mut BTreeMap<KeyId, u64>, more: BTreeMap<KeyId, u64>) {
    for (key, count) in more {
        *counts.entry(key).or_default() += count;
    }
}

/// `now`: the parameter of a statement that has one.
async fn counts(tx: &Transaction, sql: &str, now: Option<Timestamp>) -> Result<BTreeMap<KeyId, u64>, StoreError> {
    let statement =
        Statement::from_sql_and_values(tx.get_database_backend(), sql, now.map(|now| now.as_micros().into()));
    let mut counts = BTreeMap::new();
    for row in tx.query_all_raw(statement).await.map_err(failure)? {
        let (id, count): (String, i64) = row.try_get_many_by_index().map_err(failure)?;
        counts.insert(id.parse().map_err(corrupt)?, u64::try_from(count).unwrap_or_default());
    }
    Ok(counts)
}
