//! The one door to tenant tables: whatever goes through it is about one tenant (architecture.md §5). The lint list in
//! `clippy.toml` keeps the ORM's own entry points out of the rest of the code.

use domain::tenant::TenantScope;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DeleteMany, EntityTrait, InsertMany, QueryFilter, QueryTrait, Select, UpdateMany,
};
use uuid::Uuid;

/// A table with a `tenant_id`.
pub trait TenantOwned: EntityTrait {
    const TENANT: Self::Column;
}

/// One tenant's part of every table.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    tenant: Uuid,
}

impl Door {
    pub fn of(scope: &TenantScope) -> Self {
        Self { tenant: scope.tenant().0 }
    }

    pub fn tenant(self) -> Uuid {
        self.tenant
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn select<E: TenantOwned>(self) -> Select<E> {
        E::find().filter(E::TENANT.eq(self.tenant))
    }

    /// Rows for this tenant, whatever tenant they name.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn insert<E: TenantOwned>(self, rows: impl IntoIterator<Item = E::ActiveModel>) -> InsertMany<E::ActiveModel> {
        E::insert_many(rows.into_iter().map(|mut row| {
            row.set(E::TENANT, self.tenant.into());
            row
        }))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn update<E: TenantOwned>(self) -> UpdateMany<E> {
        E::update_many().filter(E::TENANT.eq(self.tenant))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn delete<E: TenantOwned>(self) -> DeleteMany<E> {
        E::delete_many().filter(E::TENANT.eq(self.tenant))
    }

    /// Rows of this tenant for a table, made by a selection whose first column is given here: the tenant.
    pub fn insert_from<E: TenantOwned>(
        self,
        columns: impl IntoIterator<Item = E::Column>,
        select: impl FnOnce(&mut sea_orm::sea_query::SelectStatement),
    ) -> Result<sea_orm::sea_query::InsertStatement, sea_orm::DbErr> {
        use sea_orm::sea_query::{Expr, Query};
        let mut rows = Query::select();
        rows.expr(Expr::val(self.tenant));
        select(&mut rows);
        let mut insert = Query::insert();
        insert.into_table(E::default()).columns(std::iter::once(E::TENANT).chain(columns));
        insert.select_from(rows).map_err(|error| sea_orm::DbErr::Custom(error.to_string()))?;
        Ok(insert)
    }
}

/// The statement of a query that went through the door.
pub fn statement<Q: QueryTrait>(query: Q) -> Q::QueryStatement {
    query.into_query()
}
