//! The network between replicas and their database is slow or cut.

use std::time::Duration;

use storage::Target;
use testkit::db::TestDatabase;
use testkit::wire::Wire;

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::fleet::{Fleet, REPLICAS};
use crate::served::url;

/// Replicas each of which has a wire to the database of its own.
struct Wired {
    fleet: Fleet,
    wires: Vec<Wire>,
    database: TestDatabase,
}

impl Wired {
    async fn start() -> Self {
        let database = TestDatabase::postgres().await;
        let mut wires = Vec::new();
        for _ in 0..REPLICAS {
            wires.push(Wire::before(database.target()).await);
        }
        let fleet = Fleet::with(&[], |place| url(&wires[place].1));
        fleet.balancer.watch();
        Self { fleet, wires: wires.into_iter().map(|(wire, _)| wire).collect(), database }
    }

    fn target(&self) -> Target {
        self.database.target().clone()
    }
}

/// 200 ms each way, and then two seconds.
pub async fn database_slow(dose: Dose) -> Row {
    let wired = Wired::start().await;
    let token = wired.fleet.open_tenant("acme");
    let mut trial = Trial::begin(&wired.fleet.caller("acme", &token), dose.changes()).await;
    for delay in [200, 2_000] {
        let delay = Duration::from_millis(delay);
        wired.wires.iter().for_each(|wire| wire.slow(delay));
        tokio::time::sleep(dose.while_it_lasts()).await;
    }
    wired.wires.iter().for_each(|wire| wire.slow(Duration::ZERO));
    trial.recovered().await;
    trial.go_on(dose.changes()).await;
    let fault = format!(
        "a slow database: 200 ms each way for {0} s, then 2 s each way for {0} s",
        dose.while_it_lasts().as_secs()
    );
    trial.end(&fault, || wired.target()).await
}

/// Nothing passes between one replica and the database, either way, and no connection is closed.
pub async fn replica_cut_off(dose: Dose) -> Row {
    cut_off(dose, 1, "one of three replicas").await
}

pub async fn all_cut_off(dose: Dose) -> Row {
    cut_off(dose, REPLICAS, "every replica").await
}

async fn cut_off(dose: Dose, how_many: usize, whom: &str) -> Row {
    let wired = Wired::start().await;
    let token = wired.fleet.open_tenant("acme");
    let mut trial = Trial::begin(&wired.fleet.caller("acme", &token), dose.changes()).await;
    for round in 0..dose.rounds() {
        let cut = wired.wires.iter().cycle().skip(round).take(how_many);
        cut.clone().for_each(Wire::freeze);
        tokio::time::sleep(dose.while_it_lasts()).await;
        // Every second time, and where there is but one, the connections of before stay dead.
        if round % 2 == 1 || dose == Dose::Short {
            cut.clone().for_each(Wire::bury);
        }
        cut.for_each(Wire::thaw);
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
    }
    let fault = format!(
        "network cut between {whom} and the database, for {} s, {} times",
        dose.while_it_lasts().as_secs(),
        dose.rounds()
    );
    trial.end(&fault, || wired.target()).await
}
