//! What one look at all tenants found. It is told again and again, until the next look; who looks no more tells nothing, and
//! what he told is forgotten.

use std::collections::BTreeMap;

use domain::timestamp::Timestamp;
use metrics::{SharedString, gauge};

/// A moment as Prometheus has it: seconds of Unix time.
#[expect(clippy::cast_precision_loss, reason = "microseconds are exact for the next two centuries")]
pub fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1_000_000.0
}

/// What was found, by tenant.
#[derive(Clone, Debug, Default)]
pub struct Found {
    states: BTreeMap<(SharedString, &'static str), u32>,
    ends: BTreeMap<SharedString, Timestamp>,
}

impl Found {
    /// A tenant's connection is in this state.
    pub fn state(&mut self, tenant: SharedString, state: &'static str) {
        *self.states.entry((tenant, state)).or_default() += 1;
    }

    /// Something of a tenant's ends then.
    pub fn end(&mut self, tenant: SharedString, at: Timestamp) {
        let first = self.ends.entry(tenant).or_insert(at);
        *first = at.min(*first);
    }

    /// Takes the place of what was found before. What is not there any more is told to be over, this once.
    pub fn replace(&mut self, anew: Self, ends: &'static str) {
        for (tenant, state) in self.states.keys().filter(|known| !anew.states.contains_key(known)) {
            told_state(tenant, state, 0);
        }
        for tenant in self.ends.keys().filter(|known| !anew.ends.contains_key(*known)) {
            // Nothing compares with it, so that nothing seems to have ended.
            gauge!(ends, "tenant" => tenant.clone()).set(f64::NAN);
        }
        *self = anew;
    }

    /// Tells it. `ends`: what the measurement is called that says when something ends.
    pub fn tell(&self, ends: &'static str) {
        for ((tenant, state), count) in &self.states {
            told_state(tenant, state, *count);
        }
        for (tenant, at) in &self.ends {
            gauge!(ends, "tenant" => tenant.clone()).set(seconds(*at));
        }
    }
}

fn told_state(tenant: &SharedString, state: &'static str, count: u32) {
    gauge!("rollcall_connections", "tenant" => tenant.clone(), "state" => state).set(f64::from(count));
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    const ENDS: &str = "rollcall_certificate_expires_timestamp_seconds";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// What is shown after somebody told something.
    fn shown(tell: impl FnOnce()) -> Vec<String> {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, tell);
        let text = recorder.handle().render();
        let mut lines: Vec<_> = text.lines().filter(|line| line.starts_with("rollcall_")).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    #[test]
    fn tenants_that_share_a_label_are_counted_and_the_first_end_of_theirs_is_told() {
        let mut found = Found::default();
        found.state("acme".into(), "healthy");
        for (state, end) in [("quiet", 70), ("quiet", 50), ("healthy", 60)] {
            found.state("other".into(), state);
            found.end("other".into(), at(end));
        }
        assert_eq!(
            shown(|| found.tell(ENDS)),
            [
                "rollcall_certificate_expires_timestamp_seconds{tenant=\"other\"} 50",
                "rollcall_connections{tenant=\"acme\",state=\"healthy\"} 1",
                "rollcall_connections{tenant=\"other\",state=\"healthy\"} 1",
                "rollcall_connections{tenant=\"other\",state=\"quiet\"} 2",
            ]
        );
    }

    #[test]
    fn what_is_not_found_any_more_is_told_to_be_over_and_looks_like_no_end() {
        let (mut found, mut anew) = (Found::default(), Found::default());
        found.state("acme".into(), "quiet");
        found.end("acme".into(), at(50));
        anew.state("acme".into(), "healthy");
        let lines = shown(|| {
            found.tell(ENDS);
            found.replace(anew, ENDS);
            found.tell(ENDS);
        });
        assert_eq!(
            lines,
            [
                "rollcall_certificate_expires_timestamp_seconds{tenant=\"acme\"} NaN",
                "rollcall_connections{tenant=\"acme\",state=\"healthy\"} 1",
                "rollcall_connections{tenant=\"acme\",state=\"quiet\"} 0",
            ]
        );
    }
}
