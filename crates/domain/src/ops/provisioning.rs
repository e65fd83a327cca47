//! What identity providers do to a directory: create, get, list, replace, patch, delete.

use std::sync::Arc;

use scim_protocol::Fault;
use scim_protocol::patch::{PatchRequest, Plan};
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::validate::Validated;
use scim_protocol::version::Precondition;

use crate::Error;
use crate::context::OpContext;
use crate::directory::{Kind, Related, ResourceTypes, StoredResource, View};
use crate::ids::{FactId, ResourceId};
use crate::journal::{Aside, Fact, MemberDelta, What};
use crate::member_change::{MemberChange, unknown_member};
use crate::ports::IdGen;
use crate::store::{ListQuery, ReadResources, Store, StoreError, TenantTx};

/// How often a change is tried again when others change the same resource at the same time.
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
        Self {
            store,
            ids,
            types,
            list_members_limit,
        }
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
        let mut tx = self.store.write(&cx.scope).await?;
        tx.insert(&stored).await?;
        let members = change_members(tx.as_mut(), id, &change).await?;
        let fact = Fact::created(
            &stored,
            &Aside {
                members,
                ignored: new.ignored,
            },
        );
        self.record(tx.as_mut(), cx, &fact).await?;
        self.finish(tx, stored, show_related).await
    }

    /// Reads a resource (RFC 7644 §3.4.1).
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, cx: &OpContext, target: &Target, show_related: bool) -> Result<View, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let stored = read
            .find(&target.kind, target.id)
            .await?
            .ok_or_else(|| not_found(target))?;
        let related = related_to(read.as_mut(), std::slice::from_ref(&stored), show_related).await?;
        Ok(View {
            stored,
            related: related.into_iter().next().unwrap_or_default(),
        })
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
        let related = related_to(read.as_mut(), &page.resources, show_related).await?;
        let views = page
            .resources
            .into_iter()
            .zip(related)
            .map(|(stored, related)| View { stored, related })
            .collect();
        Ok(Listing {
            total: page.total,
            views,
        })
    }

    fn within_list_limit(&self, members: u64) -> Result<(), Fault> {
        let limit = self.list_members_limit;
        if members <= limit {
            return Ok(());
        }
        Err(Fault::too_many(format!(
            "these groups have {members} members together, a list gives at most {limit}; ask with excludedAttributes=members or for fewer groups"
        )))
    }

    /// Puts another document in a resource's place (RFC 7644 §3.5.1).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`], and as `create`.
    pub async fn replace(
        &self,
        cx: &OpContext,
        target: &Target,
        new: &Validated,
        expected: Option<&Precondition>,
        show_related: bool,
    ) -> Result<View, Error> {
        let change = match self.types.get(&target.kind)?.collection {
            Some(_) => MemberChange::exactly(new.collection.as_deref().unwrap_or_default())?,
            None => MemberChange::default(),
        };
        for _ in 1..ATTEMPTS {
            match self
                .replace_once(cx, target, new, &change, expected, show_related)
                .await
            {
                Err(error) if error.is_contention() => {}
                done => return done,
            }
        }
        self.replace_once(cx, target, new, &change, expected, show_related)
            .await
    }

    async fn replace_once(
        &self,
        cx: &OpContext,
        target: &Target,
        new: &Validated,
        change: &MemberChange,
        expected: Option<&Precondition>,
        show_related: bool,
    ) -> Result<View, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = found(tx.as_mut(), target, expected).await?;
        let members = change_members(tx.as_mut(), target.id, change).await?;
        let aside = Aside {
            members,
            ignored: new.ignored.clone(),
        };
        self.save(
            tx,
            cx,
            What::Replaced,
            before,
            &new.resource,
            aside,
            (expected.is_some(), show_related),
        )
        .await
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
        let resource_type = self.types.get(&target.kind)?;
        let plan = Plan::new(resource_type, request)?;
        for _ in 1..ATTEMPTS {
            match self
                .patch_once(cx, target, (resource_type, &plan), expected, show_related)
                .await
            {
                Err(error) if error.is_contention() => {}
                done => return done,
            }
        }
        self.patch_once(cx, target, (resource_type, &plan), expected, show_related)
            .await
    }

    async fn patch_once(
        &self,
        cx: &OpContext,
        target: &Target,
        (resource_type, plan): (&ResourceType, &Plan),
        expected: Option<&Precondition>,
        show_related: bool,
    ) -> Result<View, Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = found(tx.as_mut(), target, expected).await?;
        let after = plan.apply(resource_type, &before.resource)?;
        let change = fold_members(tx.as_mut(), target.id, plan).await?;
        let members = change_members(tx.as_mut(), target.id, &change).await?;
        let aside = Aside {
            members,
            ignored: plan.ignored.clone(),
        };
        self.save(
            tx,
            cx,
            What::Patched,
            before,
            &after,
            aside,
            (expected.is_some(), show_related),
        )
        .await
    }

    /// Writes what differs, and nothing at all when nothing does. A group's own row comes last, because it is the one
    /// that everybody who changes the group waits for (decisions.md 7).
    #[expect(
        clippy::too_many_arguments,
        reason = "the last steps of replace and patch, which share all of this"
    )]
    async fn save(
        &self,
        mut tx: Box<dyn TenantTx>,
        cx: &OpContext,
        what: What,
        before: StoredResource,
        document: &Resource,
        aside: Aside,
        (exactly_this_version, show_related): (bool, bool),
    ) -> Result<View, Error> {
        let same_document = before.resource == *document;
        let after = match (same_document, aside.members.is_empty()) {
            (true, true) => before.clone(),
            (true, false) if !exactly_this_version => touched(tx.as_mut(), &before, cx).await?,
            _ => tx.update(&before, document, cx.now).await?,
        };
        if after.version != before.version || !aside.ignored.is_empty() {
            let fact = Fact::changed(what, &before, &after, &aside);
            self.record(tx.as_mut(), cx, &fact).await?;
        }
        self.finish(tx, after, show_related).await
    }

    /// Removes a resource and its memberships (RFC 7644 §3.6); its name is free again.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::VersionMismatch`].
    pub async fn delete(&self, cx: &OpContext, target: &Target, expected: Option<&Precondition>) -> Result<(), Error> {
        for _ in 1..ATTEMPTS {
            match self.delete_once(cx, target, expected).await {
                Err(error) if error.is_contention() => {}
                done => return done,
            }
        }
        self.delete_once(cx, target, expected).await
    }

    async fn delete_once(&self, cx: &OpContext, target: &Target, expected: Option<&Precondition>) -> Result<(), Error> {
        let mut tx = self.store.write(&cx.scope).await?;
        let before = tx
            .lock(&target.kind, target.id)
            .await?
            .ok_or_else(|| not_found(target))?;
        before.require(expected)?;
        let everybody = MemberChange {
            clear: true,
            ..MemberChange::default()
        };
        let members = change_members(tx.as_mut(), target.id, &everybody).await?;
        let left = tx.leave_groups(target.id).await?;
        tx.touch(&Kind::GROUP, &left, cx.now).await?;
        tx.delete(&target.kind, target.id).await?;
        let fact = Fact::deleted(
            &before,
            &Aside {
                members,
                ignored: Vec::new(),
            },
        );
        self.record(tx.as_mut(), cx, &fact).await?;
        Ok(tx.commit().await?)
    }

    async fn record(&self, tx: &mut dyn TenantTx, cx: &OpContext, fact: &Fact) -> Result<(), StoreError> {
        tx.record(cx, FactId(self.ids.next(cx.now)), fact).await
    }

    async fn finish(
        &self,
        mut tx: Box<dyn TenantTx>,
        stored: StoredResource,
        show_related: bool,
    ) -> Result<View, Error> {
        let related = related_to(tx.as_mut(), std::slice::from_ref(&stored), show_related).await?;
        tx.commit().await?;
        Ok(View {
            stored,
            related: related.into_iter().next().unwrap_or_default(),
        })
    }
}

