//! Versions of MoinMoin, and which of them behave alike.

use std::fmt;
use std::str::FromStr;

/// A release of MoinMoin, as the farm file's `moin` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    major: u8,
    minor: u8,
    /// `None` where only the line was named (`1.9`): the last release of that line is meant.
    release: Option<Release>,
}

/// A release of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Release {
    /// 1.7 to 1.9.
    Patch(u8),
    /// 2.0.0a1.
    Alpha(u8),
    /// 2.0.0b1 to 2.0.0b5.
    Beta(u8),
    /// The development branch of 2.0.
    Dev,
}

/// Releases that treat sessions and cookies alike, oldest first.
///
/// The order is the order of release, so `behavior >= Behavior::V1_9_2` asks "from 1.9.2 on", and `behavior >=
/// Behavior::V2` asks for any 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Behavior {
    /// 1.7.0 to 1.7.2: no `cookie_secure`.
    V1_7_0,
    /// 1.7.3.
    V1_7_3,
    /// 1.8.0 to 1.8.9; 1.8.5 alone sends `HttpOnly`.
    V1_8,
    /// 1.9.0: one session directory for all wikis of a process, and no `expires` in a session.
    V1_9_0,
    /// 1.9.1: `cookie_name` appears, sessions carry `expires`.
    V1_9_1,
    /// 1.9.2 and 1.9.3: temp file and rename, expiry on a grid of 60 s.
    V1_9_2,
    /// 1.9.4 to 1.9.8: lower-case ids only.
    V1_9_4,
    /// 1.9.9 and 1.9.10: a newer Werkzeug writes the header in another order.
    V1_9_9,
    /// 1.9.11: the first of several cookies of one name wins.
    V1_9_11,
    /// 2.0.0a1: the session is the signed cookie itself. Flask 2.2 keeps a leading dot and refuses a domain without one.
    V2,
    /// 2.0.0b1 to 2.0.0b5: Flask 3, which drops a leading dot and knows `Partitioned`.
    V2Beta,
    /// The development branch since April 2026: "remember me".
    V2Dev,
}

/// The text names no release of MoinMoin that wikifarm knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown MoinMoin version {0:?}: expected 1.7.0 to 1.7.3, 1.8.0 to 1.8.9, 1.9.0 to 1.9.11, 2.0.0a1, 2.0.0b1 to \
     2.0.0b5, or 2.0-dev"
)]
pub struct VersionError(String);

/// Each line of releases with its last release number.
const LINES: [(u8, u8, Release); 4] = [
    (1, 7, Release::Patch(3)),
    (1, 8, Release::Patch(9)),
    (1, 9, Release::Patch(11)),
    (2, 0, Release::Beta(5)),
];

impl Version {
    /// Every name of a version that a farm file may have: each release, and each line, which means its last release.
    pub fn names() -> impl Iterator<Item = String> {
        Version::all().map(|version| version.to_string()).chain(["2".to_owned()])
    }

    /// Each line, followed by its releases in order.
    fn all() -> impl Iterator<Item = Version> {
        LINES.into_iter().flat_map(|(major, minor, last)| {
            let of_line: Vec<Release> = match last {
                Release::Patch(last) => (0..=last).map(Release::Patch).collect(),
                Release::Alpha(_) | Release::Beta(_) | Release::Dev => {
                    let betas = (1..=5).map(Release::Beta);
                    std::iter::once(Release::Alpha(1)).chain(betas).chain([Release::Dev]).collect()
                }
            };
            let releases = std::iter::once(None).chain(of_line.into_iter().map(Some));
            releases.map(move |release| Version { major, minor, release })
        })
    }

    /// The release nearest to the numbers in a text: the last one that is not newer, or else the first.
    pub fn nearest_to(text: &str) -> Option<Version> {
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
        let numbers: Vec<u8> = numbers.take(3).collect();
        let (major, rest) = numbers.split_first()?;
        let wanted =
            (*major, rest.first().copied().unwrap_or(u8::MAX), rest.get(1).copied().unwrap_or(u8::MAX));
        let releases = || {
            Version::all().filter(|version| match version.release {
                Some(Release::Alpha(_)) => text.contains('a'),
                Some(Release::Beta(number)) => !text.contains('a') && number == 5,
                release => matches!(release, Some(Release::Patch(_))),
            })
        };
        let place = |version: &Version| match version.release {
            Some(Release::Patch(number)) => (version.major, version.minor, number),
            _ => (version.major, version.minor, 0),
        };
        releases().filter(|version| place(version) <= wanted).last().or_else(|| releases().next())
    }

    /// The last release of the 1.9 line, which a farm runs by default.
    pub const LATEST_1_9: Version = Version { major: 1, minor: 9, release: Some(Release::Patch(11)) };

    /// Whether an exact release was named; `1.9` alone is imprecise and means the last of its line.
    pub fn is_precise(self) -> bool {
        self.release.is_some()
    }

    /// The release meant: the last of its line where only the line was named.
    pub fn resolved(self) -> Version {
        let last = LINES.iter().find(|(major, minor, _)| (*major, *minor) == (self.major, self.minor));
        Version { release: self.release.or(last.map(|(_, _, last)| *last)), ..self }
    }

    /// The line of the release: `1.9`, `2.0`.
    pub fn line(self) -> Version {
        Version { release: None, ..self }
    }

