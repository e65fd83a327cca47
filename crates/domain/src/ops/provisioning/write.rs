//! Changing a resource there is.

use std::sync::atomic::{AtomicBool, Ordering};

use scim_protocol::version::Precondition;

use super::{Provisioning, Show, Target, not_found, persistently};
use crate::Error;
use crate::activity::{Action, change_of};
use crate::change::{Change, DocumentChange, PasswordChange};
use crate::context::OpContext;
use crate::directory::{Kind, Related, StoredResource, View};
use crate::journal::{Aside, Fact};
use crate::ops::addresses;
use crate::ops::edit::Edit;
use crate::ops::membership::{self, NetChange};
use crate::store::{ReadResources, StoreError};

/// Which resource is written, on which condition, and what the caller wants to see of it.
pub(super) struct Write<'w> {
    pub cx: &'w OpContext,
    pub target: &'w Target,
    pub expected: Option<&'w Precondition>,
    pub show: Show,
}

/// What an edit is decided on.
struct Found {
    view: View,
    /// Who joins and leaves by the edit.
    net: Result<NetChange, Error>,
}

/// What was read, and what is to be written because of it.
struct Decision<'c> {
    before: View,
    /// The resource as it will be; none when only something beside its document changes.
    after: Option<StoredResource>,
    change: Option<Change<'c>>,
}

impl Provisioning {
    /// Tries an edit until nobody else changes the resource at the same moment: first without holding anybody up, then,
    /// once it has lost a race, holding the resource while it works.
    pub(super) async fn write(&self, write: &Write<'_>, edit: &Edit<'_>) -> Result<View, Error> {
        let must_hold = write.cx.scope.is_filling(&write.target.kind);
        if !must_hold && let Some(done) = self.write_remembered(write, edit).await? {
            return Ok(done);
        }
        let nests = AtomicBool::new(false);
        persistently(|attempt| self.write_once(write, edit, must_hold || attempt > 0, &nests)).await
    }

    /// Decides on what was read of somebody a moment ago. None where that does not lead to a change that was carried out: it
    /// is decided on what is read now then.
    async fn write_remembered(&self, write: &Write<'_>, edit: &Edit<'_>) -> Result<Option<View>, Error> {
        let Write { cx, target, show, .. } = write;
        let Some(stored) = self.remembered.take(&cx.scope, target) else { return Ok(None) };
        let mut read = self.store.read(&cx.scope).await?;
        let found = Found { view: View { stored, related: Related::None }, net: Ok(NetChange::default()) };
        let Ok(decision) = self.decide(read.as_mut(), write, edit, found).await else { return Ok(None) };
        // Only an update is refused by the store when it was decided on an older version.
        let (Some(after), Some(mut change)) = (decision.after, decision.change) else { return Ok(None) };
        change.shows_groups = *show == Show::Related;
        let saved = match self.store.save(&cx.scope, &change).await {
            Err(StoreError::Contention | StoreError::Taken { .. }) => return Ok(None),
            saved => saved?,
        };
        let related = saved.groups.map_or(Related::None, Related::Groups);
        Ok(Some(View { stored: StoredResource { version: saved.version, ..after }, related }))
    }

    /// Writes what differs, and nothing at all when nothing does. `nests` says whether groups are known to join the
    /// resource, which is decided by one at a time in a tenant (decisions.md 7).
    async fn write_once(
        &self,
        write: &Write<'_>,
        edit: &Edit<'_>,
        hold: bool,
        nests: &AtomicBool,
    ) -> Result<View, Error> {
        let Write { cx, target, .. } = write;
        let is_alone = nests.load(Ordering::Relaxed);
        let (decision, version) = if hold {
            let mut tx = self.store.write(&cx.scope).await?;
            if is_alone {
                tx.lock_tenant().await?;
            }
            tx.lock(&target.kind, target.id).await?;
            let decision = self.decide_now(tx.as_mut(), write, edit).await?;
            if let Some(change) = decision.change.as_ref().filter(|change| membership::nests(&change.joining)) {
                require_alone(is_alone, nests)?;
                membership::refuse_circles(tx.as_mut(), target.id, &change.joining).await?;
            }
            let version = match &decision.change {
                Some(change) => Some(tx.save(change).await?.version),
                None => None,
            };
            tx.commit().await?;
            (decision, version)
        } else {
            let mut read = self.store.read(&cx.scope).await?;
            let decision = self.decide_now(read.as_mut(), write, edit).await?;
            if decision.change.as_ref().is_some_and(|change| membership::nests(&change.joining)) {
                require_alone(is_alone, nests)?;
            }
            let version = match &decision.change {
                Some(change) => Some(self.store.save(&cx.scope, change).await?.version),
                None => None,
            };
            (decision, version)
        };
        self.show(write, decision, version).await
    }

