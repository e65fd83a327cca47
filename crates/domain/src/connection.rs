//! Connections: a tenant's links to identity providers, by which its people sign in (ADR 0040).
//!
//! A connection is set up, tried by an admin in a test, and only then made active. What its admins chose is its [`Setup`];
//! what the identity provider publishes about itself is [kept beside it](saml::SamlFound) and read again from time to time.

pub mod arrival;
pub mod attempt;
pub mod cause;
pub mod key;
pub mod link;
pub mod oidc;
pub mod routing;
pub mod saml;
#[cfg(test)]
mod sample;
pub mod service;

use serde::{Deserialize, Serialize};

use crate::ids::ConnectionId;
use crate::tenant::{ProvisioningState, Tenant, named_states};
use crate::timestamp::Timestamp;
use crate::who::Mark;

use self::oidc::OidcSetup;
use self::saml::SamlSetup;

/// A passed test is fresh for so long: enforcing asks for a fresh one.
pub const FRESH_SECONDS: i64 = 86_400;

/// How many connections a tenant may have.
pub const MAX_CONNECTIONS: usize = 20;

/// How many addresses a sign-in that the identity provider began may lead to.
pub const MAX_RETURN_ADDRESSES: usize = 20;

named_states!(
    /// How far people may use it.
    Switch { Off = "off", Active = "active", Enforced = "enforced" }
);

named_states!(
    /// What the identity provider says of a person that is held against the `externalId` of the directory's people.
    /// All of them stay the same for ever; none is an e-mail address, which changes hands.
    IdentityClaim { ObjectId = "object_id", NameId = "name_id", Subject = "subject" }
);

named_states!(
    /// The language that is spoken with the identity provider.
    Protocol { Saml = "saml", Oidc = "oidc" }
);

/// What is particular to the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setup {
    Saml(SamlSetup),
    Oidc(OidcSetup),
}

impl Setup {
    pub const fn protocol(&self) -> Protocol {
        match self {
            Self::Saml(_) => Protocol::Saml,
            Self::Oidc(_) => Protocol::Oidc,
        }
    }
}

/// How a sign-in is joined to a person, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub identity: IdentityClaim,
    /// Whether the identity provider may begin a sign-in.
    pub idp_initiated: bool,
    /// Where such a sign-in may lead: exactly these values of `RelayState`.
    pub return_addresses: Vec<String>,
    /// Whether somebody whom the directory does not know is added to it, while provisioning is off.
    pub creates_people: bool,
}

/// How it went with reading what the identity provider publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// When it was last read.
    pub done: Option<Timestamp>,
    /// When it was last tried.
    pub tried: Option<Timestamp>,
    /// Why that failed; none when it did not.
    pub fault: Option<String>,
}

/// A test that somebody passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedTest {
    pub at: Timestamp,
    /// The [version of the set-up](Connection::setup_version) that was tried.
    pub setup_version: i64,
    /// Whose name the page shows.
    pub person: String,
}

/// How a connection is, as its page calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not tested as it is set up now.
    Draft,
    /// Its last test failed.
    TestFailed,
    /// A test was passed; people cannot use it yet.
    Tested,
    Active,
    Enforced,
    /// It was active once.
    Disabled,
}

impl Stage {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::TestFailed => "test_failed",
            Self::Tested => "tested",
            Self::Active => "active",
            Self::Enforced => "enforced",
            Self::Disabled => "disabled",
        }
    }
}

/// A connection as it is stored, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub id: ConnectionId,
    /// What people read on the button that leads to it.
    pub name: String,
    pub setup: Setup,
    pub rules: Rules,
    /// Counts changes of the set-up and of the claim, from 1: what was tested before one of them has to be tested again.
    pub setup_version: i64,
    /// Counts all changes of what admins choose, from 1.
    pub version: i64,
    pub switch: Switch,
    pub reading: Reading,
    pub tested: Option<PassedTest>,
    /// When the last test failed, if none was passed since.
    pub test_failed: Option<Timestamp>,
    /// When it was first made active.
    pub activated: Option<Timestamp>,
    pub created: Timestamp,
    pub changed: Mark,
}

impl Connection {
    /// Whether somebody who signs in by it and is not in the directory is added: only where nothing else brings people.
    pub fn adds_people_to(&self, tenant: &Tenant) -> bool {
        self.rules.creates_people && tenant.provisioning == ProvisioningState::Off
    }

    pub const fn protocol(&self) -> Protocol {
        self.setup.protocol()
    }

    /// Whether a test was passed with the set-up as it is.
    pub fn is_tested(&self) -> bool {
        self.tested.as_ref().is_some_and(|test| test.setup_version == self.setup_version)
    }

    /// Whether such a test was passed a short while ago.
    pub fn is_freshly_tested(&self, now: Timestamp) -> bool {
        self.is_tested() && self.tested.as_ref().is_some_and(|test| now < test.at.plus_seconds(FRESH_SECONDS))
    }

    /// Whether people can sign in by it.
    pub fn is_open(&self) -> bool {
        self.switch != Switch::Off
    }

