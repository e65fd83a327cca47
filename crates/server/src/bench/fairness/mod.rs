//! `rollcall bench fairness`: is a tenant served as before while another one asks for too much?
//!
//! [`measure`] measures a [`quiet`] tenant alone, and again beside the [`flood`] of a noisy one. Both send on a
//! [`schedule`](super::schedule), whatever the server does with what was sent before: a client that waits for its answers
//! would ask less the worse it is served, and so hide what it measures.

pub mod flood;
pub mod plan;
pub mod quiet;
pub mod report;
pub mod run;

pub use plan::Plan;
pub use report::Report;
pub use run::measure;
