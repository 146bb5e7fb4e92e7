//! A store that does not exist yet, for a dry run.

use std::io;
use std::sync::atomic::AtomicBool;

use crate::pickle::Tree;
use crate::store::{
    Decide, EntryName, Fields, NewSession, RawRead, Read, Session, SessionStore, Sink, Stamp, StoreError,
    StoreSpec, WritableStore, Written,
};
use crate::sys::{FileId, Removal};

/// A store without sessions that accepts none.
pub(super) struct Nothing {
    spec: StoreSpec,
}

impl Nothing {
    pub(super) fn at(spec: StoreSpec) -> Self {
        Nothing { spec }
    }
}

impl SessionStore for Nothing {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        FileId { device: u64::MAX, inode: 0 }
    }

    fn names(&self, _: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        Ok(())
    }

    fn scan(&self, _: Fields, _: &AtomicBool, _: Sink<'_>) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, _: &EntryName, _: Fields) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    fn read_value(&self, _: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(Read::Missing)
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], _: Decide<'_>) -> Vec<io::Result<Removal>> {
        batch.iter().map(|_| Ok(Removal::Gone)).collect()
    }
}

impl WritableStore for Nothing {
    fn read_raw(&self, _: &EntryName) -> RawRead {
        Ok(Read::Missing)
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        batch.iter().map(|_| Err(io::Error::other("a dry run writes nothing"))).collect()
    }
}
