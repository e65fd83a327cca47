//! Which Redis.

use std::fs;
use std::path::{Path, PathBuf};

use redis::{ConnectionInfo, IntoConnectionInfo, parse_redis_url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A Redis server or cluster, and whom to trust that it is.
///
/// | address | what |
/// | --- | --- |
/// | `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]` | one server |
/// | `rediss://…` | one server, by TLS |
/// | `redis-cluster://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]` | a cluster, of which at least one of these nodes answers |
/// | `rediss-cluster://…` | a cluster, by TLS |
///
/// User and password are percent-encoded. TLS needs a certificate for the host by which the node is reached; without a file
/// of its own, it is checked against Mozilla's roots.
///
/// A user of an access control list needs `~rl:*` and `+evalsha +script|load +time +get +set`; with a number of a database
/// also `+select`, and in a cluster `+cluster|slots`, `+ping` (whose refusal is only noted in the server's list), and `+asking` for keys of slots that are just moving.
#[derive(Clone)]
pub struct RedisTarget {
    nodes: Vec<ConnectionInfo>,
    cluster: bool,
    tls: bool,
    roots: Option<Vec<u8>>,
}

/// Why a target is none. Never holds the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisTargetError {
    #[error("the address of Redis has to start with redis://, rediss://, redis-cluster:// or rediss-cluster://")]
    Scheme,
    #[error("the address of Redis is no URL; in a password, characters such as @ / : # have to be percent-encoded")]
    Url,
    #[error("the address of Redis lacks the name of a host")]
    Host,
    #[error("the address of Redis names a user without a password")]
    Password,
    #[error("the path in the address of Redis has to be the number of a database, such as /0")]
    Database,
    #[error("the address of a Redis cluster has to end with its last node: a cluster has one database only")]
    ClusterDatabase,
    #[error("the address of Redis has a ? or # in it; a password that contains one has to be percent-encoded")]
    Extras,
    #[error("the address of Redis cannot be used: {0}")]
    Refused(String),
    #[error("a file of certificates for Redis is only of use with rediss:// or rediss-cluster://")]
    NoTls,
    #[error("the file of certificates for Redis, {}, cannot be read: {why}", path.display())]
    File { path: PathBuf, why: String },
    #[error("the file of certificates for Redis, {}, holds no certificate in PEM", path.display())]
    Certificates { path: PathBuf },
}

impl RedisTarget {
    /// Reads an address in one of the four forms.
    ///
    /// # Errors
    /// [`RedisTargetError`] says what is wrong with it.
    pub fn parse(address: &str) -> Result<Self, RedisTargetError> {
        let (scheme, rest) = address.split_once("://").ok_or(RedisTargetError::Scheme)?;
        let (cluster, tls) = match scheme {
            "redis" => (false, false),
            "rediss" => (false, true),
            "redis-cluster" => (true, false),
            "rediss-cluster" => (true, true),
            _ => return Err(RedisTargetError::Scheme),
        };
        let (login, places) = rest.rsplit_once('@').map_or((None, rest), |(login, places)| (Some(login), places));
        let places: Vec<&str> = if cluster { places.split(',').collect() } else { vec![places] };
        let nodes = places.into_iter().map(|place| node(tls, login, place)).collect::<Result<Vec<_>, _>>()?;
        if cluster && nodes.iter().any(|(_, database)| *database) {
            return Err(RedisTargetError::ClusterDatabase);
        }
        let nodes = nodes.into_iter().map(|(info, _)| info).collect();
        Ok(Self { nodes, cluster, tls, roots: None })
    }

    /// Trusts the certificates of a PEM file, and no others.
    ///
    /// # Errors
    /// [`RedisTargetError`] when there is no TLS to need it, or no certificate to be read in the file.
    pub fn with_ca_file(self, path: &Path) -> Result<Self, RedisTargetError> {
        if !self.tls {
            return Err(RedisTargetError::NoTls);
        }
        let file = |error: std::io::Error| RedisTargetError::File { path: path.to_owned(), why: error.to_string() };
        let pem = fs::read(path).map_err(file)?;
        let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        if found.is_ok_and(|certificates| !certificates.is_empty()) {
            return Ok(Self { roots: Some(pem), ..self });
        }
        Err(RedisTargetError::Certificates { path: path.to_owned() })
    }

    pub(super) fn nodes(&self) -> &[ConnectionInfo] {
        &self.nodes
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.cluster
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }

    pub(super) fn roots(&self) -> Option<&[u8]> {
        self.roots.as_deref()
    }
}

