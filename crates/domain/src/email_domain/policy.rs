//! What holds for addresses that lie outside of a tenant's verified domains.

use super::DomainName;
use crate::tenant::named_states;

named_states!(
    /// What becomes of a person whose address lies outside of the tenant's verified domains.
    #[derive(Default)]
    DomainPolicy {
        /// Nothing.
        Off = "off",
        /// It is noted.
        #[default]
        Warn = "warn",
        /// The person is not let in.
        Require = "require"
    }
);

impl DomainPolicy {
    pub const ALL: [Self; 3] = [Self::Off, Self::Warn, Self::Require];
}

/// The domains that a tenant has verified, and what they mean for its people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantDomains {
    pub policy: DomainPolicy,
    /// In the order of their names.
    pub verified: Vec<DomainName>,
}

/// What the tenant's domains say of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It lies in one of them, or nobody asks: the tenant has none, its policy is off, or the text is no e-mail address.
    Fine,
    /// It lies in this domain, which is not one of them; the person is let in all the same.
    Noted(DomainName),
    /// It lies in this domain, which is not one of them; the person is not let in.
    Refused(DomainName),
}

impl TenantDomains {
    /// Judges an e-mail address by the domain behind its `@`. Domains below a verified one do not count: who looks after the
    /// one need not look after the other.
    pub fn judge(&self, address: &str) -> Judgement {
        let foreign = || DomainName::of_address(address).filter(|domain| !self.verified.contains(domain));
        match (self.policy, self.verified.is_empty()) {
            (DomainPolicy::Off, _) | (_, true) => Judgement::Fine,
            (DomainPolicy::Warn, _) => foreign().map_or(Judgement::Fine, Judgement::Noted),
            (DomainPolicy::Require, _) => foreign().map_or(Judgement::Fine, Judgement::Refused),
        }
    }

    /// Whether an e-mail address lies outside of the verified domains, whatever the policy is.
    pub fn is_outside(&self, address: &str) -> bool {
        let is_foreign = DomainName::of_address(address).is_some_and(|domain| !self.verified.contains(&domain));
        is_foreign && !self.verified.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(policy: DomainPolicy, verified: &[&str]) -> TenantDomains {
        TenantDomains { policy, verified: verified.iter().map(|name| name.parse().unwrap()).collect() }
    }

    fn outside(address: &str) -> DomainName {
        DomainName::of_address(address).unwrap()
    }

    #[test]
    fn an_address_lies_in_a_domain_that_it_ends_with_and_not_in_one_below_or_above() {
        let own = domains(DomainPolicy::Require, &["contoso.com", "münchen.example"]);
        for inside in ["ana@contoso.com", "ANA@Contoso.Com", "ana@münchen.example", "ana@xn--mnchen-3ya.example"] {
            assert_eq!(own.judge(inside), Judgement::Fine, "{inside}");
        }
        for foreign in [
            "ana@mail.contoso.com",
            "ana@com",
            "ana@evilcontoso.com",
            "ana@contoso.com.evil.example",
            "ana@contoso.com@evil.example",
            "ana@contoso.com.",
            "ana@[192.0.2.1]",
            "ana@",
        ] {
            assert_eq!(own.judge(foreign), Judgement::Refused(outside(foreign)), "{foreign}");
            assert!(own.is_outside(foreign), "{foreign}");
        }
        assert_eq!(own.judge("ana"), Judgement::Fine, "a user name that is no address is not judged");
    }

    #[test]
    fn the_policy_says_what_becomes_of_an_address_outside() {
        let foreign = "ana@gmail.com";
        let judged = |policy, verified: &[&str]| domains(policy, verified).judge(foreign);
        assert_eq!(judged(DomainPolicy::Off, &["contoso.com"]), Judgement::Fine);
        assert_eq!(judged(DomainPolicy::Warn, &["contoso.com"]), Judgement::Noted(outside(foreign)));
        assert_eq!(judged(DomainPolicy::Require, &["contoso.com"]), Judgement::Refused(outside(foreign)));
        for policy in DomainPolicy::ALL {
            assert_eq!(judged(policy, &[]), Judgement::Fine, "nothing is asked before there is a domain");
            assert_eq!(DomainPolicy::named(policy.as_str()), Some(policy));
        }
        assert_eq!(DomainPolicy::default(), DomainPolicy::Warn);
    }
}
