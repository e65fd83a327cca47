//! Times as SAML writes them: `xs:dateTime` in UTC (core §1.3.3).

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::xml::Element;
use crate::{SKEW, SamlFault};

/// Reads a time; one without a zone is UTC.
pub(crate) fn read(what: &'static str, text: &str) -> Result<OffsetDateTime, SamlFault> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .ok()
        // In UTC the last hours of the year 9999 may be in a year that there is not.
        .and_then(|instant| instant.checked_to_offset(UtcOffset::UTC))
        .ok_or_else(|| SamlFault::invalid(what, text))
}

/// Writes a time with whole seconds.
pub(crate) fn write(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(UtcOffset::UTC);
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    let (hour, minute, second) = utc.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Refuses `now` outside of `NotBefore` and `NotOnOrAfter`, with the allowance for clocks; gives the end if there is one.
pub(crate) fn window(element: Element<'_>, now: OffsetDateTime) -> Result<Option<OffsetDateTime>, SamlFault> {
    if let Some(text) = element.attribute("NotBefore") {
        not_before(read("NotBefore", text)?, now)?;
    }
    let Some(text) = element.attribute("NotOnOrAfter") else { return Ok(None) };
    let end = read("NotOnOrAfter", text)?;
    match now - SKEW >= end {
        true => Err(SamlFault::Expired { ago: now - end }),
        false => Ok(Some(end)),
    }
}

/// Refuses what begins later than now, with the allowance for clocks.
pub(crate) fn not_before(begin: OffsetDateTime, now: OffsetDateTime) -> Result<(), SamlFault> {
    match now + SKEW < begin {
        true => Err(SamlFault::NotYetValid { ahead: begin - now }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn fractions_offsets_and_missing_zones_are_read() {
        for (text, expected) in [
            ("2030-01-02T03:04:05Z", datetime!(2030-01-02 03:04:05 UTC)),
            ("2030-01-02T03:04:05.1234567Z", datetime!(2030-01-02 03:04:05.1234567 UTC)),
            ("2030-01-02T05:04:05+02:00", datetime!(2030-01-02 03:04:05 UTC)),
            ("2030-01-02T03:04:05.5", datetime!(2030-01-02 03:04:05.5 UTC)),
        ] {
            assert_eq!(read("NotBefore", text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_its_text() {
        for text in ["", "now", "2030-13-01T00:00:00Z", "2030-01-01", "9999-12-31T23:59:59-23:59", "-1-01-01T00:00:00Z"]
        {
            assert_eq!(read("NotBefore", text), Err(SamlFault::invalid("NotBefore", text)));
        }
    }

    #[test]
    fn a_time_is_written_in_utc_with_whole_seconds() {
        assert_eq!(write(datetime!(2030-01-02 05:04:05.999 +2)), "2030-01-02T03:04:05Z");
    }
}
