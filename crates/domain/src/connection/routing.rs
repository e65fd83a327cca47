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

/// The verified domain that an address lies in.
fn verified_domain_of<'d>(address: &str, domains: &'d [EmailDomain]) -> Option<&'d EmailDomain> {
    let name = DomainName::of_address(address)?;
    domains.iter().find(|domain| domain.is_verified() && domain.name == name)
}

/// The connection that is chosen for the domain of an address, if it is another one than this: who signs in by this one must
/// not pass for people of the other's.
pub fn is_anothers(address: &str, own: ConnectionId, domains: &[EmailDomain]) -> bool {
    verified_domain_of(address, domains).and_then(|domain| domain.connection).is_some_and(|chosen| chosen != own)
}

/// Whether somebody with this address has to sign in by single sign-on. Where it is enforced at all it is for everybody, also for
/// addresses outside of the verified domains, but for the people of a domain that is led to another connection which is active.
pub fn is_enforced_for(address: &str, domains: &[EmailDomain], connections: &[Connection]) -> bool {
    let is_enforced = |connection: &Connection| connection.switch == Switch::Enforced;
    let own = verified_domain_of(address, domains);
    let chosen = own.filter(|domain| domain.connection.is_some()).and_then(|domain| leading(domain, connections));
    chosen.map_or_else(|| connections.iter().any(is_enforced), is_enforced)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::sample::{NOW, connection};
    use super::*;
    use crate::email_domain::{DomainSeed, DomainState};
    use crate::ids::{ConnectionId, DomainId};

    /// A domain, and the number of the connection that is chosen for it.
    fn domain(name: &str, state: DomainState, chosen: Option<u128>) -> EmailDomain {
        let (id, seed) = (DomainId(Uuid::from_u128(1)), DomainSeed([7; 32]));
        let connection = chosen.map(|number| ConnectionId(Uuid::from_u128(number)));
        EmailDomain { state, connection, ..EmailDomain::new(id, name.parse().unwrap(), &seed, NOW) }
    }

    fn verified(name: &str, chosen: Option<u128>) -> EmailDomain {
        domain(name, DomainState::Verified, chosen)
    }

    #[test]
    fn a_domain_is_led_by_the_connection_chosen_for_it_or_by_the_oldest_that_is_open() {
        let connections = [connection(1, Switch::Off), connection(2, Switch::Active), connection(3, Switch::Enforced)];
        for (chosen, leads) in
            [(None, Some(2)), (Some(2), Some(2)), (Some(3), Some(3)), (Some(1), None), (Some(9), None)]
        {
            let found = leading(&verified("contoso.com", chosen), &connections);
            assert_eq!(found.map(|connection| connection.id.0.as_u128()), leads, "{chosen:?}");
        }
        assert_eq!(leading(&verified("contoso.com", None), &connections[..1]), None);
    }

    #[test]
    fn without_verified_domains_an_enforced_connection_is_for_everybody() {
        let enforced = [connection(2, Switch::Enforced), connection(1, Switch::Active)];
        for domains in [&[][..], &[domain("contoso.com", DomainState::Pending, Some(1))]] {
            for address in ["ana@contoso.com", "ana@elsewhere.example", "no address"] {
                assert!(is_enforced_for(address, domains, &enforced), "{address}");
                assert!(!is_enforced_for(address, domains, &enforced[1..]), "{address}");
                assert!(!is_enforced_for(address, domains, &[]), "{address}");
            }
        }
    }

    #[test]
    fn it_is_enforced_for_all_but_those_whom_another_connection_leads() {
        let all = [connection(1, Switch::Active), connection(2, Switch::Enforced), connection(3, Switch::Off)];
        let domains = [
            verified("open.example", Some(1)),
            verified("enforced.example", Some(2)),
            verified("off.example", Some(3)),
            verified("any.example", None),
            domain("expired.example", DomainState::Expired, Some(2)),
        ];
        for (address, is_enforced) in [
            ("ana@open.example", false),
            ("ana@enforced.example", true),
            ("ANA@Enforced.EXAMPLE", true),
            ("ana@off.example", true),
            ("ana@any.example", true),
            ("ana@expired.example", true),
            ("ana@sub.enforced.example", true),
            ("ana@elsewhere.example", true),
            ("no address", true),
        ] {
            assert_eq!(is_enforced_for(address, &domains, &all), is_enforced, "{address}");
        }
        assert!(!is_enforced_for("ana@any.example", &domains, &all[..1]));
    }
}
