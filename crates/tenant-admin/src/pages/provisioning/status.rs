//! How the connection is: the part of the page that moves by itself.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::admin::Right;
use domain::catalogue::Cause;
use domain::health::text::number;
use domain::health::{ConnectionState, QuarantineReason};
use domain::job::Job;

use super::banner::{Action, Banner};
use super::connection::Connection;
use super::{part, paths};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::lists::several;
use crate::text::provisioning::{self as words, Hrefs};
use crate::when::day;

/// A figure with its unit or context.
pub struct Figure {
    pub label: &'static str,
    pub value: String,
    pub unit: &'static str,
    pub below: String,
}

/// One reason why changes fail.
pub struct CauseRow {
    pub share: String,
    pub title: String,
    pub why: &'static str,
    pub what_to_do: String,
    pub href: String,
}

/// What comes of failures, when they go on: Entra's sums.
pub struct Outlook {
    /// Of the people and groups, which is what Entra counts.
    pub percent: u8,
    pub is_quarantined: bool,
    pub disabled: String,
}

/// How far a job is.
pub struct Progress {
    pub done: String,
    pub total: String,
    pub percent: u64,
}

#[derive(Template)]
#[template(path = "provisioning/status.html")]
pub struct Status {
    pub banner: Banner,
    figures: Vec<Figure>,
    causes: Vec<CauseRow>,
    outlook: Option<Outlook>,
    progress: Option<Progress>,
    failures: String,
}

impl HtmlSafe for Status {}

/// Where the banner leads.
pub fn hrefs(call: &AdminCall) -> Hrefs {
    Hrefs {
        page: paths::page(call),
        guide: paths::guide(call),
        failures: paths::failures(call),
        new_token: paths::below(call, "tokens/new"),
        resume: paths::below(call, "resume"),
        vendor: call.admin.branding.name.clone(),
    }
}

impl Status {
    /// # Errors
    /// Those of the store.
    pub async fn of(call: &AdminCall, connection: &Connection) -> Result<Self, PageError> {
        let mut banner = words::banner(connection, &hrefs(call));
        banner.csrf.clone_from(&call.caller.csrf);
        let may = call.may(Right::Configure);
        let needs_right = match &banner.action {
            Some(Action::Send { .. }) => true,
            Some(Action::Go { href, .. }) => href.ends_with("/new"),
            None => false,
        };
        if needs_right && !may {
            banner.action = None;
        }
        Ok(Self {
            figures: figures(call, connection).await?,
            causes: causes(call, connection),
            outlook: outlook(connection),
            progress: connection.shown_job().filter(|job| job.is_running()).map(Progress::of),
            failures: paths::failures(call),
            banner,
        })
    }
}

/// `GET …/provisioning/status`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(&call).await?;
    part(&call, &Status::of(&call, &connection).await?)
}

async fn figures(call: &AdminCall, connection: &Connection) -> Result<Vec<Figure>, PageError> {
    let health = &connection.health;
    let Some(cycle) = health.last_cycle.filter(|_| !connection.is_off()) else { return Ok(Vec::new()) };
    if connection.state() == ConnectionState::FirstSync {
        let minutes = (words::seconds(cycle.from, connection.now) / 60).max(1);
        let rate = (cycle.people + cycle.groups + cycle.memberships) / minutes.unsigned_abs();
        return Ok(vec![
            figure("People", cycle.people, "", "created or linked"),
            figure("Groups", cycle.groups, "", "created or linked"),
            figure("Memberships", cycle.memberships, "", "still arriving"),
            figure("Failures", cycle.failures, "", if cycle.failures == 0 { "none" } else { "see the log" }),
            figure("Rate", rate, "per min", "on average"),
        ]);
    }
    let (people, groups) = call.admin.jobs.totals(&call.cx.scope).await?;
    let (changes, cycles) =
        connection.pulse.as_ref().map_or((0, 0), |pulse| (pulse.window.changes, pulse.window.cycles));
    let cycles = format!("in {}", several(cycles, "cycle", "cycles"));
    let percent = if health.failures == 0 {
        "none".to_owned()
    } else {
        format!("{}\u{a0}% of {}", health.percent, number(health.attempts))
    };
    Ok(vec![
        figure("People", people, "", "in the directory"),
        figure("Groups", groups, "", "in the directory"),
        figure("Changes done, 24\u{a0}h", changes, "", &cycles),
        figure("Failures, 24\u{a0}h", health.failures, "", &percent),
    ])
}

fn figure(label: &'static str, value: u64, unit: &'static str, below: &str) -> Figure {
    Figure { label, value: number(value), unit, below: below.to_owned() }
}

fn causes(call: &AdminCall, connection: &Connection) -> Vec<CauseRow> {
    let tells = matches!(connection.state(), ConnectionState::Degraded | ConnectionState::QuarantineLikely);
    let causes = connection.health.causes.iter().filter(|_| tells);
    causes
        .map(|counted| {
            let cause: Cause = counted.cause;
            CauseRow {
                share: number(counted.people),
                title: words::bare(cause.title()),
                why: cause.why(),
                what_to_do: words::job_sentence(cause),
                href: format!("{}&cause={}", paths::failures(call), cause.code()),
            }
        })
        .collect()
}

fn outlook(connection: &Connection) -> Option<Outlook> {
    if !matches!(connection.state(), ConnectionState::Degraded | ConnectionState::QuarantineLikely) {
        return None;
    }
    let forecast = connection.health.forecast.filter(|forecast| forecast.reason != QuarantineReason::Credentials)?;
    Some(Outlook {
        percent: connection.pulse.as_ref()?.window.failing_percent(),
        is_quarantined: connection.health.is_quarantined(),
        disabled: day(forecast.disabled),
    })
}

impl Progress {
    fn of(job: &Job) -> Self {
        let seen = job.done + job.failed;
        Self {
            done: number(job.done),
            total: number(job.total),
            percent: (seen * 100).checked_div(job.total).unwrap_or(100).min(100),
        }
    }
}
