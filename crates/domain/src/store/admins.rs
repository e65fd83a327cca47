//! Admin accounts, their sessions and their links.

use async_trait::async_trait;
use scim_protocol::secret::Secret;

use super::StoreError;
use crate::admin::link::{Link, LinkPurpose};
use crate::admin::second_step::StoredSecondStep;
use crate::admin::session::{HeldSession, HolderId, StoredSession};
use crate::admin::{Admin, AdminIdentity, AdminRole, StoredAdmin};
use crate::ids::{AdminId, LinkId, SessionId};
use crate::timestamp::Timestamp;

#[async_trait]
pub trait ReadAdmins: Send {
    /// The tenant's accounts, the oldest first; not those that were removed.
    async fn list_admins(&mut self) -> Result<Vec<StoredAdmin>, StoreError>;

    async fn find_admin(&mut self, id: AdminId) -> Result<Option<StoredAdmin>, StoreError>;

    /// The account with this [key](crate::mail::MailAddress::key) of an e-mail address.
    async fn find_admin_by_email(&mut self, key: &str) -> Result<Option<StoredAdmin>, StoreError>;

    /// The account whose owner is this at an identity provider.
    async fn find_admin_by_identity(&mut self, identity: &AdminIdentity) -> Result<Option<StoredAdmin>, StoreError>;

    /// All accounts there ever were, by id: what the journal's readers call them.
    async fn known_admins(&mut self) -> Result<Vec<Admin>, StoreError>;

    /// A session with its holder as they are now; none when the holder was removed or the link revoked.
    async fn find_session(&mut self, id: SessionId) -> Result<Option<HeldSession>, StoreError>;

    /// The sessions of one holder, the newest first, also those that have run out.
    async fn list_sessions(&mut self, holder: HolderId) -> Result<Vec<StoredSession>, StoreError>;

    async fn find_link(&mut self, id: LinkId) -> Result<Option<Link>, StoreError>;

    /// The links for a purpose, the newest first, also those that open nothing any more.
    async fn list_links(&mut self, purpose: LinkPurpose) -> Result<Vec<Link>, StoreError>;

    /// How many recovery codes of an account were not used yet.
    async fn count_recovery_codes(&mut self, id: AdminId) -> Result<u64, StoreError>;
}

#[async_trait]
pub trait WriteAdmins: ReadAdmins {
    /// # Errors
    /// [`StoreError::Taken`] when there is an account with this e-mail address.
    async fn insert_admin(&mut self, admin: &StoredAdmin) -> Result<(), StoreError>;

    async fn set_admin_role(&mut self, id: AdminId, role: AdminRole) -> Result<(), StoreError>;

    /// Takes everything from an account but its name, which the journal's readers want to know, and frees its address.
    async fn remove_admin(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError>;

    /// Writes the digest of a password.
    async fn set_admin_password(&mut self, id: AdminId, digest: &Secret) -> Result<(), StoreError>;

    /// Joins an account to who its owner is at an identity provider, or parts them.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another account is joined to the same.
    async fn set_admin_identity(&mut self, id: AdminId, identity: Option<&AdminIdentity>) -> Result<(), StoreError>;

    async fn set_break_glass(&mut self, id: AdminId, is_on: bool) -> Result<(), StoreError>;

    /// Notes a sign-in with the password.
    async fn note_password(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError>;

    async fn note_sign_in(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError>;

    /// Notes that refused sign-ins are told now. False when they were told since `before`, or there is no such account.
    async fn note_refusals(&mut self, id: AdminId, before: Timestamp, now: Timestamp) -> Result<bool, StoreError>;

    /// Writes an account's second step, or takes it away with its recovery codes.
    async fn set_second_step(&mut self, id: AdminId, step: Option<&StoredSecondStep>) -> Result<(), StoreError>;

    /// Uses a step of time up. False when it, or a later one, was used already.
    async fn use_second_step(&mut self, id: AdminId, step: i64) -> Result<bool, StoreError>;

    /// Puts new recovery codes, given as digests, in the place of all others of the account.
    async fn put_recovery_codes(&mut self, id: AdminId, digests: &[Vec<u8>]) -> Result<(), StoreError>;

    /// Uses a recovery code up. False when there is none with this digest.
    async fn use_recovery_code(&mut self, id: AdminId, digest: &[u8]) -> Result<bool, StoreError>;

    async fn insert_session(&mut self, session: &StoredSession) -> Result<(), StoreError>;

    /// Writes down that a session was seen.
    async fn see_session(&mut self, id: SessionId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends a session. False when it is over already.
    async fn end_session(&mut self, id: SessionId) -> Result<bool, StoreError>;

    /// Ends the sessions of a holder, but for one; gives how many there were.
    async fn end_sessions(&mut self, holder: HolderId, except: Option<SessionId>) -> Result<u64, StoreError>;

    /// Ends the sessions that owe the second step.
    async fn end_unfinished_sessions(&mut self) -> Result<(), StoreError>;

    async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError>;

    /// Uses a link up. False when it is used, revoked or expired already.
    async fn use_link(&mut self, id: LinkId, now: Timestamp) -> Result<bool, StoreError>;

    /// Ends a link that was not used, and the sessions that began with it.
    async fn revoke_link(&mut self, id: LinkId, now: Timestamp) -> Result<(), StoreError>;

    /// Ends the links of an account that were not used.
    async fn revoke_links_of(&mut self, id: AdminId, now: Timestamp) -> Result<(), StoreError>;
}
