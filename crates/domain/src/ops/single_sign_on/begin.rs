//! Sending a browser away to its identity provider.

use serde_json::json;
use sso::oidc::authorize::{AuthorizationRequest, PendingSignIn, Randomness};
use sso::saml::request::{AuthnRequest, message_id};

use super::{Logged, SingleSignOn};
use crate::Error;
use crate::connection::attempt::{ANSWER_SECONDS, Attempt, Purpose, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::oidc::OidcSetup;
use crate::connection::saml::SamlSetup;
use crate::connection::service::ServiceAddresses;
use crate::connection::{Connection, Setup};
use crate::ids::{AdminId, AttemptId, ConnectionId};
use crate::ops::accounts::Visitor;
use crate::store::StoreError;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

/// A sign-in that is to begin.
#[derive(Clone, Copy, Debug)]
pub struct Departure<'d> {
    pub purpose: Purpose,
    /// Who tests, or joins an account.
    pub admin: Option<AdminId>,
    /// The cookie by which the browser is known when it is back.
    pub browser: &'d str,
    /// Where it goes in the end; checked by the face.
    pub return_to: &'d str,
    /// The address that the person gave.
    pub login_hint: Option<&'d str>,
    pub visitor: &'d Visitor,
    pub service: &'d ServiceAddresses,
}

/// Where the browser goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    Away(String),
    Refused(Refused),
    /// Too many were begun from there; this many seconds are enough to wait.
    Wait(u64),
}

impl SingleSignOn {
    /// Begins a sign-in: gives the address of the identity provider, with a request.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such connection.
    pub async fn begin(
        &self,
        tenant: &Tenant,
        id: ConnectionId,
        departure: Departure<'_>,
        now: Timestamp,
    ) -> Result<Begun, Error> {
        if let Err(wait) = self.throttle.sign_on_step(tenant.id, departure.visitor.address).await {
            return Ok(Begun::Wait(wait));
        }
        let scope = tenant.scope();
        let connection = self.connections.find(&scope, id).await?;
        if departure.purpose != Purpose::Test && !connection.is_open() {
            return self.refuse_to_begin(tenant, id, &departure, SignInCause::ConnectionOff.into(), now).await;
        }
        let begun = match &connection.setup {
            Setup::Saml(saml) => self.begin_saml(tenant, &connection, saml, &departure, now).await?,
            Setup::Oidc(oidc) => self.begin_oidc(&scope, &connection, oidc, &departure, now)?,
        };
        match begun {
            Ok((attempt, address)) => {
                let mut tx = self.tools.store.write(&scope).await?;
                tx.insert_attempt(&attempt).await?;
                tx.commit().await?;
                Ok(Begun::Away(address))
            }
            Err(refused) => self.refuse_to_begin(tenant, id, &departure, refused, now).await,
        }
    }

    async fn refuse_to_begin(
        &self,
        tenant: &Tenant,
        id: ConnectionId,
        departure: &Departure<'_>,
        refused: Refused,
        now: Timestamp,
    ) -> Result<Begun, Error> {
        let logged = Logged {
            purpose: departure.purpose,
            is_solicited: true,
            ..Logged::of_nothing(Some(id), departure.visitor)
        };
        Ok(Begun::Refused(self.refuse(tenant, &logged, refused, now).await?))
    }

    /// An attempt that is good for so many seconds.
    pub(super) fn new_attempt(
        &self,
        connection: &Connection,
        purpose: Purpose,
        seconds: i64,
        now: Timestamp,
    ) -> Attempt {
        let id = AttemptId(self.tools.ids.next(now));
        Attempt::new(id, connection, purpose, now, now.plus_seconds(seconds))
    }

    fn attempt(&self, connection: &Connection, departure: &Departure<'_>, handle: [u8; 32], now: Timestamp) -> Attempt {
        Attempt {
            handle: Some(handle),
            browser: Some(digest(departure.browser)),
            return_to: departure.return_to.to_owned(),
            admin: departure.admin,
            ..self.new_attempt(connection, departure.purpose, ANSWER_SECONDS, now)
        }
    }

