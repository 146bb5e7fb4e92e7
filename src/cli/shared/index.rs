//! The directory of store indexes.

use std::path::PathBuf;

use crate::farm::{IndexDir, Trusted};
use crate::sys;

/// The directory of `[prune] index`, else the default. `None` if the farm wants no index, or no directory is possible.
pub(crate) fn place(farm: Option<&Trusted>) -> Option<PathBuf> {
    match farm.map(|farm| (farm, farm.prune.index.as_ref())) {
        Some((_, Some(IndexDir::Nowhere))) => None,
        Some((farm, Some(IndexDir::Dir(dir)))) => Some(farm.base().join(dir)),
        _ => sys::cache_dir().ok(),
    }
}
