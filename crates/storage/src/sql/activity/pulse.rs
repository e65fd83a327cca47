//! How a connection is, from what was counted: no rows of the log are read.

use std::collections::BTreeMap;

use domain::catalogue::Cause;
use domain::health::{
    CYCLE_STARTS, CauseCount, CredentialSeen, Cycle, Evidence, ExternalIds, Failed, Pulse, RECENT_SECONDS, Recent,
    Refusals, Seen, Step, WINDOW_SECONDS, Window,
};
use domain::ids::{ActivityId, CredentialId, SecretId};
use domain::provider::Provider;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryResult, QuerySelect};
use uuid::Uuid;

use super::counted::{CLOSED, DOOR, MISSING, STRANGER};
use super::cycles::{self, is_failure, is_write, many};
use super::{SqlActivity, counted};
use crate::sql::entity::{activity_minute, activity_seen, activity_target};
use crate::sql::error::failure;
use crate::sql::repo::moment;
use crate::sql::scope::{Door, statement};

/// How far back starts of cycles are looked for: twelve of the daily ones of a quarantine.
const STARTS: i64 = 13 * 86_400;

/// Failing targets that are read; with more than that, numbers are this high.
const FAILING: u64 = 100_000;

/// Names that are read of what was seen.
const SEEN: u64 = 2_000;

impl SqlActivity {
    pub(super) async fn pulse_of(&self, door: Door, now: Timestamp) -> Result<Pulse, StoreError> {
        let seen = self.seen(door).await?;
        let minutes = self.minutes(door, now.plus_seconds(-STARTS).as_micros(), now.as_micros()).await?;
        let found = cycles::of(minutes.iter());
        let last_cycle = match found.last() {
            None => None,
            Some(cycle) => Some(self.cycle(door, cycle).await?),
        };
        let at = |what: &str| seen.get(what).map(|row| moment(row.last_us));
        let first = |what: &str| seen.get(what).map(|row| moment(row.first_us));
        Ok(Pulse {
            provider: provider(&seen),
            first_call: first("call"),
            last_call: at("call"),
            last_probe: at("probe"),
            first_write: first("write"),
            last_write: at("write"),
            last_cycle,
            cycle_starts: found.iter().rev().take(CYCLE_STARTS).map(|cycle| moment(cycle.from)).collect(),
            window: self.window(door, &minutes, &found, now).await?,
            refused: refused(&minutes, at("call"), now),
            credentials: seen.iter().filter_map(|(what, row)| credential(what, row)).collect(),
        })
    }

    async fn seen(&self, door: Door) -> Result<BTreeMap<String, activity_seen::Model>, StoreError> {
        let rows: Vec<activity_seen::Model> =
            self.models(door, statement(door.select::<activity_seen::Entity>().limit(SEEN))).await?;
        Ok(rows.into_iter().map(|row| (row.what.clone(), row)).collect())
    }

    async fn cycle(&self, door: Door, cycle: &cycles::Cycle) -> Result<Cycle, StoreError> {
        use activity_target::Column as C;
        let done = door.select::<activity_target::Entity>().select_only().column(C::Kind);
        let done = done.expr_as(Expr::cust("count(*)"), "targets").filter(C::DoneUs.gte(cycle.from)).group_by(C::Kind);
        let mut counts = BTreeMap::new();
        for row in self.rows(door, statement(done)).await? {
            let (kind, count): (String, i64) = row.try_get_many_by_index().map_err(failure)?;
            counts.insert(kind, many(count));
        }
        let of = |kind: &str| counts.get(kind).copied().unwrap_or_default();
        Ok(Cycle {
            from: moment(cycle.from),
            to: moment(cycle.to),
            changes: cycle.changes,
            failures: cycle.failures,
            people: of("User"),
            groups: of("Group"),
            memberships: cycle.members,
        })
    }

    async fn window(
        &self,
        door: Door,
        minutes: &[activity_minute::Model],
        found: &[cycles::Cycle],
        now: Timestamp,
    ) -> Result<Window, StoreError> {
        use activity_target::Column as C;
        let begin = now.plus_seconds(-WINDOW_SECONDS).as_micros();
        let recent = now.plus_seconds(-RECENT_SECONDS).as_micros();
        let others = [DOOR, STRANGER, CLOSED, MISSING];
        let within = minutes.iter().filter(|minute| minute.last_us >= begin);
        let within: Vec<_> = within.filter(|minute| !others.contains(&minute.class.as_str())).collect();
        let sum = |which: &dyn Fn(&activity_minute::Model) -> bool| -> u64 {
            within.iter().filter(|minute| which(minute)).map(|minute| many(minute.requests)).sum()
        };
        let cycles = found.iter().filter(|cycle| cycle.to >= begin);
        let all = door.select::<activity_target::Entity>().select_only().expr_as(Expr::cust("count(*)"), "targets");
        let all = all.expr_as(Expr::cust_with_values("count(CASE WHEN first_us >= $1 THEN 1 END)", [recent]), "fresh");
        let all = self.rows(door, statement(all.filter(C::LastUs.gte(begin)))).await?;
        let (targets, new_targets): (i64, i64) =
            all.first().map_or(Ok((0, 0)), QueryResult::try_get_many_by_index).map_err(failure)?;
        let failing = door.select::<activity_target::Entity>().filter(C::Cause.is_not_null());
        let failing = failing.filter(C::LastUs.gte(begin)).limit(FAILING);
        let failing: Vec<activity_target::Model> = self.models(door, statement(failing)).await?;
        let count = |which: &dyn Fn(&activity_target::Model) -> bool| {
            failing.iter().filter(|target| which(target)).count() as u64
        };
        let is_new = |target: &activity_target::Model| target.failing_since_us.is_some_and(|since| since >= recent);
        Ok(Window {
            attempts: sum(&|minute| is_write(minute) || is_failure(minute)),
            failures: sum(&is_failure),
            cycles: cycles.clone().count() as u64,
            cycles_with_failures: cycles.filter(|cycle| cycle.failures > 0).count() as u64,
            targets: many(targets),
            failing: count(&|target| !target.is_reference),
            failing_references: count(&|target| target.is_reference),
            causes: causes(&failing),
            recent: Recent {
                new_targets: many(new_targets),
                new_failing: count(&|target| is_new(target) && !target.is_reference),
                new_failing_references: count(&|target| is_new(target) && target.is_reference),
            },
        })
    }

