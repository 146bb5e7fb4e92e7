//! Removes sessions, and writes tombstones for those that are ended early.

use std::io;

use rusqlite::{TransactionBehavior, params};

use crate::store::facts::Fields;
use crate::store::name::EntryName;
use crate::store::record::{Found, Stamp};
use crate::store::writable::session;
use crate::store::{Decide, tally, tombstone};
use crate::sys::Removal;

use super::row::{Entry, LASTS};
use super::{SqliteStore, for_each, io_error, schema};

/// Writes a tombstone. An existing one is not shortened.
const TOMBSTONE: &str = "INSERT INTO tombstone (id, ends) VALUES (?1, ?2) \
                         ON CONFLICT (id) DO UPDATE SET ends = max(ends, excluded.ends)";

impl SqliteStore {
    /// Removes sessions, and writes tombstones if it `ends` them.
    pub(super) fn remove_or_end(
        &self,
        batch: &[(EntryName, Stamp)],
        decide: Decide<'_>,
        ends: bool,
    ) -> Vec<io::Result<Removal>> {
        tally::REMOVED.add(batch.len());
        let removed = self
            .owner()
            .map_err(|error| io::Error::other(error.to_string()))
            .and_then(|_owner| self.remove_all(batch, decide, ends).map_err(io_error));
        match removed {
            Ok(removed) => removed.into_iter().map(Ok).collect(),
            Err(error) => for_each(batch.len(), &error),
        }
    }

    fn remove_all(
        &self,
        batch: &[(EntryName, Stamp)],
        decide: Decide<'_>,
        ends: bool,
    ) -> rusqlite::Result<Vec<Removal>> {
        let mut connection = self.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ends = ends && schema::version(&transaction)? > 1;
        let mut results = Vec::with_capacity(batch.len());
        for (id, stamp) in batch {
            results.push(match self.one(&transaction, id)? {
                None => Removal::Gone,
                Some(Entry::Session(name, raw)) if raw.stamp == *stamp => {
                    let size = u64::try_from(raw.bytes.len()).unwrap_or(u64::MAX);
                    if decide(&Found::Session(session(name, &raw, Fields::default()))) {
                        transaction
                            .prepare_cached("DELETE FROM session WHERE id = ?1")?
                            .execute([id.reveal()])?;
                        if ends {
                            transaction
                                .prepare_cached(TOMBSTONE)?
                                .execute(params![id.reveal(), tombstone::end(&raw.bytes)])?;
                        }
                        Removal::Removed { size }
                    } else {
                        Removal::Kept
                    }
                }
                Some(_) => Removal::Changed,
            });
        }
        transaction.commit()?;
        Ok(results)
    }

    /// Removes expired tombstones.
    pub(super) fn forget_tombstones(&self) -> io::Result<()> {
        let _owner = self.owner().map_err(|error| io::Error::other(error.to_string()))?;
        let connection = self.writer();
        if schema::version(&connection).map_err(io_error)? > 1 {
            connection.execute(&format!("DELETE FROM tombstone WHERE NOT {LASTS}"), []).map_err(io_error)?;
        }
        Ok(())
    }
}
