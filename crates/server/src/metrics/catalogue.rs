//! Everything that is measured: what it is called, how it is told apart and what it means. The reference page is written from
//! this, the recorder is told it, and a test compares it with what a server really shows.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a measurement behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// What is so now.
    Gauge,
    /// How many were how large.
    Histogram,
}

/// Who measures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Every process, of itself.
    Process,
    /// The process whose turn it is, of the whole installation.
    Installation,
}

/// One measurement.
#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub of: Of,
    pub labels: &'static [&'static str],
    /// One sentence.
    pub meaning: &'static str,
}

const fn metric(
    name: &'static str,
    (kind, of): (Kind, Of),
    labels: &'static [&'static str],
    meaning: &'static str,
) -> Metric {
    Metric { name, kind, of, labels, meaning }
}

const COUNTER: (Kind, Of) = (Kind::Counter, Of::Process);
const GAUGE: (Kind, Of) = (Kind::Gauge, Of::Process);
const HISTOGRAM: (Kind, Of) = (Kind::Histogram, Of::Process);
const ONCE: (Kind, Of) = (Kind::Gauge, Of::Installation);

/// All that there are, in the order of the reference.
pub const ALL: &[Metric] = &[
    metric(
        "rollcall_build_info",
        GAUGE,
        &["version", "roles"],
        "Always 1; tells the version and what the process is there for.",
    ),
    metric(
        "rollcall_http_requests_total",
        COUNTER,
        &["face", "route", "method", "status"],
        "Requests that were answered. `face` is `scim`, `admin`, `probe` or `none`; `route` is the pattern of the address \
         without its tenant, `none` where there is none; `status` is its class, such as `2xx`.",
    ),
    metric(
        "rollcall_http_request_seconds",
        HISTOGRAM,
        &["face", "route", "method"],
        "Seconds from the head of a request to the head of its answer.",
    ),
    metric(
        "rollcall_scim_requests_total",
        COUNTER,
        &["tenant", "outcome", "cause"],
        "Requests to tenants' SCIM faces and token endpoints. `outcome` is `done`, `unchanged`, `not_found`, `refused`, `failed`, \
         or `not_let_in` for 401; `cause` is a code of [error-codes.md](error-codes.md), or `none`. Of a 401 it tells what is \
         wrong with the form of the credential, and `not_let_in` for one that merely opens nothing.",
    ),
    metric(
        "rollcall_sso_sign_ins_total",
        COUNTER,
        &["tenant", "cause"],
        "Sign-ins by single sign-on that have ended. `cause` is `none` for one that led in, or a code of \
         [sign-in-errors.md](sign-in-errors.md).",
    ),
    metric(
        "rollcall_limit_checks_total",
        COUNTER,
        &["budget", "verdict"],
        "Looks at a budget: `allowed` or `limited` ([limits](../guides/limits.md)).",
    ),
    metric(
        "rollcall_limit_fallbacks_total",
        COUNTER,
        &[],
        "Looks at a budget that this process answered alone, because Redis was slow or gone.",
    ),
    metric(
        "rollcall_redis_up",
        GAUGE,
        &[],
        "Whether Redis answers (1) or this process counts alone (0); only with `redis.url`.",
    ),
    metric(
        "rollcall_database_up",
        GAUGE,
        &[],
        "Whether the database answered when it was last asked, every 15 seconds.",
    ),
    metric(
        "rollcall_database_connections",
        GAUGE,
        &["pool", "state"],
        "Connections, `in_use` or `idle`. PostgreSQL has the pools `statements` and `transactions`, SQLite `reading` and `writing`.",
    ),
    metric("rollcall_database_connections_max", GAUGE, &["pool"], "Connections that a pool may hold."),
    metric(
        "rollcall_database_wait_seconds",
        HISTOGRAM,
        &["pool"],
        "Seconds that somebody waited for a connection, for a transaction with its `BEGIN`.",
    ),
    metric(
        "rollcall_database_wait_failures_total",
        COUNTER,
        &["pool"],
        "Waits for a connection that ended without one, because none was free in time or the database is away.",
    ),
    metric(
        "rollcall_database_errors_total",
        COUNTER,
        &["kind"],
        "Errors of statements: `contention` (somebody else was first; it is tried again), `locked` (a lock was not to be had in time), `too_slow` \
         (the database stopped it), \
         `unavailable`, `internal` (a defect).",
    ),
    metric(
        "rollcall_activity_log_waiting",
        GAUGE,
        &[],
        "Requests that this process has not written into the activity log yet.",
    ),
    metric(
        "rollcall_activity_log_delay_seconds",
        GAUGE,
        &[],
        "How old the oldest request is that this process tries to write into the activity log.",
    ),
    metric(
        "rollcall_activity_log_dropped_total",
        COUNTER,
        &[],
        "Requests that found no room or could not be written; the activity log shows their number.",
    ),
    metric(
        "rollcall_worker_last_success_timestamp_seconds",
        GAUGE,
        &["worker"],
        "When a step of this worker, or a part of a long one, last ended well, in Unix seconds; one that waits for its turn counts.",
    ),
    metric("rollcall_worker_failures_total", COUNTER, &["worker"], "Steps of this worker that failed."),
    metric(
        "rollcall_worker_lease_held",
        GAUGE,
        &["work"],
        "Whether it is this process's turn (1) for work that one process does at a time.",
    ),
    metric(
        "rollcall_facts_waiting",
        ONCE,
        &[],
        "Changes that have no number in their journal yet; always 0 on SQLite.",
    ),
    metric("rollcall_facts_waiting_seconds", ONCE, &[], "How old the oldest of them is; 0 when there is none."),
    metric("rollcall_mails_waiting", ONCE, &[], "Mails that are not sent yet."),
    metric(
        "rollcall_mails_total",
        COUNTER,
        &["outcome"],
        "Tries to send a mail: `sent`, `put_off` when the mail server is away or wants it later, `refused` for ever.",
    ),
    metric("rollcall_mails_waiting_seconds", ONCE, &[], "How old the oldest of them is; 0 when there is none."),
    metric(
        "rollcall_connections",
        ONCE,
        &["tenant", "state"],
        "Tenants whose connection to their identity provider is in this state, as the settings page shows it: `waiting`, `tested`, \
         `first_sync`, `healthy`, `quiet`, `degraded`, `quarantine_likely`, `token_expiring`, `refused`, `rotating`, `paused`, \
         `off`, `suspended`, `unknown`. Tenants that take no requests and were told nothing are left out.",
    ),
    metric(
        "rollcall_secret_expires_timestamp_seconds",
        ONCE,
        &["tenant"],
        "When the first token or client secret in use ends, in Unix seconds, if that is within 30 days.",
    ),
    metric(
        "rollcall_certificate_expires_timestamp_seconds",
        ONCE,
        &["tenant"],
        "When the first connection for single sign-on has no certificate any more, in Unix seconds.",
    ),
    metric(
        "rollcall_process_cpu_seconds_total",
        COUNTER,
        &[],
        "Seconds of processor time that the process has had. Linux only, as the following.",
    ),
    metric("rollcall_process_resident_bytes", GAUGE, &[], "Memory that the process holds."),
    metric("rollcall_process_open_files", GAUGE, &[], "Files and connections that are open."),
    metric("rollcall_process_open_files_max", GAUGE, &[], "How many may be."),
    metric("rollcall_process_start_timestamp_seconds", GAUGE, &[], "When the process began, in Unix seconds."),
];