    pub(super) async fn evidence_of(&self, door: Door) -> Result<Evidence, StoreError> {
        let seen = self.seen(door).await?;
        let step = |name: &str| Step {
            seen: seen
                .get(&format!("step:{name}"))
                .map(|row| Seen { at: moment(row.first_us), activity: ActivityId(row.first_id) }),
            failed: seen.get(&format!("failed:{name}")).map(|row| Failed {
                at: moment(row.last_us),
                activity: ActivityId(row.last_id),
                cause: Cause::named(&row.detail).unwrap_or(Cause::Other),
            }),
        };
        let [authenticated, user_searched, user_created, group_created, member_added, user_disabled] =
            counted::STEPS.map(step);
        let external_ids = seen.get("external_ids").map(|row| match row.detail.as_str() {
            "object_ids" => ExternalIds::ObjectIds,
            _ => ExternalIds::Others,
        });
        let attributes = seen.keys().filter_map(|what| what.strip_prefix("attribute:").map(ToOwned::to_owned));
        Ok(Evidence {
            authenticated,
            user_searched,
            user_created,
            group_created,
            member_added,
            user_disabled,
            attributes: attributes.collect(),
            external_ids,
        })
    }
}

/// Not every request tells whose it is, so the latest that does counts.
fn provider(seen: &BTreeMap<String, activity_seen::Model>) -> Provider {
    let last = |provider: &Provider| seen.get(&format!("provider:{}", provider.as_str())).map(|row| row.last_us);
    let known = [Provider::Entra, Provider::Okta].into_iter().filter(|one| last(one).is_some());
    known.max_by_key(last).unwrap_or_default()
}

fn credential(what: &str, row: &activity_seen::Model) -> Option<CredentialSeen> {
    let (id, secret) = what.strip_prefix("credential:")?.split_once(':')?;
    Some(CredentialSeen {
        credential: CredentialId(Uuid::try_parse(id).ok()?),
        secret: Uuid::try_parse(secret).ok().map(SecretId),
        at: moment(row.last_us),
        provider: Provider::named(&row.detail).unwrap_or_default(),
    })
}

/// What was refused at the door since somebody was let in.
fn refused(minutes: &[activity_minute::Model], last_call: Option<Timestamp>, now: Timestamp) -> Option<Refusals> {
    let begin = last_call.unwrap_or_else(|| now.plus_seconds(-WINDOW_SECONDS)).as_micros();
    let since: Vec<_> = minutes.iter().filter(|minute| minute.class == DOOR && minute.last_us > begin).collect();
    let latest = since.iter().max_by_key(|minute| minute.last_us)?;
    let first = since.iter().map(|minute| minute.first_us.max(begin)).min()?;
    Some(Refusals {
        since: moment(first),
        last: moment(latest.last_us),
        count: since.iter().map(|minute| many(minute.requests)).sum(),
        cause: Cause::named(&latest.cause).unwrap_or(Cause::NotLetIn),
        credential: (!latest.credential_id.is_nil()).then_some(CredentialId(latest.credential_id)),
    })
}

/// Why those that fail do, the one that most fail with first.
fn causes(failing: &[activity_target::Model]) -> Vec<CauseCount> {
    let mut by_cause: BTreeMap<&str, CauseCount> = BTreeMap::new();
    for target in failing {
        let code = target.cause.as_deref().unwrap_or_default();
        let since = moment(target.failing_since_us.unwrap_or(target.last_us));
        let tries = many(target.tries);
        let count = by_cause.entry(code).or_insert_with(|| CauseCount {
            cause: Cause::named(code).unwrap_or(Cause::Other),
            failures: 0,
            people: 0,
            since,
            tries: 0,
        });
        count.failures += tries;
        count.people += u64::from(!target.kind.is_empty());
        count.since = count.since.min(since);
        count.tries = count.tries.max(tries);
    }
    let mut causes: Vec<CauseCount> = by_cause.into_values().collect();
    causes.sort_by_key(|count| std::cmp::Reverse((count.people, count.failures)));
    causes
}
