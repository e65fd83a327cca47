//! The domains of a tenant's e-mail addresses, and how it shows that they are its own (ADR 0038).
//!
//! Whoever may add records to a domain has it. A tenant adds a domain, publishes a TXT record below it whose value nobody
//! else could know, and it is looked for. What was found once is looked for again from time to time.

mod name;
mod policy;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use name::DomainName;
pub use policy::{DomainPolicy, Judgement, TenantDomains};

use crate::ids::{ConnectionId, DomainId};
use crate::ports::ResolveError;
use crate::tenant::named_states;
use crate::timestamp::Timestamp;

/// How many domains a tenant may have.
pub const MAX_DOMAINS: usize = 50;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How long a domain counts whose record has gone: a change of providers must not lock a company out.
pub const GRACE_SECONDS: i64 = 14 * DAY;
/// How long after a domain was added it is looked for without being asked.
pub const SEEK_SECONDS: i64 = 3 * DAY;
/// How often it is then.
const SEEK_EVERY_SECONDS: i64 = HOUR;
/// How often a domain that was verified is looked for.
const AGAIN_SECONDS: i64 = DAY;

/// What the value of the record begins with.
const VALUE: &str = "rollcall-domain-verification=";

/// How much is kept of what was found in the place of the record.
const KEPT_RECORDS: usize = 5;
const KEPT_CHARACTERS: usize = 200;

named_states!(
    /// Whether a domain is known to be the tenant's own.
    DomainState {
        /// It was not looked for yet, or nobody answered.
        Pending = "pending",
        /// It is the tenant's, and no other tenant's.
        Verified = "verified",
        /// The record was not there.
        Failed = "failed",
        /// It was verified, and the record has been gone for so long that it does not count any more.
        Expired = "expired",
        /// The record was there, and another tenant has verified the domain.
        Claimed = "claimed"
    }
);

impl DomainState {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Verified, Self::Failed, Self::Expired, Self::Claimed];
}

/// What makes the values of a tenant's records: they stay the same when a domain is removed and added again, whatever
/// becomes of the key ring.
#[derive(Clone, PartialEq, Eq)]
pub struct DomainSeed(pub [u8; 32]);

impl DomainSeed {
    /// The value of the record of a domain: 128 bits that nobody can guess who does not know the seed.
    pub fn challenge(&self, name: &DomainName) -> String {
        let digest = Sha256::new().chain_update(self.0).chain_update(name.as_str()).finalize();
        let bits: Vec<u8> = digest.into_iter().take(16).collect();
        format!("{VALUE}{}", hex::encode(bits))
    }
}

/// What the domain name system said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// These TXT records, the expected one among them or not.
    Records(Vec<String>),
    /// There is no such name.
    NoSuchName,
    /// There is such a name, and it has no TXT records.
    NoRecords,
    /// No server answered; says why.
    Unanswered(String),
}

impl Answer {
    pub fn of(found: Result<Vec<String>, ResolveError>) -> Self {
        match found {
            Ok(records) if records.is_empty() => Self::NoRecords,
            Ok(records) => Self::Records(records),
            Err(ResolveError::NoSuchName) => Self::NoSuchName,
            Err(ResolveError::NoRecords) => Self::NoRecords,
            Err(error) => Self::Unanswered(error.to_string()),
        }
    }

    /// Whether the record is there.
    fn holds(&self, challenge: &str) -> bool {
        matches!(self, Self::Records(records) if records.iter().any(|record| is_record(record, challenge)))
    }

    /// As much as people read, without characters that are none. The record that was looked for comes first.
    fn shortened(self, challenge: &str) -> Self {
        let short = |text: String| text.chars().filter(|each| !is_hidden(*each)).take(KEPT_CHARACTERS).collect();
        match self {
            Self::Records(mut records) => {
                records.sort_by_key(|record| !is_record(record, challenge));
                Self::Records(records.into_iter().take(KEPT_RECORDS).map(short).collect())
            }
            Self::Unanswered(why) => Self::Unanswered(short(why)),
            other => other,
        }
    }
}

