//! Facts about admin accounts, their sessions and their links. No secret is in any of them.

use serde_json::{Value, json};

use super::{Fact, Subject, What};
use crate::admin::link::Link;
use crate::admin::session::{HolderId, StoredSession};
use crate::admin::{Admin, AdminRole};
use crate::ids::AdminId;

impl Subject {
    const fn holder(holder: HolderId) -> Self {
        match holder {
            HolderId::Admin(id) => Self::Admin(id),
            HolderId::SetupLink(id) => Self::Link(id),
        }
    }
}

impl Fact {
    pub fn admin_created(admin: &Admin) -> Self {
        Self { what: What::Created, subject: Subject::Admin(admin.id), payload: json!({"after": shown(admin)}) }
    }

    pub fn admin_removed(admin: &Admin) -> Self {
        Self { what: What::Deleted, subject: Subject::Admin(admin.id), payload: json!({"before": shown(admin)}) }
    }

    pub fn role_changed(admin: &Admin, after: AdminRole) -> Self {
        let payload = json!({"before": {"role": admin.role.as_str()}, "after": {"role": after.as_str()}});
        Self { what: What::RoleChanged, subject: Subject::Admin(admin.id), payload }
    }

    /// `ended`: how many sessions ended with the old password.
    pub fn password_changed(id: AdminId, ended: u64) -> Self {
        let payload = json!({"sessions_ended": ended});
        Self { what: What::PasswordChanged, subject: Subject::Admin(id), payload }
    }

    pub fn second_step_changed(id: AdminId, is_on: bool) -> Self {
        let payload = json!({"before": {"second_step": !is_on}, "after": {"second_step": is_on}});
        Self { what: What::SecondStepChanged, subject: Subject::Admin(id), payload }
    }

    pub fn recovery_codes_made(id: AdminId) -> Self {
        Self { what: What::RecoveryCodesMade, subject: Subject::Admin(id), payload: json!({}) }
    }

    pub fn recovery_code_used(id: AdminId, left: u64) -> Self {
        Self { what: What::RecoveryCodeUsed, subject: Subject::Admin(id), payload: json!({"left": left}) }
    }

    /// Sign-ins that were refused since the last such fact.
    pub fn sign_in_refused(id: AdminId, times: u64) -> Self {
        Self { what: What::SignInRefused, subject: Subject::Admin(id), payload: json!({"times": times}) }
    }

    /// `by`: what the holder came in with, such as `password`.
    pub fn session_started(session: &StoredSession, by: &str) -> Self {
        let payload = json!({
            "session": session.id.to_string(), "by": by, "address": session.address, "client": session.client,
        });
        Self { what: What::SessionStarted, subject: Subject::holder(session.holder), payload }
    }

    /// `how`: why it ended, such as `signed_out`.
    pub fn session_ended(session: &StoredSession, how: &str) -> Self {
        let payload = json!({"session": session.id.to_string(), "how": how});
        Self { what: What::SessionEnded, subject: Subject::holder(session.holder), payload }
    }

    pub fn link_made(link: &Link) -> Self {
        Self::of_link(What::LinkMade, link)
    }

    pub fn link_used(link: &Link) -> Self {
        Self::of_link(What::LinkUsed, link)
    }

    pub fn link_revoked(link: &Link) -> Self {
        Self::of_link(What::LinkRevoked, link)
    }

    fn of_link(what: What, link: &Link) -> Self {
        let subject = link.admin.map_or(Subject::Link(link.id), Subject::Admin);
        let payload = json!({
            "link": link.id.to_string(), "purpose": link.purpose.as_str(), "label": link.label,
            "expires": link.expires.to_string(),
        });
        Self { what, subject, payload }
    }
}

fn shown(admin: &Admin) -> Value {
    json!({"email": admin.email.as_str(), "name": admin.name, "role": admin.role.as_str()})
}
