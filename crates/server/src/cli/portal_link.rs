//! `rollcall portal-link create|list|revoke --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::admin::link::Link;
use domain::ids::LinkId;
use domain::tenant::shown_text;
use domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::admit::OneTenant;
use super::{admit, duration, output};

#[derive(Debug, Args)]
pub struct PortalLinkArgs {
    #[command(subcommand)]
    command: PortalLinkCommand,
}

#[derive(Debug, Subcommand)]
enum PortalLinkCommand {
    /// Make a link that opens the tenant's settings once, for somebody without an account, and show it
    Create(Create),
    /// List the tenant's setup links
    List(OneTenant),
    /// End a setup link, and the session that began with it, at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    which: OneTenant,
    /// How long it is good, at most 30d
    #[arg(long, value_parser = duration::seconds, value_name = "SPAN", default_value = "24h")]
    expires: i64,
    /// What to call it, for example whom it is for
    #[arg(long, default_value = "", hide_default_value = true, value_parser = shown_text)]
    label: String,
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    which: OneTenant,
    /// The link's id, as `portal-link list` shows it
    #[arg(value_parser = link_id)]
    link_id: LinkId,
}

fn link_id(text: &str) -> Result<LinkId, String> {
    admit::id(text, LinkId, "setup link", "rollcall portal-link")
}

pub async fn run(file: Option<&Path>, args: PortalLinkArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        PortalLinkCommand::Create(args) => create(file, args).await?,
        PortalLinkCommand::List(which) => list(file, which).await?,
        PortalLinkCommand::Revoke(args) => revoke(file, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(file: Option<&Path>, args: Create) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let made = rollcall.people.make_setup_link(&cx, &args.label, args.expires).await?;
    let (link, address) = (&made.link, rollcall.addresses.link_url(&tenant.slug, &made.text.reveal()));
    let shown = json!({
        "tenant": tenant.slug.as_str(),
        "link_id": link.id.to_string(),
        "link": address,
        "label": link.label,
        "expires": link.expires.to_string(),
    });
    let text = format!(
        "This link opens the settings of {} without an account:\n\n  {address}\n\n\
         It is shown this once. It works once, until {}.",
        tenant.slug, link.expires
    );
    output::report(args.which.json, &shown, &text)
}

async fn list(file: Option<&Path>, which: OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let links = rollcall.people.setup_links(&tenant.scope()).await?;
    let now = rollcall.clock.now();
    if which.json {
        let links: Vec<Value> = links.iter().map(|link| as_json(link, now)).collect();
        return Ok(output::json(&json!({"tenant": tenant.slug.as_str(), "links": links}))?);
    }
    if links.is_empty() {
        let none = format!("{} has no setup links; make one with `rollcall portal-link create`", tenant.slug);
        return Ok(output::text(&none)?);
    }
    for link in &links {
        let label = if link.label.is_empty() { "(no label)" } else { &link.label };
        let state = link.state(now).as_str();
        output::text(&format!("{}  {state:<8} {label}  created {}, expires {}", link.id, link.created, link.expires))?;
    }
    Ok(())
}

async fn revoke(file: Option<&Path>, args: Revoke) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let id = args.link_id;
    rollcall.people.revoke_setup_link(&rollcall.operator_context(&tenant), id).await?;
    let shown = json!({"tenant": tenant.slug.as_str(), "link_id": id.to_string(), "state": "revoked"});
    output::report(args.which.json, &shown, &format!("Setup link {id} of {} is revoked.", tenant.slug))
}

fn as_json(link: &Link, now: Timestamp) -> Value {
    json!({
        "link_id": link.id.to_string(),
        "label": link.label,
        "state": link.state(now).as_str(),
        "created": link.created.to_string(),
        "expires": link.expires.to_string(),
        "used": admit::moment(link.used),
        "revoked": admit::moment(link.revoked),
    })
}
