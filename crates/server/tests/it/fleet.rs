//! Three replicas of the binary over one database, with a balancer in front: one is killed, hangs, is stopped or replaced,
//! and nobody notices.

mod balancer;
mod budgets;
pub mod clients;
mod gate;
mod kills;
mod leases;
pub mod redis;
mod replays;
mod replica;
mod rotation;
pub mod steady;
mod upgrade;

use std::sync::Arc;

use domain::ports::SecretGen as _;
use server::runtime::RandomSecrets;
use storage::Target;

use crate::binary::Home;
use crate::caller::Caller;
use crate::served::url;
use balancer::Balancer;
use replica::Replica;

pub const REPLICAS: usize = 3;

/// Replicas, what operators do beside them, and where clients come in.
pub struct Fleet {
    pub operator: Arc<Home>,
    pub replicas: Vec<Replica>,
    pub balancer: Balancer,
}

impl Fleet {
    /// All of them with these settings besides.
    pub fn start(database: &Target, settings: &[(&str, &str)]) -> Self {
        Self::with(settings, |_| url(database))
    }

    /// With an address of the database for each replica.
    pub fn with(settings: &[(&str, &str)], database: impl Fn(usize) -> String) -> Self {
        Self::furnished(settings, database, |_, home| home)
    }

    /// With something that replicas have besides, by their places.
    pub fn furnished(
        settings: &[(&str, &str)],
        database: impl Fn(usize) -> String,
        besides: impl Fn(usize, Home) -> Home,
    ) -> Self {
        let balancer = Balancer::start();
        let home = |place| {
            let home = Home::empty()
                .set("ROLLCALL__DATABASE__URL", &database(place))
                .set("ROLLCALL__DATABASE__MAX_CONNECTIONS", "8")
                .set("ROLLCALL__PUBLIC_URL", &balancer.root());
            settings.iter().fold(home, |home, (name, value)| home.set(name, value))
        };
        let mut replicas: Vec<Replica> = (0..REPLICAS).map(|place| Replica::at(besides(place, home(place)))).collect();
        for (place, replica) in replicas.iter_mut().enumerate() {
            replica.start();
            balancer.open(place, &replica.root());
        }
        Self { operator: Arc::new(home(0)), replicas, balancer }
    }

    /// Gives the token of a new tenant.
    pub fn open_tenant(&self, slug: &str) -> String {
        self.operator.json(&["tenant", "create", slug, "--with-token"])["token"].as_str().unwrap().to_owned()
    }

    /// A client of the balancer.
    pub fn caller(&self, slug: &str, token: &str) -> Caller {
        Caller::with_token(&self.balancer.base(slug), token)
    }

    /// A client at each replica.
    pub fn callers(&self, slug: &str, token: &str) -> [Caller; REPLICAS] {
        std::array::from_fn(|place| self.replicas[place].running().caller(slug, token))
    }

    /// Nothing that is a fault of ours is in the log of any replica that runs.
    pub fn expect_no_error(&self) {
        for replica in &self.replicas {
            let log = replica.running().log();
            let errors: Vec<&str> = log.lines().filter(|line| line.contains("\"ERROR\"")).collect();
            assert!(errors.is_empty() && !log.contains("panicked"), "{errors:?}");
        }
    }

    /// Kills a replica; the balancer hears of it when it is dead.
    pub fn kill(&mut self, place: usize) {
        self.replicas[place].kill();
        self.balancer.close(place);
    }

    /// Starts a replica that has ended.
    pub fn revive(&mut self, place: usize) {
        self.replicas[place].start();
        self.balancer.open(place, &self.replicas[place].root());
    }
}

/// Which replicas something happens to, one after another; another time others.
pub fn victims<const N: usize>() -> [usize; N] {
    let random = RandomSecrets.bytes();
    std::array::from_fn(|index| usize::from(random[index]) % REPLICAS)
}
