//! Which mount a file was opened on.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, StatxFlags, statx};

/// The id of the mount through which a file was opened; `None` where the kernel reports none.
pub(super) fn mount_of(fd: impl AsFd) -> Option<u64> {
    let stat = statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    (stat.stx_mask & StatxFlags::MNT_ID.bits() != 0).then_some(stat.stx_mnt_id)
}
