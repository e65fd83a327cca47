//! Who does something, where, when and in which request.

use crate::ids::TokenId;
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// The first argument of every operation. The face stamps `now` once, so that every row of a request agrees.
#[derive(Clone, Debug)]
pub struct OpContext {
    pub scope: TenantScope,
    pub actor: Actor,
    pub request_id: String,
    pub now: Timestamp,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An identity provider, by its provisioning token.
    Token { id: TokenId, label: String },
    /// The vendor's staff, by the command line.
    Operator,
    /// The server itself.
    System,
}

impl Actor {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// What tells this actor from others of its kind.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Token { id, .. } => Some(id.to_string()),
            Self::Operator | Self::System => None,
        }
    }
}