    async fn begin_saml(
        &self,
        tenant: &Tenant,
        connection: &Connection,
        setup: &SamlSetup,
        departure: &Departure<'_>,
        now: Timestamp,
    ) -> Result<Result<(Attempt, String), Refused>, Error> {
        let Some(found) = &setup.found else { return Ok(Err(SignInCause::ConnectionIncomplete.into())) };
        let id = self.message_id();
        let request = AuthnRequest {
            id: &id,
            issued: now.moment(),
            destination: &found.sso_url,
            sp_entity_id: &departure.service.entity_id,
            acs_url: &departure.service.acs,
            name_id_format: None,
            force_authn: false,
            is_passive: false,
        };
        let key = if setup.signs_requests { self.signing_key(&tenant.scope()).await? } else { None };
        if setup.signs_requests && key.is_none() {
            return Ok(Err(SignInCause::KeyMissing.into()));
        }
        let address = match request.address(None, key.as_ref()) {
            Ok(address) => with_login_hint(address, departure.login_hint, setup.signs_requests),
            Err(fault) => return Ok(Err(Refused::new(SignInCause::KeyMissing, fault.to_string()))),
        };
        Ok(Ok((self.attempt(connection, departure, digest(&id), now), address)))
    }

    /// An id for a message of ours.
    pub(super) fn message_id(&self) -> String {
        let bytes = self.tools.secrets.bytes();
        let mut half = [0; 16];
        half.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        message_id(half)
    }

    fn begin_oidc(
        &self,
        scope: &TenantScope,
        connection: &Connection,
        setup: &OidcSetup,
        departure: &Departure<'_>,
        now: Timestamp,
    ) -> Result<Result<(Attempt, String), Refused>, Error> {
        let provider = match self.provider(setup) {
            Ok(provider) => provider,
            Err(refused) => return Ok(Err(refused)),
        };
        let request = AuthorizationRequest {
            provider: &provider.metadata,
            client_id: &setup.client_id,
            redirect_uri: &departure.service.redirect_uri,
            login_hint: departure.login_hint,
            prompt: None,
        };
        let [state, nonce, verifier] = std::array::from_fn(|_| self.tools.secrets.bytes());
        let (address, pending) = request.begin(&Randomness { state, nonce, verifier });
        let attempt = self.attempt(connection, departure, pending.state_digest, now);
        let secret = secrecy::ExposeSecret::expose_secret(&pending.verifier);
        let kept = json!({
            "nonce": pending.nonce, "verifier": secret, "issuer": pending.issuer,
            "redirect_uri": pending.redirect_uri,
        });
        let about = about_attempt(scope, attempt.id);
        let sealed = self.tools.keys.ring().seal(kept.to_string().as_bytes(), &about).map_err(StoreError::Internal)?;
        Ok(Ok((Attempt { secret: Some(sealed), ..attempt }, address.into())))
    }

    /// What was kept of a sign-in by OpenID Connect; none when the ring does not open it.
    pub(super) async fn pending(&self, scope: &TenantScope, attempt: &Attempt) -> Option<PendingSignIn> {
        let sealed = attempt.secret.as_ref()?;
        let ring = self.accounts.ring_for(sealed).await;
        let kept = ring.open(sealed, &about_attempt(scope, attempt.id))?;
        let kept: serde_json::Value = serde_json::from_slice(&kept).ok()?;
        let text = |name: &str| kept.get(name)?.as_str().map(str::to_owned);
        Some(PendingSignIn {
            state_digest: attempt.handle?,
            nonce: text("nonce")?,
            verifier: text("verifier")?.into(),
            issuer: text("issuer")?,
            redirect_uri: text("redirect_uri")?,
        })
    }
}

fn about_attempt(scope: &TenantScope, id: AttemptId) -> String {
    format!("sign-in {} {id}", scope.tenant())
}

/// Entra takes the name that was typed from here, as it refuses requests with a subject. What is signed is not touched.
fn with_login_hint(address: String, hint: Option<&str>, is_signed: bool) -> String {
    match hint.filter(|_| !is_signed) {
        None => address,
        Some(hint) => {
            let hint = percent_encoding::utf8_percent_encode(hint, percent_encoding::NON_ALPHANUMERIC);
            format!("{address}&login_hint={hint}")
        }
    }
}
