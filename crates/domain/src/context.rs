//! Who does something, where, when and in which request.

use uuid::Uuid;

use crate::activity::Trail;
use crate::credential::CredentialKind;
use crate::ids::{AdminId, CredentialId, LinkId, ResourceId};
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// The first argument of every operation. The face stamps `now` once, so that every row of a request agrees.
#[derive(Clone, Debug)]
pub struct OpContext {
    pub scope: TenantScope,
    pub actor: Actor,
    pub request_id: String,
    pub now: Timestamp,
    /// Where word is left for the activity log.
    pub trail: Trail,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An identity provider, by its credential.
    Credential { id: CredentialId, kind: CredentialKind, label: String },
    /// An admin of the tenant, in the settings UI.
    Admin { id: AdminId, name: String },
    /// Whoever came into the settings UI by a setup link.
    SetupLink { id: LinkId, label: String },
    /// A person of the directory who signed in.
    Person { id: ResourceId, name: String },
    /// The vendor's staff, by the command line.
    Operator,
    /// The server itself.
    System,
}

impl Actor {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Credential { kind, .. } => kind.as_str(),
            Self::Admin { .. } => "admin",
            Self::SetupLink { .. } => "setup_link",
            Self::Person { .. } => "person",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// What tells this actor from others of its kind.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Credential { id, .. } => Some(id.to_string()),
            Self::Admin { id, .. } => Some(id.to_string()),
            Self::SetupLink { id, .. } => Some(id.to_string()),
            Self::Person { id, .. } => Some(id.to_string()),
            Self::Operator | Self::System => None,
        }
    }

    /// What people call it; none where there is nothing to tell apart.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Credential { label, .. } | Self::SetupLink { label, .. } => Some(label),
            Self::Admin { name, .. } | Self::Person { name, .. } => Some(name),
            Self::Operator | Self::System => None,
        }
    }

    /// The actor of that kind, id and name, as they are stored; none for one that asks for nothing to be done later.
    pub fn stored(kind: &str, id: Option<&str>, name: Option<&str>) -> Option<Self> {
        let id = || Uuid::try_parse(id?).ok();
        let name = name.unwrap_or_default().to_owned();
        match kind {
            "admin" => Some(Self::Admin { id: AdminId(id()?), name }),
            "setup_link" => Some(Self::SetupLink { id: LinkId(id()?), label: name }),
            "operator" => Some(Self::Operator),
            "system" => Some(Self::System),
            _ => None,
        }
    }
}
