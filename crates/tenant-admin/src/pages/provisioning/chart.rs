//! Cycles as bars, drawn by the server. Words and numbers stay in HTML, so that nothing is told by colour alone.

use domain::activity::CycleSpan;
use domain::health::CYCLE_GAP_SECONDS;
use domain::timestamp::Timestamp;

use crate::lists::several;
use crate::text::provisioning::seconds;
use crate::when::{clock, day};

/// How many bars a chart has.
const BARS: u16 = 36;
/// From the left edge of one bar to that of the next, and how wide one is.
const STEP: i64 = 8;
const HEIGHT: u64 = 40;
/// How high a bar without changes is.
const LOW: u64 = 3;

pub struct Bar {
    pub class: &'static str,
    pub x: i64,
    pub y: u64,
    pub height: u64,
}

pub struct Chart {
    pub title: &'static str,
    /// "36 cycles, 1 with failures".
    pub sum: String,
    pub label: String,
    pub width: i64,
    pub bars: Vec<Bar>,
    pub from: String,
    pub middle: String,
}

/// One of the equal parts of the span.
#[derive(Clone, Copy, Default)]
struct Slot {
    cycles: u64,
    changes: u64,
    failures: u64,
}

impl Chart {
    /// The cycles of the last so many seconds.
    pub fn of(title: &'static str, cycles: &[CycleSpan], span: i64, now: Timestamp) -> Self {
        let from = now.plus_seconds(-span);
        let cycles = merged(cycles);
        let mut slots = [Slot::default(); BARS as usize];
        let recent = || cycles.iter().filter(|cycle| cycle.cycle.to > from);
        for cycle in recent() {
            let place = seconds(from, cycle.cycle.from) * i64::from(BARS) / span.max(1);
            let place = usize::try_from(place.clamp(0, i64::from(BARS) - 1)).unwrap_or_default();
            if let Some(slot) = slots.get_mut(place) {
                slot.cycles += 1;
                slot.changes += cycle.changes;
                slot.failures += cycle.failures;
            }
        }
        let failing = recent().filter(|cycle| cycle.failures > 0).count() as u64;
        let count = recent().count() as u64;
        let sum = match failing {
            0 => format!("{}, none with failures", several(count, "cycle", "cycles")),
            failing => format!("{}, {failing} with failures", several(count, "cycle", "cycles")),
        };
        let most = slots.iter().map(|slot| slot.changes + slot.failures).max().unwrap_or_default().max(1);
        let bars = slots.iter().zip(0_i64..).filter(|(slot, _)| slot.cycles > 0);
        let middle = now.plus_seconds(-span / 2);
        let is_long = span > 2 * 86_400;
        let moment = |at| if is_long { day(at) } else { clock(at) };
        Self {
            title,
            label: format!("{sum}, {}", title.to_lowercase()),
            sum,
            width: i64::from(BARS) * STEP - 2,
            bars: bars.map(|(slot, index)| bar(*slot, index, most)).collect(),
            from: moment(from),
            middle: moment(middle),
        }
    }
}

/// The cycles of all credentials as those of one provider, which may go over to another token within a cycle.
fn merged(cycles: &[CycleSpan]) -> Vec<CycleSpan> {
    let mut sorted = cycles.to_vec();
    sorted.sort_by_key(|span| span.cycle.from);
    let mut merged: Vec<CycleSpan> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.cycle.from <= last.cycle.to.plus_seconds(CYCLE_GAP_SECONDS) => {
                last.cycle.to = last.cycle.to.max(span.cycle.to);
                last.requests += span.requests;
                last.changes += span.changes;
                last.failures += span.failures;
            }
            _ => merged.push(span),
        }
    }
    merged
}

fn bar(slot: Slot, index: i64, most: u64) -> Bar {
    let count = slot.changes + slot.failures;
    let height = match count {
        0 => LOW,
        // A single change is still to be seen.
        count => (count * HEIGHT / most).clamp(2 * LOW, HEIGHT),
    };
    let class = match (slot.failures, slot.changes) {
        (1.., _) => "bar-bad",
        (_, 0) => "bar-0",
        _ => "bar",
    };
    Bar { class, x: index * STEP, y: HEIGHT - height, height }
}

#[cfg(test)]
mod tests {
    use domain::activity::CycleRef;
    use domain::ids::CredentialId;
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_529_000_000_000);

    fn cycle(ago: i64, changes: u64, failures: u64) -> CycleSpan {
        let from = NOW.plus_seconds(-ago);
        let cycle = CycleRef { credential: CredentialId(Uuid::nil()), from, to: from.plus_seconds(60) };
        CycleSpan { cycle, requests: 1, changes, failures }
    }

    #[test]
    fn a_cycle_is_a_bar_where_it_began() {
        let day = 86_400;
        let cycles = [cycle(60, 3, 0), cycle(2_460, 0, 0), cycle(day - 60, 30, 2), cycle(2 * day, 9, 9)];
        let chart = Chart::of("Last 24 hours", &cycles, day, NOW);
        assert_eq!(chart.sum, "3 cycles, 1 with failures");
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.class, bar.x, bar.height)).collect();
        assert_eq!(bars, [("bar-bad", 0, 40), ("bar-0", 34 * 8, 3), ("bar", 35 * 8, 6)]);
        assert!(Chart::of("Last 24 hours", &[], day, NOW).bars.is_empty());
    }

    #[test]
    fn a_cycle_in_which_the_token_was_changed_is_one() {
        let by_another = |span: CycleSpan| CycleSpan {
            cycle: CycleRef { credential: CredentialId(Uuid::max()), ..span.cycle },
            ..span
        };
        let cycles = [by_another(cycle(700, 1, 1)), cycle(900, 2, 0), cycle(60, 1, 0)];
        assert_eq!(Chart::of("Last 24 hours", &cycles, 86_400, NOW).sum, "2 cycles, 1 with failures");
    }
}
