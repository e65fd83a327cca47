//! `rollcall client create|list|revoke|secret --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::credential::{Credential, CredentialKind, CredentialState, StoredSecret};
use domain::ids::{CredentialId, SecretId};
use domain::ops::{MintedSecret, NewClient};
use domain::scope::Scopes;
use domain::tenant::{Tenant, shown_text};
use domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::admit::OneTenant;
use super::{admit, duration, output};
use crate::wiring::Rollcall;

/// Two years.
const USUAL_LIFE: &str = "730d";

#[derive(Debug, Args)]
pub struct ClientArgs {
    #[command(subcommand)]
    command: ClientCommand,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// Make an OAuth client and show its first secret, this once
    Create(Create),
    /// List the tenant's OAuth clients and their secrets
    List(OneTenant),
    /// End a client, its secrets and its access tokens at once
    Revoke(Revoke),
    /// Add a secret to a client or end one; two may be usable at a time
    #[command(subcommand)]
    Secret(SecretCommand),
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    /// Make one more secret and show it, this once
    Add(AddSecret),
    /// End a secret, and the access tokens it was used for, at once
    Revoke(RevokeSecret),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    which: OneTenant,
    /// What to call the client
    #[arg(long, default_value = "", hide_default_value = true, value_parser = shown_text)]
    label: String,
    /// What it may do: users:read, users:write, groups:read, groups:write (default: all)
    #[arg(long, value_name = "SCOPES")]
    scopes: Option<Scopes>,
    /// How long its access tokens are good, in minutes, from 60 to 360
    #[arg(long, value_name = "MINUTES", default_value_t = CredentialKind::USUAL_ACCESS_MINUTES)]
    access_minutes: u32,
    /// How long its secret is good, from 1 to 3 years
    #[arg(long, value_parser = duration::seconds, value_name = "SPAN", default_value = USUAL_LIFE)]
    expires: i64,
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    which: OneTenant,
    /// The client's id, as `client list` shows it
    #[arg(value_parser = client_id)]
    client_id: CredentialId,
}

#[derive(Debug, Args)]
struct AddSecret {
    #[command(flatten)]
    which: OneTenant,
    /// The client's id, as `client list` shows it
    #[arg(value_parser = client_id)]
    client_id: CredentialId,
    /// How long the secret is good, from 1 to 3 years
    #[arg(long, value_parser = duration::seconds, value_name = "SPAN", default_value = USUAL_LIFE)]
    expires: i64,
}

#[derive(Debug, Args)]
struct RevokeSecret {
    #[command(flatten)]
    which: OneTenant,
    /// The client's id, as `client list` shows it
    #[arg(value_parser = client_id)]
    client_id: CredentialId,
    /// The secret's id, as `client list` shows it
    #[arg(value_parser = secret_id)]
    secret_id: SecretId,
}

fn client_id(text: &str) -> Result<CredentialId, String> {
    admit::id(text, CredentialId, "client", "rollcall client")
}

fn secret_id(text: &str) -> Result<SecretId, String> {
    admit::id(text, SecretId, "secret", "rollcall client")
}

pub async fn run(file: Option<&Path>, args: ClientArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        ClientCommand::Create(args) => create(file, args).await?,
        ClientCommand::List(which) => list(file, which).await?,
        ClientCommand::Revoke(args) => revoke(file, args).await?,
        ClientCommand::Secret(SecretCommand::Add(args)) => add_secret(file, args).await?,
        ClientCommand::Secret(SecretCommand::Revoke(args)) => revoke_secret(file, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(file: Option<&Path>, args: Create) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let new = NewClient {
        label: args.label,
        scopes: args.scopes.unwrap_or_default(),
        access_minutes: args.access_minutes,
        expires: cx.now.plus_seconds(args.expires),
        key: None,
    };
    let minted = rollcall.credentials.create_client(&cx, new).await?;
    show(&rollcall, &tenant, &args.which, &minted)
}

async fn add_secret(file: Option<&Path>, args: AddSecret) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let expires = cx.now.plus_seconds(args.expires);
    let minted = rollcall.credentials.add_secret(&cx, args.client_id, expires).await?;
    show(&rollcall, &tenant, &args.which, &minted)
}

