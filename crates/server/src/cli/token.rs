//! `rollcall token create|list|revoke --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::credential::{Credential, CredentialKind};
use domain::ids::CredentialId;
use domain::ops::NewToken;
use domain::scope::Scopes;
use domain::tenant::shown_text;
use domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::admit::OneTenant;
use super::{admit, duration, output};

#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and show it, this once; two may be usable at a time
    Create(Create),
    /// List the tenant's tokens
    List(OneTenant),
    /// End a token at once
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    which: OneTenant,
    /// What to call the token
    #[arg(long, default_value = "", hide_default_value = true, value_parser = shown_text)]
    label: String,
    /// What it may do: users:read, users:write, groups:read, groups:write (default: all)
    #[arg(long, value_name = "SCOPES")]
    scopes: Option<Scopes>,
    /// How long it is valid, such as 365d (default: until it is revoked)
    #[arg(long, value_parser = duration::seconds, value_name = "SPAN")]
    expires: Option<i64>,
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    which: OneTenant,
    /// The token's id, as `token list` shows it
    #[arg(value_parser = token_id)]
    token_id: CredentialId,
}

fn token_id(text: &str) -> Result<CredentialId, String> {
    admit::id(text, CredentialId, "token", "rollcall token")
}

pub async fn run(file: Option<&Path>, args: TokenArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        TokenCommand::Create(args) => create(file, args).await?,
        TokenCommand::List(which) => list(file, which).await?,
        TokenCommand::Revoke(args) => revoke(file, args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(file: Option<&Path>, args: Create) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let cx = rollcall.operator_context(&tenant);
    let expires = args.expires.map(|span| cx.now.plus_seconds(span));
    let new = NewToken { label: args.label, scopes: args.scopes.unwrap_or_default(), expires, key: None };
    let minted = rollcall.credentials.mint(&cx, new).await?;
    let shown = Value::Object(admit::minted_json(&rollcall, &tenant, &minted));
    output::report(args.which.json, &shown, &admit::minted_text(&rollcall, &tenant, &minted))
}

async fn list(file: Option<&Path>, which: OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let credentials = rollcall.credentials.list(&tenant.scope()).await?;
    let tokens: Vec<_> = credentials.into_iter().filter(|one| one.kind == CredentialKind::Token).collect();
    let now = rollcall.clock.now();
    if which.json {
        let tokens: Vec<Value> = tokens.iter().map(|token| as_json(token, now)).collect();
        return Ok(output::json(&json!({"tenant": tenant.slug.as_str(), "tokens": tokens}))?);
    }
    if tokens.is_empty() {
        return Ok(output::text(&format!("{} has no tokens; make one with `rollcall token create`", tenant.slug))?);
    }
    for token in &tokens {
        output::text(&as_line(token, now))?;
    }
    Ok(())
}

async fn revoke(file: Option<&Path>, args: Revoke) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &args.which.tenant).await?;
    let id = args.token_id;
    rollcall.credentials.revoke(&rollcall.operator_context(&tenant), id).await?;
    let shown = json!({"tenant": tenant.slug.as_str(), "token_id": id.to_string(), "state": "revoked"});
    output::report(args.which.json, &shown, &format!("Token {id} of {} is revoked.", tenant.slug))
}

fn as_json(token: &Credential, now: Timestamp) -> Value {
    let secret = token.newest_secret();
    json!({
        "token_id": token.id.to_string(),
        "label": token.label,
        "scopes": token.scopes.to_string(),
        "last_four": secret.map(|secret| &secret.last_four),
        "state": token.state(now).as_str(),
        "created": token.created.to_string(),
        "expires": admit::moment(secret.and_then(|secret| secret.expires)),
        "revoked": admit::moment(token.revoked),
        "last_used": admit::moment(token.last_used.as_ref().map(|seen| seen.at)),
        "last_client": token.last_used.as_ref().and_then(|seen| seen.client.clone()),
    })
}

fn as_line(token: &Credential, now: Timestamp) -> String {
    let label = if token.label.is_empty() { "(no label)" } else { &token.label };
    let secret = token.newest_secret();
    let (used, expires) = (admit::used(token), admit::expires(secret.and_then(|secret| secret.expires)));
    let last_four = secret.map_or("", |secret| &secret.last_four);
    let (state, scopes) = (token.state(now).as_str(), admit::scopes(token));
    format!("{}  …{last_four}  {state:<8} {label}  created {}, {expires}, {used}{scopes}", token.id, token.created)
}
