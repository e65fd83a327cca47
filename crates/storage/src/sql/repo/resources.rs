//! Resources: reading them, and carrying out changes.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use domain::change::{Change, DocumentChange, PasswordChange, Saved};
use domain::directory::{Candidate, GroupRef, Kind, Member, StoredResource, View, unique_name};
use domain::ids::ResourceId;
use domain::store::{ListPage, ListQuery, ReadResources, StoreError, WriteResources};
use scim_protocol::resource::Resource;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DbErr, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Select, SqlErr, UpdateMany,
};
use uuid::Uuid;

use super::views::{all_groups, read, shows_groups, views, with_groups};
use super::{CHUNK, corrupt, counts, list, members, nesting};
use crate::clerk::Clerk;
use crate::connect::Databases;
use crate::sql::batch::{Batch, Updated};
use crate::sql::dialect::{self, uuids};
use crate::sql::entity::resource::{ActiveModel, Column, Entity, Model};
use crate::sql::entity::{admin, admin_session, password, person_session, resource_value};
use crate::sql::error::{failure, is_unique_name, is_unique_value, lost_race};
use crate::sql::key;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::store::Session;
use crate::sql::unique::{self, UniqueValues};
use crate::transaction::Transaction;

/// What stands in the place of a digest when there is none any more. A row that is deleted could be one that somebody else is
/// just writing.
const NO_PASSWORD: &str = "";

fn document(resource: &Resource) -> Result<String, StoreError> {
    serde_json::to_string(resource.attributes()).map_err(corrupt)
}

/// The unique values that a change writes.
#[derive(Default)]
struct Taken {
    name: String,
    values: UniqueValues,
}

/// The columns that follow from the document.
struct Hot {
    unique_attribute: String,
    unique_key: Option<String>,
    external_key: Option<String>,
    display_key: Option<String>,
    display: Option<String>,
}

impl<L> Session<L> {
    fn hot(&self, kind: &Kind, resource: &Resource) -> Result<Hot, StoreError> {
        let resource_type = self.scope.types().get(kind).map_err(corrupt)?;
        let unique = unique_name(resource_type, resource, self.scope.rules());
        Ok(Hot {
            unique_key: unique.as_ref().map(|(_, value)| key::folded(value)),
            unique_attribute: unique.map(|(name, value)| format!("{name} \"{value}\"")).unwrap_or_default(),
            external_key: resource.text("externalId").map(key::exact),
            display_key: resource.text("displayName").map(key::folded),
            display: resource.text("displayName").or_else(|| resource.text("userName")).map(ToOwned::to_owned),
        })
    }

    pub fn of_kind(&self, kind: &Kind) -> Select<Entity> {
        self.door.select::<Entity>().filter(Column::Kind.eq(kind.as_str()))
    }

    fn one(&self, kind: &Kind, id: ResourceId) -> Select<Entity> {
        self.of_kind(kind).filter(Column::Id.eq(id.0))
    }
}

#[async_trait]
impl<L: Line> ReadResources for Session<L> {
    async fn find(&mut self, kind: &Kind, id: ResourceId, groups: bool) -> Result<Option<View>, StoreError> {
        let groups = shows_groups(kind, groups);
        let query = with_groups(self.line.backend(), statement(self.one(kind, id)), groups);
        let rows = self.rows(query).await?;
        Ok(views(self, &rows, groups).await?.into_iter().next())
    }

    async fn list(&mut self, kind: &Kind, query: &ListQuery) -> Result<ListPage, StoreError> {
        list::list(self, kind, query).await
    }

    async fn find_group(
        &mut self,
        id: ResourceId,
        named: &[ResourceId],
    ) -> Result<Option<(StoredResource, HashMap<ResourceId, Candidate>)>, StoreError> {
        let group = self.one(&Kind::GROUP, id);
        let group = match named {
            [] => statement(group),
            named => members::with_candidates(self, statement(group), named),
        };
        let rows = self.rows(group).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let stored = read(Model::from_query_result(first, "").map_err(failure)?)?;
        let candidates = if named.is_empty() { HashMap::new() } else { members::read_candidates(&rows)? };
        Ok(Some((stored, candidates)))
    }

