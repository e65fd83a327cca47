//! Client conversations, recorded as fixtures and played against any SCIM server (`rollcall replay`).
//!
//! [`run`] plays the embedded [`corpus`] in its order and reports to an [`Observer`] as it goes. The pure part reads
//! fixtures ([`scenario`], [`assertion`]), fills in [`variables`] and compares answers ([`expect`], [`rule`]); only
//! [`client`] talks to the network and only `random` draws random values.

pub mod assertion;
pub mod client;
pub mod corpus;
pub mod error;
pub mod expect;
mod mask;
mod quote;
pub(crate) mod random;
pub mod report;
pub mod response;
pub mod rule;
pub mod run;
pub mod scenario;
pub mod variables;

pub use error::ReplayError;
pub use report::{Outcome, ScenarioResult, StepResult, Summary};
pub use run::{Observer, run};
