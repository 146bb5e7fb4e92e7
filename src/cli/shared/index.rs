//! Where indexes of stores lie.

use std::path::PathBuf;

use crate::farm::{IndexDir, Trusted};
use crate::sys;

/// As `[prune] index` says, else the usual place; `None` where no index is wanted, or the user has no such place.
pub(crate) fn place(farm: Option<&Trusted>) -> Option<PathBuf> {
    match farm.map(|farm| (farm, farm.prune.index.as_ref())) {
        Some((_, Some(IndexDir::Nowhere))) => None,
        Some((farm, Some(IndexDir::Dir(dir)))) => Some(farm.base().join(dir)),
        _ => sys::cache_dir().ok(),
    }
}