fn not_found(target: &Target) -> Error {
    Error::NotFound(format!("{} {}", target.kind, target.id))
}

async fn found(
    tx: &mut dyn TenantTx,
    target: &Target,
    expected: Option<&Precondition>,
) -> Result<StoredResource, Error> {
    let before = tx
        .find(&target.kind, target.id)
        .await?
        .ok_or_else(|| not_found(target))?;
    before.require(expected)?;
    Ok(before)
}

async fn touched(tx: &mut dyn TenantTx, before: &StoredResource, cx: &OpContext) -> Result<StoredResource, Error> {
    if tx.touch(&before.kind, &[before.id], cx.now).await? == 0 {
        return Err(Error::NotFound(format!("{} {}", before.kind, before.id)));
    }
    let after = tx.find(&before.kind, before.id).await?;
    after.ok_or_else(|| StoreError::Contention.into())
}

async fn fold_members(tx: &mut dyn TenantTx, group: ResourceId, plan: &Plan) -> Result<MemberChange, Error> {
    let members = match MemberChange::needs_members(&plan.collection) {
        true => tx.members(&[group]).await?.remove(&group).unwrap_or_default(),
        false => Vec::new(),
    };
    Ok(MemberChange::fold(&plan.collection, &members)?)
}

/// Carries out a change of members; gives what really changed.
async fn change_members(tx: &mut dyn TenantTx, group: ResourceId, change: &MemberChange) -> Result<MemberDelta, Error> {
    if change.is_empty() {
        return Ok(MemberDelta::default());
    }
    let remove: Vec<ResourceId> = match change.clear {
        true => tx
            .member_ids(group)
            .await?
            .into_iter()
            .filter(|id| !change.add.contains(id))
            .collect(),
        false => change.remove.iter().copied().collect(),
    };
    let add: Vec<ResourceId> = change.add.iter().copied().collect();
    let kinds = tx.kinds_of(&add).await?;
    let mut joining = Vec::with_capacity(add.len());
    for id in add {
        let kind = kinds
            .get(&id)
            .filter(|_| id != group)
            .ok_or_else(|| unknown_member(&id.to_string()))?;
        joining.push((id, kind.clone()));
    }
    let removed = tx.remove_members(group, &remove).await?;
    let added = tx.add_members(group, &joining).await?;
    Ok(MemberDelta { added, removed })
}

/// What is kept beside each of these, in their order.
async fn related_to<R: ReadResources + ?Sized>(
    read: &mut R,
    stored: &[StoredResource],
    show: bool,
) -> Result<Vec<Related>, StoreError> {
    let ids: Vec<ResourceId> = stored.iter().map(|resource| resource.id).collect();
    match stored.first().filter(|_| show).map(|resource| &resource.kind) {
        Some(kind) if *kind == Kind::USER => {
            let mut groups = read.groups_of(&ids).await?;
            Ok(ids
                .iter()
                .map(|id| Related::Groups(groups.remove(id).unwrap_or_default()))
                .collect())
        }
        Some(kind) if *kind == Kind::GROUP => {
            let mut members = read.members(&ids).await?;
            Ok(ids
                .iter()
                .map(|id| Related::Members(members.remove(id).unwrap_or_default()))
                .collect())
        }
        _ => Ok(vec![Related::None; ids.len()]),
    }
}
