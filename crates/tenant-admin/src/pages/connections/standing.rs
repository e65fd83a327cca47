//! How a connection is now: what its pill, its banner and the overview tell alike.

use domain::connection::attempt::Attempt;
use domain::connection::{Connection, Stage};
use domain::timestamp::Timestamp;

/// So many refusals within an hour are no accident.
const FAILING: u64 = 3;
/// So many days before its last certificate ends a connection says so.
const WARNING_DAYS: i64 = 30;

/// What matters most of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Who the identity provider is is not known yet.
    Incomplete,
    /// It can be tested.
    Ready,
    /// A test was begun then and has not come back.
    Testing(Timestamp),
    /// When its last test failed.
    TestFailed(Timestamp),
    Tested,
    /// Nothing that is signed is accepted since then.
    CertificateEnded(Timestamp),
    /// So many sign-ins were refused within an hour.
    Failing(u64),
    /// What the identity provider publishes cannot be read any more.
    Unread,
    /// When nothing that is signed will be accepted any more.
    CertificateEnds(Timestamp),
    /// It is open as nobody has tested it.
    Changed,
    Active,
    Enforced,
    Disabled,
}

impl Standing {
    /// `refused`: sign-ins of the last hour. `open_tests`: of all connections, the newest first.
    pub fn of(connection: &Connection, refused: u64, open_tests: &[Attempt], now: Timestamp) -> Self {
        let stage = connection.stage();
        match stage {
            Stage::Draft if !connection.is_complete() => Self::Incomplete,
            Stage::Draft | Stage::TestFailed => {
                let failed = connection.test_failed;
                match (open_test(connection, open_tests), failed) {
                    (Some(begun), failed) if failed.is_none_or(|failed| failed < begun) => Self::Testing(begun),
                    (_, Some(failed)) => Self::TestFailed(failed),
                    (_, None) => Self::Ready,
                }
            }
            Stage::Tested => Self::Tested,
            Stage::Disabled => Self::Disabled,
            Stage::Active | Stage::Enforced => Self::trouble(connection, refused, now).unwrap_or(match stage {
                Stage::Enforced => Self::Enforced,
                _ => Self::Active,
            }),
        }
    }

    /// What is wrong with one that people use, the worst first.
    fn trouble(connection: &Connection, refused: u64, now: Timestamp) -> Option<Self> {
        let ends = connection.certificates_end();
        if let Some(end) = ends.filter(|end| *end <= now) {
            return Some(Self::CertificateEnded(end));
        }
        if refused >= FAILING {
            return Some(Self::Failing(refused));
        }
        if connection.reading.fault.is_some() {
            return Some(Self::Unread);
        }
        if let Some(end) = ends.filter(|end| *end <= now.plus_seconds(WARNING_DAYS * 86_400)) {
            return Some(Self::CertificateEnds(end));
        }
        (!connection.is_tested()).then_some(Self::Changed)
    }
}

/// When the newest test of the set-up as it is was begun that has not come back.
fn open_test(connection: &Connection, open_tests: &[Attempt]) -> Option<Timestamp> {
    let is_its = |test: &&Attempt| (test.connection, test.setup_version) == (connection.id, connection.setup_version);
    open_tests.iter().find(is_its).map(|test| test.begun)
}

#[cfg(test)]
mod tests {
    use domain::connection::attempt::Purpose;
    use domain::connection::saml::{SamlFound, SamlSetup, SamlSource};
    use domain::connection::{IdentityClaim, PassedTest, Reading, Rules, Setup, Switch};
    use domain::ids::{AttemptId, ConnectionId};
    use domain::who::{Mark, Who};
    use testkit::connections::certificate;
    use uuid::Uuid;

    use super::*;
    use crate::parts::Tone;
    use crate::text::sign_on::standing::{banner, meaning, pill};

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
    const DAY: i64 = 86_400;

    fn after(seconds: i64) -> Timestamp {
        NOW.plus_seconds(seconds)
    }

    /// A connection whose certificates end then.
    fn connection(switch: Switch, ends: &[Timestamp]) -> Connection {
        let found = SamlFound {
            entity_id: "https://id.example/".to_owned(),
            sso_url: "https://id.example/saml".to_owned(),
            slo_url: None,
            slo_response_url: None,
            certificates: ends.iter().map(|end| certificate(*end)).collect(),
            wants_signed_requests: false,
        };
        Connection {
            id: ConnectionId(Uuid::from_u128(1)),
            name: "Entra".to_owned(),
            setup: Setup::Saml(SamlSetup { source: SamlSource::Hand, signs_requests: false, found: Some(found) }),
            rules: Rules {
                identity: IdentityClaim::ObjectId,
                idp_initiated: false,
                return_addresses: Vec::new(),
                creates_people: false,
            },
            setup_version: 2,
            version: 3,
            switch,
            reading: Reading::default(),
            tested: Some(PassedTest { at: NOW, setup_version: 2, person: "Ana".to_owned() }),
            test_failed: None,
            activated: None,
            created: NOW,
            changed: Mark { at: NOW, by: Who { kind: "system".to_owned(), name: None } },
        }
    }

