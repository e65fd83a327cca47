//! Letting people use a connection, making them, and ending that.

use super::{Connections, find_in};
use crate::Error;
use crate::admin::AdminRole;
use crate::connection::{Connection, PassedTest, Switch};
use crate::context::OpContext;
use crate::ids::{AdminId, ConnectionId};
use crate::journal::Fact;
use crate::ops::accounts::{find, require_manager};
use crate::store::TenantTx;

impl Connections {
    /// Switches a connection. What is needed for it is checked in the same transaction:
    ///
    /// - active: a test that was passed with the set-up as it is;
    /// - enforced: the same within a day, by a connection that is active, and an owner who can get in without it;
    /// - to end enforcement: an owner.
    ///
    /// Off ends the sessions that began by it. Enforcement ends those which have shown a password and owe the second step.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Outdated`]; [`Error::NotAllowed`] says what is missing.
    pub async fn switch(
        &self,
        cx: &OpContext,
        id: ConnectionId,
        seen: Option<i64>,
        to: Switch,
    ) -> Result<Connection, Error> {
        let change = async |tx: &mut dyn TenantTx, connection: &mut Connection| {
            if connection.switch == to {
                return Ok(());
            }
            if connection.switch == Switch::Enforced {
                require_owner(tx, cx, "end the enforcement").await?;
            }
            match to {
                Switch::Active if connection.switch == Switch::Off => require_test(connection)?,
                Switch::Enforced => {
                    require_open(connection)?;
                    require_fresh_test(connection, cx)?;
                    require_break_glass(tx, None).await?;
                    tx.end_unfinished_sessions().await?;
                }
                Switch::Off => {
                    require_way_in_without(tx, id).await?;
                    tx.end_sessions_by(id, None).await?;
                }
                Switch::Active => {}
            }
            connection.switch = to;
            if to == Switch::Active && connection.activated.is_none() {
                connection.activated = Some(cx.now);
            }
            Ok(())
        };
        Ok(self.change(cx, id, seen, change).await?.0)
    }

    /// Says whether admins may sign in with passwords. An owner's decision; those who keep the break glass always may.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for whoever is no owner, without a connection that is active, or when nobody could get in any
    /// more.
    pub async fn set_admin_passwords(&self, cx: &OpContext, are_on: bool) -> Result<(), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        let tenant = tx.lock_tenant().await?;
        require_owner(tx.as_mut(), cx, "say how admins sign in").await?;
        if tenant.is_some_and(|tenant| tenant.admin_passwords == are_on) {
            return Ok(());
        }
        if !are_on {
            if !tx.list_connections().await?.iter().any(Connection::is_open) {
                return Err(Error::NotAllowed("no connection is active, by which admins could sign in".to_owned()));
            }
            require_break_glass(tx.as_mut(), None).await?;
            tx.end_unfinished_sessions().await?;
        }
        tx.set_admin_passwords(are_on).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::admin_sign_in_changed(are_on)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets an owner always sign in with the password, or not any more.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] for whoever is no owner, or when it is the last one while it is needed.
    pub async fn set_break_glass(&self, cx: &OpContext, id: AdminId, is_on: bool) -> Result<(), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        let tenant = tx.lock_tenant().await?;
        require_owner(tx.as_mut(), cx, "say who keeps the break glass").await?;
        let known = find(tx.as_mut(), id).await?.admin;
        if known.is_break_glass == is_on {
            return Ok(());
        }
        if is_on && known.role != AdminRole::Owner {
            return Err(Error::NotAllowed("only an owner can keep the break glass".to_owned()));
        }
        let is_needed = tenant.is_some_and(|tenant| !tenant.admin_passwords)
            || tx.list_connections().await?.iter().any(|one| one.switch == Switch::Enforced);
        if !is_on && is_needed {
            require_break_glass(tx.as_mut(), Some(id)).await?;
        }
        tx.set_break_glass(id, is_on).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::break_glass_changed(id, is_on)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Parts an admin's account from who they are at an identity provider, and ends the sessions that began there.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when the actor may not.
    pub async fn unlink(&self, cx: &OpContext, id: AdminId) -> Result<(), Error> {
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let known = find(tx.as_mut(), id).await?.admin;
        let is_own = matches!(cx.actor, crate::context::Actor::Admin { id: own, .. } if own == id);
        if !is_own {
            require_manager(tx.as_mut(), &cx.actor, known.role).await?;
        }
        let Some(identity) = known.identity else { return Ok(()) };
        tx.set_admin_identity(id, None).await?;
        tx.end_sessions_by(identity.connection, Some(id)).await?;
        self.tools.record(tx.as_mut(), cx, &Fact::account_unlinked(id, identity.connection)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether single sign-on is enforced by any connection.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn is_enforced(&self, cx: &OpContext) -> Result<bool, Error> {
        let connections = self.list(&cx.scope).await?;
        Ok(connections.iter().any(|one| one.switch == Switch::Enforced))
    }

    /// Notes how a test ended.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(in crate::ops) async fn note_test(
        &self,
        tx: &mut dyn TenantTx,
        cx: &OpContext,
        id: ConnectionId,
        setup_version: i64,
        ended: Result<String, &str>,
    ) -> Result<(), Error> {
        let mut connection = find_in(tx, id).await?;
        let cause = ended.as_ref().err().copied();
        // What was begun before the set-up was changed says nothing about the one there is now.
        if setup_version == connection.setup_version {
            connection.test_failed = ended.is_err().then_some(cx.now);
            if let Ok(person) = ended.as_ref() {
                connection.tested = Some(PassedTest { at: cx.now, setup_version, person: person.clone() });
            }
        }
        tx.update_connection(&connection).await?;
        self.tools.record(tx, cx, &Fact::connection_tested(&connection, cause)).await?;
        Ok(())
    }
}