/// A node, and whether a database is named.
fn node(tls: bool, login: Option<&str>, place: &str) -> Result<(ConnectionInfo, bool), RedisTargetError> {
    let scheme = if tls { "rediss" } else { "redis" };
    let login = login.map(|login| format!("{login}@")).unwrap_or_default();
    if place.is_empty() || place.starts_with([':', '/']) {
        return Err(RedisTargetError::Host);
    }
    let url = parse_redis_url(&format!("{scheme}://{login}{place}")).ok_or(RedisTargetError::Url)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(RedisTargetError::Extras);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(RedisTargetError::Host);
    }
    if !url.username().is_empty() && url.password().is_none() {
        return Err(RedisTargetError::Password);
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return Err(RedisTargetError::Database);
    }
    let named = !url.path().is_empty();
    let info = url.into_connection_info().map_err(|error| RedisTargetError::Refused(error.to_string()))?;
    // Who we are is only worth a command more to servers of Redis 7.2, and access lists would have to allow it.
    let redis = info.redis_settings().clone().set_skip_set_lib_name();
    Ok((info.set_redis_settings(redis), named))
}

#[cfg(test)]
mod tests {
    use redis::ConnectionAddr;

    use super::*;

    fn wrong(address: &str) -> RedisTargetError {
        RedisTarget::parse(address).err().unwrap()
    }

    #[test]
    fn one_server_is_read() {
        let target = RedisTarget::parse("redis://app:p%40ss@cache.example:7000/3").unwrap();
        let [node] = target.nodes() else { panic!("one") };
        assert_eq!(*node.addr(), ConnectionAddr::Tcp("cache.example".to_owned(), 7000));
        let settings = node.redis_settings();
        assert_eq!((settings.username(), settings.password(), settings.db()), (Some("app"), Some("p@ss"), 3));
        let target = RedisTarget::parse("rediss://:secret@[::1]").unwrap();
        assert!(
            matches!(target.nodes()[0].addr(), ConnectionAddr::TcpTls { host, port: 6379, insecure: false, .. } if host == "::1")
        );
    }

    #[test]
    fn a_cluster_is_read() {
        let target = RedisTarget::parse("rediss-cluster://app:secret@one:7000,two,[::1]:7002").unwrap();
        let nodes = target.nodes().iter().map(|node| (node.addr().to_string(), node.redis_settings().password()));
        let expected = ["one:7000", "two:6379", "::1:7002"].map(|address| (address.to_owned(), Some("secret")));
        assert_eq!(nodes.collect::<Vec<_>>(), expected);
        assert!(target.is_cluster() && target.is_tls());
    }

    #[test]
    fn what_is_no_address_is_told_in_a_sentence() {
        use RedisTargetError as E;
        let cases = [
            ("", E::Scheme),
            ("cache.example:6379", E::Scheme),
            ("http://cache.example", E::Scheme),
            ("redis+unix:///run/redis", E::Scheme),
            ("redis://", E::Host),
            ("redis://:secret@", E::Host),
            ("redis:///0", E::Host),
            ("redis://:6379", E::Host),
            ("redis-cluster://one,,two", E::Host),
            ("redis://cache.example:70000", E::Url),
            ("redis://:sec/ret@cache.example", E::Url),
            ("redis://app@cache.example", E::Password),
            ("redis://cache.example/people", E::Database),
            ("redis://cache.example/-1", E::Database),
            ("redis-cluster://one:1,two:2/0", E::ClusterDatabase),
            ("redis://cache.example?protocol=resp3", E::Extras),
            ("rediss://cache.example#insecure", E::Extras),
        ];
        for (address, error) in cases {
            assert_eq!(wrong(address), error, "{address}");
        }
        assert!(matches!(wrong("redis://0.0.0.0"), E::Refused(_)));
    }

    #[test]
    fn passwords_are_not_told() {
        for address in ["http://:hunter2@h", "redis://:hunter2@0.0.0.0", "redis://:hunter2@h/x", "redis://:hunter2/@h"]
        {
            assert!(!wrong(address).to_string().contains("hunter2"), "{address}");
        }
    }

    #[test]
    fn a_file_of_certificates_has_some_and_is_for_tls() {
        let directory = std::env::temp_dir();
        let tls = || RedisTarget::parse("rediss://cache.example").unwrap();
        let missing = directory.join("surely-no-such-file.pem");
        assert!(matches!(tls().with_ca_file(&missing), Err(RedisTargetError::File { .. })));
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(matches!(tls().with_ca_file(&manifest), Err(RedisTargetError::Certificates { .. })));
        let plain = RedisTarget::parse("redis://cache.example").unwrap();
        assert!(matches!(plain.with_ca_file(&manifest), Err(RedisTargetError::NoTls)));
    }
}
