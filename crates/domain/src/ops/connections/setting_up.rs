//! Telling a connection who the identity provider is, and how its people are joined.

use scim_protocol::secret::Secret;

use super::{Connections, checked_name};
use crate::Error;
use crate::admin::AdminRole;
use crate::connection::cause::Refused;
use crate::connection::key::SecretHolder;
use crate::connection::oidc::OidcSetup;
use crate::connection::saml::{SamlFound, SamlSource};
use crate::connection::{Connection, IdentityClaim, Protocol, Reading, Rules, Setup, identity_claims};
use crate::context::OpContext;
use crate::ids::ConnectionId;
use crate::journal::Fact;
use crate::ops::accounts::require_manager;
use crate::store::{StoreError, TenantTx};

/// What an admin gives of an identity provider that speaks SAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SamlInput {
    /// Where its metadata is.
    Url(String),
    /// Its metadata.
    Document(String),
    Hand {
        entity_id: String,
        sso_url: String,
        /// PEM, one after the other.
        certificates: String,
    },
}

/// What an admin gives of an OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct OidcInput {
    pub issuer: String,
    pub client_id: String,
    /// None keeps the one that is there.
    pub secret: Option<Secret>,
}

/// A set-up that was changed is a set-up that nobody has tested.
fn untested(connection: &mut Connection) {
    connection.setup_version += 1;
    connection.test_failed = None;
}

/// What an admin did wrong, or the identity provider.
fn told(refused: Refused) -> Error {
    Error::NotAllowed(refused.detail)
}

impl Connections {
    /// Tells a connection who the identity provider is. An address is asked at once: what cannot be read is not saved.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Outdated`]; [`Error::NotAllowed`] says what is wrong with the description.
    pub async fn set_saml(
        &self,
        cx: &OpContext,
        id: ConnectionId,
        seen: Option<i64>,
        input: SamlInput,
    ) -> Result<Connection, Error> {
        if matches!(input, SamlInput::Url(_)) {
            self.spend_reading(cx).await?;
        }
        let (source, found) = self.read_saml(cx, input).await?;
        let change = async |tx: &mut dyn TenantTx, connection: &mut Connection| {
            require_manager_of_joined(tx, cx, id).await?;
            let Setup::Saml(setup) = &mut connection.setup else { return Err(other_protocol(Protocol::Saml)) };
            let is_fetched = matches!(source, SamlSource::Url(_));
            setup.signs_requests |= found.wants_signed_requests;
            if (&setup.source, setup.found.as_ref()) != (&source, Some(&found)) {
                setup.source = source;
                setup.found = Some(found);
                untested(connection);
            }
            let read = is_fetched.then_some(cx.now);
            connection.reading = Reading { done: read, tried: read, fault: None };
            Ok(())
        };
        Ok(self.change(cx, id, seen, change).await?.0)
    }

    async fn read_saml(&self, cx: &OpContext, input: SamlInput) -> Result<(SamlSource, SamlFound), Error> {
        let wanted = self.tools.wanted(None, cx.now);
        let words = |fault: crate::connection::saml::SamlSourceFault| Error::NotAllowed(fault.to_string());
        Ok(match input {
            SamlInput::Url(url) => {
                let url = url.trim().to_owned();
                let found = self.tools.read_metadata(&url, None, cx.now).await.map_err(told)?;
                (SamlSource::Url(url), found)
            }
            SamlInput::Document(document) => {
                (SamlSource::File, SamlFound::read(document.trim(), &wanted).map_err(words)?)
            }
            SamlInput::Hand { entity_id, sso_url, certificates } => {
                let found = SamlFound::by_hand(&entity_id, &sso_url, &certificates, &wanted);
                (SamlSource::Hand, found.map_err(words)?)
            }
        })
    }

