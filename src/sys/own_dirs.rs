//! The directories of wikifarm: locks, the time of the last run, and indexes.
//!
//! In this order: the directories that systemd gives a unit (`StateDirectory=`, `RuntimeDirectory=`, `CacheDirectory=`; systemd.exec(5)), the directories
//! of root, and those of a user by the XDG base directory specification.

use std::ffi::OsString;
use std::path::PathBuf;

use super::user;

/// No directory: the user is not root, and no variable names a directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no directory for {what}: neither {variable} nor HOME is set to an absolute path")]
pub struct OwnDirError {
    what: &'static str,
    variable: &'static str,
}

fn variable(name: &str) -> Option<OsString> {
    match (user::home(), name) {
        (Some(home), "HOME") => Some(home.clone().into_os_string()),
        (Some(_), _) if name.starts_with("XDG_") => None,
        _ => std::env::var_os(name),
    }
}

/// The variable for the time of the last run, and for locks.
const STATE: &str = "XDG_STATE_HOME";

/// The directory for the time of the last run: `$STATE_DIRECTORY`, else `/var/lib/wikifarm` for root, else `$XDG_STATE_HOME/wikifarm`, which is
/// by default `~/.local/state/wikifarm`.
///
/// # Errors
///
/// If no variable names a directory.
pub fn state_dir() -> Result<PathBuf, OwnDirError> {
    state_dir_of(super::is_root(), variable)
}

/// The directory for locks: `$RUNTIME_DIRECTORY`, else `/run/wikifarm` for root, else `locks` in
/// [`state_dir`]. A login shell and cron share the state directory, but not `$XDG_RUNTIME_DIR`. Never a
/// directory in which other users could hold locks.
///
/// # Errors
///
/// The same as for [`state_dir`].
pub fn lock_dir() -> Result<PathBuf, OwnDirError> {
    lock_dir_of(super::is_root(), variable)
}

/// The directory for indexes: `$CACHE_DIRECTORY`, else `/var/cache/wikifarm` for root, else
/// `$XDG_CACHE_HOME/wikifarm`, which is by default `~/.cache/wikifarm`.
///
/// # Errors
///
/// The same as for [`state_dir`].
pub fn cache_dir() -> Result<PathBuf, OwnDirError> {
    cache_dir_of(super::is_root(), variable)
}

fn cache_dir_of(root: bool, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, OwnDirError> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(given) = absolute("CACHE_DIRECTORY") {
        return Ok(given);
    }
    if root {
        return Ok(PathBuf::from("/var/cache/wikifarm"));
    }
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache
        .map(|cache| cache.join("wikifarm"))
        .ok_or(OwnDirError { what: "indexes", variable: "XDG_CACHE_HOME" })
}

fn state_dir_of(root: bool, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, OwnDirError> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(given) = absolute("STATE_DIRECTORY") {
        return Ok(given);
    }
    if root {
        return Ok(PathBuf::from("/var/lib/wikifarm"));
    }
    let state = absolute(STATE).or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state
        .map(|state| state.join("wikifarm"))
        .ok_or(OwnDirError { what: "the time of the last run", variable: STATE })
}

fn lock_dir_of(root: bool, env: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, OwnDirError> {
    let absolute = |name| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(given) = absolute("RUNTIME_DIRECTORY") {
        return Ok(given);
    }
    if root {
        return Ok(PathBuf::from("/run/wikifarm"));
    }
    match state_dir_of(root, env) {
        Ok(state) => Ok(state.join("locks")),
        Err(_) => Err(OwnDirError { what: "locks", variable: STATE }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_own_directories() {
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
        assert_eq!(cache_dir_of(true, env(home)).unwrap(), PathBuf::from("/var/cache/wikifarm"));
        assert_eq!(cache_dir_of(false, env(home)).unwrap(), PathBuf::from("/home/u/.cache/wikifarm"));
        let given = &[("XDG_CACHE_HOME", "/c")];
        assert_eq!(cache_dir_of(false, env(given)).unwrap(), PathBuf::from("/c/wikifarm"));
        let unit = &[("CACHE_DIRECTORY", "/var/cache/w"), ("XDG_CACHE_HOME", "/c")];
        assert_eq!(cache_dir_of(true, env(unit)).unwrap(), PathBuf::from("/var/cache/w"));
        assert!(state_dir_of(false, env(&[])).is_err());
        assert!(cache_dir_of(false, env(&[])).is_err());
    }
}
