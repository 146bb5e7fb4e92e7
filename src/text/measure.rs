//! Times, durations, and sizes, for people and programs.

use jiff::Timestamp;

/// A unix time as RFC 3339 in UTC, to the second; `None` outside the years 1 to 9999.
pub fn rfc3339(seconds: f64) -> Option<String> {
    if !seconds.is_finite() || seconds.abs() > 253_402_300_799.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
    let seconds = seconds.floor() as i64;
    Some(Timestamp::from_second(seconds).ok()?.to_string())
}

/// How far `then` is from `now`: `in 12 h`, `3 d ago`.
pub fn relative(then: f64, now: f64) -> String {
    if (then - now).abs() > 31_557_600_000.0 {
        return if then > now { "in over 1000 years" } else { "over 1000 years ago" }.to_owned();
    }
    let distance = span((then - now).abs());
    if then > now { format!("in {distance}") } else { format!("{distance} ago") }
}

/// A span of time in its largest unit.
pub fn span(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s")];
    for (unit, name) in UNITS {
        if seconds >= 2.0 * unit || (unit == 1.0) {
            return format!("{:.0} {name}", (seconds / unit).floor());
        }
    }
    String::new()
}

/// A number of bytes in binary units.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = bytes as f64;
    let mut shown = "B";
    for unit in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        shown = unit;
    }
    format!("{value:.1} {shown}")
}

/// A number of things.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A number of sessions.
pub fn sessions(number: u64) -> String {
    count(number, "session", "sessions")
}

/// A bar of at most `width` blocks, or `#` with `ascii`, for `value` of `most`. A value above 0 has at least one.
pub fn bar(value: u64, most: u64, width: u64, ascii: bool) -> String {
    if value == 0 || most == 0 {
        return String::new();
    }
    let blocks = (u128::from(value) * u128::from(width)).div_ceil(u128::from(most));
    if ascii { "#" } else { "█" }.repeat(usize::try_from(blocks).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_as_people_write_it() {
        assert_eq!(rfc3339(1_795_400_000.75).unwrap(), "2026-11-23T02:13:20Z");
        assert_eq!(rfc3339(f64::INFINITY), None);
        assert_eq!([0, 1, 2].map(sessions), ["0 sessions", "1 session", "2 sessions"]);
        assert_eq!(relative(100.0, 10.0), "in 90 s");
        assert_eq!(relative(0.0, 180_000.0), "2 d ago");
        assert_eq!(relative(0.0, 86_400.0), "24 h ago");
        assert_eq!(relative(1e308, 5.0), "in over 1000 years");
        assert_eq!(relative(5.0, 5.0), "0 s ago");
        assert_eq!(
            (bytes(1023), bytes(1024), bytes(5_000_000)),
            ("1023 B".into(), "1.0 KiB".into(), "4.8 MiB".into())
        );
        assert_eq!(
            (bar(0, 10, 20, false), bar(1, 1000, 20, false), bar(10, 10, 3, true)),
            (String::new(), "█".into(), "###".into())
        );
    }
}
