//! `rollcall tenant create|list|show|set|suspend|resume|delete`; what takes whole tenants is beside this.

use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use domain::context::Actor;
use domain::ops::NewTenant;
use domain::tenant::{DirectoryRules, ProvisioningState, Tenant, TenantSlug, TenantStatus, shown_text};
use serde_json::{Map, Value, json};

use super::{admit, archive, erasure, output};
use crate::wiring::Rollcall;

#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(subcommand)]
    command: TenantCommand,
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Add a tenant, or many from a file
    Create(Create),
    /// List all tenants
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show one tenant
    Show(Which),
    /// Change what a tenant has chosen about its directory
    Set(Set),
    /// Refuse all requests of a tenant with 403; its data stays
    Suspend(Which),
    /// Serve a suspended tenant again
    Resume(Which),
    /// Remove a tenant and everything of it, for ever
    Delete(Delete),
    /// Write everything of a tenant into a signed archive
    Export(archive::Export),
    /// Bring in a tenant from an archive
    Import(archive::Import),
    /// Erase a tenant in small steps and keep a record that it was done
    Erase(erasure::Erase),
    /// Show the records of tenants that were erased
    Erased {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// The tenant
    tenant: TenantSlug,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Set {
    #[command(flatten)]
    which: Which,
    /// The letter of RFC 7644 where common clients need something else
    #[arg(long, value_name = "on|off", value_parser = switch, required_unless_present = "discard_passwords")]
    strict: Option<bool>,
    /// Discard passwords that clients send, instead of keeping digests of them
    #[arg(long, value_name = "on|off", value_parser = switch)]
    discard_passwords: Option<bool>,
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("say on or off".to_owned()),
    }
}

