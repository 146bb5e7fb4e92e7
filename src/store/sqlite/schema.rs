//! The database: whose it is, its version, its table.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::sys::{AsOwner, Dir, DirError, FileId};

/// `PRAGMA application_id`: "wkfm".
const APPLICATION: i64 = 0x776b_666d;

/// `PRAGMA user_version`.
const VERSION: i64 = 1;

/// How long to wait for another writer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One row a session. `expires` is NULL where there is none or it is no finite number; what counts is in the pickle.
/// `seal` is NULL where no key was given.
const SCHEMA: &str = "
    CREATE TABLE session (
        id TEXT PRIMARY KEY NOT NULL,
        pickle BLOB NOT NULL,
        modified_ns INTEGER NOT NULL,
        expires REAL,
        user_id TEXT,
        seal BLOB
    );
    CREATE INDEX session_expires ON session (expires);
    CREATE INDEX session_user ON session (user_id);
";

/// Why a database cannot be used.
pub(super) enum Unusable {
    /// There is none.
    Missing,
    /// Its directory cannot be opened, or must not be.
    Directory(DirError),
    /// Something else, for people.
    Why(String),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        Unusable::Why(error.to_string())
    }
}

/// A database that is open, and where it lies.
pub(super) struct Database {
    pub(super) connection: Connection,
    pub(super) dir: Dir,
    pub(super) id: FileId,
}

/// The directory of a file and the path by which SQLite is to open it: the directory's real one, so that no link on
/// the way matters that was not judged.
fn place(file: &Path) -> Result<(Dir, PathBuf), Unusable> {
    let name = file.file_name().ok_or_else(|| Unusable::Why("no name of a file in it".to_owned()))?;
    let parent = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let dir = Dir::open(parent).map_err(|error| match error {
        DirError::Missing { .. } => Unusable::Missing,
        other => Unusable::Directory(other),
    })?;
    let real = parent.canonicalize().map_err(|error| Unusable::Why(error.to_string()))?;
    let same = std::fs::metadata(&real)
        .is_ok_and(|stat| (stat.dev(), stat.ino()) == (dir.id().device, dir.id().inode));
    if !same {
        return Err(Unusable::Why("its directory was replaced just now".to_owned()));
    }
    Ok((dir, real.join(name)))
}

/// Makes the database, for its owner alone, where there is no such file.
pub(super) fn create(file: &Path) -> Result<(), Unusable> {
    let (dir, path) = place(file)?;
    let _owner = AsOwner::of(&dir).map_err(|error| Unusable::Why(error.to_string()))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Unusable::Why(error.to_string())),
        Ok(_) => Ok(()),
    }
}

/// Opens the database; an empty file becomes one.
pub(super) fn open(file: &Path) -> Result<Database, Unusable> {
    let (dir, path) = place(file)?;
    let _owner = AsOwner::of(&dir).map_err(|error| Unusable::Why(error.to_string()))?;
    let stat = match std::fs::symlink_metadata(&path) {
        Ok(stat) => stat,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Unusable::Missing),
        Err(error) => return Err(Unusable::Why(error.to_string())),
    };
    if !stat.is_file() || stat.nlink() != 1 {
        return Err(Unusable::Why("no regular file of one name".to_owned()));
    }
    let id = FileId { device: stat.dev(), inode: stat.ino() };
    let both = OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, both | OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Unusable::Why("no SQLite database".to_owned()),
        _ => Unusable::Why(error.to_string()),
    })?;
    if stat.len() == 0 {
        init(&connection)?;
    } else if application != APPLICATION {
        return Err(Unusable::Why(
            "a database of another program: name a file that does not exist, or one of wikifarm's".to_owned(),
        ));
    } else {
        let version = number("user_version")?;
        if version != VERSION {
            return Err(Unusable::Why(format!(
                "a database of version {version}, and this wikifarm knows {VERSION}: use the wikifarm that made it"
            )));
        }
    }
    // A commit is durable when it returns; readers and the writer do not wait for each other.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(Database { connection, dir, id })
}

fn init(connection: &Connection) -> Result<(), Unusable> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let made = connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
    ));
    made.map_err(|error| Unusable::Why(format!("the table could not be made: {error}")))
}