    pub fn stage(&self) -> Stage {
        match self.switch {
            Switch::Enforced => Stage::Enforced,
            Switch::Active => Stage::Active,
            Switch::Off if self.activated.is_some() => Stage::Disabled,
            Switch::Off if self.test_failed.is_some() => Stage::TestFailed,
            Switch::Off if self.is_tested() => Stage::Tested,
            Switch::Off => Stage::Draft,
        }
    }

    /// Whether the identity provider's side is described well enough to be tried.
    pub const fn is_complete(&self) -> bool {
        match &self.setup {
            Setup::Saml(saml) => saml.found.is_some(),
            Setup::Oidc(oidc) => oidc.found.is_some(),
        }
    }
}

/// The claims that a protocol can be joined by, the safest first.
pub const fn identity_claims(protocol: Protocol) -> [IdentityClaim; 2] {
    match protocol {
        Protocol::Saml => [IdentityClaim::ObjectId, IdentityClaim::NameId],
        Protocol::Oidc => [IdentityClaim::ObjectId, IdentityClaim::Subject],
    }
}

/// Reads the addresses that a sign-in may lead to, one a line: paths of this tenant's own pages, or https addresses.
///
/// # Errors
/// A sentence that quotes what is neither.
pub fn return_addresses(text: &str) -> Result<Vec<String>, String> {
    let mut read: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let is_plain = line.len() <= 1_000 && !line.contains(|each: char| each.is_control() || each == '\\');
        let is_path = line.starts_with('/') && !line.starts_with("//");
        if !is_plain || !(is_path || line.starts_with("https://")) {
            return Err(format!("\"{line}\" is neither an https address nor a path that begins with one slash"));
        }
        if !read.iter().any(|known| known == line) {
            read.push(line.to_owned());
        }
    }
    match read.len() {
        0..=MAX_RETURN_ADDRESSES => Ok(read),
        many => Err(format!("{many} addresses are too many; there may be {MAX_RETURN_ADDRESSES}")),
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{NOW, connection};
    use super::*;

    fn passed(setup_version: i64) -> PassedTest {
        PassedTest { at: NOW, setup_version, person: "Ada".to_owned() }
    }

    #[test]
    fn a_stage_follows_from_the_switch_and_from_the_tests_of_the_set_up_as_it_is() {
        let (tested, outdated) = (Some(passed(2)), Some(passed(1)));
        for (switch, tested, test_failed, activated, stage) in [
            (Switch::Off, None, None, None, Stage::Draft),
            (Switch::Off, outdated.clone(), None, None, Stage::Draft),
            (Switch::Off, tested.clone(), None, None, Stage::Tested),
            (Switch::Off, None, Some(NOW), None, Stage::TestFailed),
            (Switch::Off, tested.clone(), Some(NOW), None, Stage::TestFailed),
            (Switch::Off, tested.clone(), None, Some(NOW), Stage::Disabled),
            (Switch::Off, None, Some(NOW), Some(NOW), Stage::Disabled),
            (Switch::Active, outdated, Some(NOW), Some(NOW), Stage::Active),
            (Switch::Enforced, tested, None, Some(NOW), Stage::Enforced),
        ] {
            let connection = Connection { tested, test_failed, activated, ..connection(1, switch) };
            assert_eq!(connection.stage(), stage, "{connection:?}");
            assert_eq!(connection.is_open(), matches!(stage, Stage::Active | Stage::Enforced));
        }
    }

    #[test]
    fn a_test_is_fresh_for_a_day_and_for_the_set_up_that_was_tested() {
        let with = |tested| Connection { tested, ..connection(1, Switch::Off) };
        let later = |seconds| NOW.plus_seconds(seconds);
        let tested = with(Some(passed(2)));
        assert!(tested.is_tested() && tested.is_freshly_tested(later(FRESH_SECONDS - 1)));
        assert!(tested.is_tested() && !tested.is_freshly_tested(later(FRESH_SECONDS)));
        for connection in [with(None), with(Some(passed(1))), with(Some(passed(3)))] {
            assert!(!connection.is_tested() && !connection.is_freshly_tested(NOW), "{connection:?}");
        }
    }

    #[test]
    fn each_protocol_joins_by_claims_of_its_own_and_none_is_an_address() {
        assert_eq!(identity_claims(Protocol::Saml), [IdentityClaim::ObjectId, IdentityClaim::NameId]);
        assert_eq!(identity_claims(Protocol::Oidc), [IdentityClaim::ObjectId, IdentityClaim::Subject]);
    }

    #[test]
    fn return_addresses_are_whole_addresses_or_paths() {
        let read = return_addresses(" https://app.example/start \n/t/acme/me\n\nhttps://app.example/start");
        assert_eq!(read.unwrap(), ["https://app.example/start", "/t/acme/me"]);
        for bad in
            ["//evil.test", "http://app.example", "javascript:alert(1)", "app.example", "/\\evil.test", "/a\u{7}"]
        {
            assert!(return_addresses(bad).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..=MAX_RETURN_ADDRESSES).map(|index| format!("/{index}")).collect();
        assert!(return_addresses(&many.join("\n")).is_err());
    }
}