/// Tells the recorder what everything means.
pub fn describe() {
    for Metric { name, kind, meaning, .. } in ALL {
        let meaning = unmarked(meaning);
        match kind {
            Kind::Counter => describe_counter!(*name, meaning),
            Kind::Gauge => describe_gauge!(*name, meaning),
            Kind::Histogram => describe_histogram!(*name, Unit::Seconds, meaning),
        }
    }
}

/// Without marks, and with the words of links alone: whoever reads this has no pages.
fn unmarked(meaning: &str) -> String {
    let mut plain = String::with_capacity(meaning.len());
    let mut rest = meaning;
    while let Some((before, link)) = rest.split_once('[') {
        let (words, after) = link.split_once("](").unwrap_or((link, ""));
        plain.push_str(before);
        plain.push_str(words);
        rest = after.split_once(')').map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain.replace('`', "")
}

const HEAD: &str = "# Measurements

<!-- Written by `cargo run --quiet -- config metrics > docs/reference/metrics.md`; a test fails when it is out of date. -->

What `GET /metrics` shows on the port of `metrics.port`; [observe.md](../guides/observe.md) tells how to collect it. Histograms have the usual three
series `_bucket`, `_sum` and `_count`. What is measured *of the installation* is shown by the one process whose turn it is: take the `max` over
processes. `tenant` is the tenant's short name for the first `metrics.tenants` tenants and `other` for the rest.

| name | kind | of | labels | meaning |
| --- | --- | --- | --- | --- |
";

/// The page `docs/reference/metrics.md`.
pub fn page() -> String {
    ALL.iter().fold(HEAD.to_owned(), |page, metric| page + &row(metric))
}

fn row(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let of = match metric.of {
        Of::Process => "process",
        Of::Installation => "installation",
    };
    let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
    let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
    format!("| `{}` | {kind} | {of} | {labels} | {} |\n", metric.name, metric.meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_customs_of_prometheus() {
        for metric in ALL {
            assert!(metric.name.starts_with("rollcall_"), "{}", metric.name);
            assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
            assert!(metric.kind != Kind::Histogram || metric.name.ends_with("_seconds"), "{}", metric.name);
            assert!(metric.meaning.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn prometheus_is_told_words_without_marks() {
        assert_eq!(
            unmarked("`a` is a code of [codes.md](codes.md), or `none` ([limits](../l.md))."),
            "a is a code of codes.md, or none (limits)."
        );
        assert!(ALL.iter().all(|metric| !unmarked(metric.meaning).contains(['`', '[', ']'])));
    }

    #[test]
    fn the_page_in_the_repository_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/metrics.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == page(), "run: cargo run --quiet -- config metrics > docs/reference/metrics.md");
    }
}
