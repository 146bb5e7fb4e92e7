//! The directory of store indexes, and what the last run wrote there.

use std::path::{Path, PathBuf};

use crate::farm::{IndexDir, Trusted};
use crate::store::index::Index;
use crate::store::{self, StoreSpec};
use crate::sys;

/// The directory of `[prune] index`, else the default. `None` if the farm wants no index, or no directory is possible.
pub(crate) fn index_dir(farm: Option<&Trusted>) -> Option<PathBuf> {
    match farm.map(|farm| (farm, farm.prune.index.as_ref())) {
        Some((_, Some(IndexDir::Nowhere))) => None,
        Some((farm, Some(IndexDir::Dir(dir)))) => Some(farm.base().join(dir)),
        _ => sys::cache_dir().ok(),
    }
}

/// How many sessions a store had after the last prune that wrote an index, and when that was in unix seconds.
pub(crate) fn last(spec: &StoreSpec, index_dir: Option<&Path>) -> Option<(u64, i64)> {
    let stamp = store::open(spec.clone()).ok()?.stamp()?;
    let index = Index::open(index_dir?, spec.location.layout()?, stamp);
    index.last().map(|(totals, since)| (totals.sessions(), since))
}
