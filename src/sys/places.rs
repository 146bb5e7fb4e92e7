//! Where wikifarm keeps its own few files: locks and the time of the last run.
//!
//! In this order: what systemd gives a unit (`StateDirectory=`, `RuntimeDirectory=`; systemd.exec(5)), root's places,
//! a user's by the XDG base directory specification.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// There is no place: neither root's, nor a variable that names the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceError {
    what: &'static str,
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no directory for {}: neither XDG_STATE_HOME nor HOME is set to an absolute path",
            self.what
        )
    }
}

impl std::error::Error for PlaceError {}

/// Where the time of the last run is kept: `$STATE_DIRECTORY`, else `/var/lib/wikifarm` for root, else `$XDG_STATE_HOME/wikifarm`, which is
/// by default `~/.local/state/wikifarm`.
///
/// # Errors
///
/// Where no variable says where the user keeps such files.
pub fn state_dir() -> Result<PathBuf, PlaceError> {
    state_dir_of(super::is_root(), |name| std::env::var_os(name))
}

/// Where locks lie: `$RUNTIME_DIRECTORY`, else `/run/wikifarm` for root, else `locks` in [`state_dir`], which a login
/// shell and cron have in common, as they have no `$XDG_RUNTIME_DIR`.
/// Never a directory where others could hold them.
///
/// # Errors
///
/// As [`state_dir`].
pub fn lock_dir() -> Result<PathBuf, PlaceError> {
    lock_dir_of(super::is_root(), |name| std::env::var_os(name))
}

fn state_dir_of(root: bool, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, PlaceError> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(given) = absolute("STATE_DIRECTORY") {
        return Ok(given);
    }
    if root {
        return Ok(PathBuf::from("/var/lib/wikifarm"));
    }
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("wikifarm")).ok_or(PlaceError { what: "the time of the last run" })
}

fn lock_dir_of(root: bool, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, PlaceError> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(given) = absolute("RUNTIME_DIRECTORY") {
        return Ok(given);
    }
    if root {
        return Ok(PathBuf::from("/run/wikifarm"));
    }
    match state_dir_of(root, env) {
        Ok(state) => Ok(state.join("locks")),
        Err(_) => Err(PlaceError { what: "locks" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_place_of_their_own() {
        let env = |set: &'static [(&str, &str)]| {
            move |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        let all = &[("HOME", "/home/u"), ("XDG_STATE_HOME", "/s"), ("XDG_RUNTIME_DIR", "/r")];
        assert_eq!(state_dir_of(true, env(all)).unwrap(), PathBuf::from("/var/lib/wikifarm"));
        assert_eq!(lock_dir_of(true, env(all)).unwrap(), PathBuf::from("/run/wikifarm"));
        assert_eq!(state_dir_of(false, env(all)).unwrap(), PathBuf::from("/s/wikifarm"));
        assert_eq!(lock_dir_of(false, env(all)).unwrap(), PathBuf::from("/s/wikifarm/locks"));
        let unit = &[("STATE_DIRECTORY", "/var/lib/w"), ("RUNTIME_DIRECTORY", "/run/w"), ("HOME", "/root")];
        assert_eq!(state_dir_of(true, env(unit)).unwrap(), PathBuf::from("/var/lib/w"));
        assert_eq!(lock_dir_of(false, env(unit)).unwrap(), PathBuf::from("/run/w"));
        let home = &[("HOME", "/home/u"), ("XDG_STATE_HOME", "relative")];
        assert_eq!(state_dir_of(false, env(home)).unwrap(), PathBuf::from("/home/u/.local/state/wikifarm"));
        assert_eq!(
            lock_dir_of(false, env(home)).unwrap(),
            PathBuf::from("/home/u/.local/state/wikifarm/locks")
        );
        assert!(state_dir_of(false, env(&[])).is_err());
    }
}
