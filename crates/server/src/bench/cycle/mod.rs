//! `rollcall bench cycle`: how fast people and groups are provisioned.
//!
//! [`measure`] plays the initial cycle of an identity provider – everybody is searched for and created, then the groups, then
//! each membership in a request of its own – and an incremental one, in which people are found, read and changed. What it
//! wrote is read back afterwards: a server that is fast and wrong is wrong.

mod check;
mod crew;
mod plan;
mod report;
mod run;
mod tenant;

pub use plan::Plan;
pub use report::Report;
pub use run::measure;
