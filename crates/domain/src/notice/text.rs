//! What notices say, in English.

use super::{Reason, Telling};
use crate::catalogue::Cause;
use crate::health::text::{date, moment, number, span};
use crate::health::{CauseCount, Expiring, Health, QuarantineReason, Refusals};
use crate::ids::SecretId;
use crate::mail::{Mail, MailAddress};
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// Whom a notice is about, and where to look.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The tenant's name.
    pub tenant: &'a str,
    /// The product's, as its vendor calls it.
    pub product: &'a str,
    /// The address of the page *User provisioning*.
    pub page: &'a str,
}

impl About<'_> {
    /// A notice to one of those who are to be told.
    pub fn mail(&self, to: MailAddress, telling: Telling, health: &Health, now: Timestamp) -> Mail {
        let (title, body) = match telling {
            Telling::Well => well(health),
            Telling::Trouble(Reason::Degraded) => degraded(health),
            Telling::Trouble(Reason::QuarantineLikely) => quarantine(health, now),
            Telling::Trouble(Reason::Refused) => refused(health),
            Telling::Trouble(Reason::Quiet) => quiet(health, now),
            Telling::Trouble(Reason::Expiring(secret, _)) => expiring(health, secret),
            Telling::Trouble(Reason::CertificateEnds(_, days)) => (
                format!("A certificate for single sign-on ends within {days} days"),
                "From then on nobody can sign in by that connection, unless a newer certificate is known.".to_owned(),
            ),
        };
        let subject = format!("{}, user provisioning of {}: {title}", self.product, self.tenant);
        let text = format!(
            "{title}\n\n{body}\n\nLook and act here:\n{}\n\nYou get this mail because your address is among the notification addresses of {} in {}. \
             The same reason is not mailed twice; you are told when it is over.\n",
            self.page, self.tenant, self.product
        );
        Mail::new(to, &subject, &text)
    }
}

/// Whoever sends the requests, at the beginning of a sentence.
fn sender(health: &Health) -> &'static str {
    match health.provider {
        Provider::Entra => "Entra",
        Provider::Okta => "Okta",
        Provider::Other => "Your identity provider",
    }
}

/// Likewise, within one.
fn in_a_sentence(health: &Health) -> &'static str {
    match health.provider {
        Provider::Other => "your identity provider",
        _ => sender(health),
    }
}

fn well(health: &Health) -> (String, String) {
    let last = health.last_call.map(|last| format!(" The last request came on {}.", moment(last)));
    ("Healthy again".to_owned(), format!("Changes arrive as they should.{}", last.unwrap_or_default()))
}

fn degraded(health: &Health) -> (String, String) {
    if let Some(refused) = &health.refused {
        let title = format!("Degraded: {} is refused", in_a_sentence(health));
        let mut body = refusal(health, refused);
        body.push_str(&causes(&health.causes));
        return (title, body);
    }
    let title = format!("Degraded: {}", health.failures_sentence());
    let mut body = "Everyone else is up to date; nobody has lost access.".to_owned();
    body.push_str(&causes(&health.causes));
    (title, body)
}

fn quarantine(health: &Health, now: Timestamp) -> (String, String) {
    let Some(forecast) = health.forecast else { return degraded(health) };
    let mut body = format!("{}\n{}", forecast.sentence(now), forecast.consequence());
    body.push_str("\nNobody has lost access. When the causes are gone, press Restart provisioning in Entra.");
    body.push_str(&match (forecast.reason, &health.refused) {
        (QuarantineReason::Credentials, Some(refused)) => cause(refused.cause, refused.cause.title()),
        _ => causes(&health.causes),
    });
    ("Quarantine likely: Entra slows down".to_owned(), body)
}

fn refused(health: &Health) -> (String, String) {
    let title = format!("Refused: no token of {} is good any more", health.provider);
    let body = match &health.refused {
        Some(refused) => refusal(health, refused),
        None => "People who are here already keep working, and no change arrives until there is a token again.\n\n\
                 Yours: create a token under User provisioning and have it pasted in your identity provider."
            .to_owned(),
    };
    (title, body)
}

/// That the provider is not let in, why, and what to do about it.
fn refusal(health: &Health, refused: &Refusals) -> String {
    let requests = if refused.count == 1 { "request" } else { "requests" };
    format!(
        "{} is being refused since {}; {} {requests} so far. People who are here already keep working, and no change arrives.{}",
        sender(health),
        moment(refused.since),
        number(refused.count),
        cause(refused.cause, refused.cause.title())
    )
}

fn quiet(health: &Health, now: Timestamp) -> (String, String) {
    let last = health.last_call.unwrap_or(now);
    let silence = span((now.as_micros().saturating_sub(last.as_micros())) / 1_000_000);
    let title = format!("Quiet: nothing from {} for {silence}", health.provider);
    let body = format!(
        "The last request came on {}. Nobody has lost access.\n\n\
         Usual causes: provisioning was stopped there (Provisioning Status in Entra), the job is in quarantine, or a network blocks it.",
        moment(last)
    );
    (title, body)
}

fn expiring(health: &Health, secret: SecretId) -> (String, String) {
    let ends = health.expiring.iter().find(|expiring| expiring.slot.secret == secret);
    let Some(Expiring { slot, at, notice }) = ends else { return well(health) };
    let (noun, field) = match slot.is_of_client {
        true => ("secret", "Client secret"),
        false => ("token", "Secret Token"),
    };
    let what = match (slot.is_of_client, slot.label.is_empty()) {
        (_, true) => format!("The {noun} without a label"),
        (true, false) => format!("The secret of {}", slot.label),
        (false, false) => format!("The token {}", slot.label),
    };
    let title = format!("{what} ends within {}", notice.words());
    let used = match slot.last_used {
        Some(last) => format!("It was last used on {}.", moment(last)),
        None => "It was not used so far.".to_owned(),
    };
    let body = format!(
        "{what} (…{}) ends on {}. {used} From then on every request with it is refused.\n\n\
         Yours: create a second {noun} under User provisioning, have it pasted into {field} in Entra, then revoke this one.",
        slot.last_four,
        date(*at)
    );
    (title, body)
}

fn causes(causes: &[CauseCount]) -> String {
    let told = causes.iter().map(|count| {
        let title = format!("{} ({} affected)", count.cause.title(), count.people);
        cause(count.cause, &title)
    });
    told.collect()
}

fn cause(cause: Cause, title: &str) -> String {
    format!("\n\n{title}\n{}: {}", cause.whose().words(), cause.what_to_do())
}
