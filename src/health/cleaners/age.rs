//! Ages as jobs write them.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The seconds of a unit of systemd.time(7), tmpreaper, and tmpwatch.
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "us" | "usec" | "µs" | "ms" | "msec" => 0,
        "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        "M" | "month" | "months" => 30 * DAY + 10 * HOUR,
        "y" | "year" | "years" => 365 * DAY + 6 * HOUR,
        _ => return None,
    })
}

/// `7d`, `1w2d`, `12`: numbers with units; a number alone is in `default` units.
pub(super) fn span(text: &str, default: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (name, next) = after.split_at_checked(letters)?;
        let name = if name.is_empty() { default } else { name };
        seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit(name.trim())?)?)?;
        rest = next;
    }
    Some(Duration::from_secs(seconds))
}

/// The value of find's `-mtime` or `-mmin`: `+7` is an age of over 7 units, `-7` deletes the youngest files.
pub(super) fn of_find(value: &str, unit: &str) -> Option<Option<Duration>> {
    match value.strip_prefix('-') {
        Some(_) => Some(None),
        None => span(value.trim_start_matches('+'), unit).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_numbers_with_units() {
        let seconds = |text, default| span(text, default).map(|age| age.as_secs());
        assert_eq!(seconds("7d", "h"), Some(7 * DAY));
        assert_eq!(seconds("168", "h"), Some(7 * DAY));
        assert_eq!(seconds("1w2d12h", "s"), Some(9 * DAY + 12 * HOUR));
        assert_eq!(seconds("5min", "s"), Some(300));
        for bad in ["", "d", "-", "7x", "/tmp", "99999999999999999999"] {
            assert_eq!(seconds(bad, "s"), None, "{bad}");
        }
        assert_eq!(of_find("+7", "d"), Some(Some(Duration::from_secs(7 * DAY))));
        assert_eq!(of_find("-1", "d"), Some(None));
        assert_eq!(of_find("x", "d"), None);
    }
}
