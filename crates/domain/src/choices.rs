//! What the admins of a tenant choose, beside the switch of provisioning and the rules of the directory.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::mail::MailAddress;
use crate::provider::Provider;
use crate::who::Mark;

/// How many notification addresses a tenant may have.
pub const MAX_NOTIFY: usize = 10;

/// How long rows of the activity log are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    Week,
    #[default]
    Month,
    Quarter,
    HalfYear,
}

impl Retention {
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::HalfYear];

    pub const fn days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::HalfYear => 180,
        }
    }

    pub fn of_days(days: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|retention| retention.days() == days)
    }
}

impl FromStr for Retention {
    type Err = String;

    /// # Errors
    /// A sentence that names the numbers of days there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let days = text.trim().parse().ok().and_then(Self::of_days);
        days.ok_or_else(|| "the log is kept for 7, 30, 90 or 180 days".to_owned())
    }
}

/// Reads addresses that stand in lines or between commas, each once.
///
/// # Errors
/// A sentence about the first that is none, or when there are more than [`MAX_NOTIFY`].
pub fn notify_addresses(text: &str) -> Result<Vec<MailAddress>, String> {
    let parts = text.split(['\n', '\r', ',', ';']).map(str::trim).filter(|part| !part.is_empty());
    distinct(parts.map(str::parse).collect::<Result<_, _>>()?)
}

/// These addresses, each once.
///
/// # Errors
/// A sentence when there are more than [`MAX_NOTIFY`].
pub fn distinct(addresses: Vec<MailAddress>) -> Result<Vec<MailAddress>, String> {
    let mut distinct: Vec<MailAddress> = Vec::new();
    for address in addresses {
        if !distinct.iter().any(|known| known.key() == address.key()) {
            distinct.push(address);
        }
    }
    match distinct.len() {
        0..=MAX_NOTIFY => Ok(distinct),
        many => Err(format!("{many} addresses are too many; there may be {MAX_NOTIFY}")),
    }
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Whose guide is shown.
    pub provider: Provider,
    pub retention: Retention,
    pub notify: Vec<MailAddress>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { provider: Provider::Entra, retention: Retention::default(), notify: Vec::new() }
    }
}

/// What is to become of people when provisioning is switched off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum People {
    /// They stay as they are.
    #[default]
    Keep,
    /// A [job](crate::job) deactivates everybody who is active.
    Deactivate,
}

impl People {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Deactivate => "deactivate",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Keep, Self::Deactivate].into_iter().find(|people| people.as_str() == name)
    }
}

/// How many people a directory has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeadCount {
    pub active: u64,
    /// Those whose `active` is false.
    pub inactive: u64,
}

impl HeadCount {
    pub const fn all(self) -> u64 {
        self.active + self.inactive
    }
}

/// What was decided when provisioning was switched off, and how many people there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    pub people: People,
    pub count: HeadCount,
}

/// What a tenant's admins have chosen, and who did last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Counts changes from 0, those of the switch too.
    pub version: i64,
    pub preferences: Preferences,
    /// The latest change.
    pub changed: Option<Mark>,
    /// Since when provisioning is on, paused or off, and by whom; none when it was never switched.
    pub switched: Option<Mark>,
    /// While provisioning is off, after it was on.
    pub off: Option<SwitchedOff>,
    /// Steps of the set-up guide that somebody has ticked, by their names. They are no settings: ticking one is no change.
    pub ticks: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read =
            notify_addresses("ana@contoso.com, it@contoso.com\n\nANA@contoso.com;jörg.müller+it@münchen.example");
        let read: Vec<_> = read.unwrap().into_iter().map(|address| address.to_string()).collect();
        assert_eq!(read, ["ana@contoso.com", "it@contoso.com", "jörg.müller+it@münchen.example"]);
        assert_eq!(notify_addresses(" \n,"), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_address_is_quoted() {
        let long = format!("{}@contoso.com", "x".repeat(65));
        for bad in
            ["ana", "ana@", "@contoso.com", "a b@contoso.com", "ana@contoso", "a..b@contoso.com", "a@-x.com", &long]
        {
            let refusal = notify_addresses(bad).unwrap_err();
            assert!(refusal.contains(&format!("\"{bad}\"")), "{refusal}");
        }
        for bad in ["ana@contoso.com\u{0}", "<ana@contoso.com>", "a\"b@contoso.com"] {
            assert!(notify_addresses(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn there_are_ten_addresses_at_most() {
        let many =
            |count: usize| (0..count).fold(String::new(), |lines, index| lines + &format!("a{index}@contoso.com\n"));
        assert_eq!(notify_addresses(&many(10)).unwrap().len(), 10);
        assert_eq!(notify_addresses(&many(11)).unwrap_err(), "11 addresses are too many; there may be 10");
    }

    #[test]
    fn the_log_is_kept_for_one_of_four_spans() {
        assert_eq!("90".parse(), Ok(Retention::Quarter));
        assert!(Retention::ALL.into_iter().all(|retention| Retention::of_days(retention.days()) == Some(retention)));
        for bad in ["31", "", "-7", "for ever"] {
            assert!(bad.parse::<Retention>().is_err(), "{bad}");
        }
    }
}
