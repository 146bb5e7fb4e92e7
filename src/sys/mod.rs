//! All system calls besides std: directory handles, listing, safe opening and removal, atomic writes, locks, signals, and
//! the file-system identity of a thread.
//!
//! Promises, even if other users can write to the directories:
//!
//! * Symbolic links of other users are not followed, no directory is created behind one, and only regular files are opened.
//! * Opening never waits for a FIFO, a device, or a lease. No more than [`MAX_FILE`] bytes of a file are read.
//! * A file is removed only after its bytes were judged again. A lost race is detected and reported.
//! * A failure is an error value, never an empty result.
//!
//! Linux only. Source: open(2), statx(2), getdents(2), readlinkat(2), unlinkat(2), flock(2), setfsuid(2), signal(7), path_resolution(7).

mod access;
mod acting;
mod create;
mod dir;
mod directory_identity;
mod file;
mod file_system;
mod free_space;
mod input;
mod lock;
mod mount;
mod open_dir;
mod own_dirs;
mod owner;
mod parallel;
mod private;
mod remove;
mod signal;
mod syslog;
mod user;
mod why;
mod write;

pub use access::{Account, CHANGE, READ, file_has_acl, has_acl};
pub use acting::{as_user, may_use, may_use_in};
pub use create::{Modified, NewFile, Put, TEMP_PREFIX, put_files, remove_temps};
pub use dir::{Dir, DirStamp, Entry, FileId, Kind};
pub use directory_identity::{DirectoryIdentity, DirectoryMap, directory_identity};
pub use file::{
    FileStat, MAX_FILE, NotOpened, OpenFile, open_regular, open_regular_up_to, read_head, stamp_regular,
    stat_regular,
};
#[cfg(feature = "sqlite")]
pub use file::{may_write, stat_single};
pub use file_system::{FileSystem, Medium};
pub use free_space::FreeSpace;
pub use input::{InputError, Readers, open_cautiously, read_input, read_input_or_stdin, read_trusted};
pub use lock::{Lock, LockDir, LockError, waits_for};
pub use open_dir::DirError;
pub use own_dirs::{OwnDirError, cache_dir, lock_dir, state_dir};
pub use owner::{AsOwner, RunAsError, began_as_root, forget_groups, run_as};
pub use parallel::{in_parts, one_by_one};
pub use private::{PrivateDir, PrivateError};
pub use remove::{Removal, remove_if};
pub use signal::{GaveUp, asked_to_stop, must_stop, stop_flag, within};
pub use syslog::{SYSLOG, Severity, syslog};
pub use user::is_root;
pub use why::{problem, why};
pub use write::{Replaced, replace, sync_directory, write_atomically, write_new, write_public};
