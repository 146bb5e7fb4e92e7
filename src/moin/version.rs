//! Versions of MoinMoin, and which of them behave alike.

use std::fmt;
use std::str::FromStr;

/// A release of MoinMoin, as the farm file's `moin` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    major: u8,
    minor: u8,
    /// `None` where only the line was named (`1.9`): the last release of that line is meant.
    patch: Option<u8>,
}

/// Releases that treat sessions and cookies alike, oldest first.
///
/// The order is the order of release, so `behavior >= Behavior::V1_9_2` asks "from 1.9.2 on".
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
    /// 2.0: the session is the signed cookie itself.
    V2,
}

/// The text names no release of MoinMoin that wikifarm knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown MoinMoin version {0:?}: expected 1.7.0 to 1.7.3, 1.8.0 to 1.8.9, 1.9.0 to 1.9.11, or 2.0")]
pub struct VersionError(String);

/// Each line of releases with its last patch number.
const LINES: [(u8, u8, u8); 4] = [(1, 7, 3), (1, 8, 9), (1, 9, 11), (2, 0, 9)];

impl Version {
    /// Every name of a version that a farm file may have: each release, and each line, which means its last release.
    pub fn names() -> impl Iterator<Item = String> {
        let lines = LINES.iter().flat_map(|(major, minor, last)| {
            let line = format!("{major}.{minor}");
            let releases = (0..=*last).map(move |patch| format!("{major}.{minor}.{patch}"));
            std::iter::once(line).chain(releases)
        });
        lines.chain(["2".to_owned()])
    }

    /// The last release of the 1.9 line, what a farm runs unless it says otherwise.
    pub const LATEST_1_9: Version = Version { major: 1, minor: 9, patch: Some(11) };

    /// Whether an exact release was named; `1.9` alone is imprecise and means the last of its line.
    pub fn is_precise(self) -> bool {
        self.patch.is_some() || self.major == 2
    }

    /// The release meant: the last of its line where only the line was named.
    pub fn resolved(self) -> Version {
        let last = LINES.iter().find(|(major, minor, _)| (*major, *minor) == (self.major, self.minor));
        match (self.patch, last) {
            (None, Some(&(major, minor, patch))) if major == 1 => {
                Version { major, minor, patch: Some(patch) }
            }
            _ => self,
        }
    }

    /// Which releases this one behaves like.
    pub fn behavior(self) -> Behavior {
        match (self.major, self.minor, self.resolved().patch.unwrap_or(0)) {
            (1, 7, 0..=2) => Behavior::V1_7_0,
            (1, 7, _) => Behavior::V1_7_3,
            (1, 8, _) => Behavior::V1_8,
            (1, 9, 0) => Behavior::V1_9_0,
            (1, 9, 1) => Behavior::V1_9_1,
            (1, 9, 2..=3) => Behavior::V1_9_2,
            (1, 9, 4..=8) => Behavior::V1_9_4,
            (1, 9, 9..=10) => Behavior::V1_9_9,
            (1, 9, _) => Behavior::V1_9_11,
            _ => Behavior::V2,
        }
    }

    /// Whether this is 1.8.5, the one release of 1.7 and 1.8 that sends `HttpOnly`, and always does.
    pub fn always_http_only(self) -> bool {
        self.resolved() == Version { major: 1, minor: 8, patch: Some(5) }
    }

    /// Whether this is 1.9.9, whose Werkzeug takes `x; NAME` for one name: a cookie without a name hides the next.
    pub(crate) fn reads_names_over_semicolons(self) -> bool {
        self.resolved() == Version { major: 1, minor: 9, patch: Some(9) }
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        let mut numbers = text.split('.').map(|part| {
            let plain = !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse::<u8>().map_err(|_| error()) } else { Err(error()) }
        });
        let major = numbers.next().ok_or_else(error)??;
        let minor = numbers.next().transpose()?;
        let patch = numbers.next().transpose()?;
        if numbers.next().is_some() {
            return Err(error());
        }
        let minor = match (major, minor) {
            (_, Some(minor)) => minor,
            (2, None) => 0,
            _ => return Err(error()),
        };
        let known =
            LINES.iter().any(|&(a, b, last)| (a, b) == (major, minor) && patch.is_none_or(|p| p <= last));
        if known { Ok(Version { major, minor, patch }) } else { Err(error()) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
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
        assert!("2".parse::<Version>().unwrap().is_precise());
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
            ("2.0", Behavior::V2),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Version>().unwrap().behavior(), expected, "{text}");
        }
        assert!("1.8.5".parse::<Version>().unwrap().always_http_only());
        assert!(!"1.8.6".parse::<Version>().unwrap().always_http_only());
    }

    #[test]
    fn every_name_is_understood() {
        let names: Vec<String> = Version::names().collect();
        assert!(names.iter().all(|name| name.parse::<Version>().is_ok()), "{names:?}");
        for name in ["1.7", "1.8.5", "1.9.11", "2", "2.0"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn what_never_was_released_is_refused() {
        for text in
            ["", "1", "1.6.3", "1.9.12", "1.9.11.1", "v1.9", "1.9.", "1.09.x", "3.0", "1.9.-1", "1.9.+1"]
        {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
