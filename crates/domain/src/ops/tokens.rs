//! Making, listing, checking and revoking provisioning tokens.

use std::sync::Arc;

use crate::Error;
use crate::admission::{Admission, Admissions};
use crate::context::{Actor, OpContext};
use crate::ids::{FactId, TokenId};
use crate::journal::Fact;
use crate::ports::{IdGen, SecretGen};
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;
use crate::token::{BearerToken, DigestKey, MAX_LIVE, ProvisioningToken, TokenState, TokenUse, TokenUses};

/// What a new token is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewToken {
    pub label: String,
    pub expires: Option<Timestamp>,
}

/// A token with its text, which is not kept anywhere.
#[derive(Clone, Debug)]
pub struct Minted {
    pub bearer: BearerToken,
    pub token: ProvisioningToken,
}

pub struct Tokens {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    secrets: Arc<dyn SecretGen>,
    key: DigestKey,
    admissions: Arc<Admissions>,
    uses: TokenUses,
}

impl Tokens {
    pub fn new(
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        secrets: Arc<dyn SecretGen>,
        key: DigestKey,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { store, ids, secrets, key, admissions, uses: TokenUses::default() }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when [`MAX_LIVE`] tokens are usable already.
    pub async fn mint(&self, cx: &OpContext, new: NewToken) -> Result<Minted, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let minted = self.mint_in(tx.as_mut(), cx, new).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(minted)
    }

    /// Makes a token in a transaction that holds the tenant.
    pub(super) async fn mint_in(&self, tx: &mut dyn TenantTx, cx: &OpContext, new: NewToken) -> Result<Minted, Error> {
        let live = tx.list_tokens().await?.iter().filter(|token| token.state(cx.now) == TokenState::Live).count();
        if live >= MAX_LIVE {
            return Err(Error::NotAllowed(format!(
                "the tenant has {live} usable tokens already, which is the most there may be; revoke one first"
            )));
        }
        let bearer = BearerToken::new(TokenId(self.ids.next(cx.now)), self.secrets.bytes());
        let token = ProvisioningToken {
            id: bearer.id,
            label: new.label,
            digest: self.key.digest(&bearer),
            last_four: bearer.last_four(),
            created: cx.now,
            expires: new.expires,
            revoked: None,
            last_used: None,
        };
        tx.insert_token(&token).await?;
        tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::token_created(&token)).await?;
        Ok(Minted { bearer, token })
    }

    /// The tenant's tokens, the oldest first, revoked ones too.
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<ProvisioningToken>, Error> {
        Ok(self.store.read(scope).await?.list_tokens().await?)
    }

    /// Ends a token. One that is revoked already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke(&self, cx: &OpContext, id: TokenId) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let token = tx.find_token(id).await?.ok_or_else(|| Error::NotFound(format!("token {id}")))?;
        if token.revoked.is_none() {
            tx.revoke_token(id, cx.now).await?;
            tx.record(cx, FactId(self.ids.next(cx.now)), &Fact::token_revoked(&token)).await?;
        }
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(())
    }

    /// Who is calling; none for every token that is not one of this tenant's and usable now. A use is remembered and
    /// written down later by [`flush_uses`](Self::flush_uses).
    pub fn authenticate(
        &self,
        admission: &Admission,
        presented: &BearerToken,
        now: Timestamp,
        client: Option<&str>,
    ) -> Option<Actor> {
        let token = self.accepting(admission, presented, now)?;
        self.uses.note(&admission.tenant, token.id, now, client);
        Some(Actor::Token { id: token.id, label: token.label.clone() })
    }

    /// Whether the presented token is one of the tenant's and usable now.
    pub fn accept(&self, admission: &Admission, presented: &BearerToken, now: Timestamp) -> bool {
        self.accepting(admission, presented, now).is_some()
    }

    fn accepting<'a>(
        &self,
        admission: &'a Admission,
        presented: &BearerToken,
        now: Timestamp,
    ) -> Option<&'a ProvisioningToken> {
        let token = admission.tokens.iter().find(|token| token.id == presented.id)?;
        token.accepts(presented, &self.key, now).then_some(token)
    }

    /// Writes down when tokens were last used.
    ///
    /// # Errors
    /// The last failure; uses that could not be written are kept for the next time.
    pub async fn flush_uses(&self) -> Result<(), StoreError> {
        let mut done = Ok(());
        for (scope, token, seen) in self.uses.take() {
            if let Err(error) = self.write_use(&scope, token, &seen).await {
                self.uses.keep(scope, token, seen);
                done = Err(error);
            }
        }
        done
    }

    async fn write_use(&self, scope: &TenantScope, token: TokenId, seen: &TokenUse) -> Result<(), StoreError> {
        let mut tx = self.store.write(scope).await?;
        tx.note_token_use(token, seen).await?;
        tx.commit().await
    }
}
