//! Three nodes, each with a third of the slots.

use std::collections::HashSet;
use std::time::Duration;

use domain::ids::TenantId;
use domain::limit::{Budget, LimitKey, Policy, Spender};
use domain::ports::RateLimiter;
use storage::limiter::{LimiterCounts, Patience, RedisLimiter};
use uuid::Uuid;

use crate::log::Log;
use crate::server::{Server, directory, free_port};
use crate::{key, limiter, until};

const SLOTS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];
const POLICY: Policy = Policy::per_minute(1, 5);

async fn cluster() -> Vec<Server> {
    let mut nodes = Vec::new();
    for (epoch, (first, last)) in (1..).zip(SLOTS) {
        let bus = free_port();
        let node = Server::with(directory(), |_| {
            let arguments = "--cluster-enabled yes --cluster-require-full-coverage no --cluster-node-timeout 1000";
            let arguments = format!("{arguments} --cluster-port {bus}");
            arguments.split(' ').map(str::to_owned).collect()
        });
        node.tell(&format!("CLUSTER SET-CONFIG-EPOCH {epoch}")).await;
        node.tell(&format!("CLUSTER ADDSLOTSRANGE {first} {last}")).await;
        if let Some(other) = nodes.first() {
            let other: &Server = other;
            other.tell(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.address().port())).await;
        }
        nodes.push(node);
    }
    for node in &nodes {
        until("cluster", Duration::from_secs(20), async || settled(node).await).await;
    }
    nodes
}

/// Whether a node knows who has which slot.
async fn settled(node: &Server) -> bool {
    let info: String = redis::cmd("CLUSTER").arg("INFO").query_async(&mut node.admin().await).await.unwrap_or_default();
    ["cluster_state:ok", "cluster_slots_ok:16384", "cluster_known_nodes:3"].into_iter().all(|line| info.contains(line))
}

fn url(nodes: &[Server]) -> String {
    let nodes: Vec<String> = nodes.iter().map(|node| node.address().to_string()).collect();
    format!("redis-cluster://{}", nodes.join(","))
}

async fn slot(nodes: &[Server], key: &LimitKey) -> u16 {
    let mut redis = nodes[0].admin().await;
    redis::cmd("CLUSTER").arg("KEYSLOT").arg(key.text()).query_async(&mut redis).await.unwrap()
}

/// Tenants of each node, so many, counted from `first`.
async fn tenants(nodes: &[Server], first: u128, many: usize) -> [Vec<u128>; 3] {
    let mut found: [Vec<u128>; 3] = Default::default();
    for tenant in first.. {
        let slot = slot(nodes, &key(tenant, Budget::Reads)).await;
        let node = SLOTS.iter().position(|(first, last)| (*first..=*last).contains(&slot)).unwrap();
        if found[node].len() < many {
            found[node].push(tenant);
        } else if found.iter().all(|found| found.len() == many) {
            break;
        }
    }
    found
}

