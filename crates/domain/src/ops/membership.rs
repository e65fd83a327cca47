//! Who is in which group, as part of the operations on directories.

use std::collections::{BTreeSet, HashMap};

use scim_protocol::{Fault, Reason};

use super::edit::Edit;
use crate::Error;
use crate::directory::{Candidate, Kind, Member, Related, StoredResource};
use crate::ids::ResourceId;
use crate::journal::MemberDelta;
use crate::member_change::{MemberChange, unknown_member};
use crate::store::{ReadResources, StoreError};

/// Who really joins and leaves, as things are; in order of their ids, because two requests that write the same rows in
/// the same order cannot wait for each other in a circle.
#[derive(Debug, Default)]
pub struct NetChange {
    pub joining: Vec<(ResourceId, Kind)>,
    pub leaving: Vec<ResourceId>,
    /// A whole list was put in the place of another.
    pub is_whole: bool,
}

impl NetChange {
    pub fn is_empty(&self) -> bool {
        self.joining.is_empty() && self.leaving.is_empty()
    }

    pub fn delta(&self) -> MemberDelta {
        MemberDelta { added: self.joining.iter().map(|(id, _)| *id).collect(), removed: self.leaving.clone() }
    }

    /// # Errors
    /// 400 `invalidValue` for somebody who does not exist, or for the group itself.
    fn new(
        group: ResourceId,
        change: MemberChange,
        candidates: &HashMap<ResourceId, Candidate>,
    ) -> Result<Self, Error> {
        let is_member = |id: &ResourceId| candidates.get(id).is_some_and(|candidate| candidate.is_member);
        let mut net = Self { is_whole: change.clear, ..Self::default() };
        net.leaving = change.remove.into_iter().filter(is_member).collect();
        for id in change.add {
            if id == group {
                return Err(in_itself(id).into());
            }
            let kind = candidates.get(&id).and_then(|candidate| candidate.kind.clone());
            let kind = kind.ok_or_else(|| unknown_member(&id.to_string()))?;
            if !is_member(&id) {
                net.joining.push((id, kind));
            }
        }
        Ok(net)
    }
}

fn groups(joining: &[(ResourceId, Kind)]) -> impl Iterator<Item = ResourceId> {
    joining.iter().filter(|(_, kind)| *kind == Kind::GROUP).map(|(id, _)| *id)
}

/// Whether groups join: of two such changes at the same moment each may be fine, and both together close a circle.
pub fn nests(joining: &[(ResourceId, Kind)]) -> bool {
    groups(joining).next().is_some()
}

/// Refuses groups that contain the one they are to be in.
///
/// # Errors
/// 400 `invalidValue` naming one.
pub async fn refuse_circles<R: ReadResources + ?Sized>(
    read: &mut R,
    group: ResourceId,
    joining: &[(ResourceId, Kind)],
) -> Result<(), Error> {
    let above = read.groups_above(group).await?;
    match groups(joining).find(|joining| above.contains(joining)) {
        Some(joining) => Err(in_itself(joining).into()),
        None => Ok(()),
    }
}

fn in_itself(group: ResourceId) -> Fault {
    Fault::invalid_value(format!("the group {group} would be in itself")).because(Reason::Circle)
}

/// Who is to be in a new group.
pub async fn founders<R: ReadResources + ?Sized>(
    read: &mut R,
    group: ResourceId,
    change: MemberChange,
) -> Result<NetChange, Error> {
    if change.add.is_empty() {
        return Ok(NetChange::default());
    }
    let named: Vec<ResourceId> = change.add.iter().copied().collect();
    NetChange::new(group, change, &read.candidates(&named).await?)
}

/// A group, and who joins and leaves it by an edit; none when there is no such group. Who is in it is read only where the
/// edit depends on that.
pub async fn read_group<R: ReadResources + ?Sized>(
    read: &mut R,
    id: ResourceId,
    edit: &Edit<'_>,
) -> Result<Option<(StoredResource, Result<NetChange, Error>)>, StoreError> {
    if edit.needs_members() {
        return read_whole_group(read, id, edit).await;
    }
    let change = edit.members(&[]);
    let named = change.as_ref().map(named).unwrap_or_default();
    let found = read.find_group(id, &named).await?;
    Ok(found.map(|(stored, candidates)| {
        (stored, change.map_err(Error::from).and_then(|change| NetChange::new(id, change, &candidates)))
    }))
}

fn named(change: &MemberChange) -> Vec<ResourceId> {
    change.remove.union(&change.add).copied().collect()
}

async fn read_whole_group<R: ReadResources + ?Sized>(
    read: &mut R,
    id: ResourceId,
    edit: &Edit<'_>,
) -> Result<Option<(StoredResource, Result<NetChange, Error>)>, StoreError> {
    let Some((stored, _)) = read.find_group(id, &[]).await? else { return Ok(None) };
    let members = read.members(&[id]).await?.remove(&id).unwrap_or_default();
    let mut change = match edit.members(&members) {
        Ok(change) => change,
        Err(fault) => return Ok(Some((stored, Err(fault.into())))),
    };
    let present: BTreeSet<ResourceId> = members.iter().map(|member| member.id).collect();
    if change.clear {
        change.remove = present.difference(&change.add).copied().collect();
    }
    let joining: Vec<ResourceId> = change.add.difference(&present).copied().collect();
    let mut candidates = if joining.is_empty() { HashMap::new() } else { read.candidates(&joining).await? };
    let known = members.into_iter().map(|Member { id, kind }| (id, Candidate { kind: Some(kind), is_member: true }));
    candidates.extend(known);
    Ok(Some((stored, NetChange::new(id, change, &candidates))))
}

/// The members of a group, to be shown.
pub async fn members_of<R: ReadResources + ?Sized>(read: &mut R, group: ResourceId) -> Result<Related, StoreError> {
    Ok(Related::Members(read.members(&[group]).await?.remove(&group).unwrap_or_default()))
}