    /// Which releases this one behaves like.
    pub fn behavior(self) -> Behavior {
        use Release::{Alpha, Dev, Patch};
        match (self.minor, self.resolved().release) {
            (7, Some(Patch(0..=2))) => Behavior::V1_7_0,
            (7, _) => Behavior::V1_7_3,
            (8, _) => Behavior::V1_8,
            (9, Some(Patch(0))) => Behavior::V1_9_0,
            (9, Some(Patch(1))) => Behavior::V1_9_1,
            (9, Some(Patch(2..=3))) => Behavior::V1_9_2,
            (9, Some(Patch(4..=8))) => Behavior::V1_9_4,
            (9, Some(Patch(9..=10))) => Behavior::V1_9_9,
            (9, _) => Behavior::V1_9_11,
            (_, Some(Alpha(_))) => Behavior::V2,
            (_, Some(Dev)) => Behavior::V2Dev,
            _ => Behavior::V2Beta,
        }
    }

    /// Whether this is 1.8.5, the one release of 1.7 and 1.8 that sends `HttpOnly`, and always does.
    pub fn always_http_only(self) -> bool {
        (self.minor, self.release) == (8, Some(Release::Patch(5)))
    }

    /// Whether a login rewrites the password hash in the user's profile to `{PASSLIB}`: from 1.9.7 on.
    ///
    /// Measured: 1.8.7, 1.9.0, and 1.9.4 then refuse the password.
    pub fn rewrites_passwords(self) -> bool {
        self.minor == 9 && matches!(self.resolved().release, Some(Release::Patch(7..)))
    }

    /// Whether this is 1.9.9, whose Werkzeug reads `x; NAME` as one name: a cookie without a name hides the next.
    pub(crate) fn reads_names_over_semicolons(self) -> bool {
        (self.minor, self.release) == (9, Some(Release::Patch(9)))
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = if text == "2" { "2.0" } else { text };
        let known = Version::all().find(|version| version.to_string() == named);
        known.ok_or_else(|| VersionError(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.release {
            Some(Release::Patch(number)) => write!(f, ".{number}"),
            Some(Release::Alpha(number)) => write!(f, ".0a{number}"),
            Some(Release::Beta(number)) => write!(f, ".0b{number}"),
            Some(Release::Dev) => f.write_str("-dev"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_alone_means_its_last_release() {
        let line: Version = "1.9".parse().unwrap();
        assert!(!line.is_precise());
        assert_eq!(line.resolved().to_string(), "1.9.11");
        assert_eq!(line.behavior(), Behavior::V1_9_11);
        assert_eq!("1.7".parse::<Version>().unwrap().behavior(), Behavior::V1_7_3);
        assert_eq!("1.8".parse::<Version>().unwrap().resolved().to_string(), "1.8.9");
        for text in ["2", "2.0"] {
            let line: Version = text.parse().unwrap();
            assert!(!line.is_precise());
            assert_eq!(
                (line.to_string(), line.resolved().to_string()),
                ("2.0".to_owned(), "2.0.0b5".to_owned())
            );
        }
    }

    #[test]
    fn nearest_release_of_an_unknown_version() {
        let near = |text: &str| Version::nearest_to(text).map(|version| version.to_string());
        for (text, expected) in [
            ("1.9.12", "1.9.11"),
            ("1.9.300", "1.9.11"),
            ("v1.9.10", "1.9.10"),
            ("1.8.11", "1.8.9"),
            ("1.10", "1.9.11"),
            ("1.6.4", "1.7.0"),
            ("2.0.0", "2.0.0b5"),
            ("2.0.0b9", "2.0.0b5"),
            ("2.0.0a2", "2.0.0a1"),
            ("3.1", "2.0.0b5"),
        ] {
            assert_eq!(near(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(near("latest"), None);
    }

    #[test]
    fn releases_fall_into_the_measured_groups() {
        let table = [
            ("1.7.2", Behavior::V1_7_0),
            ("1.7.3", Behavior::V1_7_3),
            ("1.8.5", Behavior::V1_8),
            ("1.9.0", Behavior::V1_9_0),
            ("1.9.1", Behavior::V1_9_1),
            ("1.9.3", Behavior::V1_9_2),
            ("1.9.4", Behavior::V1_9_4),
            ("1.9.8", Behavior::V1_9_4),
            ("1.9.10", Behavior::V1_9_9),
            ("1.9.11", Behavior::V1_9_11),
            ("2.0.0a1", Behavior::V2),
            ("2.0.0b1", Behavior::V2Beta),
            ("2.0.0b5", Behavior::V2Beta),
            ("2.0", Behavior::V2Beta),
            ("2.0-dev", Behavior::V2Dev),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Version>().unwrap().behavior(), expected, "{text}");
        }
        assert!("1.8.5".parse::<Version>().unwrap().always_http_only());
        let rewrites = |text: &str| text.parse::<Version>().unwrap().rewrites_passwords();
        assert_eq!(
            ["1.8.9", "1.9.6", "1.9.7", "1.9", "2.0"].map(rewrites),
            [false, false, true, true, false]
        );
        assert!(!"1.8.6".parse::<Version>().unwrap().always_http_only());
    }

    #[test]
    fn every_name_is_understood() {
        let names: Vec<String> = Version::names().collect();
        assert!(names.iter().all(|name| name.parse::<Version>().is_ok()), "{names:?}");
        for name in ["1.7", "1.8.5", "1.9.11", "2", "2.0", "2.0.0a1", "2.0.0b3", "2.0-dev"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn what_never_was_released_is_refused() {
        for text in [
            "", "1", "1.6.3", "1.9.12", "1.9.11.1", "v1.9", "1.9.", "1.09.x", "3.0", "1.9.-1", "1.9.+1",
            "2.0.0", "2.0.0b6",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
