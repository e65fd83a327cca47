//! Rows of the activity log, for tests that need some.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed; whatever may fail gives a result"
)]

use domain::activity::{Action, Activity, Bodies, CredentialRef, Entry, Outcome, TargetRef};
use domain::directory::Kind;
use domain::ids::{ActivityId, CredentialId, TenantId};
use domain::ports::{Clock as _, IdGen as _};
use domain::provider::Provider;
use domain::store::ActivityStore as _;
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::world::World;

/// A change of a person that was done at that moment, in this request. Whoever needs another row changes it.
pub fn activity_entry(tenant: TenantId, at: Timestamp, request: Uuid) -> Entry {
    let activity = Activity {
        id: ActivityId::of_request(at, request),
        at,
        took_us: 1_500,
        request_id: request.to_string(),
        credential: Some(CredentialRef { id: CredentialId(Uuid::from_u128(7)), label: "entra".to_owned() }),
        client: Some("agent".to_owned()),
        provider: Provider::Entra,
        method: "PATCH".to_owned(),
        path: "/Users/x".to_owned(),
        action: Action::Updated,
        target: Some(TargetRef { kind: Kind::USER, id: None, name: Some("ana".to_owned()) }),
        outcome: Outcome::Done,
        status: 200,
        cause: None,
        times: 1,
        address: None,
    };
    Entry { bodies: Bodies { request: Some("{}".to_owned()), response: None }, ..Entry::of(tenant, activity) }
}

impl World {
    /// Leaves something in every table of a tenant's activity log, now.
    pub async fn leave_activity(&self, tenant: &Tenant) {
        let now = self.clock.now();
        let entry = activity_entry(tenant.id, now, self.ids.next(now));
        self.log.append(&[entry], &[]).await.expect("a row of the activity log");
        self.log.note_reconciled(&tenant.scope(), 1).await.expect("a head of the activity log");
    }
}
