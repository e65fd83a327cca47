//! Measures, round by round.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;

use super::flood::Flood;
use super::plan::Plan;
use super::quiet::Quiet;
use super::report::{Report, Round};
use crate::bench::error::BenchError;
use crate::bench::question;
use crate::signal;

/// What was asked before a phase has left the server by then.
const PAUSE: Duration = Duration::from_millis(500);
/// Seconds of a phase that is not counted: a cold start would make the first phase look slow, and the second one good.
const WARM_UP: u64 = 2;

/// Measures how a quiet tenant is served alone, and how beside a noisy one.
///
/// Moves the bar on by one for each request of the quiet tenant that counts. What it creates in the quiet tenant is
/// deleted again, also when it is interrupted or fails.
///
/// # Errors
/// [`BenchError::SameTenant`] and [`BenchError::Tenant`] before anything is sent; [`BenchError::Refused`] when the first
/// requests are not answered as they should be; [`BenchError::Interrupted`] on Ctrl-C and SIGTERM.
pub async fn measure(plan: &Plan, bar: &ProgressBar) -> Result<Report, BenchError> {
    if plan.is_one_tenant() {
        return Err(BenchError::SameTenant);
    }
    let quiet = Arc::new(Quiet::new(&plan.quiet)?);
    greet_noisy(plan).await?;
    bar.set_length(2 * u64::from(plan.rounds) * plan.quiet_requests());
    let rounds = tokio::select! {
        rounds = rounds(plan, &quiet, bar) => rounds,
        () = signal::stop() => Err(BenchError::Interrupted),
    };
    bar.set_message("cleaning up");
    let left_behind = quiet.clean_up().await;
    Ok(Report::new(plan, rounds?, left_behind))
}

/// Makes sure that the flood will not consist of refusals.
async fn greet_noisy(plan: &Plan) -> Result<(), BenchError> {
    let client = plan.noisy.client("noisy")?;
    let answer = client.send(&question::find("nobody")).await;
    let reason = match answer {
        // A server that limits it already is what we are looking for.
        Ok(answer) if matches!(answer.status, 200 | 429) => return Ok(()),
        Ok(answer) => format!("GET /Users answered {}: {}", answer.status, client.shown(answer.body())),
        Err(error) => format!("GET /Users: {error}"),
    };
    Err(BenchError::Refused { whose: "noisy", reason })
}

async fn rounds(plan: &Plan, quiet: &Arc<Quiet>, bar: &ProgressBar) -> Result<Vec<Round>, BenchError> {
    bar.set_message("warming up");
    quiet.settle_in().await?;
    let warm_up = WARM_UP.min(plan.seconds.into()) * u64::from(plan.quiet_rate);
    quiet.phase(plan.quiet_rate, warm_up, &ProgressBar::hidden()).await?;
    let mut rounds = Vec::new();
    for number in 1..=plan.rounds {
        rounds.push(round(plan, quiet, bar, number).await?);
    }
    Ok(rounds)
}

async fn round(plan: &Plan, quiet: &Arc<Quiet>, bar: &ProgressBar, number: u32) -> Result<Round, BenchError> {
    let phase = async |what: &str| {
        bar.set_message(format!("round {number} of {}: {what}", plan.rounds));
        quiet.phase(plan.quiet_rate, plan.quiet_requests(), bar).await
    };
    tokio::time::sleep(PAUSE).await;
    let alone = phase("quiet alone").await?;
    tokio::time::sleep(PAUSE).await;
    let flood = Flood::start(plan)?;
    let beside = phase("quiet beside the flood").await?;
    Ok(Round::new(alone, beside, flood.ended().await?))
}
