//! Words about how a connection is: its pill, its banner, and the sentence on the overview.

use domain::connection::saml::SamlSource;
use domain::connection::{Connection, Setup};
use domain::timestamp::Timestamp;

use crate::pages::connections::plain;
use crate::pages::connections::standing::Standing;
use crate::parts::{Icon, Pill, Tone};
use crate::prose::Prose;
use crate::text;
use crate::when::When;

/// What the page of a connection says first.
pub struct Banner {
    pub tone: Tone,
    pub icon: Icon,
    /// Whether it is about something that goes on.
    pub spins: bool,
    pub title: &'static str,
    pub text: Prose,
}

/// How a connection is, in a word or two.
pub fn pill(standing: Standing) -> Pill {
    use Standing as S;
    let (tone, icon) = look(standing);
    Pill::new(
        tone,
        icon,
        match standing {
            S::Incomplete | S::Ready => "Draft",
            S::Testing(_) => "Testing",
            S::TestFailed(_) => "Test failed",
            S::Tested => "Tested",
            S::CertificateEnded(_) => "Certificate ended",
            S::Failing(refused) => return Pill::new(tone, icon, format!("Failing: {refused} in an hour")),
            S::Unread => "Metadata not read",
            S::CertificateEnds(_) => "Certificate ends soon",
            S::Changed => "Changed, not tested",
            S::Active => "Active",
            S::Enforced => "Enforced",
            S::Disabled => "Switched off",
        },
    )
}

/// Colour and icon, of the pill and of the banner.
const fn look(standing: Standing) -> (Tone, Icon) {
    use Standing as S;
    match standing {
        S::Incomplete => (Tone::Idle, Icon::Open),
        S::Ready => (Tone::Info, Icon::Open),
        S::Testing(_) => (Tone::Info, Icon::Run),
        S::Tested | S::Active => (Tone::Ok, Icon::Ok),
        S::Enforced => (Tone::Ok, Icon::Key),
        S::TestFailed(_) | S::CertificateEnded(_) | S::Failing(_) => (Tone::Bad, Icon::Bad),
        S::Unread | S::CertificateEnds(_) | S::Changed => (Tone::Warn, Icon::Warn),
        S::Disabled => (Tone::Idle, Icon::Off),
    }
}

/// How a connection is, and what to do about it.
pub fn banner(standing: Standing, connection: &Connection, now: Timestamp) -> Banner {
    use Standing as S;
    let (tone, icon) = look(standing);
    let when = |at| When::new(at, now);
    let (title, text) = match standing {
        S::Incomplete => (
            "Not set up yet",
            Prose::new("Give the identity provider our values, and us its own. Nobody is affected yet."),
        ),
        S::Ready => (
            "Ready to be tested",
            Prose::new("Sign in yourself in a new window and see what arrives. Nobody is affected yet."),
        ),
        S::Testing(begun) => (
            "Waiting for the test",
            Prose::new("A test sign-in was begun ").when(when(begun)).text(
                " and has not come back. If its window is closed, or shows an error of the identity provider’s, compare the values below and test again.",
            ),
        ),
        S::TestFailed(at) => (
            "Test failed",
            Prose::new("The test failed ")
                .when(when(at))
                .text(". The list below says why. Mend it and test again."),
        ),
        S::Tested => ("Test passed", passed(connection, now)),
        S::CertificateEnded(end) => (
            "Certificate ended",
            Prose::new("The identity provider’s certificate ended ")
                .when(when(end))
                .text(", so nobody can sign in. Have a new one made there, then ")
                .text(bring_it_in(connection)),
        ),
        S::Failing(refused) => (
            "Sign-ins are failing",
            Prose::new(format!("{refused} sign-ins were refused within the last hour. The list below says why.")),
        ),
        S::Unread => (
            "The identity provider’s documents cannot be read",
            Prose::new(format!(
                "{} People can still sign in with what was read before.",
                text::sentence(&plain(connection.reading.fault.as_deref().unwrap_or_default()))
            )),
        ),
        S::CertificateEnds(end) => (
            "Certificate ends soon",
            Prose::new("The identity provider’s certificate ends ")
                .when(when(end))
                .text(". Nobody can sign in from then on. Have a new one made there before, then ")
                .text(bring_it_in(connection)),
        ),
        S::Changed => (
            "Changed since the last test",
            Prose::new("It was changed since it was last tested, and works with the change at once. Test it again."),
        ),
        S::Active => ("Active", Prose::new(format!("People can sign in with {}.", connection.name))),
        S::Enforced => {
            ("Enforced", Prose::new("Admins have to sign in by it too, except for break-glass owners."))
        }
        S::Disabled => ("Switched off", Prose::new("Nobody can sign in by it. Its set-up is kept.")),
    };
    Banner { tone, icon, spins: matches!(standing, S::Testing(_)), title, text }
}

/// How a new certificate comes to us.
fn bring_it_in(connection: &Connection) -> &'static str {
    match &connection.setup {
        Setup::Saml(saml) if matches!(saml.source, SamlSource::Hand) => "add it below, beside the old one.",
        Setup::Saml(saml) if matches!(saml.source, SamlSource::File) => "save its new metadata document below.",
        _ => "read the metadata again below.",
    }
}

fn passed(connection: &Connection, now: Timestamp) -> Prose {
    const THEN: &str = "Nobody else is affected yet.";
    match &connection.tested {
        None => Prose::new(THEN),
        Some(test) => {
            Prose::new(format!("{} signed in ", test.person)).when(When::new(test.at, now)).text(format!(". {THEN}"))
        }
    }
}

/// One sentence of meaning for the card on the overview.
pub fn meaning(standing: Standing, name: &str) -> String {
    use Standing as S;
    match standing {
        S::Incomplete => format!("{name} is not set up yet."),
        S::Ready => format!("{name} is not tested yet."),
        S::Testing(_) => format!("A test of {name} was begun and has not come back."),
        S::TestFailed(_) => format!("The test of {name} failed."),
        S::Tested => format!("{name} passed its test and waits to be activated."),
        S::CertificateEnded(_) => format!("The certificate of {name} ended, so nobody can sign in by it."),
        S::Failing(_) => format!("Sign-ins by {name} are failing."),
        S::Unread => format!("People sign in by {name}, but its metadata cannot be read any more."),
        S::CertificateEnds(_) => format!("People sign in by {name}, but its certificate ends soon."),
        S::Changed => format!("People sign in by {name}, which was changed since it was last tested."),
        S::Active => format!("People sign in by {name}."),
        S::Enforced => format!("People sign in by {name}, and admins have to as well."),
        S::Disabled => format!("{name} is switched off."),
    }
}
