//! Reads `Expires` as Firefox does: `PR_ParseTimeString` of NSPR, with GMT as the default zone.
//!
//! Source: the recordings in `tests/fixtures/browser/firefox.jsonl`, and NSPR's `prtime.c` for the rest. NSPR
//! reads words in any order: month names, zone names, and numbers by their count of digits. It converts times
//! that do not exist to real times: hour 24 is on the next day.

use super::calendar::{MONTHS, days_from_epoch};

/// The zones that NSPR supports, in minutes east of Greenwich, including daylight saving time.
const ZONES: [(&[u8], i64); 15] = [
    (b"pst", -480),
    (b"pdt", -420),
    (b"mst", -420),
    (b"mdt", -360),
    (b"cst", -360),
    (b"cdt", -300),
    (b"est", -300),
    (b"edt", -240),
    (b"ast", -240),
    (b"nst", -210),
    (b"gmt", 0),
    (b"bst", 60),
    (b"met", 60),
    (b"eet", 120),
    (b"jst", 540),
];

/// The maximum number of words in a date.
const MAX_WORDS: usize = 1000;

/// The parts read so far.
#[derive(Default)]
struct Reader {
    /// From 0 (January). A date in digits can give a number outside 0 to 11.
    month: Option<i64>,
    day: Option<i64>,
    year: Option<i64>,
    /// Hour, minute, and second.
    time: Option<(i64, i64, i64)>,
    /// The offset of a named zone in minutes.
    named_zone: Option<i64>,
    /// The offset from a text such as `+0100`, in minutes.
    offset: Option<i64>,
}

/// The unix time that Firefox reads from an `Expires` attribute, in seconds.
pub(super) fn read(text: &[u8]) -> Option<i64> {
    let mut reader = Reader::default();
    let mut at = 0;
    for _ in 0..MAX_WORDS {
        if at >= text.len() {
            return reader.finish();
        }
        at = reader.word(text, at);
        at = at.saturating_add(count(text, at, |byte| !is_delimiter(byte)));
        at = reader.skip(text, at);
    }
    None
}

/// Whether a byte ends a word. A colon and a dot do not.
fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'-' | b'+') || is_filler(byte)
}

fn is_filler(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b'/' | b'(' | b')' | b'[' | b']')
}

/// The byte at a position. 0 after the end, as in C.
fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// The number of consecutive bytes of a kind, starting at a position.
fn count(text: &[u8], at: usize, kind: impl Fn(u8) -> bool) -> usize {
    text.get(at..).unwrap_or_default().iter().take_while(|byte| kind(**byte)).count()
}

fn digits(text: &[u8], at: usize) -> usize {
    count(text, at, |byte| byte.is_ascii_digit())
}

/// The number from at most five digits.
fn number(text: &[u8], at: usize, length: usize) -> i64 {
    let digits = text.get(at..at.saturating_add(length)).unwrap_or_default();
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit.saturating_sub(b'0')))
}

fn with_century(year: i64) -> i64 {
    match year {
        ..70 => year + 2000,
        70..100 => year + 1900,
        _ => year,
    }
}

impl Reader {
    /// Reads the word at a position. Returns the position where reading continues.
    fn word(&mut self, text: &[u8], at: usize) -> usize {
        match byte(text, at) {
            b'+' | b'-' => self.sign(text, at),
            b'0'..=b'9' => self.digits(text, at),
            _ => {
                self.letters(text.get(at..).unwrap_or_default());
                at
            }
        }
    }