    async fn candidates(&mut self, named: &[ResourceId]) -> Result<HashMap<ResourceId, Candidate>, StoreError> {
        let rows = self.rows(members::strangers(self, named)).await?;
        members::read_candidates(&rows)
    }

    async fn count_members(&mut self, groups: &[ResourceId]) -> Result<u64, StoreError> {
        members::count(self, groups).await
    }

    async fn members(&mut self, groups: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<Member>>, StoreError> {
        members::members(self, groups).await
    }

    async fn groups_of(&mut self, members: &[ResourceId]) -> Result<HashMap<ResourceId, Vec<GroupRef>>, StoreError> {
        members::groups_of(self, members).await
    }

    async fn has_password(&mut self, id: ResourceId) -> Result<bool, StoreError> {
        use password::Column as C;
        let kept =
            self.door.select::<password::Entity>().filter(C::ResourceId.eq(id.0)).filter(C::Digest.ne(NO_PASSWORD));
        Ok(!self.rows(statement(kept)).await?.is_empty())
    }

    async fn names(&mut self, ids: &[ResourceId]) -> Result<HashMap<ResourceId, String>, StoreError> {
        use Column as C;
        let kinds: Vec<&str> = self.scope.types().all().iter().map(|each| each.name.as_str()).collect();
        let is_one = dialect::one_of(self.line.backend(), Expr::col((Entity, C::Id)), &dialect::uuids(ids));
        let rows = self.door.select::<Entity>().filter(C::Kind.is_in(kinds)).filter(is_one);
        let rows = rows.select_only().column(C::Id).column(C::Display).filter(C::Display.is_not_null());
        let mut names = HashMap::new();
        for row in self.rows(statement(rows)).await? {
            let (id, name): (Uuid, String) = row.try_get_many_by_index().map_err(failure)?;
            names.insert(ResourceId(id), name);
        }
        Ok(names)
    }

    async fn groups_above(&mut self, group: ResourceId) -> Result<Vec<ResourceId>, StoreError> {
        let above = nesting::above(self, &[group]).await?;
        Ok(above.into_values().flatten().map(|group| group.id).collect())
    }
}

#[async_trait]
impl WriteResources for Session<Transaction> {
    async fn lock(&mut self, kind: &Kind, id: ResourceId) -> Result<Option<StoredResource>, StoreError> {
        let rows = self.rows(statement(self.one(kind, id).lock_exclusive())).await?;
        rows.first().map(|row| read(Model::from_query_result(row, "").map_err(failure)?)).transpose()
    }

    async fn save(&mut self, change: &Change<'_>) -> Result<Saved, StoreError> {
        let Planned { batch, version, wording } = self.plan(change)?;
        let updated = batch.run_within(&self.line, &|error| wording.meaning(error)).await?;
        self.saved(change, version, updated).await
    }
}

/// The statements of a change.
struct Planned {
    batch: Batch,
    /// The version the resource has afterwards, unless the batch answers with another.
    version: i64,
    wording: Wording,
}

/// What errors of the database mean to a change.
struct Wording {
    /// The unique name that it writes.
    taken: String,
    /// The other unique values that it writes.
    taken_values: String,
    is_deletion: bool,
}

impl Wording {
    /// Any unique value but a resource's own name belongs to a row that somebody else has just written.
    fn meaning(&self, error: DbErr) -> StoreError {
        let is_taken = matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)));
        if is_taken && is_unique_value(&error) {
            return StoreError::Taken { attribute: self.taken_values.clone() };
        }
        match (is_taken, is_unique_name(&error), failure(error)) {
            (true, true, _) => StoreError::Taken { attribute: self.taken.clone() },
            (true, false, _) => lost_race(),
            // Somebody became a member between our look and the deletion; once more and it is seen.
            (_, _, StoreError::MemberGone) if self.is_deletion => lost_race(),
            (_, _, other) => other,
        }
    }
}

