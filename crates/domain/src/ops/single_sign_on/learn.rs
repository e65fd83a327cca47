//! Learning that an identity provider signs with another key, from what it publishes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::lock::Mutex;
use moka::sync::Cache;

use super::SingleSignOn;
use crate::Error;
use crate::connection::Connection;
use crate::connection::cause::{Refused, SignInCause};
use crate::ids::ConnectionId;
use crate::ops::connections::SignOnTools;
use crate::tenant::TenantScope;
use crate::timestamp::Timestamp;

/// Longer than any reading takes.
const TURN: Duration = Duration::from_mins(1);

/// Who reads for a connection. Each has a turn of its own, so that a slow identity provider keeps its own people waiting alone.
pub(super) struct Turns(Cache<ConnectionId, Arc<Mutex<()>>>);

impl Default for Turns {
    fn default() -> Self {
        Self(Cache::builder().time_to_idle(TURN).build())
    }
}

impl SingleSignOn {
    /// The connection as its identity provider describes itself, for whoever misses a key; and why it does not, if that is
    /// because it is not there. One at a time reads; the others wait and find what it found.
    pub(super) async fn learn(
        &self,
        tools: &SignOnTools,
        scope: &TenantScope,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<Result<Connection, Refused>, Error> {
        let turn = self.turns.0.get_with(connection.id, Arc::default);
        let _turn = turn.lock().await;
        let anew = tools.read_for_key(&SignOnTools::own_context(scope, now), connection.id).await?;
        let is_away =
            |refused: &Refused| matches!(refused.cause, SignInCause::ProviderSlow | SignInCause::ProviderDown);
        Ok(anew.refused.filter(is_away).map_or(Ok(anew.connection), Err))
    }
}
