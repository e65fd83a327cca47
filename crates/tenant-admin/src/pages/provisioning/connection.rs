//! What is known of a tenant's connection when a page about it is made.

use std::sync::Arc;

use domain::health::{ConnectionState, Health, Pulse, health};
use domain::job::Job;
use domain::provider::Provider;
use domain::tenant::{ProvisioningState, Tenant};
use domain::timestamp::Timestamp;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::text::idp::{Idp, idp};

pub struct Connection {
    pub tenant: Tenant,
    /// None when the activity log does not answer.
    pub pulse: Option<Arc<Pulse>>,
    pub health: Health,
    /// The job that was asked for last.
    pub job: Option<Job>,
    /// Who connects, as was seen or else chosen.
    pub idp: Idp,
    pub provider: Provider,
    pub now: Timestamp,
}

impl Connection {
    /// # Errors
    /// Those of the store; that the activity log does not answer is none.
    pub async fn of(call: &AdminCall) -> Result<Self, PageError> {
        let (scope, now) = (&call.cx.scope, call.cx.now);
        let pulse = match call.admin.activity.pulse(scope, now).await {
            Ok(pulse) => Some(pulse),
            Err(error) => {
                tracing::warn!(%error, "the state of a connection cannot be told");
                None
            }
        };
        let tenant = call.tenant().clone();
        let health = health(&tenant, &call.admission().credentials, pulse.as_deref(), now);
        let job = match tenant.provisioning {
            ProvisioningState::Off => call.admin.jobs.latest(scope).await?,
            ProvisioningState::On | ProvisioningState::Paused => None,
        };
        let seen = Some(health.provider).filter(|seen| *seen != Provider::Other);
        let provider = seen.unwrap_or(tenant.choices.preferences.provider);
        Ok(Self { tenant, pulse, health, job, idp: idp(provider), provider, now })
    }

    pub fn state(&self) -> ConnectionState {
        self.health.state
    }

    pub fn is_off(&self) -> bool {
        self.tenant.provisioning == ProvisioningState::Off
    }

    /// The job, while there is something to tell of it.
    pub fn shown_job(&self) -> Option<&Job> {
        let since = self.tenant.choices.switched.as_ref()?.at;
        self.job.as_ref().filter(|job| job.created >= since)
    }
}
