//! What the pages about domains say.

use domain::email_domain::{Answer, DomainPolicy, DomainState, EmailDomain, MAX_DOMAINS};

use crate::lists::several;
use crate::parts::{Icon, Pill, Tone};
use crate::when::day;

pub const USUAL_WAY: &str = "Whichever is active";
pub const LEAD: &str =
    "Show which domains are yours. The addresses that your identity provider sends are compared with them.";
pub const EMPTY_TITLE: &str = "No domain yet";
pub const EMPTY: &str = "Add the domain that your people’s email addresses end with. You then publish one record in its DNS, and nothing changes for your people before it is found.";
pub const REMOVE: &str = "Remove domain";
pub const OUTSIDERS: &str = "People outside of your domains";
pub const OUTSIDERS_LEAD: &str =
    "Their user name or an email of theirs lies in a domain that is not among your verified domains.";
pub const NOBODY_OUTSIDE_TITLE: &str = "Nobody is outside";
pub const NOBODY_OUTSIDE: &str = "Every address in the directory lies in one of your verified domains.";
pub const NOTHING_TO_COMPARE_TITLE: &str = "There is no verified domain yet";
pub const NOTHING_TO_COMPARE: &str = "Nobody can be outside before you have verified a domain.";
pub const TO_DOMAINS: &str = "Go to Domains";
pub const NAME_HELP: &str =
    "Some DNS providers add the domain by themselves. With them, enter only <b>_rollcall-challenge</b>.";
pub const VALUE_HELP: &str = "It is no secret, and stays the same when you remove the domain and add it again. Leave the record in place: we check once a day.";

/// The pill of a domain.
pub fn pill(domain: &EmailDomain) -> Pill {
    let (tone, icon, word) = match domain.state {
        DomainState::Pending => (Tone::Info, Icon::Wait, "Pending"),
        DomainState::Verified if domain.missing.is_some() => (Tone::Warn, Icon::Warn, "Verified, record gone"),
        DomainState::Verified => (Tone::Ok, Icon::Ok, "Verified"),
        DomainState::Failed => (Tone::Warn, Icon::Warn, "Record not found"),
        DomainState::Expired => (Tone::Bad, Icon::Bad, "Expired"),
        DomainState::Claimed => (Tone::Bad, Icon::Bad, "Claimed by somebody else"),
    };
    Pill::new(tone, icon, word)
}

/// What a domain's state means and what to do next: a title and a sentence or two.
pub fn meaning(domain: &EmailDomain) -> (&'static str, String) {
    match domain.state {
        DomainState::Pending => (
            "Waiting for the record",
            format!("Add the record below at your DNS provider, then press Check now. {}", by_itself(domain)),
        ),
        DomainState::Failed => (
            "The record was not found",
            format!(
                "{}Compare name and value with what you entered. A new record can take from minutes to an hour to be seen everywhere. {}",
                others(domain),
                by_itself(domain)
            ),
        ),
        DomainState::Verified => match domain.expires() {
            None => ("Verified", "This domain is yours. Leave the record in place: we check once a day.".to_owned()),
            Some(end) => (
                "The record is gone",
                format!("Add it again. The domain counts as yours until {}, and after that no more.", day(end)),
            ),
        },
        DomainState::Expired => (
            "Not verified any more",
            "The record was gone for two weeks, so this domain does not count as yours any more. Nobody has lost access. Add the record again, then press Check now.".to_owned(),
        ),
        DomainState::Claimed => (
            "Somebody else has verified this domain",
            "The record is there, and another workspace has shown before that the domain is theirs. It may be another part of your company: ask there to have it removed, or contact support. Then press Check now.".to_owned(),
        ),
    }
}

/// That there are records, and only others: whoever added theirs in the wrong place sees it.
fn others(domain: &EmailDomain) -> &'static str {
    match &domain.answer {
        Some(Answer::Records(records)) if !records.is_empty() => "Other TXT records are there, ours is not. ",
        _ => "",
    }
}

fn by_itself(domain: &EmailDomain) -> &'static str {
    match domain.due {
        Some(_) => "We also check every hour for three days.",
        None => "We no longer check by ourselves.",
    }
}

/// What DNS said, in a sentence; none for records, which are shown themselves.
pub fn answer(answer: &Answer, record: &str) -> Option<String> {
    match answer {
        Answer::Records(_) => None,
        Answer::NoSuchName => Some(format!("There is no name {record}.")),
        Answer::NoRecords => Some(format!("The name {record} has no TXT record.")),
        Answer::Unanswered(why) => Some(format!("Nobody told: {why}. That changes nothing; check again shortly.")),
    }
}

