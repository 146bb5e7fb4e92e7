//! The mount of an open file.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, StatxFlags, statx};

/// The id of the mount of an open file. `None` if the kernel does not report it.
pub(super) fn mount_of(fd: impl AsFd) -> Option<u64> {
    let stat = statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    (stat.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(stat.stx_mnt_id)
}
