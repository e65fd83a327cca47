//! The cycles of the last day and the last week, which the page fetches anew now and then.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;

use super::chart::Chart;
use super::connection::Connection;
use super::part;
use crate::call::AdminCall;
use crate::error::PageError;

const DAY: i64 = 86_400;

#[derive(Template)]
#[template(path = "provisioning/cycles.html")]
pub struct Cycles {
    /// None before the first cycle, and when the activity log does not answer.
    charts: Vec<Chart>,
}

impl HtmlSafe for Cycles {}

impl Cycles {
    pub async fn of(call: &AdminCall, connection: &Connection) -> Self {
        if connection.pulse.is_none() || connection.health.last_cycle.is_none() {
            return Self { charts: Vec::new() };
        }
        let now = connection.now;
        let cycles = call.admin.activity.cycles(&call.cx.scope, now.plus_seconds(-7 * DAY), now).await;
        let cycles = cycles.unwrap_or_default();
        let charts = [("Last 24 hours", DAY), ("Last 7 days", 7 * DAY)];
        Self { charts: charts.map(|(title, span)| Chart::of(title, &cycles, span, now)).into() }
    }
}

/// `GET …/provisioning/cycles`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(&call).await?;
    part(&call, &Cycles::of(&call, &connection).await)
}
