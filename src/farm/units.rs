//! Durations (`90s`, `12h`, `30d`) and times (RFC 3339 or unix seconds).

use std::time::Duration;

use jiff::Timestamp;

/// Reads a duration: whole numbers with `s`, `m`, `h`, `d` or `w`, one after the other (`1h30m`).
///
/// # Errors
/// What was expected, for showing.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a duration like 90s, 12h or 30d";
    let mut seconds = 0u64;
    let mut number: Option<u64> = None;
    for character in text.trim().chars() {
        if let Some(digit) = character.to_digit(10) {
            let value = number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(u64::from(digit)));
            number = Some(value.ok_or("the duration is too long")?);
            continue;
        }
        let unit: u64 = match character {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(EXPECTED.to_owned()),
        };
        let part = number.take().ok_or(EXPECTED)?.checked_mul(unit);
        seconds = part.and_then(|part| seconds.checked_add(part)).ok_or("the duration is too long")?;
    }
    match number {
        Some(_) => Err(format!("{EXPECTED}: a unit is missing")),
        None if text.trim().is_empty() => Err(EXPECTED.to_owned()),
        // A thousand years: later sums with unix times stay far from any overflow.
        None if seconds > 31_536_000_000 => Err("the duration is too long".to_owned()),
        None => Ok(Duration::from_secs(seconds)),
    }
}

/// Reads a time: RFC 3339 (`2026-11-23T02:00:00Z`) or unix seconds, with a fraction if wanted.
///
/// # Errors
/// What was expected, for showing.
pub fn parse_time(text: &str) -> Result<f64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        // From year 0 to 9999, what RFC 3339 can say too.
        return if (-62_167_219_200.0..=253_402_300_799.0).contains(&seconds) {
            Ok(seconds)
        } else {
            Err("the time is out of range".to_owned())
        };
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Ok(time.as_duration().as_secs_f64()),
        Err(_) => Err("expected a time like 2026-11-23T02:00:00Z, or unix seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
            ("1h30m", 5400),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "12", "1.5h", "-1h", "12 h", "1y", "99999999999999999999s", "9999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(parse_time("1795400000.25"), Ok(1_795_400_000.25));
        assert_eq!(parse_time("2026-11-23T02:13:20Z"), Ok(1_795_400_000.0));
        assert_eq!(parse_time("2026-11-23T03:13:20+01:00"), Ok(1_795_400_000.0));
        for text in ["", "today", "2026-11-23", "nan", "inf", "1e300", "2026-13-01T00:00:00Z"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
