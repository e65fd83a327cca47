//! What a tenant's admins have chosen, as columns of the tenant's row.

use domain::choices::{Choices, HeadCount, People, Preferences, Retention, SwitchedOff};
use domain::mail::MailAddress;
use domain::provider::Provider;
use domain::store::StoreError;
use domain::timestamp::Timestamp;
use domain::who::{Mark, Who};
use sea_orm::Value;

use super::{corrupt, moment};
use crate::sql::entity::tenant::{Column, Model};

pub fn read(row: &Model) -> Result<Choices, StoreError> {
    let days = u32::try_from(row.log_retention_days).ok().and_then(Retention::of_days);
    let notify: Vec<String> = serde_json::from_str(&row.notify).map_err(corrupt)?;
    let notify: Result<Vec<MailAddress>, _> = notify.iter().map(|address| address.parse()).collect();
    Ok(Choices {
        version: row.choices_version,
        preferences: Preferences {
            provider: Provider::named(&row.provider).ok_or_else(|| corrupt("tenant.provider"))?,
            retention: days.ok_or_else(|| corrupt("tenant.log_retention_days"))?,
            notify: notify.map_err(corrupt)?,
        },
        changed: mark(row.changed_us, row.changed_kind.as_ref(), row.changed_name.as_ref()),
        switched: mark(row.switched_us, row.switched_kind.as_ref(), row.switched_name.as_ref()),
        ticks: serde_json::from_str(&row.guide_ticks).map_err(corrupt)?,
        off: row.off_people.as_deref().map(|people| switched_off(people, row)).transpose()?,
    })
}

fn mark(at: Option<i64>, kind: Option<&String>, name: Option<&String>) -> Option<Mark> {
    Some(Mark { at: moment(at?), by: Who { kind: kind?.clone(), name: name.cloned() } })
}

fn switched_off(people: &str, row: &Model) -> Result<SwitchedOff, StoreError> {
    let count = |column: Option<i64>| u64::try_from(column.unwrap_or_default()).map_err(corrupt);
    let count = HeadCount { active: count(row.off_active)?, inactive: count(row.off_inactive)? };
    Ok(SwitchedOff { people: People::named(people).ok_or_else(|| corrupt("tenant.off_people"))?, count })
}

/// What the columns are to hold.
pub fn columns(choices: &Choices) -> Result<Vec<(Column, Value)>, StoreError> {
    let Preferences { provider, retention, notify } = &choices.preferences;
    let notify: Vec<&str> = notify.iter().map(MailAddress::as_str).collect();
    let count = |count: fn(HeadCount) -> u64| {
        choices.off.map(|off| i64::try_from(count(off.count))).transpose().map_err(corrupt)
    };
    let at = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.at).map(Timestamp::as_micros);
    let kind = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.by.kind.clone());
    let name = |mark: &Option<Mark>| mark.as_ref().and_then(|mark| mark.by.name.clone());
    Ok(vec![
        (Column::ChoicesVersion, choices.version.into()),
        (Column::Provider, provider.as_str().into()),
        (Column::LogRetentionDays, i32::try_from(retention.days()).map_err(corrupt)?.into()),
        (Column::Notify, serde_json::to_string(&notify).map_err(corrupt)?.into()),
        (Column::ChangedUs, at(&choices.changed).into()),
        (Column::ChangedKind, kind(&choices.changed).into()),
        (Column::ChangedName, name(&choices.changed).into()),
        (Column::SwitchedUs, at(&choices.switched).into()),
        (Column::SwitchedKind, kind(&choices.switched).into()),
        (Column::SwitchedName, name(&choices.switched).into()),
        (Column::OffPeople, choices.off.map(|off| off.people.as_str()).into()),
        (Column::OffActive, count(|count| count.active)?.into()),
        (Column::GuideTicks, serde_json::to_string(&choices.ticks).map_err(corrupt)?.into()),
        (Column::OffInactive, count(|count| count.inactive)?.into()),
    ])
}
