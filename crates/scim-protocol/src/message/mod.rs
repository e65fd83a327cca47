//! The messages that carry resources, errors and several operations at once (RFC 7644 §3.4.2, §3.7, §3.12).

mod bulk;
mod error;
mod list_response;

pub use bulk::{BulkMethod, BulkOperation, BulkRequest, BulkResult, bulk_response};
pub use error::error;
pub use list_response::ListResponse;
