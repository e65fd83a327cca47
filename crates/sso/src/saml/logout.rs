//! Ending a session on both sides: Single Logout by HTTP-Redirect (core §3.7, profiles §4.4).

use time::{Duration, OffsetDateTime};
use uppsala::XmlWriter;

use super::instant::{self, not_before, window};
use super::protocol::{Status, version};
use super::redirect::{self, Direction, Received};
use super::xml::{self, Element};
use super::{NameId, name_id, urn};
use crate::SKEW;
use crate::fault::quoted;
use crate::{Certificate, KeyFault, SamlFault, ServiceProviderKey};

/// A message without an end of its own is old after this time.
const LIFETIME: Duration = Duration::minutes(10);

/// A request of ours to end a session at the identity provider.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// From [`message_id`](super::request::message_id).
    pub id: &'a str,
    pub issued: OffsetDateTime,
    /// The identity provider's address for logouts.
    pub destination: &'a str,
    pub sp_entity_id: &'a str,
    /// As the assertion gave it.
    pub name_id: &'a NameId,
    /// As the assertion gave it; without one, all sessions of the person end.
    pub session_index: Option<&'a str>,
}

impl LogoutRequest<'_> {
    /// The address to send the browser to.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn address(&self, relay_state: Option<&str>, key: Option<&ServiceProviderKey>) -> Result<String, KeyFault> {
        let end = instant::write(self.issued + LIFETIME);
        let mut xml = XmlWriter::new();
        open(&mut xml, "samlp:LogoutRequest", self.id, self.issued, self.destination, ("NotOnOrAfter", &end));
        issuer(&mut xml, self.sp_entity_id);
        self.name_id.write(&mut xml);
        if let Some(index) = self.session_index {
            xml.start_element("samlp:SessionIndex", &[]);
            xml.text(index);
            xml.end_element("samlp:SessionIndex");
        }
        xml.end_element("samlp:LogoutRequest");
        redirect::address(self.destination, Direction::Request, xml.as_str(), relay_state, key)
    }
}

/// Our answer to a logout that the identity provider asked for.
#[derive(Clone, Copy, Debug)]
pub struct LogoutResponse<'a> {
    /// From [`message_id`](super::request::message_id).
    pub id: &'a str,
    pub issued: OffsetDateTime,
    /// The identity provider's address for answers to logouts.
    pub destination: &'a str,
    pub sp_entity_id: &'a str,
    /// The id of the request.
    pub in_response_to: &'a str,
}

impl LogoutResponse<'_> {
    /// The address to send the browser to, with the relay state of the request.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn address(&self, relay_state: Option<&str>, key: Option<&ServiceProviderKey>) -> Result<String, KeyFault> {
        let mut xml = XmlWriter::new();
        let answered = ("InResponseTo", self.in_response_to);
        open(&mut xml, "samlp:LogoutResponse", self.id, self.issued, self.destination, answered);
        issuer(&mut xml, self.sp_entity_id);
        xml.start_element("samlp:Status", &[]);
        xml.empty_element("samlp:StatusCode", &[("Value", urn::STATUS_SUCCESS)]);
        xml.end_element("samlp:Status");
        xml.end_element("samlp:LogoutResponse");
        redirect::address(self.destination, Direction::Response, xml.as_str(), relay_state, key)
    }
}

/// What a logout message is held against.
#[derive(Clone, Copy, Debug)]
pub struct LogoutExpected<'a> {
    /// Who may issue it: the entity id of the identity provider, and what else it calls itself. Entra answers a logout as
    /// `https://login.microsoftonline.com/{tenant}/`, which is not its entity id.
    pub issuers: &'a [&'a str],
    /// Our address for logouts.
    pub slo_url: &'a str,
    pub certificates: &'a [Certificate],
    /// Whether a message without a signature is accepted. One with a wrong signature never is.
    pub unsigned_allowed: bool,
    pub now: OffsetDateTime,
}

/// A logout message of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutMessage {
    /// It wants a session to end.
    Request {
        /// To be named in the answer.
        id: String,
        name_id: NameId,
        /// Which sessions; none means all of that person.
        session_indexes: Vec<String>,
        /// To be sent back with the answer.
        relay_state: Option<String>,
    },
    /// It ended the session that we asked it to end.
    Response {
        /// The id of our request, for the caller to compare with the one that is open.
        in_response_to: String,
        relay_state: Option<String>,
    },
}

