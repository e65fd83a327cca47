//! Sign-ins that were refused, until they are written down.
//!
//! They are counted here and told once an hour for each account: strangers could fill the journal otherwise. Counting costs no
//! write, so that a refusal takes as long for an account as for an address that belongs to nobody.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ids::AdminId;
use crate::tenant::TenantScope;

/// How often refusals of an account are told.
pub const HOUR_SECONDS: i64 = 3_600;

/// Accounts that are counted apart at once; accounts there are none of are not counted.
const ACCOUNTS: usize = 10_000;

#[derive(Debug, Default)]
pub struct Refusals {
    counts: Mutex<HashMap<AdminId, (TenantScope, u64)>>,
}

impl Refusals {
    pub fn note(&self, scope: &TenantScope, admin: AdminId) {
        self.keep(scope.clone(), admin, 1);
    }

    /// Adds what could not be told yet.
    pub fn keep(&self, scope: TenantScope, admin: AdminId, times: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() < ACCOUNTS || counts.contains_key(&admin) {
            counts.entry(admin).or_insert((scope, 0)).1 += times;
        }
    }

    /// Takes what has come together since the last time.
    pub fn take(&self) -> Vec<(TenantScope, AdminId, u64)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.drain().map(|(admin, (scope, times))| (scope, admin, times)).collect()
    }
}
