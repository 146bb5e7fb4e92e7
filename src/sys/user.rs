//! The user of the process, and the user that it became.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Whether the process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The home of the user that the process became.
static HOME: OnceLock<PathBuf> = OnceLock::new();

/// Uses the directories of a user with that home from now on. The environment has those of root.
pub(super) fn belong_to(home: PathBuf) {
    HOME.get_or_init(|| home);
}

/// Whether the process became another user.
pub(super) fn is_another() -> bool {
    HOME.get().is_some()
}

/// The home of the user that the process became.
pub(super) fn home() -> Option<&'static PathBuf> {
    HOME.get()
}