impl<L: Line> Session<L> {
    /// Carries out a change in one statement.
    pub async fn save_at_once(&self, change: &Change<'_>) -> Result<Saved, StoreError> {
        let Planned { batch, version, wording } = self.plan(change)?;
        let updated = batch.run(&self.line, &|error| wording.meaning(error)).await?;
        self.saved(change, version, updated).await
    }

    /// Carries out a change of a file.
    pub async fn save_by(&self, clerk: &Clerk, file: &Databases, change: &Change<'_>) -> Result<Saved, StoreError> {
        let Planned { batch, version, wording } = self.plan(change)?;
        let updated = batch.run_by(clerk, file, &|error| wording.meaning(error)).await?;
        self.saved(change, version, updated).await
    }

    async fn saved(&self, change: &Change<'_>, version: i64, updated: Option<Updated>) -> Result<Saved, StoreError> {
        let Some(Updated { version, groups }) = updated else { return Ok(Saved { version, groups: None }) };
        let groups = match change.shows_groups {
            true => Some(all_groups(self, groups).await?),
            false => None,
        };
        Ok(Saved { version, groups })
    }

    fn plan(&self, change: &Change<'_>) -> Result<Planned, StoreError> {
        let mut batch = Batch::new(self.door, self.line.backend());
        let mut taken = Taken::default();
        let version = match &change.document {
            DocumentChange::None => 0,
            DocumentChange::Insert(new) => {
                taken = self.insert(&mut batch, change, new)?;
                new.version
            }
            DocumentChange::Update { before, after } => {
                self.require_same_schemas(&mut batch, &before.kind);
                taken = self.update(&mut batch, before, after, change.shows_groups)?;
                members::change(self, &mut batch, before.id, change)?;
                after.version
            }
            DocumentChange::Touch(kind, id) => {
                batch.update_resource(statement(self.touch(kind, change).filter(Column::Id.eq(id.0))), false);
                members::change(self, &mut batch, *id, change)?;
                0
            }
            DocumentChange::Delete(before) => {
                self.delete(&mut batch, change, before)?;
                before.version
            }
        };
        self.change_password(&mut batch, change);
        self.end_sessions(&mut batch, &change.document);
        self.part_accounts(&mut batch, &change.document);
        for (id, fact) in &change.facts {
            batch.tell(change.cx, *id, fact);
        }
        let is_deletion = matches!(change.document, DocumentChange::Delete(_));
        let wording = Wording { taken: taken.name, taken_values: unique::named(&taken.values), is_deletion };
        Ok(Planned { batch, version, wording })
    }

    /// Whoever is deactivated or deleted is signed out by the same statement. So is whoever is activated again: a sign-in may
    /// have begun a session while the person was being deactivated, which opens nothing as long as they are not active.
    fn end_sessions(&self, batch: &mut Batch, document: &DocumentChange) {
        let person = match document {
            DocumentChange::Update { before, after }
                if before.kind == Kind::USER && before.is_active() != after.is_active() =>
            {
                before.id.0
            }
            DocumentChange::Delete(before) if before.kind == Kind::USER => before.id.0,
            _ => return,
        };
        let own = self.door.delete::<person_session::Entity>().filter(person_session::Column::PersonId.eq(person));
        batch.delete(statement(own), None);
        let settings = self.door.delete::<admin_session::Entity>();
        batch.delete(statement(settings.filter(admin_session::Column::PersonId.eq(person))), None);
    }

    /// Whoever is deleted comes no more into the settings by single sign-on either: the directory would not know them, and not
    /// that they were deactivated before.
    fn part_accounts(&self, batch: &mut Batch, document: &DocumentChange) {
        let DocumentChange::Delete(before) = document else { return };
        let Some(key) = before.resource.text("externalId").filter(|_| before.kind == Kind::USER) else { return };
        let part = self.door.update::<admin::Entity>();
        let part = part.col_expr(admin::Column::SsoConnectionId, Expr::value(None::<Uuid>));
        let part = part.col_expr(admin::Column::SsoKey, Expr::value(None::<String>));
        batch.update_any(statement(part.filter(admin::Column::SsoKey.eq(key))));
    }

