//! The database goes away under a running server, in several ways, and comes back.

mod postgres;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testkit::EmptyDatabase;
use testkit::db::{statement, texts};
use tokio::task::{JoinHandle, JoinSet};

use crate::binary::Home;
use crate::caller::{Answer, Caller, user};
use crate::crash::postgres::MortalPostgres;
use crate::patience::until;
use crate::served::{Served, url};
use postgres::OwnPostgres;
use testkit::wire::Wire;

/// Five seconds are promised; a busy machine may need one more.
const SOON: Duration = Duration::from_secs(6);

/// How long an operation is waited for that had begun, and some more.
const IN_THE_MIDDLE: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_is_stopped_is_503_until_it_is_back() {
    let mut postgres = OwnPostgres::start();
    let served = Served::at(&postgres.url()).await;
    let (_, token) = served.open_tenant("acme").await;
    let caller = served.caller("acme", &token);
    let before = caller.create_user("before").await.expect(201).id();
    let traffic = Traffic::of(&caller);

    postgres.stop();
    until("the outage to be noticed", async || (caller.get("/Users").await.status == 503).then_some(())).await;
    expect_away(&served, &caller).await;

    postgres.start_again();
    until("the server to recover", async || (caller.get("/Users").await.status == 200).then_some(())).await;
    until("the server to be ready", async || {
        (Caller::new(&served.root()).get("/readyz").await.status == 200).then_some(())
    })
    .await;
    caller.get(&format!("/Users/{before}")).await.expect(200);
    caller.create_user("after").await.expect(201);
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_hangs_is_503_until_it_goes_on() {
    let hung = Hung::ready().await;
    let (wire, served, caller) = (&hung.wire, &hung.served, &hung.caller);
    let traffic = Traffic::of(caller);
    // Once on connections that it has, and once when it would need more of them.
    for callers in [1, 24] {
        wire.freeze();
        let mut asking = JoinSet::new();
        for _ in 0..callers {
            let caller = caller.clone();
            asking.spawn(async move { caller.get("/Users").await });
        }
        for answer in asking.join_all().await {
            expect_soon(answer.expect_later());
        }
        expect_away(served, caller).await;
        wire.thaw();
        until("the server to recover", async || (caller.get("/Users").await.status == 200).then_some(())).await;
        let ready = Caller::new(&served.root());
        until("the server to be ready", async || (ready.get("/readyz").await.status == 200).then_some(())).await;
    }
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_hangs_in_the_middle_of_a_write_is_503_in_the_end() {
    let hung = Hung::ready().await;
    let (wire, caller) = (&hung.wire, &hung.caller);
    wire.freeze_at(b"fact_ticket_number");
    let answer = caller.create_user("ada").await.expect_later();
    assert!(wire.is_frozen(), "there was a write");
    assert!(answer.took < IN_THE_MIDDLE, "{answer:?}");
    wire.thaw();
    until("the server to recover", async || (caller.get("/Users").await.status == 200).then_some(())).await;
    // Nobody can say whether it was committed; the client tries again and finds out.
    let again = caller.create_user("ada").await;
    assert!([201, 409].contains(&again.status), "{again:?}");
    let found = caller.search("/Users", "userName eq \"ada\"").await.expect(200);
    assert_eq!(found.json()["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_without_a_goodbye_are_replaced() {
    let hung = Hung::ready().await;
    let (wire, caller) = (&hung.wire, &hung.caller);
    // On all the connections there may be.
    assert!(crowd(caller).await.iter().all(|status| *status == 200));
    wire.bury();
    until("the server to recover", async || {
        let statuses = crowd(caller).await;
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
        statuses.iter().all(|status| *status == 200).then_some(())
    })
    .await;
    for number in 0..20 {
        caller.create_user(&format!("later-{number}")).await.expect(201);
    }
}

/// As clouds do it when a disk is nearly full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_only_lets_read_answers_reads_and_is_503_for_changes_until_it_takes_them_again() {
    let postgres = MortalPostgres::start();
    let served = Served::at(&postgres.url()).await;
    let (_, token) = served.open_tenant("acme").await;
    let caller = served.caller("acme", &token);
    let ada = caller.create_user("ada").await.expect(201).id();
    // On all connections there may be.
    assert!(crowd(&caller).await.iter().all(|status| *status == 200));
    let rename = json!([{"op": "replace", "path": "displayName", "value": "Ada"}]);
    set_read_only(&postgres, "on").await;
    until("changes to be refused", async || {
        (caller.patch(&format!("/Users/{ada}"), rename.clone()).await.status == 503).then_some(())
    })
    .await;
    for _ in 0..20 {
        caller.create_user("meanwhile").await.expect_later();
        caller.patch(&format!("/Users/{ada}"), rename.clone()).await.expect_later();
        caller.get(&format!("/Users/{ada}")).await.expect(200);
    }
    set_read_only(&postgres, "off").await;
    until("changes to be taken again", async || {
        (caller.patch(&format!("/Users/{ada}"), rename.clone()).await.status == 200).then_some(())
    })
    .await;
    for number in 0..20 {
        caller.create_user(&format!("after-{number}")).await.expect(201);
    }
}

async fn set_read_only(postgres: &MortalPostgres, value: &str) {
    statement(&postgres.target(), &format!("ALTER SYSTEM SET default_transaction_read_only = {value}")).await;
    statement(&postgres.target(), "SELECT pg_reload_conf()").await;
}

/// A start on a standby could only read, and what it read would be of a moment ago.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_not_used_before_it_is_promoted() {
    let primary = MortalPostgres::start();
    let home = Home::on(&primary.target()).set("ROLLCALL__HTTP__PORT", "0");
    home.text(&["tenant", "create", "acme", "--with-token"]);
    let standby = primary.standby();
    let at_standby = Home::on(&standby.target()).set("ROLLCALL__HTTP__PORT", "0");
    until("the standby to have the tenant", async || {
        (texts(&standby.target(), "SELECT slug FROM tenant").await == ["acme"]).then_some(())
    })
    .await;
    let refused = at_standby.refused(&["serve"]);
    assert!(refused.contains("standby") && refused.contains("primary"), "{refused}");
    statement(&standby.target(), "SELECT pg_promote(true, 30)").await;
    at_standby.serve().stop();
}

/// What many get who ask at once.
async fn crowd(caller: &Caller) -> Vec<u16> {
    let mut asking = JoinSet::new();
    for _ in 0..64 {
        let caller = caller.clone();
        asking.spawn(async move { caller.get("/Users").await.status });
    }
    asking.join_all().await
}

/// A server whose database is at the other end of a wire.
struct Hung {
    wire: Wire,
    served: Served,
    caller: Caller,
    _database: EmptyDatabase,
}

impl Hung {
    async fn ready() -> Self {
        let database = EmptyDatabase::postgres().await;
        let (wire, target) = Wire::before(database.target()).await;
        let served = Served::at(&url(&target)).await;
        let (_, token) = served.open_tenant("acme").await;
        let caller = served.caller("acme", &token);
        caller.get("/Users").await.expect(200);
        Self { wire, served, caller, _database: database }
    }
}

/// Every way of asking is answered soon, with the truth.
async fn expect_away(served: &Served, caller: &Caller) {
    let root = Caller::new(&served.root());
    assert_eq!(root.get("/healthz").await.expect(200).json(), json!({"status": "ok"}));
    let unready = root.get("/readyz").await.expect(503);
    assert!(unready.header("retry-after").is_some(), "{unready:?}");
    expect_soon(unready);
    let mut asking = JoinSet::new();
    for (method, path, body) in [
        (Method::GET, "/Schemas", None),
        (Method::GET, "/Users", None),
        (Method::POST, "/Users", Some(user("meanwhile"))),
        (Method::DELETE, "/Users/01a20ae5-0000-7000-8000-000000000000", None),
    ] {
        let caller = caller.clone();
        asking.spawn(async move { caller.send(&method, path, body.as_ref()).await });
    }
    for answer in asking.join_all().await {
        expect_soon(answer.expect_later());
    }
    // Whoever brings no token at all is told so without the database.
    Caller::new(&served.base("acme")).get("/Users").await.expect_error(401);
}

#[track_caller]
fn expect_soon(answer: Answer) {
    assert!(answer.took < SOON, "{answer:?}");
}

/// A client that reads and writes all the time.
struct Traffic {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Vec<Answer>>,
}

impl Traffic {
    fn of(caller: &Caller) -> Self {
        let (stop, caller) = (Arc::new(AtomicBool::new(false)), caller.clone());
        let ended = stop.clone();
        let task = tokio::spawn(async move {
            let mut answers = Vec::new();
            while !ended.load(Ordering::SeqCst) {
                answers.push(caller.create_user(&format!("user-{}", answers.len())).await);
                answers.push(caller.get("/Users?count=1").await);
            }
            answers
        });
        Self { stop, task }
    }

    /// Each request was served, or refused for the time being and soon enough.
    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        for answer in self.task.await.unwrap() {
            assert!(answer.took < IN_THE_MIDDLE, "{answer:?}");
            if ![200, 201].contains(&answer.status) {
                answer.expect_later();
            }
        }
    }
}
