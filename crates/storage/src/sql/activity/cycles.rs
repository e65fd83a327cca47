//! Cycles: calls without a long pause between them. They are found when somebody asks, in what was counted by the minute, so
//! that it does not matter which process wrote down which call.

use domain::activity::{ActionKind, CycleRef, CycleSpan, Outcome};
use domain::health::CYCLE_GAP_SECONDS;
use domain::ids::CredentialId;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::SqlActivity;
use super::counted::{MINUTE, served};
use crate::sql::entity::activity_minute::{Column, Entity, Model};
use crate::sql::repo::moment;
use crate::sql::scope::{Door, statement};

/// Rows that are read to find cycles; a busy day has some thousand.
pub const MINUTES: u64 = 20_000;

/// A cycle may begin before what is looked at.
const BEFORE: i64 = 3_600 * 1_000_000;

/// What belongs to one cycle.
#[derive(Clone, Debug, Default)]
pub struct Cycle {
    pub from: i64,
    pub to: i64,
    pub requests: u64,
    pub changes: u64,
    pub failures: u64,
    pub members: u64,
}

/// Whether a minute's requests are part of cycles: those that were served, but for tests of the connection.
fn is_of_cycles(minute: &Model) -> bool {
    const NOT: [ActionKind; 3] = [ActionKind::TestedConnection, ActionKind::ReadDiscovery, ActionKind::IssuedToken];
    served(&minute.class).is_some_and(|kind| !NOT.contains(&kind))
}

pub fn is_failure(minute: &Model) -> bool {
    Outcome::named(&minute.outcome).is_some_and(Outcome::is_failure)
}

/// Whether a minute's requests would change something.
pub fn is_write(minute: &Model) -> bool {
    served(&minute.class).is_some_and(ActionKind::is_write)
}

pub fn is_change(minute: &Model) -> bool {
    is_write(minute) && minute.outcome == Outcome::Done.as_str()
}

pub fn many(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The cycles in some minutes, the oldest first.
pub fn of<'m>(minutes: impl Iterator<Item = &'m Model>) -> Vec<Cycle> {
    let mut minutes: Vec<&Model> = minutes.filter(|minute| is_of_cycles(minute)).collect();
    minutes.sort_by_key(|minute| minute.first_us);
    let mut cycles: Vec<Cycle> = Vec::new();
    for minute in minutes {
        let gap = CYCLE_GAP_SECONDS * 1_000_000;
        if let Some(last) = cycles.last_mut().filter(|last| minute.first_us - last.to <= gap) {
            last.add(minute);
            continue;
        }
        let mut cycle = Cycle { from: minute.first_us, to: minute.last_us, ..Cycle::default() };
        cycle.add(minute);
        cycles.push(cycle);
    }
    cycles
}

impl Cycle {
    fn add(&mut self, minute: &Model) {
        self.to = self.to.max(minute.last_us);
        self.requests += many(minute.requests);
        if is_failure(minute) {
            self.failures += many(minute.requests);
        } else if is_change(minute) {
            self.changes += many(minute.requests);
            self.members += many(minute.members);
        }
    }
}

impl SqlActivity {
    /// The newest counts between two moments.
    pub(super) async fn minutes(&self, door: Door, from: i64, to: i64) -> Result<Vec<Model>, StoreError> {
        let from = from.div_euclid(MINUTE) * MINUTE;
        let select = door.select::<Entity>().filter(Column::MinuteUs.gte(from)).filter(Column::MinuteUs.lte(to));
        self.models(door, statement(select.order_by_desc(Column::MinuteUs).limit(MINUTES))).await
    }

    pub(super) async fn cycles_of(
        &self,
        door: Door,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CycleSpan>, StoreError> {
        let earliest = from.as_micros().saturating_sub(BEFORE);
        let minutes = self.minutes(door, earliest, to.as_micros()).await?;
        let mut credentials: Vec<Uuid> = minutes.iter().map(|minute| minute.credential_id).collect();
        credentials.sort_unstable();
        credentials.dedup();
        let mut spans = Vec::new();
        for credential in credentials.into_iter().filter(|credential| !credential.is_nil()) {
            let of_credential = minutes.iter().filter(|minute| minute.credential_id == credential);
            for Cycle { from: first, to: last, requests, changes, failures, .. } in of(of_credential) {
                if last >= from.as_micros() {
                    let cycle =
                        CycleRef { credential: CredentialId(credential), from: moment(first), to: moment(last) };
                    spans.push(CycleSpan { cycle, requests, changes, failures });
                }
            }
        }
        spans.sort_by_key(|span| std::cmp::Reverse(span.cycle.from));
        Ok(spans)
    }
}
