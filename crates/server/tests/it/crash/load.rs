//! Clients who write all the time and note what they are told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::client::Client;
use super::ledger::{CLIENTS, Ledger, Share};
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
    /// Those that each client was told.
    of_client: [AtomicUsize; CLIENTS],
    pulse: Mutex<Pulse>,
    /// What nobody should be answered.
    wrong: Mutex<Vec<String>>,
}

/// When somebody was last answered well, and the longest time that nobody was.
#[derive(Default)]
struct Pulse {
    last: Option<Instant>,
    longest: Duration,
}

impl News {
    /// A client was answered well.
    pub fn beat(&self, client: usize) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.of_client[client].fetch_add(1, Ordering::SeqCst);
        let (now, mut pulse) = (Instant::now(), self.pulse.lock().unwrap());
        let silence = pulse.last.map_or(Duration::ZERO, |last| now - last);
        pulse.longest = pulse.longest.max(silence);
        pulse.last = Some(now);
    }

    /// A client was answered what is wrong.
    pub fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Everything that was wrong.
    pub fn all_wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    /// The longest time in which nobody was answered well.
    pub fn longest_silence(&self) -> Duration {
        self.pulse.lock().unwrap().longest
    }

    /// How often each client was answered well.
    pub fn of_each(&self) -> [usize; CLIENTS] {
        std::array::from_fn(|client| self.of_client[client].load(Ordering::SeqCst))
    }
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

    /// Lets every client finish what it has begun; none may have been answered what is wrong.
    pub async fn end(self) -> Ledger {
        let news = self.news();
        let ledger = self.end_anyway().await;
        assert_eq!(news.all_wrong(), Vec::<String>::new());
        ledger
    }

    /// The same, whatever they were answered.
    pub async fn end_anyway(self) -> Ledger {
        self.news.enough.store(true, Ordering::SeqCst);
        self.join().await
    }

    /// Until now the server had to answer everything; after the blow nobody gets an answer.
    pub async fn end_by(self, blow: impl FnOnce()) -> Ledger {
        self.news.may_break_off.store(true, Ordering::SeqCst);
        blow();
        let news = self.news();
        let ledger = self.join().await;
        assert_eq!(news.all_wrong(), Vec::<String>::new());
        ledger
    }

    async fn join(self) -> Ledger {
        let mut shares = Vec::with_capacity(self.clients.len());
        for client in self.clients {
            shares.push(client.await.unwrap());
        }
        Ledger { groups: self.groups, shares }
    }
}
