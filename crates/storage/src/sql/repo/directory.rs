//! What people look for in a directory. Whatever it is, an index gives it in its own order and up to a limit.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use domain::directory::{Kind, StoredResource};
use domain::email_domain::DomainName;
use domain::ids::ResourceId;
use domain::store::{Finds, ReadDirectory, Seek, StoreError};
use domain::value_index::IndexState;
use scim_protocol::value::fold;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::Value;
use uuid::Uuid;

use super::views;
use crate::sql::dialect::{self, uuids};
use crate::sql::entity::resource::{Column, Entity, Model};
use crate::sql::entity::{member, resource_value};
use crate::sql::error::failure;
use crate::sql::key;
use crate::sql::line::Line;
use crate::sql::scope::statement;
use crate::sql::search::Indexed;
use crate::sql::store::Session;

/// The columns that people look into, and whether case counts there.
const COLUMNS: [(Column, bool); 3] =
    [(Column::UniqueKey, false), (Column::DisplayKey, false), (Column::ExternalKey, true)];

/// The paths of the side table that people look into, where they are indexed.
const PATHS: [&str; 3] = ["emails.value", "name.familyName", "name.givenName"];

impl<L: Line> Session<L> {
    async fn ids(&self, select: SelectStatement) -> Result<Vec<Uuid>, StoreError> {
        let rows = self.rows(select).await?;
        rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
    }

    async fn by_ids(&self, kind: &Kind, ids: &[Uuid]) -> Result<Vec<StoredResource>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let chosen = dialect::one_of(self.line.backend(), Column::Id.into_expr(), ids);
        let rows = self.rows(statement(self.of_kind(kind).filter(chosen).order_by_asc(Column::Id))).await?;
        rows.iter().map(|row| views::read(Model::from_query_result(row, "").map_err(failure)?)).collect()
    }

    /// Whether a key begins with a text, or holds it.
    fn has(&self, key: Expr, seek: Seek<'_>, is_exact: bool) -> Expr {
        let folded = if is_exact { seek.text.into() } else { fold(seek.text) };
        if seek.inside {
            return dialect::contains(self.line.backend(), key, &folded);
        }
        match key::range(&folded) {
            Some((from, below)) => {
                let begins = key.clone().gte(from);
                below.into_iter().fold(begins, |begins, below| begins.and(key.clone().lt(below)))
            }
            None => key.eq(key::exact(&folded)),
        }
    }

    fn with_key_beside(&self, kind: &Kind, path: &str) -> Select<resource_value::Entity> {
        use resource_value::Column as C;
        self.door.select::<resource_value::Entity>().filter(C::Kind.eq(kind.as_str())).filter(C::Path.eq(path))
    }

    /// Whether a key may be that of an e-mail address that ends with none of these domains. Of a long one the end is not
    /// there, so that it may be.
    fn lies_outside(&self, key: Expr, domains: &[DomainName]) -> Expr {
        let backend = self.line.backend();
        let ends = domains.iter().flat_map(|domain| {
            let spellings = BTreeSet::from([domain.to_string(), fold(&domain.shown()).into_owned()]);
            spellings.into_iter().map(|spelling| dialect::ends_with(backend, key.clone(), &format!("@{spelling}")))
        });
        let is_cut = dialect::length(backend, key.clone()).gt(i64::try_from(key::PREFIX).unwrap_or(i64::MAX));
        let is_address = dialect::contains(backend, key.clone(), "@").or(is_cut);
        ends.fold(is_address, |outside, inside| outside.and(inside.not()))
    }

    /// The index of a path, where every resource is in it.
    fn complete(&self, kind: &Kind, path: &str) -> Result<Option<Indexed>, StoreError> {
        let indexed = self.indexed(kind)?;
        Ok(indexed.into_iter().find(|indexed| indexed.path == path && indexed.state == IndexState::Complete))
    }

    /// Everything with one key at a path; none where no index tells.
    fn with_exactly(
        &self,
        kind: &Kind,
        (path, value): (&str, &Value),
    ) -> Result<Option<Select<resource_value::Entity>>, StoreError> {
        let key = self.complete(kind, path)?.and_then(|indexed| key::of(&indexed.field, value));
        Ok(key.map(|key| self.with_key_beside(kind, path).filter(resource_value::Column::Key.eq(key))))
    }
}

