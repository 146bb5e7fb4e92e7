//! Readable spans of time. Every module may use it.

use std::time::Duration;

/// Seconds in each unit, the largest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// An age in its two largest units, up to days: `401 d 3 h`, `59 m`, `0 s`.
pub fn age_text(age: Duration) -> String {
    let mut rest = age.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in UNITS {
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

/// As [`age_text`], for seconds. Negative numbers count as 0.
pub(crate) fn span_text(seconds: f64) -> String {
    age_text(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn age_text_has_two_units() {
        for (seconds, text) in
            [(0, "0 s"), (61, "1 m 1 s"), (3601, "1 h"), (90_000, "1 d 1 h"), (34_560_059, "400 d")]
        {
            assert_eq!(age_text(Duration::from_secs(seconds)), text);
        }
    }

    proptest! {
        #[test]
        fn no_age_panics(seconds: u64) {
            let _ = age_text(Duration::from_secs(seconds));
        }
    }
}
