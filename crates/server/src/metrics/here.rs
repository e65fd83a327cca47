//! What this process knows of itself. It costs nobody anything to say it, so it is said whenever somebody asks.

use std::sync::Arc;

use domain::ports::RateLimiter;
use domain::timestamp::Timestamp;
use metrics::{counter, gauge};

use super::process;
use super::tenants::seconds;
use crate::process_role::ProcessRoles;
use crate::wiring::Rollcall;
use crate::workers::Marks;

/// What is measured when it is asked for.
pub struct Here {
    rollcall: Arc<Rollcall>,
    limiter: Arc<dyn RateLimiter>,
    marks: Arc<Marks>,
    roles: String,
    started: Timestamp,
}

impl Here {
    /// A process that starts now.
    pub fn new(
        rollcall: Arc<Rollcall>,
        limiter: Arc<dyn RateLimiter>,
        marks: Arc<Marks>,
        roles: &ProcessRoles,
    ) -> Self {
        Self { started: rollcall.clock.now(), roles: roles.names(), rollcall, limiter, marks }
    }

    /// Measures now.
    pub fn measure(&self) {
        gauge!("rollcall_build_info", "version" => env!("CARGO_PKG_VERSION"), "roles" => self.roles.clone()).set(1.0);
        gauge!("rollcall_process_start_timestamp_seconds").set(seconds(self.started));
        process::measure();
        self.marks.measure();
        self.measure_limiter();
        self.measure_pools();
        self.measure_log();
    }

    fn measure_limiter(&self) {
        counter!("rollcall_limit_fallbacks_total").absolute(self.limiter.fallbacks());
        if let Some(answers) = self.limiter.is_shared() {
            gauge!("rollcall_redis_up").set(f64::from(u8::from(answers)));
        }
    }

    fn measure_pools(&self) {
        for pool in self.rollcall.store.pools() {
            let connections =
                |state: &'static str| gauge!("rollcall_database_connections", "pool" => pool.name, "state" => state);
            connections("in_use").set(f64::from(pool.in_use));
            connections("idle").set(f64::from(pool.idle));
            gauge!("rollcall_database_connections_max", "pool" => pool.name).set(f64::from(pool.most));
        }
    }

    fn measure_log(&self) {
        let backlog = self.rollcall.activity.backlog(self.rollcall.clock.now());
        let (waiting, delay) = (u32::try_from(backlog.waiting), i32::try_from(backlog.delay_seconds));
        gauge!("rollcall_activity_log_waiting").set(f64::from(waiting.unwrap_or(u32::MAX)));
        gauge!("rollcall_activity_log_delay_seconds").set(f64::from(delay.unwrap_or(i32::MAX)));
        counter!("rollcall_activity_log_dropped_total").absolute(backlog.dropped);
    }
}
