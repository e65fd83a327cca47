//! `rollcall schema extend|add-type|list|remove`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use scim_protocol::declaration::{Declaration, DeclaredExtension};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::admit::OneTenant;
use super::{admit, output};

#[derive(Debug, Args)]
pub struct SchemaArgs {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(Debug, Subcommand)]
enum SchemaCommand {
    /// Give a resource type more attributes, by a schema of the tenant's own
    Extend(Extend),
    /// Serve one more resource type, at an endpoint of its own
    AddType(AddType),
    /// List what the tenant has declared
    List(OneTenant),
    /// Take back what was declared, if nothing is stored by it
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Extend {
    /// The resource type: User, Group or one of the tenant's own
    resource_type: String,
    /// A file with a schema in SCIM's own form (RFC 7643 §7)
    file: PathBuf,
    /// Every resource must have it
    #[arg(long)]
    required: bool,
    #[command(flatten)]
    which: OneTenant,
}

#[derive(Debug, Args)]
struct AddType {
    /// A file with a resource type (RFC 7643 §6) that holds its schemas instead of naming them
    file: PathBuf,
    #[command(flatten)]
    which: OneTenant,
}

#[derive(Debug, Args)]
struct Remove {
    /// The URN of the schema or the name of the type
    name: String,
    #[command(flatten)]
    which: OneTenant,
}

pub async fn run(file: Option<&Path>, args: SchemaArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        SchemaCommand::Extend(args) => {
            let schema = read(&args.file)?;
            let extension = DeclaredExtension { extends: args.resource_type, required: args.required, schema };
            declare(file, &args.which, Declaration::Extension(extension)).await?;
        }
        SchemaCommand::AddType(args) => {
            declare(file, &args.which, Declaration::ResourceType(read(&args.file)?)).await?;
        }
        SchemaCommand::List(which) => list(file, &which).await?,
        SchemaCommand::Remove(args) => remove(file, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not what is expected here", file.display()))
}

async fn declare(file: Option<&Path>, which: &OneTenant, declared: Declaration) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let shown = as_json(&declared);
    let text = format!("{} serves {}.", tenant.slug, as_text(&declared));
    rollcall.declarations.declare(&rollcall.operator_context(&tenant), declared).await?;
    output::report(which.json, &shown, &text)
}

async fn list(file: Option<&Path>, which: &OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let declared = rollcall.declarations.list(&rollcall.operator_context(&tenant)).await?;
    let shown: Vec<Value> = declared.iter().map(as_json).collect();
    let text = match declared.is_empty() {
        true => format!("{} has no schemas of its own.", tenant.slug),
        false => declared.iter().map(as_text).collect::<Vec<_>>().join("\n"),
    };
    output::report(which.json, &json!({"schemas": shown}), &text)
}

async fn remove(file: Option<&Path>, args: &Remove) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let gone = rollcall.declarations.withdraw(&rollcall.operator_context(&tenant), &args.name).await?;
    output::report(
        args.which.json,
        &as_json(&gone),
        &format!("{} does not serve {} any more.", tenant.slug, as_text(&gone)),
    )
}

fn as_json(declared: &Declaration) -> Value {
    match declared {
        Declaration::Extension(extension) => json!({
            "schema": extension.schema.id, "extends": extension.extends, "required": extension.required,
        }),
        Declaration::ResourceType(declared) => json!({
            "resource_type": declared.name, "endpoint": declared.endpoint, "schema": declared.schema.id,
        }),
    }
}

fn as_text(declared: &Declaration) -> String {
    match declared {
        Declaration::Extension(extension) => {
            let how = if extension.required { ", required" } else { "" };
            format!("{} (of {}{how})", extension.schema.id, extension.extends)
        }
        Declaration::ResourceType(declared) => format!("{} at {}", declared.name, declared.endpoint),
    }
}
