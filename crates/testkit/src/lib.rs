//! What tests share: throw-away servers, and builders on top of them. Never part of a release.
//!
//! Modules that need `domain` or `storage` stand behind the default feature `database`; `cargo
//! verify` builds this crate without it.

#[cfg(feature = "database")]
pub mod activity;
#[cfg(feature = "database")]
pub mod admins;
#[cfg(feature = "database")]
pub mod age;
pub mod browser;
#[cfg(feature = "database")]
pub mod clock;
#[cfg(feature = "database")]
pub mod connections;
#[cfg(feature = "database")]
pub mod db;
#[cfg(feature = "database")]
pub mod dns;
#[cfg(feature = "database")]
pub mod domains;
#[cfg(feature = "database")]
pub mod ids;
#[cfg(feature = "database")]
pub mod mail;
#[cfg(feature = "database")]
pub mod passwords;
#[cfg(feature = "database")]
pub mod resolver;
pub mod servers;
#[cfg(feature = "database")]
pub mod sign_on;
pub mod smtp;
#[cfg(feature = "database")]
pub mod wire;
#[cfg(feature = "database")]
pub mod world;

pub use servers::{postgres_url, redis_url};
pub use smtp::{Received, SmtpRules, SmtpSink};
#[cfg(feature = "database")]
pub use storage::limiter::LocalLimiter;
#[cfg(feature = "database")]
pub use {
    activity::activity_entry,
    clock::TestClock,
    db::EmptyDatabase,
    dns::{DnsReply, DnsServer},
    ids::TestIds,
    ids::TestSecrets,
    passwords::TestPasswords,
    resolver::TestResolver,
    world::{ISSUER, World},
};

/// Makes two tests of each function: `on_postgres::name` and `on_sqlite::name`.
///
/// ```text
/// on_both_databases! { World:
///     a_name_is_free_again_after_its_user_is_deleted,
/// }
///
/// async fn a_name_is_free_again_after_its_user_is_deleted(world: &World) { … }
/// ```
///
/// Before the colon stands what each test gets: a [`World`] or an [`EmptyDatabase`].
#[cfg(feature = "database")]
#[macro_export]
macro_rules! on_both_databases {
    ($given:ident: $($name:ident),+ $(,)?) => {
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&super::$given::postgres().await).await;
            })+
        }

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&super::$given::sqlite().await).await;
            })+
        }
    };
}
