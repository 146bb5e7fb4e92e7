//! `sqlite:FILE`: sessions in rows of a database, with the unchanged pickles, and indexes for the expiry and the
//! user.
//!
//! Uses write-ahead logging, with one writer at a time. A batch is one transaction, so it is written completely or
//! not at all. A wiki with the module in `contrib/moin` uses the same table.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::location::{Location, SqliteLocation};
use crate::pickle::Tree;
use crate::sys::{self, AsOwner, FileId, NotOpened, Removal};
use crate::text::Problem;

use super::backend::Backend;
use super::error::StoreError;
use super::facts::{Fields, Unreadable};
use super::mac::{self, MacKey, Trust};
use super::name::EntryName;
use super::record::{Found, Session, Stamp};
use super::spec::StoreSpec;
use super::tally;
use super::writable::{FreeSpace, HELD, NewSession, Raw, RawRead, Read, WritableStore, Written};
use super::{Decide, SessionStore, Sink};

mod file;
mod remove;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use file::{Owner, Unusable};
use row::{COLUMNS, Entry, Id, LASTS, found, is_ended, json_text};
use schema::Database;

/// The scope of MACs. No prefix of Redis gives the same scope.
const SCOPE: &str = "sqlite:";

/// The number of rows per read. Other programs can use the database in between.
const PAGE: i64 = 1000;

/// SQLite databases.
pub(super) const BACKEND: Backend = Backend {
    scheme: "sqlite",
    form: "sqlite:FILE",
    open: |spec| Ok(Box::new(SqliteStore::open(spec)?)),
    create,
    usage: |spec, _| spec.location.path().map(file::usage).unwrap_or_default(),
};

/// An open database of sessions.
pub struct SqliteStore {
    spec: StoreSpec,
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    owner: Owner,
    id: FileId,
    key: Option<MacKey>,
    version: i64,
}

/// Creates an empty database if the file does not exist.
fn create(spec: &StoreSpec) -> Result<(), StoreError> {
    schema::create(&database(spec)?.file).map_err(|why| unusable(spec, why))
}

fn database(spec: &StoreSpec) -> Result<&SqliteLocation, StoreError> {
    match &spec.location {
        Location::Sqlite(database) => Ok(database),
        _ => Err(StoreError::unusable(spec, "not an SQLite database")),
    }
}

fn unusable(spec: &StoreSpec, why: Unusable) -> StoreError {
    match why {
        Unusable::Missing => {
            let why = "no such file".to_owned();
            StoreError::Unusable { store: spec.address(), why, help: None, missing: true }
        }
        Unusable::Directory(error) => StoreError::Directory(error),
        Unusable::Unsafe { why, help } => StoreError::Unsafe { store: spec.address(), why, help },
        Unusable::Why(why) => StoreError::unusable(spec, why),
    }
}

impl SqliteStore {
    /// Opens the database of a store.
    ///
    /// # Errors
    ///
    /// The file does not exist, belongs to another program or version, or can't be opened.
    pub fn open(spec: StoreSpec) -> Result<Self, StoreError> {
        let address = database(&spec)?;
        let key = mac::key_of(address.key_file.as_deref(), SCOPE)
            .map_err(|why| StoreError::unusable(&spec, why))?;
        let Database { reader, writer, owner, id, version } =
            schema::open(&address.file).map_err(|why| unusable(&spec, why))?;
        let (reader, writer) = (Mutex::new(reader), Mutex::new(writer));
        Ok(SqliteStore { spec, reader, writer, owner, id, key, version })
    }

