//! The words for a connection's health, in English: what pages and mails have in common.

use time::OffsetDateTime;
use time::macros::format_description;

use super::cadence::seconds_between;
use super::{ConnectionState, ExpiryNotice, Forecast, Health, Quarantine, QuarantineReason};
use crate::timestamp::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A span of time, roughly: "40 minutes", "3 hours", "2 days".
pub fn span(seconds: i64) -> String {
    let (count, unit) = match seconds.max(0) {
        few if few < 90 => (1, "minute"),
        minutes if minutes < 2 * HOUR - 15 * MINUTE => ((minutes + 30) / MINUTE, "minute"),
        hours if hours < 2 * DAY => ((hours + 30 * MINUTE) / HOUR, "hour"),
        days => ((days + 12 * HOUR) / DAY, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// "22 Dec 2026"; nothing for what no calendar has.
pub fn date(at: Timestamp) -> String {
    formatted(at, format_description!("[day padding:none] [month repr:short] [year]"))
}

/// "24 Nov 2026, 14:03 UTC".
pub fn moment(at: Timestamp) -> String {
    formatted(at, format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"))
}

fn formatted(at: Timestamp, format: &(impl time::formatting::Formattable + ?Sized)) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.as_micros()) * 1_000).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}

/// A number with its thousands apart: "40,001".
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut apart = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}

impl Forecast {
    /// What is to be expected, and why: "At this rate Entra will quarantine the job in about 3 hours, because …".
    pub fn sentence(&self, now: Timestamp) -> String {
        let because = match self.reason {
            QuarantineReason::Credentials => "its token is refused".to_owned(),
            QuarantineReason::Share { percent } => {
                format!("more than 5,000 people and groups fail, {percent} % of all, and Entra allows 40 %")
            }
            QuarantineReason::Failures { failing } => {
                format!("{} people and groups fail, and Entra allows 40,000", number(failing))
            }
            QuarantineReason::Cap { failing } => {
                format!("{} failures are too many, whatever they are", number(failing))
            }
        };
        match self.quarantine {
            Quarantine::Since(since) => {
                format!(
                    "Entra has quarantined the job, as far as can be seen since {}, because {because}.",
                    moment(since)
                )
            }
            Quarantine::Expected(at) if seconds_between(now, at) < MINUTE => {
                format!("Entra will quarantine the job within the next cycle, because {because}.")
            }
            Quarantine::Expected(at) => {
                let wait = span(seconds_between(now, at));
                format!("At this rate Entra will quarantine the job in about {wait}, because by then {because}.")
            }
        }
    }

    /// What follows: "Entra disables the job on 22 Dec 2026 unless a cycle succeeds."
    pub fn consequence(&self) -> String {
        format!(
            "In quarantine Entra comes once a day. It disables the job on {} unless a cycle succeeds.",
            date(self.disabled)
        )
    }
}

impl ConnectionState {
    /// Its name, as it stands in a pill.
    pub const fn title(self) -> &'static str {
        match self {
            Self::OffNever | Self::Off => "Off",
            Self::Waiting => "Waiting",
            Self::Tested => "Tested",
            Self::FirstSync => "First sync",
            Self::Healthy => "Healthy",
            Self::Quiet => "Quiet",
            Self::Degraded => "Degraded",
            Self::QuarantineLikely => "Quarantine likely",
            Self::Paused => "Paused",
            Self::TokenExpiring => "Token expiring",
            Self::Refused => "Refused",
            Self::Rotating => "Rotating",
            Self::Suspended => "Suspended",
            Self::Unknown => "Unknown",
        }
    }
}

impl Health {
    /// "18 of 151 changes failed in the last 24 hours (11 %)".
    pub fn failures_sentence(&self) -> String {
        format!(
            "{} of {} changes failed in the last 24 hours ({} %)",
            number(self.failures),
            number(self.attempts),
            self.percent
        )
    }
}

impl ExpiryNotice {
    /// How near it is, at most: "30 days", "7 days", "1 day".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Days30 => "30 days",
            Self::Days7 => "7 days",
            Self::Day1 => "1 day",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_529_000_000_000);

    #[test]
    fn spans_are_rough_and_in_one_unit() {
        let table = [
            (-5, "1 minute"),
            (40 * MINUTE, "40 minutes"),
            (100 * MINUTE, "100 minutes"),
            (2 * HOUR - 10 * MINUTE, "2 hours"),
            (3 * HOUR - 20 * MINUTE, "3 hours"),
            (47 * HOUR, "47 hours"),
            (4 * DAY + HOUR, "4 days"),
        ];
        for (seconds, words) in table {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn numbers_and_times_are_written_in_full() {
        assert_eq!([0, 999, 5_000, 1_234_567].map(number), ["0", "999", "5,000", "1,234,567"]);
        assert_eq!(moment(NOW), "24 Nov 2026, 14:03 UTC");
        assert_eq!(date(NOW.plus_seconds(28 * DAY)), "22 Dec 2026");
        assert_eq!(date(Timestamp::from_micros(i64::MAX)), "");
    }

    #[test]
    fn a_forecast_says_what_when_and_why() {
        let at = |seconds| Quarantine::Expected(NOW.plus_seconds(seconds));
        let forecast = |reason, quarantine| Forecast { reason, quarantine, disabled: NOW.plus_seconds(28 * DAY) };
        let table = [
            (
                forecast(QuarantineReason::Share { percent: 62 }, at(3 * HOUR)),
                "At this rate Entra will quarantine the job in about 3 hours, because by then more than 5,000 people and groups fail, 62 % of all, and Entra allows 40 %.",
            ),
            (
                forecast(QuarantineReason::Failures { failing: 40_001 }, at(0)),
                "Entra will quarantine the job within the next cycle, because 40,001 people and groups fail, and Entra allows 40,000.",
            ),
            (
                forecast(QuarantineReason::Credentials, Quarantine::Since(NOW)),
                "Entra has quarantined the job, as far as can be seen since 24 Nov 2026, 14:03 UTC, because its token is refused.",
            ),
        ];
        for (forecast, sentence) in table {
            assert_eq!(forecast.sentence(NOW), sentence);
        }
        let end = "In quarantine Entra comes once a day. It disables the job on 22 Dec 2026 unless a cycle succeeds.";
        assert_eq!(forecast(QuarantineReason::Credentials, at(0)).consequence(), end);
    }
}
