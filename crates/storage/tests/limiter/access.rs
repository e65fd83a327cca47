//! Passwords and access control lists.

use domain::limit::{Budget, Policy};
use domain::ports::RateLimiter;
use storage::limiter::{LimiterCounts, Patience};

use crate::log::Log;
use crate::server::Server;
use crate::{PATIENT, key, limiter};

/// What `RedisTarget` says a user needs.
const NEEDED: [&str; 5] = ["evalsha", "script|load", "time", "get", "set"];

const POLICY: Policy = Policy::per_second(1, 5);

#[tokio::test]
async fn a_user_needs_five_commands_and_no_more() {
    let server = Server::start();
    let with = NEEDED.map(|command| format!("+{command}")).join(" ");
    server.tell(&format!("ACL SETUSER app on >se:cret resetkeys ~rl:* resetchannels -@all {with}")).await;
    let limiter = limiter(&format!("redis://app:se%3Acret@{}/0", server.address()), PATIENT).await;
    for _ in 0..3 {
        assert!(limiter.spend(&key(20, Budget::Reads), POLICY, 1).await.allowed);
    }
    assert_eq!(limiter.counts(), LimiterCounts { shared: 3, local: 0 });
    server.tell("ACL SETUSER app +select").await;
    let elsewhere = crate::limiter(&format!("redis://app:se%3Acret@{}/3", server.address()), PATIENT).await;
    elsewhere.spend(&key(20, Budget::Reads), POLICY, 1).await;
    assert_eq!(elsewhere.counts(), LimiterCounts { shared: 1, local: 0 });
    assert_eq!(server.tell("ACL LOG").await, redis::Value::Array(Vec::new()), "nothing was refused on the way");
}

#[tokio::test]
async fn a_user_who_lacks_one_is_told_of_and_limited_all_the_same() {
    let server = Server::start();
    for lacking in NEEDED {
        let (log, _guard) = Log::listen();
        let with = NEEDED.iter().filter(|command| **command != lacking).map(|command| format!("+{command}"));
        let with = with.collect::<Vec<_>>().join(" ");
        server.tell("SCRIPT FLUSH").await;
        server.tell(&format!("ACL SETUSER app reset on >secret ~rl:* {with}")).await;
        let limiter = limiter(&format!("redis://app:secret@{}", server.address()), PATIENT).await;
        let mut allowed = 0;
        for _ in 0..8 {
            allowed += u32::from(limiter.spend(&key(21, Budget::Reads), POLICY, 1).await.allowed);
        }
        assert_eq!((allowed, limiter.counts()), (5, LimiterCounts { shared: 0, local: 8 }), "{lacking}");
        let warnings = log.lines("WARN");
        assert_eq!(warnings.len(), 1, "{lacking}: {warnings:?}");
        let reason = ["permission", "can't run this command"].into_iter().find(|reason| warnings[0].contains(reason));
        assert!(reason.is_some() && !warnings[0].contains("secret"), "{lacking}: {warnings:?}");
    }
}

#[tokio::test]
async fn a_password_is_enough_and_a_wrong_one_is_told_of() {
    let (log, _guard) = Log::listen();
    let server = Server::start();
    let right = format!("redis://:hunter2@{}", server.address());
    let wrong = format!("redis://:hunter3@{}", server.address());
    server.tell("CONFIG SET requirepass hunter2").await;
    let limiter_right = limiter(&right, PATIENT).await;
    limiter_right.spend(&key(22, Budget::Reads), POLICY, 1).await;
    assert_eq!(limiter_right.counts(), LimiterCounts { shared: 1, local: 0 });
    assert!(log.lines("WARN").is_empty());
    let limiter_wrong = limiter(&wrong, Patience::default()).await;
    limiter_wrong.spend(&key(22, Budget::Reads), POLICY, 1).await;
    assert_eq!(limiter_wrong.counts(), LimiterCounts { shared: 0, local: 1 });
    let warnings = log.lines("WARN");
    assert!(warnings.len() == 1 && warnings[0].contains("authentication failed"), "{warnings:?}");
    assert!(!warnings[0].contains("hunter"), "{warnings:?}");
}
