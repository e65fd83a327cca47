//! What is done to a resource, before its present state is known.

use scim_protocol::Fault;
use scim_protocol::patch::Plan;
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::validate::{self, Validated};

use crate::change::PasswordChange;
use crate::directory::Member;
use crate::journal::What;
use crate::member_change::MemberChange;

pub enum Edit<'e> {
    /// Another document in the place of the one there is.
    Replace { new: &'e Validated, members: MemberChange, password: Option<PasswordChange> },
    /// Parts of it.
    Patch { plan: Plan, password: Option<PasswordChange> },
}

impl Edit<'_> {
    pub fn what(&self) -> What {
        match self {
            Self::Replace { .. } => What::Replaced,
            Self::Patch { .. } => What::Patched,
        }
    }

    pub fn ignored(&self) -> &[String] {
        match self {
            Self::Replace { new, .. } => &new.ignored,
            Self::Patch { plan, .. } => &plan.ignored,
        }
    }

    /// What becomes of the digest of the password.
    pub fn password(&self) -> Option<&PasswordChange> {
        match self {
            Self::Replace { password, .. } | Self::Patch { password, .. } => password.as_ref(),
        }
    }

    /// The document afterwards.
    pub fn document(&self, resource_type: &ResourceType, before: &Resource) -> Result<Resource, Fault> {
        match self {
            Self::Patch { plan, .. } => plan.apply(resource_type, before),
            Self::Replace { new, .. } => {
                validate::keep_immutable(resource_type, before.attributes(), new.resource.attributes())?;
                Ok(new.resource.clone())
            }
        }
    }

    /// Whether who joins and who leaves depends on who is there.
    pub fn needs_members(&self) -> bool {
        match self {
            Self::Replace { members, .. } => members.clear,
            Self::Patch { plan, .. } => MemberChange::needs_members(&plan.collection),
        }
    }

    /// Who is to join and to leave. `members` are those there are, where they are needed.
    pub fn members(&self, members: &[Member]) -> Result<MemberChange, Fault> {
        match self {
            Self::Replace { members, .. } => Ok(members.clone()),
            Self::Patch { plan, .. } => MemberChange::fold(&plan.collection, members),
        }
    }
}
