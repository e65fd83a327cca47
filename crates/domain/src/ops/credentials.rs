//! Making, listing, checking and revoking credentials.

use std::sync::Arc;

use super::grants::{PresentedClient, Refusal};
use super::once;
use crate::Error;
use crate::access_token::{AccessTokens, Grant};
use crate::admission::{Admission, Admissions};
use crate::context::{Actor, OpContext};
use crate::credential::{
    BearerToken, ClientSecret, Credential, CredentialKind, CredentialState, CredentialUses, MAX_CLIENTS, MAX_LIVE,
    Renewal, StoredSecret,
};
use crate::ids::{CredentialId, FactId, SecretId};
use crate::journal::Fact;
use crate::keys::{KeyRing, KeyedDigest, Keys};
use crate::ports::{IdGen, SecretGen};
use crate::request_key::RequestKey;
use crate::scope::Scopes;
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;
use crate::who::Who;

/// What a new token is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewToken {
    pub label: String,
    pub scopes: Scopes,
    pub expires: Option<Timestamp>,
    /// By which a request that comes twice is known.
    pub key: Option<RequestKey>,
}

/// What a new OAuth client is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    pub label: String,
    pub scopes: Scopes,
    /// How long its access tokens are good: one of [`CredentialKind::ACCESS_MINUTES`].
    pub access_minutes: u32,
    /// When its first secret expires: in 1 to 3 years.
    pub expires: Timestamp,
    /// By which a request that comes twice is known.
    pub key: Option<RequestKey>,
}

/// What a new secret of a client is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSecret {
    /// When it expires: in 1 to 3 years.
    pub expires: Timestamp,
    /// By which a request that comes twice is known.
    pub key: Option<RequestKey>,
}

impl From<Timestamp> for NewSecret {
    fn from(expires: Timestamp) -> Self {
        Self { expires, key: None }
    }
}

/// A token with its text, which is not kept anywhere.
#[derive(Clone, Debug)]
pub struct Minted {
    pub bearer: BearerToken,
    pub token: Credential,
}

/// A client with the text of its newest secret, which is not kept anywhere.
#[derive(Clone, Debug)]
pub struct MintedSecret {
    pub secret: ClientSecret,
    pub client: Credential,
}

/// Who is calling, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub scopes: Scopes,
    /// Of an OAuth client: by which of its secrets the access token was got.
    pub secret: Option<SecretId>,
}

/// What was presented to come in with.
#[derive(Clone, Debug)]
pub enum Presented {
    Token(BearerToken),
    /// What an access token says.
    Access(Arc<Grant>),
}

pub struct Credentials {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    secrets: Arc<dyn SecretGen>,
    keys: Arc<Keys>,
    access: Arc<AccessTokens>,
    admissions: Arc<Admissions>,
    uses: CredentialUses,
}

const YEAR_SECONDS: i64 = 365 * 86_400;
/// Three years, with a leap day and a day for time zones.
const YEARS_SECONDS: i64 = 3 * YEAR_SECONDS + 2 * 86_400;
/// Whoever makes a secret for a year does so a moment before.
const SLACK_SECONDS: i64 = 3_600;

impl Credentials {
    pub fn new(
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        secrets: Arc<dyn SecretGen>,
        keys: Arc<Keys>,
        access: Arc<AccessTokens>,
        admissions: Arc<Admissions>,
    ) -> Self {
        Self { store, ids, secrets, keys, access, admissions, uses: CredentialUses::default() }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when [`MAX_LIVE`] tokens are usable already, [`Error::ShownAlready`] when the request came before.
    pub async fn mint(&self, cx: &OpContext, new: NewToken) -> Result<Minted, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let key = new.key.clone();
        once::require_new(tx.as_mut(), key.as_ref()).await?;
        let minted = self.mint_in(tx.as_mut(), cx, new).await?;
        once::note(tx.as_mut(), key.as_ref(), Some(minted.token.id), cx.now).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(minted)
    }

    /// Makes a token in a transaction that holds the tenant, whose caller looks after the request's key.
    pub(super) async fn mint_in(&self, tx: &mut dyn TenantTx, cx: &OpContext, new: NewToken) -> Result<Minted, Error> {
        let known = tx.list_credentials().await?;
        let ring = self.keys.ring();
        let tokens = known.iter().filter(|one| one.kind == CredentialKind::Token && one.revoked.is_none());
        let live = tokens.flat_map(|one| &one.secrets).filter(|secret| secret.is_usable(&ring, cx.now)).count();
        if live >= MAX_LIVE {
            return Err(Error::NotAllowed(format!(
                "the tenant has {live} usable tokens already, which is the most there may be; revoke one first"
            )));
        }
        let bearer = BearerToken::new(CredentialId(self.ids.next(cx.now)), self.secrets.bytes());
        let secret = StoredSecret { expires: new.expires, ..bearer.stored(&ring, cx.now) };
        let token = self.insert(tx, cx, bearer.id, CredentialKind::Token, new.label, new.scopes, secret).await?;
        Ok(Minted { bearer, token })
    }

