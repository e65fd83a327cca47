//! A connection over the days, and what is told of it.

use super::text::About;
use super::*;
use crate::catalogue::Cause;
use crate::health::{CauseCount, Forecast, Quarantine, QuarantineReason, Refusals, Slot};
use crate::ids::CredentialId;
use crate::provider::Provider;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const START: Timestamp = Timestamp::from_micros(1_795_529_000_000_000);

fn at(seconds: i64) -> Timestamp {
    START.plus_seconds(seconds)
}

fn healthy() -> Health {
    Health {
        state: ConnectionState::Healthy,
        since: None,
        provider: Provider::Entra,
        last_call: Some(START),
        last_cycle: None,
        is_running: false,
        next_expected: None,
        interval_seconds: None,
        attempts: 151,
        failures: 18,
        percent: 11,
        causes: Vec::new(),
        affected: 0,
        forecast: None,
        refused: None,
        expiring: Vec::new(),
        rotation: None,
    }
}

fn being(state: ConnectionState) -> Health {
    Health { state, ..healthy() }
}

fn secret(id: u128) -> SecretId {
    SecretId(Uuid::from_u128(id))
}

fn expiring(notice: ExpiryNotice) -> Health {
    let slot = Slot {
        credential: CredentialId(Uuid::from_u128(1)),
        secret: secret(1),
        is_of_client: false,
        label: "entra-2026".to_owned(),
        last_four: "4f1b".to_owned(),
        created: START,
        expires: Some(at(4 * DAY)),
        last_used: Some(START),
    };
    let expiring = Expiring { slot, at: at(4 * DAY), notice };
    Health { expiring: vec![expiring], ..being(ConnectionState::TokenExpiring) }
}

/// What people were told so far, as the store keeps it.
#[derive(Default)]
struct Told(Vec<Notice>);

impl Told {
    fn review(&mut self, health: &Health, now: Timestamp) -> Option<Telling> {
        let review = review(health, &self.0, now);
        self.0.retain(|notice| !review.closed.contains(&notice.reason));
        if let Some(since) = review.well_since {
            let about_no_token = self.0.iter_mut().filter(|notice| !notice.reason.is_about_a_token());
            about_no_token.for_each(|notice| notice.well_since = since);
        }
        self.0.extend(review.opened);
        review.telling
    }

    /// Looks every minute from then on, for so long; gives what was told and when, in seconds.
    fn over(&mut self, health: &Health, from: i64, seconds: i64) -> Vec<(i64, Telling)> {
        let minutes = (from..from + seconds).step_by(60);
        minutes.filter_map(|second| Some((second, self.review(health, at(second))?))).collect()
    }
}

#[test]
fn a_reason_is_told_once_and_its_end_after_an_hour_of_health() {
    let mut told = Told::default();
    assert_eq!(told.over(&healthy(), 0, HOUR), []);
    let trouble = Telling::Trouble(Reason::Degraded);
    assert_eq!(told.over(&being(ConnectionState::Degraded), HOUR, 3 * DAY), [(HOUR, trouble)]);
    let back = HOUR + 3 * DAY;
    assert_eq!(told.over(&healthy(), back, DAY), [(back + HOUR, Telling::Well)]);
    assert_eq!(told.0, []);
    assert_eq!(told.over(&being(ConnectionState::Degraded), back + DAY, HOUR), [(back + DAY, trouble)]);
}

#[test]
fn a_connection_that_comes_and_goes_is_told_once() {
    let mut told = Told::default();
    told.review(&being(ConnectionState::Degraded), START);
    for round in 1..20 {
        assert_eq!(told.over(&healthy(), round * HOUR, HOUR - 60), []);
        assert_eq!(told.over(&being(ConnectionState::Degraded), round * HOUR + HOUR - 60, 60), []);
    }
}

#[test]
fn what_gets_worse_is_told_again_and_ends_together() {
    let mut told = Told::default();
    for (hour, state) in [
        (0, ConnectionState::Degraded),
        (1, ConnectionState::QuarantineLikely),
        (2, ConnectionState::Refused),
        (3, ConnectionState::Degraded),
    ] {
        assert_eq!(told.over(&being(state), hour * HOUR, HOUR).len(), usize::from(hour < 3), "{state:?}");
    }
    assert_eq!(told.over(&being(ConnectionState::Rotating), 4 * HOUR, DAY), [(5 * HOUR, Telling::Well)]);
    assert_eq!(told.0, []);
}

