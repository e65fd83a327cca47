//! Replicas spend one budget through Redis, and each its own while Redis is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testkit::db::TestDatabase;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::redis::MortalRedis;
use super::{Fleet, REPLICAS};
use crate::caller::{Answer, Caller};
use crate::patience::until;

/// How many requests a tenant here may send at once; one a second is added.
const BURST: usize = 30;

/// How long a Redis that failed is left alone, and some more.
const PROBE: Duration = Duration::from_millis(700);

/// Redis is asked for every half second; a busy machine may need some more time.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_a_budget_in_redis_and_go_on_with_their_own_while_it_is_away() {
    let mut redis = MortalRedis::start();
    let database = TestDatabase::postgres().await;
    let (started, fleet) = (Instant::now(), Fleet::start(database.target(), &[("ROLLCALL__REDIS__URL", &redis.url())]));
    let tenants = Tenants { fleet: &fleet, made: AtomicUsize::new(0) };
    let callers = tenants.share_one_burst().await;
    let wait = refused(&callers[0]).await.header("retry-after").unwrap().parse().unwrap();
    tokio::time::sleep(Duration::from_secs(wait)).await;
    callers[1].get("/Users").await.expect(200);

    redis.kill();
    let burst = Burst::of(&tenants.next(), 2 * BURST, 2 * BURST * REPLICAS).await;
    assert!((BURST..=burst.most(REPLICAS)).contains(&burst.passed), "{burst:?}");
    assert!(burst.refused > 0, "{burst:?}");

    redis.start_again();
    let back = Instant::now();
    let callers = tenants.next();
    until("every replica to share its budgets", async || {
        Burst::of(&callers, 1, 1).await;
        (0..REPLICAS).all(|place| told(&fleet, place, "limits are shared again") > 0).then_some(())
    })
    .await;
    assert!(back.elapsed() < SOON, "{:?} until budgets were shared", back.elapsed());
    tenants.share_one_burst().await;

    let minutes = usize::try_from(started.elapsed().as_secs() / 60).unwrap();
    for place in 0..REPLICAS {
        let failures = told(&fleet, place, "Redis failed");
        assert!((1..=1 + minutes).contains(&failures), "{failures} lines in the log of replica {place}");
    }
}

/// How often a replica has logged something.
fn told(fleet: &Fleet, place: usize, what: &str) -> usize {
    let lines = fleet.replicas[place].running().lines();
    lines.iter().filter(|line| line["message"].as_str().is_some_and(|message| message.contains(what))).count()
}

/// Tenants who have spent nothing yet.
struct Tenants<'f> {
    fleet: &'f Fleet,
    made: AtomicUsize,
}

impl Tenants<'_> {
    /// The clients of a new one, one at each replica.
    fn next(&self) -> [Caller; REPLICAS] {
        let slug = format!("tenant-{}", self.made.fetch_add(1, Ordering::SeqCst));
        let token = self.fleet.open_tenant(&slug);
        self.fleet.operator.text(&["limits", "set", "--tenant", &slug, "--reads", &format!("1:{BURST}")]);
        self.fleet.callers(&slug, &token)
    }

    /// Gives the clients of a tenant for whom all replicas together let one burst through. On a busy machine Redis may
    /// answer too late for one of them, which then counts for itself until it has asked again; another tenant tries once
    /// more, with fewer requests at once.
    async fn share_one_burst(&self) -> [Caller; REPLICAS] {
        let mut at_once = REPLICAS * BURST;
        until("one burst to be shared", async || {
            let callers = self.next();
            let burst = Burst::of(&callers, BURST, at_once).await;
            assert!((BURST..=burst.most(REPLICAS)).contains(&burst.passed), "{burst:?}");
            at_once = (at_once / 2).max(REPLICAS);
            if burst.passed > burst.most(1) {
                self.let_them_ask_again().await;
                return None;
            }
            Some(callers)
        })
        .await
    }

    /// The first of these requests finds Redis back, the second has nothing to wait for.
    async fn let_them_ask_again(&self) {
        let callers = self.next();
        for _ in 0..2 {
            tokio::time::sleep(PROBE).await;
            Burst::of(&callers, 1, 1).await;
        }
    }
}

/// What became of requests that were sent at once.
#[derive(Debug)]
struct Burst {
    passed: usize,
    refused: usize,
    took: Duration,
}

impl Burst {
    /// So many from each client, and so many of all at once.
    async fn of(callers: &[Caller; REPLICAS], each: usize, at_once: usize) -> Self {
        let start = Instant::now();
        let (mut asking, turns) = (JoinSet::new(), Arc::new(Semaphore::new(at_once)));
        for caller in (0..each).flat_map(|_| callers) {
            let (caller, turns) = (caller.clone(), turns.clone());
            asking.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                caller.get("/Users").await
            });
        }
        let (passed, refused): (Vec<Answer>, Vec<Answer>) =
            asking.join_all().await.into_iter().partition(|answer| answer.status == 200);
        let burst = Self { passed: passed.len(), refused: refused.len(), took: start.elapsed() };
        refused.into_iter().for_each(expect_refusal);
        burst
    }

    /// What as many budgets let through in this time.
    fn most(&self, budgets: usize) -> usize {
        budgets * (BURST + usize::try_from(self.took.as_secs()).unwrap() + 1)
    }
}

/// Asks until the budget is spent.
async fn refused(caller: &Caller) -> Answer {
    until("a refusal", async || {
        let answer = caller.get("/Users").await;
        (answer.status != 200).then_some(answer)
    })
    .await
}

#[track_caller]
fn expect_refusal(answer: Answer) {
    let answer = answer.expect_error(429);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=BURST as u64).contains(&seconds), "{answer:?}");
    assert_eq!(answer.header("ratelimit"), Some(&*format!("\"reads\";r=0;t={seconds}")));
    assert_eq!(answer.header("ratelimit-policy"), Some(&*format!("\"reads\";q={BURST};w={BURST}")));
}
