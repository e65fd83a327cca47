//! `rollcall serve`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::time::timeout;
use anyhow::Context;
use clap::Args;
use domain::admin::AdminRole;
use domain::context::Actor;
use domain::ops::{Credentials, NewAdmin, NewTenant, SignIn};
use domain::store::Store as _;
use domain::tenant::{DirectoryRules, ProvisioningState};

use super::output;
use crate::metrics::{self, Here, Metrics};
use crate::process_role::{ProcessRole, ProcessRoles};
use crate::settings::Settings;
use crate::wiring::{self, Rollcall};
use crate::workers::Workers;
use crate::{http, signal, telemetry};

/// How long the last writing down of tokens' uses may take in the end, when the database may be away.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said beside the settings.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// What the process is there for, with commas between; everything unless said otherwise
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ROLES")]
    roles: Vec<ProcessRole>,
}

pub async fn run(file: Option<&Path>, args: ServeArgs) -> anyhow::Result<ExitCode> {
    let (settings, roles) = (Settings::load(file)?, ProcessRoles::from(args.roles));
    let traces = telemetry::init(&settings.telemetry)?;
    let outcome = serve(&settings, &roles).await;
    traces.end().await;
    outcome?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: &Settings, roles: &ProcessRoles) -> anyhow::Result<()> {
    // Before the store is touched: a server that cannot listen must not have made a demo tenant nobody sees.
    let listener = http::bind(&settings.http)?;
    let shown = metrics::bind(&settings.metrics)?;
    let address = listener.local_addr()?;
    let collected = shown.is_some().then(Metrics::collect).transpose()?;
    let public_base = settings.public_url_at(address.port()).as_str().trim_end_matches('/').to_owned();
    let rollcall = Arc::new(Rollcall::open(settings, &public_base).await?);
    if rollcall.migration.is_first && settings.is_default_home() {
        output::text(&welcome(&rollcall, &public_base).await?)?;
    }
    warn_of_missing_keys(&rollcall).await?;
    // The first request may come with an access token.
    rollcall.signing.follow(rollcall.clock.now()).await?;
    let budgets = Arc::new(wiring::limits(settings, &rollcall.clock).await?);
    let sign_in = Arc::new(rollcall.sign_in(budgets.limiter()));
    if shown.is_some() {
        // Before anything is counted of them.
        rollcall.tell_tenants_apart(settings.metrics.tenants).await?;
    }
    let server = http::start(listener, settings, &rollcall, budgets.clone(), &sign_in, roles)?;
    let mut workers = Workers::start(&rollcall, &budgets, &sign_in, roles);
    if let (Some(shown), Some(collected)) = (shown, collected) {
        tracing::info!(address = %shown.local_addr()?, "measurements are shown");
        let here = Here::new(rollcall.clone(), budgets.limiter(), workers.marks(), roles);
        drop(rt::spawn(metrics::serve(shown, &collected, here)?));
        workers.observe(collected, budgets.limiter(), settings.metrics.tenants);
    }
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(%address, url = %public_base, roles = roles.names(), version, "listening");
    let outcome = tokio::select! {
        done = server => done.context("the server stopped"),
        () = signal::stop_at_once() => {
            tracing::warn!("stopping at once, as asked twice");
            Ok(())
        }
    };
    workers.end().await;
    outcome?;
    if timeout(PATIENCE, last_words(&rollcall, &sign_in)).await.is_err() {
        tracing::warn!("the last uses of tokens and rows of the activity log could not be written down in time");
    }
    Ok(())
}

/// A ring that is not the one of this database lets nobody in, and nobody would know why.
async fn warn_of_missing_keys(rollcall: &Rollcall) -> anyhow::Result<()> {
    let (ring, uses) = (rollcall.keys.ring(), rollcall.store.work().key_uses(rollcall.clock.now()).await?);
    for (key, values) in uses.sealed.iter().filter(|(key, _)| !ring.holds(key)) {
        let home = rollcall.ring_home.name();
        tracing::warn!(%key, values, home, "encrypted values rest on a key that is not in the key ring and cannot be read");
    }
    for (key, secrets) in uses.digests.iter().filter(|(key, _)| !ring.holds(key)) {
        let home = rollcall.ring_home.name();
        tracing::warn!(%key, secrets, home, "secrets rest on a key that is not in the key ring and open nothing");
    }
    Ok(())
}

/// Writes down what is left when the last request is answered.
async fn last_words(rollcall: &Rollcall, sign_in: &SignIn) {
    flush(&rollcall.credentials).await;
    if let Err(error) = sign_in.flush_refusals(rollcall.clock.now()).await {
        tracing::warn!(%error, "the last refused sign-ins could not be written down");
    }
    if let Err(error) = rollcall.activity.flush(rollcall.clock.now()).await {
        tracing::warn!(%error, "the last rows of the activity log could not be written down");
    }
}

async fn flush(credentials: &Credentials) {
    if let Err(error) = credentials.flush_uses().await {
        tracing::warn!(%error, "the last uses of tokens could not be written down");
    }
}

/// Makes the demo tenant of a first start; gives what to do next.
async fn welcome(rollcall: &Rollcall, public_base: &str) -> anyhow::Result<String> {
    let new = NewTenant {
        slug: "acme".parse().map_err(anyhow::Error::msg)?,
        name: "Acme Inc".to_owned(),
        rules: DirectoryRules::default(),
    };
    let tenant = rollcall.tenants.create(&Actor::Operator, new, rollcall.clock.now()).await?;
    let cx = rollcall.operator_context(&tenant);
    let switched = rollcall.switches.set_provisioning(&cx, ProvisioningState::On).await?;
    let minted = switched.minted.context("the demo tenant has a token already")?;
    let email = "owner@acme.example".parse().map_err(anyhow::Error::msg)?;
    let owner = NewAdmin { email, name: String::new(), role: AdminRole::Owner };
    let sign_in_url = rollcall.addresses.sign_in_url(&tenant.slug);
    let invited = rollcall.people.invite(&cx, &tenant, owner, &sign_in_url).await?;
    let invitation = rollcall.addresses.link_url(&tenant.slug, &invited.link.text.reveal());
    let base_url = rollcall.addresses.scim_base_url(&tenant.slug);
    let token = minted.bearer.reveal();
    Ok(format!(
        "
Rollcall is running at {public_base}

A demo tenant is ready. Its owner is owner@acme.example; choose a password here:

  {invitation}

The link works once, for 7 days. After that, sign in at {sign_in_url}

What an identity provider needs:

  Base (Tenant) URL   {base_url}
  Secret token        {token}

The token is shown this once. Create a first person with it:

  curl -s {base_url}/Users \\
    -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/scim+json' \\
    -d '{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"ada@acme.example\"}}'

Next: `rollcall replay --base-url URL --token TOKEN` plays what Entra and Okta send;
docs/guides/connect-entra.md connects a real one. Ctrl-C stops.
"
    ))
}
