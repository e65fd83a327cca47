//! `rollcall provisioning on|off|pause|resume|show|set --tenant acme`

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::choices::{People, Retention};
use domain::credential::CredentialState;
use domain::job::Job;
use domain::mail::MailAddress;
use domain::ops::{SettingsChange, Switched};
use domain::tenant::{ProvisioningState, Tenant};
use serde_json::{Map, Value, json};

use super::admit::OneTenant;
use super::{admit, output};
use crate::wiring::Rollcall;

#[derive(Debug, Args)]
pub struct ProvisioningArgs {
    #[command(subcommand)]
    command: ProvisioningCommand,
}

#[derive(Debug, Subcommand)]
enum ProvisioningCommand {
    /// Take requests; the first time a token is made and shown
    On(OneTenant),
    /// Refuse requests with 403; tokens and data stay
    Off(Off),
    /// Answer requests with 503 and Retry-After until resumed
    Pause(OneTenant),
    /// Take requests again after a pause
    Resume(OneTenant),
    /// Show the switch, what was chosen, and how far people are deactivated
    Show(OneTenant),
    /// Choose who is notified and how long the log is kept
    Set(Set),
}

#[derive(Debug, Args)]
struct Off {
    #[command(flatten)]
    which: OneTenant,
    /// Deactivate everybody who is active; the server does it, and switching on stops it
    #[arg(long)]
    deactivate_people: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct Set {
    #[command(flatten)]
    which: OneTenant,
    /// How long the activity log is kept: 7, 30, 90 or 180 days
    #[arg(long, value_name = "DAYS", required_unless_present_any = ["notify", "notify_nobody"])]
    log_retention: Option<Retention>,
    /// Who is notified when the connection turns bad; repeat it for up to ten addresses
    #[arg(long, value_name = "ADDRESS")]
    notify: Vec<MailAddress>,
    /// Notify nobody
    #[arg(long, conflicts_with = "notify")]
    notify_nobody: bool,
}

impl ProvisioningCommand {
    fn which(&self) -> &OneTenant {
        match self {
            Self::On(which) | Self::Pause(which) | Self::Resume(which) | Self::Show(which) => which,
            Self::Off(off) => &off.which,
            Self::Set(set) => &set.which,
        }
    }
}

impl Set {
    fn change(&self) -> SettingsChange {
        let notify = (self.notify_nobody || !self.notify.is_empty()).then(|| self.notify.clone());
        SettingsChange { retention: self.log_retention, notify, ..SettingsChange::default() }
    }
}

pub async fn run(file: Option<&Path>, args: ProvisioningArgs) -> anyhow::Result<ExitCode> {
    let which = args.command.which();
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let settings = &rollcall.switches;
    let switched = match &args.command {
        ProvisioningCommand::Show(_) => return show(&rollcall, &tenant, which.json).await,
        ProvisioningCommand::Set(args) => {
            let tenant = settings.change(&cx, args.change()).await?.tenant;
            return show(&rollcall, &tenant, which.json).await;
        }
        ProvisioningCommand::On(_) => settings.set_provisioning(&cx, ProvisioningState::On).await?,
        ProvisioningCommand::Off(args) => settings.change(&cx, off(&rollcall, &tenant, args).await?).await?,
        ProvisioningCommand::Pause(_) => settings.set_provisioning(&cx, ProvisioningState::Paused).await?,
        ProvisioningCommand::Resume(_) => settings.resume_provisioning(&cx).await?,
    };
    let usable = usable_credentials(&rollcall, &switched.tenant).await?;
    output::report(which.json, &as_json(&rollcall, &switched), &as_text(&rollcall, &switched, usable))?;
    Ok(ExitCode::SUCCESS)
}

/// Switching off, with what is to become of people. That many lose access is asked once more at a terminal.
async fn off(rollcall: &Rollcall, tenant: &Tenant, args: &Off) -> anyhow::Result<SettingsChange> {
    let off = SettingsChange::from(ProvisioningState::Off);
    if !args.deactivate_people {
        return Ok(off);
    }
    if !args.yes && io::stdin().is_terminal() {
        let (slug, count) = (&tenant.slug, rollcall.jobs.head_count(&tenant.scope()).await?);
        let question = format!("This deactivates the {} people of {slug} who are active.", count.active);
        if !admit::confirmed(&question, slug.as_str())? {
            bail!("nothing was changed");
        }
    }
    Ok(SettingsChange { people: People::Deactivate, ..off })
}

async fn show(rollcall: &Rollcall, tenant: &Tenant, json: bool) -> anyhow::Result<ExitCode> {
    let job = rollcall.jobs.latest(&tenant.scope()).await?;
    let mut shown = admit::tenant_json(rollcall, tenant);
    shown.extend(admit::choices_json(tenant));
    shown.extend(job_json(job.as_ref()));
    let mut text = format!("{}\n{}", head(tenant), admit::choices_text(tenant));
    if let Some(job) = &job {
        text = format!("{text}\n{}", job_text(job));
    }
    output::report(json, &Value::Object(shown), &text)?;
    Ok(ExitCode::SUCCESS)
}

async fn usable_credentials(rollcall: &Rollcall, tenant: &Tenant) -> anyhow::Result<usize> {
    let now = rollcall.clock.now();
    let credentials = rollcall.credentials.list(&tenant.scope()).await?;
    Ok(credentials.iter().filter(|one| one.state(now) == CredentialState::Live).count())
}

fn as_json(rollcall: &Rollcall, switched: &Switched) -> Value {
    let mut shown = admit::tenant_json(rollcall, &switched.tenant);
    if let Some(minted) = &switched.minted {
        shown.extend(admit::minted_json(rollcall, &switched.tenant, minted));
    }
    if switched.job.is_some() {
        shown.extend(job_json(switched.job.as_ref()));
    }
    Value::Object(shown)
}

fn job_json(job: Option<&Job>) -> Map<String, Value> {
    let job = job.map(|job| {
        json!({
            "kind": job.kind.as_str(),
            "state": job.state.as_str(),
            "total": job.total,
            "done": job.done,
            "failed": job.failed,
            "created": job.created.to_string(),
            "ended": admit::moment(job.ended),
        })
    });
    Map::from_iter([("job".to_owned(), job.unwrap_or_default())])
}

fn job_text(job: &Job) -> String {
    let Job { done, total, failed, .. } = job;
    let state = job.state.as_str();
    format!("Deactivating people, asked for {}: {state}, {done} of {total} done, {failed} failed.", job.created)
}

fn head(tenant: &Tenant) -> String {
    format!("User provisioning of {} is {}.", tenant.slug, tenant.provisioning.as_str())
}

/// `usable`: how many credentials of the tenant open it now.
fn as_text(rollcall: &Rollcall, switched: &Switched, usable: usize) -> String {
    let head = head(&switched.tenant);
    let is_on = switched.tenant.provisioning == ProvisioningState::On;
    match (&switched.minted, &switched.job) {
        (Some(minted), _) => format!("{head}\n\n{}", admit::minted_text(rollcall, &switched.tenant, minted)),
        (None, Some(job)) => {
            format!(
                "{head} The server deactivates {} people; `rollcall provisioning show` tells how far it is.",
                job.total
            )
        }
        (None, None) if is_on && usable == 0 => {
            let slug = &switched.tenant.slug;
            format!("{head} It has no usable token; make one with `rollcall token create --tenant {slug}`.")
        }
        (None, None) => head,
    }
}
