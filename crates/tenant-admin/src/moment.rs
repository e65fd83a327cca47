//! Times as they are typed into forms, in UTC.

use domain::timestamp::Timestamp;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, PrimitiveDateTime, Time};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const SECOND: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

/// The beginning of a day, `2026-11-24`.
pub fn day(text: &str) -> Option<Timestamp> {
    let day = Date::parse(text.trim(), DAY).ok()?;
    moment(day.with_time(Time::MIDNIGHT))
}

/// The last moment of a day.
pub fn day_end(text: &str) -> Option<Timestamp> {
    day(text).map(|start| last_before(start.plus_seconds(86_400)))
}

/// The last moment of a minute or second, `2026-11-24T14:03` or `2026-11-24T14:03:12`.
pub fn minute_end(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let whole = |format, seconds: i64| {
        let start = PrimitiveDateTime::parse(text, format).ok().and_then(moment)?;
        Some(last_before(start.plus_seconds(seconds)))
    };
    whole(MINUTE, 60).or_else(|| whole(SECOND, 1))
}

/// A moment as [`minute_end`] reads it, for the field of a form.
pub fn typed(moment: Timestamp) -> String {
    let printed = moment.to_string();
    printed.get(..19).unwrap_or_default().to_owned()
}

fn moment(time: PrimitiveDateTime) -> Option<Timestamp> {
    let micros = i64::try_from(time.assume_utc().unix_timestamp_nanos() / 1_000).ok()?;
    Some(Timestamp::from_micros(micros))
}

fn last_before(end: Timestamp) -> Timestamp {
    Timestamp::from_micros(end.as_micros() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_in_utc() {
        let shown = |moment: Option<Timestamp>| moment.map(|moment| moment.to_string()).unwrap_or_default();
        assert_eq!(shown(day("2026-11-24")), "2026-11-24T00:00:00.000000Z");
        assert_eq!(shown(day_end("2026-11-24")), "2026-11-24T23:59:59.999999Z");
        assert_eq!(shown(minute_end("2026-11-24T14:03")), "2026-11-24T14:03:59.999999Z");
        assert_eq!(shown(minute_end("2026-11-24T14:03:12")), "2026-11-24T14:03:12.999999Z");
        assert_eq!(typed(minute_end("2026-11-24T14:03:12").unwrap()), "2026-11-24T14:03:12");
        for bad in ["", "yesterday", "2026-13-01", "24.11.2026"] {
            assert_eq!((day(bad), minute_end(bad)), (None, None), "{bad}");
        }
    }
}