/// Spends eight of five, and says who answered.
async fn spend(limiter: &RedisLimiter, tenant: u128) -> LimiterCounts {
    let before = limiter.counts();
    let mut allowed = 0;
    for _ in 0..8 {
        allowed += u32::from(limiter.spend(&key(tenant, Budget::Writes), POLICY, 1).await.allowed);
    }
    assert_eq!(allowed, 5, "of tenant {tenant}");
    let after = limiter.counts();
    LimiterCounts { shared: after.shared - before.shared, local: after.local - before.local }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_limits_each_tenant_on_its_node_and_goes_on_without_one() {
    let mut nodes = cluster().await;
    let all_of = |tenant: u128| {
        let budgets = [Budget::Reads, Budget::Writes, Budget::Bulk].map(|budget| key(tenant, budget));
        let spender = Spender::Account { tenant: TenantId(Uuid::from_u128(tenant)), account: Uuid::from_u128(99) };
        budgets.into_iter().chain([LimitKey { spender, budget: Budget::SignIns }])
    };
    let mut slots = HashSet::new();
    for key in all_of(7) {
        slots.insert(slot(&nodes, &key).await);
    }
    assert_eq!(slots.len(), 1, "one tenant, one slot");

    let [before, during, after] =
        [tenants(&nodes, 100, 2).await, tenants(&nodes, 10_000, 4).await, tenants(&nodes, 20_000, 2).await];
    let patience = Patience { answer: Duration::from_secs(2), connect: Duration::from_secs(2) };
    let limiter = limiter(&url(&nodes), patience).await;
    for tenant in before.iter().flatten() {
        assert_eq!(spend(&limiter, *tenant).await, LimiterCounts { shared: 8, local: 0 });
    }

    nodes[2].kill();
    let [one, two, gone] = during;
    for tenant in &gone {
        assert_eq!(spend(&limiter, *tenant).await, LimiterCounts { shared: 0, local: 8 });
    }
    for tenant in one.iter().chain(&two) {
        assert_eq!(spend(&limiter, *tenant).await, LimiterCounts { shared: 8, local: 0 });
    }

    nodes[2].revive();
    until("the node is back", Duration::from_secs(20), async || settled(&nodes[0]).await && settled(&nodes[2]).await)
        .await;
    for tenant in gone.iter().chain(&after[2]) {
        until("shared again", Duration::from_secs(5), async || {
            let before = limiter.counts().shared;
            limiter.spend(&key(*tenant, Budget::Reads), POLICY, 0).await;
            limiter.counts().shared > before
        })
        .await;
    }
    for tenant in after.iter().flatten() {
        assert_eq!(spend(&limiter, *tenant).await, LimiterCounts { shared: 8, local: 0 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_was_gone_is_found_again() {
    let mut nodes = cluster().await;
    let limiter = limiter(&url(&nodes), Patience::default()).await;
    nodes.iter_mut().for_each(Server::kill);
    assert_eq!(spend(&limiter, 300).await, LimiterCounts { shared: 0, local: 8 });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!limiter.spend(&key(300, Budget::Writes), POLICY, 1).await.allowed);
    nodes.iter_mut().for_each(Server::revive);
    for node in &nodes {
        until("cluster", Duration::from_secs(20), async || settled(node).await).await;
    }
    until("shared again", Duration::from_secs(5), async || {
        limiter.spend(&key(300, Budget::Writes), POLICY, 0).await;
        limiter.counts().shared > 0
    })
    .await;
}

#[tokio::test]
async fn a_user_of_a_cluster_has_to_see_the_slots() {
    let nodes = cluster().await;
    let url = url(&nodes).replace("://", "://app:secret@");
    permit(&nodes, "+cluster|slots +ping").await;
    let seeing = limiter(&url, crate::PATIENT).await;
    for tenant in tenants(&nodes, 400, 1).await.iter().flatten() {
        assert_eq!(spend(&seeing, *tenant).await, LimiterCounts { shared: 8, local: 0 });
    }
    for node in &nodes {
        assert_eq!(node.tell("ACL LOG").await, redis::Value::Array(Vec::new()), "nothing was refused on the way");
    }
    permit(&nodes, "+ping").await;
    let (log, _guard) = Log::listen();
    let blind = limiter(&url, crate::PATIENT).await;
    assert_eq!(spend(&blind, 500).await, LimiterCounts { shared: 0, local: 8 });
    assert_eq!(log.lines("WARN").len(), 1, "{:?}", log.lines("WARN"));
    assert!(log.lines("WARN")[0].contains("permissions"), "{:?}", log.lines("WARN"));
}

async fn permit(nodes: &[Server], besides: &str) {
    for node in nodes {
        let with = format!("+evalsha +script|load +time +get +set {besides}");
        node.tell(&format!("ACL SETUSER app reset on >secret ~rl:* {with}")).await;
    }
}