    fn failed(&self, error: impl std::fmt::Display) -> StoreError {
        StoreError::unusable(&self.spec, error.to_string())
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owner(&self) -> Result<AsOwner, StoreError> {
        self.owner.take().map_err(|error| self.failed(error))
    }

    fn entry(&self, row: &Row<'_>) -> rusqlite::Result<Entry> {
        Entry::of(row, self.key.as_ref())
    }

    fn columns(&self) -> String {
        format!("{COLUMNS}, {}", is_ended(self.version, "session.id"))
    }

    fn one(&self, connection: &Connection, id: &EntryName) -> rusqlite::Result<Option<Entry>> {
        let columns = self.columns();
        let mut statement =
            connection.prepare_cached(&format!("SELECT {columns} FROM session WHERE id = ?1"))?;
        statement.query_row([id.reveal()], |row| self.entry(row)).optional()
    }

    /// Rows after `after` in the order of their ids, at most [`PAGE`] and no more bytes than there is space for, and
    /// the last id.
    fn page(&self, after: &Id) -> rusqlite::Result<(Vec<Entry>, Option<Id>)> {
        let connection = self.reader();
        let columns = self.columns();
        let mut statement = connection
            .prepare_cached(&format!("SELECT {columns} FROM session WHERE id > ?1 ORDER BY id LIMIT ?2"))?;
        let capacity = FreeSpace::new(HELD);
        let mut last = None;
        let mut rows = statement.query(params![after, PAGE])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            last = Some(Id::of(row.get_ref(0)?));
            let entry = self.entry(row)?;
            let more = capacity.take(entry.bytes());
            entries.push(entry);
            if !more {
                break;
            }
        }
        Ok((entries, last))
    }

    /// Like [`SqliteStore::page`], but only the ids.
    fn page_of_ids(&self, after: &Id) -> rusqlite::Result<Vec<Id>> {
        let connection = self.reader();
        let mut statement =
            connection.prepare_cached("SELECT id FROM session WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let ids = statement.query_map(params![after, PAGE], |row| Ok(Id::of(row.get_ref(0)?)))?;
        ids.collect()
    }

    /// Reads several ids in order: the first one, and as many of the others as there is space for.
    fn some(&self, ids: &[EntryName], capacity: &FreeSpace) -> rusqlite::Result<Vec<RawRead>> {
        let connection = self.reader();
        let wanted = format!("[{}]", ids.iter().map(json_text).collect::<Vec<_>>().join(","));
        // The left table of such a join is always the outer loop, and json_each keeps the order.
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS}, {}, key FROM json_each(?1) LEFT JOIN session ON session.id = json_each.value",
            is_ended(self.version, "json_each.value")
        ))?;
        let mut rows = statement.query([wanted])?;
        let mut entries = Vec::with_capacity(ids.len());
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(7)?;
            if usize::try_from(key) != Ok(entries.len()) {
                return Err(rusqlite::Error::QueryReturnedMoreThanOneRow);
            }
            let entry = if row.get_ref(0)? == ValueRef::Null { None } else { Some(self.entry(row)?) };
            let more = capacity.take(entry.as_ref().map_or(0, Entry::bytes));
            let ended = entry.is_none() && row.get(6)?;
            entries.push(Ok(if ended { Read::Unreadable(Unreadable::Ended) } else { raw(entry) }));
            if !more {
                break;
            }
        }
        Ok(entries)
    }

    fn present_ids(&self, ids: &[EntryName]) -> rusqlite::Result<Vec<EntryName>> {
        let connection = self.reader();
        let wanted = format!("[{}]", ids.iter().map(json_text).collect::<Vec<_>>().join(","));
        // The left table of a CROSS JOIN is always the outer loop.
        let mut statement = connection.prepare_cached(
            "SELECT json_each.key FROM json_each(?1) CROSS JOIN session WHERE session.id = json_each.value",
        )?;
        let present = statement.query_map([wanted], |row| row.get::<_, i64>(0))?;
        present
            .filter_map(|key| {
                key.map(|key| usize::try_from(key).ok().and_then(|key| ids.get(key))).transpose()
            })
            .map(|id| id.copied())
            .collect()
    }
}

impl Drop for SqliteStore {
    /// Closes the database with the rights of its owner, because SQLite removes files beside it by their paths.
    fn drop(&mut self) {
        let _owner = self.owner.take();
        for connection in [&mut self.reader, &mut self.writer] {
            if let Ok(other) = Connection::open_in_memory() {
                *connection.get_mut().unwrap_or_else(PoisonError::into_inner) = other;
            }
        }
    }
}

