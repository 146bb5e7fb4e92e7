//! The database: its application, version and tables.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::sys::{self, FileId, GaveUp, Modified, NewFile, why};
use crate::text::{Problem, shell_path};

use super::file::{DatabaseFile, Owner, Unusable};

/// `PRAGMA application_id`: "wkfm".
const APPLICATION: i64 = 0x776b_666d;

/// `PRAGMA user_version` of a new database. Version 1 has no tombstones and MACs of version 1. wikifarm does not
/// upgrade it, so that wikis with older modules keep working. Newer modules upgrade it.
const VERSION: i64 = 2;

/// How long opening may take: the wait for another writer, and the recovery after a wiki was killed.
const LONGEST_OPENING: Duration = Duration::from_secs(60);

/// A row for each session. `expires` is NULL if the session has none or it is not a finite number; the pickle has the
/// real value. `seal` is NULL without a key.
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

/// The names and types of the columns of `session`.
const COLUMNS: [(&str, &str); 6] = [
    ("id", "TEXT"),
    ("pickle", "BLOB"),
    ("modified_ns", "INTEGER"),
    ("expires", "REAL"),
    ("user_id", "TEXT"),
    ("seal", "BLOB"),
];

/// The names and types of the columns of `tombstone`.
const OF_TOMBSTONES: [(&str, &str); 2] = [("id", "TEXT"), ("ends", "REAL")];

/// The maximum size of a value in bytes: the largest session and some space.
const LONGEST: i32 = 32 * 1024 * 1024;

/// The number of steps of the SQLite virtual machine between two checks whether to continue, some hundredths of a
/// second.
const STEPS: i32 = 1_000_000;

/// An open database and its location.
pub(super) struct Database {
    /// For reads while the other connection writes.
    pub(super) reader: Connection,
    pub(super) writer: Connection,
    /// The rights to read and write it.
    pub(super) owner: Owner,
    pub(super) id: FileId,
    pub(super) version: i64,
}

/// Creates the database with mode 0600 if the file does not exist or is empty, completely or not at all.
pub(super) fn create(file: &Path) -> Result<(), Unusable> {
    let database_file = DatabaseFile::of(file)?;
    let failed = |why: &dyn std::fmt::Display| Unusable::from(format!("can't create it: {why}"));
    let instead_of = match database_file.size() {
        Some(0) => {
            Some(sys::stamp_regular(database_file.dir(), database_file.name()).map_err(|why| failed(&why))?)
        }
        Some(_) => return Ok(()),
        None => None,
    };
    let bytes = empty()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(0);
    let modified = Modified { seconds, nanos: now.subsec_nanos() };
    let new =
        NewFile { name: database_file.name(), bytes: &bytes, modified, mode: 0o600, owner: None, instead_of };
    match sys::put_files(database_file.dir(), &[new]).pop() {
        // If another process was faster, its file is checked when it is opened.
        Some(Ok(_)) => Ok(()),
        Some(Err(error)) => Err(failed(&error)),
        None => Err(failed(&"unknown reason")),
    }
}

/// The bytes of an empty database with the tables.
fn empty() -> Result<Vec<u8>, Unusable> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(&format!(
        "{SCHEMA} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
    ))?;
    Ok(connection.serialize("main")?.to_vec())
}

