//! Credentials and their secrets.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::credential::{Credential, CredentialKind, CredentialUse, StoredSecret};
use domain::ids::{CredentialId, SecretId};
use domain::keys::KeyedDigest;
use domain::store::{ReadCredentials, StoreError, WriteCredentials};
use domain::timestamp::Timestamp;
use domain::who::Who;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QueryResult, Select,
};
use uuid::Uuid;

use super::{corrupt, moment};
use crate::sql::entity::{credential, credential_secret};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::{Door, statement};
use crate::sql::store::Session;
use crate::transaction::Transaction;

/// The questions whose answers [`together`] puts together: credentials and secrets, the oldest first.
pub fn questions(door: Door) -> (Select<credential::Entity>, Select<credential_secret::Entity>) {
    let credentials = door.select::<credential::Entity>().order_by_asc(credential::Column::Id);
    let secrets = door.select::<credential_secret::Entity>().order_by_asc(credential_secret::Column::CreatedUs);
    (credentials, secrets.order_by_asc(credential_secret::Column::Id))
}

/// Puts credentials and their secrets together.
pub fn together(
    credentials: Vec<credential::Model>,
    secrets: Vec<credential_secret::Model>,
) -> Result<Vec<Credential>, StoreError> {
    let mut by_credential: HashMap<Uuid, Vec<StoredSecret>> = HashMap::new();
    for row in secrets {
        by_credential.entry(row.credential_id).or_default().push(secret(row)?);
    }
    let with_secrets = |row: credential::Model| {
        let secrets = by_credential.remove(&row.id).unwrap_or_default();
        assemble(row, secrets)
    };
    credentials.into_iter().map(with_secrets).collect()
}

fn models<M: FromQueryResult>(rows: &[QueryResult]) -> Result<Vec<M>, StoreError> {
    rows.iter().map(|row| M::from_query_result(row, "").map_err(failure)).collect()
}

fn assemble(row: credential::Model, secrets: Vec<StoredSecret>) -> Result<Credential, StoreError> {
    let kind = match (row.kind.as_str(), row.access_minutes) {
        ("token", _) => CredentialKind::Token,
        ("client", Some(minutes)) => {
            CredentialKind::Client { access_minutes: u32::try_from(minutes).map_err(corrupt)? }
        }
        _ => return Err(corrupt("credential.kind")),
    };
    Ok(Credential {
        id: CredentialId(row.id),
        kind,
        label: row.label,
        scopes: row.scopes.parse().map_err(corrupt)?,
        secrets,
        created: moment(row.created_us),
        created_by: row.created_kind.map(|kind| Who { kind, name: row.created_name }),
        revoked: row.revoked_us.map(moment),
        last_used: row.last_used_us.map(|at| CredentialUse { at: moment(at), client: row.last_client }),
    })
}

fn secret(row: credential_secret::Model) -> Result<StoredSecret, StoreError> {
    Ok(StoredSecret {
        id: SecretId(row.id),
        digest: KeyedDigest { key: row.key_id.parse().map_err(corrupt)?, bytes: row.digest },
        last_four: row.last_four,
        created: moment(row.created_us),
        expires: row.expires_us.map(moment),
        revoked: row.revoked_us.map(moment),
    })
}

#[async_trait]
impl<L: Line> ReadCredentials for Session<L> {
    async fn list_credentials(&mut self) -> Result<Vec<Credential>, StoreError> {
        let (credentials, secrets) = questions(self.door);
        // Secrets first: one that was added between the two is one that is not known yet, never one without its credential.
        let secrets = models(&self.rows(statement(secrets)).await?)?;
        together(models(&self.rows(statement(credentials)).await?)?, secrets)
    }
}

#[async_trait]
impl WriteCredentials for Session<Transaction> {
    async fn insert_credential(&mut self, credential: &Credential) -> Result<(), StoreError> {
        let access_minutes = match credential.kind {
            CredentialKind::Token => None,
            CredentialKind::Client { access_minutes } => Some(i32::try_from(access_minutes).map_err(corrupt)?),
        };
        let row = credential::ActiveModel {
            tenant_id: NotSet,
            id: Set(credential.id.0),
            kind: Set(credential.kind.as_str().to_owned()),
            label: Set(credential.label.clone()),
            scopes: Set(credential.scopes.to_string()),
            access_minutes: Set(access_minutes),
            created_us: Set(credential.created.as_micros()),
            revoked_us: Set(None),
            last_used_us: Set(None),
            last_client: Set(None),
            created_kind: Set(credential.created_by.as_ref().map(|by| by.kind.clone())),
            created_name: Set(credential.created_by.as_ref().and_then(|by| by.name.clone())),
        };
        let insert = self.door.insert::<credential::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        for secret in &credential.secrets {
            self.insert_secret(credential.id, secret).await?;
        }
        Ok(())
    }

    async fn insert_secret(&mut self, credential: CredentialId, secret: &StoredSecret) -> Result<(), StoreError> {
        let row = credential_secret::ActiveModel {
            tenant_id: NotSet,
            id: Set(secret.id.0),
            credential_id: Set(credential.0),
            key_id: Set(secret.digest.key.to_string()),
            digest: Set(secret.digest.bytes.clone()),
            last_four: Set(secret.last_four.clone()),
            created_us: Set(secret.created.as_micros()),
            expires_us: Set(secret.expires.map(Timestamp::as_micros)),
            revoked_us: Set(None),
        };
        let insert = self.door.insert::<credential_secret::Entity>([row]);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn revoke_credential(&mut self, id: CredentialId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<credential::Entity>();
        let update = update.col_expr(credential::Column::RevokedUs, Expr::value(now.as_micros()));
        update.filter(credential::Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn revoke_secret(&mut self, id: SecretId, now: Timestamp) -> Result<(), StoreError> {
        let update = self.door.update::<credential_secret::Entity>();
        let update = update.col_expr(credential_secret::Column::RevokedUs, Expr::value(now.as_micros()));
        update.filter(credential_secret::Column::Id.eq(id.0)).exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn note_use(&mut self, id: CredentialId, seen: &CredentialUse) -> Result<(), StoreError> {
        use credential::Column;
        let at = seen.at.as_micros();
        let update = self
            .door
            .update::<credential::Entity>()
            .col_expr(Column::LastUsedUs, Expr::value(at))
            .col_expr(Column::LastClient, Expr::value(seen.client.clone()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::LastUsedUs.is_null().or(Column::LastUsedUs.lt(at)));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }

    async fn renew_digest(
        &mut self,
        id: SecretId,
        before: &KeyedDigest,
        after: &KeyedDigest,
    ) -> Result<(), StoreError> {
        use credential_secret::Column;
        let update = self
            .door
            .update::<credential_secret::Entity>()
            .col_expr(Column::KeyId, Expr::value(after.key.as_str()))
            .col_expr(Column::Digest, Expr::value(after.bytes.clone()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::KeyId.eq(before.key.as_str()))
            .filter(Column::Digest.eq(before.bytes.clone()));
        update.exec(&self.line).await.map_err(failure)?;
        Ok(())
    }
}
