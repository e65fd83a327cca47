//! A replica or its Redis is killed.

use testkit::db::TestDatabase;

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::fleet::redis::MortalRedis;
use crate::fleet::{Fleet, REPLICAS};

pub async fn replica_killed(dose: Dose) -> Row {
    let database = TestDatabase::postgres().await;
    let mut fleet = Fleet::start(database.target(), &[]);
    let token = fleet.open_tenant("acme");
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;
    for round in 0..dose.rounds() {
        fleet.kill(round % REPLICAS);
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
        fleet.revive(round % REPLICAS);
    }
    trial.go_on(dose.changes()).await;
    trial.end(&format!("`kill -9` of a replica, {} times", dose.rounds()), || database.target().clone()).await
}

pub async fn redis_killed(dose: Dose) -> Row {
    let (database, mut redis) = (TestDatabase::postgres().await, MortalRedis::start());
    let fleet = Fleet::start(database.target(), &[("ROLLCALL__REDIS__URL", &redis.url())]);
    let token = fleet.open_tenant("acme");
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;
    for _ in 0..dose.rounds() {
        redis.kill();
        tokio::time::sleep(dose.while_it_lasts()).await;
        redis.start_again();
        trial.recovered().await;
        trial.go_on(dose.changes()).await;
    }
    let fault = format!("`kill -9` of Redis, away for {} s, {} times", dose.while_it_lasts().as_secs(), dose.rounds());
    trial.end(&fault, || database.target().clone()).await
}
