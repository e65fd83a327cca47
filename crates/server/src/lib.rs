//! The one crate that knows all the others: settings, telemetry, wiring and the command line.

pub mod bench;
pub mod cli;
pub mod http;
pub mod replay;
pub mod runtime;
pub mod settings;
pub mod signal;
pub mod telemetry;
pub mod wiring;
pub mod workers;
