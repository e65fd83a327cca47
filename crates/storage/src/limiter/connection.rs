//! The way to a Redis server or cluster.

use std::time::Duration;

use domain::limit::{Policy, Verdict};
use domain::timestamp::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::Slot;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, TlsCertificates};

use super::breaker::Part;
use super::script::Spending;
use super::target::{RedisTarget, RedisTargetError};

/// So many checks may wait for their turn to be written to one connection.
const WAITING: usize = 1_000;

/// How long Redis may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one check.
    pub answer: Duration,
    /// For a connection.
    pub connect: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_millis(50), connect: Duration::from_millis(200) }
    }
}

/// Why Redis gave no verdict. Holds no address and no password.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    #[error("there is no connection")]
    Unconnected,
    #[error("it gave no answer within {} ms", .0.as_millis())]
    Slow(Duration),
    #[error("{0}")]
    Redis(#[from] RedisError),
}

/// Makes connections.
pub struct Connector {
    client: Either<Client, ClusterClient>,
    patience: Patience,
}

/// A connection; copies of it share it.
#[derive(Clone)]
pub struct Connection(Either<MultiplexedConnection, ClusterConnection>);

#[derive(Clone)]
enum Either<S, C> {
    Server(S),
    Cluster(C),
}

impl Connector {
    /// # Errors
    /// [`RedisTargetError::Refused`] when the library sees what [`RedisTarget::parse`] does not.
    pub fn new(target: &RedisTarget, patience: Patience) -> Result<Self, RedisTargetError> {
        let client = match target.is_cluster() {
            true => cluster(target, patience).map(Either::Cluster),
            false => server(target).map(Either::Server),
        };
        let client = client.map_err(|error| RedisTargetError::Refused(error.to_string()))?;
        Ok(Self { client, patience })
    }

    /// # Errors
    /// [`Failure`] when there is nobody, or nobody who lets us in.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let Patience { answer, connect } = self.patience;
        match &self.client {
            Either::Server(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_response_timeout(Some(answer))
                    .set_connection_timeout(Some(connect))
                    .set_pipeline_buffer_size(WAITING);
                let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(Connection(Either::Server(connection)))
            }
            Either::Cluster(client) => {
                // Each node has its own patience, but some may be tried one after another.
                let connection = within(connect * 2, client.get_async_connection()).await?;
                Ok(Connection(Either::Cluster(connection)))
            }
        }
    }

    /// What fails together with this key.
    pub fn part(&self, key: &str) -> Part {
        match self.client {
            Either::Server(_) => None,
            Either::Cluster(_) => Some(Slot::for_key(key)),
        }
    }
}

impl Connection {
    /// Spends in Redis.
    ///
    /// # Errors
    /// [`Failure`] when there is no answer in time, or an error for one.
    pub async fn spend(
        &mut self,
        spending: &Spending,
        key: &str,
        policy: Policy,
        cost: u32,
        answer: Duration,
    ) -> Result<(Verdict, Timestamp), Failure> {
        match &mut self.0 {
            Either::Server(server) => within(answer, spending.spend(server, key, policy, cost)).await,
            Either::Cluster(cluster) => within(answer, spending.spend(cluster, key, policy, cost)).await,
        }
    }

    /// Asks for nothing in particular, by a command that every user of an access list has whom we ask for.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn ask(&mut self, answer: Duration) -> Result<(), Failure> {
        match &mut self.0 {
            Either::Server(server) => within(answer, redis::cmd("TIME").query_async::<redis::Value>(server)).await?,
            Either::Cluster(cluster) => within(answer, redis::cmd("PING").query_async::<redis::Value>(cluster)).await?,
        };
        Ok(())
    }

    /// The server's version; none when the user may not ask for it, or there are many servers.
    pub async fn version(&mut self, answer: Duration) -> Option<String> {
        let Either::Server(server) = &mut self.0 else { return None };
        let mut asked = redis::cmd("INFO");
        let told: String = within(answer, asked.arg("server").query_async(server)).await.ok()?;
        told.lines().find_map(|line| line.strip_prefix("redis_version:")).map(|version| version.trim().to_owned())
    }

    /// Whether it finds its way back by itself after its nodes were gone.
    pub fn heals(&self) -> bool {
        matches!(self.0, Either::Cluster(_))
    }
}

/// The library's own limit holds for each of the commands of which a call may have three.
async fn within<T>(limit: Duration, call: impl Future<Output = RedisResult<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(limit, call).await {
        Ok(Err(error)) if error.is_timeout() => Err(Failure::Slow(limit)),
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::Slow(limit)),
    }
}

fn server(target: &RedisTarget) -> RedisResult<Client> {
    let node = target.nodes().first().cloned().ok_or((ErrorKind::InvalidClientConfig, "no host"))?;
    match target.is_tls() {
        true => Client::build_with_tls(node, certificates(target)),
        false => Client::open(node),
    }
}

fn cluster(target: &RedisTarget, patience: Patience) -> RedisResult<ClusterClient> {
    let builder = ClusterClient::builder(target.nodes().iter().cloned())
        .response_timeout(patience.answer)
        .connection_timeout(patience.connect)
        // Nobody waits for more: a key that has moved to another node is asked for there, and once more at the most.
        .retries(2)
        .min_retry_wait(1)
        .max_retry_wait(5);
    match target.is_tls() {
        true => builder.certs(certificates(target)).build(),
        false => builder.build(),
    }
}

fn certificates(target: &RedisTarget) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: target.roots().map(<[u8]>::to_vec) }
}
