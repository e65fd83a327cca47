//! Answers by OpenID Connect.

use scim_protocol::secret::Secret;
use secrecy::{ExposeSecret, SecretString};
use sso::oidc::OidcFault;
use sso::oidc::authorize::PendingSignIn;
use sso::oidc::callback::Callback;
use sso::oidc::id_token::{self, Expected, VerifiedIdToken};
use sso::oidc::token::{self, Client, TokenRequest, TokenResponse};

use super::{Landing, Logged, SingleSignOn};
use crate::Error;
use crate::connection::arrival::Arrival;
use crate::connection::attempt::{Answer, Attempt, Purpose, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::key::SecretHolder;
use crate::connection::oidc::{OidcSetup, Provider};
use crate::connection::{Connection, Setup};
use crate::fetch::Question;
use crate::ops::accounts::Visitor;
use crate::ops::connections::SignOnTools;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

impl SingleSignOn {
    /// Takes an answer by OpenID Connect in. `query`: of the address the browser came to. `browser`: its cookie.
    ///
    /// # Errors
    /// Those of the store. What is wrong with the answer is the [`Landing`].
    pub async fn oidc_callback(
        &self,
        tenant: &Tenant,
        query: &str,
        browser: Option<&str>,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        if let Err(wait) = self.throttle.sign_on(tenant.id, visitor.address).await {
            return Ok(Landing::Wait(wait));
        }
        let scope = tenant.scope();
        let nothing = Logged::of_nothing(None, visitor);
        let callback = match Callback::read(query) {
            Ok(callback) => callback,
            Err(fault) => return Ok(Landing::Refused(self.refuse(tenant, &nothing, fault.into(), now).await?)),
        };
        let attempt = self.tools.store.read(&scope).await?.find_attempt_by_handle(callback.state_digest()).await?;
        let attempt = attempt.filter(|attempt| attempt.expires > now);
        let Some(attempt) = attempt else {
            let refused = OidcFault::UnknownState.into();
            return Ok(Landing::Refused(self.refuse(tenant, &nothing, refused, now).await?));
        };
        let logged = Logged::of(&attempt, visitor);
        if browser.map(digest) != attempt.browser {
            let refused = SignInCause::OtherBrowser.into();
            return Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?));
        }
        // It is answered once: nobody gets a second try with another code.
        let pending = self.pending(&scope, &attempt).await;
        let mut tx = self.tools.store.write(&scope).await?;
        let is_first = tx.take_attempt_secret(attempt.id).await?;
        tx.commit().await?;
        if !is_first {
            let refused = Refused::new(SignInCause::Replayed, "the answer to this sign-in came already");
            return Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?));
        }
        let exchanged = match pending {
            Some(pending) => self.exchange(&scope, &attempt, callback, &pending, now).await?,
            None => Err(SignInCause::KeyMissing.into()),
        };
        match exchanged {
            Ok(token) => self.keep_token(tenant, attempt, Arrival::of_token(token), visitor, now).await,
            Err(refused) if attempt.purpose == Purpose::Test => {
                self.fail_test(tenant, &attempt, refused, visitor, now).await
            }
            Err(refused) => Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?)),
        }
    }

    /// What the code is worth.
    async fn exchange(
        &self,
        scope: &TenantScope,
        attempt: &Attempt,
        callback: Callback,
        pending: &PendingSignIn,
        now: Timestamp,
    ) -> Result<Result<VerifiedIdToken, Refused>, Error> {
        let mut read = self.tools.store.read(scope).await?;
        let Some(connection) = read.find_connection(attempt.connection).await? else {
            return Ok(Err(SignInCause::ConnectionOff.into()));
        };
        let secret = read.connection_secret(attempt.connection).await?;
        drop(read);
        let Setup::Oidc(setup) = &connection.setup else { return Ok(Err(SignInCause::ConnectionIncomplete.into())) };
        if attempt.purpose != Purpose::Test && !connection.is_open() {
            return Ok(Err(SignInCause::ConnectionOff.into()));
        }
        let secret = match &secret {
            None => SecretString::default(),
            Some(sealed) => {
                let ring = self.accounts.ring_for(sealed).await;
                let about = SecretHolder::Connection(connection.id).about(scope.tenant());
                match ring.open(sealed, &about).and_then(|text| String::from_utf8(text).ok()) {
                    Some(text) => text.into(),
                    None => return Ok(Err(SignInCause::KeyMissing.into())),
                }
            }
        };
        let tools = self.tools.in_front_of_a_page();
        let tokens = match self.tokens(&tools, setup, callback, pending, &secret).await {
            Ok(tokens) => tokens,
            Err(refused) => return Ok(Err(refused)),
        };
        self.verify_token(&tools, scope, &connection, setup, pending, &tokens, now).await
    }

    async fn tokens(
        &self,
        tools: &SignOnTools,
        setup: &OidcSetup,
        callback: Callback,
        pending: &PendingSignIn,
        secret: &SecretString,
    ) -> Result<TokenResponse, Refused> {
        let provider = self.provider(setup)?;
        let code = callback.code(pending, &provider.metadata)?;
        let request = TokenRequest::new(&provider.metadata, Client { id: &setup.client_id, secret }, &code, pending);
        let form = Secret::new(request.body.expose_secret().to_owned());
        let authorization = request.authorization.as_ref().map(|text| Secret::new(text.expose_secret().to_owned()));
        let question = Question {
            form: Some(&form),
            authorization: authorization.as_ref(),
            ..Question::document(request.url.as_str(), "application/json", token::MAX_BYTES)
        };
        let answer = tools.fetch.ask(question).await?;
        Ok(TokenResponse::read(answer.status, &answer.body)?)
    }

    /// The provider as it was read.
    pub(super) fn provider(&self, setup: &OidcSetup) -> Result<Provider, Refused> {
        let found = setup.found.as_ref().ok_or(Refused::from(SignInCause::ConnectionIncomplete))?;
        Ok(found.read(&self.tools.issuer(&setup.issuer)?)?)
    }

    /// Checks the ID token, twice where the provider may have changed its keys.
    #[expect(clippy::too_many_arguments, reason = "each is another part of one sign-in")]
    async fn verify_token(
        &self,
        tools: &SignOnTools,
        scope: &TenantScope,
        connection: &Connection,
        setup: &OidcSetup,
        pending: &PendingSignIn,
        tokens: &TokenResponse,
        now: Timestamp,
    ) -> Result<Result<VerifiedIdToken, Refused>, Error> {
        let verify = |provider: &Provider| {
            let expected = Expected {
                provider: &provider.metadata,
                client_id: &setup.client_id,
                nonce: &pending.nonce,
                keys: &provider.keys,
                access_token: tokens.access_token.as_ref().map(ExposeSecret::expose_secret),
                now: now.moment(),
            };
            id_token::verify(tokens.id_token.expose_secret(), &expected)
        };
        let provider = match self.provider(setup) {
            Ok(provider) => provider,
            Err(refused) => return Ok(Err(refused)),
        };
        let fault = match verify(&provider) {
            Ok(token) => return Ok(Ok(token)),
            Err(fault) => fault,
        };
        if fault.may_be_a_new_key() {
            let anew = match self.learn(tools, scope, connection, now).await? {
                Ok(anew) => anew,
                Err(refused) => return Ok(Err(refused.after(&fault))),
            };
            if let Setup::Oidc(anew) = &anew.setup
                && anew.found != setup.found
                && let Ok(provider) = self.provider(anew)
            {
                return Ok(verify(&provider).map_err(Refused::from));
            }
        }
        Ok(Err(fault.into()))
    }

    async fn keep_token(
        &self,
        tenant: &Tenant,
        attempt: Attempt,
        arrival: Arrival,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        let ticket = hex::encode(self.tools.secrets.bytes());
        let mut tx = self.tools.store.write(&tenant.scope()).await?;
        let until = attempt.purpose.keeps_until(now);
        let answer = Answer::Arrived(Box::new(arrival.clone()));
        tx.answer_attempt(attempt.id, &answer, &digest(&ticket), until).await?;
        tx.commit().await?;
        self.land(tenant, &attempt, arrival, ticket, visitor, now).await
    }
}
