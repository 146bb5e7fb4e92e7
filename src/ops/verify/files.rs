//! The session files of a directory, each with its stat.

use std::ffi::CStr;
use std::io;
use std::ops::ControlFlow;

use crate::store::{EntryName, NameKind, StoreSpec};
use crate::sys::{Dir, FileStat, Kind, NotOpened, stat_regular};

/// Calls `each` with every session, the name of its file, and its stat. `stop` is asked between two files.
pub(super) fn each_session(
    spec: &StoreSpec,
    dir: &Dir,
    stop: &dyn Fn() -> bool,
    mut each: impl FnMut(EntryName, &CStr, FileStat),
) -> io::Result<()> {
    let mut failed = None;
    dir.list(|entry| {
        if stop() {
            return ControlFlow::Break(());
        }
        let Some((name, NameKind::Session)) = spec.layout.file(entry.name.to_bytes()) else {
            return ControlFlow::Continue(());
        };
        if entry.kind != Kind::Regular {
            return ControlFlow::Continue(());
        }
        match stat_regular(dir, entry.name) {
            Ok(stat) => each(name, entry.name, stat),
            Err(NotOpened::Io(error)) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            Err(_) => {}
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(()), Err)
}