#[test]
fn silence_is_told_when_it_has_lasted_a_day() {
    let mut told = Told::default();
    let quiet = being(ConnectionState::Quiet);
    assert_eq!(told.over(&quiet, HOUR, 2 * DAY), [(DAY, Telling::Trouble(Reason::Quiet))]);
}

#[test]
fn what_is_not_sure_tells_nothing_and_heals_nothing() {
    use ConnectionState as State;
    for state in [State::Waiting, State::Tested, State::FirstSync, State::Unknown] {
        let mut told = Told::default();
        assert_eq!(told.over(&being(state), 0, DAY), [], "{state:?}");
        told.review(&being(State::Degraded), START);
        assert_eq!(told.over(&being(state), 0, DAY), [], "{state:?}");
        assert_eq!(told.0.len(), 1);
    }
}

#[test]
fn what_was_closed_on_purpose_is_told_nobody_and_forgotten() {
    use ConnectionState as State;
    for state in [State::Off, State::OffNever, State::Paused, State::Suspended] {
        let mut told = Told::default();
        told.review(&being(State::Degraded), START);
        assert_eq!(told.over(&being(state), 0, DAY), [], "{state:?}");
        assert_eq!(told.0, [], "{state:?}");
    }
}

#[test]
fn the_end_of_a_token_is_told_three_times() {
    let mut told = Told::default();
    let notices = [ExpiryNotice::Days30, ExpiryNotice::Days7, ExpiryNotice::Day1];
    for (day, notice) in (0..).zip(notices) {
        let telling = Telling::Trouble(Reason::Expiring(secret(1), notice));
        assert_eq!(told.over(&expiring(notice), day * DAY, DAY), [(day * DAY, telling)]);
    }
    assert_eq!(told.0.len(), 3);
    // Nothing is well again for that, and after a while it is forgotten.
    assert_eq!(told.over(&healthy(), 3 * DAY, 2 * DAY), []);
    assert_eq!(told.review(&healthy(), at(63 * DAY)), None);
    assert_eq!(told.0, []);
}

#[test]
fn trouble_and_the_end_of_a_token_are_both_told() {
    let mut told = Told::default();
    let both = Health { state: ConnectionState::Degraded, ..expiring(ExpiryNotice::Days7) };
    let end = Reason::Expiring(secret(1), ExpiryNotice::Days7);
    let expected = [(0, Telling::Trouble(Reason::Degraded)), (60, Telling::Trouble(end))];
    assert_eq!(told.over(&both, 0, DAY), expected);
    assert_eq!(told.over(&expiring(ExpiryNotice::Days7), DAY, DAY), [(DAY + HOUR, Telling::Well)]);
    assert_eq!(told.0.iter().map(|notice| notice.reason).collect::<Vec<_>>(), [end]);
}

#[test]
fn each_of_two_tokens_that_end_is_told() {
    let mut told = Told::default();
    let mut both = expiring(ExpiryNotice::Days7);
    let mut second = both.expiring[0].clone();
    second.slot.secret = secret(2);
    both.expiring.push(second);
    let of = |id| Telling::Trouble(Reason::Expiring(secret(id), ExpiryNotice::Days7));
    assert_eq!(told.over(&both, 0, DAY), [(0, of(1)), (60, of(2))]);
}

#[test]
fn new_trouble_ends_the_health_of_what_was_told_before() {
    let mut told = Told::default();
    told.over(&being(ConnectionState::Degraded), 0, HOUR);
    assert_eq!(told.over(&healthy(), HOUR, HOUR - 60), []);
    told.over(&being(ConnectionState::Refused), 2 * HOUR - 60, 60);
    assert_eq!(told.over(&healthy(), 2 * HOUR, DAY), [(3 * HOUR, Telling::Well)], "an hour of health, not a minute");
}

#[test]
fn where_there_is_nobody_to_be_told_nothing_counts_as_told_and_what_is_over_is_over() {
    let notice = Notice { reason: Reason::Degraded, told: START, well_since: Some(START) };
    let over = review(&healthy(), &[notice], at(HOUR)).without_telling();
    assert_eq!(over, Review { closed: vec![Reason::Degraded], ..Review::default() });
    assert!(review(&being(ConnectionState::Degraded), &[], START).without_telling().is_empty());
}

