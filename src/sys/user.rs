//! Which user the process is, and which one it became.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Whether we run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The home of the user whom the process became, if it did.
static HOME: OnceLock<PathBuf> = OnceLock::new();

/// From now on the places are those of a user with that home: what the environment says of root's is none of his.
pub(super) fn belong_to(home: PathBuf) {
    HOME.get_or_init(|| home);
}

/// Whether the process became another user.
pub(super) fn is_another() -> bool {
    HOME.get().is_some()
}

/// The home of the user whom the process became, if it did.
pub(super) fn home() -> Option<&'static PathBuf> {
    HOME.get()
}
