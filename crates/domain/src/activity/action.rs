//! What a request did or tried, as far as words for it need to know.

use crate::ids::ResourceId;

/// One person (or group) of those that a request was about beside its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: ResourceId,
    /// Unknown as long as nobody looked, and when there is nobody of that id.
    pub name: Option<String>,
}

/// What a request did or, when it was refused, tried. Of whom, stands in the row's target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// A search for somebody who cannot exist: an identity provider tries the address and the token.
    TestedConnection,
    /// `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.
    ReadDiscovery,
    Searched {
        found: u64,
    },
    LookedUp,
    Created,
    Updated,
    Enabled,
    Disabled,
    Renamed,
    Deleted,
    MembersAdded {
        count: u32,
        /// The first of them.
        who: Option<Person>,
    },
    MembersRemoved {
        count: u32,
        who: Option<Person>,
    },
    /// Some joined and some left.
    MembersChanged {
        added: u32,
        removed: u32,
    },
    Bulk {
        operations: u32,
        failed: u32,
    },
    /// An OAuth client asked for an access token.
    IssuedToken,
    /// Something that is none of these, such as an address that there is not.
    #[default]
    Other,
}

/// An action without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    TestedConnection,
    ReadDiscovery,
    Searched,
    LookedUp,
    Created,
    Updated,
    Enabled,
    Disabled,
    Renamed,
    Deleted,
    MembersAdded,
    MembersRemoved,
    MembersChanged,
    Bulk,
    IssuedToken,
    Other,
}

impl ActionKind {
    pub const ALL: [Self; 16] = [
        Self::TestedConnection,
        Self::ReadDiscovery,
        Self::Searched,
        Self::LookedUp,
        Self::Created,
        Self::Updated,
        Self::Enabled,
        Self::Disabled,
        Self::Renamed,
        Self::Deleted,
        Self::MembersAdded,
        Self::MembersRemoved,
        Self::MembersChanged,
        Self::Bulk,
        Self::IssuedToken,
        Self::Other,
    ];

    /// Its name as it is stored and stands in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TestedConnection => "tested_connection",
            Self::ReadDiscovery => "read_discovery",
            Self::Searched => "searched",
            Self::LookedUp => "looked_up",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Renamed => "renamed",
            Self::Deleted => "deleted",
            Self::MembersAdded => "members_added",
            Self::MembersRemoved => "members_removed",
            Self::MembersChanged => "members_changed",
            Self::Bulk => "bulk",
            Self::IssuedToken => "issued_token",
            Self::Other => "other",
        }
    }

    /// The action of a stored name; none when it is no name of one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it would change the directory.
    pub const fn is_write(self) -> bool {
        match self {
            Self::TestedConnection
            | Self::ReadDiscovery
            | Self::Searched
            | Self::LookedUp
            | Self::IssuedToken
            | Self::Other => false,
            Self::Created
            | Self::Updated
            | Self::Enabled
            | Self::Disabled
            | Self::Renamed
            | Self::Deleted
            | Self::MembersAdded
            | Self::MembersRemoved
            | Self::MembersChanged
            | Self::Bulk => true,
        }
    }

    /// Whether it is about who is in a group.
    pub const fn is_about_members(self) -> bool {
        matches!(self, Self::MembersAdded | Self::MembersRemoved | Self::MembersChanged)
    }
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::TestedConnection => ActionKind::TestedConnection,
            Self::ReadDiscovery => ActionKind::ReadDiscovery,
            Self::Searched { .. } => ActionKind::Searched,
            Self::LookedUp => ActionKind::LookedUp,
            Self::Created => ActionKind::Created,
            Self::Updated => ActionKind::Updated,
            Self::Enabled => ActionKind::Enabled,
            Self::Disabled => ActionKind::Disabled,
            Self::Renamed => ActionKind::Renamed,
            Self::Deleted => ActionKind::Deleted,
            Self::MembersAdded { .. } => ActionKind::MembersAdded,
            Self::MembersRemoved { .. } => ActionKind::MembersRemoved,
            Self::MembersChanged { .. } => ActionKind::MembersChanged,
            Self::Bulk { .. } => ActionKind::Bulk,
            Self::IssuedToken => ActionKind::IssuedToken,
            Self::Other => ActionKind::Other,
        }
    }

    /// The two numbers that it may have, as they are stored.
    pub fn numbers(&self) -> (u64, u64) {
        match self {
            Self::Searched { found } => (*found, 0),
            Self::MembersAdded { count, .. } | Self::MembersRemoved { count, .. } => (u64::from(*count), 0),
            Self::MembersChanged { added, removed } => (u64::from(*added), u64::from(*removed)),
            Self::Bulk { operations, failed } => (u64::from(*operations), u64::from(*failed)),
            _ => (0, 0),
        }
    }

    /// The one it names beside the target.
    pub const fn person(&self) -> Option<&Person> {
        match self {
            Self::MembersAdded { who, .. } | Self::MembersRemoved { who, .. } => who.as_ref(),
            _ => None,
        }
    }

    /// Likewise, to be given a name.
    pub const fn person_mut(&mut self) -> Option<&mut Person> {
        match self {
            Self::MembersAdded { who, .. } | Self::MembersRemoved { who, .. } => who.as_mut(),
            _ => None,
        }
    }

    /// The action as it was stored.
    pub fn stored(kind: ActionKind, (first, second): (u64, u64), who: Option<Person>) -> Self {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        match kind {
            ActionKind::TestedConnection => Self::TestedConnection,
            ActionKind::ReadDiscovery => Self::ReadDiscovery,
            ActionKind::Searched => Self::Searched { found: first },
            ActionKind::LookedUp => Self::LookedUp,
            ActionKind::Created => Self::Created,
            ActionKind::Updated => Self::Updated,
            ActionKind::Enabled => Self::Enabled,
            ActionKind::Disabled => Self::Disabled,
            ActionKind::Renamed => Self::Renamed,
            ActionKind::Deleted => Self::Deleted,
            ActionKind::MembersAdded => Self::MembersAdded { count: small(first), who },
            ActionKind::MembersRemoved => Self::MembersRemoved { count: small(first), who },
            ActionKind::MembersChanged => Self::MembersChanged { added: small(first), removed: small(second) },
            ActionKind::Bulk => Self::Bulk { operations: small(first), failed: small(second) },
            ActionKind::IssuedToken => Self::IssuedToken,
            ActionKind::Other => Self::Other,
        }
    }

    /// What a change of members that a group's fact or a request tells of comes to; none when nobody joins or leaves.
    pub fn of_members(added: &[ResourceId], removed: &[ResourceId]) -> Option<Self> {
        let count = |ids: &[ResourceId]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let who = |ids: &[ResourceId]| ids.first().map(|id| Person { id: *id, name: None });
        match (added.is_empty(), removed.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Self::MembersAdded { count: count(added), who: who(added) }),
            (true, false) => Some(Self::MembersRemoved { count: count(removed), who: who(removed) }),
            (false, false) => Some(Self::MembersChanged { added: count(added), removed: count(removed) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_reads_back_as_it_was_stored() {
        let who = Person { id: ResourceId(uuid::Uuid::from_u128(7)), name: Some("Ana Ruiz".to_owned()) };
        for kind in ActionKind::ALL {
            let action = Action::stored(kind, (3, 0), Some(who.clone()));
            assert_eq!(ActionKind::named(action.kind().as_str()), Some(kind));
            assert_eq!(Action::stored(kind, action.numbers(), action.person().cloned()), action);
        }
        assert_eq!(ActionKind::named("danced"), None);
    }
}
