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
use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryResult, QuerySelect};
use uuid::Uuid;

use super::counted::{DOOR, served};
use super::cycles::{self, is_change, is_failure, is_write, many};
use super::{SqlActivity, counted};
use crate::sql::entity::{activity_minute, activity_seen, activity_target};
use crate::sql::error::failure;
use crate::sql::repo::moment;
use crate::sql::scope::{Door, statement};

/// How far back starts of cycles are looked for: twelve of the daily ones of a quarantine.
const STARTS: i64 = 13 * 86_400;

/// The targets that fail with a cause.
#[derive(FromQueryResult)]
struct Failing {
    cause: String,
    is_reference: bool,
    targets: i64,
    /// Those about somebody.
    people: i64,
    /// Those that did not fail an hour ago.
    fresh: i64,
    tries: i64,
    most_tries: i64,
    since_us: i64,
}

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
            last_cycle,
            cycle_starts: found.iter().rev().take(CYCLE_STARTS).map(|cycle| moment(cycle.from)).collect(),
            window: self.window(door, &minutes, &found, now).await?,
            refused: refused(&minutes, at("call"), now),
            credentials: seen.iter().filter_map(|(what, row)| credential(what, row)).collect(),
        })
    }

    /// All of it: besides the secrets that were ever used, what can be seen is known beforehand.
    async fn seen(&self, door: Door) -> Result<BTreeMap<String, activity_seen::Model>, StoreError> {
        let rows: Vec<activity_seen::Model> =
            self.models(door, statement(door.select::<activity_seen::Entity>())).await?;
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
        let within: Vec<_> =
            minutes.iter().filter(|minute| minute.last_us >= begin && served(&minute.class).is_some()).collect();
        let sum = |which: &dyn Fn(&activity_minute::Model) -> bool| -> u64 {
            within.iter().filter(|minute| which(minute)).map(|minute| many(minute.requests)).sum()
        };
        let all = door.select::<activity_target::Entity>().select_only().expr_as(Expr::cust("count(*)"), "targets");
        let all = all.expr_as(count_since(C::FirstUs, recent), "fresh");
        let all = self.rows(door, statement(all.filter(C::LastUs.gte(begin)))).await?;
        let (targets, new_targets): (i64, i64) =
            all.first().map_or(Ok((0, 0)), QueryResult::try_get_many_by_index).map_err(failure)?;
        let failing = self.failing(door, begin, recent).await?;
        let count = |is_reference: bool, number: &dyn Fn(&Failing) -> i64| {
            failing.iter().filter(|one| one.is_reference == is_reference).map(|one| many(number(one))).sum()
        };
        Ok(Window {
            attempts: sum(&|minute| is_write(minute) || is_failure(minute)),
            failures: sum(&is_failure),
            changes: sum(&is_change),
            cycles: found.iter().filter(|cycle| cycle.to >= begin).count() as u64,
            targets: many(targets),
            failing: count(false, &|one| one.targets),
            failing_references: count(true, &|one| one.targets),
            causes: causes(&failing),
            recent: Recent {
                new_targets: many(new_targets),
                new_failing: count(false, &|one| one.fresh),
                new_failing_references: count(true, &|one| one.fresh),
            },
        })
    }

    /// Those that fail, by cause: however many there are, few rows are read.
    async fn failing(&self, door: Door, begin: i64, recent: i64) -> Result<Vec<Failing>, StoreError> {
        use activity_target::Column as C;
        let failing = door
            .select::<activity_target::Entity>()
            .select_only()
            .columns([C::Cause, C::IsReference])
            .expr_as(Expr::cust("count(*)"), "targets")
            .expr_as(Expr::cust("count(CASE WHEN kind <> '' THEN 1 END)"), "people")
            .expr_as(count_since(C::FailingSinceUs, recent), "fresh")
            .expr_as(Expr::cust("CAST(sum(tries) AS bigint)"), "tries")
            .expr_as(Expr::cust("max(tries)"), "most_tries")
            .expr_as(Expr::cust("min(coalesce(failing_since_us, last_us))"), "since_us")
            .filter(C::Cause.is_not_null())
            .filter(C::LastUs.gte(begin))
            .group_by(C::Cause)
            .group_by(C::IsReference);
        self.models(door, statement(failing)).await
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

/// How many rows have a moment from then on.
fn count_since(column: activity_target::Column, moment: i64) -> Expr {
    Func::count(Expr::case(column.gte(moment), 1)).into()
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

/// What was refused at the door since somebody was let in. Many call at a door: where somebody showed a secret of the
/// tenant's own, others do not count, and where somebody showed anything, those who showed nothing.
fn refused(minutes: &[activity_minute::Model], last_call: Option<Timestamp>, now: Timestamp) -> Option<Refusals> {
    let begin = last_call.unwrap_or_else(|| now.plus_seconds(-WINDOW_SECONDS)).as_micros();
    let cause = |minute: &activity_minute::Model| Cause::named(&minute.cause).unwrap_or(Cause::NotLetIn);
    let mut since: Vec<_> = minutes.iter().filter(|minute| minute.class == DOOR && minute.last_us > begin).collect();
    let most = since.iter().map(|minute| cause(minute).showed()).max()?;
    since.retain(|minute| cause(minute).showed() == most);
    let latest = since.iter().max_by_key(|minute| minute.last_us)?;
    let first = since.iter().map(|minute| minute.first_us.max(begin)).min()?;
    Some(Refusals {
        since: moment(first),
        last: moment(latest.last_us),
        count: since.iter().map(|minute| many(minute.requests)).sum(),
        cause: cause(latest),
        credential: (!latest.credential_id.is_nil()).then_some(CredentialId(latest.credential_id)),
    })
}

/// Why those that fail do, the one that most fail with first.
fn causes(failing: &[Failing]) -> Vec<CauseCount> {
    let mut by_cause: BTreeMap<&str, CauseCount> = BTreeMap::new();
    for one in failing {
        let since = moment(one.since_us);
        let count = by_cause.entry(&one.cause).or_insert_with(|| CauseCount {
            cause: Cause::named(&one.cause).unwrap_or(Cause::Other),
            failures: 0,
            people: 0,
            since,
            tries: 0,
        });
        count.failures += many(one.tries);
        count.people += many(one.people);
        count.since = count.since.min(since);
        count.tries = count.tries.max(many(one.most_tries));
    }
    let mut causes: Vec<CauseCount> = by_cause.into_values().collect();
    causes.sort_by_key(|count| std::cmp::Reverse((count.people, count.failures)));
    causes
}
