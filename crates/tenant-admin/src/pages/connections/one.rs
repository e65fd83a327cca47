//! One connection: how it is, what the identity provider needs of us, what we know of it, and how people are joined.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::Right;
use domain::connection::saml::{SamlSource, ShownCertificate};
use domain::connection::{Connection, IdentityClaim, Protocol, Setup, Switch, identity_claims};
use domain::tenant::ProvisioningState;
use domain::timestamp::Timestamp;

use super::keys::parted;
use super::recent::Recent;
use super::status::Status;
use super::{SETTINGS, asked, href, plain};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::provisioning::mark;
use crate::pages::sign_in::Refusal;
use crate::pages::{page, page_with};
use crate::parts::{CopyField, Icon, Pill, Tone};
use crate::prose::Prose;
use crate::text::{self, sign_on as words};
use crate::when::When;

struct Certificate {
    fingerprint: String,
    subject: String,
    ends: When,
    state: Pill,
}

struct Claim {
    value: &'static str,
    word: &'static str,
    help: &'static str,
    is_chosen: bool,
}

/// What stands in the forms: what is there, or what was entered and not saved.
struct Fields {
    source: String,
    url: String,
    document: String,
    entity_id: String,
    sso_url: String,
    certificates: String,
    issuer: String,
    client_id: String,
    name: String,
    return_addresses: String,
    idp_initiated: bool,
    creates_people: bool,
    signs_requests: bool,
}

/// What is known of the identity provider.
#[derive(Default)]
struct Found {
    rows: Vec<(&'static str, String)>,
    read: Option<Prose>,
    fault: Option<String>,
    /// Whether it can be read again.
    is_published: bool,
    secret_end: String,
}

#[derive(Template)]
#[template(path = "connections/one.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the template asks, each on its own")]
struct OnePage {
    frame: Frame,
    href: String,
    name: String,
    is_saml: bool,
    protocol: &'static str,
    /// The parts that move by themselves.
    status: String,
    status_mark: String,
    recent: String,
    recent_mark: String,
    refusal: Option<Refusal>,
    seen: i64,
    may: bool,
    why_not: &'static str,
    is_complete: bool,
    is_live: bool,
    values: Vec<CopyField>,
    found: Found,
    fields: Fields,
    certificates: Vec<Certificate>,
    claims: Vec<Claim>,
    provisioning_is_on: bool,
    log: String,
    is_enforced: bool,
    can_switch_off: bool,
    /// The field that the refusal is about.
    at_fault: Option<&'static str>,
}

/// `GET /settings/user-authentication/sso/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&view(&call, None, None, None).await?)
}

/// The page, which says why something was not done and keeps what was entered.
///
/// # Errors
/// Those of the store.
pub async fn refused(call: &AdminCall, refusal: Refusal, form: Option<&Form>) -> Result<HttpResponse, PageError> {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(call, Some(refusal), form, None).await?)
}

/// As [`refused`], for what is wrong with one field.
///
/// # Errors
/// Those of the store.
pub async fn refused_field(
    call: &AdminCall,
    refusal: Refusal,
    form: &Form,
    field: &'static str,
) -> Result<HttpResponse, PageError> {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &view(call, Some(refusal), Some(form), Some(field)).await?)
}

async fn view(
    call: &AdminCall,
    refusal: Option<Refusal>,
    form: Option<&Form>,
    at_fault: Option<&'static str>,
) -> Result<OnePage, PageError> {
    let connection = asked(call).await?;
    let status = Status::of(call, &connection, connection.version).await?.render()?;
    let recent = Recent::of(call, &connection).await?.render()?;
    let own = href(call, connection.id);
    Ok(OnePage {
        frame: Frame::new(call, Spot::Tab(Tab::SingleSignOn), connection.name.clone(), &[]),
        is_saml: connection.protocol() == Protocol::Saml,
        protocol: words::protocol(connection.protocol()),
        status_mark: mark(&status),
        status,
        recent_mark: mark(&recent),
        recent,
        refusal,
        seen: connection.version,
        may: call.may(Right::Configure),
        why_not: text::lacks(Right::Configure),
        is_complete: connection.is_complete(),
        is_live: connection.is_open(),
        values: values(call, &connection),
        found: found(call, &connection),
        fields: Fields::of(&connection, form),
        certificates: certificates(&connection, call.cx.now),
        claims: claims(&connection, form),
        provisioning_is_on: call.tenant().provisioning != ProvisioningState::Off,
        log: call.href(&format!("{SETTINGS}/log?connection={}", connection.id)),
        at_fault,
        is_enforced: connection.switch == Switch::Enforced,
        can_switch_off: connection.switch == Switch::Active,
        name: connection.name,
        href: own,
    })
}

fn values(call: &AdminCall, connection: &Connection) -> Vec<CopyField> {
    let service = call.admin.addresses.service(call.slug());
    let field = |id: &str, label: &str, name: &str, value: String, help: &str| CopyField {
        id: id.to_owned(),
        label: label.to_owned(),
        name: name.to_owned(),
        value,
        help: help.to_owned(),
    };
    match connection.protocol() {
        Protocol::Saml => vec![
            field(
                "entity",
                "Identifier (Entity ID)",
                "entity ID",
                service.entity_id,
                "Also the address of our metadata.",
            ),
            field("acs", "Reply URL (Assertion Consumer Service URL)", "reply URL", service.acs, ""),
            field(
                "slo",
                "Logout URL",
                "logout URL",
                service.slo,
                "Optional: signing out on one side then ends the other.",
            ),
            field("start", "Sign on URL", "sign on URL", call.admin.addresses.sign_in_url(call.slug()), "Optional."),
        ],
        Protocol::Oidc => vec![
            field(
                "redirect",
                "Redirect URI",
                "redirect URI",
                service.redirect_uri,
                "As a web application, for the authorization code flow.",
            ),
            field(
                "out",
                "Front-channel logout or post-logout redirect URI",
                "logout URI",
                service.signed_out,
                "Optional.",
            ),
        ],
    }
}

