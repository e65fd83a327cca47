//! What a measurement of fairness is to do.

use crate::bench::tenant::Tenant;

/// A measurement of fairness.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tenant whose latency is measured.
    pub quiet: Tenant,
    /// The tenant that asks for too much.
    pub noisy: Tenant,
    /// Requests a second of the quiet one, at least 1.
    pub quiet_rate: u32,
    /// Requests a second that the noisy one wants to send, at least 1.
    pub noisy_rate: u32,
    /// Requests of the noisy one that are under way at most, at least 1.
    pub noisy_connections: u32,
    /// Seconds of a phase, at least 1.
    pub seconds: u32,
    /// Rounds of two phases each, at least 1.
    pub rounds: u32,
}

impl Plan {
    /// Requests of the quiet tenant in one phase.
    pub fn quiet_requests(&self) -> u64 {
        u64::from(self.quiet_rate) * u64::from(self.seconds)
    }

    /// Requests of the noisy tenant in one phase, if the server lets it.
    pub fn noisy_requests(&self) -> u64 {
        u64::from(self.noisy_rate) * u64::from(self.seconds)
    }

    /// Whether both tenants are the same one.
    pub fn is_one_tenant(&self) -> bool {
        let base = |tenant: &Tenant| tenant.base_url.as_str().trim_end_matches('/').to_owned();
        base(&self.quiet) == base(&self.noisy)
    }
}
