//! The few expressions in which the two databases differ.

use domain::ids::ResourceId;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement, Value};
use serde_json::Value as Json;
use uuid::Uuid;

/// Whether a column holds one of these ids; one parameter, however many there are, so that the statement stays the same.
pub fn one_of(backend: DbBackend, column: Expr, ids: &[Uuid]) -> Expr {
    match (backend, ids) {
        (_, [one]) => column.eq(*one),
        (DbBackend::Postgres, ids) => Expr::cust_with_exprs("$1 = ANY($2)", [column, Expr::val(array(ids))]),
        (_, ids) => {
            Expr::cust_with_exprs("? IN (SELECT unhex(value) FROM json_each(?))", [column, Expr::val(list(ids))])
        }
    }
}

/// Whether a column holds one of the few ids that a statement gives. PostgreSQL runs the statement once and looks each of
/// them up; left to itself, it may run the statement again for every row there is.
pub fn one_of_found(backend: DbBackend, column: Expr, ids: SelectStatement) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("$1 = ANY(ARRAY($2))", [column, Expr::from(ids)]),
        _ => column.in_subquery(ids),
    }
}

/// The ids as rows with the one column `id`. Of an array PostgreSQL cannot know the length without looking, so it would plan
/// the statement anew each time; one id, which is what clients send most, is not put into one.
pub fn ids(backend: DbBackend, ids: &[Uuid]) -> SelectStatement {
    if let [one] = ids {
        return Query::select().expr_as(Expr::val(*one), "id").take();
    }
    if backend == DbBackend::Postgres {
        return Query::select().expr_as(Expr::cust_with_values("unnest($1)", [array(ids)]), "id").take();
    }
    let each = Func::cust("json_each").arg(list(ids));
    Query::select().expr_as(Expr::cust("unhex(value)"), "id").from_function(each, "each").take()
}

/// Texts as rows with the one column `text`.
pub fn texts(backend: DbBackend, texts: &[&str]) -> SelectStatement {
    let list = Json::from(texts.to_vec()).to_string();
    let each = match backend {
        DbBackend::Postgres => {
            Func::cust("json_array_elements_text").arg(Expr::cust_with_values("CAST($1 AS json)", [list]))
        }
        _ => Func::cust("json_each").arg(list),
    };
    Query::select().expr_as(Expr::col(("each", "value")), "text").from_function(each, "each").take()
}

fn array(ids: &[Uuid]) -> Value {
    Value::from(ids.to_vec())
}

fn list(ids: &[Uuid]) -> Value {
    let ids: Vec<Json> = ids.iter().map(|id| Json::from(id.simple().to_string())).collect();
    Value::from(Json::from(ids).to_string())
}

/// The groups that the resource of the row is in itself, as a JSON array of `[id, name, whether it is in groups too]`, or
/// null.
pub fn groups_of_row(backend: DbBackend) -> String {
    const FROM: &str = "FROM member AS m JOIN resource AS g
        ON g.tenant_id = m.tenant_id AND g.kind = 'Group' AND g.id = m.group_id
        WHERE m.tenant_id = resource.tenant_id AND m.member_id = resource.id";
    const NESTED: &str =
        "EXISTS (SELECT 1 FROM member AS above WHERE above.tenant_id = m.tenant_id AND above.member_id = m.group_id)";
    match backend {
        DbBackend::Postgres => {
            format!("(SELECT json_agg(json_build_array(g.id, g.display, {NESTED}) ORDER BY g.id)::text {FROM})")
        }
        _ => format!(
            "(SELECT json_group_array(json_array(hex(g.id), g.display, json(iif({NESTED}, 'true', 'false'))) ORDER BY g.id) {FROM})"
        ),
    }
}

/// Whether a text column has a text somewhere in it.
pub fn contains(backend: DbBackend, column: Expr, text: &str) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("strpos($1, $2) > 0", [column, Expr::val(text)]),
        _ => Expr::cust_with_exprs("instr(?, ?) > 0", [column, Expr::val(text)]),
    }
}

/// Whether a document of a user says that the account may not be used. Most are told from others without reading them.
pub fn is_inactive(backend: DbBackend, document: Expr) -> Expr {
    let mentions = contains(backend, document.clone(), r#""active":false"#);
    mentions.and(match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("($1::json ->> 'active') = 'false'", [document]),
        _ => Expr::cust_with_exprs("json_extract(?, '$.active') = 0", [document]),
    })
}

/// Whether a text column ends with a text.
pub fn ends_with(backend: DbBackend, column: Expr, text: &str) -> Expr {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    match backend {
        DbBackend::Postgres => {
            Expr::cust_with_exprs("right($1, $2::int) = $3", [column, Expr::val(length), Expr::val(text)])
        }
        // The end of length 0 would be the whole.
        _ if text.is_empty() => column.is_not_null(),
        _ => Expr::cust_with_exprs("substr(?, ?) = ?", [column, Expr::val(-length), Expr::val(text)]),
    }
}

/// Bytes of a text column.
pub fn length(backend: DbBackend, column: Expr) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::cust_with_exprs("octet_length($1)", [column]),
        _ => Expr::cust_with_exprs("octet_length(?)", [column]),
    }
}

pub fn uuids(ids: &[ResourceId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}