/// Reads a logout message from the query of the address it came to, exactly as the browser sent it.
///
/// # Errors
///
/// What is not such a message, is not signed by the identity provider, or is meant for somebody else or another time; an
/// answer that says that the logout failed.
pub fn read(query: &str, expected: &LogoutExpected<'_>) -> Result<LogoutMessage, SamlFault> {
    let received = Received::read(query)?;
    let text = received.xml()?;
    let document = xml::parse(&text, redirect::MAX_BYTES)?;
    let root = Element::root(&document)?;
    let name = match received.direction() {
        Direction::Request => "LogoutRequest",
        Direction::Response => "LogoutResponse",
    };
    if !root.is(urn::PROTOCOL, name) {
        return Err(SamlFault::WrongMessage { found: quoted(root.local_name()), expected: name });
    }
    version(root)?;
    issued_by(root, expected)?;
    if received.is_signed() || !expected.unsigned_allowed {
        received.verify(expected.certificates, expected.now)?;
    }
    sent_here(root, &received, expected)?;
    in_time(root, expected.now)?;
    let relay_state = received.relay_state()?;
    match received.direction() {
        Direction::Request => request(root, relay_state),
        Direction::Response => {
            Status::read(root)?.check()?;
            let in_response_to = root.required_attribute("InResponseTo")?.to_owned();
            Ok(LogoutMessage::Response { in_response_to, relay_state })
        }
    }
}

fn request(root: Element<'_>, relay_state: Option<String>) -> Result<LogoutMessage, SamlFault> {
    Ok(LogoutMessage::Request {
        id: root.required_attribute("ID")?.to_owned(),
        name_id: NameId::read(root.required(urn::ASSERTION, "NameID")?)?,
        session_indexes: root
            .all(urn::PROTOCOL, "SessionIndex")
            .map(|index| index.required_text("SessionIndex"))
            .collect::<Result<_, _>>()?,
        relay_state,
    })
}

fn issued_by(root: Element<'_>, expected: &LogoutExpected<'_>) -> Result<(), SamlFault> {
    let found = name_id::issuer(root.required(urn::ASSERTION, "Issuer")?)?;
    match expected.issuers.contains(&found.as_str()) {
        true => Ok(()),
        false => Err(SamlFault::WrongIssuer { found: quoted(&found), expected: expected.issuers.join("\" or \"") }),
    }
}

/// A signed message says where it is going (bindings §3.4.5.2).
fn sent_here(root: Element<'_>, received: &Received<'_>, expected: &LogoutExpected<'_>) -> Result<(), SamlFault> {
    match root.attribute("Destination") {
        Some(url) if url == expected.slo_url => Ok(()),
        Some(url) => Err(SamlFault::WrongDestination { found: quoted(url), expected: expected.slo_url.to_owned() }),
        None if received.is_signed() => Err(SamlFault::Missing { what: "Destination" }),
        None => Ok(()),
    }
}

fn in_time(root: Element<'_>, now: OffsetDateTime) -> Result<(), SamlFault> {
    let issued = instant::read("IssueInstant", root.required_attribute("IssueInstant")?)?;
    not_before(issued, now)?;
    if window(root, now)?.is_none() && now - SKEW >= issued.saturating_add(LIFETIME) {
        return Err(SamlFault::Expired { ago: now - issued - LIFETIME });
    }
    Ok(())
}

fn open(xml: &mut XmlWriter, name: &str, id: &str, issued: OffsetDateTime, destination: &str, more: (&str, &str)) {
    let issued = instant::write(issued);
    xml.start_element(
        name,
        &[
            ("xmlns:samlp", urn::PROTOCOL),
            ("xmlns:saml", urn::ASSERTION),
            ("ID", id),
            ("Version", "2.0"),
            ("IssueInstant", &issued),
            ("Destination", destination),
            more,
        ],
    );
}

fn issuer(xml: &mut XmlWriter, entity_id: &str) {
    xml.start_element("saml:Issuer", &[]);
    xml.text(entity_id);
    xml.end_element("saml:Issuer");
}
