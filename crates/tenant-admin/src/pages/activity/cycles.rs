//! Rows under the headings of their cycles.

use std::collections::HashSet;

use domain::activity::{Activity, ActivityFilter, CycleRef, CycleSpan};
use domain::ids::ActivityId;

use super::{Asked, PAGE};
use crate::call::AdminCall;
use crate::error::PageError;

/// How many pages of a log are read to fill one, where cycles are folded.
const MOST_READ: usize = 6;

/// Rows that follow each other in one cycle, or in none.
pub struct Run {
    pub span: Option<CycleSpan>,
    pub is_folded: bool,
    /// None are kept of a cycle that is folded.
    pub rows: Vec<Activity>,
}

impl Run {
    fn is_during(&self, row: &Activity) -> bool {
        self.span.is_some_and(|span| (span.cycle.from..=span.cycle.to).contains(&row.at))
    }
}

/// A page of runs.
#[derive(Default)]
pub struct Runs {
    pub each: Vec<Run>,
    pub next: Option<ActivityId>,
    pub searched_to: Option<domain::timestamp::Timestamp>,
}

impl Runs {
    pub fn newest(&self) -> Option<&Activity> {
        self.each.iter().find_map(|run| run.rows.first())
    }

    pub fn count(&self) -> usize {
        self.each.iter().map(|run| run.rows.len()).sum()
    }

    /// Adds rows that follow those that are there.
    fn add(&mut self, rows: Vec<Activity>, spans: &[CycleSpan], folded: &[CycleRef]) {
        for row in rows {
            let span = spans.iter().find(|span| span.cycle.holds(&row));
            let cycle = span.map(|span| span.cycle);
            let is_folded = cycle.is_some_and(|cycle| folded.iter().any(|one| is_same(*one, cycle)));
            match self.each.last_mut() {
                // Somebody else who calls while a cycle runs does not cut it in two.
                Some(run) if cycle.is_none() && !run.is_folded && run.is_during(&row) => run.rows.push(row),
                Some(run) if run.span.map(|span| span.cycle) == cycle => {
                    if !is_folded {
                        run.rows.push(row);
                    }
                }
                _ => {
                    let rows = if is_folded { Vec::new() } else { vec![row] };
                    self.each.push(Run { span: span.copied(), is_folded, rows });
                }
            }
        }
    }
}

/// A cycle that goes on has a later end each time it is looked at, and an address holds whole seconds.
pub fn is_same(one: CycleRef, other: CycleRef) -> bool {
    let second = |cycle: CycleRef| cycle.from.as_micros().div_euclid(1_000_000);
    one.credential == other.credential && second(one) == second(other)
}

/// The rows of a page under their cycles. Those of folded cycles are passed over, whole cycles at a time.
///
/// # Errors
/// [`PageError::Unavailable`] when the log is away.
pub(super) async fn runs(
    call: &AdminCall,
    asked: &Asked,
    filter: &ActivityFilter,
    before: Option<ActivityId>,
) -> Result<Runs, PageError> {
    let (scope, log) = (&call.cx.scope, &call.admin.activity);
    let mut runs = Runs::default();
    let mut before = before;
    let mut seen: HashSet<ActivityId> = HashSet::new();
    for _ in 0..MOST_READ {
        let wanted = PAGE.saturating_sub(runs.count());
        let page = log.page(scope, filter, before, wanted as u64).await?;
        let (Some(newest), Some(oldest)) = (page.rows.first(), page.rows.last()) else {
            runs.next = None;
            runs.searched_to = page.searched_to;
            break;
        };
        let spans = log.cycles(scope, oldest.at, newest.at).await?;
        let last = spans.iter().find(|span| span.cycle.holds(oldest)).copied();
        let rows: Vec<Activity> = page.rows.into_iter().filter(|row| seen.insert(row.id)).collect();
        runs.add(rows, &spans, &asked.folded);
        runs.next = page.next;
        runs.searched_to = page.searched_to;
        if page.next.is_none() || page.searched_to.is_some() {
            break;
        }
        match last.filter(|span| asked.folded.iter().any(|one| is_same(*one, span.cycle))) {
            // What is left of a cycle that is folded is not read.
            Some(span) => runs.next = Some(ActivityId::first_at(span.cycle.from)),
            None if runs.count() >= PAGE => break,
            None => {}
        }
        before = runs.next;
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use domain::ids::CredentialId;
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cycle_is_found_again_by_its_address() {
        let moment = Timestamp::from_micros;
        let cycle = |from: i64, to: i64| CycleRef {
            credential: CredentialId(Uuid::from_u128(1)),
            from: moment(from),
            to: moment(to),
        };
        let began = cycle(1_500_000, 2_500_000);
        let address: CycleRef = began.to_string().parse().unwrap();
        assert!(is_same(address, began));
        assert!(is_same(address, cycle(1_500_000, 9_500_000)), "it goes on");
        assert!(!is_same(address, cycle(2_000_000, 2_500_000)));
    }
}
