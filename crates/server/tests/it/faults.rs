//! What goes wrong under load, one thing at a time: `just faults` does all of it for a while and prints a table, and
//! `cargo verify` does in short what no other test does.

mod clock;
mod database;
mod disk;
mod network;
mod replica;
mod report;
mod standby;
mod trial;

use std::future::Future;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::time::Duration;

use report::{Report, Row};
use testkit::servers::say;

/// How long things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dose {
    /// Just long enough to see it.
    Short,
    /// As long as it takes until everybody has waited for something.
    Long,
}

impl Dose {
    fn rounds(self) -> usize {
        match self {
            Self::Short => 1,
            Self::Long => 3,
        }
    }

    fn while_it_lasts(self) -> Duration {
        match self {
            Self::Short => Duration::from_secs(2),
            Self::Long => Duration::from_secs(10),
        }
    }

    /// Changes before and after.
    fn changes(self) -> usize {
        match self {
            Self::Short => 50,
            Self::Long => 200,
        }
    }
}

type Trying = Pin<Box<dyn Future<Output = Row>>>;

/// Everything that goes wrong, in the order of the table.
const FAULTS: [fn(Dose) -> Trying; 11] = [
    |dose| Box::pin(replica::replica_killed(dose)),
    |dose| Box::pin(database::postgres_killed(dose)),
    |dose| Box::pin(replica::redis_killed(dose)),
    |dose| Box::pin(standby::standby_promoted(dose)),
    |dose| Box::pin(disk::postgres_disk_full(dose)),
    |dose| Box::pin(disk::embedded_disk_full(dose)),
    |dose| Box::pin(network::database_slow(dose)),
    |dose| Box::pin(network::replica_cut_off(dose)),
    |dose| Box::pin(network::all_cut_off(dose)),
    |dose| Box::pin(clock::clock_jumps(dose)),
    |dose| Box::pin(database::rows_held(dose)),
];

/// `just faults`. Prints how far it is on standard error, and the table on standard output; writes it into
/// `docs/reliability.md` when `ROLLCALL_FAULTS_WRITE` is set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: `just faults`"]
async fn all_faults_in_turn_lose_nothing_and_answer_nothing_wrong() {
    let mut report = Report::default();
    for (number, fault) in FAULTS.into_iter().enumerate() {
        let row = fault(Dose::Long).await;
        say(format_args!("{} of {}: {}", number + 1, FAULTS.len(), row.line()));
        report.add(row);
    }
    io::stdout().write_all(format!("\n{}\n", report.markdown()).as_bytes()).unwrap();
    if std::env::var_os("ROLLCALL_FAULTS_WRITE").is_some() {
        report.write();
    }
    assert!(report.is_good(), "something was lost or wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_behind_the_same_address_has_all_that_was_acknowledged() {
    standby::standby_promoted(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_postgresql_is_503_until_there_is_room() {
    disk::postgres_disk_full(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_the_embedded_home_is_503_until_there_is_room() {
    disk::embedded_disk_full(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_database_and_one_that_a_replica_is_cut_off_from_lose_nothing() {
    network::database_slow(Dose::Short).await.expect_good();
    network::replica_cut_off(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_through_every_connection_is_got_over_though_they_stay_dead() {
    network::all_cut_off(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_by_an_hour_is_noticed_by_nobody() {
    clock::clock_jumps(Dose::Short).await.expect_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_somebody_holds_are_503_within_the_limit_and_hold_up_nobody_else() {
    database::rows_held(Dose::Short).await.expect_good();
}
