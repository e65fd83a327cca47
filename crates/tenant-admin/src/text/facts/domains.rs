//! Sentences about the domains of e-mail addresses.

use domain::audit::Entry;
use serde_json::Value;

/// A domain was added or removed, or something else is known of it.
pub fn changed(entry: &Entry) -> String {
    let name = entry.text("name").unwrap_or("a domain");
    let gone = |value: Option<&Value>| value.is_some_and(Value::is_string);
    let state = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let (before, after) = (state(entry.before("state")), state(entry.after("state")));
    if before != after {
        return match after.as_deref() {
            Some("verified") => format!("Verified the domain {name}"),
            Some("failed") => format!("Did not find the record of the domain {name}"),
            Some("expired") => format!("Ceased to count the domain {name}, whose record was gone for two weeks"),
            Some("claimed") => format!("Could not verify the domain {name}, which somebody else has verified"),
            _ => format!("Changed the domain {name}"),
        };
    }
    match (gone(entry.before("record_gone_since")), gone(entry.after("record_gone_since"))) {
        (false, true) => format!("Missed the record of the domain {name}"),
        (true, false) => format!("Found the record of the domain {name} again"),
        _ if entry.before("connection") != entry.after("connection") => {
            format!("Changed by which connection people of {name} sign in")
        }
        _ => format!("Changed the domain {name}"),
    }
}

pub fn policy(entry: &Entry) -> String {
    match entry.text("domain_policy") {
        Some("off") => "Let addresses of any domain come in",
        Some("require") => "Let only addresses of verified domains come in",
        _ => "Let addresses of other domains come in, and have them noted",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use domain::email_domain::{Answer, DomainPolicy, DomainSeed, DomainState, EmailDomain};
    use domain::ids::{ConnectionId, DomainId};
    use domain::journal::Fact;
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use crate::text::facts::tests::entry;
    use crate::text::facts::{Names, sentence};

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn said(fact: &Fact) -> String {
        sentence(&entry(fact), &Names::default())
    }

    #[test]
    fn what_becomes_of_a_domain_is_said_with_its_name_as_people_write_it() {
        let name = "münchen.example".parse().unwrap();
        let new = EmailDomain::new(DomainId(Uuid::from_u128(7)), name, &DomainSeed([7; 32]), NOW);
        assert_eq!(said(&Fact::domain_added(&new)), "Added the domain münchen.example");
        assert_eq!(said(&Fact::domain_removed(&new)), "Removed the domain münchen.example");
        let verified = new.after(Answer::Records(vec![new.challenge.clone()]), NOW);
        let missing = verified.after(Answer::NoRecords, NOW);
        let led = EmailDomain { connection: Some(ConnectionId(Uuid::from_u128(8))), ..verified.clone() };
        let expired = EmailDomain { state: DomainState::Expired, ..missing.clone() };
        for (before, after, expected) in [
            (&new, &new.after(Answer::NoSuchName, NOW), "Did not find the record of the domain münchen.example"),
            (&new, &verified, "Verified the domain münchen.example"),
            (&verified, &missing, "Missed the record of the domain münchen.example"),
            (&missing, &verified, "Found the record of the domain münchen.example again"),
            (&missing, &expired, "Ceased to count the domain münchen.example, whose record was gone for two weeks"),
            (&new, &new.claimed(), "Could not verify the domain münchen.example, which somebody else has verified"),
            (&verified, &led, "Changed by which connection people of münchen.example sign in"),
        ] {
            assert_eq!(said(&Fact::domain_changed(before, after).unwrap()), expected);
        }
        assert_eq!(Fact::domain_changed(&verified, &verified.after(Answer::Unanswered(String::new()), NOW)), None);
    }

    #[test]
    fn each_policy_has_words_of_its_own() {
        let said = DomainPolicy::ALL.map(|policy| said(&Fact::domain_policy_changed(DomainPolicy::Warn, policy)));
        assert_eq!(
            said,
            [
                "Let addresses of any domain come in",
                "Let addresses of other domains come in, and have them noted",
                "Let only addresses of verified domains come in",
            ]
        );
    }
}