    fn letters(&mut self, word: &[u8]) {
        let begins = |name: &[u8]| word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let is_ut = word.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"ut"))
            && !word.get(2).is_some_and(u8::is_ascii_alphabetic);
        if let Some(month) = MONTHS.iter().position(|name| begins(name)) {
            self.month = self.month.or(i64::try_from(month).ok());
        } else if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| begins(name)) {
            self.named_zone = self.named_zone.or(Some(*minutes));
        } else if is_ut {
            self.named_zone = self.named_zone.or(Some(0));
        }
    }

    /// Reads an offset such as `+0100` or `-5`. Only the first offset counts, and only after GMT or without a
    /// zone.
    fn sign(&mut self, text: &[u8], at: usize) -> usize {
        let (sign, at) = (if byte(text, at) == b'+' { 1 } else { -1 }, at + 1);
        if self.offset.is_some() || self.named_zone.is_some_and(|zone| zone != 0) {
            return at;
        }
        let minutes = match digits(text, at) {
            4 => number(text, at, 2) * 60 + number(text, at + 2, 2),
            length @ (1 | 2) => number(text, at, length) * 60,
            _ => return at,
        };
        self.offset = Some(sign * minutes);
        self.named_zone = Some(0);
        at
    }

    fn digits(&mut self, text: &[u8], at: usize) -> usize {
        let length = digits(text, at);
        let end = at + length;
        let next = byte(text, end);
        if next == b':' {
            return self.time_of_day(text, at, length).unwrap_or(at);
        }
        if matches!(next, b'/' | b'-') && byte(text, end + 1).is_ascii_digit() {
            return self.numeric_date(text, at).unwrap_or(at);
        }
        if !next.is_ascii_alphabetic() {
            self.day_or_year(length, number(text, at, length.min(5)));
        }
        at
    }

    fn day_or_year(&mut self, length: usize, number: i64) {
        match length {
            1 => self.day = self.day.or(Some(number)),
            2 if self.day.is_none() && number < 32 => self.day = Some(number),
            2 => self.year = self.year.or(Some(with_century(number))),
            4 | 5 => self.year = self.year.or(Some(number)),
            _ => {}
        }
    }

    /// Reads `h:m[:s]`, with an optional AM or PM after it. Returns its end.
    fn time_of_day(&mut self, text: &[u8], at: usize, length: usize) -> Option<usize> {
        let at_minute = at + length + 1;
        let minute_length = digits(text, at_minute);
        if self.time.is_some() || length > 2 || !(1..=2).contains(&minute_length) {
            return None;
        }
        let end_of_minute = at_minute + minute_length;
        let at_second = end_of_minute + usize::from(byte(text, end_of_minute) == b':');
        let second_length = digits(text, at_second);
        let second = match second_length {
            2 => number(text, at_second, 2),
            // If the seconds are missing, NSPR reads the byte after the minutes as a digit: a space counts as
            // -16.
            0 | 1 => i64::from(byte(text, at_second)) - i64::from(b'0'),
            _ => return None,
        };
        let end = at_second + second_length;
        let hour = half_of_day(number(text, at, length), text, end);
        self.time = Some((hour, number(text, at_minute, minute_length), second));
        Some(end)
    }

    /// Reads dates such as `11/23/37`, `23-11-2037`, and `95-11-23`. Returns the end of the date.
    fn numeric_date(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let (first, at) = short_number(text, at)?;
        let (second, at) = short_number(text, separator(text, at)?)?;
        let at = separator(text, at)?;
        let length = digits(text, at);
        let end = at + length;
        if self.month.is_some() || !matches!(length, 1 | 2 | 4 | 5) || byte(text, end).is_ascii_alphabetic() {
            return None;
        }
        let third = number(text, at, length);
        let (year, month, day) = match (first, second) {
            (0 | 32.., ..=12) if third <= 31 => (with_century(first), second, third),
            (0 | 32.., _) => return None,
            (13.., 13..) => return Some(end),
            (13.., _) => (with_century(third), second, first),
            _ => (with_century(third), first, second),
        };
        (self.year, self.month, self.day) = (Some(year), Some(month - 1), Some(day));
        Some(end)
    }

    /// Skips the bytes between two words. A dash before a digit starts a zone, unless the dash joins a month
    /// and a year.
    fn skip(&self, text: &[u8], mut at: usize) -> usize {
        loop {
            at = at.saturating_add(count(text, at, is_filler));
            let joins = at > 0 && byte(text, at - 1).is_ascii_alphabetic() && self.year.is_none();
            let begins_zone = !joins && byte(text, at + 1).is_ascii_digit();
            if byte(text, at) != b'-' || begins_zone {
                return at;
            }
            at += 1;
        }
    }

    fn finish(self) -> Option<i64> {
        let (month, day, year) = (self.month?, self.day?, self.year?);
        if year > i64::from(i16::MAX) {
            return None;
        }
        let (hour, minute, second) = self.time.unwrap_or_default();
        let zone = self.offset.or(self.named_zone).unwrap_or(0);
        let days = days_from_epoch(year + month.div_euclid(12), month.rem_euclid(12) + 1, 1) + day - 1;
        Some(days * 86_400 + hour * 3600 + (minute - zone) * 60 + second)
    }
}

/// Converts an hour to 24-hour time if AM or PM follows at a position.
fn half_of_day(hour: i64, text: &[u8], at: usize) -> i64 {
    let at = at + count(text, at, |byte| matches!(byte, b' ' | b'\t'));
    let half = (byte(text, at).to_ascii_lowercase(), byte(text, at + 1).to_ascii_lowercase());
    match (half, hour) {
        ((b'p', b'm'), ..12) => hour + 12,
        ((b'a', b'm'), 12) => 0,
        _ => hour,
    }
}

/// Reads a number of one or two digits. Also returns its end.
fn short_number(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let length = digits(text, at).min(2);
    (length > 0).then(|| (number(text, at, length), at + length))
}

/// The position after a slash or a dash.
fn separator(text: &[u8], at: usize) -> Option<usize> {
    matches!(byte(text, at), b'/' | b'-').then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn usual_dates_are_read_as_in_other_browsers() {
        for text in [
            "Tue, 24 Nov 2026 00:37:06 GMT",
            "Tue, 24-Nov-2026 00:37:06 GMT",
            "Tuesday, 24-Nov-26 00:37:06 GMT",
            "Tue Nov 24 00:37:06 2026",
            "24 Nov 2026 01:37:06 +0100",
            "11/24/26 00:37:06",
            "24/11/2026 12:37:06 am",
        ] {
            assert_eq!(read(text.as_bytes()), Some(1_795_480_626), "{text}");
        }
    }

    #[test]
    fn unusual_dates_are_read_as_in_nspr() {
        let day = 1_795_478_400;
        assert_eq!(read(b"24 Nov 2026"), Some(day));
        assert_eq!(read(b"23 Nov 2026 24:00:00"), Some(day));
        assert_eq!(read(b"24 Nov 2026 00:00:60"), Some(day + 60));
        assert_eq!(read(b"24 Nov 2026 00:00:00 PST"), Some(day + 8 * 3600));
        assert_eq!(read(b"24 Nov 2026 00:15 GMT"), Some(day + 15 * 60 - 16));
        assert_eq!(read(b"24 Nov 126 00:00:00"), None);
        assert_eq!(read(b"24-nov.-26 00:00:00"), None);
        assert_eq!(read(b"24 Nov 32768"), None);
        assert_eq!(read(&b"x ".repeat(1001)), None);
    }
}
