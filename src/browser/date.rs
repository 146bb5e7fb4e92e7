//! Reads cookie dates: the value of `Expires`, in any form that servers have used.
//!
//! Follows RFC 6265bis 5.1.1 and, if [`Profile::Chromium`] differs, Chromium's `ParseCookieExpirationTime`.
//! Ignores the weekday and the time zone: every date is UTC. Years 0 to 69 are 20xx, and 70 to 99 are 19xx.

use super::Profile;
use super::calendar::{MONTHS, days_from_epoch};
use super::date_firefox;
use super::rules::Dates;

/// Hour, minute, and second.
type TimeOfDay = (i64, i64, i64);

/// The parts found so far.
#[derive(Default)]
struct Found {
    time: Option<TimeOfDay>,
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
}

/// The unix time of a cookie date in seconds. `None` if the text is not a date.
pub fn parse_cookie_date(text: &[u8], profile: Profile) -> Option<i64> {
    read_date(text, profile.rules().dates)
}

pub(super) fn read_date(text: &[u8], rule: Dates) -> Option<i64> {
    let mut found = Found::default();
    for token in text.split(|&byte| is_delimiter(byte)).filter(|token| !token.is_empty()) {
        match rule {
            Dates::Chromium => found.chromium(token),
            Dates::Rfc => found.rfc(token),
            Dates::Firefox => return date_firefox::read(text),
        }
    }
    let year = match found.year? {
        year @ 0..=69 => year + 2000,
        year @ 70..=99 => year + 1900,
        year => year,
    };
    let (day, month, (hour, minute, second)) = (found.day?, found.month?, found.time?);
    let in_range = (1..=days_in(month, year)).contains(&day) && hour <= 23 && minute <= 59 && second <= 59;
    let too_early = rule == Dates::Rfc && year < 1601;
    (in_range && !too_early)
        .then(|| days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

impl Found {
    /// Handles a token by RFC 6265bis 5.1.1, step 2: the first production that has no value yet and matches
    /// accepts the token.
    fn rfc(&mut self, token: &[u8]) {
        if self.time.is_none()
            && let Some((time, rest)) = hms(token)
            && !starts_with_digit(rest)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = leading_number(token, 1, 2)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = leading_number(token, 2, 4)
        {
            self.year = Some(year);
        }
    }

    /// Handles a token as Chromium does. The first character, a colon, and the length decide what the token
    /// is. A day has at most two characters and a year at most five. Chromium ignores the text after the
    /// digits.
    fn chromium(&mut self, token: &[u8]) {
        if !starts_with_digit(token) {
            self.month = self.month.or_else(|| month(token));
        } else if token.contains(&b':') {
            self.time = self.time.or_else(|| three_numbers(token));
        } else if self.day.is_none() && token.len() <= 2 {
            self.day = number(token);
        } else if self.year.is_none() && token.len() <= 5 {
            self.year = number(token);
        }
    }
}

fn starts_with_digit(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
}

fn month(token: &[u8]) -> Option<i64> {
    let name = token.get(..3)?;
    let index = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    i64::try_from(index).ok()?.checked_add(1)
}

/// The number from the first digits of a token. Ignores the rest, as `atoi` does.
fn number(token: &[u8]) -> Option<i64> {
    let mut digits = token.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0_i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
}

/// The number at the start of a token, if it has `least` to `most` digits and no digit follows.
fn leading_number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (least..=most).contains(&digits).then(|| number(token)).flatten()
}

/// Reads `h:m:s`, one or two digits each. Also returns the rest of the token.
fn hms(token: &[u8]) -> Option<(TimeOfDay, &[u8])> {
    let (hour, rest) = two_digits(token)?;
    let (minute, rest) = two_digits(rest.strip_prefix(b":")?)?;
    let (second, rest) = two_digits(rest.strip_prefix(b":")?)?;
    Some(((hour, minute, second), rest))
}

/// Reads `h:m:s` as Chromium does: three numbers of any length, and nothing else.
fn three_numbers(token: &[u8]) -> Option<TimeOfDay> {
    let is_number = |part: &&[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts =
        token.split(|&byte| byte == b':').map(|part| Some(part).filter(is_number).and_then(number));
    let time = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(time)
}

fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    let (field, rest) = text.split_at_checked(digits).filter(|_| digits > 0)?;
    Some((number(field)?, rest))
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Formats a unix time as a cookie date that [`parse_cookie_date`] reads back, such as `Wed, 18 Nov 2037
/// 23:43:00 GMT`.
pub(super) fn format_cookie_date(unix: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = unix.div_euclid(86_400);
    let second = unix.rem_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("?")
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, days.rem_euclid(7)),
        name(&NAMES, month),
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> (Option<i64>, Option<i64>) {
        (
            parse_cookie_date(text.as_bytes(), Profile::Chromium),
            parse_cookie_date(text.as_bytes(), Profile::Rfc6265bis),
        )
    }

    #[test]
    fn usual_forms_are_the_same_in_chromium_and_rfc() {
        for text in [
            "Tue, 24 Nov 2026 00:37:06 GMT",
            "Tue, 24-Nov-2026 00:37:06 GMT",
            "Tuesday, 24-Nov-26 00:37:06 GMT",
            "Tue Nov 24 00:37:06 2026",
            "jeudi, 24-nov.-26 00:37:06 +0100",
        ] {
            assert_eq!(both(text), (Some(1_795_480_626), Some(1_795_480_626)), "{text}");
        }
        // The French word for Tuesday starts with "mar", so it is read as March.
        assert_eq!(both("mardi, 24-nov.-26 00:37:06"), both("24 Mar 2026 00:37:06"));
        assert_eq!(both("Di, 01-Dez-2037 00:15:25 GMT"), (None, None));
        assert_eq!(both("30 Feb 2026 00:00:00"), (None, None));
        assert_eq!(both("29 Feb 2028 00:00:00"), (Some(1_835_395_200), Some(1_835_395_200)));
    }

    #[test]
    fn unusual_forms_differ_between_chromium_and_rfc() {
        assert_eq!(both("31 Dec 10000 23:59:59"), (Some(253_433_923_199), None));
        assert_eq!(both("23 Nov 126 00:15:25"), (Some(-58_162_837_475), None));
        assert_eq!(both("23rd Nov 2037 00:15:25"), (None, Some(2_142_548_125)));
        let (read, ten) = (Some(2_143_274_400), "01 Dec 2037 10:00:00");
        assert_eq!(both(ten), (read, read));
        for time in ["010:00:00", "0010:00:00", "10:000:00", "10:00:000", "10:00:0000"] {
            assert_eq!(both(&ten.replace("10:00:00", time)), (read, None), "{time}");
        }
        assert_eq!(both(&ten.replace("10:00:00", "10:00:00x")), (None, read));
        for time in ["100:00:00", "10:00:00:00", "10:00", "10::00", "10:00:99999999999999999999"] {
            assert_eq!(both(&ten.replace("10:00:00", time)).0, None, "{time}");
        }
    }

    #[test]
    fn formatted_date_is_read_back() {
        assert_eq!(format_cookie_date(1_795_480_626), "Tue, 24 Nov 2026 00:37:06 GMT");
        for unix in [0, -1, 951_782_400, 4_107_542_400, -11_644_473_600, 253_433_923_199] {
            let text = format_cookie_date(unix);
            assert_eq!(parse_cookie_date(text.as_bytes(), Profile::Chromium), Some(unix), "{text}");
        }
    }
}
