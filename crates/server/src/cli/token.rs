//! `rollcall token create|list|revoke --tenant acme`

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::ids::TokenId;
use domain::ops::NewToken;
use domain::tenant::shown_text;
use domain::timestamp::Timestamp;
use domain::token::ProvisioningToken;
use serde_json::{Value, json};
use uuid::Uuid;

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
    token_id: TokenId,
}

fn token_id(text: &str) -> Result<TokenId, String> {
    let id = Uuid::try_parse(text).map(TokenId);
    id.map_err(|_| "this is no token's id; `rollcall token list` shows them".to_owned())
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
    let new = NewToken { label: args.label, expires: args.expires.map(|span| cx.now.plus_seconds(span)) };
    let minted = rollcall.tokens.mint(&cx, new).await?;
    match args.which.json {
        true => output::json(&Value::Object(admit::minted_json(&rollcall, &tenant, &minted)))?,
        false => output::text(&admit::minted_text(&rollcall, &tenant, &minted))?,
    }
    Ok(())
}

async fn list(file: Option<&Path>, which: OneTenant) -> anyhow::Result<()> {
    let (rollcall, tenant) = admit::open_tenant(file, &which.tenant).await?;
    let tokens = rollcall.tokens.list(&tenant.scope()).await?;
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
    rollcall.tokens.revoke(&rollcall.operator_context(&tenant), id).await?;
    match args.which.json {
        true => output::json(&json!({"tenant": tenant.slug.as_str(), "token_id": id.to_string(), "state": "revoked"}))?,
        false => output::text(&format!("Token {id} of {} is revoked.", tenant.slug))?,
    }
    Ok(())
}

fn as_json(token: &ProvisioningToken, now: Timestamp) -> Value {
    let moment = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string());
    json!({
        "token_id": token.id.to_string(),
        "label": token.label,
        "last_four": token.last_four,
        "state": token.state(now).as_str(),
        "created": token.created.to_string(),
        "expires": moment(token.expires),
        "revoked": moment(token.revoked),
        "last_used": moment(token.last_used.as_ref().map(|seen| seen.at)),
        "last_client": token.last_used.as_ref().and_then(|seen| seen.client.clone()),
    })
}

fn as_line(token: &ProvisioningToken, now: Timestamp) -> String {
    let label = if token.label.is_empty() { "(no label)" } else { &token.label };
    let used = match &token.last_used {
        None => "never used".to_owned(),
        Some(seen) => match &seen.client {
            None => format!("last used {}", seen.at),
            Some(client) => format!("last used {} by {client}", seen.at),
        },
    };
    let expires = token.expires.map_or_else(|| "no expiry".to_owned(), |moment| format!("expires {moment}"));
    let state = token.state(now).as_str();
    format!("{}  …{}  {state:<8} {label}  created {}, {expires}, {used}", token.id, token.last_four, token.created)
}