    /// Makes an OAuth client with its first secret.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when there are [`MAX_CLIENTS`] already, or when a span of time is not one that there may be;
    /// [`Error::ShownAlready`] when the request came before.
    pub async fn create_client(&self, cx: &OpContext, new: NewClient) -> Result<MintedSecret, Error> {
        require_span(new.expires, cx.now)?;
        let minutes = CredentialKind::ACCESS_MINUTES;
        if !minutes.contains(&new.access_minutes) {
            return Err(Error::NotAllowed(format!(
                "access tokens are good for {} to {} minutes",
                minutes.start(),
                minutes.end()
            )));
        }
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        once::require_new(tx.as_mut(), new.key.as_ref()).await?;
        let known = tx.list_credentials().await?;
        let clients = known.iter().filter(|one| one.kind != CredentialKind::Token && one.revoked.is_none()).count();
        if clients >= MAX_CLIENTS {
            return Err(Error::NotAllowed(format!(
                "the tenant has {clients} OAuth clients already, which is the most there may be; revoke one first"
            )));
        }
        let id = CredentialId(self.ids.next(cx.now));
        let secret = ClientSecret::new(SecretId(self.ids.next(cx.now)), self.secrets.bytes());
        let stored = StoredSecret { expires: Some(new.expires), ..secret.stored(&self.keys.ring(), cx.now) };
        let kind = CredentialKind::Client { access_minutes: new.access_minutes };
        let client = self.insert(tx.as_mut(), cx, id, kind, new.label, new.scopes, stored).await?;
        once::note(tx.as_mut(), new.key.as_ref(), Some(id), cx.now).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(MintedSecret { secret, client })
    }

    #[expect(clippy::too_many_arguments, reason = "what a credential is made of")]
    async fn insert(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        id: CredentialId,
        kind: CredentialKind,
        label: String,
        scopes: Scopes,
        secret: StoredSecret,
    ) -> Result<Credential, Error> {
        let secrets = vec![secret];
        let created_by = Some(Who::of(&cx.actor));
        let credential = Credential {
            id,
            kind,
            label,
            scopes,
            secrets,
            created: cx.now,
            created_by,
            revoked: None,
            last_used: None,
        };
        tx.insert_credential(&credential).await?;
        self.record(tx, cx, &Fact::credential_created(&credential)).await?;
        Ok(credential)
    }

    /// Gives a client one more secret, so that the one in use can be replaced without a gap.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the client is revoked, [`MAX_LIVE`] of its secrets are usable already,
    /// or the secret would expire before one or after three years; [`Error::ShownAlready`] when the request came before.
    pub async fn add_secret(
        &self,
        cx: &OpContext,
        id: CredentialId,
        new: impl Into<NewSecret>,
    ) -> Result<MintedSecret, Error> {
        let new = new.into();
        require_span(new.expires, cx.now)?;
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        once::require_new(tx.as_mut(), new.key.as_ref()).await?;
        let mut client = find(tx.as_mut(), id).await?;
        if client.kind == CredentialKind::Token {
            return Err(not_found(id));
        }
        if client.revoked.is_some() {
            return Err(Error::NotAllowed("the client is revoked; make a new one".to_owned()));
        }
        let ring = self.keys.ring();
        let live = client.secrets.iter().filter(|secret| secret.is_usable(&ring, cx.now)).count();
        if live >= MAX_LIVE {
            return Err(Error::NotAllowed(format!(
                "the client has {live} usable secrets already, which is the most there may be; revoke one first"
            )));
        }
        let secret = ClientSecret::new(SecretId(self.ids.next(cx.now)), self.secrets.bytes());
        let stored = StoredSecret { expires: Some(new.expires), ..secret.stored(&ring, cx.now) };
        tx.insert_secret(id, &stored).await?;
        self.record(tx.as_mut(), cx, &Fact::secret_created(&client, &stored)).await?;
        once::note(tx.as_mut(), new.key.as_ref(), Some(id), cx.now).await?;
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        client.secrets.push(stored);
        Ok(MintedSecret { secret, client })
    }

