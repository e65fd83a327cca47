//! What identity providers do to a directory: create, get, list, replace, patch, delete.

use std::sync::Arc;

use scim_protocol::Fault;
use scim_protocol::patch::{PatchRequest, Plan};
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::validate::{self, Validated};
use scim_protocol::version::Precondition;

use super::membership;
use crate::Error;
use crate::context::OpContext;
use crate::directory::{Kind, ResourceTypes, StoredResource, View};
use crate::ids::{FactId, ResourceId};
use crate::journal::{Aside, Fact, What};
use crate::member_change::MemberChange;
use crate::ports::IdGen;
use crate::store::{ListQuery, Store, StoreError, TenantTx};

/// How often a change is tried when others change the same resource at the same time.
const ATTEMPTS: usize = 12;

/// One resource of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub kind: Kind,
    pub id: ResourceId,
}

/// One page of views.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub total: u64,
    pub views: Vec<View>,
}

pub struct Provisioning {
    store: Arc<dyn Store>,
    ids: Arc<dyn IdGen>,
    types: Arc<ResourceTypes>,
    /// How many members a list of groups may hold together (decisions.md 14).
    list_members_limit: u64,
}

impl Provisioning {
    pub fn new(store: Arc<dyn Store>, ids: Arc<dyn IdGen>, types: Arc<ResourceTypes>, list_members_limit: u64) -> Self {
        Self { store, ids, types, list_members_limit }
    }

    pub fn types(&self) -> &ResourceTypes {
        &self.types
    }

    /// Adds a resource (RFC 7644 §3.3). `show_related`: whether the view is to hold memberships.
    ///
    /// # Errors
    /// [`StoreError::Taken`] for a userName in use, 400 `invalidValue` for a member that does not exist.
    pub async fn create(&self, cx: &OpContext, kind: &Kind, new: Validated, show_related: bool) -> Result<View, Error> {
        let id = ResourceId(self.ids.next(cx.now));
        let stored = StoredResource {
            kind: kind.clone(),
            id,
            resource: new.resource,
            version: 1,
            created: cx.now,
            modified: cx.now,
        };
        let change = MemberChange::exactly(new.collection.as_deref().unwrap_or_default())?;
        let made = (&stored, &change, new.ignored.as_slice());
        persistently(|_| self.create_once(cx, made, show_related)).await
    }

