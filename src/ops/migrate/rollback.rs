//! Undoing a migration by its journal.

use crate::ops::Problem;
use crate::store::{EntryName, Raw, Read, Stamp, WritableStore, Written};
use crate::sys::{Removal, why};

use super::journal::{self, Entry};
use super::options::{Error, Options};
use super::report::Undone;
use super::stores::{Stores, journal_of};

/// Takes back what the journal of a move tells: copies go from the target, and what was there before or has been
/// removed at the source is put back. What has changed at the target since is left alone.
///
/// # Errors
///
/// Where nothing was changed at all, and why.
pub fn rollback(stores: &Stores, options: &Options) -> Result<Undone, Error> {
    let _locks = stores.lock(&options.lock_dir, None)?;
    let (path, from, to) = journal_of(stores, options);
    let known = journal::read(&path, &from, &to).map_err(Error::Refused)?;
    if known.is_empty() {
        return Err(Error::Usage(
            "no journal tells of a move between these stores: there is nothing to undo".to_owned(),
        ));
    }
    // What a killed run was writing.
    stores.to.tidy();
    stores.from.tidy();
    let mut undone = Undone {
        from: stores.from.spec().address(),
        to: stores.to.spec().address(),
        taken_back: 0,
        restored: 0,
        put_back: 0,
        gone: 0,
        changed: 0,
        failed: 0,
        problems: Vec::new(),
    };
    for told in known.sessions() {
        let told = told.map_err(|error| format!("{}: {error}", path.display(), error = why(&error)));
        if let Err(why) = told.and_then(|told| undo(stores, &told, &mut undone)) {
            undone.failed += 1;
            undone.problems.push(Problem(why));
        }
    }
    if undone.changed == 0 && undone.failed == 0 {
        journal::forget(&path)
            .map_err(|error| Error::Failed(format!("{}: {error}", path.display(), error = why(&error))))?;
    }
    Ok(undone)
}

/// Undoes what was done to one session of the target.
fn undo(stores: &Stores, told: &[Entry], undone: &mut Undone) -> Result<(), String> {
    let Some(last) = told.last() else { return Ok(()) };
    let name = |id: &str| {
        EntryName::new(id.as_bytes()).ok_or_else(|| "an id that is none in the journal".to_owned())
    };
    let (id, source_id) = (name(&last.to)?, name(&last.id)?);
    let there = stores.to.read_raw(&id).map_err(|error| error.to_string())?;
    if matches!(there, Read::Missing) {
        undone.gone += 1;
        return Ok(());
    }
    let ours = there.present().filter(|raw| {
        let hash = journal::hash(&raw.bytes);
        told.iter().any(|entry| entry.hash == hash)
    });
    let Some(ours) = ours else {
        undone.changed += 1;
        undone.problems.push(Problem(format!("{}: {id} has changed since, and is left alone", undone.to)));
        return Ok(());
    };
    // At the source first: at no time is a session nowhere.
    if let Some(kept) = told.iter().rev().find_map(|entry| entry.source.as_ref())
        && matches!(stores.from.read_raw(&source_id).map_err(|error| error.to_string())?, Read::Missing)
    {
        let session = kept.session(source_id, &ours.bytes).ok_or("a journal with a pickle that is none")?;
        match stores.from.write(&[&session]).pop() {
            Some(Ok(Written::Done(_))) => undone.restored += 1,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                return Err(format!("{}: {source_id}: {error}", undone.from, error = why(&error)));
            }
            None => return Err("the store told nothing".to_owned()),
        }
    }
    match told.iter().find_map(|entry| entry.before.as_ref()) {
        Some(before) => put_back(stores.to.as_ref(), before.session(id, &[]), &ours, undone),
        None => take_back(stores.to.as_ref(), (id, ours.stamp), undone),
    }
}

fn put_back(
    to: &dyn WritableStore,
    before: Option<crate::store::NewSession>,
    ours: &Raw,
    undone: &mut Undone,
) -> Result<(), String> {
    let Some(mut before) = before else { return Err("a journal with a pickle that is none".to_owned()) };
    before.instead_of = Some(ours.stamp);
    let id = before.id;
    match to.write(&[&before]).pop() {
        Some(Ok(Written::Done(_))) => undone.put_back += 1,
        Some(Err(error)) => {
            return Err(format!("{}: {id}: {error}", undone.to, error = why(&error)));
        }
        _ => undone.changed += 1,
    }
    Ok(())
}

fn take_back(to: &dyn WritableStore, ours: (EntryName, Stamp), undone: &mut Undone) -> Result<(), String> {
    match to.remove(&[ours], &|_| true).pop() {
        Some(Ok(Removal::Removed { .. })) => undone.taken_back += 1,
        Some(Ok(Removal::Gone)) => undone.gone += 1,
        Some(Err(error)) => {
            return Err(format!("{}: {}: {error}", undone.to, ours.0, error = why(&error)));
        }
        _ => undone.changed += 1,
    }
    Ok(())
}
