//! Ages as people write and read them: `10m`, `1h`, `400d`.

use std::fmt;
use std::time::Duration;

/// The text is no age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeError(String);

impl fmt::Display for AgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no age: expected a whole number and s, m, h, d or w, such as 90d", self.0)
    }
}

impl std::error::Error for AgeError {}

/// Seconds in each unit, the largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Reads an age: a whole number and a unit (s, m, h, d, w).
///
/// # Errors
///
/// For anything else, a number without unit too, as nobody can know what was meant.
pub fn parse_age(text: &str) -> Result<Duration, AgeError> {
    let error = || AgeError(text.to_owned());
    for (unit, seconds) in UNITS {
        if let Some(number) = text.strip_suffix(unit) {
            let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = number.parse().ok().filter(|_| plain).ok_or_else(error)?;
            // As many seconds as still have a date.
            let seconds = number.checked_mul(seconds).filter(|seconds| *seconds <= u64::from(u32::MAX) * 60);
            return seconds.map(Duration::from_secs).ok_or_else(error);
        }
    }
    Err(error())
}

/// An age in its two largest units: `401 d 3 h`, `59 m`, `0 s`. Days are the largest.
pub fn age_text(age: Duration) -> String {
    let mut rest = age.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in UNITS.into_iter().skip(1) {
        let count = rest / seconds;
        rest %= seconds;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ages_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("0s", 0), ("10m", 600), ("1h", 3600), ("400d", 34_560_000), ("2w", 1_209_600)]
        {
            assert_eq!(parse_age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in
            ["", "h", "1", "1.5h", "-1h", "+1h", "1 h", "1hour", "99999999999999999999d", "1000000000w", "١h"]
        {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_are_shown_in_two_units() {
        for (seconds, text) in
            [(0, "0 s"), (61, "1 m 1 s"), (3601, "1 h"), (90_000, "1 d 1 h"), (34_560_059, "400 d")]
        {
            assert_eq!(age_text(Duration::from_secs(seconds)), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,12}", seconds: u64) {
            let _ = parse_age(&text);
            let _ = age_text(Duration::from_secs(seconds));
        }
    }
}
