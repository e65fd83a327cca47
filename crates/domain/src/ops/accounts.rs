//! What signing in and looking after people have in common.

use std::sync::Arc;

use scim_protocol::secret::Secret;

use crate::Error;
use crate::activity::Trail;
use crate::admin::device::KnownDevice;
use crate::admin::link::{Link, LinkPurpose, LinkText, MadeLink};
use crate::admin::password::{self, About};
use crate::admin::second_step::TotpSecret;
use crate::admin::session::{
    HolderId, LONGEST_SECONDS, NewSession, SECOND_STEP_SECONDS, SessionSecret, SettingsSignOn, StoredSession,
};
use crate::admin::{Admin, AdminRole, StoredAdmin};
use crate::context::{Actor, OpContext};
use crate::ids::{AdminId, FactId, LinkId, SessionId};
use crate::journal::Fact;
use crate::keys::{KeyRing, Keys, Sealed};
use crate::limit::Address;
use crate::ports::{IdGen, Passwords, SecretGen};
use crate::store::{Store, StoreError, TenantTx};
use crate::tenant::Tenant;
use crate::timestamp::Timestamp;

/// What the operations on admin accounts work with.
#[derive(Clone)]
pub struct Accounts {
    pub store: Arc<dyn Store>,
    pub ids: Arc<dyn IdGen>,
    pub secrets: Arc<dyn SecretGen>,
    pub keys: Arc<Keys>,
    pub passwords: Arc<dyn Passwords>,
}

/// Who comes to sign in, and from where.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub address: Address,
    /// The browser's User-Agent.
    pub client: Option<String>,
    /// The text of the cookie by which the browser may be known.
    pub device: Option<String>,
    pub request_id: String,
}

/// A session that is to begin.
pub(super) struct Beginning<'a> {
    pub holder: HolderId,
    /// Whether nothing is owed any more.
    pub is_complete: bool,
    /// Whether a code was shown for it.
    pub by_second_step: bool,
    /// What the holder came in with, for the journal.
    pub by: &'a str,
    /// Of one by single sign-on.
    pub sign_on: Option<SettingsSignOn>,
    pub visitor: &'a Visitor,
}

impl Accounts {
    pub(super) async fn record(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }

    /// Writes a new session; what is told of it is told when it is complete.
    pub(super) async fn begin(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        beginning: Beginning<'_>,
    ) -> Result<NewSession, Error> {
        let Beginning { holder, is_complete, by_second_step, by, sign_on, visitor } = beginning;
        let secret = SessionSecret::new(SessionId(self.ids.next(cx.now)), self.secrets.bytes());
        let span = if is_complete { LONGEST_SECONDS } else { SECOND_STEP_SECONDS };
        let session = StoredSession {
            id: secret.id,
            holder,
            digest: secret.digest(&self.keys.ring()),
            signed_in: cx.now,
            last_seen: cx.now,
            expires: cx.now.plus_seconds(span),
            address: visitor.address.to_string(),
            client: visitor.client.as_deref().map(shortened),
            is_complete,
            sign_on,
        };
        tx.insert_session(&session).await?;
        if is_complete {
            self.record(tx, cx, &Fact::session_started(&session, by)).await?;
        }
        let device = match holder {
            HolderId::Admin(id) if is_complete => {
                tx.note_sign_in(id, cx.now).await?;
                Some(self.device(cx, id, by_second_step, visitor))
            }
            _ => None,
        };
        Ok(NewSession { cookie: secret.reveal(), expires: session.expires, device })
    }

    /// The cookie by which a browser is known from now on. One that is known already stays the same one.
    fn device(&self, cx: &OpContext, admin: AdminId, by_second_step: bool, visitor: &Visitor) -> String {
        let (ring, tenant) = (self.keys.ring(), cx.scope.tenant());
        let text = visitor.device.as_deref();
        let known = text.and_then(|text| KnownDevice::parse(text, &ring, tenant, cx.now));
        let id = known.filter(|known| known.admin == admin).map_or_else(|| self.ids.next(cx.now), |known| known.id);
        KnownDevice { id, admin, since: cx.now, by_second_step }.reveal(&ring, tenant)
    }

    /// Makes a link and writes it.
    pub(super) async fn make_link(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        purpose: LinkPurpose,
        admin: Option<AdminId>,
        label: String,
        seconds: i64,
    ) -> Result<MadeLink, Error> {
        let text = LinkText::new(LinkId(self.ids.next(cx.now)), self.secrets.bytes());
        let link = Link {
            id: text.id,
            purpose,
            admin,
            label,
            digest: text.digest(&self.keys.ring()),
            created: cx.now,
            expires: cx.now.plus_seconds(seconds),
            used: None,
            revoked: None,
        };
        tx.insert_link(&link).await?;
        self.record(tx, cx, &Fact::link_made(&link)).await?;
        Ok(MadeLink { text, link })
    }

