//! The tokens and OAuth clients of a tenant, with what they were last seen doing.

use actix_web::HttpResponse;
use askama::Template;
use askama::filters::HtmlSafe;
use domain::admin::Right;
use domain::credential::{Credential, CredentialKind, CredentialState, MAX_CLIENTS, MAX_LIVE, StoredSecret};
use domain::health::{CredentialSeen, Rotation, Side};
use domain::ids::{CredentialId, SecretId};
use domain::provider::Provider;
use domain::timestamp::Timestamp;

use super::connection::Connection;
use super::{part, paths};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::parts::{Icon, Pill, Tone};
use crate::text::idp::idp;
use crate::text::provisioning as words;
use crate::when::{Span, When, clock, day};

/// Expiry is told from this many seconds on.
const SOON_SECONDS: i64 = 30 * 86_400;

pub struct Deed {
    pub href: String,
    pub word: &'static str,
}

pub struct TokenRow {
    pub label: String,
    /// Beginning and end of its text, by which people know it.
    pub code: String,
    pub created: String,
    pub by: Option<String>,
    pub expires: Expires,
    pub used: Option<When>,
    pub used_below: String,
    pub pill: Pill,
    pub deed: Option<Deed>,
}

pub struct Expires {
    pub day: String,
    pub below: String,
}

pub struct SecretRow {
    pub code: String,
    pub created: String,
    pub expires: Expires,
    pub pill: Pill,
    pub deed: Option<Deed>,
}

pub struct ClientRow {
    pub label: String,
    pub id: String,
    pub created: String,
    pub by: Option<String>,
    pub used: Option<When>,
    pub secrets: Vec<SecretRow>,
    pub more: Option<String>,
    pub revoke: Option<String>,
}

#[derive(Template)]
#[template(path = "provisioning/tables.html")]
pub struct Tables {
    evidence: String,
    tokens: Vec<TokenRow>,
    /// Why no token can be made now.
    full: bool,
    new_token: Option<String>,
    clients: Vec<ClientRow>,
    new_client: Option<String>,
    revoked: usize,
    audit: String,
    idp: &'static str,
}

impl HtmlSafe for Tables {}

/// `GET …/provisioning/credentials`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = Connection::of(&call).await?;
    part(&call, &Tables::of(&call, &connection))
}

impl Tables {
    pub fn of(call: &AdminCall, connection: &Connection) -> Self {
        let known = &call.admission().credentials;
        let now = connection.now;
        let may = call.may(Right::Configure);
        let see = Sight { call, connection, now, may };
        let (tokens, clients): (Vec<&Credential>, Vec<&Credential>) = known
            .iter()
            .filter(|one| one.state(now) != CredentialState::Revoked)
            .rev()
            .partition(|one| one.kind == CredentialKind::Token);
        let live = tokens.iter().filter(|one| one.state(now) == CredentialState::Live).count();
        let full = live >= MAX_LIVE;
        Self {
            evidence: if connection.is_off() { String::new() } else { evidence(connection) },
            full: may && full,
            new_token: (may && !full).then(|| paths::below(call, "tokens/new")),
            new_client: (may && clients.len() < MAX_CLIENTS).then(|| paths::below(call, "clients/new")),
            revoked: known.iter().filter(|one| one.state(now) == CredentialState::Revoked).count(),
            tokens: tokens.into_iter().map(|token| see.token(token)).collect(),
            clients: clients.into_iter().map(|client| see.client(client)).collect(),
            audit: call.href("/settings/user-authentication/audit"),
            idp: connection.idp.long,
        }
    }
}

/// What stands beside the heading: which token is used.
fn evidence(connection: &Connection) -> String {
    let rotation = connection.health.rotation.as_ref().filter(|rotation| !rotation.new.is_of_client);
    let Some(rotation) = rotation else { return String::new() };
    let [old, new] = words::both(rotation);
    let idp = connection.idp.start;
    match rotation.used_last {
        Some(Side::New) => {
            let at = rotation.new.last_used.map(clock).unwrap_or_default();
            format!("{idp} used {new} last, at {at}. You can revoke {old}.")
        }
        Some(Side::Old) => {
            let at = rotation.old.last_used.unwrap_or(connection.now);
            let ago = Span(words::seconds(at, connection.now));
            format!("{idp} still used {old} {ago} ago. Revoke it once {new} has been used.")
        }
        None => format!("{idp} has used neither of the two yet."),
    }
}

/// What a row is made from.
struct Sight<'c> {
    call: &'c AdminCall,
    connection: &'c Connection,
    now: Timestamp,
    may: bool,
}

