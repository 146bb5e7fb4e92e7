//! The meaning of names in a session directory, by MoinMoin generation.

use std::fmt;

/// How MoinMoin names session files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// MoinMoin 1.7 and 1.8: `<cache_dir>/__common__/session/<32 of a-z 0-9 _>`.
    Moin18,
    /// MoinMoin 1.9: `<session_dir>/<40 hexadecimal digits>`.
    Moin19,
}

/// The meaning of a name in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A session id.
    Session,
    /// A temporary file.
    Temp,
    /// Not a name of MoinMoin.
    Foreign,
}

impl Layout {
    /// Both layouts, the older first.
    pub const ALL: [Layout; 2] = [Layout::Moin18, Layout::Moin19];

    /// The scheme of an address: `moin-1.8`, `moin-1.9`.
    pub const fn name(self) -> &'static str {
        match self {
            Layout::Moin18 => "moin-1.8",
            Layout::Moin19 => "moin-1.9",
        }
    }

    /// The meaning of `name`.
    ///
    /// Upper-case hexadecimal digits are ids, because MoinMoin up to 1.9.3 accepts them in a cookie.
    pub fn kind(self, name: &[u8]) -> NameKind {
        let session = match self {
            Layout::Moin18 => is_id_1_8(name),
            Layout::Moin19 => is_id_1_9(name),
        };
        if session {
            NameKind::Session
        } else if self.is_temp(name) {
            NameKind::Temp
        } else {
            NameKind::Foreign
        }
    }

    /// Whether `name` is a session of the other layout.
    pub fn is_misplaced(self, name: &[u8]) -> bool {
        Layout::ALL.into_iter().any(|layout| layout != self && layout.kind(name) == NameKind::Session)
    }

    fn is_temp(self, name: &[u8]) -> bool {
        match self {
            // tempfile.mkstemp(suffix=".tmp", prefix=id): <id>XXXXXX.tmp
            Layout::Moin18 => name
                .strip_suffix(b".tmp")
                .and_then(|stem| stem.split_at_checked(32))
                .is_some_and(|(id, random)| is_id_1_8(id) && is_random(random)),
            // tempfile.mkstemp(suffix): tmpXXXXXX.__wz_sess to 1.9.10, tmpXXXXXX.__session in 1.9.11
            Layout::Moin19 => name
                .strip_prefix(b"tmp")
                .and_then(|rest| {
                    rest.strip_suffix(b".__wz_sess").or_else(|| rest.strip_suffix(b".__session"))
                })
                .is_some_and(is_random),
        }
    }
}

/// Whether `name` is a session id of any version.
pub fn is_id(name: &[u8]) -> bool {
    is_id_1_8(name) || is_id_1_9(name)
}

/// Checks every byte without an early exit, so that the compiler can vectorize it for millions of names.
fn all(name: &[u8], is: impl Fn(u8) -> bool) -> bool {
    name.iter().fold(true, |so_far, byte| so_far & is(*byte))
}

fn is_id_1_9(name: &[u8]) -> bool {
    name.len() == 40 && all(name, |byte| byte.is_ascii_hexdigit())
}

fn is_id_1_8(name: &[u8]) -> bool {
    name.len() == 32 && all(name, |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The random part of a name from Python's `tempfile`: 6 characters; up to Python 2.6 also `-`.
fn is_random(name: &[u8]) -> bool {
    name.len() == 6 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NameKind::{Foreign, Session, Temp};

    #[test]
    fn layouts_match_the_names_of_the_wikis() {
        let table: &[(&str, NameKind, NameKind)] = &[
            ("y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1", Session, Foreign),
            ("_thlhi8g97thkf0xcs000ldlmno416oa", Session, Foreign),
            ("Y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1", Foreign, Foreign),
            ("y4yaqsb3lkxvs5tmcuntmabfd5vi0xc", Foreign, Foreign),
            ("y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1aB3_x9.tmp", Temp, Foreign),
            ("y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1aB3_x.tmp", Foreign, Foreign),
            ("aB3_x9.tmp", Foreign, Foreign),
            ("031d8acb800cc038fab650b412fa1073b51d67ec", Foreign, Session),
            ("031D8ACB800cc038fab650b412fa1073b51d67ec", Foreign, Session),
            ("031d8acb800cc038fab650b412fa1073b51d67e", Foreign, Foreign),
            ("031d8acb800cc038fab650b412fa1073b51d67eg", Foreign, Foreign),
            ("tmpaB3_x9.__wz_sess", Foreign, Temp),
            ("tmpaB3_x9.__session", Foreign, Temp),
            ("tmpaB3_x9.__sessions", Foreign, Foreign),
            ("tmpaB3_x.__session", Foreign, Foreign),
            ("tmp/../x.__session", Foreign, Foreign),
            ("__lock__", Foreign, Foreign),
            ("", Foreign, Foreign),
        ];
        for (name, old, new) in table {
            assert_eq!(Layout::Moin18.kind(name.as_bytes()), *old, "{name}");
            assert_eq!(Layout::Moin19.kind(name.as_bytes()), *new, "{name}");
        }
    }
}
