//! Clients to whom nothing may happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::{JoinHandle, JoinSet};

use super::Fleet;
use super::clients::OAuthClient;
use crate::caller::Caller;
use crate::patience::until;

/// How often a client with access tokens works until it signs in again.
const SIGN_IN: usize = 10;

/// Two clients at each replica, one with the tenant's token and one with access tokens, who read and write all the time.
pub struct Steady {
    enough: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Steady {
    pub fn at(fleet: &Fleet, slug: &str, token: &str, client: &OAuthClient) -> Self {
        let (enough, rounds) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut working = JoinSet::new();
        for (place, replica) in fleet.replicas.iter().enumerate() {
            let (root, base) = (replica.root(), replica.running().base(slug));
            let signing_in =
                Worker { name: format!("signed-in-{place}"), enough: enough.clone(), rounds: rounds.clone() };
            let with_token = Worker { name: format!("token-{place}"), ..signing_in.clone() };
            working.spawn(with_token.work(Caller::with_token(&base, token), None));
            working.spawn(signing_in.work(Caller::new(&base), Some((client.clone(), root))));
        }
        let task = tokio::spawn(async move { drop(working.join_all().await) });
        Self { enough, rounds, task }
    }

    /// Waits until they have worked so many times more.
    pub async fn rounds(&self, more: usize) {
        let now = || self.rounds.load(Ordering::SeqCst);
        let goal = now() + more;
        until("work to be done", async || {
            assert!(!self.has_failed(), "a client has failed");
            (now() >= goal).then_some(())
        })
        .await;
    }

    /// Whether they have ended, which they do by themselves only when one of them failed.
    pub fn has_failed(&self) -> bool {
        self.task.is_finished()
    }

    /// Fails when one request was not answered as it should.
    pub async fn end(self) {
        self.enough.store(true, Ordering::SeqCst);
        self.task.await.unwrap();
    }
}

#[derive(Clone)]
struct Worker {
    name: String,
    enough: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
}

impl Worker {
    async fn work(self, mut caller: Caller, client: Option<(OAuthClient, String)>) {
        for round in 0.. {
            if self.enough.load(Ordering::SeqCst) {
                return;
            }
            if let Some((client, root)) = client.as_ref().filter(|_| round % SIGN_IN == 0) {
                let access = client.sign_in(root).await;
                caller = caller.with("authorization", &format!("Bearer {access}"));
            }
            let made = caller.create_user(&format!("{}-{round}", self.name)).await.expect(201).id();
            caller.get(&format!("/Users/{made}")).await.expect(200);
            self.rounds.fetch_add(1, Ordering::SeqCst);
        }
    }
}