    fn draft() -> Connection {
        Connection { tested: None, ..connection(Switch::Off, &[after(365 * DAY)]) }
    }

    fn test(connection: &Connection, begun: Timestamp) -> Attempt {
        Attempt::new(AttemptId(Uuid::from_u128(9)), connection, Purpose::Test, begun, begun.plus_seconds(900))
    }

    #[test]
    fn a_draft_is_in_its_test_until_that_is_back() {
        let draft = draft();
        let begun = test(&draft, after(-60));
        let of = |connection: &Connection, tests: &[Attempt]| Standing::of(connection, 0, tests, NOW);
        assert_eq!(of(&draft, &[]), Standing::Ready);
        assert_eq!(of(&draft, std::slice::from_ref(&begun)), Standing::Testing(after(-60)));
        // Of another connection, or of what was set up before.
        let others = [
            Attempt { connection: ConnectionId(Uuid::from_u128(2)), ..begun.clone() },
            Attempt { setup_version: 1, ..begun.clone() },
        ];
        assert_eq!(of(&draft, &others), Standing::Ready);
        // One that failed tells more than one that was begun before it and never came back.
        let failed = |at| Connection { test_failed: Some(after(at)), ..draft.clone() };
        assert_eq!(of(&failed(-30), std::slice::from_ref(&begun)), Standing::TestFailed(after(-30)));
        assert_eq!(of(&failed(-90), std::slice::from_ref(&begun)), Standing::Testing(after(-60)));
        let tested = connection(Switch::Off, &[after(365 * DAY)]);
        assert_eq!(of(&tested, &[begun]), Standing::Tested, "it can be activated");
        let unknown = Connection {
            setup: Setup::Saml(SamlSetup { source: SamlSource::Hand, signs_requests: false, found: None }),
            ..draft
        };
        assert_eq!(of(&unknown, &[]), Standing::Incomplete);
    }

    #[test]
    fn what_is_wrong_with_a_connection_that_people_use_comes_first() {
        for (switch, well) in [(Switch::Active, Standing::Active), (Switch::Enforced, Standing::Enforced)] {
            let of = |connection: Connection, refused| Standing::of(&connection, refused, &[], NOW);
            let ending = |days: i64| connection(switch, &[after(days * DAY), after(-DAY)]);
            let unread = |it| Connection {
                reading: Reading { fault: Some("it is away".to_owned()), ..Reading::default() },
                ..it
            };
            assert_eq!(of(ending(365), 2), well, "another certificate is good");
            assert_eq!(of(ending(365), 3), Standing::Failing(3));
            assert_eq!(of(ending(-1), 3), Standing::CertificateEnded(after(-DAY)));
            assert_eq!(of(ending(30), 0), Standing::CertificateEnds(after(30 * DAY)));
            assert_eq!(of(ending(31), 0), well);
            assert_eq!(of(unread(ending(30)), 0), Standing::Unread);
            assert_eq!(of(Connection { tested: None, ..ending(365) }, 0), Standing::Changed);
        }
        let off = Connection { activated: Some(NOW), ..connection(Switch::Off, &[after(-DAY)]) };
        assert_eq!(Standing::of(&off, 9, &[], NOW), Standing::Disabled);
    }

    #[test]
    fn a_pill_has_the_colour_of_the_banner_and_trouble_is_never_green() {
        let connection = connection(Switch::Active, &[]);
        let troubles = [
            Standing::TestFailed(NOW),
            Standing::CertificateEnded(NOW),
            Standing::Failing(3),
            Standing::Unread,
            Standing::CertificateEnds(NOW),
            Standing::Changed,
        ];
        let others = [
            Standing::Incomplete,
            Standing::Ready,
            Standing::Testing(NOW),
            Standing::Tested,
            Standing::Active,
            Standing::Enforced,
            Standing::Disabled,
        ];
        for standing in troubles.into_iter().chain(others) {
            let (pill, banner) = (pill(standing), banner(standing, &connection, NOW));
            assert_eq!((pill.tone, pill.icon), (banner.tone, banner.icon), "{standing:?}");
            let is_trouble = matches!(pill.tone, Tone::Bad | Tone::Warn);
            assert_eq!(is_trouble, troubles.contains(&standing), "{standing:?}");
            let said = [banner.text.to_string(), meaning(standing, &connection.name)];
            assert!(said.iter().all(|it| it.ends_with('.') && !it.contains("  ")), "{said:?}");
        }
    }
}
