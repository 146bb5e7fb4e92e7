//! Undoing a migration by its journal.

use crate::ops::Problem;
use crate::store::{EntryName, Raw, Read, Stamp, WritableStore, Written};
use crate::sys::{Removal, problem};

use super::journal::{self, Entry};
use super::options::{MigrateError, Options};
use super::report::Undone;
use super::stores::{Stores, journal_of};

/// Undoes a migration: removes copies from the target, and restores sessions that were replaced there or removed from the
/// source. Keeps sessions that changed at the target since.
///
/// # Errors
///
/// If nothing was changed.
pub fn rollback(stores: &Stores, options: &Options) -> Result<Undone, MigrateError> {
    let _locks = stores.lock(&options.lock_dir, None)?;
    let (path, from, to) = journal_of(stores, options);
    let known = journal::read(&path, &from, &to).map_err(MigrateError::Refused)?;
    if known.is_empty() {
        return Err(MigrateError::Usage(
            "nothing to undo: no journal of a migration between these stores".into(),
        ));
    }
    // Removes files of a killed run.
    stores.to.tidy();
    stores.from.tidy();
    let mut undone = Undone {
        from: stores.from.spec().address(),
        to: stores.to.spec().address(),
        deleted: 0,
        restored: 0,
        put_back: 0,
        gone: 0,
        changed: 0,
        failed: 0,
        problems: Vec::new(),
    };
    for entries in known.sessions() {
        let entries = entries.map_err(|error| problem(&error).at(path.display()));
        if let Err(why) = entries.and_then(|entries| undo(stores, &entries, &mut undone)) {
            undone.failed += 1;
            undone.problems.push(why);
        }
    }
    if undone.changed == 0 && undone.failed == 0 {
        journal::delete(&path).map_err(|error| MigrateError::Failed(problem(&error).at(path.display())))?;
    }
    Ok(undone)
}

/// Undoes the entries of one session of the target.
fn undo(stores: &Stores, entries: &[Entry], undone: &mut Undone) -> Result<(), Problem> {
    let Some(last) = entries.last() else { return Ok(()) };
    let name =
        |id: &str| EntryName::new(id.as_bytes()).ok_or_else(|| Problem::from("invalid id in the journal"));
    let (id, source_id) = (name(&last.to)?, name(&last.id)?);
    let there = stores.to.read_raw(&id).map_err(|error| Problem::of(&error))?;
    if matches!(there, Read::Missing) {
        undone.gone += 1;
        return Ok(());
    }
    let ours = there.present().filter(|raw| {
        let hash = journal::hash(&raw.bytes);
        entries.iter().any(|entry| entry.hash == hash)
    });
    let Some(ours) = ours else {
        undone.changed += 1;
        undone.problems.push(format!("{}: {id}: changed since the migration: kept", undone.to).into());
        return Ok(());
    };
    // Restore the source first: a session always exists somewhere.
    if let Some(kept) = entries.iter().rev().find_map(|entry| entry.source.as_ref())
        && matches!(stores.from.read_raw(&source_id).map_err(|error| Problem::of(&error))?, Read::Missing)
    {
        let session = kept.session(source_id, &ours.bytes).ok_or("invalid pickle in the journal")?;
        match stores.from.write(&[&session]).pop() {
            Some(Ok(Written::Done(_))) => undone.restored += 1,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                return Err(problem(&error).at(source_id).at(&undone.from));
            }
            None => return Err("no answer from the store".into()),
        }
    }
    match entries.iter().find_map(|entry| entry.before.as_ref()) {
        Some(before) => put_back(stores.to.as_ref(), before.session(id, &[]), &ours, undone),
        None => remove_copy(stores.to.as_ref(), (id, ours.stamp), undone),
    }
}

fn put_back(
    to: &dyn WritableStore,
    before: Option<crate::store::NewSession>,
    ours: &Raw,
    undone: &mut Undone,
) -> Result<(), Problem> {
    let Some(mut before) = before else { return Err("invalid pickle in the journal".into()) };
    before.instead_of = Some(ours.stamp);
    let id = before.id;
    match to.write(&[&before]).pop() {
        Some(Ok(Written::Done(_))) => undone.put_back += 1,
        Some(Err(error)) => {
            return Err(problem(&error).at(id).at(&undone.to));
        }
        _ => undone.changed += 1,
    }
    Ok(())
}

fn remove_copy(to: &dyn WritableStore, ours: (EntryName, Stamp), undone: &mut Undone) -> Result<(), Problem> {
    match to.remove(&[ours], &|_| true).pop() {
        Some(Ok(Removal::Removed { .. })) => undone.deleted += 1,
        Some(Ok(Removal::Gone)) => undone.gone += 1,
        Some(Err(error)) => {
            return Err(problem(&error).at(ours.0).at(&undone.to));
        }
        _ => undone.changed += 1,
    }
    Ok(())
}
