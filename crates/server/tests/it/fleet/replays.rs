//! The conversations of the corpus, each request at the next replica.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use server::replay::client::ScimClient;
use server::replay::report::{Outcome, Summary};
use server::replay::run::play;
use server::replay::scenario::Scenario;
use server::replay::{corpus, run};
use testkit::db::TestDatabase;
use tokio::task::{JoinSet, spawn_blocking};
use url::Url;

use super::{Fleet, victims};
use crate::binary::Home;

/// How many play at once.
const PLAYERS: usize = 4;

const KILLS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_of_which_every_request_meets_another_replica_pass() {
    let database = TestDatabase::postgres().await;
    let fleet = Fleet::start(database.target(), &[]);
    let (url, token) = Stage::of(&fleet).tenant().await;
    let summary = run(&url, &token, None, &mut ()).await.unwrap();
    assert_eq!((summary.counts.total, summary.counts.passed), (443, 443), "{summary:?}");
    assert_eq!(fleet.balancer.cut(), 0);
}

/// Where a connection was cut, nobody knows what became of the request, and the conversation begins anew somewhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_pass_while_replicas_are_killed_unless_their_own_connection_is_cut() {
    let database = TestDatabase::postgres().await;
    let mut fleet = Fleet::start(database.target(), &[]);
    let victims: [usize; KILLS] = victims();
    let stage = Stage::of(&fleet);
    let scenarios = corpus::scenarios().unwrap();
    let all = scenarios.len();
    let played = Arc::new(AtomicUsize::new(0));
    let mut players = JoinSet::new();
    for scenarios in scenarios.chunks(all.div_ceil(PLAYERS)) {
        let (scenarios, stage, played) = (scenarios.to_vec(), stage.clone(), played.clone());
        players.spawn(async move { stage.play_all(&scenarios, &played).await });
    }
    for (kill, victim) in victims.into_iter().enumerate() {
        let goal = all * (kill + 1) / (KILLS + 2);
        while played.load(Ordering::SeqCst) < goal && !players.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        fleet.kill(victim);
        fleet.revive(victim);
    }
    let passed: usize = players.join_all().await.into_iter().sum();
    assert_eq!(passed, 443, "{victims:?}");
    fleet.expect_no_error();
}

/// Where tenants are made for players.
#[derive(Clone)]
struct Stage {
    operator: Arc<Home>,
    root: String,
    tenants: Arc<AtomicUsize>,
}

impl Stage {
    fn of(fleet: &Fleet) -> Self {
        Self { operator: fleet.operator.clone(), root: fleet.balancer.root(), tenants: Arc::default() }
    }

    /// Where a new tenant is, and its token.
    async fn tenant(&self) -> (Url, SecretString) {
        let slug = format!("tenant-{}", self.tenants.fetch_add(1, Ordering::SeqCst));
        let (operator, base) = (self.operator.clone(), format!("{}/t/{slug}/scim/v2", self.root));
        let made = spawn_blocking(move || operator.json(&["tenant", "create", &slug, "--with-token"])).await.unwrap();
        (base.parse().unwrap(), made["token"].as_str().unwrap().to_owned().into())
    }

    /// Gives how many steps passed in the end.
    async fn play_all(&self, scenarios: &[Scenario], played: &AtomicUsize) -> usize {
        let mut passed = 0;
        let mut client = self.client().await;
        for scenario in scenarios {
            let mut summary = play(&client, std::slice::from_ref(scenario), &mut ()).await.unwrap();
            while was_cut(&summary) {
                client = self.client().await;
                summary = play(&client, std::slice::from_ref(scenario), &mut ()).await.unwrap();
            }
            assert!(summary.all_passed(), "{summary:?}");
            passed += summary.counts.passed;
            played.fetch_add(1, Ordering::SeqCst);
        }
        passed
    }

    async fn client(&self) -> ScimClient {
        let (url, token) = self.tenant().await;
        ScimClient::new(&url, &token).unwrap()
    }
}

/// Whether the first thing that went wrong is a connection that was cut.
fn was_cut(summary: &Summary) -> bool {
    let mut steps = summary.scenarios.iter().flat_map(|scenario| &scenario.steps);
    steps.find(|step| step.outcome != Outcome::Passed).is_some_and(|step| step.status == Some(502))
}
