//! Why nothing was measured; a server that serves badly is not an error but a figure.

use std::io;

use crate::replay::ReplayError;

/// What stops a measurement.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Both tenants are one.
    #[error("--quiet-url and --noisy-url are the same tenant; two are needed, each with a budget of its own")]
    SameTenant,
    /// A base URL or a token cannot be used.
    #[error("the {whose} tenant")]
    Tenant {
        /// `quiet`, `noisy` or `given`.
        whose: &'static str,
        /// What is wrong with it.
        source: ReplayError,
    },
    /// The first requests of a tenant were not answered as they should be.
    #[error("the {whose} tenant cannot be measured: {reason}")]
    Refused {
        /// `quiet`, `noisy` or `given`.
        whose: &'static str,
        /// What was asked and what came back.
        reason: String,
    },
    /// The operating system has no thread left, or the thread ended early.
    #[error("a thread that sends requests could not do its work")]
    Thread(#[from] io::Error),
    /// A process whose processor time is wanted is not there.
    #[error("there is no process {0}")]
    NoProcess(u32),
    /// Somebody wants to stop; what was created is deleted again.
    #[error("interrupted; nothing was measured")]
    Interrupted,
}
