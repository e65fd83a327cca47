//! Facts about what a tenant's admins choose.

use serde_json::{Value, json};

use super::{Fact, Subject, What};
use crate::choices::{Preferences, SwitchedOff};
use crate::job::Job;
use crate::mail::MailAddress;
use crate::tenant::ProvisioningState;

impl Fact {
    /// `off`: what was decided about people, when that is what it was switched to.
    pub fn provisioning_changed(
        before: ProvisioningState,
        after: ProvisioningState,
        off: Option<&SwitchedOff>,
    ) -> Self {
        let mut payload =
            json!({"before": {"provisioning": before.as_str()}, "after": {"provisioning": after.as_str()}});
        if let (Some(off), Some(payload)) = (off, payload.as_object_mut()) {
            let people =
                json!({"then": off.people.as_str(), "active": off.count.active, "inactive": off.count.inactive});
            payload.insert("people".to_owned(), people);
        }
        Self { what: What::ProvisioningChanged, subject: Subject::Tenant, payload }
    }

    pub fn preferences_changed(before: &Preferences, after: &Preferences) -> Self {
        let payload = json!({"before": preferences(before), "after": preferences(after)});
        Self { what: What::PreferencesChanged, subject: Subject::Tenant, payload }
    }

    /// A step of the set-up guide that leaves no trace here was ticked by hand, or not done after all.
    pub fn guide_ticked(step: &str, is_done: bool) -> Self {
        let payload = json!({"after": {"step": step, "done": is_done}});
        Self { what: What::GuideTicked, subject: Subject::Tenant, payload }
    }

    pub fn job_started(job: &Job) -> Self {
        let after = json!({"job": job.id.to_string(), "kind": job.kind.as_str(), "total": job.total});
        Self { what: What::JobStarted, subject: Subject::Tenant, payload: json!({"after": after}) }
    }

    /// It is done or was stopped.
    pub fn job_ended(job: &Job) -> Self {
        let after = json!({
            "job": job.id.to_string(),
            "kind": job.kind.as_str(),
            "state": job.state.as_str(),
            "total": job.total,
            "done": job.done,
            "failed": job.failed,
        });
        Self { what: What::JobEnded, subject: Subject::Tenant, payload: json!({"after": after}) }
    }
}

fn preferences(preferences: &Preferences) -> Value {
    let notify: Vec<_> = preferences.notify.iter().map(MailAddress::as_str).collect();
    json!({
        "provider": preferences.provider.as_str(),
        "log_retention_days": preferences.retention.days(),
        "notify": notify,
    })
}
