//! The messages that carry resources and errors (RFC 7644 §3.4.2, §3.12).

mod error;
mod list_response;

pub use error::error;
pub use list_response::ListResponse;