impl SessionStore for SqliteStore {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        self.id
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        let mut after = Id::default();
        loop {
            let page = {
                let _owner = self.owner()?;
                self.page_of_ids(&after).map_err(|error| self.failed(error))?
            };
            page.iter().filter(|id| !id.blob).filter_map(|id| EntryName::id(&id.bytes)).for_each(&mut *sink);
            match page.into_iter().next_back() {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        let mut after = Id::default();
        while !stop.load(Ordering::Relaxed) {
            let (entries, last) = {
                let _owner = self.owner()?;
                self.page(&after).map_err(|error| self.failed(error))?
            };
            tally::LOOKED.add(entries.len());
            for entry in entries {
                sink(found(entry, fields));
            }
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        Ok(())
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        let _owner = self.owner()?;
        let entry = self.one(&self.reader(), id).map_err(|error| self.failed(error))?;
        match entry.map(|entry| found(entry, fields)) {
            Some(Found::Session(session)) => Ok(Some(session)),
            Some(Found::Failed { name, error }) => Err(StoreError::entry(&self.spec, name, error)),
            _ => Ok(None),
        }
    }

    fn present(&self, ids: &[EntryName]) -> Result<Vec<EntryName>, StoreError> {
        let _owner = self.owner()?;
        self.present_ids(ids).map_err(|error| self.failed(error))
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(self.read_raw(id)?.tree())
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        self.remove_or_end(batch, decide, false)
    }

    fn end(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        self.remove_or_end(batch, decide, true)
    }

    fn ended_until(&self, id: &EntryName) -> Result<Option<f64>, StoreError> {
        if self.version == 1 {
            return Ok(None);
        }
        let _owner = self.owner()?;
        let query = format!("SELECT ends FROM tombstone WHERE id = ?1 AND {LASTS}");
        let ends = self.reader().query_row(&query, [id.reveal()], |row| row.get(0)).optional();
        ends.map_err(|error| self.failed(error))
    }

    fn forget_ended(&self) -> io::Result<()> {
        self.forget_tombstones()
    }
}

impl WritableStore for SqliteStore {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        self.read_many(&[*id], usize::MAX).pop().unwrap_or(Ok(Read::Missing))
    }

    fn read_many(&self, ids: &[EntryName], capacity: usize) -> Vec<RawRead> {
        let entries = self
            .owner()
            .map_err(|error| error.to_string())
            .and_then(|_owner| self.some(ids, &FreeSpace::new(capacity)).map_err(|error| error.to_string()));
        match entries {
            Ok(entries) => entries,
            Err(why) => ids.iter().map(|_| Err(StoreError::unusable(&self.spec, why.clone()))).collect(),
        }
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        let written = self
            .owner()
            .map_err(|error| io::Error::other(error.to_string()))
            .and_then(|_owner| self.write_all(batch).map_err(io_error));
        match written {
            Ok(written) => written.into_iter().map(Ok).collect(),
            Err(error) => for_each(batch.len(), &error),
        }
    }
}

fn raw(entry: Option<Entry>) -> Read<Raw> {
    match entry {
        Some(Entry::Session(_, raw)) if raw.trust == Some(Trust::Ended) => {
            Read::Unreadable(Unreadable::Ended)
        }
        Some(Entry::Session(_, raw)) => Read::Present(*raw),
        Some(Entry::TooLarge(_, size, _)) => {
            Read::Unreadable(Unreadable::Unsafe(NotOpened::TooLarge { size }))
        }
        Some(Entry::Broken(_, why)) => Read::Unreadable(Unreadable::Form(why.to_owned())),
        Some(Entry::Foreign(_)) | None => Read::Missing,
    }
}

/// The same error for each session of a batch.
fn for_each<T>(count: usize, error: &io::Error) -> Vec<io::Result<T>> {
    (0..count).map(|_| Err(io::Error::new(error.kind(), sys::problem(error)))).collect()
}

/// An error of SQLite, which holds a problem.
fn io_error(error: rusqlite::Error) -> io::Error {
    use rusqlite::ErrorCode as Code;
    let problem = Problem::from(error.to_string());
    let (kind, problem) = match error.sqlite_error_code() {
        Some(Code::DiskFull) => {
            (io::ErrorKind::StorageFull, problem.help("free space, and run the command again"))
        }
        Some(Code::ReadOnly) => (io::ErrorKind::ReadOnlyFilesystem, problem),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
            io::ErrorKind::ResourceBusy,
            Problem::from(format!("{error}: another program has locked it"))
                .help("run the command again later"),
        ),
        _ => (io::ErrorKind::Other, problem),
    };
    io::Error::new(kind, problem)
}
