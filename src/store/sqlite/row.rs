//! A row of the table, which another program may have written.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};

use crate::store::facts::Fields;
use crate::store::mac::{Covered, MacKey, Trust};
use crate::store::name::EntryName;
use crate::store::record::Found;
use crate::store::writable::{Raw, session, stamp_of, too_large};
use crate::sys::{MAX_FILE, Modified};

/// The content of a row.
pub(super) enum Entry {
    Session(EntryName, Box<Raw>),
    TooLarge(EntryName, u64, Modified),
    /// Its columns are not as wikifarm writes them: another program has changed them.
    Broken(EntryName, &'static str),
    Foreign(OsString),
}

impl Entry {
    /// Reads a row with values of any types.
    pub(super) fn of(row: &Row<'_>, key: Option<&MacKey>) -> rusqlite::Result<Entry> {
        let id = match row.get_ref(0)? {
            ValueRef::Text(id) | ValueRef::Blob(id) => id,
            _ => b"",
        };
        let name = match (row.get_ref(0)?, EntryName::id(id)) {
            (ValueRef::Text(_), Some(name)) => name,
            _ => return Ok(Entry::Foreign(OsStr::from_bytes(id).to_owned())),
        };
        let (ValueRef::Integer(nanos), ValueRef::Integer(size)) = (row.get_ref(1)?, row.get_ref(2)?) else {
            return Ok(Entry::Broken(name, "modified_ns is not an integer, or the pickle is missing"));
        };
        let modified = Modified::from_nanos(nanos);
        let size = u64::try_from(size).unwrap_or(0);
        if size > MAX_FILE {
            return Ok(Entry::TooLarge(name, size, modified));
        }
        let ValueRef::Blob(bytes) = row.get_ref(3)? else {
            return Ok(Entry::Broken(name, "the pickle is not a blob"));
        };
        let bytes = bytes.to_vec();
        let stamp = stamp_of(&bytes, modified);
        let expires = match row.get_ref(5)? {
            ValueRef::Real(time) => Ok(Some(time)),
            ValueRef::Null => Ok(None),
            _ => Err(()),
        };
        // If these are not times, the MAC is not valid.
        let mac =
            if let (ValueRef::Blob(mac), Ok(_)) = (row.get_ref(4)?, expires) { Some(mac) } else { None };
        let covered =
            Covered { id: &name, bytes: &bytes, modified_ns: nanos, expires: expires.unwrap_or_default() };
        let trust = match row.get(6)? {
            true => Some(Trust::Ended),
            false => key.map(|key| key.trust(&covered, mac)),
        };
        Ok(Entry::Session(name, Box::new(Raw { bytes, modified, mode: None, owner: None, stamp, trust })))
    }

    /// The size in bytes.
    pub(super) fn bytes(&self) -> usize {
        if let Entry::Session(_, raw) = self { raw.bytes.len() } else { 0 }
    }
}

/// In the order of [`Entry::of`]. A value that is too large or not a blob is not read.
pub(super) const COLUMNS: &str = "session.id, modified_ns, length(pickle), \
     CASE WHEN typeof(pickle) = 'blob' AND length(pickle) <= 16777216 THEN pickle END, \
     CASE WHEN length(seal) <= 64 THEN seal END, expires";

/// Whether an id has a tombstone. Databases of version 1 have none.
pub(super) fn is_ended(version: i64, id: &str) -> String {
    match version {
        // Always false, but uses the parameter in `id`.
        1 => format!("({id} IS NULL AND 0)"),
        _ => format!("EXISTS (SELECT 1 FROM tombstone WHERE tombstone.id = {id} AND {LASTS})"),
    }
}

/// The condition that a tombstone has not expired.
pub(super) const LASTS: &str = "ends > CAST(strftime('%s', 'now') AS REAL)";

/// Any id in the database, as the start of the next page.
#[derive(Debug, Default)]
pub(super) struct Id {
    pub(super) blob: bool,
    pub(super) bytes: Vec<u8>,
}

impl Id {
    pub(super) fn of(value: ValueRef<'_>) -> Id {
        match value {
            ValueRef::Text(text) => Id { blob: false, bytes: text.to_vec() },
            ValueRef::Blob(blob) => Id { blob: true, bytes: blob.to_vec() },
            // The column converts numbers to texts and has no NULL.
            _ => Id::default(),
        }
    }
}

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = if self.blob { ValueRef::Blob(&self.bytes) } else { ValueRef::Text(&self.bytes) };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// An id as a JSON string.
pub(super) fn json_text(id: &EntryName) -> String {
    serde_json::Value::from(id.reveal()).to_string()
}

pub(super) fn found(entry: Entry, fields: Fields) -> Found {
    match entry {
        Entry::Foreign(name) => Found::Foreign(name),
        Entry::Broken(name, why) => Found::Failed { name, error: io::Error::other(why) },
        Entry::Session(id, raw) => Found::Session(session(id, &raw, fields)),
        Entry::TooLarge(id, size, modified) => Found::Session(too_large(id, size, modified)),
    }
}
