//! The rules by which people get their roles.

use async_trait::async_trait;
use domain::ids::{ResourceId, RuleId};
use domain::role::{GroupChoice, RoleRule, RoleRules, StoredRules};
use domain::store::{ReadRoles, StoreError, WriteRoles};
use domain::who::{Mark, Who};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, FromQueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{corrupt, moment};
use crate::sql::entity::role_rules::{ActiveModel, Column, Entity, Model};
use crate::sql::error::failure;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::transaction::Transaction;

#[async_trait]
impl<L: Line> ReadRoles for Session<L> {
    async fn role_rules(&mut self) -> Result<StoredRules, StoreError> {
        let rows = self.rows(statement(self.door.select::<Entity>())).await?;
        rows.first()
            .map_or_else(|| Ok(StoredRules::default()), |row| read(Model::from_query_result(row, "").map_err(failure)?))
    }
}

#[async_trait]
impl WriteRoles for Session<Transaction> {
    async fn set_role_rules(&mut self, rules: &StoredRules) -> Result<(), StoreError> {
        let changed =
            rules.changed.as_ref().ok_or_else(|| StoreError::Internal("nobody saved these rules".to_owned()))?;
        let all: Vec<Value> = rules.rules.rules.iter().map(print).collect();
        let row = ActiveModel {
            tenant_id: NotSet,
            version: Set(rules.version),
            rules: Set(serde_json::to_string(&all).map_err(corrupt)?),
            fallback: Set(rules.rules.fallback.as_ref().map(ToString::to_string)),
            changed_us: Set(changed.at.as_micros()),
            changed_kind: Set(changed.by.kind.clone()),
            changed_name: Set(changed.by.name.clone()),
        };
        let newer = OnConflict::column(Column::TenantId)
            .update_columns([
                Column::Version,
                Column::Rules,
                Column::Fallback,
                Column::ChangedUs,
                Column::ChangedKind,
                Column::ChangedName,
            ])
            .to_owned();
        let insert = self.door.insert::<Entity>([row]).on_conflict(newer);
        insert.exec_without_returning(&self.line).await.map_err(failure)?;
        Ok(())
    }
}

fn read(row: Model) -> Result<StoredRules, StoreError> {
    let rules: Vec<Value> = serde_json::from_str(&row.rules).map_err(corrupt)?;
    Ok(StoredRules {
        version: row.version,
        rules: RoleRules {
            rules: rules.iter().map(read_rule).collect::<Result<_, _>>()?,
            fallback: row.fallback.map(|name| name.parse().map_err(corrupt)).transpose()?,
        },
        changed: Some(Mark { at: moment(row.changed_us), by: Who { kind: row.changed_kind, name: row.changed_name } }),
    })
}

/// A rule as an element of the array: `group` is the id of a group, `name` what groups are called.
fn print(rule: &RoleRule) -> Value {
    let RoleRule { id, group, role: gives } = rule;
    let (id, gives) = (id.to_string(), gives.as_str());
    match group {
        GroupChoice::Seen(group) => json!({"id": id, "group": group.to_string(), "role": gives}),
        GroupChoice::Named(name) => json!({"id": id, "name": name, "role": gives}),
    }
}

fn read_rule(rule: &Value) -> Result<RoleRule, StoreError> {
    let part = |name: &str| rule.get(name).and_then(Value::as_str);
    let id = |name: &str| part(name).map(|id| Uuid::try_parse(id).map_err(corrupt)).transpose();
    let broken = || corrupt("role_rules.rules");
    let group = match (id("group")?, part("name")) {
        (Some(group), _) => GroupChoice::Seen(ResourceId(group)),
        (None, Some(name)) => GroupChoice::Named(name.to_owned()),
        (None, None) => return Err(broken()),
    };
    Ok(RoleRule {
        id: RuleId(id("id")?.ok_or_else(broken)?),
        group,
        role: part("role").ok_or_else(broken)?.parse().map_err(corrupt)?,
    })
}
