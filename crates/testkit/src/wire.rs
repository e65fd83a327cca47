//! The wire between a server and its database, which a test can let go dead.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use storage::Target;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes on what comes in at `address`. As long as it is frozen connections stay open and new ones are taken, but nothing
/// arrives: what a client sees of a database that was stopped with SIGSTOP, or of a network that swallows packets.
pub struct Wire {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    now: watch::Sender<Now>,
    /// What the client says at which the wire freezes by itself.
    trigger: Mutex<Option<&'static [u8]>>,
}

#[derive(Clone, Copy)]
struct Now {
    /// Where new connections lead to.
    database: SocketAddr,
    /// How long everything is under way, each way.
    delay: Duration,
    frozen: bool,
    /// How many connections there have been.
    taken: usize,
    /// The first so many of them are dead for ever, though nobody closes them.
    buried: usize,
}

impl Wire {
    /// A wire to a PostgreSQL, and where the database is by it.
    pub async fn before(database: &Target) -> (Self, Target) {
        let Target::Postgres { url } = database else { panic!("a file has no wire") };
        let direct: PgConnectOptions = url.parse().expect("a URL");
        let at = (direct.get_host(), direct.get_port());
        let at = tokio::net::lookup_host(at).await.expect("an address").next().expect("an address");
        let wire = Self::to(at).await;
        let url = direct.host(&wire.address.ip().to_string()).port(wire.address.port()).to_url_lossy().into();
        (wire, Target::Postgres { url })
    }

    pub async fn to(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let now = Now { database, delay: Duration::ZERO, frozen: false, taken: 0, buried: 0 };
        let state = Arc::new(State { now: watch::Sender::new(now), trigger: Mutex::default() });
        tokio::spawn(accept(listener, state.clone()));
        Self { address, state }
    }

    pub fn freeze(&self) {
        self.state.set_frozen(true);
    }

    /// Freezes when a client next says this.
    pub fn freeze_at(&self, word: &'static [u8]) {
        *self.state.trigger.lock().unwrap() = Some(word);
    }

    pub fn is_frozen(&self) -> bool {
        self.state.now.borrow().frozen
    }

    pub fn thaw(&self) {
        self.state.set_frozen(false);
    }

    /// New connections lead there from now on.
    pub fn lead_to(&self, database: SocketAddr) {
        self.state.now.send_modify(|now| now.database = database);
    }

    /// Everything takes this much longer, each way.
    pub fn slow(&self, delay: Duration) {
        self.state.now.send_modify(|now| now.delay = delay);
    }

    /// Every connection there is goes dead for ever without a goodbye; new ones are good.
    pub fn bury(&self) {
        self.state.now.send_modify(|now| now.buried = now.taken);
    }
}

impl State {
    fn set_frozen(&self, frozen: bool) {
        self.now.send_modify(|now| now.frozen = frozen);
    }

    /// The number of a new connection.
    fn number(&self) -> usize {
        self.now.send_modify(|now| now.taken += 1);
        self.now.borrow().taken
    }

    fn hear(&self, said: &[u8]) {
        let mut trigger = self.trigger.lock().unwrap();
        if trigger.is_some_and(|word| said.windows(word.len()).any(|part| part == word)) {
            *trigger = None;
            self.set_frozen(true);
        }
    }

    /// Waits until the connection of this number may go on.
    async fn open(&self, number: usize) {
        let mut now = self.now.subscribe();
        // The sender is `self`, so there is always one.
        let _ = now.wait_for(|now| !now.frozen && number > now.buried).await;
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let (number, state) = (state.number(), state.clone());
        tokio::spawn(async move {
            state.open(number).await;
            let at = state.now.borrow().database;
            let Ok(database) = TcpStream::connect(at).await else {
                return;
            };
            let ((from_client, to_client), (from_database, to_database)) = (client.into_split(), database.into_split());
            tokio::join!(
                pass(from_client, to_database, &state, number, true),
                pass(from_database, to_client, &state, number, false),
            );
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State, number: usize, listen: bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let Some(said) = buffer.get(..length) else { return };
        if listen {
            state.hear(said);
        }
        let delay = state.now.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        state.open(number).await;
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}
