//! The dates of the Expires attribute, in the spellings of the libraries that wrote them.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// How a version writes the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateStyle {
    /// `Weekday, DD-Mon-YY HH:MM:SS GMT` (1.7, 1.8).
    Rfc850,
    /// `Www, DD-Mon-YYYY HH:MM:SS GMT` (1.9).
    Netscape,
    /// `Www, DD Mon YYYY HH:MM:SS GMT` (2.0, a current Werkzeug).
    Http,
}

/// Writes `seconds` (unix time, its fraction dropped) in `style`, or `None` where no calendar has that date.
pub(super) fn cookie_date(seconds: f64, style: DateStyle) -> Option<String> {
    if !seconds.is_finite() || seconds.abs() > 253_402_300_799.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
    let when = Timestamp::from_second(seconds.floor() as i64).ok()?;
    let format = match style {
        DateStyle::Rfc850 => "%A, %d-%b-%y %H:%M:%S GMT",
        DateStyle::Netscape => "%a, %d-%b-%Y %H:%M:%S GMT",
        DateStyle::Http => "%a, %d %b %Y %H:%M:%S GMT",
    };
    strtime::format(format, when).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_as_recorded() {
        let when = 1_795_400_000.25 + 1800.0;
        assert_eq!(cookie_date(when, DateStyle::Rfc850).unwrap(), "Monday, 23-Nov-26 02:43:20 GMT");
        assert_eq!(cookie_date(when, DateStyle::Netscape).unwrap(), "Mon, 23-Nov-2026 02:43:20 GMT");
        assert_eq!(cookie_date(when, DateStyle::Http).unwrap(), "Mon, 23 Nov 2026 02:43:20 GMT");
        assert_eq!(cookie_date(f64::NAN, DateStyle::Http), None);
        assert_eq!(cookie_date(1e300, DateStyle::Http), None);
    }
}
