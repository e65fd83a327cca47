//! `rollcall limits show|set --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use domain::limit::{Budget, LimitOverrides, Policy};
use domain::tenant::Tenant;
use serde_json::{Map, Value, json};

use super::admit::OneTenant;
use super::{admit, output};
use crate::settings::Settings;

#[derive(Debug, Args)]
pub struct LimitsArgs {
    #[command(subcommand)]
    command: LimitsCommand,
}

#[derive(Debug, Subcommand)]
enum LimitsCommand {
    /// Show the tenant's budgets
    Show(OneTenant),
    /// Give the tenant budgets of its own, or take them away
    Set(Set),
}

/// A budget is RATE:BURST, such as 200:2000: so many a second in the long run, and so many at once. `default` is what
/// everybody has.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("budgets").args(["reads", "writes", "bulk"]).required(true).multiple(true))]
struct Set {
    #[command(flatten)]
    which: OneTenant,
    /// Requests that read: RATE:BURST or default
    #[arg(long, value_parser = choice, value_name = "BUDGET")]
    reads: Option<Choice>,
    /// Requests that write: RATE:BURST or default
    #[arg(long, value_parser = choice, value_name = "BUDGET")]
    writes: Option<Choice>,
    /// Operations in bulk requests: RATE:BURST or default
    #[arg(long, value_parser = choice, value_name = "BUDGET")]
    bulk: Option<Choice>,
}

/// A budget of the tenant's own, or none.
#[derive(Clone, Copy, Debug)]
struct Choice(Option<Policy>);

fn choice(text: &str) -> Result<Choice, String> {
    match text {
        "default" => Ok(Choice(None)),
        text => Policy::parse(text).map(Some).map(Choice).map_err(|error| format!("{error}, or default")),
    }
}

pub async fn run(file: Option<&Path>, args: LimitsArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(file)?;
    match args.command {
        LimitsCommand::Show(which) => {
            let (_, tenant) = admit::open_tenant(file, &which.tenant).await?;
            show(&settings, &tenant, which.json)?;
        }
        LimitsCommand::Set(args) => {
            let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
            let cx = rollcall.operator_context(&tenant);
            let changed = rollcall.switches.set_limits(&cx, |own| change(own, &args)).await?;
            show(&settings, &changed, args.which.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn change(own: &mut LimitOverrides, args: &Set) {
    for (place, choice) in [(&mut own.reads, args.reads), (&mut own.writes, args.writes), (&mut own.bulk, args.bulk)] {
        if let Some(Choice(budget)) = choice {
            *place = budget;
        }
    }
}

fn show(settings: &Settings, tenant: &Tenant, as_json: bool) -> anyhow::Result<()> {
    let policies = settings.limits.policies();
    let own = &tenant.limits;
    let budgets = [(Budget::Reads, own.reads), (Budget::Writes, own.writes), (Budget::Bulk, own.bulk)];
    let mut shown = Map::from_iter([
        ("tenant".to_owned(), Value::from(tenant.slug.as_str())),
        ("enabled".to_owned(), Value::from(settings.limits.enabled)),
    ]);
    let mut lines = Vec::new();
    for (budget, own_policy) in budgets {
        let (policy, is_own) = (policies.of(budget, own), own_policy.is_some());
        let (rate, burst, name) = (policy.rate_per_second(), policy.burst(), budget.as_str());
        shown.insert(name.to_owned(), json!({"per_second": rate, "burst": burst, "own": is_own}));
        let whose = if is_own { "its own" } else { "as for everybody" };
        lines.push(format!("{name:<7} {rate:.0} a second, {burst} at once ({whose})"));
    }
    if !settings.limits.enabled {
        lines.push("limits.enabled is false here: nothing is limited".to_owned());
    }
    output::report(as_json, &Value::Object(shown), &lines.join("\n"))
}
