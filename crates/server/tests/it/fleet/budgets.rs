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

/// How many requests a tenant may send at once; one a second is added.
const BURST: usize = 30;

/// The same where Redis is too slow for more.
const LEAST: usize = 5;

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
    let [one, other, _] = tenants.share_one_burst().await.callers;
    let wait = refused(&one).await.header("retry-after").unwrap().parse().unwrap();
    tokio::time::sleep(Duration::from_secs(wait)).await;
    other.get("/Users").await.expect(200);

    redis.kill();
    let tenant = tenants.next(BURST);
    let spent = tenant.spend(2 * BURST, 2 * BURST * REPLICAS).await;
    assert!((BURST..=tenant.most(REPLICAS, &spent)).contains(&spent.passed), "{spent:?}");
    assert!(spent.refused > 0, "{spent:?}");

    redis.start_again();
    let back = Instant::now();
    until("every replica to share its budgets", async || {
        tenant.spend(1, 1).await;
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
    /// A new one who may send so many requests at once.
    fn next(&self, burst: usize) -> Tenant {
        let slug = format!("tenant-{}", self.made.fetch_add(1, Ordering::SeqCst));
        let token = self.fleet.open_tenant(&slug);
        self.fleet.operator.text(&["limits", "set", "--tenant", &slug, "--reads", &format!("1:{burst}")]);
        Tenant { callers: self.fleet.callers(&slug, &token), burst }
    }

    /// Gives a tenant for whom all replicas together let one burst through. On a busy machine Redis may answer too late
    /// for one of them, which then counts for itself until it has asked again; then another tenant tries with less.
    async fn share_one_burst(&self) -> Tenant {
        let (mut burst, mut at_once) = (BURST, REPLICAS * BURST);
        until("one burst to be shared", async || {
            let tenant = self.next(burst);
            let spent = tenant.spend(burst, at_once).await;
            assert!((burst..=tenant.most(REPLICAS, &spent)).contains(&spent.passed), "{burst}: {spent:?}");
            // It would prove nothing when it took so long that anybody would have been let through.
            let one = tenant.most(1, &spent);
            if spent.passed <= one && one < REPLICAS * burst {
                return Some(tenant);
            }
            burst = (burst / 2).max(LEAST);
            at_once = (at_once / 4).max(REPLICAS);
            // The first of these requests finds Redis back, the second has nothing to wait for.
            for _ in 0..2 {
                tokio::time::sleep(PROBE).await;
                tenant.spend(1, 1).await;
            }
            None
        })
        .await
    }
}

/// A client at each replica.
struct Tenant {
    callers: [Caller; REPLICAS],
    burst: usize,
}

/// What became of requests.
#[derive(Debug)]
struct Spent {
    passed: usize,
    refused: usize,
    took: Duration,
}

impl Tenant {
    /// Sends so many requests to each replica, and so many of all at once.
    async fn spend(&self, each: usize, at_once: usize) -> Spent {
        let start = Instant::now();
        let (mut asking, turns) = (JoinSet::new(), Arc::new(Semaphore::new(at_once)));
        for caller in (0..each).flat_map(|_| &self.callers) {
            let (caller, turns) = (caller.clone(), turns.clone());
            asking.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                caller.get("/Users").await
            });
        }
        let (passed, refused): (Vec<Answer>, Vec<Answer>) =
            asking.join_all().await.into_iter().partition(|answer| answer.status == 200);
        let spent = Spent { passed: passed.len(), refused: refused.len(), took: start.elapsed() };
        for answer in refused {
            self.expect_refusal(answer);
        }
        spent
    }

    /// What as many budgets let through in this time.
    fn most(&self, budgets: usize, spent: &Spent) -> usize {
        budgets * (self.burst + usize::try_from(spent.took.as_secs()).unwrap() + 1)
    }

    #[track_caller]
    fn expect_refusal(&self, answer: Answer) {
        let (answer, burst) = (answer.expect_error(429), self.burst);
        let seconds: usize = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=burst).contains(&seconds), "{answer:?}");
        assert_eq!(answer.header("ratelimit"), Some(&*format!("\"reads\";r=0;t={seconds}")));
        assert_eq!(answer.header("ratelimit-policy"), Some(&*format!("\"reads\";q={burst};w={burst}")));
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
