//! The database: whose it is, its version, its table.

use std::ffi::CString;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::sys::{self, AsOwner, Dir, DirError, FileId, Modified, NewFile};

/// `PRAGMA application_id`: "wkfm".
const APPLICATION: i64 = 0x776b_666d;

/// `PRAGMA user_version` of a new database. Version 1 has no tombstones, and MACs of version 1: such a database is used as it
/// is, so that wikis with older modules go on; newer ones upgrade it.
const VERSION: i64 = 2;

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
    CREATE TABLE tombstone (
        id TEXT PRIMARY KEY NOT NULL,
        ends REAL NOT NULL
    );
";

/// Their names and types: of `session`,
const COLUMNS: [(&str, &str); 6] = [
    ("id", "TEXT"),
    ("pickle", "BLOB"),
    ("modified_ns", "INTEGER"),
    ("expires", "REAL"),
    ("user_id", "TEXT"),
    ("seal", "BLOB"),
];

/// and of `tombstone`.
const OF_TOMBSTONES: [(&str, &str); 2] = [("id", "TEXT"), ("ends", "REAL")];

/// No value is longer, in bytes: the largest session and what goes with it.
const LONGEST: i32 = 32 * 1024 * 1024;

/// After so many steps of SQLite's machine, a second or so of a query that does not end, it asks whether to go on.
const STEPS: i32 = 50_000_000;

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
    /// To read by, while the other writes.
    pub(super) reader: Connection,
    pub(super) writer: Connection,
    pub(super) dir: Dir,
    pub(super) id: FileId,
    pub(super) version: i64,
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

/// Makes the database, for its owner alone, where there is no such file or an empty one: whole or not at all.
pub(super) fn create(file: &Path) -> Result<(), Unusable> {
    let (dir, path) = place(file)?;
    let instead_of = match regular(&path) {
        Ok(stat) if stat.len() > 0 => return Ok(()),
        Err(Unusable::Missing) => None,
        Ok(_) => Some(()),
        Err(why) => return Err(why),
    };
    let failed = |why: &dyn std::fmt::Display| Unusable::Why(format!("it could not be made: {why}"));
    let name = path.file_name().and_then(|name| CString::new(name.as_bytes()).ok());
    let name = name.ok_or_else(|| failed(&"no name of a file"))?;
    let instead_of = match instead_of {
        Some(()) => Some(sys::stamp_regular(&dir, &name).map_err(|why| failed(&why))?),
        None => None,
    };
    let bytes = empty()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
    let modified = Modified { seconds, nanos: now.subsec_nanos() };
    let new = NewFile { name: &name, bytes: &bytes, modified, mode: 0o600, owner: None, instead_of };
    match sys::put_files(&dir, &[new]).pop() {
        // Or another was quicker: what there is is for opening it to judge.
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(failed(&error)),
        None => Err(failed(&"nobody knows why")),
    }
}

/// The bytes of a database with our table and nothing in it.
fn empty() -> Result<Vec<u8>, Unusable> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(&format!(
        "{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
    ))?;
    Ok(connection.serialize("main")?.to_vec())
}

/// What the file is; refused unless it is a regular one of one name.
fn regular(path: &Path) -> Result<Metadata, Unusable> {
    match std::fs::symlink_metadata(path) {
        Ok(stat) if stat.is_file() && stat.nlink() == 1 => Ok(stat),
        Ok(_) => Err(Unusable::Why("no regular file of one name".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Unusable::Missing),
        Err(error) => Err(Unusable::Why(error.to_string())),
    }
}

/// Opens the file, so that whatever is in it runs nothing but what is asked for.
fn connect(path: &Path) -> Result<Connection, Unusable> {
    let both = OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, both | OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|error| not_opened(path, &error))?;
    connection.busy_timeout(PATIENCE)?;
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(option, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    // Another may have made a query endless.
    connection.progress_handler(STEPS, Some(sys::asked_to_stop))?;
    Ok(connection)
}

/// That it could not be opened, and why where that can be told: SQLite writes beside it even to read.
fn not_opened(path: &Path, error: &rusqlite::Error) -> Unusable {
    let written = std::fs::OpenOptions::new().read(true).write(true).open(path);
    Unusable::Why(match written.map_err(|error| error.kind()) {
        Err(std::io::ErrorKind::ReadOnlyFilesystem) => {
            "it lies on a read-only file system, where no database can even be read: copy it elsewhere first"
                .to_owned()
        }
        Err(std::io::ErrorKind::PermissionDenied) => {
            format!(
                "{error}: the owner of its directory has no right to read and write it: chown it to that user"
            )
        }
        _ => error.to_string(),
    })
}

/// Opens the database.
pub(super) fn open(file: &Path) -> Result<Database, Unusable> {
    let (dir, path) = place(file)?;
    let _owner = AsOwner::of(&dir).map_err(|error| Unusable::Why(error.to_string()))?;
    let stat = regular(&path)?;
    let id = FileId { device: stat.dev(), inode: stat.ino() };
    if stat.len() == 0 {
        return Err(Unusable::Why(
            "an empty file, no database: `session migrate --to` it makes one of it".to_owned(),
        ));
    }
    let connection = connect(&path)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Unusable::Why("no SQLite database".to_owned()),
        _ => Unusable::Why(error.to_string()),
    })?;
    if application != APPLICATION {
        return Err(Unusable::Why(
            "a database of another program: name a file that does not exist, or one of wikifarm's".to_owned(),
        ));
    }
    let version = version(&connection)?;
    if !(1..=VERSION).contains(&version) {
        return Err(Unusable::Why(format!(
            "a database of version {version}, and this wikifarm knows {VERSION}: use the wikifarm that made it"
        )));
    }
    if !has_our_table(&connection, "session", &COLUMNS)? {
        return Err(Unusable::Why(
            "its table `session` is not as wikifarm makes it: somebody else has been at it".to_owned(),
        ));
    }
    if version > 1 && !has_our_table(&connection, "tombstone", &OF_TOMBSTONES)? {
        return Err(Unusable::Why(
            "its table `tombstone` is not as wikifarm makes it: somebody else has been at it".to_owned(),
        ));
    }
    // A commit is durable when it returns; readers and the writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Many sessions at a time touch many pages of the indexes: 16 MiB of them are kept, and as many written at once.
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(Database { reader: connect(&path)?, writer: connection, dir, id, version })
}

/// The version of a database.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether it is a table with our columns and nothing that runs by itself hangs on it.
fn has_our_table(connection: &Connection, table: &str, ours: &[(&str, &str)]) -> Result<bool, Unusable> {
    let strange: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger') OR sql LIKE 'CREATE VIRTUAL%'",
        [],
        |row| row.get(0),
    )?;
    let mut columns = connection.prepare("SELECT name, type, hidden FROM pragma_table_xinfo(?1)")?;
    let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let columns: Vec<(String, String, i64)> = columns.collect::<rusqlite::Result<_>>()?;
    let wanted = ours.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned(), 0));
    Ok(strange == 0 && columns.into_iter().eq(wanted))
}
