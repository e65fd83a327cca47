//! The journal, the indexes that are filled while the tenant works, and the plans of look-ups.

#[cfg(test)]
mod asking;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod deep;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod filling;
#[cfg(test)]
mod history;
#[cfg(test)]
mod looking;
#[cfg(test)]
#[path = "../common/people.rs"]
mod people;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod sequencer;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod theatre;

use proptest::test_runner::Config;

/// Few cases, so that a run is short; more by the environment variable `PROPTEST_CASES`.
#[cfg(test)]
fn cases(few: u32) -> Config {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: wanted.unwrap_or(few), failure_persistence: None, max_shrink_iters: 50, ..Config::default() }
}
