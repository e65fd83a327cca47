//! `rollcall provisioning on|off|pause|resume --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::credential::CredentialState;
use domain::ops::Switched;
use domain::tenant::{ProvisioningState, Tenant};
use serde_json::Value;

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
    Off(OneTenant),
    /// Answer requests with 503 and Retry-After until resumed
    Pause(OneTenant),
    /// Take requests again after a pause
    Resume(OneTenant),
}

impl ProvisioningCommand {
    fn which(&self) -> &OneTenant {
        match self {
            Self::On(which) | Self::Off(which) | Self::Pause(which) | Self::Resume(which) => which,
        }
    }
}

pub async fn run(file: Option<&Path>, args: ProvisioningArgs) -> anyhow::Result<ExitCode> {
    let which = args.command.which();
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let settings = &rollcall.switches;
    let switched = match &args.command {
        ProvisioningCommand::On(_) => settings.set_provisioning(&cx, ProvisioningState::On).await?,
        ProvisioningCommand::Off(_) => settings.set_provisioning(&cx, ProvisioningState::Off).await?,
        ProvisioningCommand::Pause(_) => settings.set_provisioning(&cx, ProvisioningState::Paused).await?,
        ProvisioningCommand::Resume(_) => settings.resume_provisioning(&cx).await?,
    };
    let usable = usable_credentials(&rollcall, &switched.tenant).await?;
    output::report(which.json, &as_json(&rollcall, &switched), &as_text(&rollcall, &switched, usable))?;
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
    Value::Object(shown)
}

/// `usable`: how many credentials of the tenant open it now.
fn as_text(rollcall: &Rollcall, switched: &Switched, usable: usize) -> String {
    let head = format!("User provisioning of {} is {}.", switched.tenant.slug, switched.tenant.provisioning.as_str());
    let is_on = switched.tenant.provisioning == ProvisioningState::On;
    match &switched.minted {
        None if is_on && usable == 0 => {
            format!(
                "{head} It has no usable token; make one with `rollcall token create --tenant {}`.",
                switched.tenant.slug
            )
        }
        None => head,
        Some(minted) => format!("{head}\n\n{}", admit::minted_text(rollcall, &switched.tenant, minted)),
    }
}
