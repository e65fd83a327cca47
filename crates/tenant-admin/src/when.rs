//! Times as people read them: how long ago first, exactly on hover and focus.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use domain::timestamp::Timestamp;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const EXACT: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none]\u{a0}[month repr:short]\u{a0}[year], [hour]:[minute]:[second]\u{a0}UTC");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none]\u{a0}[month repr:short]\u{a0}[year]");
const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]\u{a0}UTC");
const TIME: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second]");
const DAY_AND_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none]\u{a0}[month repr:short], [hour]:[minute]:[second]");

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY_SECONDS: i64 = 24 * HOUR;

/// A moment, seen from another. It prints the element `time`.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    source = r#"<time class="when" tabindex="0" datetime="{{ machine }}">{{ relative }}<span class="tip">{{ absolute }}</span></time>"#,
    ext = "html"
)]
pub struct When {
    /// RFC 3339.
    pub machine: String,
    /// "6 min ago", "in 3 h", "4 Nov 2026".
    pub relative: String,
    /// "24 Nov 2026, 14:03:12 UTC".
    pub absolute: String,
}

impl HtmlSafe for When {}

impl When {
    pub fn new(moment: Timestamp, now: Timestamp) -> Self {
        Self { machine: moment.to_string(), relative: relative(moment, now), absolute: print(moment, EXACT) }
    }

    /// To the second: "14:03:22", or "23 Nov, 14:03:22" when it was another day.
    pub fn clock(moment: Timestamp, now: Timestamp) -> Self {
        let format = if is_same_day(moment, now) { TIME } else { DAY_AND_TIME };
        Self { relative: print(moment, format), ..Self::new(moment, now) }
    }
}

/// "24 Nov 2026, 14:03:12 UTC".
pub fn exact(moment: Timestamp) -> String {
    print(moment, EXACT)
}

/// "24 Nov 2026".
pub fn day(moment: Timestamp) -> String {
    print(moment, DAY)
}

/// "14:03 UTC".
pub fn clock(moment: Timestamp) -> String {
    print(moment, CLOCK)
}

/// "14:03 UTC", with the day when that is another one: "14:03 UTC, 24 Nov 2026".
pub fn clock_and_day(moment: Timestamp, now: Timestamp) -> String {
    match is_same_day(moment, now) {
        true => clock(moment),
        false => format!("{}, {}", clock(moment), day(moment)),
    }
}

/// Whether two moments are on one day, in UTC.
fn is_same_day(one: Timestamp, other: Timestamp) -> bool {
    let day = |moment: Timestamp| moment.as_micros().div_euclid(DAY_SECONDS * 1_000_000);
    day(one) == day(other)
}

/// A span of time in its greatest unit: "40 s", "6 min", "2 h 10 min", "4 days".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.max(0);
        match seconds {
            ..MINUTE => write!(f, "{seconds}\u{a0}s"),
            MINUTE..HOUR => write!(f, "{}\u{a0}min", seconds / MINUTE),
            HOUR..DAY_SECONDS => match seconds % HOUR / MINUTE {
                0 => write!(f, "{}\u{a0}h", seconds / HOUR),
                minutes => write!(f, "{}\u{a0}h {minutes}\u{a0}min", seconds / HOUR),
            },
            _ => match seconds / DAY_SECONDS {
                1 => f.write_str("1\u{a0}day"),
                days => write!(f, "{days}\u{a0}days"),
            },
        }
    }
}

fn relative(moment: Timestamp, now: Timestamp) -> String {
    let seconds = (now.as_micros() - moment.as_micros()).div_euclid(1_000_000);
    match seconds {
        -5..5 => "just now".to_owned(),
        5..DAY_SECONDS => format!("{} ago", Span(seconds)),
        _ if (-30 * DAY_SECONDS..-5).contains(&seconds) => format!("in {}", Span(-seconds)),
        DAY_SECONDS.. if seconds < 2 * DAY_SECONDS => "yesterday".to_owned(),
        DAY_SECONDS.. if seconds < 7 * DAY_SECONDS => format!("{} ago", Span(seconds)),
        _ => day(moment),
    }
}

fn print(moment: Timestamp, format: &[BorrowedFormatItem<'_>]) -> String {
    let read = OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.as_micros()) * 1_000);
    let printed = read.ok().and_then(|time| time.format(format).ok());
    printed.unwrap_or_else(|| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(seconds_ago: i64) -> String {
        let now = Timestamp::from_micros(1_795_000_000_000_000);
        When::new(now.plus_seconds(-seconds_ago), now).relative.replace('\u{a0}', " ")
    }

    #[test]
    fn moments_are_told_by_how_long_ago_they_were() {
        let told = [0, 59, 60, 3_599, 3_600, 7_800, 86_400, 3 * 86_400, -600, -86_400].map(seen);
        let expected = [
            "just now",
            "59 s ago",
            "1 min ago",
            "59 min ago",
            "1 h ago",
            "2 h 10 min ago",
            "yesterday",
            "3 days ago",
            "in 10 min",
            "in 1 day",
        ];
        assert_eq!(told, expected);
        assert!(seen(30 * 86_400).ends_with(" 2026"), "{}", seen(30 * 86_400));
    }

    #[test]
    fn the_element_holds_the_exact_time_with_its_zone() {
        let html = When::new(Timestamp::from_micros(0), Timestamp::from_micros(1)).to_string();
        assert!(html.contains("1\u{a0}Jan\u{a0}1970, 00:00:00\u{a0}UTC"), "{html}");
    }
}