/// Whether nobody sees a character, or it turns those around it.
fn is_hidden(each: char) -> bool {
    each.is_control()
        || matches!(each, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// People paste it with quotes around it.
fn is_record(record: &str, challenge: &str) -> bool {
    record.trim().trim_matches('"') == challenge
}

/// A domain as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomain {
    pub id: DomainId,
    pub name: DomainName,
    /// The value of the TXT record.
    pub challenge: String,
    pub state: DomainState,
    pub added: Timestamp,
    /// When it was looked for last.
    pub checked: Option<Timestamp>,
    /// Since when it is verified; kept when it expires.
    pub verified: Option<Timestamp>,
    /// Since when the record of a verified domain is gone.
    pub missing: Option<Timestamp>,
    /// What was answered last.
    pub answer: Option<Answer>,
    /// By which connection its people sign in.
    pub connection: Option<ConnectionId>,
    /// When it is looked for without being asked; none when it is not.
    pub due: Option<Timestamp>,
}

impl EmailDomain {
    /// One that was not looked for yet.
    pub fn new(id: DomainId, name: DomainName, seed: &DomainSeed, now: Timestamp) -> Self {
        let challenge = seed.challenge(&name);
        let due = Some(now.plus_seconds(SEEK_EVERY_SECONDS));
        Self {
            id,
            name,
            challenge,
            state: DomainState::Pending,
            added: now,
            checked: None,
            verified: None,
            missing: None,
            answer: None,
            connection: None,
            due,
        }
    }

    /// Whether a record is the one that shows whose the domain is.
    pub fn is_record(&self, record: &str) -> bool {
        is_record(record, &self.challenge)
    }

    pub fn is_verified(&self) -> bool {
        self.state == DomainState::Verified
    }

    /// When a verified domain whose record is gone ceases to count.
    pub fn expires(&self) -> Option<Timestamp> {
        self.missing.map(|since| since.plus_seconds(GRACE_SECONDS))
    }

    /// The domain after it was looked for. When nobody answers, that says nothing about whose it is.
    #[must_use]
    pub fn after(&self, answer: Answer, now: Timestamp) -> Self {
        let mut after = Self { checked: Some(now), ..self.clone() };
        match (answer.holds(&self.challenge), &answer) {
            (true, _) => {
                after.verified = self.verified.filter(|_| self.is_verified()).or(Some(now));
                after.state = DomainState::Verified;
                after.missing = None;
            }
            (false, Answer::Unanswered(_)) => {}
            (false, _) => after.lose(now),
        }
        after.answer = Some(answer.shortened(&self.challenge));
        after.due = after.next_look(now);
        after
    }

    /// The record is not there.
    fn lose(&mut self, now: Timestamp) {
        match self.state {
            DomainState::Verified => {
                self.missing = self.missing.or(Some(now));
                if self.expires().is_some_and(|end| end <= now) {
                    self.state = DomainState::Expired;
                }
            }
            DomainState::Expired => {}
            DomainState::Pending | DomainState::Failed | DomainState::Claimed => self.state = DomainState::Failed,
        }
    }

    /// The domain when its record is there and another tenant has verified it.
    #[must_use]
    pub fn claimed(&self) -> Self {
        Self { state: DomainState::Claimed, verified: None, missing: None, due: None, ..self.clone() }
    }

    fn next_look(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            DomainState::Verified => Some(now.plus_seconds(AGAIN_SECONDS)),
            DomainState::Pending | DomainState::Failed => {
                let is_new = self.added.plus_seconds(SEEK_SECONDS) > now;
                is_new.then(|| now.plus_seconds(SEEK_EVERY_SECONDS))
            }
            DomainState::Expired | DomainState::Claimed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
    const SEED: DomainSeed = DomainSeed([7; 32]);

    fn new() -> EmailDomain {
        EmailDomain::new(DomainId(Uuid::from_u128(1)), "contoso.com".parse().unwrap(), &SEED, NOW)
    }

    fn found() -> Answer {
        Answer::Records(vec!["v=spf1 -all".to_owned(), new().challenge])
    }

    fn days(days: i64) -> Timestamp {
        NOW.plus_seconds(days * DAY)
    }

    #[test]
    fn a_challenge_is_one_tenants_and_one_domains_and_stays_the_same() {
        let name = |text: &str| text.parse::<DomainName>().unwrap();
        let challenge = SEED.challenge(&name("contoso.com"));
        assert_eq!(challenge, SEED.challenge(&name("CONTOSO.com")));
        assert_ne!(challenge, SEED.challenge(&name("fabrikam.com")));
        assert_ne!(challenge, DomainSeed([8; 32]).challenge(&name("contoso.com")));
        let random = challenge.strip_prefix("rollcall-domain-verification=").unwrap();
        assert!(random.len() == 32 && random.chars().all(|each| each.is_ascii_hexdigit()), "{challenge}");
    }

    #[test]
    fn the_record_verifies_a_domain_among_others_and_in_quotes() {
        let after = new().after(found(), days(1));
        assert_eq!((after.state, after.verified, after.due), (DomainState::Verified, Some(days(1)), Some(days(2))));
        let quoted = Answer::Records(vec![format!(" \"{}\" ", new().challenge)]);
        assert!(new().after(quoted, NOW).is_verified());
        for other in [
            Answer::NoSuchName,
            Answer::NoRecords,
            Answer::Records(vec!["v=spf1".to_owned()]),
            Answer::Records(vec![new().challenge.to_uppercase()]),
            Answer::Records(vec![format!("{}0", new().challenge)]),
        ] {
            assert_eq!(new().after(other.clone(), NOW).state, DomainState::Failed, "{other:?}");
        }
    }

    #[test]
    fn nobody_who_does_not_answer_changes_what_is_known() {
        let silent = || Answer::of(Err(ResolveError::TooSlow(5)));
        let verified = new().after(found(), NOW);
        let missing = verified.after(Answer::NoRecords, days(1));
        for before in [new(), verified, missing] {
            let after = before.after(silent(), days(40));
            assert_eq!((after.state, after.missing), (before.state, before.missing));
            assert_eq!(after.answer, Some(Answer::Unanswered("no server answered within 5 s".to_owned())));
        }
    }

    #[test]
    fn a_record_that_is_gone_is_missed_for_two_weeks_before_the_domain_expires() {
        let verified = new().after(found(), NOW);
        let missing = verified.after(Answer::NoRecords, days(1));
        assert_eq!((missing.is_verified(), missing.missing, missing.expires()), (true, Some(days(1)), Some(days(15))));
        let still = missing.after(Answer::NoSuchName, days(14));
        assert_eq!((still.is_verified(), still.missing), (true, Some(days(1))));
        let back = still.after(found(), days(14));
        assert_eq!((back.missing, back.verified), (None, Some(NOW)), "it was verified all the time");
        let expired = still.after(Answer::NoRecords, days(15));
        assert_eq!((expired.state, expired.due), (DomainState::Expired, None));
        assert_eq!(expired.after(Answer::NoRecords, days(16)).state, DomainState::Expired);
        let again = expired.after(found(), days(20));
        assert_eq!((again.state, again.verified, again.missing), (DomainState::Verified, Some(days(20)), None));
    }

    #[test]
    fn a_new_domain_is_looked_for_by_itself_for_three_days() {
        assert_eq!(new().due, Some(NOW.plus_seconds(HOUR)));
        let failed = new().after(Answer::NoRecords, days(2));
        assert_eq!((failed.state, failed.due), (DomainState::Failed, Some(days(2).plus_seconds(HOUR))));
        assert_eq!(failed.after(Answer::NoRecords, days(3)).due, None);
    }

    #[test]
    fn a_claimed_domain_is_not_verified_and_can_be_looked_for_again() {
        let claimed = new().after(found(), NOW).claimed();
        assert_eq!((claimed.state, claimed.verified, claimed.due), (DomainState::Claimed, None, None));
        assert!(claimed.after(found(), days(1)).is_verified(), "unless it is still another's, which the store knows");
        assert_eq!(claimed.after(Answer::NoRecords, days(1)).state, DomainState::Failed);
    }

    #[test]
    fn an_answer_is_kept_short_and_plain() {
        let mut records: Vec<String> =
            (0..20).map(|number| format!("{number}\u{7}\n\u{202e}{}", "x".repeat(500))).collect();
        records.push(new().challenge);
        let Some(Answer::Records(kept)) = new().after(Answer::Records(records), NOW).answer else {
            panic!("no records")
        };
        assert_eq!((kept.len(), kept[0].as_str()), (KEPT_RECORDS, new().challenge.as_str()));
        assert!(kept.iter().all(|record| record.chars().count() <= KEPT_CHARACTERS), "{kept:?}");
        assert!(!kept.iter().any(|record| record.contains(is_hidden)), "{kept:?}");
    }

    #[test]
    fn every_state_has_a_name_of_its_own() {
        for state in DomainState::ALL {
            assert_eq!(DomainState::named(state.as_str()), Some(state));
        }
    }
}
