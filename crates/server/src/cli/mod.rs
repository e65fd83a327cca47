//! The command line: a contract that operators' scripts rely on (product.md).

mod admin;
mod admit;
mod archive;
mod backup;
mod bench;
mod client;
pub mod config;
mod doctor;
mod duration;
mod erasure;
mod keys;
mod limits;
mod migrate;
mod output;
mod person;
mod portal_link;
mod probe;
mod provisioning;
pub mod replay;
mod schema;
mod serve;
mod tenant;
mod token;

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// SCIM provisioning for SaaS products: each customer's people and groups arrive from its identity provider.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version)]
struct Cli {
    /// Settings file (default: rollcall.toml in the working directory, when it exists)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve; what `rollcall` alone does too
    Serve(serve::ServeArgs),
    /// Bring the database schema up to date, or show how far it is
    Migrate(migrate::MigrateArgs),
    /// Create, list, show, suspend, resume, move, erase and delete tenants
    Tenant(tenant::TenantArgs),
    /// Switch a tenant's user provisioning on or off, pause or resume it
    Provisioning(provisioning::ProvisioningArgs),
    /// Erase a person of a tenant, and what is known of the person
    Person(person::PersonArgs),
    /// Create, list and revoke a tenant's provisioning tokens
    Token(token::TokenArgs),
    /// Create, list and revoke a tenant's OAuth clients and their secrets
    Client(client::ClientArgs),
    /// Create, list, change and remove a tenant's admins, who use its settings UI
    Admin(admin::AdminArgs),
    /// Create, list and revoke links that open a tenant's settings UI once, without an account
    PortalLink(portal_link::PortalLinkArgs),
    /// Show and set what a tenant may spend
    Limits(limits::LimitsArgs),
    /// Write a backup of the embedded home, while it is served
    Backup(backup::Backup),
    /// Put a backup in the place of the embedded home
    Restore(backup::Restore),
    /// Look at everything the server needs and say what to do
    Doctor(doctor::DoctorArgs),
    /// Ask the server of this machine whether it can serve
    Probe,
    /// Show, make and rotate the key ring, which protects other secrets
    Keys(keys::KeysArgs),
    /// Declare, list and remove a tenant's own schemas and resource types
    Schema(schema::SchemaArgs),
    /// Play recorded conversations of identity providers against any SCIM server
    Replay(replay::Args),
    /// Put load on a running server and measure how it serves
    Bench(bench::BenchArgs),
    /// Check the settings or list all there are
    Config(config::ConfigArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // What a server that stops at once leaves under way leans on this runtime to the end of the process.
    let system = ManuallyDrop::new(actix_web::rt::System::new());
    let done = system.block_on(run(cli));
    match done {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let file = cli.config.as_deref();
    match cli.command.unwrap_or(Command::Serve(serve::ServeArgs::default())) {
        Command::Serve(args) => serve::run(file, args).await,
        Command::Migrate(args) => migrate::run(file, args).await,
        Command::Tenant(args) => tenant::run(file, args).await,
        Command::Provisioning(args) => provisioning::run(file, args).await,
        Command::Person(args) => person::run(file, args).await,
        Command::Token(args) => token::run(file, args).await,
        Command::Client(args) => client::run(file, args).await,
        Command::Admin(args) => admin::run(file, args).await,
        Command::PortalLink(args) => portal_link::run(file, args).await,
        Command::Limits(args) => limits::run(file, args).await,
        Command::Backup(args) => backup::write(file, &args).await,
        Command::Restore(args) => backup::restore(file, &args).await,
        Command::Doctor(args) => doctor::run(file, &args).await,
        Command::Probe => probe::run(file).await,
        Command::Keys(args) => keys::run(file, args).await,
        Command::Schema(args) => schema::run(file, args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::Bench(args) => bench::run(args).await,
        Command::Config(args) => config::run(file, args),
    }
}