    /// Whose password it is follows from the document's own change.
    fn change_password(&self, batch: &mut Batch, change: &Change<'_>) {
        use password::Column as C;
        let (id, after) = match (&change.document, &change.password) {
            (DocumentChange::Delete(gone), _) if gone.kind == Kind::USER => {
                let kept = self.door.delete::<password::Entity>().filter(C::ResourceId.eq(gone.id.0));
                batch.delete(statement(kept), None);
                return;
            }
            (DocumentChange::Insert(new) | DocumentChange::Update { after: new, .. }, Some(after)) => (new.id, after),
            (DocumentChange::Touch(_, id), Some(after)) => (*id, after),
            _ => return,
        };
        let digest = match after {
            PasswordChange::Set(digest) => digest.as_str(),
            PasswordChange::Clear => NO_PASSWORD,
        };
        let row = password::ActiveModel {
            tenant_id: NotSet,
            resource_id: Set(id.0),
            digest: Set(digest.to_owned()),
            changed_us: Set(change.cx.now.as_micros()),
        };
        let newer =
            OnConflict::columns([C::TenantId, C::ResourceId]).update_columns([C::Digest, C::ChangedUs]).to_owned();
        batch.insert(statement(self.door.insert::<password::Entity>([row]).on_conflict(newer)), None);
    }

    fn insert(&self, batch: &mut Batch, change: &Change<'_>, new: &StoredResource) -> Result<Taken, StoreError> {
        let hot = self.hot(&new.kind, &new.resource)?;
        let row = ActiveModel {
            tenant_id: NotSet,
            kind: Set(new.kind.to_string()),
            id: Set(new.id.0),
            unique_key: Set(hot.unique_key),
            external_key: Set(hot.external_key),
            display_key: Set(hot.display_key),
            display: Set(hot.display),
            version: Set(new.version),
            created_us: Set(new.created.as_micros()),
            modified_us: Set(new.modified.as_micros()),
            doc: Set(document(&new.resource)?),
        };
        self.require_same_schemas(batch, &new.kind);
        batch.insert(statement(self.door.insert::<Entity>([row])), None);
        self.insert_keys(batch, &new.kind, new.id, &self.keys(&new.kind, &new.resource)?);
        let values = self.unique_values(&new.kind, &new.resource)?;
        self.exchange_unique(batch, (&new.kind, new.id), (&UniqueValues::new(), &values));
        self.count_in(batch, change, &new.kind, 1);
        members::change(self, batch, new.id, change)?;
        Ok(Taken { name: hot.unique_attribute, values })
    }

    fn update(
        &self,
        batch: &mut Batch,
        before: &StoredResource,
        after: &StoredResource,
        shows_groups: bool,
    ) -> Result<Taken, StoreError> {
        let hot = self.hot(&before.kind, &after.resource)?;
        let update = self
            .door
            .update::<Entity>()
            .col_expr(Column::UniqueKey, Expr::value(hot.unique_key))
            .col_expr(Column::ExternalKey, Expr::value(hot.external_key))
            .col_expr(Column::DisplayKey, Expr::value(hot.display_key))
            .col_expr(Column::Display, Expr::value(hot.display))
            .col_expr(Column::Version, Expr::value(after.version))
            .col_expr(Column::ModifiedUs, Expr::value(after.modified.as_micros()))
            .col_expr(Column::Doc, Expr::value(document(&after.resource)?))
            .filter(Column::Kind.eq(before.kind.as_str()))
            .filter(Column::Id.eq(before.id.0))
            .filter(Column::Version.eq(before.version));
        batch.update_resource(statement(update), shows_groups);
        let (old, new) = (self.keys(&before.kind, &before.resource)?, self.keys(&after.kind, &after.resource)?);
        self.delete_keys(batch, &before.kind, before.id, old.difference(&new));
        self.insert_keys(batch, &before.kind, before.id, &new.difference(&old).cloned().collect());
        let held = self.unique_values(&before.kind, &before.resource)?;
        let values = self.unique_values(&after.kind, &after.resource)?;
        self.exchange_unique(batch, (&before.kind, before.id), (&held, &values));
        Ok(Taken { name: hot.unique_attribute, values })
    }

