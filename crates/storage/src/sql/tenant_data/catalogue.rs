//! The tables of tenants: their columns, as the entities have them, and what becomes of their rows when a tenant is taken
//! elsewhere. A test compares them with the database, so that no table and no column is forgotten.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::archive::Row;
use domain::store::StoreError;
use sea_orm::sea_query::{ColumnType, Expr, ExprTrait, Order, Query, SelectStatement, Value};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, QueryResult};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::sql::entity::{
    activity, activity_body, activity_head, activity_minute, activity_seen, activity_target, admin, admin_link,
    admin_recovery_code, admin_session, credential, credential_secret, declaration, email_domain, fact, fact_payload,
    fact_ticket, job, journal_head, mail, member, notice, password, person_session, request_key, resource,
    resource_count, resource_value, role_rules, sign_in, sso_assertion, sso_attempt, sso_connection, sso_key, tenant,
    tenant_change, unique_value, value_index,
};
use crate::sql::scope::TenantOwned;

/// What a table is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What the tenant is, wherever it is.
    Kept,
    /// The activity log, which has a file of its own in the embedded home.
    Log,
    /// What is under way for the moment, in this installation alone: sessions, sign-ins that were begun, mails that wait.
    Passing,
    /// Facts that wait for their numbers, on PostgreSQL alone.
    Waiting,
}

/// A table of tenants.
pub struct Table {
    pub name: &'static str,
    pub part: Part,
    /// The column that says the tenant.
    pub tenant: &'static str,
    /// The columns of the key but for the tenant.
    key: Vec<&'static str>,
    columns: Vec<Column>,
}

struct Column {
    name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Id,
    Text,
    Whole,
    Small,
    Flag,
    Bytes,
}

/// All of them, in an order in which rows can be put in: what others refer to comes first.
pub fn tables() -> Vec<Table> {
    use Part::{Kept, Log, Passing, Waiting};
    vec![
        with::<tenant::Entity>("id", Kept),
        of::<declaration::Entity>(Kept),
        of::<value_index::Entity>(Kept),
        of::<resource::Entity>(Kept),
        of::<resource_value::Entity>(Kept),
        of::<resource_count::Entity>(Kept),
        of::<unique_value::Entity>(Kept),
        of::<password::Entity>(Kept),
        of::<member::Entity>(Kept),
        of::<credential::Entity>(Kept),
        of::<credential_secret::Entity>(Kept),
        of::<admin::Entity>(Kept),
        of::<admin_recovery_code::Entity>(Kept),
        of::<admin_link::Entity>(Kept),
        of::<admin_session::Entity>(Passing),
        of::<sso_connection::Entity>(Kept),
        of::<sso_key::Entity>(Kept),
        of::<sso_assertion::Entity>(Kept),
        of::<sso_attempt::Entity>(Passing),
        of::<person_session::Entity>(Passing),
        of::<sign_in::Entity>(Kept),
        of::<email_domain::Entity>(Kept),
        of::<role_rules::Entity>(Kept),
        of::<job::Entity>(Kept),
        of::<request_key::Entity>(Kept),
        of::<notice::Entity>(Kept),
        of::<mail::Entity>(Passing),
        of::<fact::Entity>(Kept),
        of::<fact_ticket::Entity>(Waiting),
        of::<fact_payload::Entity>(Kept),
        of::<journal_head::Entity>(Kept),
        of::<tenant_change::Entity>(Passing),
        of::<activity_head::Entity>(Log),
        of::<activity::Entity>(Log),
        of::<activity_body::Entity>(Log),
        of::<activity_minute::Entity>(Log),
        of::<activity_seen::Entity>(Log),
        of::<activity_target::Entity>(Log),
    ]
}

fn of<E: TenantOwned>(part: Part) -> Table {
    with::<E>(E::TENANT.as_str(), part)
}

fn with<E: EntityTrait>(tenant: &'static str, part: Part) -> Table {
    let columns = E::Column::iter().filter(|column| column.as_str() != tenant);
    let columns =
        columns.map(|column| Column { name: column.as_str(), kind: Kind::of(column.def().get_column_type()) });
    let key = E::PrimaryKey::iter().map(|column| column.into_column().as_str()).filter(|column| *column != tenant);
    Table { name: E::default().table_name(), part, tenant, key: key.collect(), columns: columns.collect() }
}