/// `deed`: what only an owner can do.
async fn require_owner(tx: &mut dyn TenantTx, cx: &OpContext, deed: &str) -> Result<(), Error> {
    require_manager(tx, &cx.actor, AdminRole::Owner).await.map_err(|error| match error {
        Error::NotAllowed(_) => Error::NotAllowed(format!("only an owner can {deed}")),
        other => other,
    })
}

fn require_test(connection: &Connection) -> Result<(), Error> {
    match connection.is_tested() {
        true => Ok(()),
        false => Err(Error::NotAllowed(
            "pass a test first: it was not tested as it is set up now, and nobody should find out by being locked out"
                .to_owned(),
        )),
    }
}

fn require_open(connection: &Connection) -> Result<(), Error> {
    match connection.is_open() {
        true => Ok(()),
        false => Err(Error::NotAllowed("activate the connection first".to_owned())),
    }
}

fn require_fresh_test(connection: &Connection, cx: &OpContext) -> Result<(), Error> {
    match connection.is_freshly_tested(cx.now) {
        true => Ok(()),
        false => Err(Error::NotAllowed("pass a test first: the last one is older than 24 hours".to_owned())),
    }
}

/// Where admins may not use passwords, they need another connection than this one.
pub(super) async fn require_way_in_without(tx: &mut dyn TenantTx, id: ConnectionId) -> Result<(), Error> {
    let takes_passwords = tx.lock_tenant().await?.is_none_or(|tenant| tenant.admin_passwords);
    let has_another = tx.list_connections().await?.iter().any(|other| other.id != id && other.is_open());
    match takes_passwords || has_another {
        true => Ok(()),
        false => Err(Error::NotAllowed(
            "admins could not get in any more: passwords are switched off for them, and no other connection is active; \
             have an owner switch passwords on first"
                .to_owned(),
        )),
    }
}

/// Somebody has to get in when single sign-on fails. `but`: whom not to count.
async fn require_break_glass(tx: &mut dyn TenantTx, but: Option<AdminId>) -> Result<(), Error> {
    let admins = tx.list_admins().await?;
    let mut others = admins.iter().map(|known| &known.admin).filter(|admin| Some(admin.id) != but);
    match others.any(crate::admin::Admin::can_break_glass) {
        true => Ok(()),
        false => Err(Error::NotAllowed(
            "no owner can get in without single sign-on; under Admins let one keep the break glass, who has signed in \
             with the password"
                .to_owned(),
        )),
    }
}
