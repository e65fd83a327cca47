//! Signing out, here and on the other side.

use sso::oidc::logout::LogoutRequest as OidcLogout;
use sso::saml::NameId;
use sso::saml::logout::{LogoutExpected, LogoutMessage, LogoutRequest, LogoutResponse, read};
use sso::{Certificate, SamlFault};

use super::saml::saml_of;
use super::{Logged, SingleSignOn};
use crate::Error;
use crate::connection::attempt::{ANSWER_SECONDS, Attempt, Purpose, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::saml::SamlFound;
use crate::connection::service::ServiceAddresses;
use crate::connection::{Connection, Setup};
use crate::context::OpContext;
use crate::journal::Fact;
use crate::ops::accounts::Visitor;
use crate::ops::connections::SignOnTools;
use crate::person::{PersonCaller, StoredPersonSession};
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

/// What became of a person's signing out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// Where the browser goes to end the identity provider's session too; none where it offers no such place.
    pub address: Option<String>,
}

/// Where a browser goes with a logout message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutLanding {
    /// Back to the identity provider, with our answer.
    Away(String),
    /// It has ended there what we wanted it to end.
    SignedOut,
    Refused(Refused),
    Wait(u64),
}

impl SingleSignOn {
    /// Ends the caller's session, and says where to end the identity provider's.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_out(
        &self,
        cx: &OpContext,
        caller: &PersonCaller,
        service: &ServiceAddresses,
    ) -> Result<SignedOut, Error> {
        let own = caller.session.id;
        self.end(cx, caller, |session| session.id == own, "signed_out").await?;
        let connection =
            self.tools.store.read(&cx.scope).await?.find_connection(caller.session.sign_on.connection).await?;
        let address = match connection {
            Some(connection) => self.logout_address(cx, &connection, &caller.session, service).await?,
            None => None,
        };
        Ok(SignedOut { address })
    }

    async fn logout_address(
        &self,
        cx: &OpContext,
        connection: &Connection,
        session: &StoredPersonSession,
        service: &ServiceAddresses,
    ) -> Result<Option<String>, Error> {
        match &connection.setup {
            Setup::Oidc(setup) => {
                let request = OidcLogout {
                    client_id: &setup.client_id,
                    id_token_hint: None,
                    post_logout_redirect_uri: Some(&service.signed_out),
                    state: None,
                };
                let provider = self.provider(setup).ok();
                Ok(provider.and_then(|provider| request.url(&provider.metadata)).map(String::from))
            }
            Setup::Saml(saml) => {
                let slo = saml.found.as_ref().and_then(|found| found.slo_url.as_deref());
                let Some((destination, name)) = slo.zip(session.sign_on.name.clone()) else { return Ok(None) };
                let (id, name_id) = (self.message_id(), NameId::from(name));
                let request = LogoutRequest {
                    id: &id,
                    issued: cx.now.moment(),
                    destination,
                    sp_entity_id: &service.entity_id,
                    name_id: &name_id,
                    session_index: session.sign_on.session.as_deref(),
                };
                let key = self.signing_key(&cx.scope).await?;
                let Ok(address) = request.address(None, key.as_ref()) else { return Ok(None) };
                let mut tx = self.tools.store.write(&cx.scope).await?;
                let attempt = self.new_attempt(connection, Purpose::SignOut, ANSWER_SECONDS, cx.now);
                tx.insert_attempt(&Attempt { handle: Some(digest(&id)), ..attempt }).await?;
                tx.commit().await?;
                Ok(Some(address))
            }
        }
    }

    /// Takes a logout message by SAML in: a request ends the sessions it names, an answer ends a signing out that was begun here.
    /// A request without a signature ends only the session of the browser that brings it (`own`): somebody else's page could
    /// have made it come.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn saml_logout(
        &self,
        tenant: &Tenant,
        query: &str,
        own: Option<&PersonCaller>,
        service: &ServiceAddresses,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<LogoutLanding, Error> {
        if let Err(wait) = self.throttle.sign_on(tenant.id, visitor.address).await {
            return Ok(LogoutLanding::Wait(wait));
        }
        let scope = tenant.scope();
        let all = self.connections.list(&scope).await?;
        let mut fault = Refused::new(SignInCause::WrongIssuer, "no connection by SAML is set up");
        let mut whose = None;
        for connection in &all {
            let Some(found) = saml_of(connection) else { continue };
            match understand(query, found, service, now) {
                Ok((message, is_signed)) => {
                    return self
                        .log_out(
                            tenant,
                            (connection, found),
                            message,
                            own.filter(|_| !is_signed),
                            is_signed,
                            service,
                            visitor,
                            now,
                        )
                        .await;
                }
                Err(SamlFault::WrongIssuer { .. }) if whose.is_some() => {}
                Err(other) => {
                    if !matches!(other, SamlFault::WrongIssuer { .. }) {
                        whose = Some(connection.id);
                    }
                    fault = other.into();
                }
            }
        }
        let logged = Logged { purpose: Purpose::SignOut, ..Logged::of_nothing(whose, visitor) };
        Ok(LogoutLanding::Refused(self.refuse(tenant, &logged, fault, now).await?))
    }

    #[expect(clippy::too_many_arguments, reason = "each is another part of one message")]
    async fn log_out(
        &self,
        tenant: &Tenant,
        (connection, found): (&Connection, &SamlFound),
        message: LogoutMessage,
        own: Option<&PersonCaller>,
        is_signed: bool,
        service: &ServiceAddresses,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<LogoutLanding, Error> {
        let scope = tenant.scope();
        match message {
            LogoutMessage::Response { in_response_to, .. } => {
                let asked =
                    self.tools.store.read(&scope).await?.find_attempt_by_handle(&digest(&in_response_to)).await?;
                let is_ours = asked.is_some_and(|it| it.purpose == Purpose::SignOut && it.connection == connection.id);
                if is_ours {
                    return Ok(LogoutLanding::SignedOut);
                }
                let refused = Refused::new(SignInCause::RequestUnknown, "it answers no logout that was begun here");
                let logged = Logged { purpose: Purpose::SignOut, ..Logged::of_nothing(Some(connection.id), visitor) };
                Ok(LogoutLanding::Refused(self.refuse(tenant, &logged, refused, now).await?))
            }
            LogoutMessage::Request { id, name_id, session_indexes, relay_state } => {
                let named = Named { issuer: &found.entity_id, name: &name_id.value, indexes: &session_indexes };
                let ended = self.end_named(&scope, &named, (own, is_signed), now).await?;
                if ended == 0 && !is_signed {
                    let refused = SamlFault::Unsigned.into();
                    let of = Some(connection.id);
                    let logged = Logged { purpose: Purpose::SignOut, ..Logged::of_nothing(of, visitor) };
                    return Ok(LogoutLanding::Refused(self.refuse(tenant, &logged, refused, now).await?));
                }
                let answer_id = self.message_id();
                let destination = found.slo_response_url.as_ref().or(found.slo_url.as_ref());
                let Some(destination) = destination else { return Ok(LogoutLanding::SignedOut) };
                let answer = LogoutResponse {
                    id: &answer_id,
                    issued: now.moment(),
                    destination,
                    sp_entity_id: &service.entity_id,
                    in_response_to: &id,
                };
                let key = self.signing_key(&scope).await?;
                match answer.address(relay_state.as_deref(), key.as_ref()) {
                    Ok(address) => Ok(LogoutLanding::Away(address)),
                    Err(_) => Ok(LogoutLanding::SignedOut),
                }
            }
        }
    }

    /// Ends the sessions that are named, by whichever of the connections with this identity provider they began; gives how many.
    async fn end_named(
        &self,
        scope: &TenantScope,
        named: &Named<'_>,
        (own, is_signed): (Option<&PersonCaller>, bool),
        now: Timestamp,
    ) -> Result<usize, Error> {
        let cx = SignOnTools::own_context(scope, now);
        let mut tx = self.tools.store.write(scope).await?;
        let mut meant = Vec::new();
        for connection in tx.list_connections().await? {
            if saml_of(&connection).is_some_and(|found| found.entity_id == named.issuer) {
                meant.extend(tx.sessions_of_key(connection.id, named.name, None).await?);
            }
        }
        let may = |session: &StoredPersonSession| is_signed || own.is_some_and(|own| own.session.id == session.id);
        let mut ended = 0;
        for session in meant.into_iter().filter(|session| may(session) && named.is(session)) {
            if tx.end_person_session(session.id).await? && session.is_live(now) {
                let fact = Fact::person_session_ended(&session, "signed_out_at_provider");
                self.tools.record(tx.as_mut(), &cx, &fact).await?;
                ended += 1;
            }
        }
        tx.commit().await?;
        Ok(ended)
    }
}