impl Kind {
    fn of(column: &ColumnType) -> Self {
        match column {
            ColumnType::Uuid => Self::Id,
            ColumnType::BigInteger => Self::Whole,
            ColumnType::Integer => Self::Small,
            ColumnType::Boolean => Self::Flag,
            ColumnType::VarBinary(_) | ColumnType::Binary(_) | ColumnType::Blob => Self::Bytes,
            _ => Self::Text,
        }
    }

    fn read(self, row: &QueryResult, column: &str) -> Result<Json, DbErr> {
        Ok(match self {
            Self::Id => row.try_get::<Option<Uuid>>("", column)?.map(|id| id.to_string()).into(),
            Self::Text => row.try_get::<Option<String>>("", column)?.into(),
            Self::Whole => row.try_get::<Option<i64>>("", column)?.into(),
            Self::Small => row.try_get::<Option<i32>>("", column)?.into(),
            Self::Flag => row.try_get::<Option<bool>>("", column)?.into(),
            Self::Bytes => row.try_get::<Option<Vec<u8>>>("", column)?.map(|bytes| STANDARD.encode(bytes)).into(),
        })
    }

    /// None when the value is no such thing.
    fn value(self, json: &Json) -> Option<Value> {
        if json.is_null() {
            return Some(self.none());
        }
        match self {
            Self::Id => Some(Uuid::try_parse(json.as_str()?).ok()?.into()),
            Self::Text => Some(json.as_str()?.into()),
            Self::Whole => Some(json.as_i64()?.into()),
            Self::Small => Some(i32::try_from(json.as_i64()?).ok()?.into()),
            Self::Flag => Some(json.as_bool()?.into()),
            Self::Bytes => Some(STANDARD.decode(json.as_str()?).ok()?.into()),
        }
    }

    fn none(self) -> Value {
        match self {
            Self::Id => None::<Uuid>.into(),
            Self::Text => None::<String>.into(),
            Self::Whole => None::<i64>.into(),
            Self::Small => None::<i32>.into(),
            Self::Flag => None::<bool>.into(),
            Self::Bytes => None::<Vec<u8>>.into(),
        }
    }
}

impl Table {
    /// The next rows of a tenant by their key, after these values of it.
    pub fn page(&self, tenant: Uuid, after: Option<&[Value]>, limit: u64) -> SelectStatement {
        let mut select = Query::select();
        select.columns(self.columns.iter().map(|column| column.name)).from(self.name);
        select.and_where(Expr::col(self.tenant).eq(tenant));
        if let Some(after) = after {
            let key = Expr::tuple(self.key.iter().map(|column| Expr::col(*column)));
            let values = Expr::tuple(after.iter().map(|value| Expr::val(value.clone())));
            select.and_where(key.gt(values));
        }
        for column in &self.key {
            select.order_by(*column, Order::Asc);
        }
        select.limit(limit).take()
    }

    pub fn read(&self, row: &QueryResult) -> Result<Row, DbErr> {
        self.columns.iter().map(|column| Ok((column.name.to_owned(), column.kind.read(row, column.name)?))).collect()
    }

    /// Where a row is among those of its tenant; none in a table with one row a tenant.
    pub fn place(&self, row: &Row) -> Option<Vec<Value>> {
        let values: Option<Vec<Value>> = self.key.iter().map(|column| self.value(column, row.get(*column)?)).collect();
        values.filter(|values| !values.is_empty())
    }

    fn value(&self, name: &str, json: &Json) -> Option<Value> {
        self.columns.iter().find(|column| column.name == name)?.kind.value(json)
    }

    /// The columns of a row that are known, with their values.
    ///
    /// # Errors
    /// A sentence that names a column which does not fit.
    pub fn values(&self, row: &Row) -> Result<(Vec<&'static str>, Vec<Value>), StoreError> {
        let unfit = |column: &str| {
            StoreError::Schema(format!("the archive has a value of {}.{column} that does not fit", self.name))
        };
        if let Some(unknown) = row.keys().find(|name| !self.columns.iter().any(|column| column.name == *name)) {
            return Err(unfit(unknown));
        }
        let mut fitting = (Vec::new(), Vec::new());
        for column in &self.columns {
            if let Some(json) = row.get(column.name) {
                fitting.0.push(column.name);
                fitting.1.push(column.kind.value(json).ok_or_else(|| unfit(column.name))?);
            }
        }
        Ok(fitting)
    }

    /// The columns of the whole key.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.tenant).chain(self.key.iter().copied())
    }

    /// The columns that a row here has, the tenant's among them.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.tenant).chain(self.columns.iter().map(|column| column.name))
    }
}
