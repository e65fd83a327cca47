//! What the commands that work on an installation share.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::anyhow;
use clap::Args;
use domain::Error;
use domain::choices::Choices;
use domain::credential::{Credential, CredentialUse};
use domain::mail::MailAddress;
use domain::ops::Minted;
use domain::scope::Scopes;
use domain::tenant::{Tenant, TenantSlug};
use domain::timestamp::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::settings::Settings;
use crate::wiring::Rollcall;

/// Which tenant a command is about, and how it answers.
#[derive(Debug, Args)]
pub struct OneTenant {
    /// The tenant
    #[arg(long)]
    pub tenant: TenantSlug,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Opens the installation of the settings.
///
/// # Errors
/// One sentence: what could not be used and what to do.
pub async fn open(file: Option<&Path>) -> anyhow::Result<Rollcall> {
    let settings = Settings::load(file)?;
    Rollcall::open(&settings, &settings.public_base()).await
}

/// Opens the installation and finds a tenant of it.
///
/// # Errors
/// As [`open`]; one sentence when there is no such tenant.
pub async fn open_tenant(file: Option<&Path>, slug: &TenantSlug) -> anyhow::Result<(Rollcall, Tenant)> {
    let rollcall = open(file).await?;
    let tenant = match rollcall.tenants.get(slug).await {
        Err(error @ Error::NotFound(_)) => Err(anyhow!("{error}; see `rollcall tenant list`")),
        other => Ok(other?),
    }?;
    Ok((rollcall, tenant))
}

/// A tenant as `--json` shows it.
pub fn tenant_json(rollcall: &Rollcall, tenant: &Tenant) -> Map<String, Value> {
    Map::from_iter([
        ("tenant".to_owned(), Value::from(tenant.slug.as_str())),
        ("tenant_id".to_owned(), Value::from(tenant.id.to_string())),
        ("name".to_owned(), Value::from(tenant.name.as_str())),
        ("status".to_owned(), Value::from(tenant.status.as_str())),
        ("provisioning".to_owned(), Value::from(tenant.provisioning.as_str())),
        ("strict".to_owned(), Value::from(tenant.rules.strict)),
        ("discard_passwords".to_owned(), Value::from(tenant.rules.discards_passwords)),
        ("unique_group_names".to_owned(), Value::from(tenant.rules.unique_group_names)),
        ("base_url".to_owned(), Value::from(rollcall.addresses.scim_base_url(&tenant.slug))),
        ("created".to_owned(), Value::from(tenant.created.to_string())),
    ])
}

/// What a tenant's admins have chosen, as `--json` shows it.
pub fn choices_json(tenant: &Tenant) -> Map<String, Value> {
    let Choices { preferences, switched, .. } = &tenant.choices;
    let notify: Vec<_> = preferences.notify.iter().map(MailAddress::as_str).collect();
    Map::from_iter([
        ("provisioning_since".to_owned(), moment(switched.as_ref().map(|mark| mark.at))),
        ("provisioning_by".to_owned(), Value::from(switched.as_ref().map(|mark| mark.by.to_string()))),
        ("log_retention_days".to_owned(), Value::from(preferences.retention.days())),
        ("notify".to_owned(), Value::from(notify)),
    ])
}

/// The same for people to read.
pub fn choices_text(tenant: &Tenant) -> String {
    let Choices { preferences, switched, .. } = &tenant.choices;
    let since = switched.as_ref().map(|mark| format!("Switched {} by {}. ", mark.at, mark.by)).unwrap_or_default();
    let notify: Vec<_> = preferences.notify.iter().map(MailAddress::as_str).collect();
    let notify = match notify.as_slice() {
        [] => "nobody is notified".to_owned(),
        some => format!("notifications go to {}", some.join(", ")),
    };
    format!("{since}The log is kept for {} days; {notify}.", preferences.retention.days())
}

/// Asks at the terminal for a word that says yes.
///
/// # Errors
/// When the terminal cannot be read.
pub fn confirmed(question: &str, word: &str) -> io::Result<bool> {
    write!(io::stderr().lock(), "{question}\nType {word} to go on: ")?;
    let mut typed = String::new();
    io::stdin().read_line(&mut typed)?;
    Ok(typed.trim() == word)
}

/// A new token as `--json` shows it; the only time its text is shown.
pub fn minted_json(rollcall: &Rollcall, tenant: &Tenant, minted: &Minted) -> Map<String, Value> {
    Map::from_iter([
        ("tenant".to_owned(), Value::from(tenant.slug.as_str())),
        ("base_url".to_owned(), Value::from(rollcall.addresses.scim_base_url(&tenant.slug))),
        ("token".to_owned(), Value::from(minted.bearer.reveal())),
        ("token_id".to_owned(), Value::from(minted.token.id.to_string())),
        ("label".to_owned(), Value::from(minted.token.label.as_str())),
        ("scopes".to_owned(), Value::from(minted.token.scopes.to_string())),
        ("expires".to_owned(), moment(minted.token.newest_secret().and_then(|secret| secret.expires))),
    ])
}

/// A moment as `--json` shows it; null when there is none.
pub fn moment(moment: Option<Timestamp>) -> Value {
    moment.map_or(Value::Null, |moment| Value::from(moment.to_string()))
}

/// When a credential was used, for people to read.
pub fn used(credential: &Credential) -> String {
    match &credential.last_used {
        None => "never used".to_owned(),
        Some(CredentialUse { at, client: None }) => format!("last used {at}"),
        Some(CredentialUse { at, client: Some(client) }) => format!("last used {at} by {client}"),
    }
}

/// When a secret expires, for people to read.
pub fn expires(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "no expiry".to_owned(), |moment| format!("expires {moment}"))
}

/// What a credential may do, where that is not everything, for people to read.
pub fn scopes(credential: &Credential) -> String {
    match credential.scopes == Scopes::ALL {
        true => String::new(),
        false => format!(", may do {}", credential.scopes),
    }
}

/// A new token for people to read.
pub fn minted_text(rollcall: &Rollcall, tenant: &Tenant, minted: &Minted) -> String {
    format!(
        "Base (Tenant) URL   {}\nSecret token        {}\n\nThe token is shown this once; only a digest of it is kept.",
        rollcall.addresses.scim_base_url(&tenant.slug),
        minted.bearer.reveal()
    )
}

/// Reads an id that a list has shown. `what`: what it is the id of; `command`: whose `list` shows them.
///
/// # Errors
/// A sentence that says where to find them.
pub fn id<Id>(text: &str, of: fn(Uuid) -> Id, what: &str, command: &str) -> Result<Id, String> {
    Uuid::try_parse(text).map(of).map_err(|_| format!("this is no {what}'s id; `{command} list` shows them"))
}
