//! Writes sessions: each batch is one transaction.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::store::facts::{Expires, Facts, Fields};
use crate::store::mac::{Covered, MacVersion};
use crate::store::writable::{Modified, NewSession, Written, stamp_of};

use super::row::{Entry, is_ended};
use super::{SqliteStore, schema};

impl SqliteStore {
    pub(super) fn write_all(&self, batch: &[&NewSession]) -> rusqlite::Result<Vec<Written>> {
        let mut connection = self.writer();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A wiki can upgrade it while it is open.
        let version = schema::version(&transaction)?;
        // In the order of the index, which then reads each of its pages once.
        let mut in_order: Vec<(usize, &NewSession)> = batch.iter().copied().enumerate().collect();
        in_order.sort_by_key(|(_, new)| new.id);
        let mut results = Vec::with_capacity(batch.len());
        for (position, new) in in_order {
            results.push((position, self.write_one(&transaction, version, new)?));
        }
        transaction.commit()?;
        results.sort_unstable_by_key(|(position, _)| *position);
        Ok(results.into_iter().map(|(_, written)| written).collect())
    }

    fn write_one(
        &self,
        connection: &Connection,
        version: i64,
        new: &NewSession,
    ) -> rusqlite::Result<Written> {
        let ended = format!("SELECT {}", is_ended(version, "?1"));
        if connection.prepare_cached(&ended)?.query_row([new.id.reveal()], |row| row.get(0))? {
            return Ok(Written::Changed);
        }
        let facts = Facts::from_bytes(&new.bytes, Fields::default()).ok();
        let expires = match facts.as_ref().map(|facts| facts.expires) {
            // The bytes of -0.0 and 0.0 differ.
            Some(Expires::At(time)) => Some(time + 0.0),
            _ => None,
        };
        let user = facts.and_then(|facts| facts.user).map(|user| user.id);
        let nanos = new.modified.to_nanos();
        let covered = Covered { id: &new.id, bytes: &new.bytes, modified_ns: nanos, expires };
        let mac = if version == 1 { MacVersion::One } else { MacVersion::Two };
        let mac = self.key.as_ref().map(|key| key.mac(mac, &covered));
        let insert = match new.instead_of {
            None => "INSERT OR IGNORE",
            Some(stamp) => match self.one(connection, &new.id)? {
                Some(Entry::Session(_, raw)) if raw.stamp == stamp => "INSERT OR REPLACE",
                _ => return Ok(Written::Changed),
            },
        };
        let statement = format!(
            "{insert} INTO session (id, pickle, modified_ns, expires, user_id, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        );
        let rows = connection.prepare_cached(&statement)?.execute(params![
            new.id.reveal(),
            new.bytes,
            nanos,
            expires,
            user,
            mac
        ])?;
        Ok(if rows == 0 {
            Written::Exists
        } else {
            Written::Done(stamp_of(&new.bytes, Modified::from_nanos(nanos)))
        })
    }
}