    /// Checks a password that somebody chose and turns it into what is kept of it.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] with the rule that it breaks.
    pub(super) async fn chosen(
        &self,
        tenant: &Tenant,
        email: &str,
        name: &str,
        password: &Secret,
    ) -> Result<Secret, Error> {
        let about = About { email, name, tenant: [&tenant.name, tenant.slug.as_str()] };
        password::check(password.reveal(), about).map_err(|flaw| Error::NotAllowed(flaw.to_string()))?;
        Ok(Secret::new(self.passwords.digest(tenant.id, password).await?))
    }

    /// The ring, read again if it does not hold the key that something was encrypted with: somebody may have rotated it a
    /// moment ago.
    pub(super) async fn ring_for(&self, sealed: &Sealed) -> Arc<KeyRing> {
        if let Some(key) = sealed.key() {
            self.keys.learn(|ring| ring.holds(&key)).await;
        }
        self.keys.ring()
    }

    /// The secret of an account's second step.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when its key is lost.
    pub(super) async fn totp(&self, cx: &OpContext, admin: AdminId, sealed: &Sealed) -> Result<TotpSecret, Error> {
        let ring = self.ring_for(sealed).await;
        TotpSecret::open(sealed, &ring, cx.scope.tenant(), admin).ok_or_else(|| {
            Error::NotAllowed(
                "the second step cannot be checked, because its key is missing from the key ring; whoever runs this \
                 server can take it away with `rollcall admin reset --second-step`"
                    .to_owned(),
            )
        })
    }
}

/// The account of that id.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn find(tx: &mut dyn TenantTx, id: AdminId) -> Result<StoredAdmin, Error> {
    tx.find_admin(id).await?.ok_or_else(|| not_found(id))
}

pub(super) fn not_found(id: AdminId) -> Error {
    Error::NotFound(format!("admin {id}"))
}

/// Whether whoever acts may do something to accounts with this role. What the actor is comes from the database, so that
/// somebody who has just lost a role has lost it.
///
/// # Errors
/// [`Error::NotAllowed`].
pub(super) async fn require_manager(tx: &mut dyn TenantTx, actor: &Actor, of: AdminRole) -> Result<(), Error> {
    let may = match actor {
        Actor::Operator | Actor::System => true,
        Actor::Admin { id, .. } => {
            tx.find_admin(*id).await?.is_some_and(|acting| acting.admin.role.may(of.managed_with()))
        }
        Actor::SetupLink { .. } | Actor::Person { .. } | Actor::Credential { .. } => false,
    };
    match (may, of) {
        (true, _) => Ok(()),
        (false, AdminRole::Owner) => Err(Error::NotAllowed("only an owner can do this to an owner".to_owned())),
        (false, _) => Err(Error::NotAllowed("only owners and admins can do this".to_owned())),
    }
}

/// What is done to others is not done to one's own account: there it takes the password, so that whoever finds a browser open
/// does not lock its owner out.
///
/// # Errors
/// [`Error::NotAllowed`].
pub(super) fn require_somebody_else(actor: &Actor, id: AdminId) -> Result<(), Error> {
    match actor {
        Actor::Admin { id: own, .. } if *own == id => {
            Err(Error::NotAllowed("this is your own account; change it under \"Your account\"".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The owner who can sign in must not be the last one to go.
///
/// # Errors
/// [`Error::NotAllowed`].
pub(super) async fn require_another_owner(tx: &mut dyn TenantTx, going: &Admin) -> Result<(), Error> {
    if going.role != AdminRole::Owner {
        return Ok(());
    }
    let others = tx.list_admins().await?;
    let others = others.iter().map(|one| &one.admin).filter(|one| one.id != going.id && one.role == AdminRole::Owner);
    let states: Vec<_> = others.map(|one| one.state).collect();
    match states.contains(&going.state) || states.contains(&crate::admin::AdminState::Active) {
        true => Ok(()),
        false => Err(Error::NotAllowed(
            "this is the last owner who can sign in; make somebody else an owner first, who has chosen a password"
                .to_owned(),
        )),
    }
}

/// What is kept of a User-Agent.
pub(super) fn shortened(client: &str) -> String {
    client.chars().filter(|each| !each.is_control()).take(200).collect()
}

/// The context of something that a visitor does who becomes this account.
pub(super) fn context_of(tenant: &Tenant, actor: Actor, visitor: &Visitor, now: Timestamp) -> OpContext {
    OpContext { scope: tenant.scope(), actor, request_id: visitor.request_id.clone(), now, trail: Trail::default() }
}
