//! The tenant's own keys for SAML.

use super::Connections;
use crate::Error;
use crate::connection::key::{MAX_KEYS, StoredSsoKey};
use crate::context::OpContext;
use crate::ids::SsoKeyId;
use crate::journal::Fact;
use crate::ports::offloaded;
use crate::store::{StoreError, TenantTx};
use crate::tenant::Tenant;

impl Connections {
    /// A key for a tenant that has none.
    pub(super) async fn first_key(&self, cx: &OpContext, tenant: &Tenant) -> Result<Option<StoredSsoKey>, Error> {
        let known = self.own_keys(&cx.scope).await?;
        if known.is_empty() { self.generate(cx, tenant).await.map(Some) } else { Ok(None) }
    }

    /// Writes a key that was made because there was none, unless somebody else has done the same meanwhile.
    pub(super) async fn put_first_key(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        key: StoredSsoKey,
    ) -> Result<(), Error> {
        if tx.list_sso_keys().await?.is_empty() {
            self.put(tx, cx, &key).await?;
        }
        Ok(())
    }

    /// Makes another key. It decrypts from now on and signs when the one before is removed: identity providers have to be given
    /// its certificate first.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when one is being replaced already.
    pub async fn add_key(&self, cx: &OpContext, tenant: &Tenant) -> Result<StoredSsoKey, Error> {
        let key = self.generate(cx, tenant).await?;
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        if tx.list_sso_keys().await?.len() >= MAX_KEYS {
            return Err(Error::NotAllowed("there are two keys already; remove the older one first".to_owned()));
        }
        self.put(tx.as_mut(), cx, &key).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Removes a key. The other one signs from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] for the only one.
    pub async fn remove_key(&self, cx: &OpContext, id: SsoKeyId) -> Result<(), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let keys = tx.list_sso_keys().await?;
        let Some(key) = keys.iter().find(|key| key.id == id) else {
            return Err(Error::NotFound(format!("key {id}")));
        };
        if keys.len() == 1 {
            return Err(Error::NotAllowed("this is the only key; make another one first".to_owned()));
        }
        tx.delete_sso_key(id).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::sso_key_removed(key)).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn put(&self, tx: &mut dyn TenantTx, cx: &OpContext, key: &StoredSsoKey) -> Result<(), Error> {
        tx.insert_sso_key(key).await?;
        Ok(self.tools.record(tx, cx, &Fact::sso_key_made(key)).await?)
    }

    async fn generate(&self, cx: &OpContext, tenant: &Tenant) -> Result<StoredSsoKey, Error> {
        let (id, ring) = (SsoKeyId(self.tools.ids.next(cx.now)), self.tools.keys.ring());
        let (tenant, name, now) = (tenant.id, tenant.slug.to_string(), cx.now);
        let made = move || StoredSsoKey::generate(id, tenant, &name, &ring, now);
        let made = offloaded(self.tools.offload.as_ref(), made).await?;
        made.map_err(|why| StoreError::Internal(why).into())
    }

    /// Encrypts secrets anew that rest on an old key of the ring; at most so many of a kind at once. Gives how many there were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reseal(&self, limit: u64) -> Result<u64, StoreError> {
        let (work, ring) = (self.tools.store.work(), self.tools.keys.ring());
        let previous: Vec<_> = ring.ids().filter(|id| *id != ring.current()).cloned().collect();
        if previous.is_empty() {
            return Ok(0);
        }
        let mut done = 0;
        for stale in work.sso_secrets_under(&previous, limit).await? {
            if let Some(anew) = stale.sealed_anew(&ring) {
                work.reseal_sso_secret(&stale, &anew).await?;
                done += 1;
            }
        }
        Ok(done)
    }
}
