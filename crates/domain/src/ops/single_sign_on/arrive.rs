//! Letting somebody in whose answer was right: the browser picks it up, and a session begins.

use super::join::{Joined, Outside, forbidden, join, outside, several};
use super::testing::missing_claim;
use super::{Logged, SingleSignOn};
use crate::Error;
use crate::admin::session::{HolderId, LONGEST_SECONDS, NewSession, SessionSecret, SettingsSignOn};
use crate::admin::{Admin, AdminIdentity};
use crate::connection::Connection;
use crate::connection::arrival::Arrival;
use crate::connection::attempt::{Answer, Attempt, Purpose, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::routing::is_anothers;
use crate::context::{Actor, OpContext};
use crate::directory::{Kind, StoredResource};
use crate::ids::{AdminId, ResourceId, SessionId};
use crate::journal::Fact;
use crate::ops::accounts::{Beginning, Visitor, context_of, shortened};
use crate::ops::connections::SignOnTools;
use crate::person::{SignOn, StoredPersonSession, shown_name};
use crate::store::{StoreError, TenantTx};
use crate::tenant::Tenant;
use crate::timestamp::Timestamp;

/// What a browser comes with to pick an answer up.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'t> {
    pub text: &'t str,
    /// The cookie by which it is known.
    pub browser: Option<&'t str>,
    /// What all addresses of the tenant's settings begin with: who goes there signs in as an admin.
    pub settings: &'t str,
    pub visitor: &'t Visitor,
}

/// How somebody is received.
#[derive(Clone, Debug)]
pub enum Welcome {
    /// A person, with a session of their own.
    Person {
        session: NewSession,
        return_to: String,
    },
    /// An admin, in the settings UI.
    Admin {
        session: NewSession,
        return_to: String,
    },
    Refused(Refused),
    /// Too many came from there; this many seconds are enough to wait.
    Wait(u64),
}

/// Somebody who is let in.
struct Received {
    welcome: Welcome,
    person: Option<ResourceId>,
    outside: Option<Outside>,
}

/// An answer that is being picked up.
struct PickedUp {
    attempt: Attempt,
    connection: Connection,
    arrival: Arrival,
    key: String,
}

impl SingleSignOn {
    /// Picks an answer up and begins the session that it is for. It happens once, in the browser that began the sign-in.
    ///
    /// # Errors
    /// Those of the store. Whoever is not let in is [refused](Welcome::Refused).
    pub async fn pick_up(&self, tenant: &Tenant, ticket: Ticket<'_>, now: Timestamp) -> Result<Welcome, Error> {
        if let Err(wait) = self.throttle.sign_on_step(tenant.id, ticket.visitor.address).await {
            return Ok(Welcome::Wait(wait));
        }
        let picked = match self.take(tenant, &ticket, Purpose::SignIn, now).await? {
            Ok(picked) => picked,
            Err(refused) => return Ok(Welcome::Refused(refused)),
        };
        let logged = Logged {
            arrival: Some(&picked.arrival),
            key: Some(&picked.key),
            ..Logged::of(&picked.attempt, ticket.visitor)
        };
        if let Some(refused) = self.prepare(tenant, &picked, now).await? {
            return Ok(Welcome::Refused(self.refuse(tenant, &logged, refused, now).await?));
        }
        let mut tx = self.tools.store.write(&tenant.scope()).await?;
        tx.lock_tenant().await?;
        let received = self.receive(tx.as_mut(), tenant, &ticket, &picked, now).await?;
        match received {
            Ok(Received { welcome, person, outside }) => {
                self.log(tx.as_mut(), &Logged { person, outside, ..logged }, now).await?;
                tx.commit().await?;
                Ok(welcome)
            }
            Err((refused, person)) => {
                drop(tx);
                let logged = Logged { person, ..logged };
                Ok(Welcome::Refused(self.refuse(tenant, &logged, refused, now).await?))
            }
        }
    }

