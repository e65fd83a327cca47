//! `rollcall admin create|list|role|reset|remove --tenant acme`

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use domain::admin::link::MadeLink;
use domain::admin::{Admin, AdminRole};
use domain::mail::MailAddress;
use domain::ops::NewAdmin;
use domain::tenant::{Tenant, shown_text};
use scim_protocol::secret::Secret;
use serde_json::{Map, Value, json};

use super::admit::OneTenant;
use super::{admit, output};
use crate::wiring::Rollcall;

#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make an account of the settings UI, and show the link with which its owner chooses a password
    Create(Create),
    /// List the tenant's accounts
    List(OneTenant),
    /// Give an account another role
    Role(Role),
    /// Show a link to a new password; can take the second step away as well
    Reset(Reset),
    /// Remove an account, which ends its sessions at once
    Remove(Which),
}

#[derive(Debug, Args)]
struct Which {
    #[command(flatten)]
    tenant: OneTenant,
    /// The account's e-mail address
    #[arg(long)]
    email: MailAddress,
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    which: Which,
    /// What the account may do: owner, admin or auditor
    #[arg(long, value_parser = role)]
    role: AdminRole,
    /// What to call its owner
    #[arg(long, default_value = "", hide_default_value = true, value_parser = shown_text)]
    name: String,
    /// Read the password from standard input, instead of making a link
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
struct Role {
    #[command(flatten)]
    which: Which,
    /// What the account may do from now on: owner, admin or auditor
    #[arg(long, value_parser = role)]
    role: AdminRole,
}

#[derive(Debug, Args)]
struct Reset {
    #[command(flatten)]
    which: Which,
    /// Take the second step away as well, for somebody who has lost the app and the recovery codes
    #[arg(long)]
    second_step: bool,
}

fn role(text: &str) -> Result<AdminRole, String> {
    AdminRole::named(text).ok_or_else(|| format!("\"{text}\" is no role: owner, admin or auditor"))
}

pub async fn run(file: Option<&Path>, args: AdminArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        AdminCommand::Create(args) => create(file, args).await?,
        AdminCommand::List(which) => list(file, which).await?,
        AdminCommand::Role(args) => set_role(file, args).await?,
        AdminCommand::Reset(args) => reset(file, args).await?,
        AdminCommand::Remove(which) => remove(file, which).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(file: Option<&Path>, args: Create) -> anyhow::Result<()> {
    let Which { tenant: which, email } = args.which;
    // Before anything is opened: who pipes a password may wait for somebody to type it.
    let password = if args.password_stdin { Some(typed_password()?) } else { None };
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let new = NewAdmin { email, name: args.name, role: args.role };
    let sign_in = rollcall.addresses.sign_in_url(&tenant.slug);
    if let Some(password) = password {
        let admin = rollcall.people.create(&cx, &tenant, new, &password).await?;
        let mut shown = admin_json(&admin);
        shown.insert("sign_in".to_owned(), sign_in.clone().into());
        let text = format!("{} of {} can sign in at {sign_in}", described(&admin), tenant.slug);
        return output::report(which.json, &in_tenant(&tenant, shown), &text);
    }
    let invited = rollcall.people.invite(&cx, &tenant, new, &sign_in).await?;
    let lead = format!("{} of {} chooses a password here:", described(&invited.admin), tenant.slug);
    report_link(&rollcall, &tenant, which.json, &invited.admin, &invited.link, &lead)
}

/// The first line of standard input, without the line break.
fn typed_password() -> anyhow::Result<Secret> {
    let mut text = String::new();
    std::io::stdin().take(4_096).read_to_string(&mut text).context("the password cannot be read")?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok(Secret::new(line.to_owned()))
}

async fn list(file: Option<&Path>, which: OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let admins = rollcall.people.list(&tenant.scope()).await?;
    if which.json {
        let admins: Vec<Value> = admins.iter().map(|admin| Value::Object(admin_json(admin))).collect();
        return Ok(output::json(&json!({"tenant": tenant.slug.as_str(), "admins": admins}))?);
    }
    if admins.is_empty() {
        return Ok(output::text(&format!("{} has no admins; make one with `rollcall admin create`", tenant.slug))?);
    }
    for admin in &admins {
        output::text(&as_line(admin))?;
    }
    Ok(())
}

async fn set_role(file: Option<&Path>, args: Role) -> anyhow::Result<()> {
    let Which { tenant: which, email } = args.which;
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let admin = find(&rollcall, &tenant, &email).await?;
    rollcall.people.set_role(&rollcall.operator_context(&tenant), admin.id, args.role).await?;
    let after = Admin { role: args.role, ..admin };
    let text = format!("{} is {} of {} now.", after.email, after.role.as_str(), tenant.slug);
    output::report(which.json, &in_tenant(&tenant, admin_json(&after)), &text)
}

async fn reset(file: Option<&Path>, args: Reset) -> anyhow::Result<()> {
    let Which { tenant: which, email } = args.which;
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let admin = find(&rollcall, &tenant, &email).await?;
    let cx = rollcall.operator_context(&tenant);
    if args.second_step {
        rollcall.people.drop_second_step(&cx, admin.id).await?;
    }
    let sign_in = rollcall.addresses.sign_in_url(&tenant.slug);
    let link = rollcall.people.reset(&cx, &tenant, admin.id, &sign_in).await?;
    let admin = find(&rollcall, &tenant, &email).await?;
    let lead = format!("{} of {} chooses another password here:", described(&admin), tenant.slug);
    report_link(&rollcall, &tenant, which.json, &admin, &link, &lead)
}

async fn remove(file: Option<&Path>, args: Which) -> anyhow::Result<()> {
    let Which { tenant: which, email } = args;
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let admin = find(&rollcall, &tenant, &email).await?;
    rollcall.people.remove(&rollcall.operator_context(&tenant), admin.id).await?;
    let mut shown = admin_json(&admin);
    shown.insert("state".to_owned(), "removed".into());
    output::report(which.json, &in_tenant(&tenant, shown), &format!("{email} is no admin of {} any more.", tenant.slug))
}

async fn find(rollcall: &Rollcall, tenant: &Tenant, email: &MailAddress) -> anyhow::Result<Admin> {
    match rollcall.people.find(&tenant.scope(), email).await {
        Err(error @ domain::Error::NotFound(_)) => {
            bail!("{error}; see `rollcall admin list --tenant {}`", tenant.slug)
        }
        other => Ok(other?),
    }
}

fn report_link(
    rollcall: &Rollcall,
    tenant: &Tenant,
    as_json: bool,
    admin: &Admin,
    link: &MadeLink,
    lead: &str,
) -> anyhow::Result<()> {
    let address = rollcall.addresses.link_url(&tenant.slug, &link.text.reveal());
    let expires = link.link.expires;
    let mut shown = admin_json(admin);
    shown.insert("link".to_owned(), address.clone().into());
    shown.insert("link_expires".to_owned(), expires.to_string().into());
    let text = format!("{lead}\n\n  {address}\n\nThe link is shown this once. It works once, until {expires}.");
    output::report(as_json, &in_tenant(tenant, shown), &text)
}

fn in_tenant(tenant: &Tenant, mut shown: Map<String, Value>) -> Value {
    shown.insert("tenant".to_owned(), tenant.slug.as_str().into());
    Value::Object(shown)
}

fn admin_json(admin: &Admin) -> Map<String, Value> {
    let last = admit::moment(admin.last_sign_in);
    Map::from_iter([
        ("admin_id".to_owned(), admin.id.to_string().into()),
        ("email".to_owned(), admin.email.as_str().into()),
        ("name".to_owned(), admin.name.as_str().into()),
        ("role".to_owned(), admin.role.as_str().into()),
        ("state".to_owned(), admin.state.as_str().into()),
        ("second_step".to_owned(), admin.has_second_step.into()),
        ("created".to_owned(), admin.created.to_string().into()),
        ("last_sign_in".to_owned(), json!(last)),
    ])
}

fn described(admin: &Admin) -> String {
    format!("{} ({})", admin.email, admin.role.as_str())
}

fn as_line(admin: &Admin) -> String {
    let name = if admin.name.is_empty() { String::new() } else { format!("  {}", admin.name) };
    let seen = admin.last_sign_in.map_or("never signed in".to_owned(), |at| format!("last signed in {at}"));
    let step = if admin.has_second_step { ", with a second step" } else { "" };
    let (role, state) = (admin.role.as_str(), admin.state.as_str());
    format!("{}  {role:<7}  {state:<7}{name}  created {}, {seen}{step}", admin.email, admin.created)
}
