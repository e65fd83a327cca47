//! PATCH (RFC 7644 §3.5.2): read → planned against the schema alone → applied to a resource. All three are pure, so that
//! a plan can be applied again to a newer version of the resource.

mod apply;
mod plan;
mod request;

pub use plan::{CollectionEdit, PasswordEdit, Plan, Reading};
pub use request::{Operation, OperationKind, PatchRequest};
