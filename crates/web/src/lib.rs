//! What every face shares: the trace of a request, whose address it came to, and health.

pub mod address;
pub mod health;
pub mod trace;
