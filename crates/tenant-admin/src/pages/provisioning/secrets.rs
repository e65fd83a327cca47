//! What is shown once: a token, or a client's secret, with the values it goes together with.

use actix_web::HttpResponse;
use askama::Template;
use domain::credential::Credential;
use domain::health::ConnectionState;
use domain::ops::{Minted, MintedSecret};
use domain::timestamp::Timestamp;

use super::banner::Banner;
use super::connection::Connection;
use super::paths;
use super::show::base_url;
use super::status::hrefs;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page;
use crate::parts::{CopyField, Icon};
use crate::prose::Prose;
use crate::text::idp::{Idp, idp};
use crate::text::provisioning as words;
use crate::when::{clock, day};
use domain::provider::Provider;

/// A step of what is next.
pub struct Next {
    pub title: &'static str,
    pub text: Prose,
}

#[derive(Template)]
#[template(path = "provisioning/secret.html")]
struct SecretPage {
    frame: Frame,
    lead: String,
    /// Whether it is the first one, with which a set-up begins.
    is_first: bool,
    saved_at: String,
    what: &'static str,
    idp: Idp,
    values: Vec<CopyField>,
    banner: Option<Banner>,
    status_href: String,
    next: Vec<Next>,
    done: String,
    guide: String,
}

/// The page after the first switching-on.
///
/// # Errors
/// Those of the store.
pub async fn first_token(call: &AdminCall, minted: &Minted) -> Result<HttpResponse, PageError> {
    show(call, true, "token", |idp| vec![base_url(call, idp), token(minted, idp)]).await
}

/// The page after another token was made.
///
/// # Errors
/// Those of the store.
pub async fn another_token(call: &AdminCall, minted: &Minted) -> Result<HttpResponse, PageError> {
    show(call, false, "token", |idp| vec![base_url(call, idp), token(minted, idp)]).await
}

/// The page after a client or one of its secrets was made.
///
/// # Errors
/// Those of the store.
pub async fn client_secret(call: &AdminCall, minted: &MintedSecret) -> Result<HttpResponse, PageError> {
    show(call, false, "secret", |idp| client_values(call, minted, idp)).await
}

fn token(minted: &Minted, idp: Idp) -> CopyField {
    CopyField {
        id: "token".to_owned(),
        label: "Secret (Bearer) token".to_owned(),
        name: "secret token".to_owned(),
        value: minted.bearer.reveal(),
        help: format!("Goes into <b>{}</b>. {}", idp.token_field, kept(expiry(&minted.token))),
    }
}

fn client_values(call: &AdminCall, minted: &MintedSecret, idp: Idp) -> Vec<CopyField> {
    let field = |id: &str, label: &str, name: &str, value: String, help: String| CopyField {
        id: id.to_owned(),
        label: label.to_owned(),
        name: name.to_owned(),
        value,
        help,
    };
    vec![
        base_url(call, idp),
        field(
            "token-url",
            "Token endpoint",
            "token endpoint",
            call.admin.addresses.token_url(call.slug()),
            "Where access tokens are fetched, with the grant <b>client_credentials</b>.".to_owned(),
        ),
        field("client-id", "Client identifier", "client identifier", minted.client.id.to_string(), String::new()),
        field("token", "Client secret", "client secret", minted.secret.reveal(), kept(expiry(&minted.client))),
    ]
}

fn expiry(credential: &Credential) -> Option<Timestamp> {
    credential.newest_secret().and_then(|secret| secret.expires)
}

/// How long it is good, and why it is not shown again.
fn kept(expires: Option<Timestamp>) -> String {
    let expires = expires.map_or_else(|| "No expiry.".to_owned(), |at| format!("Expires {}.", day(at)));
    format!("It is stored only as a hash; you cannot see it again. {expires}")
}

async fn show(
    call: &AdminCall,
    is_first: bool,
    what: &'static str,
    values: impl FnOnce(Idp) -> Vec<CopyField>,
) -> Result<HttpResponse, PageError> {
    // The tenant is not as it was when the request began.
    let admission = call.admin.admissions.read(call.slug()).await?.ok_or(PageError::NotFound)?;
    let chosen = admission.tenant.choices.preferences.provider;
    let connection = Connection::of(call).await?;
    let provider = if is_first { chosen } else { connection.provider };
    let idp = idp(provider);
    let view = SecretPage {
        frame: Frame::new(call, Spot::Tab(Tab::Provisioning), words::TITLE, &[]),
        lead: match what {
            "token" => format!("Copy two values into {}. The token is shown only now.", idp.long),
            _ => format!("Copy these values into {}. The secret is shown only now.", idp.long),
        },
        is_first,
        saved_at: clock(call.cx.now),
        what,
        idp,
        values: values(idp),
        banner: is_first.then(|| waiting(call, connection, idp, provider)),
        status_href: paths::below(call, "banner"),
        next: next(provider, &call.admin.branding.name, what),
        done: paths::page(call),
        guide: paths::guide(call),
    };
    page(&view)
}

fn waiting(call: &AdminCall, connection: Connection, idp: Idp, provider: Provider) -> Banner {
    let mut connection = Connection { idp, provider, ..connection };
    connection.health.state = ConnectionState::Waiting;
    connection.health.since = Some(call.cx.now);
    below_values(call, &connection)
}

/// `GET …/provisioning/banner`: the banner alone, below the values.
pub async fn banner(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(&call).await?;
    super::part(&call, &below_values(&call, &connection))
}

/// Without a way from the page, which is not to be left before the values are copied.
fn below_values(call: &AdminCall, connection: &Connection) -> Banner {
    Banner { action: None, ..words::banner(connection, &hrefs(call)) }
}

fn next(provider: Provider, vendor: &str, what: &str) -> Vec<Next> {
    let step = |title, text: &str| Next { title, text: Prose::marked(text) };
    match provider {
        Provider::Entra if what == "token" => vec![
            step(
                "Open Provisioning",
                &format!(
                    "*Identity* › *Applications* › *Enterprise applications* › *{vendor}* › *Provisioning*, then set *Provisioning Mode* to *Automatic*."
                ),
            ),
            step("Paste both values", "Under *Admin Credentials*, paste *Tenant URL* and *Secret Token*."),
            step("Press Test Connection", "We tick this off here the second it arrives. Then press *Save* in Entra."),
            step(
                "Set Provisioning Status to On",
                "Start small: assign one or two people first, look at the result, then assign everyone.",
            ),
        ],
        Provider::Entra => vec![
            step(
                "Open Admin Credentials",
                "In Entra, choose *OAuth2 Client Credentials Grant* as the authentication method.",
            ),
            step("Paste the values", "*Tenant URL*, *Token endpoint*, *Client identifier* and *Client secret*."),
            step("Press Test Connection", "We tick this off here the second it arrives. Then press *Save* in Entra."),
        ],
        Provider::Okta => vec![
            step(
                "Open Provisioning",
                "*Applications* › your app › *Provisioning* › *Integration*, then *Configure API Integration*.",
            ),
            step("Paste both values", "*Base URL* and *API Token*."),
            step(
                "Press Test API Credentials",
                "We tick this off here the second it arrives. Then press *Save* in Okta.",
            ),
            step(
                "Turn on To App",
                "Under *Provisioning* › *To App*, enable *Create Users*, *Update User Attributes* and *Deactivate Users*.",
            ),
        ],
        Provider::Other => vec![
            step("Paste the values", "Where your identity provider asks for the SCIM address and its credential."),
            step("Test the connection", "We tick this off here the second the first request arrives."),
            step("Send one person", "Look at the result, then send everyone."),
        ],
    }
}
