//! Why a run can't remove any file from a directory.

use std::io;
use std::path::Path;

use crate::health::{Collector, in_unit_sandbox};
use crate::ops::problems::Problem;
use crate::store::StoreSpec;
use crate::sys::{AsOwner, CHANGE, Dir, may_use_in, why};

/// The error that the first removal would have, without trying. `None` for databases.
pub(super) fn cannot_remove(spec: &StoreSpec) -> Option<io::Error> {
    let dir = Dir::open(spec.location.directory()?).ok()?;
    let _owner = AsOwner::of(&dir).ok()?;
    may_use_in(&dir, CHANGE).err()
}

/// The message about `left` files that can't be removed from `dir`.
pub(super) fn hindered(dir: &Path, error: &io::Error, left: u64) -> Problem {
    let help = (error.kind() == io::ErrorKind::ReadOnlyFilesystem).then(|| read_only(dir)).flatten();
    let (dir, error) = (dir.display(), why(error));
    Problem { message: format!("{dir}: can't remove files from this directory: {error} ({left} left)"), help }
}

/// What to do about a read-only directory, if the systemd unit of this run makes it read-only.
fn read_only(dir: &Path) -> Option<String> {
    let collector = Collector::new(0);
    match collector.mount(dir) {
        Some(mount) if in_unit_sandbox(&mount, collector.in_unit()) => {
            let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
            Some(format!("add ReadWritePaths={} to the systemd unit of this job", whole.display()))
        }
        _ => None,
    }
}