    /// The answer under a ticket, if this browser may have it for this purpose.
    async fn take(
        &self,
        tenant: &Tenant,
        ticket: &Ticket<'_>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Result<PickedUp, Refused>, Error> {
        let mut read = self.tools.store.read(&tenant.scope()).await?;
        let attempt = read.find_attempt_by_ticket(&digest(ticket.text)).await?;
        let attempt = attempt.filter(|attempt| attempt.expires > now && attempt.purpose == purpose);
        let Some(mut attempt) = attempt else {
            let refused = Refused::new(SignInCause::RequestUnknown, "nothing waits here any more");
            let logged = Logged::of_nothing(None, ticket.visitor);
            return Ok(Err(self.refuse(tenant, &logged, refused, now).await?));
        };
        let connection = read.find_connection(attempt.connection).await?;
        drop(read);
        let logged = Logged::of(&attempt, ticket.visitor);
        let refused: Refused = match (connection, attempt.answer.take()) {
            _ if attempt.browser.is_some() && ticket.browser.map(digest) != attempt.browser => {
                SignInCause::OtherBrowser.into()
            }
            _ if attempt.picked_up.is_some() => {
                Refused::new(SignInCause::Replayed, "somebody was let in with this answer already")
            }
            (Some(connection), Some(Answer::Arrived(arrival))) if connection.is_open() => {
                match arrival.key(connection.rules.identity).map(str::to_owned) {
                    Some(key) => return Ok(Ok(PickedUp { attempt, connection, arrival: *arrival, key })),
                    None => missing_claim(&connection, &arrival),
                }
            }
            (_, Some(Answer::Refused(refused))) => refused,
            _ => SignInCause::ConnectionOff.into(),
        };
        Ok(Err(self.refuse(tenant, &logged, refused, now).await?))
    }

    /// Adds the person to the directory where that is wanted. Gives why they cannot come in, as far as that is known now.
    async fn prepare(&self, tenant: &Tenant, picked: &PickedUp, now: Timestamp) -> Result<Option<Refused>, Error> {
        let scope = tenant.scope();
        let mut read = self.tools.store.read(&scope).await?;
        if !picked.connection.adds_people_to(tenant)
            || join(read.as_mut(), &scope, &picked.key).await? != Joined::Nobody
        {
            return Ok(None);
        }
        drop(read);
        if let Some(refused) = outside(tenant, &picked.arrival, None).and_then(Outside::refused) {
            return Ok(Some(refused));
        }
        let user_name = picked.arrival.user_name.as_deref().unwrap_or_default();
        let domains = self.tools.store.read(&scope).await?.list_domains().await?;
        if is_anothers(user_name, picked.connection.id, &domains) {
            return Ok(Some(SignInCause::OtherConnection.into()));
        }
        let cx = SignOnTools::own_context(&scope, now);
        Ok(self.create_person(&cx, &picked.arrival, &picked.key).await?.err())
    }

