//! Admin accounts of the settings UI: who they are and what they may do (decisions.md 18).
//!
//! An admin signs in with a password, and with a [second step](second_step) where they have set one up; an account without a
//! password is *invited*. A [setup link](link) lets somebody in who has no account. Either way a [session](session) begins,
//! which is read from the database with each request, so that what ends it ends it at once (ADR 0030, 0031).

pub mod device;
pub mod link;
pub mod password;
pub mod second_step;
pub mod session;
pub mod throttle;

use std::fmt;

use crate::context::Actor;
use crate::ids::{AdminId, ConnectionId, LinkId, SessionId};
use crate::mail::MailAddress;
use crate::tenant::named_states;
use crate::timestamp::Timestamp;

use self::second_step::StoredSecondStep;
use scim_protocol::secret::Secret;

named_states!(
    /// What an admin is there for.
    AdminRole { Owner = "owner", Admin = "admin", Auditor = "auditor" }
);

/// What somebody may want to do in the settings UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Look at everything but secrets.
    See,
    /// Look at who has access, and at one's own account.
    SeePeople,
    /// Change how the tenant is connected.
    Configure,
    /// Invite, change and remove admins and auditors.
    ManagePeople,
    /// Do the same to owners.
    ManageOwners,
}

impl AdminRole {
    /// All roles, the one that may most first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Auditor];

    /// Whether somebody with this role may do this.
    pub const fn may(self, right: Right) -> bool {
        match (self, right) {
            (Self::Owner, _)
            | (_, Right::See | Right::SeePeople)
            | (Self::Admin, Right::Configure | Right::ManagePeople) => true,
            (Self::Admin, Right::ManageOwners) | (Self::Auditor, _) => false,
        }
    }

    /// The right it takes to give this role, to take it, and to do anything else to an account that has it.
    pub const fn managed_with(self) -> Right {
        match self {
            Self::Owner => Right::ManageOwners,
            Self::Admin | Self::Auditor => Right::ManagePeople,
        }
    }
}

/// As people read it.
impl fmt::Display for AdminRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Auditor => "Auditor",
        })
    }
}

named_states!(
    /// Whether an account has a password yet.
    AdminState { Invited = "invited", Active = "active" }
);

/// An admin account, as the settings UI shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    pub id: AdminId,
    /// As it was given; it is compared by its [key](MailAddress::key).
    pub email: MailAddress,
    /// May be empty.
    pub name: String,
    pub role: AdminRole,
    pub state: AdminState,
    pub has_second_step: bool,
    pub created: Timestamp,
    pub last_sign_in: Option<Timestamp>,
    /// When they last signed in with the password.
    pub password_used: Option<Timestamp>,
    /// Whether this owner may always sign in with the password, whatever is said about single sign-on.
    pub is_break_glass: bool,
    /// Who they are at an identity provider.
    pub identity: Option<AdminIdentity>,
}

/// Who an admin is at an identity provider: what it said when they joined the two (ADR 0040).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminIdentity {
    pub connection: ConnectionId,
    /// The claim by which the connection joins people.
    pub key: String,
}

impl Admin {
    /// Whether the tenant's settings can be reached through this account when single sign-on fails: an owner who may use a
    /// password and has.
    pub fn can_break_glass(&self) -> bool {
        self.is_active_owner() && self.is_break_glass && self.password_used.is_some()
    }

    /// Whether they are an owner who has accepted the invitation.
    pub fn is_active_owner(&self) -> bool {
        self.role == AdminRole::Owner && self.state == AdminState::Active
    }

    /// Their name, or their e-mail address where they gave none.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { self.email.as_str() } else { &self.name }
    }

    pub fn actor(&self) -> Actor {
        Actor::Admin { id: self.id, name: self.shown_name().to_owned() }
    }
}

/// An admin account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAdmin {
    pub admin: Admin,
    /// The digest of the password, in the form of PHC strings.
    pub password: Option<Secret>,
    /// Also one that is not confirmed yet.
    pub second_step: Option<StoredSecondStep>,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionHolder {
    Admin(Admin),
    /// Somebody without an account, who came by a setup link. They may what an admin may, but nothing about people.
    SetupLink {
        id: LinkId,
        label: String,
    },
}

/// Who is at the settings UI, and what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminCaller {
    pub session: SessionId,
    pub holder: SessionHolder,
    /// What each form of this session carries.
    pub csrf: String,
    pub signed_in: Timestamp,
    /// False while the second step is still owed: such a session opens nothing but the page that asks for it.
    pub is_complete: bool,
}

impl AdminCaller {
    /// Whether they may do this; nothing while the second step is owed.
    pub fn may(&self, right: Right) -> bool {
        self.is_complete
            && match &self.holder {
                SessionHolder::Admin(admin) => admin.role.may(right),
                SessionHolder::SetupLink { .. } => matches!(right, Right::See | Right::Configure),
            }
    }

    pub fn actor(&self) -> Actor {
        match &self.holder {
            SessionHolder::Admin(admin) => admin.actor(),
            SessionHolder::SetupLink { id, label } => Actor::SetupLink { id: *id, label: label.clone() },
        }
    }

    /// What to call them on a page.
    pub fn shown_name(&self) -> &str {
        match &self.holder {
            SessionHolder::Admin(admin) => admin.shown_name(),
            SessionHolder::SetupLink { label, .. } if label.is_empty() => "Setup link",
            SessionHolder::SetupLink { label, .. } => label,
        }
    }

    /// Their account; none for a setup link.
    pub fn admin(&self) -> Option<&Admin> {
        match &self.holder {
            SessionHolder::Admin(admin) => Some(admin),
            SessionHolder::SetupLink { .. } => None,
        }
    }
}
