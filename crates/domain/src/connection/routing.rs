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

/// Whether somebody with this address has to sign in by single sign-on. Where it is enforced at all it is for everybody, also for
/// addresses outside of the verified domains, but for the people of a domain that is led to another connection which is active.
pub fn is_enforced_for(address: &str, domains: &[EmailDomain], connections: &[Connection]) -> bool {
    let is_enforced = |connection: &Connection| connection.switch == Switch::Enforced;
    let own = DomainName::of_address(address);
    let own = domains.iter().find(|domain| domain.is_verified() && own.as_ref() == Some(&domain.name));
    let chosen = own.filter(|domain| domain.connection.is_some()).and_then(|domain| leading(domain, connections));
    chosen.map_or_else(|| connections.iter().any(is_enforced), is_enforced)
}