    /// What an edit comes to, as things are.
    async fn decide_now<'c, R: ReadResources + ?Sized>(
        &self,
        read: &mut R,
        write: &Write<'c>,
        edit: &Edit<'_>,
    ) -> Result<Decision<'c>, Error> {
        let Write { cx, target, show, .. } = write;
        let found = if cx.scope.types().get(&target.kind)?.collection.is_some() {
            let found = membership::read_group(read, target.id, edit).await?;
            let (stored, net) = found.ok_or_else(|| not_found(target))?;
            Found { view: View { stored, related: Related::None }, net }
        } else {
            let view = read.find(&target.kind, target.id, *show == Show::Related).await?;
            Found { view: view.ok_or_else(|| not_found(target))?, net: Ok(NetChange::default()) }
        };
        let decision = self.decide(read, write, edit, found).await?;
        if decision.change.as_ref().is_none_or(|change| change.document == DocumentChange::None) {
            cx.trail.unchanged();
        }
        Ok(decision)
    }

    /// What an edit comes to, of what was found.
    async fn decide<'c, R: ReadResources + ?Sized>(
        &self,
        read: &mut R,
        write: &Write<'c>,
        edit: &Edit<'_>,
        Found { view, net }: Found,
    ) -> Result<Decision<'c>, Error> {
        let Write { cx, target, expected, .. } = write;
        let resource_type = cx.scope.types().get(&target.kind)?;
        let before = &view.stored;
        cx.trail.about(before);
        before.require(*expected)?;
        let document = edit.document(resource_type, &before.resource)?;
        let net = net?;
        let after =
            StoredResource { resource: document, version: before.version + 1, modified: cx.now, ..before.clone() };
        let is_password_changed = match edit.password() {
            None => false,
            Some(PasswordChange::Set(_)) => true,
            Some(PasswordChange::Clear) => read.has_password(target.id).await?,
        };
        let written = match (before.resource == after.resource, net.is_empty()) {
            (true, true) if !is_password_changed => DocumentChange::None,
            (true, true) if expected.is_none() => DocumentChange::Touch(target.kind.clone(), target.id),
            // Additions and removals of several callers add up; of several whole lists one has to win.
            (true, false) if expected.is_none() && !net.is_whole => {
                DocumentChange::Touch(target.kind.clone(), target.id)
            }
            _ => DocumentChange::Update { before: before.clone(), after: after.clone() },
        };
        let members = net.delta();
        match (before.resource == after.resource, Action::of_members(&members.added, &members.removed)) {
            (true, Some(joined)) => cx.trail.did(joined),
            (true, None) => {}
            (false, _) => cx.trail.did(change_of(before, &after)),
        }
        if written == DocumentChange::None && edit.ignored().is_empty() {
            return Ok(Decision { before: view, after: None, change: None });
        }
        let outside = addresses::outside(cx, Some(before), &after)?;
        let aside = Aside { members, ignored: edit.ignored().to_vec(), is_password_changed, outside };
        let is_updated = matches!(written, DocumentChange::Update { .. });
        let fact = Fact::changed(edit.what(), before, if is_updated { &after } else { before }, &aside);
        let mut change = Change::of(cx, written);
        self.tell(&mut change, fact);
        change.joining = net.joining;
        change.leaving = net.leaving;
        change.password = edit.password().filter(|_| is_password_changed).cloned();
        Ok(Decision { before: view, after: is_updated.then_some(after), change: Some(change) })
    }

    /// What the caller wants to see after a write. Where others may have changed what is kept beside the document, or the
    /// document itself, it is read again.
    async fn show(&self, write: &Write<'_>, decision: Decision<'_>, version: Option<i64>) -> Result<View, Error> {
        let View { mut stored, related } = decision.before;
        let is_touched = decision.after.is_none() && version.is_some_and(|version| version != stored.version);
        let is_group = stored.kind == Kind::GROUP;
        if (is_touched && write.show != Show::Version) || (is_group && write.show == Show::Related) {
            return self.get(write.cx, write.target, write.show).await;
        }
        stored = decision.after.unwrap_or(stored);
        stored.version = version.unwrap_or(stored.version);
        Ok(View { stored, related })
    }
}

/// Asks for another attempt, in which nobody else puts groups into groups.
fn require_alone(is_alone: bool, nests: &AtomicBool) -> Result<(), StoreError> {
    nests.store(true, Ordering::Relaxed);
    if is_alone { Ok(()) } else { Err(StoreError::Contention) }
}
