//! What the pages about admins say.

use domain::admin::AdminRole;

pub const INVITED: &str = "Invited";
pub const ACTIVE: &str = "Active";
pub const INVITATION: &str = "Invitation";
pub const RESET: &str = "Link to another password";
pub const REMOVE: &str = "Remove account";
pub const NOT_INVITED: &str = "Nobody was invited";
pub const NO_LABEL: &str = "No label";
pub const LINK_LIVE: &str = "Not used yet";
pub const LINK_USED: &str = "Used";
pub const LINK_EXPIRED: &str = "Expired";
pub const LINK_REVOKED: &str = "Revoked";
pub const LINK_HELP: &str =
    "Whoever opens it first chooses the password, so hand it to them alone. It is stored only as a hash.";

/// What somebody with this role may do.
pub const fn meaning(role: AdminRole) -> &'static str {
    match role {
        AdminRole::Owner => "Everything, and the only ones who change owners.",
        AdminRole::Admin => "Connects and configures, and manages everyone but owners.",
        AdminRole::Auditor => "Sees everything but secrets, and changes nothing.",
    }
}

pub fn hand_on(email: &str) -> String {
    format!("A mail with this link goes to {email}. Should none arrive, send the link yourself.")
}