/// Opens the file so that nothing in it can run by itself.
fn connect(database_file: &DatabaseFile) -> Result<Connection, Unusable> {
    let both = OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(database_file.path(), both | OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|error| not_opened(database_file, &error))?;
    connection.busy_handler(Some(wait_for_writer))?;
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(option, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    // Another program could have made a query endless.
    connection.progress_handler(STEPS, Some(sys::must_stop))?;
    Ok(connection)
}

/// Waits a little for another writer. Returns whether to try again after `tries` tries: for about 10 s in all, and no
/// longer if a signal asks to stop, because nothing has been done yet.
fn wait_for_writer(tries: i32) -> bool {
    const LONGEST_WAIT: i32 = 50;
    const TRIES: i32 = 225;
    if tries >= TRIES || sys::asked_to_stop() {
        return false;
    }
    let wait = u64::try_from(tries.saturating_add(1).clamp(1, LONGEST_WAIT)).unwrap_or(1);
    std::thread::sleep(Duration::from_millis(wait));
    true
}

/// Why it could not be opened, if that is known: SQLite writes files beside it even to read.
fn not_opened(database_file: &DatabaseFile, error: &rusqlite::Error) -> Unusable {
    match database_file.may_write().map_err(|error| error.kind()) {
        Err(std::io::ErrorKind::ReadOnlyFilesystem) => {
            let why = Problem::from("on a read-only file system, where SQLite can't open it");
            Unusable::Why(why.help("copy the database to another file system"))
        }
        Err(std::io::ErrorKind::PermissionDenied) => {
            let uid = database_file.owner().uid;
            let why = Problem::from(format!("{error}: user {uid} can't read and write it"));
            Unusable::Why(why.help(format!("run `chown {uid} {}`", shell_path(database_file.path()))))
        }
        _ => error.to_string().into(),
    }
}

/// Opens the database. SQLite opens files by their paths and would wait for ever at a FIFO. The files were checked
/// before, but the owner of the database may have replaced them since. So opening has a time limit.
pub(super) fn open(file: &Path) -> Result<Database, Unusable> {
    let file = file.to_owned();
    match sys::within(LONGEST_OPENING, move || open_now(&file)) {
        Ok(opened) => opened,
        Err(GaveUp::Stopped) => {
            Err(Unusable::Why("stopped by a signal while the database was opened".into()))
        }
        Err(GaveUp::TooLate) => {
            let why = format!("could not open the database within {} s", LONGEST_OPENING.as_secs());
            let help = "check what blocks the database and the files beside it";
            Err(Unusable::Why(Problem::from(why).help(help)))
        }
    }
}

fn open_now(file: &Path) -> Result<Database, Unusable> {
    let database_file = DatabaseFile::of(file)?;
    let size = database_file.size().ok_or(Unusable::Missing)?;
    if size == 0 {
        let help = "create a database with `wikifarm session migrate --to`";
        return Err(Unusable::Why(Problem::from("empty file").help(help)));
    }
    let _owner = database_file.owner().take().map_err(|error| why(&error))?;
    database_file.check_beside()?;
    let connection = connect(&database_file)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Unusable::Why("not an SQLite database".into()),
        _ => Unusable::from(error.to_string()),
    })?;
    if application != APPLICATION {
        let help = "use a file that does not exist, or a database of wikifarm";
        return Err(Unusable::Why(Problem::from("database of another program").help(help)));
    }
    let version = version(&connection)?;
    if !(1..=VERSION).contains(&version) {
        let why = format!("database of version {version}; this wikifarm supports {VERSION}");
        let help = "use the version of wikifarm that created the database";
        return Err(Unusable::Why(Problem::from(why).help(help)));
    }
    if !has_our_table(&connection, "session", &COLUMNS)? {
        return Err(Unusable::Why("another program changed its table `session`".into()));
    }
    if version > 1 && !has_our_table(&connection, "tombstone", &OF_TOMBSTONES)? {
        return Err(Unusable::Why("another program changed its table `tombstone`".into()));
    }
    // A commit is durable when it returns. Readers and the writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A batch of sessions touches many pages of the indexes: 16 MiB of them are kept in memory and written at once.
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    let reader = connect(&database_file)?;
    // It opens the files beside the database, which have just been checked.
    has_our_table(&reader, "session", &COLUMNS)?;
    let id = database_file.id().ok_or(Unusable::Missing)?;
    Ok(Database { reader, writer: connection, owner: database_file.owner(), id, version })
}

/// The version of a database.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether it is a table with our columns, and nothing runs by itself.
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