    async fn create_once(
        &self,
        cx: &OpContext,
        (stored, change, ignored): (&StoredResource, &MemberChange, &[String]),
        show_related: bool,
    ) -> Result<View, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        tx.insert(stored).await?;
        let members = membership::change(tx.as_mut(), stored.id, change).await?;
        let aside = Aside { members, ignored: ignored.to_vec() };
        self.record(tx.as_mut(), cx, &Fact::created(stored, &aside)).await?;
        finish(tx, stored.clone(), show_related).await
    }

    /// Reads a resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, cx: &OpContext, target: &Target, show_related: bool) -> Result<View, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let stored = read.find(&target.kind, target.id).await?.ok_or_else(|| not_found(target))?;
        let related = membership::related_to(read.as_mut(), std::slice::from_ref(&stored), show_related).await?;
        Ok(View { stored, related: related.into_iter().next().unwrap_or_default() })
    }

    /// Reads a page (RFC 7644 §3.4.2).
    ///
    /// # Errors
    /// 400 `tooMany` when the groups of the page have more members together than a list may hold.
    pub async fn list(
        &self,
        cx: &OpContext,
        kind: &Kind,
        query: &ListQuery,
        show_related: bool,
    ) -> Result<Listing, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let page = read.list(kind, query).await?;
        if show_related && *kind == Kind::GROUP {
            let groups: Vec<_> = page.resources.iter().map(|group| group.id).collect();
            self.within_list_limit(read.count_members(&groups).await?)?;
        }
        let related = membership::related_to(read.as_mut(), &page.resources, show_related).await?;
        let views = page.resources.into_iter().zip(related).map(|(stored, related)| View { stored, related });
        Ok(Listing { total: page.total, views: views.collect() })
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
        new: &Validated,
        expected: Option<&Precondition>,
        show_related: bool,
    ) -> Result<View, Error> {
        let members = match self.types.get(&target.kind)?.collection {
            Some(_) => MemberChange::exactly(new.collection.as_deref().unwrap_or_default())?,
            None => MemberChange::default(),
        };
        let edit = Edit::Replace { new, members };
        self.write(&Write { cx, target, expected, show_related }, &edit).await
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
        show_related: bool,
    ) -> Result<View, Error> {
        let edit = Edit::Patch(Plan::new(self.types.get(&target.kind)?, request)?);
        self.write(&Write { cx, target, expected, show_related }, &edit).await
    }

    /// Tries an edit until nobody else changes the resource at the same moment: first without holding anybody up, then,
    /// once it has lost a race, holding the resource while it works.
    async fn write(&self, write: &Write<'_>, edit: &Edit<'_>) -> Result<View, Error> {
        persistently(|attempt| self.write_once(write, edit, attempt > 0)).await
    }

    /// Writes what differs, and nothing at all when nothing does. A group's own row comes last, because it is the one
    /// that everybody who changes the group waits for (decisions.md 7).
    async fn write_once(&self, write: &Write<'_>, edit: &Edit<'_>, hold: bool) -> Result<View, Error> {
        let Write { cx, target, expected, show_related } = write;
        let mut tx = self.store.write(&cx.scope).await?;
        let before = match hold {
            true => tx.lock(&target.kind, target.id).await?,
            false => tx.find(&target.kind, target.id).await?,
        };
        let before = before.ok_or_else(|| not_found(target))?;
        before.require(*expected)?;
        let document = edit.document(self.types.get(&target.kind)?, &before.resource)?;
        let members = edit.members(tx.as_mut(), target.id).await?;
        let aside = Aside {
            members: membership::change(tx.as_mut(), target.id, &members).await?,
            ignored: edit.ignored().to_vec(),
        };
        let same_document = before.resource == document;
        let after = match (same_document, aside.members.is_empty()) {
            (true, true) => before.clone(),
            // Additions and removals of several callers add up; of several whole lists one has to win.
            (true, false) if expected.is_none() && !members.clear => touched(tx.as_mut(), target, cx).await?,
            _ => tx.update(&before, &document, cx.now).await?,
        };
        if after.version != before.version || !aside.ignored.is_empty() {
            // What was not written here may have been changed by somebody else in between, and is their fact.
            let written = if same_document { &before } else { &after };
            self.record(tx.as_mut(), cx, &Fact::changed(edit.what(), &before, written, &aside)).await?;
        }
        finish(tx, after, *show_related).await
    }

    /// Removes a resource and its memberships (RFC 7644 §3.6); its name is free again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`].
    pub async fn delete(&self, cx: &OpContext, target: &Target, expected: Option<&Precondition>) -> Result<(), Error> {
        persistently(|_| self.delete_once(cx, target, expected)).await
    }

    async fn delete_once(&self, cx: &OpContext, target: &Target, expected: Option<&Precondition>) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = tx.lock(&target.kind, target.id).await?.ok_or_else(|| not_found(target))?;
        before.require(expected)?;
        let everybody = MemberChange { clear: true, ..MemberChange::default() };
        let members = membership::change(tx.as_mut(), target.id, &everybody).await?;
        let left = tx.leave_groups(target.id).await?;
        tx.touch(&Kind::GROUP, &left, cx.now).await?;
        tx.delete(&target.kind, target.id).await?;
        self.record(tx.as_mut(), cx, &Fact::deleted(&before, &Aside { members, ignored: Vec::new() })).await?;
        Ok(tx.commit().await?)
    }

    async fn record(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }
}

/// Which resource is written, on which condition, and what the caller wants to see of it.
struct Write<'w> {
    cx: &'w OpContext,
    target: &'w Target,
    expected: Option<&'w Precondition>,
    show_related: bool,
}

/// What is done to a resource, before its present state is known.
enum Edit<'e> {
    Replace { new: &'e Validated, members: MemberChange },
    Patch(Plan),
}

impl Edit<'_> {
    fn what(&self) -> What {
        match self {
            Self::Replace { .. } => What::Replaced,
            Self::Patch(_) => What::Patched,
        }
    }

    fn ignored(&self) -> &[String] {
        match self {
            Self::Replace { new, .. } => &new.ignored,
            Self::Patch(plan) => &plan.ignored,
        }
    }

    fn document(&self, resource_type: &ResourceType, before: &Resource) -> Result<Resource, Fault> {
        match self {
            Self::Patch(plan) => plan.apply(resource_type, before),
            Self::Replace { new, .. } => {
                validate::keep_immutable(resource_type, before.attributes(), new.resource.attributes())?;
                Ok(new.resource.clone())
            }
        }
    }

    async fn members(&self, tx: &mut dyn TenantTx, group: ResourceId) -> Result<MemberChange, Error> {
        match self {
            Self::Replace { members, .. } => Ok(members.clone()),
            Self::Patch(plan) => membership::fold(tx, group, plan).await,
        }
    }
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

/// The resource with its next version, which a change of members gives it; none of its document is written.
async fn touched(tx: &mut dyn TenantTx, target: &Target, cx: &OpContext) -> Result<StoredResource, Error> {
    tx.touch(&target.kind, &[target.id], cx.now).await?;
    tx.find(&target.kind, target.id).await?.ok_or_else(|| not_found(target))
}

async fn finish(mut tx: Box<dyn TenantTx>, stored: StoredResource, show_related: bool) -> Result<View, Error> {
    let related = membership::related_to(tx.as_mut(), std::slice::from_ref(&stored), show_related).await?;
    tx.commit().await?;
    Ok(View { stored, related: related.into_iter().next().unwrap_or_default() })
}
