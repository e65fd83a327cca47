//! A disk is full, and there is room again.

use std::fs;
use std::path::Path;

use storage::Target;
use tempfile::{TempDir, tempdir};
use testkit::db::statement;

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::binary::Home;
use crate::crash::postgres::MortalPostgres;
use crate::fleet::Fleet;
use crate::small_disk::SmallDisk;

/// Room for a cluster, its log and what clients write in between.
const OF_POSTGRES: usize = 160;
const OF_EMBEDDED: usize = 24;

const NOT_ALLOWED: &str = "a file system in memory could not be mounted (root with `unshare --mount` is needed)";

/// Table, indexes and write-ahead log are on it, as is usual. PostgreSQL may end over it, and is then started again.
pub async fn postgres_disk_full(dose: Dose) -> Row {
    let fault = format!(
        "PostgreSQL's disk is full for {} s (a file system in memory), {} times",
        dose.while_it_lasts().as_secs(),
        dose.rounds()
    );
    let Some(mut postgres) = MortalPostgres::on_small_disk(OF_POSTGRES) else {
        return Row::not_tried(&fault, NOT_ALLOWED);
    };
    let fleet = Fleet::start(&postgres.target(), &[]);
    let token = fleet.open_tenant("acme");
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;
    let mut ended = 0;
    for _ in 0..dose.rounds() {
        postgres.disk().fill();
        tokio::time::sleep(dose.while_it_lasts()).await;
        postgres.disk().free();
        if postgres.has_ended() {
            ended += 1;
            postgres.start_again();
        }
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
        // Old segments go, so that there is something to be filled again.
        statement(&postgres.target(), "CHECKPOINT").await;
    }
    let fault = format!("{fault}; it ended over it and was started again {ended} times");
    trial.end(&fault, || postgres.target()).await
}

/// The file of the directory and that of the activity log are on it.
pub async fn embedded_disk_full(dose: Dose) -> Row {
    let fault = format!(
        "the disk of the embedded home is full for {} s (a file system in memory), {} times",
        dose.while_it_lasts().as_secs(),
        dose.rounds()
    );
    let folder = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), OF_EMBEDDED, None) else {
        return Row::not_tried(&fault, NOT_ALLOWED);
    };
    let url = format!("sqlite://{}", folder.path().join("rollcall.sqlite").display());
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", &url).beside(disk);
    // Everything is compared as fast as one process answers, which is more than a tenant may ask.
    let home = home.set("ROLLCALL__LIMITS__ENABLED", "false");
    let running = home.serve();
    let token = home.json(&["tenant", "create", "acme", "--with-token"])["token"].as_str().unwrap().to_owned();
    let mut trial = Trial::begin(&running.caller("acme", &token), dose.changes()).await;
    for _ in 0..dose.rounds() {
        home.disk().fill();
        tokio::time::sleep(dose.while_it_lasts()).await;
        home.disk().free();
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
    }
    let mut copy = None;
    trial
        .end(&fault, || {
            running.stop();
            let (folder, target) = copied(home.disk());
            copy = Some(folder);
            target
        })
        .await
}

/// Nobody outside opens a database on the disk: the way to it is none that SQLite follows.
fn copied(disk: &SmallDisk) -> (TempDir, Target) {
    let folder = tempdir().unwrap();
    for file in fs::read_dir(disk.see("")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let path = Path::new(folder.path()).join("rollcall.sqlite");
    (folder, Target::Sqlite { path })
}
