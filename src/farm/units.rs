//! Durations (`90s`, `1.5h`, `30d`) and times (RFC 3339 or unix seconds).

use std::time::Duration;

use jiff::Timestamp;

/// The longest duration, in seconds: 1000 years. Sums with unix times can't overflow.
const LONGEST: f64 = 31_536_000_000.0;

/// Parses a duration: numbers with `s`, `m`, `h`, `d`, or `w`, one after the other (`1h30m`, `1.5h`).
///
/// # Errors
/// If the text is not a duration, or is too long.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a duration such as 90s, 1.5h, or 30d";
    let mut seconds = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(EXPECTED.to_owned());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let mut tail = tail.chars();
        let unit = match tail.next() {
            Some('s') => 1.0,
            Some('m') => 60.0,
            Some('h') => 3600.0,
            Some('d') => 86_400.0,
            Some('w') => 604_800.0,
            Some(_) => return Err(EXPECTED.to_owned()),
            None => return Err(format!("{EXPECTED}: the unit is missing")),
        };
        if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
            return Err(EXPECTED.to_owned());
        }
        seconds += unit * number.parse::<f64>().map_err(|_| EXPECTED)?;
        rest = tail.as_str();
    }
    if seconds > LONGEST {
        return Err("the duration is longer than 1000 years".to_owned());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| EXPECTED.to_owned())
}

/// Parses a time: RFC 3339 (`2026-11-23T02:00:00Z`), or unix seconds with an optional fraction.
///
/// # Errors
/// If the text is not a time, or is out of range.
pub fn parse_time(text: &str) -> Result<f64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        // The years 0 to 9999, as in RFC 3339.
        return if (-62_167_219_200.0..=253_402_300_799.0).contains(&seconds) {
            Ok(seconds)
        } else {
            Err("the time is out of range".to_owned())
        };
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time.as_duration().as_secs_f64()),
        Err(_) => Err("expected a time such as 2026-11-23T02:00:00Z, or unix seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_duration_adds_numbers_with_units() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("0.25d1.5m", 21_690),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "h",
            "12",
            ".5h",
            "1.h",
            "1.5.5h",
            "-1h",
            "12 h",
            "1y",
            "1e3s",
            "99999999999999999999s",
            "9999999999d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parse_time_reads_rfc_3339_and_unix_seconds() {
        assert_eq!(parse_time("1795400000.25"), Ok(1_795_400_000.25));
        assert_eq!(parse_time("2026-11-23T02:13:20Z"), Ok(1_795_400_000.0));
        assert_eq!(parse_time("2026-11-23T03:13:20+01:00"), Ok(1_795_400_000.0));
        for text in ["", "today", "2026-11-23", "nan", "inf", "1e300", "2026-13-01T00:00:00Z"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