/// Shows a new secret; the only time its text is shown.
fn show(rollcall: &Rollcall, tenant: &Tenant, which: &OneTenant, minted: &MintedSecret) -> anyhow::Result<()> {
    let (base_url, token_url) =
        (rollcall.addresses.scim_base_url(&tenant.slug), rollcall.addresses.token_url(&tenant.slug));
    let MintedSecret { secret, client } = minted;
    let shown = json!({
        "tenant": tenant.slug.as_str(),
        "base_url": base_url,
        "token_url": token_url,
        "client_id": client.id.to_string(),
        "client_secret": secret.reveal(),
        "secret_id": secret.id.to_string(),
        "label": client.label,
        "scopes": client.scopes.to_string(),
        "expires": admit::moment(client.newest_secret().and_then(|secret| secret.expires)),
    });
    let text = format!(
        "Base (Tenant) URL   {base_url}\nToken endpoint      {token_url}\nClient identifier   {}\nClient secret       {}\n\n\
         The secret is shown this once; only a digest of it is kept.",
        client.id,
        secret.reveal()
    );
    output::report(which.json, &shown, &text)
}

async fn list(file: Option<&Path>, which: OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let credentials = rollcall.credentials.list(&tenant.scope()).await?;
    let clients: Vec<_> = credentials.iter().filter(|one| one.kind != CredentialKind::Token).collect();
    let now = rollcall.clock.now();
    let shown: Vec<Value> = clients.iter().map(|client| as_json(client, now)).collect();
    let text = match clients.is_empty() {
        true => format!("{} has no OAuth clients; make one with `rollcall client create`", tenant.slug),
        false => clients.iter().map(|client| as_text(client, now)).collect::<Vec<_>>().join("\n"),
    };
    output::report(which.json, &json!({"tenant": tenant.slug.as_str(), "clients": shown}), &text)
}

async fn revoke(file: Option<&Path>, args: Revoke) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let id = args.client_id;
    rollcall.credentials.revoke(&rollcall.operator_context(&tenant), id).await?;
    let shown = json!({"tenant": tenant.slug.as_str(), "client_id": id.to_string(), "state": "revoked"});
    output::report(args.which.json, &shown, &format!("Client {id} of {} is revoked.", tenant.slug))
}

async fn revoke_secret(file: Option<&Path>, args: RevokeSecret) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let (client, secret) = (args.client_id, args.secret_id);
    rollcall.credentials.revoke_secret(&rollcall.operator_context(&tenant), client, secret).await?;
    let shown = json!({
        "tenant": tenant.slug.as_str(),
        "client_id": client.to_string(),
        "secret_id": secret.to_string(),
        "state": "revoked",
    });
    output::report(args.which.json, &shown, &format!("Secret {secret} of client {client} is revoked."))
}

fn as_json(client: &Credential, now: Timestamp) -> Value {
    let secret = |secret: &StoredSecret| {
        json!({
            "secret_id": secret.id.to_string(),
            "last_four": secret.last_four,
            "state": secret_state(client, secret, now),
            "created": secret.created.to_string(),
            "expires": admit::moment(secret.expires),
            "revoked": admit::moment(secret.revoked),
        })
    };
    let access_minutes = match client.kind {
        CredentialKind::Client { access_minutes } => Some(access_minutes),
        CredentialKind::Token => None,
    };
    json!({
        "client_id": client.id.to_string(),
        "label": client.label,
        "scopes": client.scopes.to_string(),
        "access_minutes": access_minutes,
        "state": client.state(now).as_str(),
        "created": client.created.to_string(),
        "revoked": admit::moment(client.revoked),
        "last_used": admit::moment(client.last_used.as_ref().map(|seen| seen.at)),
        "last_client": client.last_used.as_ref().and_then(|seen| seen.client.clone()),
        "secrets": client.secrets.iter().map(secret).collect::<Vec<_>>(),
    })
}

/// Secrets of a revoked client open nothing.
fn secret_state(client: &Credential, secret: &StoredSecret, now: Timestamp) -> &'static str {
    match client.revoked {
        Some(_) => CredentialState::Revoked.as_str(),
        None => secret.state(now).as_str(),
    }
}

fn as_text(client: &Credential, now: Timestamp) -> String {
    let label = if client.label.is_empty() { "(no label)" } else { &client.label };
    let (state, used, scopes) = (client.state(now).as_str(), admit::used(client), admit::scopes(client));
    let head = format!("{}  {state:<8} {label}  created {}, {used}{scopes}", client.id, client.created);
    let secret = |secret: &StoredSecret| {
        let (state, expires) = (secret_state(client, secret, now), admit::expires(secret.expires));
        format!("\n  secret {}  …{}  {state:<8} created {}, {expires}", secret.id, secret.last_four, secret.created)
    };
    client.secrets.iter().map(secret).fold(head, |text, line| text + &line)
}