fn found(call: &AdminCall, connection: &Connection) -> Found {
    let reading = &connection.reading;
    let read = reading.done.map(|at| Prose::new("Last read ").when(When::new(at, call.cx.now)).text("."));
    let fault = reading.fault.as_deref().map(|fault| text::sentence(&plain(fault)));
    match &connection.setup {
        Setup::Saml(saml) => {
            let mut rows = Vec::new();
            if let Some(found) = &saml.found {
                rows.push(("Entity ID", found.entity_id.clone()));
                rows.push(("Sign-on URL", found.sso_url.clone()));
                rows.extend(found.slo_url.clone().map(|url| ("Logout URL", url)));
            }
            let is_published = matches!(&saml.source, SamlSource::Url(url) if !url.is_empty());
            Found { rows, read: read.filter(|_| is_published), fault, is_published, secret_end: String::new() }
        }
        Setup::Oidc(oidc) => Found {
            rows: Vec::new(),
            read,
            fault,
            is_published: oidc.found.is_some(),
            secret_end: oidc.secret_end.clone(),
        },
    }
}

impl Fields {
    fn of(connection: &Connection, form: Option<&Form>) -> Self {
        let rules = &connection.rules;
        let mut fields = Self {
            source: "url".to_owned(),
            url: String::new(),
            document: String::new(),
            entity_id: String::new(),
            sso_url: String::new(),
            certificates: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            name: connection.name.clone(),
            return_addresses: rules.return_addresses.join("\n"),
            idp_initiated: rules.idp_initiated,
            creates_people: rules.creates_people,
            signs_requests: false,
        };
        match &connection.setup {
            Setup::Saml(saml) => {
                fields.signs_requests = saml.signs_requests;
                match &saml.source {
                    SamlSource::Url(url) => fields.url.clone_from(url),
                    SamlSource::File => "document".clone_into(&mut fields.source),
                    SamlSource::Hand => {
                        "hand".clone_into(&mut fields.source);
                        if let Some(found) = &saml.found {
                            fields.entity_id.clone_from(&found.entity_id);
                            fields.sso_url.clone_from(&found.sso_url);
                            fields.certificates = found.certificates().iter().map(sso_pem).collect();
                        }
                    }
                }
            }
            Setup::Oidc(oidc) => {
                fields.issuer.clone_from(&oidc.issuer);
                fields.client_id.clone_from(&oidc.client_id);
            }
        }
        if let Some(form) = form {
            fields.enter(form);
        }
        fields
    }

    /// Keeps what was entered in the form that was sent.
    fn enter(&mut self, form: &Form) {
        let entered = form.fields().map(|(name, _)| name).collect::<Vec<_>>();
        let keep = |name: &str, field: &mut String| {
            if entered.contains(&name) {
                form.exact(name).clone_into(field);
            }
        };
        keep("source", &mut self.source);
        keep("url", &mut self.url);
        keep("document", &mut self.document);
        keep("entity_id", &mut self.entity_id);
        keep("sso_url", &mut self.sso_url);
        keep("certificates", &mut self.certificates);
        keep("issuer", &mut self.issuer);
        keep("client_id", &mut self.client_id);
        keep("name", &mut self.name);
        keep("return_addresses", &mut self.return_addresses);
        if entered.contains(&"return_addresses") {
            self.idp_initiated = form.is_ticked("idp_initiated");
            self.creates_people = form.is_ticked("creates_people");
            self.signs_requests = form.is_ticked("signs_requests");
        }
    }
}

fn sso_pem(certificate: &sso::Certificate) -> String {
    format!("{}\n", certificate.pem().trim())
}

fn certificates(connection: &Connection, now: Timestamp) -> Vec<Certificate> {
    let Setup::Saml(saml) = &connection.setup else { return Vec::new() };
    let Some(found) = &saml.found else { return Vec::new() };
    let shown = |certificate: &sso::Certificate| {
        let shown = ShownCertificate::of(certificate);
        let day = 86_400;
        let state = match shown.not_after {
            end if end <= now => Pill::new(Tone::Bad, Icon::Bad, "Ended"),
            _ if shown.not_before > now => Pill::new(Tone::Idle, Icon::Wait, "Not yet"),
            end if end <= now.plus_seconds(60 * day) => Pill::new(Tone::Warn, Icon::Warn, "Ends soon"),
            _ => Pill::new(Tone::Ok, Icon::Ok, "Accepted"),
        };
        Certificate {
            fingerprint: parted(&shown.fingerprint),
            subject: shown.subject,
            ends: When::new(shown.not_after, now),
            state,
        }
    };
    found.certificates().iter().map(shown).collect()
}

fn claims(connection: &Connection, form: Option<&Form>) -> Vec<Claim> {
    let protocol = connection.protocol();
    let entered = form.and_then(|form| IdentityClaim::named(form.text("identity")));
    let chosen = entered.unwrap_or(connection.rules.identity);
    let claim = |claim: IdentityClaim| Claim {
        value: claim.as_str(),
        word: words::claim(claim),
        help: words::claim_help(claim, protocol),
        is_chosen: claim == chosen,
    };
    identity_claims(protocol).into_iter().map(claim).collect()
}
