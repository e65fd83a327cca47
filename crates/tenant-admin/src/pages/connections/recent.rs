//! The newest sign-ins by a connection, tests among them: a part of its page that moves by itself.

use actix_web::HttpResponse;
use askama::Template;
use domain::connection::Connection;
use domain::sign_in_log::SignInQuery;

use super::asked;
use super::log::{self, LogRow};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::pages::provisioning::part;

/// So many of the newest sign-ins stand on the page.
const RECENT: u64 = 10;

#[derive(Template)]
#[template(path = "connections/recent.html")]
pub struct Recent {
    rows: Vec<LogRow>,
}

impl Recent {
    /// # Errors
    /// Those of the store.
    pub async fn of(call: &AdminCall, connection: &Connection) -> Result<Self, PageError> {
        let query = SignInQuery { connection: Some(connection.id), limit: RECENT, ..SignInQuery::default() };
        let entries = call.admin.connections.sign_ins(&call.cx.scope, &query).await?;
        Ok(Self { rows: log::rows(call, &entries, std::slice::from_ref(connection)).await? })
    }
}

/// `GET /settings/user-authentication/sso/{id}/sign-ins`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = asked(&call).await?;
    part(&call, &Recent::of(&call, &connection).await?)
}
