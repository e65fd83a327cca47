//! Load on a running server (`rollcall bench`): is a tenant served as before while another one asks for too much?
//!
//! [`fairness`] measures a [`quiet`] tenant alone, and again beside the [`flood`] of a noisy one. Both send on a
//! [`schedule`], whatever the server does with what was sent before: a client that waits for its answers would ask less
//! the worse it is served, and so hide what it measures.

pub mod error;
pub mod flood;
pub mod latency;
pub mod plan;
pub mod question;
pub mod quiet;
pub mod report;
pub mod run;
pub mod schedule;

pub use error::BenchError;
pub use plan::{Plan, Tenant};
pub use report::Report;
pub use run::fairness;
