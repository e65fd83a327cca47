//! What identity providers do to a directory: create, get, list, replace, patch, delete.

mod remembered;
mod write;

use std::sync::Arc;

use scim_protocol::Fault;
use scim_protocol::patch::{PasswordEdit, PatchRequest, Plan, Reading};
use scim_protocol::validate::Validated;
use scim_protocol::version::Precondition;

use self::remembered::Remembered;
use self::write::Write;
use super::addresses;
use super::edit::Edit;
use super::membership::{self, NetChange};
use super::wishes::IndexWishes;
use crate::Error;
use crate::activity::{Action, name_of};
use crate::change::{Change, DocumentChange, PasswordChange};
use crate::context::OpContext;
use crate::directory::{Kind, Member, Related, StoredResource, View};
use crate::ids::{FactId, ResourceId};
use crate::journal::{Aside, Fact};
use crate::member_change::MemberChange;
use crate::ports::{IdGen, Passwords};
use crate::store::{ListPage, ListQuery, ReadResources, Store, StoreError};

/// How often a change is tried when others change the same resource at the same time.
const ATTEMPTS: usize = 12;

/// One resource of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub kind: Kind,
    pub id: ResourceId,
}

/// What a caller wants to see of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Its version alone.
    Version,
    Document,
    /// The document, and a user's groups or a group's members.
    Related,
}

pub struct Provisioning {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    wishes: Arc<IndexWishes>,
    passwords: Arc<dyn Passwords>,
    /// How many members a list of groups may hold together (decisions.md 14).
    list_members_limit: u64,
    remembered: Remembered,
}

impl Provisioning {
    pub fn new(
        store: Arc<dyn Store>,
        ids: Arc<dyn IdGen>,
        wishes: Arc<IndexWishes>,
        passwords: Arc<dyn Passwords>,
        list_members_limit: u64,
    ) -> Self {
        Self { store, ids, wishes, passwords, list_members_limit, remembered: Remembered::default() }
    }

    /// The id of a resource that is still to be made.
    pub fn new_id(&self, cx: &OpContext) -> ResourceId {
        ResourceId(self.ids.next(cx.now))
    }

    /// Adds a resource under a [new id](Self::new_id) (RFC 7644 §3.3).
    ///
    /// # Errors
    /// [`StoreError::Taken`] for a userName in use, 400 `invalidValue` for a member that does not exist and for an address
    /// outside of the tenant's verified domains, where it takes none.
    pub async fn create(
        &self,
        cx: &OpContext,
        kind: &Kind,
        id: ResourceId,
        new: Validated,
        show: Show,
    ) -> Result<View, Error> {
        let stored = StoredResource {
            kind: kind.clone(),
            id,
            resource: new.resource,
            version: 1,
            created: cx.now,
            modified: cx.now,
        };
        let members = MemberChange::exactly(new.collection.as_deref().unwrap_or_default())?;
        let password = self.password(cx, new.password.map(PasswordEdit::Set)).await?;
        let new = New { stored: &stored, members: &members, ignored: &new.ignored, password: password.as_ref() };
        persistently(|attempt| self.create_once(cx, &new, show, attempt > 0)).await
    }

    async fn create_once(&self, cx: &OpContext, new: &New<'_>, show: Show, hold: bool) -> Result<View, Error> {
        let stored = new.stored;
        cx.trail.tries(Action::Created, || stored.kind.clone(), None, name_of(stored));
        let net = if hold {
            let mut tx = self.store.write(&cx.scope).await?;
            let net = membership::founders(tx.as_mut(), stored.id, new.members.clone()).await?;
            tx.save(&self.creation(cx, new, &net)?).await?;
            tx.commit().await?;
            net
        } else {
            let mut read = self.store.read(&cx.scope).await?;
            let net = membership::founders(read.as_mut(), stored.id, new.members.clone()).await?;
            self.store.save(&cx.scope, &self.creation(cx, new, &net)?).await?;
            net
        };
        cx.trail.about(stored);
        let related = match (show, stored.kind == Kind::GROUP) {
            (Show::Version | Show::Document, _) => Related::None,
            (Show::Related, true) => {
                Related::Members(net.joining.into_iter().map(|(id, kind)| Member { id, kind }).collect())
            }
            (Show::Related, false) => Related::Groups(Vec::new()),
        };
        Ok(View { stored: stored.clone(), related })
    }

