//! The one crate that knows all the others: settings, telemetry, wiring and the command line.

pub mod backup;
pub mod bench;
pub mod cli;
pub mod doctor;
pub mod http;
pub mod metrics;
pub mod process_role;
pub mod replay;
pub mod runtime;
pub mod settings;
pub mod signal;
pub mod telemetry;
pub mod wiring;
pub mod workers;