    /// Tells a connection who the provider is and who we are to it. The provider is asked at once.
    ///
    /// # Errors
    /// As [`Connections::set_saml`]; [`Error::NotAllowed`] also for another issuer without a secret where one is kept, so that
    /// nobody has it sent to a server of theirs.
    pub async fn set_oidc(
        &self,
        cx: &OpContext,
        id: ConnectionId,
        seen: Option<i64>,
        input: OidcInput,
    ) -> Result<Connection, Error> {
        let OidcInput { issuer, client_id, secret } = input;
        let (issuer, client_id) = (issuer.trim(), client_id.trim().to_owned());
        if client_id.is_empty() || client_id.len() > 500 || client_id.contains(char::is_control) {
            return Err(Error::NotAllowed("the client ID is missing or longer than 500 characters".to_owned()));
        }
        let known = self.tools.issuer(issuer).map_err(told)?;
        self.spend_reading(cx).await?;
        let found = self.tools.read_provider(&known).await.map_err(told)?;
        let about = SecretHolder::Connection(id).about(cx.scope.tenant());
        let change = async |tx: &mut dyn TenantTx, connection: &mut Connection| {
            require_manager_of_joined(tx, cx, id).await?;
            let Setup::Oidc(setup) = &mut connection.setup else { return Err(other_protocol(Protocol::Oidc)) };
            let before = setup.clone();
            let keeps_secret = secret.is_none() && tx.connection_secret(id).await?.is_some();
            if keeps_secret && before.issuer != issuer {
                return Err(Error::NotAllowed(
                    "enter the client secret too: the one that is kept is for another issuer, and is sent to no other"
                        .to_owned(),
                ));
            }
            // Only Entra says an object id.
            let is_first_of_others = before.found.is_none() && known.tenant().is_none();
            *setup = OidcSetup {
                issuer: issuer.to_owned(),
                client_id,
                secret_end: secret.as_ref().map_or(before.secret_end.clone(), |secret| end_of(secret.reveal())),
                found: Some(found),
            };
            let is_other = (&before.issuer, &before.client_id) != (&setup.issuer, &setup.client_id);
            if is_first_of_others {
                connection.rules.identity = IdentityClaim::Subject;
            }
            if is_other || secret.is_some() {
                untested(connection);
            }
            connection.reading = Reading { done: Some(cx.now), tried: Some(cx.now), fault: None };
            if let Some(secret) = &secret {
                let ring = self.tools.keys.ring();
                let sealed = ring.seal(secret.reveal().as_bytes(), &about).map_err(StoreError::Internal)?;
                tx.set_connection_secret(id, Some(&sealed)).await?;
                let fact = Fact::client_secret_set(connection, &end_of(secret.reveal()));
                self.tools.record(tx, cx, &fact).await?;
            }
            Ok(())
        };
        Ok(self.change(cx, id, seen, change).await?.0)
    }

    /// Names a connection and says how its people are joined.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Outdated`]; [`Error::NotAllowed`] for what the protocol does not have.
    pub async fn set_rules(
        &self,
        cx: &OpContext,
        id: ConnectionId,
        seen: Option<i64>,
        name: &str,
        rules: Rules,
        signs_requests: bool,
    ) -> Result<Connection, Error> {
        let name = checked_name(name)?;
        let change = async |tx: &mut dyn TenantTx, connection: &mut Connection| {
            let protocol = connection.protocol();
            if !identity_claims(protocol).contains(&rules.identity) {
                return Err(Error::NotAllowed("people cannot be joined by this with this protocol".to_owned()));
            }
            if rules.idp_initiated && protocol == Protocol::Oidc {
                return Err(Error::NotAllowed("with OpenID Connect every sign-in begins here".to_owned()));
            }
            let is_other_claim = rules.identity != connection.rules.identity;
            if is_other_claim {
                require_manager_of_joined(tx, cx, id).await?;
            }
            connection.name = name;
            connection.rules = rules;
            let mut is_other_way = false;
            if let Setup::Saml(setup) = &mut connection.setup {
                is_other_way = setup.signs_requests != signs_requests;
                setup.signs_requests = signs_requests;
            }
            if is_other_claim || is_other_way {
                untested(connection);
            }
            Ok(())
        };
        Ok(self.change(cx, id, seen, change).await?.0)
    }
}

/// Whoever says who the identity provider is can sign in as any admin whose account is joined to it: only those say it who may
/// manage all of these accounts.
async fn require_manager_of_joined(tx: &mut dyn TenantTx, cx: &OpContext, id: ConnectionId) -> Result<(), Error> {
    let admins = tx.list_admins().await?;
    let joined = admins.iter().map(|known| &known.admin);
    let joined = joined.filter(|admin| admin.identity.as_ref().is_some_and(|identity| identity.connection == id));
    for role in joined.map(|admin| admin.role) {
        require_manager(tx, &cx.actor, role).await.map_err(|error| match (error, role) {
            (Error::NotAllowed(_), AdminRole::Owner) => Error::NotAllowed(
                "an owner signs in by this connection, so only an owner can change whom it is with".to_owned(),
            ),
            (Error::NotAllowed(_), _) => Error::NotAllowed(
                "an admin signs in by this connection, so only owners and admins can change whom it is with".to_owned(),
            ),
            (other, _) => other,
        })?;
    }
    Ok(())
}

fn other_protocol(wanted: Protocol) -> Error {
    Error::NotAllowed(format!("this connection does not speak {}", wanted.as_str()))
}

/// The last four characters of a secret that is long enough for them to tell nothing.
fn end_of(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    match letters.len() {
        0..12 => String::new(),
        length => letters.get(length - 4..).unwrap_or_default().iter().collect(),
    }
}
