//! Who is in which group, as part of the operations on directories.

use scim_protocol::patch::Plan;

use crate::Error;
use crate::directory::{Kind, Related, StoredResource};
use crate::ids::ResourceId;
use crate::journal::MemberDelta;
use crate::member_change::{MemberChange, unknown_member};
use crate::store::{ReadResources, StoreError, TenantTx};

/// The change of members a PATCH asks for. The members there are get read only when it chooses among them.
pub async fn fold(tx: &mut dyn TenantTx, group: ResourceId, plan: &Plan) -> Result<MemberChange, Error> {
    let members = match MemberChange::needs_members(&plan.collection) {
        true => tx.members(&[group]).await?.remove(&group).unwrap_or_default(),
        false => Vec::new(),
    };
    Ok(MemberChange::fold(&plan.collection, &members)?)
}

/// Carries out a change of members; gives what really changed.
///
/// # Errors
/// 400 `invalidValue` for somebody who does not exist, or for the group itself.
pub async fn change(tx: &mut dyn TenantTx, group: ResourceId, change: &MemberChange) -> Result<MemberDelta, Error> {
    if change.is_empty() {
        return Ok(MemberDelta::default());
    }
    let remove: Vec<ResourceId> = match change.clear {
        true => tx.member_ids(group).await?.into_iter().filter(|id| !change.add.contains(id)).collect(),
        false => change.remove.iter().copied().collect(),
    };
    let joining = joining(tx, group, change).await?;
    let removed = tx.remove_members(group, &remove).await?;
    let added = tx.add_members(group, &joining).await?;
    Ok(MemberDelta { added, removed })
}

async fn joining(
    tx: &mut dyn TenantTx,
    group: ResourceId,
    change: &MemberChange,
) -> Result<Vec<(ResourceId, Kind)>, Error> {
    let add: Vec<ResourceId> = change.add.iter().copied().collect();
    let mut kinds = tx.kinds_of(&add).await?;
    let known = add.into_iter().map(|id| match kinds.remove(&id).filter(|_| id != group) {
        Some(kind) => Ok((id, kind)),
        None => Err(unknown_member(&id.to_string()).into()),
    });
    known.collect()
}

/// What is kept beside each of these, in their order; nothing unless it is to be shown.
pub async fn related_to<R: ReadResources + ?Sized>(
    read: &mut R,
    stored: &[StoredResource],
    show: bool,
) -> Result<Vec<Related>, StoreError> {
    let ids: Vec<ResourceId> = stored.iter().map(|resource| resource.id).collect();
    match stored.first().filter(|_| show).map(|resource| &resource.kind) {
        Some(kind) if *kind == Kind::USER => {
            let mut groups = read.groups_of(&ids).await?;
            Ok(ids.iter().map(|id| Related::Groups(groups.remove(id).unwrap_or_default())).collect())
        }
        Some(kind) if *kind == Kind::GROUP => {
            let mut members = read.members(&ids).await?;
            Ok(ids.iter().map(|id| Related::Members(members.remove(id).unwrap_or_default())).collect())
        }
        _ => Ok(vec![Related::None; ids.len()]),
    }
}