#[async_trait]
impl<L: Line> ReadDirectory for Session<L> {
    async fn seek(&mut self, kind: &Kind, seek: Seek<'_>) -> Result<Finds, StoreError> {
        use resource_value::Column as C;
        let mut questions = Vec::new();
        for (column, is_exact) in COLUMNS {
            let has = self.has(Expr::col((Entity, column)), seek, is_exact);
            let found = self.of_kind(kind).filter(has).select_only().column(Column::Id);
            questions.push(statement(found.order_by_asc(column).limit(seek.limit)));
        }
        for path in PATHS {
            if self.complete(kind, path)?.is_some() {
                let has = self.has(Expr::col((resource_value::Entity, C::Key)), seek, false);
                let found = self.with_key_beside(kind, path).filter(has).select_only().column(C::ResourceId);
                questions.push(statement(found.order_by_asc(C::Key).order_by_asc(C::ResourceId).limit(seek.limit)));
            }
        }
        let mut found: BTreeSet<Uuid> = seek.text.parse().ok().map(|ResourceId(id)| id).into_iter().collect();
        let mut has_more = false;
        for question in questions {
            let ids = self.ids(question).await?;
            has_more |= ids.len() as u64 >= seek.limit;
            found.extend(ids);
        }
        let resources = self.by_ids(kind, &found.into_iter().collect::<Vec<_>>()).await?;
        Ok(Finds { resources, has_more })
    }

    async fn with_value(
        &mut self,
        kind: &Kind,
        at: (&str, &Value),
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Option<Vec<StoredResource>>, StoreError> {
        use resource_value::Column as C;
        let Some(mut all) = self.with_exactly(kind, at)? else { return Ok(None) };
        if let Some(after) = after {
            all = all.filter(C::ResourceId.gt(after.0));
        }
        let page = all.select_only().column(C::ResourceId).order_by_asc(C::ResourceId).limit(limit);
        let ids = self.ids(statement(page)).await?;
        self.by_ids(kind, &ids).await.map(Some)
    }

    async fn count_with_value(
        &mut self,
        kind: &Kind,
        at: (&str, &Value),
        most: u64,
    ) -> Result<Option<u64>, StoreError> {
        let Some(all) = self.with_exactly(kind, at)? else { return Ok(None) };
        let few = statement(all.select_only().column(resource_value::Column::ResourceId).limit(most));
        let count = Query::select().expr_as(Expr::cust("count(*)"), "total").from_subquery(few, "few").take();
        let rows = self.rows(count).await?;
        let total: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "total")).map_err(failure)?;
        Ok(Some(total.unsigned_abs()))
    }

    async fn people_outside(
        &mut self,
        domains: &[DomainName],
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Vec<StoredResource>, StoreError> {
        use resource_value::Column as C;
        let _turn = self.turns.take(self.door.tenant()).await?;
        let of_row = Expr::col((resource_value::Entity, C::ResourceId)).equals((Entity, Column::Id));
        let emails = self.with_key_beside(&Kind::USER, "emails.value").filter(of_row);
        let emails = emails.filter(self.lies_outside(Expr::col((resource_value::Entity, C::Key)), domains));
        let emails = statement(emails.select_only().expr_as(Expr::val(1), "one"));
        let is_outside = self.lies_outside(Expr::col((Entity, Column::UniqueKey)), domains).or(Expr::exists(emails));
        let mut people = self.of_kind(&Kind::USER).filter(is_outside);
        if let Some(after) = after {
            people = people.filter(Column::Id.gt(after.0));
        }
        let rows = self.rows(statement(people.order_by_asc(Column::Id).limit(limit))).await?;
        rows.iter().map(|row| views::read(Model::from_query_result(row, "").map_err(failure)?)).collect()
    }

    async fn members_after(
        &mut self,
        group: ResourceId,
        after: Option<ResourceId>,
        limit: u64,
    ) -> Result<Vec<StoredResource>, StoreError> {
        use member::Column as C;
        let mut members = self.door.select::<member::Entity>().filter(C::GroupId.eq(group.0));
        if let Some(after) = after {
            members = members.filter(C::MemberId.gt(after.0));
        }
        let rows = self.rows(statement(members.order_by_asc(C::MemberId).limit(limit))).await?;
        let mut by_kind: HashMap<Kind, Vec<Uuid>> = HashMap::new();
        for row in rows {
            let row = member::Model::from_query_result(&row, "").map_err(failure)?;
            by_kind.entry(Kind::named(&row.member_kind)).or_default().push(row.member_id);
        }
        let mut found = Vec::new();
        for (kind, ids) in by_kind {
            found.append(&mut self.by_ids(&kind, &ids).await?);
        }
        found.sort_by_key(|resource| resource.id);
        Ok(found)
    }

    async fn sizes(&mut self, groups: &[ResourceId], most: u64) -> Result<HashMap<ResourceId, u64>, StoreError> {
        let size = Expr::cust(format!(
            "(SELECT count(*) FROM (SELECT 1 FROM member WHERE member.tenant_id = resource.tenant_id
              AND member.group_id = resource.id LIMIT {most}) AS few)"
        ));
        let chosen = dialect::one_of(self.line.backend(), Column::Id.into_expr(), &uuids(groups));
        let sizes = self.of_kind(&Kind::GROUP).filter(chosen).select_only().column(Column::Id).expr_as(size, "size");
        let mut found = HashMap::with_capacity(groups.len());
        for row in self.rows(statement(sizes)).await? {
            let (id, size): (Uuid, i64) = row.try_get_many_by_index().map_err(failure)?;
            found.insert(ResourceId(id), size.unsigned_abs());
        }
        Ok(found)
    }
}
