//! Which connection leads whom: by the verified domain of an e-mail address.

use super::{Connection, Switch};
use crate::email_domain::{DomainName, EmailDomain};
use crate::ids::ConnectionId;

/// The connection by which the people of a domain sign in: the one that is chosen for it, or else the oldest. Only one that is
/// open leads anybody.
pub fn leading<'c>(domain: &EmailDomain, connections: &'c [Connection]) -> Option<&'c Connection> {
    let mut open = connections.iter().filter(|connection| connection.is_open());
    match domain.connection {
        Some(chosen) => open.find(|connection| connection.id == chosen),
        None => open.next(),
    }
}

/// The connection that is chosen for the domain of an address, if it is another one than this: who signs in by this one must
/// not pass for people of the other's.
pub fn is_anothers(address: &str, own: ConnectionId, domains: &[EmailDomain]) -> bool {
    let name = DomainName::of_address(address);
    let mut verified = domains.iter().filter(|domain| domain.is_verified());
    let domain = verified.find(|domain| Some(&domain.name) == name.as_ref());
    domain.and_then(|domain| domain.connection).is_some_and(|chosen| chosen != own)
}

/// Whether somebody with this address has to sign in by single sign-on: where it is enforced for their domain. In a tenant
/// without verified domains an enforced connection is for everybody; with some, whoever is outside of them has no connection.
pub fn is_enforced_for(address: &str, domains: &[EmailDomain], connections: &[Connection]) -> bool {
    let is_enforced = |connection: &Connection| connection.switch == Switch::Enforced;
    let mut verified = domains.iter().filter(|domain| domain.is_verified()).peekable();
    if verified.peek().is_none() {
        return connections.iter().any(is_enforced);
    }
    let own = DomainName::of_address(address);
    let own = verified.find(|domain| own.as_ref() == Some(&domain.name));
    own.is_some_and(|domain| match domain.connection {
        Some(_) => leading(domain, connections).is_some_and(is_enforced),
        // Nothing is chosen, so that any of them leads the domain's people.
        None => connections.iter().any(is_enforced),
    })
}
