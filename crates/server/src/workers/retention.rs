//! What keeps the disk from filling.

use domain::erasure::SWEPT_SECONDS;
use domain::store::{Store as _, StoreError};

use super::shift::Shift;

/// Facts that are emptied, and rows that are removed, in one transaction.
const AT_ONCE: u64 = 1_000;

/// One step at a time until nothing is left to do; each lets others in.
///
/// # Errors
/// The first failure.
pub async fn keep(shift: &mut Shift) -> Result<(), StoreError> {
    let rollcall = shift.rollcall.clone();
    let kept = &rollcall.retention;
    if !shift.is_on().await? {
        return Ok(());
    }
    let (mut left, mut removed) = (rollcall.activity.surplus(kept.activity_bytes()).await?, 0);
    while left > 0 && shift.is_on().await? {
        match rollcall.activity.shrink(left.min(AT_ONCE)).await? {
            0 => break,
            some => (left, removed) = (left.saturating_sub(some), removed + some),
        }
        shift.has_progressed();
    }
    if removed > 0 {
        tracing::warn!(
            rows = removed,
            mib = kept.activity_mb,
            "the activity log was full: its oldest rows were removed"
        );
    }
    if let Some(seconds) = kept.journal_seconds() {
        let before = rollcall.clock.now().plus_seconds(-seconds);
        while shift.is_on().await? && rollcall.store.work().empty_old_facts(before, AT_ONCE).await? > 0 {
            shift.has_progressed();
        }
    }
    if shift.is_on().await? {
        let swept = rollcall.store.work().sweep_gone(rollcall.clock.now().plus_seconds(-SWEPT_SECONDS)).await?;
        if swept > 0 {
            tracing::warn!(rows = swept, "what was written for tenants after they had gone was removed");
        }
    }
    if shift.is_on().await? {
        rollcall.store.work().give_back().await?;
        rollcall.activity.give_back().await?;
    }
    Ok(())
}
