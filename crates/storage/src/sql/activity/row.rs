//! Rows as they are stored, and back.

use domain::activity::{Action, ActionKind, Activity, CredentialRef, Outcome, Person, TargetRef};
use domain::catalogue::Cause;
use domain::directory::Kind;
use domain::ids::{ActivityId, CredentialId, ResourceId};
use domain::provider::Provider;
use domain::store::StoreError;
use sea_orm::ActiveValue::Set;
use uuid::Uuid;

use crate::sql::entity::activity::{ActiveModel, Model};
use crate::sql::repo::{corrupt, moment};

pub fn stored(tenant: Uuid, activity: &Activity) -> ActiveModel {
    let (first, second) = activity.action.numbers();
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let who = activity.action.person();
    let target = activity.target.as_ref();
    ActiveModel {
        tenant_id: Set(tenant),
        id: Set(activity.id.0),
        at_us: Set(activity.at.as_micros()),
        took_us: Set(number(activity.took_us)),
        request_id: Set(activity.request_id.clone()),
        credential_id: Set(activity.credential.as_ref().map(|credential| credential.id.0)),
        credential_label: Set(activity.credential.as_ref().map(|credential| credential.label.clone())),
        client: Set(activity.client.clone()),
        provider: Set(activity.provider.as_str().to_owned()),
        method: Set(activity.method.clone()),
        path: Set(activity.path.clone()),
        action: Set(activity.action.kind().as_str().to_owned()),
        first_number: Set(number(first)),
        second_number: Set(number(second)),
        who_id: Set(who.map(|person| person.id.0)),
        who_name: Set(who.and_then(|person| person.name.clone())),
        target_kind: Set(target.map(|target| target.kind.to_string())),
        target_id: Set(target.and_then(|target| target.id).map(|id| id.0)),
        target_name: Set(target.and_then(|target| target.name.clone())),
        outcome: Set(activity.outcome.as_str().to_owned()),
        status: Set(i32::from(activity.status)),
        cause: Set(activity.cause.map(|cause| cause.code().to_owned())),
        times: Set(i64::from(activity.times)),
        address: Set(activity.address.clone()),
    }
}

pub fn read(row: Model) -> Result<Activity, StoreError> {
    let number = |number: i64| u64::try_from(number).unwrap_or_default();
    let who = row.who_id.map(|id| Person { id: ResourceId(id), name: row.who_name });
    let kind = ActionKind::named(&row.action).unwrap_or(ActionKind::Other);
    let target = row.target_kind.map(|kind| TargetRef {
        kind: Kind::named(&kind),
        id: row.target_id.map(ResourceId),
        name: row.target_name,
    });
    let credential = row
        .credential_id
        .map(|id| CredentialRef { id: CredentialId(id), label: row.credential_label.unwrap_or_default() });
    Ok(Activity {
        id: ActivityId(row.id),
        at: moment(row.at_us),
        took_us: number(row.took_us),
        request_id: row.request_id,
        credential,
        client: row.client,
        provider: Provider::named(&row.provider).unwrap_or_default(),
        method: row.method,
        path: row.path,
        action: Action::stored(kind, (number(row.first_number), number(row.second_number)), who),
        target,
        outcome: Outcome::named(&row.outcome).ok_or_else(|| corrupt("activity.outcome"))?,
        status: u16::try_from(row.status).map_err(corrupt)?,
        cause: row.cause.map(|code| Cause::named(&code).unwrap_or(Cause::Other)),
        times: u32::try_from(row.times).unwrap_or(u32::MAX),
        address: row.address,
    })
}
