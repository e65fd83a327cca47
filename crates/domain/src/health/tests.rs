//! States of connections, as tables.

mod cadence;
mod forecast;
mod properties;
mod states;
mod tokens;

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::catalogue::Cause;
use crate::choices::Choices;
use crate::credential::{CredentialKind, CredentialUse, StoredSecret};
use crate::directory::ResourceTypes;
use crate::ids::{CredentialId, SecretId, TenantId};
use crate::keys::KeyedDigest;
use crate::limit::LimitOverrides;
use crate::provider::Provider;
use crate::scope::Scopes;
use crate::tenant::{DirectoryRules, ProvisioningState, TenantStatus};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Now, in every table.
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// So many seconds ago, or ahead when negative.
fn ago(seconds: i64) -> Timestamp {
    NOW.plus_seconds(-seconds)
}

fn tenant(provisioning: ProvisioningState) -> Tenant {
    Tenant {
        id: TenantId(Uuid::from_u128(1)),
        slug: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        status: TenantStatus::Active,
        provisioning,
        rules: DirectoryRules::default(),
        choices: Choices::default(),
        admin_passwords: true,
        limits: LimitOverrides::default(),
        indexes: Arc::default(),
        types: ResourceTypes::standard(),
        domains: Arc::default(),
        created: ago(100 * DAY),
    }
}

fn secret(id: u128, created: Timestamp, expires: Option<Timestamp>) -> StoredSecret {
    StoredSecret {
        id: SecretId(Uuid::from_u128(id)),
        digest: KeyedDigest { key: "k1".parse().unwrap(), bytes: vec![0; 32] },
        last_four: format!("{id:04}"),
        created,
        expires,
        revoked: None,
    }
}

/// A token, made and last used so many seconds ago, that ends in so many.
fn token(id: u128, made: i64, used: Option<i64>, ends_in: Option<i64>) -> Credential {
    Credential {
        id: CredentialId(Uuid::from_u128(id)),
        kind: CredentialKind::Token,
        label: format!("entra-{id}"),
        scopes: Scopes::ALL,
        secrets: vec![secret(id, ago(made), ends_in.map(|seconds| ago(-seconds)))],
        created: ago(made),
        created_by: None,
        revoked: None,
        last_used: used.map(|seconds| CredentialUse { at: ago(seconds), client: None }),
    }
}

/// A connection of Entra that works: cycles every 40 minutes, the last one 6 minutes ago.
fn healthy() -> Pulse {
    let from = 6 * MINUTE + 4;
    Pulse {
        provider: Provider::Entra,
        first_call: Some(ago(10 * DAY)),
        last_call: Some(ago(6 * MINUTE)),
        last_probe: Some(ago(10 * DAY)),
        first_write: Some(ago(9 * DAY)),
        last_cycle: Some(cycle(from, 6 * MINUTE)),
        cycle_starts: (0..12).map(|each| ago(from + each * 40 * MINUTE)).collect(),
        window: Window { attempts: 41, targets: 30, cycles: 36, ..Window::default() },
        refused: None,
        credentials: Vec::new(),
    }
}

fn cycle(from: i64, to: i64) -> Cycle {
    Cycle { from: ago(from), to: ago(to), changes: 3, failures: 0, people: 2, groups: 1, memberships: 4 }
}

/// So many failures of so many attempts, each of its own target and tried once.
fn failing(failures: u64, attempts: u64) -> Window {
    let failed =
        CauseCount { cause: Cause::UserNameTaken, failures, people: failures, since: ago(20 * HOUR), tries: 1 };
    Window {
        attempts,
        failures,
        targets: attempts,
        failing: failures,
        causes: (failures > 0).then_some(failed).into_iter().collect(),
        ..Window::default()
    }
}

fn refused(since: i64, last: i64, cause: Cause) -> Refusals {
    Refusals { since: ago(since), last: ago(last), count: 84, cause, credential: None }
}

/// The health of an open connection with one token that never ends.
fn of(pulse: &Pulse) -> Health {
    with(&[token(1, 90 * DAY, Some(6 * MINUTE), None)], pulse)
}

fn with(credentials: &[Credential], pulse: &Pulse) -> Health {
    health(&tenant(ProvisioningState::On), credentials, Some(pulse), NOW)
}
