//! Clients who write all the time and note what they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::client::Client;
use super::ledger::{Ledger, Share};
use crate::caller::Caller;
use crate::patience::until;

/// Clients at work; each has people of its own, and all share the groups.
pub struct Load {
    news: Arc<News>,
    clients: Vec<JoinHandle<Share>>,
    groups: Vec<String>,
}

/// What clients and the test tell each other.
#[derive(Default)]
pub struct News {
    pub acknowledged: AtomicUsize,
    /// Requests whose connection was cut, as the balancer in front of a fleet tells.
    pub cut: AtomicUsize,
    /// Requests that were refused for the time being.
    pub put_off: AtomicUsize,
    /// Whether a request may stay without an answer.
    pub may_break_off: AtomicBool,
    pub enough: AtomicBool,
}

impl Load {
    pub fn start(caller: &Caller, ledger: Ledger) -> Self {
        let news = Arc::<News>::default();
        let work = |(number, share): (usize, Share)| {
            let (caller, news, groups) = (caller.clone(), news.clone(), ledger.groups.clone());
            tokio::spawn(Client { number, caller, news, groups, share }.work())
        };
        let clients = ledger.shares.into_iter().enumerate().map(work).collect();
        Self { news, clients, groups: ledger.groups }
    }

    /// Waits until so many more changes are acknowledged.
    pub async fn acknowledged(&self, count: usize) {
        let now = || self.news.acknowledged.load(Ordering::SeqCst);
        let goal = now() + count;
        until("changes to be acknowledged", async || (now() >= goal).then_some(())).await;
    }

    pub fn news(&self) -> Arc<News> {
        self.news.clone()
    }

    /// Lets every client finish what it has begun.
    pub async fn end(self) -> Ledger {
        self.news.enough.store(true, Ordering::SeqCst);
        self.join().await
    }

    /// Until now the server had to answer everything; after the blow nobody gets an answer.
    pub async fn end_by(self, blow: impl FnOnce()) -> Ledger {
        self.news.may_break_off.store(true, Ordering::SeqCst);
        blow();
        self.join().await
    }

    async fn join(self) -> Ledger {
        let mut shares = Vec::with_capacity(self.clients.len());
        for client in self.clients {
            shares.push(client.await.unwrap());
        }
        Ledger { groups: self.groups, shares }
    }
}
