//! Refused requests that are alike make one row a minute, so that nobody can fill a tenant's log.

use std::collections::HashMap;

use crate::catalogue::Cause;
use crate::ids::{ActivityId, CredentialId, TenantId};
use crate::timestamp::Timestamp;

/// Rows that a tenant gets for its refusals in a minute; what comes from more places than that is told together.
const ROWS: usize = 20;

/// Rows that grow at the same time.
const GROWING: usize = 10_000;

/// What is said of where refusals came from that share a row.
pub const ELSEWHERE: &str = "other addresses";

const MINUTE: i64 = 60_000_000;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Alike {
    cause: Cause,
    credential: Option<CredentialId>,
    address: String,
}

/// The rows of the current minute.
#[derive(Default)]
pub struct Refusals {
    minute: i64,
    rows: HashMap<TenantId, HashMap<Alike, (ActivityId, Timestamp)>>,
    count: usize,
}

/// Where a refusal goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The row that it begins or lets grow.
    pub row: ActivityId,
    /// When that began.
    pub at: Timestamp,
    pub address: String,
}

impl Refusals {
    /// The row for a refusal, which may be one of its own: `id`. None when there are too many rows altogether.
    pub fn place(
        &mut self,
        tenant: TenantId,
        cause: Cause,
        credential: Option<CredentialId>,
        address: &str,
        (id, at): (ActivityId, Timestamp),
    ) -> Option<Place> {
        let minute = at.as_micros().div_euclid(MINUTE);
        // One that comes late joins the rows that there are.
        if minute > self.minute {
            *self = Self { minute, ..Self::default() };
        }
        if self.count >= GROWING && !self.rows.contains_key(&tenant) {
            return None;
        }
        let rows = self.rows.entry(tenant).or_default();
        let mut alike = Alike { cause, credential, address: address.to_owned() };
        if !rows.contains_key(&alike) && rows.len() >= ROWS {
            ELSEWHERE.clone_into(&mut alike.address);
            alike.credential = None;
            // There are as many of these as there are causes.
        }
        let address = alike.address.clone();
        let before = rows.len();
        let (row, at) = *rows.entry(alike).or_insert((id, at));
        self.count += rows.len() - before;
        Some(Place { row, at, address })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ACME: TenantId = TenantId(Uuid::from_u128(1));

    fn at(number: u32) -> (ActivityId, Timestamp) {
        let at = Timestamp::from_micros(1_767_225_600_000_000 + i64::from(number));
        (ActivityId::of_request(at, Uuid::from_u128(number.into())), at)
    }

    #[test]
    fn what_is_alike_grows_one_row_a_minute_and_a_tenant_has_few_rows() {
        let mut refusals = Refusals::default();
        let place = |refusals: &mut Refusals, address: u32, number: u32| {
            refusals.place(ACME, Cause::NoToken, None, &address.to_string(), at(number)).unwrap()
        };
        let first = place(&mut refusals, 1, 1);
        assert_eq!(place(&mut refusals, 1, 2), first);
        let mut rows: Vec<ActivityId> = (0..5_000).map(|number| place(&mut refusals, number, number).row).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), ROWS + 1);
        assert_eq!(place(&mut refusals, 4_999, 4_999).address, ELSEWHERE);
        let next = place(&mut refusals, 1, 60_000_000);
        assert_ne!(next.row, first.row);
        place(&mut refusals, 1, 59_000_000);
        assert_eq!(place(&mut refusals, 1, 61_000_000), next, "one that comes late ends no row");
    }

    #[test]
    fn many_tenants_share_a_bound() {
        let mut refusals = Refusals::default();
        let mut places = |number: u32| {
            let tenant = TenantId(Uuid::from_u128(number.into()));
            refusals.place(tenant, Cause::NoToken, None, "192.0.2.1", at(number)).is_some()
        };
        assert_eq!((0..20_000).filter(|number| places(*number)).count(), GROWING);
    }
}
