//! What a measurement of a cycle is to do.

use crate::bench::processor::Watched;
use crate::bench::tenant::Tenant;

/// A measurement of a cycle.
#[derive(Debug, Clone)]
pub struct Plan {
    pub tenant: Tenant,
    /// People who are created, at least 1.
    pub users: usize,
    /// Groups that are created.
    pub groups: usize,
    /// Members of each, at most as many as there are people.
    pub members: usize,
    /// People who are changed in the incremental cycle, the same several times if there are more changes than people.
    pub changes: usize,
    /// Requests that are under way at most, at least 1.
    pub connections: usize,
    /// Programs whose processor time is told.
    pub watched: Vec<Watched>,
    /// Whether what was created stays.
    pub keep: bool,
}

impl Plan {
    /// Requests in all, without reading back and cleaning up.
    pub fn requests(&self) -> usize {
        2 * self.users + 2 * self.groups + self.groups * self.members + 3 * self.changes
    }
}
