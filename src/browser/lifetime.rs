//! The lifetime of a cookie: `Max-Age` takes precedence over `Expires`, and the maximum is 400 days.
//!
//! Source: RFC 6265bis 5.5 (the limit), 5.6.1, 5.6.2, and 5.7 step 6, and Chromium's `ParseExpiration` and
//! `ValidateAndAdjustExpiryDate`.

use super::Profile;
use super::rules::MaxAge;

/// The maximum lifetime of a cookie: 400 days, in seconds (RFC 6265bis 5.5).
pub const MAX_LIFETIME: f64 = 400.0 * 86_400.0;

/// The number of seconds in a `Max-Age` value, clamped to the range of `i64`. `None` if the value is invalid.
///
/// The draft requires digits, with an optional minus before them (5.6.2). [`DIFFERENCES`](super::DIFFERENCES)
/// lists what browsers accept.
pub fn parse_max_age(value: &[u8], profile: Profile) -> Option<i64> {
    read_max_age(value, profile.rules().max_age)
}

pub(super) fn read_max_age(value: &[u8], rule: MaxAge) -> Option<i64> {
    let (negative, digits) = match value.split_first() {
        Some((b'-', _)) if rule == MaxAge::Firefox => return Some(i64::MIN),
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) if rule == MaxAge::Chromium => (false, rest),
        _ => (false, value),
    };
    let mut seconds = 0_i64;
    for (index, byte) in digits.iter().enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(byte - b'0');
        match seconds.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
            Some(more) => seconds = more,
            // Browsers stop at the digit with which the number no longer fits. The draft reads all digits.
            None if rule != MaxAge::Rfc || digits.iter().skip(index).all(u8::is_ascii_digit) => {
                return Some(if negative { i64::MIN } else { i64::MAX });
            }
            None => return None,
        }
    }
    (!digits.is_empty()).then_some(if negative { -seconds } else { seconds })
}

/// The expiry of a cookie that was received at `now`, in unix seconds. `None` for the end of the session;
/// minus infinity for a `Max-Age` of zero or less. `max_age` is in seconds, `expires` in unix seconds, and
/// `ahead` is how far the clock by which `expires` counts is ahead of `now`, in seconds.
pub(super) fn expires_at(max_age: Option<i64>, expires: Option<i64>, now: f64, ahead: f64) -> Option<f64> {
    let wanted = match (max_age, expires) {
        (Some(..=0), _) => f64::NEG_INFINITY,
        (Some(seconds), _) => now + seconds as f64,
        (None, Some(date)) => date as f64 - ahead,
        (None, None) => return None,
    };
    Some(wanted.min(now + MAX_LIFETIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(value: &str) -> (Option<i64>, Option<i64>) {
        (
            parse_max_age(value.as_bytes(), Profile::Chromium),
            parse_max_age(value.as_bytes(), Profile::Rfc6265bis),
        )
    }

    #[test]
    fn max_age_is_an_integer() {
        for (value, seconds) in [("3600", 3600), ("-1", -1), ("-0", 0), ("007", 7)] {
            assert_eq!(both(value), (Some(seconds), Some(seconds)), "{value}");
        }
        for value in ["", "-", "3600x", "3600.5", "\"3600\"", "--1", "x", "-+1"] {
            assert_eq!(both(value), (None, None), "{value}");
        }
        assert_eq!(both("+100"), (Some(100), None));
        assert_eq!(both("99999999999999999999"), (Some(i64::MAX), Some(i64::MAX)));
        assert_eq!(both("-99999999999999999999"), (Some(i64::MIN), Some(i64::MIN)));
        assert_eq!(both("99999999999999999999x"), (Some(i64::MAX), None));
    }
}
