//! The place in the middle of numbering facts, where a test can hold a sequencer.

use storage::Target;
use testkit::db::{statement, texts};
use tokio::task::JoinHandle;

use crate::patience::until;

/// How the one who holds the gate is found again.
const MARK: &str = "pg_sleep(61)";

/// As long as this is closed, whoever numbers facts stops in the middle of it, with the lease's row in his hands.
pub struct Gate<'g> {
    database: &'g Target,
    holding: JoinHandle<()>,
}

impl<'g> Gate<'g> {
    /// There has to be a fact that is numbered.
    pub fn close(database: &'g Target) -> Self {
        let target = database.clone();
        let hold = format!("BEGIN; SELECT FROM journal_head FOR UPDATE; SELECT {MARK}; ROLLBACK");
        let holding = tokio::spawn(async move { statement(&target, &hold).await });
        Self { database, holding }
    }

    /// The role of the one who stands there.
    pub async fn visitor(&self) -> String {
        let standing = "SELECT usename::text FROM pg_stat_activity
                        WHERE wait_event_type = 'Lock' AND query LIKE '%WITH batch AS%' AND pid <> pg_backend_pid()";
        until("a sequencer", async || texts(self.database, standing).await.pop()).await
    }

    pub async fn open(self) {
        // Nobody waits for what it says when it is ended.
        self.holding.abort();
        let end = format!(
            "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
             WHERE query LIKE '%{MARK}%' AND pid <> pg_backend_pid()"
        );
        assert_eq!(texts(self.database, &end).await, ["true"]);
    }
}
