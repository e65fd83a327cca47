//! What every face shares: the trace of a request, whose address it came to, which client sent it, what it spends, what is
//! counted of it, and health.

pub mod address;
pub mod client_address;
pub mod drain;
pub mod health;
pub mod limit;
pub mod measure;
pub mod trace;