    /// The next version of resources that are still to be chosen.
    fn touch(&self, kind: &Kind, change: &Change<'_>) -> UpdateMany<Entity> {
        self.door
            .update::<Entity>()
            .col_expr(Column::Version, Expr::col((Entity, Column::Version)).add(1))
            .col_expr(Column::ModifiedUs, Expr::value(change.cx.now.as_micros()))
            .filter(Column::Kind.eq(kind.as_str()))
    }

    fn delete(&self, batch: &mut Batch, change: &Change<'_>, before: &StoredResource) -> Result<(), StoreError> {
        self.require_same_schemas(batch, &before.kind);
        if !change.groups_left.is_empty() {
            let groups = uuids(&change.groups_left);
            let chosen = || dialect::one_of(self.line.backend(), Column::Id.into_expr(), &groups);
            let held = self.of_kind(&Kind::GROUP).filter(chosen()).order_by_asc(Column::Id).lock_exclusive();
            batch.lock(statement(held));
            batch.update(statement(self.touch(&Kind::GROUP, change).filter(chosen())), groups.len());
            members::leave_all(self, batch, before.id, &change.groups_left);
        }
        if before.kind == Kind::GROUP {
            members::clear(self, batch, before.id);
        }
        self.delete_keys(batch, &before.kind, before.id, self.keys(&before.kind, &before.resource)?.iter());
        let held = self.unique_values(&before.kind, &before.resource)?;
        self.exchange_unique(batch, (&before.kind, before.id), (&held, &UniqueValues::new()));
        let gone = self.door.delete::<Entity>().filter(Column::Kind.eq(before.kind.as_str()));
        let gone = gone.filter(Column::Id.eq(before.id.0)).filter(Column::Version.eq(before.version));
        batch.delete(statement(gone), Some(1));
        self.count_in(batch, change, &before.kind, -1);
        Ok(())
    }

    fn count_in(&self, batch: &mut Batch, change: &Change<'_>, kind: &Kind, delta: i64) {
        let id = change.facts.first().map_or(Uuid::nil(), |(id, _)| id.0);
        batch.insert(counts::row(self.door, kind, id, delta), None);
    }

    fn insert_keys(&self, batch: &mut Batch, kind: &Kind, id: ResourceId, keys: &BTreeSet<(String, String)>) {
        let rows: Vec<_> = keys.iter().map(|(path, key)| value_row(kind, id, path, key)).collect();
        for rows in rows.chunks(CHUNK) {
            let insert = self.door.insert::<resource_value::Entity>(rows.to_vec());
            let present = OnConflict::new().do_nothing().to_owned();
            batch.insert(statement(insert.on_conflict(present)), None);
        }
    }

    /// One by one, by the whole key; hardly ever more than one.
    fn delete_keys<'k>(
        &self,
        batch: &mut Batch,
        kind: &Kind,
        id: ResourceId,
        keys: impl Iterator<Item = &'k (String, String)>,
    ) {
        use resource_value::Column as C;
        let keys: Vec<_> = keys.collect();
        for keys in keys.chunks(CHUNK) {
            let each = keys.iter().map(|(path, key)| C::Path.eq(path.as_str()).and(C::Key.eq(key.as_str())));
            let Some(one_of_them) = each.reduce(ExprTrait::or) else { continue };
            let delete = self.door.delete::<resource_value::Entity>().filter(C::Kind.eq(kind.as_str()));
            batch.delete(statement(delete.filter(C::ResourceId.eq(id.0)).filter(one_of_them)), None);
        }
    }
}

pub fn value_row(kind: &Kind, id: ResourceId, path: &str, key: &str) -> resource_value::ActiveModel {
    resource_value::ActiveModel {
        tenant_id: NotSet,
        kind: Set(kind.to_string()),
        path: Set(path.to_owned()),
        key: Set(key.to_owned()),
        resource_id: Set(id.0),
    }
}
