//! Which values of a resource can be looked up in the side table.

use std::collections::BTreeSet;

use domain::directory::Kind;
use domain::store::StoreError;
use domain::value_index::{IndexState, ValueIndex};
use scim_protocol::attribute::AttributeType;
use scim_protocol::path::AttrPath;
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::{Field, ResourceType};
use sea_orm::sea_query::{LockType, UnionType};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use super::batch::Batch;
use super::entity::{declaration, resource, value_index};
use super::key;
use super::repo::corrupt;
use super::scope::statement;
use super::store::Session;

/// The paths that every tenant has indexed, by kind; those with a column of their own are not among them (decisions.md 4).
const ALWAYS: [(Kind, &str); 1] = [(Kind::USER, "emails.value")];

/// Whether every tenant can look resources up by this path, by the side table or by a column.
pub fn is_always_indexed(kind: &Kind, path: &str) -> bool {
    let has_column = match path {
        "id" | "externalId" => true,
        "userName" => *kind == Kind::USER,
        "displayName" => *kind == Kind::USER || *kind == Kind::GROUP,
        _ => false,
    };
    has_column || ALWAYS.contains(&(kind.clone(), path))
}

/// The column that holds the keys of a field, where there is one.
pub fn key_column(resource_type: &ResourceType, field: &Field) -> Option<resource::Column> {
    use resource::Column::{DisplayKey, ExternalKey, UniqueKey};
    let is_unique = resource_type.unique.as_deref() == Some(field.name.as_str());
    match (field.extension.as_ref(), field.name.as_str(), field.sub.as_deref()) {
        (None, "externalId", None) => Some(ExternalKey),
        (None, "displayName", None) if has_display_column(resource_type) => Some(DisplayKey),
        (None, _, None) if is_unique => Some(UniqueKey),
        _ => None,
    }
}

/// The column that holds a moment the server keeps. An extension may have an attribute of the same name.
pub fn moment_column(field: &Field) -> Option<resource::Column> {
    match (field.extension.as_ref(), field.name.as_str(), field.sub.as_deref()) {
        (None, "meta", Some("lastModified")) => Some(resource::Column::ModifiedUs),
        (None, "meta", Some("created")) => Some(resource::Column::CreatedUs),
        _ => None,
    }
}

/// Whether the column of display names stands for a type's `displayName`. It holds one text that compares without case; a
/// type of a tenant's own may declare something else by that name.
fn has_display_column(resource_type: &ResourceType) -> bool {
    let declared = resource_type.core_attribute("displayName");
    declared.is_some_and(|it| it.kind == AttributeType::String && !it.multi_valued && !it.case_exact)
}

/// A path of the side table.
#[derive(Clone, Debug)]
pub struct Indexed {
    pub path: String,
    pub field: Field,
    pub state: IndexState,
}

impl Indexed {
    fn new(resource_type: &ResourceType, path: &str, state: IndexState) -> Option<Self> {
        let field = resource_type.locate(&AttrPath::parse(path).ok()?)?.field();
        Some(Self { path: path.to_owned(), field, state })
    }
}

/// The keys of a resource's values at a path.
pub fn keys_at(field: &Field, resource: &Resource) -> BTreeSet<String> {
    field.values(resource.attributes()).into_iter().filter_map(|value| key::of(field, value)).collect()
}

impl<L> Session<L> {
    /// What is indexed of a kind. A path that the type does not have any more is passed over.
    pub fn indexed(&self, kind: &Kind) -> Result<Vec<Indexed>, StoreError> {
        let resource_type = self.scope.types().get(kind).map_err(corrupt)?;
        let always = ALWAYS.iter().filter(|(of, _)| of == kind).map(|(_, path)| (*path, IndexState::Complete));
        let own = self.scope.indexes(kind).map(|index: &ValueIndex| (index.path.as_str(), index.state));
        Ok(always.chain(own).filter_map(|(path, state)| Indexed::new(resource_type, path, state)).collect())
    }

    /// Refuses a change that was planned without knowing all indexes of the tenant, so that it would leave the resource out
    /// of one, or all that is declared, so that it was read by schemas that are not served any more.
    pub fn require_same_schemas(&self, batch: &mut Batch, kind: &Kind) {
        let indexes = self.door.select::<value_index::Entity>().filter(value_index::Column::Kind.eq(kind.as_str()));
        let mut known = statement(indexes.select_only().column(value_index::Column::Path));
        let declared = || self.door.select::<declaration::Entity>().select_only().column(declaration::Column::Name);
        let count = self.scope.types().declared();
        if count == 0 {
            known.union(UnionType::All, statement(declared()));
        } else {
            // Held, so that what is written by it is there before it can be withdrawn.
            batch.require(statement(declared()).lock(LockType::KeyShare).take(), count);
        }
        batch.require(known, self.scope.indexes(kind).count());
    }

    /// The rows of the side table that stand for a resource: path and key.
    pub fn keys(&self, kind: &Kind, resource: &Resource) -> Result<BTreeSet<(String, String)>, StoreError> {
        let indexed = self.indexed(kind)?;
        let of_path = |indexed: &Indexed| {
            keys_at(&indexed.field, resource).into_iter().map(|key| (indexed.path.clone(), key)).collect::<Vec<_>>()
        };
        Ok(indexed.iter().flat_map(of_path).collect())
    }
}