impl Sight<'_> {
    fn token(&self, token: &Credential) -> TokenRow {
        let secret = token.newest_secret();
        let (used, by) = self.used(token);
        let revoke = Deed {
            href: paths::credential(self.call, token.id, "revoke"),
            word: if self.is_old(token.id) { "Revoke old" } else { "Revoke" },
        };
        let used_below = match (used, by) {
            (Some(at), by) => format!("{}{}", clock(at), by.map(|by| format!(", {by}")).unwrap_or_default()),
            (None, _) => String::new(),
        };
        TokenRow {
            label: words::label(&token.label),
            code: code("scim", &token.id.to_string(), secret),
            created: day(token.created),
            by: self.made_by(token),
            expires: self.expires(secret.and_then(|secret| secret.expires)),
            used: used.map(|at| When::new(at, self.now)),
            used_below,
            pill: self.pill(token.id, secret, token.state(self.now)),
            deed: self.may.then_some(revoke),
        }
    }

    fn client(&self, client: &Credential) -> ClientRow {
        let usable = client.secrets.iter().filter(|secret| secret.state(self.now) == CredentialState::Live).count();
        let secrets = client.secrets.iter().filter(|secret| secret.revoked.is_none()).rev();
        ClientRow {
            label: words::label(&client.label),
            id: client.id.to_string(),
            created: day(client.created),
            by: self.made_by(client),
            used: self.used(client).0.map(|at| When::new(at, self.now)),
            secrets: secrets.map(|secret| self.secret(client, secret)).collect(),
            more: (self.may && usable < MAX_LIVE).then(|| paths::credential(self.call, client.id, "secrets/new")),
            revoke: self.may.then(|| paths::credential(self.call, client.id, "revoke")),
        }
    }

    fn secret(&self, client: &Credential, secret: &StoredSecret) -> SecretRow {
        let href = paths::secret(self.call, client.id, secret.id, "revoke");
        SecretRow {
            code: code("client", &secret.id.to_string(), Some(secret)),
            created: day(secret.created),
            expires: self.expires(secret.expires),
            pill: self.pill(client.id, Some(secret), secret.state(self.now)),
            deed: self.may.then_some(Deed { href, word: "Revoke secret" }),
        }
    }

    fn made_by(&self, credential: &Credential) -> Option<String> {
        credential.created_by.as_ref().map(|by| words::who(by, &self.call.admin.branding.name))
    }

    /// When it was last used and by whom, by what was written down or what the log saw since.
    fn used(&self, credential: &Credential) -> (Option<Timestamp>, Option<String>) {
        let seen = self.seen(credential.id).max_by_key(|seen| seen.at);
        let written = credential.last_used.as_ref();
        let at = [seen.map(|seen| seen.at), written.map(|used| used.at)].into_iter().flatten().max();
        let by = match seen.map(|seen| seen.provider) {
            Some(provider) if provider != Provider::Other => Some(idp(provider).long.to_owned()),
            _ => written.and_then(|used| used.client.as_deref()).map(shortened),
        };
        (at, by)
    }

    fn seen(&self, id: CredentialId) -> impl Iterator<Item = &CredentialSeen> {
        let pulse = self.connection.pulse.as_ref();
        pulse.into_iter().flat_map(|pulse| &pulse.credentials).filter(move |seen| seen.credential == id)
    }

    fn rotation(&self) -> Option<&Rotation> {
        self.connection.health.rotation.as_ref()
    }

    /// Whether it is a token that another has taken the place of.
    fn is_old(&self, id: CredentialId) -> bool {
        self.rotation().is_some_and(|rotation| rotation.is_over() && rotation.old.credential == id)
    }

    fn pill(&self, id: CredentialId, secret: Option<&StoredSecret>, state: CredentialState) -> Pill {
        let left = secret.and_then(|secret| secret.expires).map(|at| words::seconds(self.now, at));
        match (state, left) {
            (CredentialState::Revoked, _) => Pill::new(Tone::Idle, Icon::Off, "Revoked"),
            (CredentialState::Expired, _) => Pill::new(Tone::Bad, Icon::Bad, "Expired"),
            (CredentialState::Live, Some(left)) if left < SOON_SECONDS => {
                Pill::new(Tone::Warn, Icon::Warn, format!("Expires in {}", Span(left)))
            }
            (CredentialState::Live, _) => self.live(id, secret.map(|secret| secret.id)),
        }
    }

    fn live(&self, id: CredentialId, secret: Option<SecretId>) -> Pill {
        let is = |slot: &domain::health::Slot| slot.credential == id && Some(slot.secret) == secret;
        match self.rotation() {
            Some(rotation) if is(&rotation.new) && rotation.used_last == Some(Side::New) => {
                Pill::new(Tone::Ok, Icon::Ok, "Used last")
            }
            Some(rotation) if is(&rotation.old) && rotation.used_last == Some(Side::Old) => {
                Pill::new(Tone::Ok, Icon::Ok, "Used last")
            }
            Some(rotation) if is(&rotation.old) => Pill::new(Tone::Idle, Icon::Wait, "Being replaced"),
            Some(rotation) if is(&rotation.new) => Pill::new(Tone::Info, Icon::Key, "Not used yet"),
            _ if self.seen(id).next().is_some() => Pill::new(Tone::Ok, Icon::Ok, "In use"),
            _ => Pill::new(Tone::Idle, Icon::Open, "Live"),
        }
    }

    fn expires(&self, at: Option<Timestamp>) -> Expires {
        let Some(at) = at else { return Expires { day: "Never".to_owned(), below: String::new() } };
        let below = match words::seconds(self.now, at) {
            0 => "expired".to_owned(),
            left => format!("in {}", Span(left)),
        };
        Expires { day: day(at), below }
    }
}

/// `scim_019b76da…4f1b`.
pub fn code(prefix: &str, id: &str, secret: Option<&StoredSecret>) -> String {
    let beginning: String = id.chars().filter(|each| *each != '-').take(8).collect();
    format!("{prefix}_{beginning}…{}", secret.map_or("", |secret| &secret.last_four))
}

/// A client's own name for itself, without its versions and comments.
fn shortened(client: &str) -> String {
    let name = client.split(['/', ' ', '(']).next().unwrap_or_default();
    name.chars().take(40).collect()
}