    /// Ends a secret of a client, and the access tokens that were given for it. One that is revoked stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke_secret(&self, cx: &OpContext, id: CredentialId, secret: SecretId) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let client = find(tx.as_mut(), id).await?;
        let known = client.secrets.iter().find(|one| one.id == secret && client.kind != CredentialKind::Token);
        let known = known.ok_or_else(|| Error::NotFound(format!("secret {secret}")))?;
        if known.revoked.is_none() {
            tx.revoke_secret(secret, cx.now).await?;
            self.record(tx.as_mut(), cx, &Fact::secret_revoked(&client, known)).await?;
        }
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(())
    }

    /// The tenant's credentials, the oldest first, revoked ones too.
    pub async fn list(&self, scope: &TenantScope) -> Result<Vec<Credential>, Error> {
        Ok(self.store.read(scope).await?.list_credentials().await?)
    }

    /// Ends a credential. One that is revoked already stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke(&self, cx: &OpContext, id: CredentialId) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let credential = find(tx.as_mut(), id).await?;
        if credential.revoked.is_none() {
            tx.revoke_credential(id, cx.now).await?;
            self.record(tx.as_mut(), cx, &Fact::credential_revoked(&credential)).await?;
        }
        tx.commit().await?;
        self.admissions.forget(cx.scope.slug());
        Ok(())
    }

    async fn record(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), Error> {
        Ok(tx.record(cx, FactId(self.ids.next(cx.now)), fact).await?)
    }

    /// Reads what stands in an Authorization header, a token or an access token; none when it is neither or not of ours.
    ///
    /// # Errors
    /// [`StoreError`], when a key has to be looked for that signs access tokens.
    pub async fn read(&self, text: &str, now: Timestamp) -> Result<Option<Presented>, StoreError> {
        if !AccessTokens::is_one(text) {
            return Ok(BearerToken::parse(text).map(Presented::Token));
        }
        self.access.learn_key(text, now).await?;
        Ok(self.access.read(text, now).map(Presented::Access))
    }

    /// Learns the keys of the ring anew when a tenant's secrets rest on one that this process does not know: somebody rotated
    /// the ring a moment ago.
    pub async fn learn_ring(&self, admission: &Admission, now: Timestamp) {
        let credentials = admission.credentials.iter().filter(|one| one.revoked.is_none());
        let secrets = credentials.flat_map(|one| &one.secrets);
        let live: Vec<_> = secrets.filter(|secret| secret.state(now) == CredentialState::Live).collect();
        let is_enough = |ring: &KeyRing| live.iter().all(|secret| ring.holds(&secret.digest.key));
        if !is_enough(&self.keys.ring()) {
            self.keys.learn(is_enough).await;
        }
    }

    /// Who is calling; none for everything that is not a credential of this tenant's and usable now. `audience`: the tenant's
    /// base URL. A use is remembered and written down later by [`flush_uses`](Self::flush_uses).
    pub fn authenticate(
        &self,
        admission: &Admission,
        presented: &Presented,
        audience: &str,
        now: Timestamp,
        client: Option<&str>,
    ) -> Option<Caller> {
        let (credential, scopes) = self.accepting(admission, presented, audience, now)?;
        self.uses.note(&admission.tenant, credential.id, now, client);
        let actor = Actor::Credential { id: credential.id, kind: credential.kind, label: credential.label.clone() };
        let secret = match presented {
            Presented::Token(_) => None,
            Presented::Access(grant) => Some(grant.secret),
        };
        Some(Caller { actor, scopes, secret })
    }

    /// Whether what was presented is one of the tenant's credentials and usable now.
    pub fn accept(&self, admission: &Admission, presented: &Presented, audience: &str, now: Timestamp) -> bool {
        self.accepting(admission, presented, audience, now).is_some()
    }

    fn accepting<'a>(
        &self,
        admission: &'a Admission,
        presented: &Presented,
        audience: &str,
        now: Timestamp,
    ) -> Option<(&'a Credential, Scopes)> {
        match presented {
            Presented::Token(bearer) => {
                let credential = admission.credentials.iter().find(|one| one.id == bearer.id)?;
                let ring = self.keys.ring();
                let secret = credential.accepts_token(bearer, &ring, now)?;
                if secret.digest.key != *ring.current() {
                    self.renew(admission, secret.id, &secret.digest, bearer.digest(&ring));
                }
                Some((credential, credential.scopes))
            }
            Presented::Access(grant) => {
                let is_meant = grant.tenant == admission.tenant.id && grant.audience == audience;
                let credential = admission.credentials.iter().find(|one| is_meant && one.id == grant.client)?;
                credential.live_or_expired_secret(grant.secret)?;
                Some((credential, credential.scopes.and(grant.scopes)))
            }
        }
    }

    fn renew(&self, admission: &Admission, secret: SecretId, before: &KeyedDigest, after: KeyedDigest) {
        let scope = admission.tenant.scope();
        self.uses.renew(Renewal { scope, secret, before: before.clone(), after });
    }

    pub(super) fn ring(&self) -> Arc<KeyRing> {
        self.keys.ring()
    }

    pub(super) fn access(&self) -> &AccessTokens {
        &self.access
    }

    /// Writes down when credentials were last used, and the digests that a new key has made anew.
    ///
    /// # Errors
    /// The last failure; uses that could not be written are kept for the next time.
    pub async fn flush_uses(&self) -> Result<(), StoreError> {
        let mut done = Ok(());
        for (scope, id, seen) in self.uses.take() {
            let written = async {
                let mut tx = self.store.write(&scope).await?;
                tx.note_use(id, &seen).await?;
                tx.commit().await
            };
            if let Err(error) = written.await {
                self.uses.keep(scope, id, seen);
                done = Err(error);
            }
        }
        for renewal in self.uses.take_renewed() {
            // One that fails comes again with the next use of its secret.
            let mut tx = self.store.write(&renewal.scope).await?;
            tx.renew_digest(renewal.secret, &renewal.before, &renewal.after).await?;
            tx.commit().await?;
            self.admissions.forget(renewal.scope.slug());
        }
        done
    }

    /// Gives a client an access token (RFC 6749 §4.4). `scopes`: those asked for, or all that the client has.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub async fn grant(
        &self,
        admission: &Admission,
        presented: &PresentedClient,
        scopes: Option<Scopes>,
        audience: &str,
        now: Timestamp,
        client: Option<&str>,
    ) -> Result<(Grant, String), Refusal> {
        let credential =
            admission.credentials.iter().find(|one| one.id == presented.id).ok_or(Refusal::InvalidClient)?;
        let ring = self.keys.ring();
        let secret = credential.accepts_client(&presented.secret, &ring, now).ok_or(Refusal::InvalidClient)?;
        let CredentialKind::Client { access_minutes } = credential.kind else { return Err(Refusal::InvalidClient) };
        let scopes = scopes.unwrap_or(credential.scopes);
        if !scopes.is_within(credential.scopes) {
            return Err(Refusal::InvalidScope);
        }
        if secret.digest.key != *ring.current() {
            self.renew(admission, secret.id, &secret.digest, presented.secret.digest(&ring));
        }
        self.uses.note(&admission.tenant, credential.id, now, client);
        let grant = Grant {
            tenant: admission.tenant.id,
            audience: audience.to_owned(),
            client: credential.id,
            secret: secret.id,
            scopes,
            expires: now.plus_seconds(i64::from(access_minutes) * 60),
        };
        self.access.require_key(now).await?;
        let text = self.access.issue(&grant, self.ids.next(now), now);
        let text =
            text.ok_or_else(|| StoreError::Internal("there is no key to sign an access token with".to_owned()))?;
        Ok((grant, text))
    }

    /// Whether a client's id and secret open something, as [`Credentials::grant`] decides it.
    pub fn accepts_client(&self, admission: &Admission, presented: &PresentedClient, now: Timestamp) -> bool {
        let credential = admission.credentials.iter().find(|one| one.id == presented.id);
        credential.is_some_and(|one| one.accepts_client(&presented.secret, &self.keys.ring(), now).is_some())
    }
}

fn require_span(expires: Timestamp, now: Timestamp) -> Result<(), Error> {
    let least = now.plus_seconds(YEAR_SECONDS - SLACK_SECONDS);
    match (least..=now.plus_seconds(YEARS_SECONDS)).contains(&expires) {
        true => Ok(()),
        false => Err(Error::NotAllowed("the secret of a client is good for 1 to 3 years".to_owned())),
    }
}

async fn find(tx: &mut dyn TenantTx, id: CredentialId) -> Result<Credential, Error> {
    let known = tx.list_credentials().await?;
    known.into_iter().find(|one| one.id == id).ok_or_else(|| not_found(id))
}

fn not_found(id: CredentialId) -> Error {
    Error::NotFound(format!("credential {id}"))
}