#[derive(Debug, Args)]
struct Delete {
    #[command(flatten)]
    which: Which,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// What a tenant chooses about its directory.
#[derive(Debug, Args)]
struct Rules {
    /// No two groups may have the same name, whatever its case
    #[arg(long)]
    unique_group_names: bool,
    /// Keep to the letter of RFC 7644 where common clients need something else
    #[arg(long)]
    strict: bool,
    /// Discard passwords that clients send, instead of keeping digests of them
    #[arg(long)]
    discard_passwords: bool,
}

#[derive(Debug, Args)]
struct Create {
    /// The tenant's name in URLs: lower-case letters, digits and hyphens
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    tenant: Option<TenantSlug>,
    /// The name people read (default: the name in URLs)
    #[arg(long, conflicts_with = "from", value_parser = shown_text)]
    name: Option<String>,
    /// A file with one JSON object a line: {"tenant":"acme","name":"Acme Inc"}
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Switch provisioning on and show the first token
    #[arg(long)]
    with_token: bool,
    #[command(flatten)]
    rules: Rules,
    /// Print one JSON object, with --from one a line
    #[arg(long)]
    json: bool,
}

pub async fn run(file: Option<&Path>, args: TenantArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        TenantCommand::Create(args) => create(file, args).await?,
        TenantCommand::List { json } => list(file, json).await?,
        TenantCommand::Show(which) => show(file, &which).await?,
        TenantCommand::Set(args) => set(file, &args).await?,
        TenantCommand::Suspend(which) => set_status(file, &which, TenantStatus::Suspended).await?,
        TenantCommand::Resume(which) => set_status(file, &which, TenantStatus::Active).await?,
        TenantCommand::Delete(args) => delete(file, args).await?,
        TenantCommand::Export(args) => archive::export(file, &args).await?,
        TenantCommand::Import(args) => archive::import(file, &args).await?,
        TenantCommand::Erase(args) => erasure::erase(file, &args).await?,
        TenantCommand::Erased { json } => erasure::list(file, json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(file: Option<&Path>, args: Create) -> anyhow::Result<()> {
    let wanted = match (&args.from, &args.tenant) {
        (Some(from), _) => read_many(from)?,
        (None, Some(slug)) => vec![(slug.clone(), args.name.clone().unwrap_or_else(|| slug.to_string()))],
        (None, None) => Vec::new(),
    };
    let rollcall = admit::open(file).await?;
    if let Some(from) = &args.from {
        check_free(&rollcall, from, &wanted).await?;
    }
    for (slug, name) in wanted {
        let rules = DirectoryRules {
            unique_group_names: args.rules.unique_group_names,
            strict: args.rules.strict,
            discards_passwords: args.rules.discard_passwords,
        };
        create_one(&rollcall, NewTenant { slug, name, rules }, &args).await?;
    }
    Ok(())
}

async fn create_one(rollcall: &Rollcall, new: NewTenant, args: &Create) -> anyhow::Result<()> {
    let tenant = rollcall.tenants.create(&Actor::Operator, new, rollcall.clock.now()).await?;
    if !args.with_token {
        let slug = &tenant.slug;
        let text = format!(
            "Created {slug}. Next: rollcall admin create --tenant {slug} --role owner --email ADDRESS, who switches \
             provisioning on; or do it here: rollcall provisioning on --tenant {slug}"
        );
        return output::report(args.json, &Value::Object(admit::tenant_json(rollcall, &tenant)), &text);
    }
    let cx = rollcall.operator_context(&tenant);
    let switched = rollcall.switches.set_provisioning(&cx, ProvisioningState::On).await?;
    let mut shown = admit::tenant_json(rollcall, &switched.tenant);
    let mut text = format!("Created {}.", tenant.slug);
    if let Some(minted) = &switched.minted {
        shown.extend(admit::minted_json(rollcall, &switched.tenant, minted));
        text = format!("{text}\n\n{}", admit::minted_text(rollcall, &switched.tenant, minted));
    }
    output::report(args.json, &Value::Object(shown), &text)
}

/// Reads the whole file before anything is created, so that a bad line creates nothing.
fn read_many(from: &Path) -> anyhow::Result<Vec<(TenantSlug, String)>> {
    let text = std::fs::read_to_string(from).with_context(|| format!("{} cannot be read", from.display()))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let mut seen = HashMap::new();
    lines
        .map(|(line, number)| {
            let wanted = read_line(line).with_context(|| format!("{} line {number}", from.display()))?;
            match seen.insert(wanted.0.clone(), number) {
                None => Ok(wanted),
                Some(first) => {
                    bail!("{} line {number}: \"{}\" stands in line {first} already", from.display(), wanted.0)
                }
            }
        })
        .collect()
}

/// Likewise a name that is taken.
async fn check_free(rollcall: &Rollcall, from: &Path, wanted: &[(TenantSlug, String)]) -> anyhow::Result<()> {
    let tenants = rollcall.tenants.list(&Actor::Operator).await?;
    let taken: HashSet<_> = tenants.iter().map(|tenant| &tenant.slug).collect();
    match wanted.iter().find(|(slug, _)| taken.contains(slug)) {
        None => Ok(()),
        Some((slug, _)) => bail!("{}: the tenant name \"{slug}\" is already in use", from.display()),
    }
}

fn read_line(line: &str) -> anyhow::Result<(TenantSlug, String)> {
    let object: Map<String, Value> = serde_json::from_str(line).context("not a JSON object")?;
    if let Some(unknown) = object.keys().find(|key| !matches!(key.as_str(), "tenant" | "name")) {
        bail!("unknown member \"{unknown}\"; a line has \"tenant\" and \"name\"");
    }
    let text =
        |key: &str| object.get(key).map(|value| value.as_str().with_context(|| format!("\"{key}\" is not text")));
    let slug: TenantSlug = text("tenant").context("\"tenant\" is missing")??.parse().map_err(anyhow::Error::msg)?;
    let name = shown_text(text("name").transpose()?.unwrap_or(slug.as_str())).map_err(anyhow::Error::msg)?;
    Ok((slug, name))
}

async fn list(file: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let rollcall = admit::open(file).await?;
    let tenants = rollcall.tenants.list(&Actor::Operator).await?;
    if json {
        let shown: Vec<Value> =
            tenants.iter().map(|tenant| Value::Object(admit::tenant_json(&rollcall, tenant))).collect();
        return Ok(output::json(&json!({"tenants": shown}))?);
    }
    if tenants.is_empty() {
        return Ok(output::text(
            "There are no tenants; create one with `rollcall tenant create acme --name \"Acme Inc\"`",
        )?);
    }
    for tenant in &tenants {
        output::text(&as_line(tenant))?;
    }
    Ok(())
}

async fn show(file: Option<&Path>, which: &Which) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let (url, choices) = (rollcall.addresses.scim_base_url(&tenant.slug), admit::choices_text(&tenant));
    let shown = whole_json(&rollcall, &tenant);
    output::report(which.json, &shown, &format!("{}\n{url}\n{choices}", as_line(&tenant)))
}

/// All there is to know of a tenant.
fn whole_json(rollcall: &Rollcall, tenant: &Tenant) -> Value {
    let mut shown = admit::tenant_json(rollcall, tenant);
    shown.extend(admit::choices_json(tenant));
    Value::Object(shown)
}

async fn set(file: Option<&Path>, args: &Set) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let change = |rules: &mut DirectoryRules| {
        rules.strict = args.strict.unwrap_or(rules.strict);
        rules.discards_passwords = args.discard_passwords.unwrap_or(rules.discards_passwords);
    };
    let tenant = rollcall.switches.set_rules(&rollcall.operator_context(&tenant), change).await?;
    output::report(args.which.json, &whole_json(&rollcall, &tenant), &as_line(&tenant))
}

async fn set_status(file: Option<&Path>, which: &Which, status: TenantStatus) -> anyhow::Result<()> {
    let (rollcall, _) = admit::open_tenant(file, &which.tenant).await?;
    erasure::refuse_open(&rollcall, &which.tenant).await?;
    let tenant = rollcall.tenants.set_status(&Actor::Operator, &which.tenant, status, rollcall.clock.now()).await?;
    output::report(which.json, &Value::Object(admit::tenant_json(&rollcall, &tenant)), &as_line(&tenant))
}

async fn delete(file: Option<&Path>, args: Delete) -> anyhow::Result<()> {
    let slug = &args.which.tenant;
    let (rollcall, tenant) = admit::open_tenant(file, slug).await?;
    erasure::refuse_open(&rollcall, slug).await?;
    if !args.yes && io::stdin().is_terminal() && !confirmed(&tenant)? {
        bail!("{slug} was not deleted");
    }
    rollcall.tenants.delete(&Actor::Operator, slug, rollcall.clock.now()).await?;
    let shown = Map::from_iter([("tenant".to_owned(), json!(slug.as_str())), ("deleted".to_owned(), json!(true))]);
    output::report(args.which.json, &Value::Object(shown), &format!("Deleted {slug} and everything of it."))
}

fn confirmed(tenant: &Tenant) -> io::Result<bool> {
    let (slug, name) = (&tenant.slug, &tenant.name);
    let question = format!("This removes {slug} ({name}) with all its people, groups, tokens and history, for ever.");
    admit::confirmed(&question, slug.as_str())
}

fn as_line(tenant: &Tenant) -> String {
    let (status, provisioning) = (tenant.status.as_str(), tenant.provisioning.as_str());
    format!("{:<20} {status:<10} provisioning {provisioning:<7} {}", tenant.slug.as_str(), tenant.name)
}