    fn creation<'c>(&self, cx: &'c OpContext, new: &New<'_>, net: &NetChange) -> Result<Change<'c>, Error> {
        let New { stored, ignored, password, .. } = *new;
        let outside = addresses::outside(cx, None, stored)?;
        let (members, is_password_changed) = (net.delta(), password.is_some());
        let aside = Aside { members, ignored: ignored.to_vec(), is_password_changed, outside };
        let mut change = Change::of(cx, DocumentChange::Insert(stored.clone()));
        self.tell(&mut change, Fact::created(stored, &aside));
        change.joining.clone_from(&net.joining);
        change.password = password.cloned();
        Ok(change)
    }

    /// What is to be kept of a password.
    async fn password(&self, cx: &OpContext, edit: Option<PasswordEdit>) -> Result<Option<PasswordChange>, Error> {
        match edit {
            None => Ok(None),
            Some(_) if cx.scope.rules().discards_passwords => Ok(None),
            Some(PasswordEdit::Clear) => Ok(Some(PasswordChange::Clear)),
            Some(PasswordEdit::Set(password)) => {
                Ok(Some(PasswordChange::Set(self.passwords.digest(cx.scope.tenant(), &password).await?)))
            }
        }
    }

    /// Reads a resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, cx: &OpContext, target: &Target, show: Show) -> Result<View, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let shows_related = show == Show::Related;
        let mut view = read.find(&target.kind, target.id, shows_related).await?.ok_or_else(|| not_found(target))?;
        cx.trail.about(&view.stored);
        self.remembered.note(&cx.scope, &view.stored);
        if shows_related && target.kind == Kind::GROUP {
            view.related = membership::members_of(read.as_mut(), target.id).await?;
        }
        Ok(view)
    }

    /// One page of one type. An attribute that is filtered by and has no index is noted, to get one.
    ///
    /// # Errors
    /// 400 `tooMany` when the groups of the page have more members together than a list may hold, or when the question
    /// takes the database too long.
    pub async fn page(&self, cx: &OpContext, kind: &Kind, query: &ListQuery, show: Show) -> Result<ListPage, Error> {
        let mut page = self.found(cx, kind, query).await?;
        if show == Show::Related {
            self.add_members(cx, &mut page.views).await?;
        }
        Ok(page)
    }

    /// One page of one type, groups without their members.
    pub(super) async fn found(&self, cx: &OpContext, kind: &Kind, query: &ListQuery) -> Result<ListPage, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let mut page = read.list(kind, query).await.map_err(|error| match error {
            StoreError::TooSlow => Error::Invalid(Fault::too_many(
                "answering takes the database too long; narrow the filter with userName, externalId, displayName, \
                 emails.value or meta.lastModified",
            )),
            other => other.into(),
        })?;
        if let [view] = page.views.as_slice() {
            self.remembered.note(&cx.scope, &view.stored);
        }
        for path in std::mem::take(&mut page.unindexed) {
            self.wishes.note(&cx.scope, kind, path);
        }
        Ok(page)
    }

    /// Gives groups their members.
    ///
    /// # Errors
    /// 400 `tooMany` when they have more together than a list may hold.
    pub(super) async fn add_members(&self, cx: &OpContext, views: &mut [View]) -> Result<(), Error> {
        let groups: Vec<ResourceId> =
            views.iter().filter(|view| view.stored.kind == Kind::GROUP).map(|view| view.stored.id).collect();
        if groups.is_empty() {
            return Ok(());
        }
        let mut read = self.store.read(&cx.scope).await?;
        self.within_list_limit(read.count_members(&groups).await?)?;
        let mut members = read.members(&groups).await?;
        for view in views.iter_mut().filter(|view| view.stored.kind == Kind::GROUP) {
            view.related = Related::Members(members.remove(&view.stored.id).unwrap_or_default());
        }
        Ok(())
    }

    fn within_list_limit(&self, members: u64) -> Result<(), Fault> {
        let limit = self.list_members_limit;
        if members <= limit {
            return Ok(());
        }
        Err(Fault::too_many(format!(
            "these groups have {members} members together, a list gives at most {limit}; \
             ask with excludedAttributes=members or for fewer groups"
        )))
    }

    /// Puts another document in a resource's place (RFC 7644 §3.5.1).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`], 400 `mutability`, and as `create`.
    pub async fn replace(
        &self,
        cx: &OpContext,
        target: &Target,
        mut new: Validated,
        expected: Option<&Precondition>,
        show: Show,
    ) -> Result<View, Error> {
        let members = match cx.scope.types().get(&target.kind)?.collection {
            Some(_) => MemberChange::exactly(new.collection.as_deref().unwrap_or_default())?,
            None => MemberChange::default(),
        };
        let password = self.password(cx, new.password.take().map(PasswordEdit::Set)).await?;
        let edit = Edit::Replace { new: &new, members, password };
        self.write(&Write { cx, target, expected, show }, &edit).await
    }

    /// Changes parts of a resource (RFC 7644 §3.5.2): all of the operations or none.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`], the faults of [`Plan::new`] and [`Plan::apply`], and as `create`.
    pub async fn patch(
        &self,
        cx: &OpContext,
        target: &Target,
        request: PatchRequest,
        expected: Option<&Precondition>,
        show: Show,
    ) -> Result<View, Error> {
        let reading = if cx.scope.rules().strict { Reading::Strict } else { Reading::Lenient };
        let mut plan = Plan::new(cx.scope.types().get(&target.kind)?, request, reading)?;
        let password = self.password(cx, plan.password.take()).await?;
        let edit = Edit::Patch { plan, password };
        self.write(&Write { cx, target, expected, show }, &edit).await
    }

    /// Removes a resource and its memberships (RFC 7644 §3.6); its name is free again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`].
    pub async fn delete(&self, cx: &OpContext, target: &Target, expected: Option<&Precondition>) -> Result<(), Error> {
        let must_hold = cx.scope.is_filling(&target.kind);
        persistently(|attempt| self.delete_once(cx, target, expected, must_hold || attempt > 0)).await
    }

    async fn delete_once(
        &self,
        cx: &OpContext,
        target: &Target,
        expected: Option<&Precondition>,
        hold: bool,
    ) -> Result<(), Error> {
        if hold {
            let mut tx = self.store.write(&cx.scope).await?;
            // As in every change: groups in order of their ids first, then who is in them.
            for group in tx.groups_of(&[target.id]).await?.remove(&target.id).unwrap_or_default() {
                tx.lock(&Kind::GROUP, group.id).await?;
            }
            tx.lock(&target.kind, target.id).await?;
            let change = self.deletion(tx.as_mut(), cx, target, expected).await?;
            tx.save(&change).await?;
            return Ok(tx.commit().await?);
        }
        let mut read = self.store.read(&cx.scope).await?;
        let change = self.deletion(read.as_mut(), cx, target, expected).await?;
        self.store.save(&cx.scope, &change).await?;
        Ok(())
    }

    /// The groups that lose the resource are told first: each group's own history holds all that happened to it.
    async fn deletion<'c, R: ReadResources + ?Sized>(
        &self,
        read: &mut R,
        cx: &'c OpContext,
        target: &Target,
        expected: Option<&Precondition>,
    ) -> Result<Change<'c>, Error> {
        let View { stored, .. } = read.find(&target.kind, target.id, false).await?.ok_or_else(|| not_found(target))?;
        cx.trail.about(&stored);
        stored.require(expected)?;
        let groups = read.groups_of(&[target.id]).await?.remove(&target.id).unwrap_or_default();
        let mut change = Change::of(cx, DocumentChange::None);
        change.groups_left = groups.iter().map(|group| group.id).collect();
        for group in &groups {
            self.tell(&mut change, Fact::left(group.id, target.id));
        }
        self.tell(&mut change, Fact::deleted(&stored, &Aside::default()));
        change.document = DocumentChange::Delete(stored);
        Ok(change)
    }

    fn tell(&self, change: &mut Change<'_>, fact: Fact) {
        change.facts.push((FactId(self.ids.next(change.cx.now)), fact));
    }
}

/// What is to be added.
struct New<'n> {
    stored: &'n StoredResource,
    members: &'n MemberChange,
    ignored: &'n [String],
    password: Option<&'n PasswordChange>,
}

/// Tries again when others change the same things at the same time; `once` is told how often it was tried before.
async fn persistently<T, Attempt>(once: impl Fn(usize) -> Attempt) -> Result<T, Error>
where
    Attempt: Future<Output = Result<T, Error>>,
{
    for attempt in 0..ATTEMPTS {
        match once(attempt).await {
            Err(error) if error.is_contention() => {}
            done => return done,
        }
    }
    Err(StoreError::Contention.into())
}

fn not_found(target: &Target) -> Error {
    Error::NotFound(format!("{} {}", target.kind, target.id))
}
