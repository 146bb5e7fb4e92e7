//! The session files of a directory.

use std::ffi::CStr;
use std::io;
use std::ops::ControlFlow;

use crate::location::{Location, NameKind};
use crate::store::{EntryName, StoreSpec, json_id};
use crate::sys::{Dir, FileStat, Kind, NotOpened, stat_regular};

/// Calls `each` with every session, the name of its file, and its stat. Checks `stop` before each file.
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
        let Some(name) = session_of_file(&spec.location, entry.name) else {
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

/// The session in the file `name`.
fn session_of_file(location: &Location, name: &CStr) -> Option<EntryName> {
    match location {
        Location::Json(_) => json_id(name),
        _ if location.kind(name.to_bytes()) == NameKind::Session => EntryName::new(name.to_bytes()),
        _ => None,
    }
}
