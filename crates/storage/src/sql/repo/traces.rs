//! What single sign-on keeps of a person beside the directory: sessions, sign-ins under way, and entries of its log.

#![expect(clippy::disallowed_methods, reason = "these statements went through the door")]

use std::collections::BTreeSet;

use domain::ids::ResourceId;
use domain::sign_in_log::logged_name;
use domain::store::{StoreError, Traces};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};

use crate::sql::dialect;
use crate::sql::entity::{admin_session, person_session, sign_in, sso_attempt, sso_connection};
use crate::sql::error::failure;
use crate::sql::scope::{Door, statement};
use crate::transaction::Transaction;

pub async fn erase(
    tx: &Transaction,
    door: Door,
    person: ResourceId,
    names: &BTreeSet<String>,
) -> Result<Traces, StoreError> {
    let own = door.delete::<person_session::Entity>().filter(person_session::Column::PersonId.eq(person.0));
    let sessions = own.exec(tx).await.map_err(failure)?.rows_affected;
    let as_admin = door.delete::<admin_session::Entity>().filter(admin_session::Column::PersonId.eq(person.0));
    let as_admin = as_admin.exec(tx).await.map_err(failure)?.rows_affected;

    let known = names.iter().map(|name| logged_name(name)).collect::<Vec<_>>();
    let is_about = Condition::any()
        .add(sign_in::Column::PersonId.eq(person.0))
        .add(sign_in::Column::Name.is_in(known.clone()))
        .add(lower(sign_in::Column::SsoKey).is_in(known.clone()));
    // Those that were emptied before are not counted again.
    let says = Condition::any()
        .add(sign_in::Column::Name.is_not_null())
        .add(sign_in::Column::SsoKey.is_not_null())
        .add(sign_in::Column::Address.ne(""));
    let emptied = door
        .update::<sign_in::Entity>()
        .col_expr(sign_in::Column::Name, Expr::val(None::<String>))
        .col_expr(sign_in::Column::SsoKey, Expr::val(None::<String>))
        .col_expr(sign_in::Column::Detail, Expr::val(""))
        .col_expr(sign_in::Column::Address, Expr::val(""))
        .col_expr(sign_in::Column::Client, Expr::val(None::<String>))
        .filter(is_about)
        .filter(says);
    let sign_ins = emptied.exec(tx).await.map_err(failure)?.rows_affected;

    let backend = tx.get_database_backend();
    let names_one = |column: Expr| {
        let column = Expr::expr(sea_orm::sea_query::Func::lower(column));
        known.iter().fold(Condition::any(), |any, name| any.add(dialect::contains(backend, column.clone(), name)))
    };
    if !known.is_empty() {
        let under_way = door.delete::<sso_attempt::Entity>();
        let under_way = under_way.filter(names_one(sso_attempt::Column::Answer.into_expr()));
        under_way.exec(tx).await.map_err(failure)?;
        let tested = door
            .update::<sso_connection::Entity>()
            .col_expr(sso_connection::Column::TestedPerson, Expr::val(None::<String>))
            .filter(names_one(sso_connection::Column::TestedPerson.into_expr()));
        tx.execute(&statement(tested)).await.map_err(failure)?;
    }
    Ok(Traces { sessions: sessions + as_admin, sign_ins })
}

fn lower(column: sign_in::Column) -> Expr {
    Expr::expr(sea_orm::sea_query::Func::lower(column.into_expr()))
}
