//! Operations that are carried on one small step after another, over real transactions: after each step everything that
//! was started has ended or waits for a lock.

use std::time::Duration;

use sea_orm::DatabaseTransaction;
use tokio::task::JoinHandle;

use crate::raw::Raw;

/// Watches the locks of a database.
pub struct Stage {
    raw: Raw,
}

impl Stage {
    pub fn new(raw: Raw) -> Self {
        Self { raw }
    }

    /// Takes a lock that makes others wait, until it is dropped.
    pub async fn hold(&self, sql: &str) -> DatabaseTransaction {
        self.raw.hold(sql).await
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.raw.number(sql, []).await
    }

    /// Lets everything go on that can; `under_way` is told how many there are that have not ended.
    pub async fn settle(&self, under_way: impl Fn() -> usize) {
        const WAITING: &str = "SELECT count(DISTINCT pg_locks.pid) FROM pg_locks
            JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid
            WHERE NOT pg_locks.granted AND pg_stat_activity.datname = current_database()";
        loop {
            let before = under_way();
            if before == 0 {
                return;
            }
            let waiting = self.raw.number(WAITING, []).await;
            if usize::try_from(waiting).unwrap() == before && before == under_way() {
                return;
            }
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
    }
}

/// Something that was started.
pub enum Running<T> {
    Idle,
    Started(JoinHandle<T>),
}

impl<T: Send + 'static> Running<T> {
    pub fn start(&mut self, what: impl Future<Output = T> + Send + 'static) {
        *self = Self::Started(tokio::spawn(what));
    }

    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Started(task) if !task.is_finished())
    }

    /// What it came to, once it has ended.
    pub async fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, Self::Idle) {
            Self::Started(task) if task.is_finished() => Some(task.await.unwrap()),
            other => {
                *self = other;
                None
            }
        }
    }
}
