//! Answers by SAML.

use sso::saml::response::{self, Envelope, Expected, VerifiedAssertion};
use sso::saml::signature::StrictProfile;
use sso::{SamlFault, ServiceProviderKey};

use super::{Landing, Logged, SingleSignOn};
use crate::Error;
use crate::connection::arrival::Arrival;
use crate::connection::attempt::{ARRIVAL_SECONDS, Answer, Attempt, Purpose, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::saml::SamlFound;
use crate::connection::service::ServiceAddresses;
use crate::connection::{Connection, Setup};
use crate::ops::accounts::Visitor;
use crate::ports::offloaded;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

/// The form that an identity provider has a browser post.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The field `SAMLResponse`.
    pub response: String,
    /// The field `RelayState`; empty when there is none.
    pub relay_state: String,
}

/// Whose answer it is, as far as the unsigned outside says.
struct Addressee {
    connection: Connection,
    found: SamlFound,
    /// What it answers; none when the identity provider began.
    attempt: Option<Attempt>,
    /// The id of the request.
    request: Option<String>,
}

impl SingleSignOn {
    /// Takes an answer by SAML in.
    ///
    /// # Errors
    /// Those of the store. What is wrong with the answer is the [`Landing`].
    pub async fn saml_response(
        &self,
        tenant: &Tenant,
        posted: Posted,
        service: &ServiceAddresses,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        if let Err(wait) = self.throttle.sign_on(tenant.id, visitor.address).await {
            return Ok(Landing::Wait(wait));
        }
        let scope = tenant.scope();
        let read = offloaded(self.tools.offload.as_ref(), move || {
            let document = response::decode(&posted.response)?;
            let envelope = Envelope::read(&document)?;
            Ok::<_, SamlFault>((document, envelope))
        });
        let (document, envelope) = match read.await? {
            Ok(read) => read,
            Err(fault) => {
                let logged = Logged::of_nothing(None, visitor);
                return Ok(Landing::Refused(self.refuse(tenant, &logged, fault.into(), now).await?));
            }
        };
        let addressee = match self.addressee(&scope, envelope, now).await? {
            Ok(addressee) => addressee,
            Err((connection, refused)) => {
                let logged = Logged::of_nothing(connection, visitor);
                return Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?));
            }
        };
        let checked = self.check(tenant, &addressee, document, service, now).await?;
        let return_to = posted.relay_state;
        match checked {
            Ok(assertion) => self.keep_assertion(tenant, addressee, assertion, return_to, visitor, now).await,
            Err(refused) => self.refuse_answer(tenant, &addressee, refused, visitor, now).await,
        }
    }

    async fn addressee(
        &self,
        scope: &TenantScope,
        envelope: Envelope,
        now: Timestamp,
    ) -> Result<Result<Addressee, (Option<crate::ids::ConnectionId>, Refused)>, Error> {
        let mut read = self.tools.store.read(scope).await?;
        let unknown = |detail: &str| Refused::new(SignInCause::RequestUnknown, detail);
        let Some(request) = envelope.in_response_to else {
            let issuer = envelope.issuer.as_deref();
            let mut all = read.list_connections().await?;
            all.retain(|connection| saml_of(connection).is_some_and(|found| Some(found.entity_id.as_str()) == issuer));
            // Of several connections with one identity provider the one that may be used so.
            all.sort_by_key(|connection| !(connection.is_open() && connection.rules.idp_initiated));
            let Some(connection) = all.into_iter().next() else {
                let issuer: String = issuer.unwrap_or_default().chars().take(200).collect();
                let detail = format!("no connection is with \"{issuer}\"");
                return Ok(Err((None, Refused::new(SignInCause::WrongIssuer, detail))));
            };
            return Ok(match saml_of(&connection).cloned() {
                Some(_) if !connection.is_open() => Err((Some(connection.id), SignInCause::ConnectionOff.into())),
                Some(found) => Ok(Addressee { connection, found, attempt: None, request: None }),
                None => Err((None, SignInCause::WrongIssuer.into())),
            });
        };
        let attempt = read.find_attempt_by_handle(&digest(&request)).await?;
        let Some(attempt) = attempt.filter(|attempt| attempt.purpose != Purpose::SignOut) else {
            return Ok(Err((None, unknown("no request of that id was made here within the last 15 minutes"))));
        };
        let id = attempt.connection;
        if attempt.answer.is_some() {
            return Ok(Err((Some(id), unknown("the request was answered already"))));
        }
        if attempt.expires <= now {
            return Ok(Err((Some(id), unknown("the request is older than 15 minutes"))));
        }
        let connection = read.find_connection(id).await?;
        let Some((connection, found)) = connection.and_then(|it| saml_of(&it).cloned().map(|found| (it, found))) else {
            return Ok(Err((Some(id), SignInCause::ConnectionIncomplete.into())));
        };
        if attempt.purpose != Purpose::Test && !connection.is_open() {
            return Ok(Err((Some(id), SignInCause::ConnectionOff.into())));
        }
        Ok(Ok(Addressee { connection, found, attempt: Some(attempt), request: Some(request) }))
    }

    /// Checks the signed part, twice where the identity provider may have changed its certificate.
    async fn check(
        &self,
        tenant: &Tenant,
        addressee: &Addressee,
        document: String,
        service: &ServiceAddresses,
        now: Timestamp,
    ) -> Result<Result<VerifiedAssertion, Refused>, Error> {
        let scope = tenant.scope();
        let keys = self.open_keys(&scope).await?;
        let first = self.verify(addressee, &addressee.found, &document, service, keys.clone(), now).await?;
        let fault = match first {
            Ok(assertion) => return Ok(Ok(assertion)),
            Err(fault) => fault,
        };
        if fault.may_be_a_new_certificate() {
            let anew = match self.learn(&self.tools.in_front_of_a_page(), &scope, &addressee.connection, now).await? {
                Ok(anew) => anew,
                Err(refused) => return Ok(Err(refused.after(&fault))),
            };
            if let Some(found) = saml_of(&anew).filter(|found| found.certificates != addressee.found.certificates) {
                let again = self.verify(addressee, found, &document, service, keys, now).await?;
                return Ok(again.map_err(Refused::from));
            }
        }
        Ok(Err(fault.into()))
    }

    async fn verify(
        &self,
        addressee: &Addressee,
        found: &SamlFound,
        document: &str,
        service: &ServiceAddresses,
        keys: Vec<ServiceProviderKey>,
        now: Timestamp,
    ) -> Result<Result<VerifiedAssertion, SamlFault>, Error> {
        let (found, document, service) = (found.clone(), document.to_owned(), service.clone());
        let request = addressee.request.clone();
        let unsolicited_allowed = request.is_none() && addressee.connection.rules.idp_initiated;
        let check = move || {
            let expected = Expected {
                idp_entity_id: &found.entity_id,
                sp_entity_id: &service.entity_id,
                acs_url: &service.acs,
                request_id: request.as_deref(),
                unsolicited_allowed,
                certificates: &found.certificates(),
                keys: &keys,
                now: now.moment(),
            };
            response::verify(&document, &expected, &StrictProfile)
        };
        offloaded(self.tools.offload.as_ref(), check).await
    }

    /// Uses the assertion up and keeps what it says, until the browser picks it up.
    async fn keep_assertion(
        &self,
        tenant: &Tenant,
        addressee: Addressee,
        assertion: VerifiedAssertion,
        relay_state: String,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        let scope = tenant.scope();
        let (id, until) = (assertion.id.clone(), Timestamp::of(assertion.valid_until));
        let arrival = Arrival::of_assertion(assertion);
        let Addressee { connection, attempt, .. } = addressee;
        let attempt = match attempt {
            Some(attempt) => attempt,
            None => match connection.return_address(&relay_state) {
                Ok(return_to) => self.unasked(&connection, return_to, now),
                Err(refused) => {
                    let logged = Logged { arrival: Some(&arrival), ..Logged::of_nothing(Some(connection.id), visitor) };
                    return Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?));
                }
            },
        };
        let ticket = hex::encode(self.tools.secrets.bytes());
        let mut tx = self.tools.store.write(&scope).await?;
        if attempt.handle.is_none() {
            tx.insert_attempt(&attempt).await?;
        }
        let answer = Answer::Arrived(Box::new(arrival));
        let is_first = tx.use_assertion(connection.id, &id, until).await?
            && tx.answer_attempt(attempt.id, &answer, &digest(&ticket), attempt.purpose.keeps_until(now)).await?;
        if !is_first {
            drop(tx);
            let refused = Refused::new(SignInCause::Replayed, "the assertion was used already");
            let logged = Logged::of(&attempt, visitor);
            return Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?));
        }
        tx.commit().await?;
        let Answer::Arrived(arrival) = answer else { return Ok(Landing::PickUp { ticket, purpose: attempt.purpose }) };
        self.land(tenant, &attempt, *arrival, ticket, visitor, now).await
    }

    /// An attempt that the identity provider began.
    fn unasked(&self, connection: &Connection, return_to: String, now: Timestamp) -> Attempt {
        Attempt { return_to, ..self.new_attempt(connection, Purpose::SignIn, ARRIVAL_SECONDS, now) }
    }

    async fn refuse_answer(
        &self,
        tenant: &Tenant,
        addressee: &Addressee,
        refused: Refused,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        match &addressee.attempt {
            // Whoever sends something wrong must not end a sign-in that is under way.
            Some(attempt) if attempt.purpose == Purpose::Test => {
                self.fail_test(tenant, attempt, refused, visitor, now).await
            }
            Some(attempt) => {
                let logged = Logged::of(attempt, visitor);
                Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?))
            }
            None => {
                let logged = Logged::of_nothing(Some(addressee.connection.id), visitor);
                Ok(Landing::Refused(self.refuse(tenant, &logged, refused, now).await?))
            }
        }
    }

    /// The key that signs: the oldest, since identity providers may not have been given the newer one yet.
    pub(super) async fn signing_key(&self, scope: &TenantScope) -> Result<Option<ServiceProviderKey>, Error> {
        Ok(self.open_keys(scope).await?.pop())
    }

    /// The tenant's own keys that the ring opens, the newest first.
    pub(super) async fn open_keys(&self, scope: &TenantScope) -> Result<Vec<ServiceProviderKey>, Error> {
        let mut opened = Vec::new();
        for stored in self.connections.own_keys(scope).await? {
            let ring = self.accounts.ring_for(&stored.private).await;
            opened.extend(stored.open(&ring, scope.tenant()));
        }
        Ok(opened)
    }
}

/// The identity provider of a connection by SAML that is set up.
pub(super) fn saml_of(connection: &Connection) -> Option<&SamlFound> {
    match &connection.setup {
        Setup::Saml(saml) => saml.found.as_ref(),
        Setup::Oidc(_) => None,
    }
}

impl Connection {
    /// Where a sign-in that the identity provider began leads: to what it says, if that is on the list; without a word, to the
    /// person's own page, for which nothing stands.
    fn return_address(&self, relay_state: &str) -> Result<String, Refused> {
        match relay_state {
            "" => Ok(String::new()),
            said if self.rules.return_addresses.iter().any(|allowed| allowed == said) => Ok(said.to_owned()),
            _ => Err(Refused::new(SignInCause::ReturnAddress, "its RelayState is not on the list of this connection")),
        }
    }
}
