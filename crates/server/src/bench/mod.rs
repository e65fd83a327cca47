//! Load on a running server (`rollcall bench`): how fast a cycle of provisioning goes ([`cycle`]), and whether a tenant is
//! served as before while another one asks for too much ([`fairness`]).

pub mod cycle;
pub mod error;
pub mod fairness;
pub mod figure;
pub mod latency;
pub mod processor;
pub mod question;
pub mod schedule;
pub mod tenant;

pub use error::BenchError;
pub use tenant::Tenant;