pub fn policy(policy: DomainPolicy) -> (&'static str, &'static str) {
    match policy {
        DomainPolicy::Off => ("Allow", "Addresses of any domain come in, and nobody is told."),
        DomainPolicy::Warn => (
            "Allow and note",
            "Addresses of other domains come in as well. The activity log and this page tell whose they are.",
        ),
        DomainPolicy::Require => (
            "Refuse",
            "New and changed addresses of other domains are refused. Who is here already stays, and can still be disabled.",
        ),
    }
}

/// How many domains there are.
pub fn count(domains: usize) -> String {
    let count = several(domains as u64, "domain", "domains");
    match domains {
        MAX_DOMAINS.. => format!("{count}, which is the most there may be"),
        _ => count,
    }
}

/// How many people are outside.
pub fn outsiders(count: usize, has_more: bool) -> String {
    match (count, has_more) {
        (count, true) => format!("More than {count} people are outside of your domains; these came first"),
        (1, false) => "1 person is outside of your domains".to_owned(),
        (count, false) => format!("{} are outside of your domains", several(count as u64, "person", "people")),
    }
}

/// What a change brought from outside, for the activity log.
pub fn noted(domains: &[&str]) -> Option<String> {
    match domains {
        [] => None,
        [one] => Some(format!("An address in {one} came in, which is outside of your verified domains.")),
        several => {
            Some(format!("Addresses in {} came in, which are outside of your verified domains.", several.join(", ")))
        }
    }
}

/// What removing a domain brings with it.
pub fn removal(domain: &EmailDomain, is_last: bool) -> Vec<String> {
    let mut follows = Vec::new();
    if domain.is_verified() {
        follows.push(format!(
            "Addresses at {} then count as outside your domains; where that is refused, new ones are refused.",
            domain.name.shown()
        ));
        if is_last {
            follows.push("It is your last verified domain: without one, addresses of any domain come in.".to_owned());
        }
        follows.push("Whoever can add records to the domain can verify it in another workspace.".to_owned());
    }
    follows.push("Nobody is removed or disabled.".to_owned());
    follows.push("If you add it again, it has the same record.".to_owned());
    follows
}

#[cfg(test)]
mod tests {
    use domain::email_domain::DomainSeed;
    use domain::ids::DomainId;
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn new() -> EmailDomain {
        let name = "contoso.com".parse().unwrap();
        EmailDomain::new(DomainId(Uuid::from_u128(7)), name, &DomainSeed([7; 32]), NOW)
    }

    #[test]
    fn every_state_says_in_whole_sentences_what_to_do() {
        let verified = new().after(Answer::Records(vec![new().challenge]), NOW);
        let missing = verified.after(Answer::NoRecords, NOW);
        let states = DomainState::ALL.map(|state| EmailDomain { state, ..new() });
        let mut titles: Vec<_> = states.iter().chain([&missing]).map(|domain| meaning(domain).0).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), 6);
        for domain in states.iter().chain([&verified, &missing]) {
            let (title, text) = meaning(domain);
            assert!(!title.ends_with('.') && text.ends_with('.') && !text.contains("  "), "{title}: {text}");
        }
        assert!(meaning(&missing).1.contains("until 15\u{a0}Jan\u{a0}2026"), "{:?}", meaning(&missing));
    }

    #[test]
    fn what_is_counted_is_said() {
        assert_eq!([0, 1, 50].map(count), ["0 domains", "1 domain", "50 domains, which is the most there may be"]);
        assert_eq!(outsiders(1, false), "1 person is outside of your domains");
        assert_eq!(outsiders(2, false), "2 people are outside of your domains");
        assert!(outsiders(200, true).starts_with("More than 200 people"));
        assert_eq!(noted(&[]), None);
        assert!(noted(&["a.example", "b.example"]).unwrap().contains("a.example, b.example"));
    }

    #[test]
    fn removing_the_last_domain_says_what_it_brings() {
        let verified = EmailDomain { state: DomainState::Verified, ..new() };
        assert_eq!(removal(&new(), false).len(), 2);
        assert!(removal(&verified, true).iter().any(|follows| follows.contains("last verified domain")));
        assert!(!removal(&verified, false).iter().any(|follows| follows.contains("last verified domain")));
    }
}
