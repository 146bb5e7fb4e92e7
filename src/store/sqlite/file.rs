//! Checks the location of a database before SQLite opens the file.
//!
//! SQLite opens the database and the files beside it by their paths, trusts their content, and as root even changes
//! their owner to the owner of the database. So only root and this owner may be able to write to the directory, and
//! SQLite runs with the rights of the owner. After this check, SQLite reaches nothing that the owner
//! could not reach.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::store::Usage;
use crate::sys::{self, AsOwner, Dir, DirError, FileId, FileStat, NotOpened};
use crate::text::{Problem, shell_path};

/// The suffixes of the files that SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// The suffixes of a database and the files beside it.
pub(super) fn usage(file: &Path) -> Usage {
    let (mut bytes, mut files) = (0, 0);
    for suffix in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(suffix);
        if let Ok(stat) = Path::new(&path).symlink_metadata() {
            bytes += stat.blocks().saturating_mul(512);
            files += 1;
        }
    }
    Usage { bytes: Some(bytes), inodes: Some(files) }
}

/// Why a database can't be used.
pub(super) enum Unusable {
    /// It does not exist.
    Missing,
    /// Its directory can't be opened or is not safe.
    Directory(DirError),
    /// Another user could have prepared what SQLite opens.
    Unsafe {
        /// The message.
        why: String,
        /// What to do.
        help: String,
    },
    /// Another reason.
    Why(Problem),
}

impl From<String> for Unusable {
    fn from(why: String) -> Self {
        Unusable::Why(why.into())
    }
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        error.to_string().into()
    }
}

/// The rights to read and write a database, if wikifarm runs as root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) uid: u32,
    gid: u32,
}

impl Owner {
    /// Takes these rights for this thread.
    pub(super) fn take(self) -> io::Result<AsOwner> {
        AsOwner::user(self.uid, self.gid)
    }
}

/// The location of an existing or new database.
pub(super) struct DatabaseFile {
    dir: Dir,
    name: CString,
    path: PathBuf,
    found: Option<(FileId, FileStat)>,
}

impl DatabaseFile {
    /// Examines the file and its directory.
    pub(super) fn of(file: &Path) -> Result<DatabaseFile, Unusable> {
        let name = file.file_name().ok_or_else(|| Unusable::Why("no file name".into()))?;
        let parent = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let dir = Dir::open(parent).map_err(|error| match error {
            DirError::Missing { .. } => Unusable::Missing,
            other => Unusable::Directory(other),
        })?;
        // Use the real path, so that every link on the way is checked.
        let real = parent.canonicalize().map_err(|error| Unusable::from(crate::sys::why(&error)))?;
        let same = std::fs::metadata(&real)
            .is_ok_and(|stat| (stat.dev(), stat.ino()) == (dir.id().device, dir.id().inode));
        if !same {
            return Err(Unusable::Why("its directory was just replaced".into()));
        }
        let path = real.join(name);
        let name = CString::new(name.as_bytes()).map_err(|_| Unusable::Why("NUL in the file name".into()))?;
        let found = match sys::stat_single(&dir, &name) {
            Ok(found) => Some(found),
            Err(NotOpened::Gone) => None,
            Err(NotOpened::Io(error)) => return Err(Unusable::from(crate::sys::why(&error))),
            Err(other) => {
                let help = "use a regular file without hard links".to_owned();
                return Err(Unusable::Unsafe { why: other.to_string(), help });
            }
        };
        let database_file = DatabaseFile { dir, name, path, found };
        database_file.check_writers(&real)?;
        Ok(database_file)
    }

    /// The owner of the database, or the future owner.
    pub(super) fn owner(&self) -> Owner {
        let of_dir = Owner { uid: self.dir.uid(), gid: self.dir.gid() };
        match &self.found {
            Some((_, stat)) if stat.uid != of_dir.uid => Owner { uid: stat.uid, gid: stat.gid },
            _ => of_dir,
        }
    }

    /// The directory.
    pub(super) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// The file name.
    pub(super) fn name(&self) -> &CStr {
        &self.name
    }

    /// The path for SQLite.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file in bytes. `None` if it does not exist.
    pub(super) fn size(&self) -> Option<u64> {
        self.found.as_ref().map(|(_, stat)| stat.size)
    }

    /// The identity of the file.
    pub(super) fn id(&self) -> Option<FileId> {
        self.found.as_ref().map(|(id, _)| *id)
    }

    /// Whether this thread may read and write the file.
    pub(super) fn may_write(&self) -> io::Result<()> {
        sys::may_write(&self.dir, &self.name)
    }

    /// Refuses a directory in which a user other than root and the owner of the database can write.
    fn check_writers(&self, real: &Path) -> Result<(), Unusable> {
        let (uid, mode) = (self.owner().uid, self.dir.mode());
        let (dir, of_dir) = (shell_path(real), self.dir.uid());
        if mode & 0o022 != 0 {
            let why = format!("users other than user {of_dir} can write to its directory (mode {mode:04o})");
            let help =
                format!("run `chmod go-w {dir}`, and change the owner to the user of the wikis with `chown`");
            return Err(Unusable::Unsafe { why, help });
        }
        if of_dir != 0 && of_dir != uid {
            let why = format!("user {uid} owns it, but user {of_dir} owns its directory");
            let file = shell_path(&self.path);
            let help = format!("run `chown {of_dir} {file}` or `chown {uid} {dir}`");
            return Err(Unusable::Unsafe { why, help });
        }
        // A user who can replace a directory on the way decides what root opens.
        if uid == 0 && sys::is_root() {
            for database_file in real.ancestors().skip(1) {
                let stat =
                    database_file.metadata().map_err(|error| Unusable::from(crate::sys::why(&error)))?;
                let (others, sticky) = (stat.mode() & 0o022 != 0, stat.mode() & 0o1000 != 0);
                if stat.uid() != 0 || others && !sticky {
                    let why =
                        format!("root owns it, but other users can write to {}", database_file.display());
                    let help =
                        format!("run `chown USER {}` with the user of the wikis", shell_path(&self.path));
                    return Err(Unusable::Unsafe { why, help });
                }
            }
        }
        Ok(())
    }

    /// Refuses files beside the database that are not regular files of its owner.
    pub(super) fn check_beside(&self) -> Result<(), Unusable> {
        for end in BESIDE {
            let name = CString::new([self.name.to_bytes(), end.as_bytes()].concat())
                .map_err(|error| error.to_string())?;
            let why = match sys::stat_single(&self.dir, &name) {
                Err(NotOpened::Gone) => continue,
                Ok((_, stat)) if stat.uid == self.owner().uid => continue,
                Ok((_, stat)) => format!("user {} owns it", stat.uid),
                Err(error) => error.to_string(),
            };
            let why = format!(
                "{}: {why}, expected a regular file of user {} without hard links",
                name.to_string_lossy(),
                self.owner().uid
            );
            let help = "find out who created the file, and move it away".to_owned();
            return Err(Unusable::Unsafe { why, help });
        }
        Ok(())
    }
}