/// Whom an identity provider wants to be signed out.
struct Named<'n> {
    /// Who says so.
    issuer: &'n str,
    name: &'n str,
    /// Its own names of their sessions; none means all.
    indexes: &'n [String],
}

impl Named<'_> {
    fn is(&self, session: &StoredPersonSession) -> bool {
        let is_named = session.sign_on.session.as_ref().is_none_or(|index| self.indexes.contains(index));
        self.indexes.is_empty() || is_named
    }
}

/// Reads a message of an identity provider, and whether it is signed.
fn understand(
    query: &str,
    found: &SamlFound,
    service: &ServiceAddresses,
    now: Timestamp,
) -> Result<(LogoutMessage, bool), SamlFault> {
    let issuers = found.logout_issuers();
    let issuers: Vec<&str> = issuers.iter().map(String::as_str).collect();
    let certificates: Vec<Certificate> = found.certificates();
    let expected = |unsigned_allowed| LogoutExpected {
        issuers: &issuers,
        slo_url: &service.slo,
        certificates: &certificates,
        unsigned_allowed,
        now: now.moment(),
    };
    match read(query, &expected(false)) {
        Ok(message) => Ok((message, true)),
        Err(SamlFault::Unsigned) => read(query, &expected(true)).map(|message| (message, false)),
        Err(fault) => Err(fault),
    }
}