    async fn receive(
        &self,
        tx: &mut dyn TenantTx,
        tenant: &Tenant,
        ticket: &Ticket<'_>,
        picked: &PickedUp,
        now: Timestamp,
    ) -> Result<Result<Received, (Refused, Option<ResourceId>)>, Error> {
        let scope = tenant.scope();
        if !tx.pick_up(picked.attempt.id, now).await? {
            return Ok(Err((SignInCause::Replayed.into(), None)));
        }
        if let Some(refused) = changed_since(tx, picked).await? {
            return Ok(Err((refused, None)));
        }
        let person = match join(tx, &scope, &picked.key).await? {
            Joined::Several(people) => {
                return Ok(Err((several(people, &picked.key), None)));
            }
            Joined::Nobody => None,
            // Held until the session is there, so that whoever deactivates the person meanwhile finds it.
            Joined::One(found) => tx.lock(&Kind::USER, found.id).await?,
        };
        let id = person.as_ref().map(|person| person.id);
        let domains = tx.list_domains().await?;
        if let Some(refused) = forbidden(tenant, &domains, &picked.connection, &picked.arrival, person.as_ref()) {
            return Ok(Err((refused, id)));
        }
        let outside = outside(tenant, &picked.arrival, person.as_ref());
        let identity = AdminIdentity { connection: picked.connection.id, key: picked.key.clone() };
        let admin = tx.find_admin_by_identity(&identity).await?.map(|known| known.admin);
        let wants_settings = picked.attempt.return_to.starts_with(ticket.settings);
        Ok(match (person, admin) {
            (person, Some(admin)) if wants_settings || person.is_none() => {
                let welcome = self.receive_admin(tx, tenant, ticket, picked, &admin, id, now).await?;
                Ok(Received { welcome, person: id, outside })
            }
            (_, None) if wants_settings => Err((SignInCause::AdminUnknown.into(), id)),
            (Some(person), _) => {
                let welcome = self.receive_person(tx, tenant, ticket, picked, &person, now).await?;
                Ok(Received { welcome, person: id, outside })
            }
            (None, _) => {
                let detail = format!("nobody of the directory has the externalId \"{}\"", picked.key);
                Err((Refused::new(SignInCause::PersonUnknown, detail), None))
            }
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is another part of one meeting")]
    async fn receive_admin(
        &self,
        tx: &mut dyn TenantTx,
        tenant: &Tenant,
        ticket: &Ticket<'_>,
        picked: &PickedUp,
        admin: &Admin,
        person: Option<ResourceId>,
        now: Timestamp,
    ) -> Result<Welcome, Error> {
        let cx = context_of(tenant, admin.actor(), ticket.visitor, now);
        let beginning = Beginning {
            holder: HolderId::Admin(admin.id),
            is_complete: true,
            by_second_step: false,
            by: "single sign-on",
            sign_on: Some(SettingsSignOn { connection: picked.connection.id, person }),
            visitor: ticket.visitor,
        };
        let session = self.accounts.begin(tx, &cx, beginning).await?;
        let return_to = match picked.attempt.return_to.starts_with(ticket.settings) {
            true => picked.attempt.return_to.clone(),
            false => format!("{}/user-authentication", ticket.settings),
        };
        Ok(Welcome::Admin { session, return_to })
    }

    async fn receive_person(
        &self,
        tx: &mut dyn TenantTx,
        tenant: &Tenant,
        ticket: &Ticket<'_>,
        picked: &PickedUp,
        person: &StoredResource,
        now: Timestamp,
    ) -> Result<Welcome, Error> {
        let actor = Actor::Person { id: person.id, name: shown_name(person) };
        let cx = context_of(tenant, actor, ticket.visitor, now);
        let secret = SessionSecret::new(SessionId(self.tools.ids.next(now)), self.tools.secrets.bytes());
        let longest = now.plus_seconds(LONGEST_SECONDS);
        let end = picked.arrival.until_us.map_or(longest, Timestamp::from_micros);
        let session = StoredPersonSession {
            id: secret.id,
            person: person.id,
            digest: secret.digest(&self.tools.keys.ring()),
            sign_on: SignOn {
                connection: picked.connection.id,
                protocol: picked.connection.protocol(),
                key: picked.key.clone(),
                authenticated: picked.arrival.authenticated_us.map(Timestamp::from_micros),
                name: picked.arrival.name_id.clone(),
                session: picked.arrival.session.clone(),
            },
            signed_in: now,
            last_seen: now,
            expires: end.min(longest),
            address: ticket.visitor.address.to_string(),
            client: ticket.visitor.client.as_deref().map(shortened),
        };
        tx.insert_person_session(&session).await?;
        self.tools.record(tx, &cx, &Fact::person_session_started(&session)).await?;
        let new = NewSession { cookie: secret.reveal(), expires: session.expires, device: None };
        Ok(Welcome::Person { session: new, return_to: picked.attempt.return_to.clone() })
    }

    /// Joins an admin's account to who they have just shown to be at the identity provider.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] says why not.
    pub async fn link_account(
        &self,
        cx: &OpContext,
        tenant: &Tenant,
        admin: AdminId,
        ticket: Ticket<'_>,
    ) -> Result<(), Error> {
        let picked = match self.take(tenant, &ticket, Purpose::Link, cx.now).await? {
            Ok(picked) if picked.attempt.admin == Some(admin) => picked,
            Ok(_) => return Err(Error::NotAllowed("this was begun for another account".to_owned())),
            Err(refused) => return Err(Error::NotAllowed(refusal_of(&refused))),
        };
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        if !tx.pick_up(picked.attempt.id, cx.now).await? {
            return Err(Error::NotAllowed("this was done already".to_owned()));
        }
        if let Some(refused) = changed_since(tx.as_mut(), &picked).await? {
            return Err(Error::NotAllowed(refusal_of(&refused)));
        }
        let identity = AdminIdentity { connection: picked.connection.id, key: picked.key.clone() };
        tx.set_admin_identity(admin, Some(&identity)).await.map_err(|error| match error {
            StoreError::Taken { .. } => {
                Error::NotAllowed("another account is joined to this identity already".to_owned())
            }
            other => other.into(),
        })?;
        self.tools.record(tx.as_mut(), cx, &Fact::account_linked(admin, &picked.connection)).await?;
        let logged = Logged {
            arrival: Some(&picked.arrival),
            key: Some(&picked.key),
            ..Logged::of(&picked.attempt, ticket.visitor)
        };
        self.log(tx.as_mut(), &logged, cx.now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What an admin has changed between the answer and now. The tenant is locked.
async fn changed_since(tx: &mut dyn TenantTx, picked: &PickedUp) -> Result<Option<Refused>, Error> {
    let current = tx.find_connection(picked.connection.id).await?;
    Ok(match current.filter(Connection::is_open) {
        None => Some(SignInCause::ConnectionOff.into()),
        Some(current) if current.setup_version != picked.attempt.setup_version => {
            let detail = "the connection was set up anew since this sign-in began";
            Some(Refused::new(SignInCause::RequestUnknown, detail))
        }
        Some(_) => None,
    })
}

fn refusal_of(refused: &Refused) -> String {
    match refused.detail.as_str() {
        "" => format!("the sign-in was refused ({})", refused.cause.code()),
        detail => format!("the sign-in was refused: {detail}"),
    }
}