#[test]
fn reasons_are_stored_by_name() {
    let expiring = [ExpiryNotice::Days30, ExpiryNotice::Days7, ExpiryNotice::Day1];
    let expiring = expiring.into_iter().map(|notice| Reason::Expiring(secret(7), notice));
    let others = [Reason::Degraded, Reason::QuarantineLikely, Reason::Refused, Reason::Quiet];
    for reason in others.into_iter().chain(expiring) {
        assert_eq!(Reason::named(&reason.key()), Some(reason));
    }
    for other in ["", "expiring", "expiring x 7", "expiring 00000000-0000-0000-0000-000000000007 8"] {
        assert_eq!(Reason::named(other), None, "{other}");
    }
}

#[test]
fn a_mail_says_what_why_and_what_to_do() {
    let about = About { tenant: "Contoso", product: "BlogIn", page: "https://id.blogin.example/t/contoso/settings" };
    let count = CauseCount { cause: Cause::RequiredMissing, failures: 9, people: 5, since: START, tries: 2 };
    let refused = Refusals { since: START, last: START, count: 84, cause: Cause::TokenExpired, credential: None };
    let forecast = Forecast {
        reason: QuarantineReason::Share { percent: 62 },
        quarantine: Quarantine::Expected(at(3 * HOUR)),
        disabled: at(28 * DAY),
    };
    let by_token = Forecast { reason: QuarantineReason::Credentials, quarantine: Quarantine::Since(START), ..forecast };
    let mut of_client = expiring(ExpiryNotice::Days7);
    of_client.expiring[0].slot.is_of_client = true;
    let table = [
        (
            Reason::Degraded,
            Health { causes: vec![count.clone()], ..being(ConnectionState::Degraded) },
            &[
                "18 of 151 changes failed in the last 24 hours (11 %)",
                "a required value is empty (5 affected)",
                "Your IdP admin’s: ",
            ][..],
        ),
        (
            Reason::QuarantineLikely,
            Health {
                causes: vec![count.clone()],
                forecast: Some(forecast),
                ..being(ConnectionState::QuarantineLikely)
            },
            &["in about 3 hours, because", "22 Dec 2026", "Restart provisioning", "a required value is empty"],
        ),
        (
            Reason::QuarantineLikely,
            Health {
                causes: vec![count.clone()],
                refused: Some(refused),
                forecast: Some(by_token),
                ..being(ConnectionState::QuarantineLikely)
            },
            &["because its token is refused", "the token has expired\nYours: create a token"],
        ),
        (
            Reason::Degraded,
            Health {
                provider: Provider::Okta,
                causes: vec![count],
                refused: Some(refused),
                ..being(ConnectionState::Degraded)
            },
            &[
                "Degraded: Okta is refused",
                "Okta is being refused since 24 Nov 2026, 14:03 UTC; 84 requests",
                "Yours: create a token",
            ],
        ),
        (
            Reason::Refused,
            Health { refused: Some(refused), ..being(ConnectionState::Refused) },
            &["Entra is being refused since 24 Nov 2026, 14:03 UTC; 84 requests so far", "Yours: create a token"],
        ),
        (Reason::Refused, being(ConnectionState::Refused), &["Yours: create a token"]),
        (Reason::Quiet, being(ConnectionState::Quiet), &["nothing from Entra for 30 hours", "24 Nov 2026, 14:03 UTC"]),
        (
            Reason::Expiring(secret(1), ExpiryNotice::Days7),
            expiring(ExpiryNotice::Days7),
            &["The token entra-2026 ends within 7 days", "(…4f1b) ends on 28 Nov 2026", "last used on 24 Nov 2026"],
        ),
        (
            Reason::Expiring(secret(1), ExpiryNotice::Days7),
            of_client,
            &["The secret of entra-2026 ends within 7 days", "create a second secret", "pasted into Client secret"],
        ),
    ];
    for (reason, health, said) in table {
        let to = "ana@contoso.example".parse().unwrap();
        let now = if reason == Reason::Quiet { at(30 * HOUR) } else { START };
        let mail = about.mail(to, Telling::Trouble(reason), &health, now);
        let all = format!("{}\n{}", mail.subject(), mail.text());
        assert!(mail.subject().starts_with("BlogIn, user provisioning of Contoso: "), "{}", mail.subject());
        for part in said.iter().chain(&["Look and act here:\nhttps://id.blogin.example/t/contoso/settings\n"]) {
            assert!(all.contains(part), "{part}: {all}");
        }
    }
    let mail = about.mail("ana@contoso.example".parse().unwrap(), Telling::Well, &healthy(), START);
    assert!(mail.subject().ends_with(": Healthy again") && mail.text().contains("Changes arrive as they should."));
}
