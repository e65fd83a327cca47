//! Values that no two resources of a kind may share, beyond the name that has a column (RFC 7643 §7 `uniqueness`). The key
//! of their table is the last word, also between two writers at the same moment.

use std::collections::BTreeSet;

use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::store::StoreError;
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::Field;
use sea_orm::{ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, QueryFilter};
use serde_json::{Number, Value};

use super::batch::Batch;
use super::entity::unique_value::{ActiveModel, Column, Entity};
use super::key;
use super::repo::corrupt;
use super::scope::statement;
use super::store::Session;

/// Path and key of each such value of a resource.
pub type UniqueValues = BTreeSet<(String, String)>;

impl<L> Session<L> {
    pub fn unique_values(&self, kind: &Kind, resource: &Resource) -> Result<UniqueValues, StoreError> {
        let resource_type = self.scope.types().get(kind).map_err(corrupt)?;
        let of_field = |field: Field| {
            let key = field.values(resource.attributes()).into_iter().find_map(|value| exact_key(&field, value))?;
            Some((field.path(), key))
        };
        Ok(resource_type.declared_unique().map(|located| located.field()).filter_map(of_field).collect())
    }

    /// Gives up what a resource had and takes what it is to have.
    pub fn exchange_unique(
        &self,
        batch: &mut Batch,
        (kind, id): (&Kind, ResourceId),
        (old, new): (&UniqueValues, &UniqueValues),
    ) {
        for (path, key) in old.difference(new) {
            let delete = self.door.delete::<Entity>().filter(Column::Kind.eq(kind.as_str()));
            let delete = delete.filter(Column::Path.eq(path.as_str())).filter(Column::Key.eq(key.as_str()));
            batch.delete(statement(delete.filter(Column::ResourceId.eq(id.0))), None);
        }
        for (path, key) in new.difference(old) {
            let row = ActiveModel {
                tenant_id: NotSet,
                kind: Set(kind.to_string()),
                path: Set(path.clone()),
                key: Set(key.clone()),
                resource_id: Set(id.0),
            };
            batch.insert(statement(self.door.insert::<Entity>([row])), None);
        }
    }
}

/// The key of a value, different from that of every other value; none for an empty text, which says nothing.
fn exact_key(field: &Field, value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::Number(number) => whole(number).or_else(|| key::of(field, value)),
        value => key::of(field, value),
    }
}

/// A whole number in full, also one that is written with a fraction of nothing: the keys of indexes round large ones.
fn whole(number: &Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    // Adding nothing makes -0 the 0 that it equals.
    number.as_f64().filter(|value| value.fract() == 0.0).map(|value| format!("{:.0}", value + 0.0))
}

/// The attributes whose values a resource takes, for a sentence.
pub fn named(taken: &UniqueValues) -> String {
    let names: Vec<String> = taken.iter().map(|(path, _)| format!("the value of \"{path}\"")).collect();
    names.join(" or ")
}
