//! The clock of one replica jumps by an hour, forwards and backwards.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::tempdir;
use testkit::db::TestDatabase;
use testkit::servers::extras;

use super::Dose;
use super::report::Row;
use super::trial::Trial;
use crate::fleet::Fleet;
use crate::fleet::clients::OAuthClient;
use crate::fleet::steady::Steady;
use crate::patience::until_status;

/// Whose clock it is.
const ODD: usize = 0;

/// A second is promised; a busy machine may need some more.
const SOON: Duration = Duration::from_secs(6);

/// Besides the load, clients with access tokens work at each replica, to whom nothing may happen; a token is made and revoked;
/// and whatever the odd one holds is taken over when it dies.
pub async fn clock_jumps(dose: Dose) -> Row {
    let (database, folder) = (TestDatabase::postgres().await, tempdir().unwrap());
    let hands = folder.path().join("hands");
    fs::write(&hands, "+0").unwrap();
    let library = extras::faketime().unwrap().display().to_string();
    let mut fleet = Fleet::furnished(
        // Nobody is put off for any other reason.
        &[("ROLLCALL__DATABASE__ACQUIRE_TIMEOUT_MS", "20000")],
        |_| crate::served::url(database.target()),
        |place, home| match place {
            ODD => home
                .set("LD_PRELOAD", &library)
                .set("FAKETIME_TIMESTAMP_FILE", hands.to_str().unwrap())
                .set("FAKETIME_CACHE_DURATION", "1")
                .set("DONT_FAKE_MONOTONIC", "1")
                .set("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            _ => home,
        },
    );
    let token = fleet.open_tenant("acme");
    let client = OAuthClient::create(&fleet.operator, "acme");
    let (steady, steady_token) = {
        let token = fleet.open_tenant("steady");
        let client = OAuthClient::create(&fleet.operator, "steady");
        (Steady::at(&fleet, "steady", &token, &client), token)
    };
    let mut trial = Trial::begin(&fleet.caller("acme", &token), dose.changes()).await;
    let before = client.sign_in(&fleet.replicas[ODD].root()).await;
    for jump in ["+1h", "-1h"] {
        turn(&hands, jump);
        tokio::time::sleep(dose.while_it_lasts()).await;
        trial.recovered().await;
        steady.rounds(6).await;
        expect_tokens_work(&fleet, &client, &before).await;
        trial.go_on(dose.changes()).await;
    }
    // What it held while its clock was wrong is taken over all the same.
    steady.end().await;
    for caller in fleet.callers("steady", &steady_token) {
        caller.get("/Users?count=1").await.expect(200);
    }
    fleet.kill(ODD);
    trial.go_on(dose.changes()).await;
    turn(&hands, "+0");
    fleet.revive(ODD);
    trial.recovered().await;
    let fault = "the clock of one replica jumps by an hour, forwards, then two hours back, then it is killed";
    trial.end(fault, || database.target().clone()).await
}

/// In one piece: the library reads it once a second.
fn turn(hands: &Path, to: &str) {
    let next = hands.with_extension("next");
    fs::write(&next, to).unwrap();
    fs::rename(next, hands).unwrap();
}

/// An access token of before opens every replica; so does one that the odd replica makes now, and a tenant's new token at
/// once, which opens nothing soon after it was revoked.
async fn expect_tokens_work(fleet: &Fleet, client: &OAuthClient, before: &str) {
    let now = client.sign_in(&fleet.replicas[ODD].root()).await;
    for access in [before, &now] {
        for caller in fleet.callers("acme", access) {
            caller.get("/Users?count=1").await.expect(200);
        }
    }
    let made = fleet.operator.json(&["token", "create", "--tenant", "acme"]);
    let callers = fleet.callers("acme", made["token"].as_str().unwrap());
    for caller in &callers {
        caller.get("/Users?count=1").await.expect(200);
    }
    fleet.operator.text(&["token", "revoke", "--tenant", "acme", made["token_id"].as_str().unwrap()]);
    let start = Instant::now();
    for caller in &callers {
        until_status(caller, 401).await;
    }
    assert!(start.elapsed() < SOON, "{:?} until the token opened nothing", start.elapsed());
}
