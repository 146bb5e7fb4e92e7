//! Copies or moves sessions between stores: directories, layouts, databases. Promises:
//!
//! * A copy is complete or absent. Its bytes equal the source, except for mapped user ids. A session is removed from the
//!   source only after its copy was read back and compared.
//! * If the run is killed at any point, the same command continues it, with a journal.
//! * No pickle with a forbidden class is copied; see [`AllowList`].
//! * A session at the target is replaced only on request, or if it is an earlier copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::location::Location;
use crate::ops;
use crate::store::{EntryName, Read};
use crate::sys::problem;

mod allow;
mod cookie_map;
mod flow;
mod journal;
mod nothing;
mod options;
mod plan;
mod rename;
mod report;
mod rollback;
mod select;
mod session;
mod settle;
mod skip;
mod stores;
mod transfer;

pub use allow::AllowList;
pub use cookie_map::{CookieMap, MapKind, Pair, is_plain_name};
pub use options::{MigrateError, OnConflict, Options};
pub use rename::{Generation, UserMap};
pub use report::{Counts, Problem, Report, Tally, Undone};
pub use rollback::rollback;
pub use stores::Stores;

use journal::{Journal, Known};
use stores::journal_of;
use transfer::Transfer;

/// Copies or moves sessions. Setting `stop` ends this early, between two batches.
///
/// # Errors
///
/// If nothing was changed.
pub fn migrate(stores: &Stores, options: &Options, stop: &AtomicBool) -> Result<Report, MigrateError> {
    let begun = Instant::now();
    let to_redis = matches!(stores.to.spec().location, Location::Redis(_));
    if to_redis && options.include_expired {
        return Err(MigrateError::Usage(
            ops::Problem::from("Redis drops expired sessions at once").help("omit --include-expired"),
        ));
    }
    let _locks = if options.dry_run {
        None
    } else {
        Some(stores.lock(&options.lock_dir, options.wait.then_some(stop))?)
    };
    let (path, from, to) = journal_of(stores, options);
    let known = journal::read(&path, &from, &to).map_err(MigrateError::Refused)?;
    if options.on_conflict == OnConflict::Fail {
        no_conflicts(stores, options, &known)?;
    }
    let journal = if options.dry_run {
        None
    } else {
        stores.to.tidy();
        stores.from.tidy();
        let journal = Journal::open(path.clone(), &from, &to)
            .map_err(|error| MigrateError::Failed(problem(&error).at(path.display())))?;
        Some(journal)
    };
    let mut transfer = Transfer::new(stores, options, journal, &known);
    let (left, foreign, listed) = flow::carry(stores, options, &known, stop, |load| transfer.load(load));
    let mut report = transfer.finish();
    report.stopped = stop.load(Ordering::Relaxed);
    report.tally.counts.left += left;
    (report.foreign, report.foreign_names) = (foreign.count, foreign.shown());
    if let Err(error) = listed {
        if report.tally == Tally::default() {
            return Err(MigrateError::Failed(ops::Problem::of(&error)));
        }
        report.tally.counts.failed += 1;
        report.tally.problem(ops::Problem::of(&error));
    }
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

/// Refuses the run if the target has another session with the same id, which is not an earlier copy.
fn no_conflicts(stores: &Stores, options: &Options, known: &Known) -> Result<(), MigrateError> {
    let rules = stores.rules(options);
    let (mut conflicts, mut first) = (0_u64, None);
    let listed = flow::batches(stores.from.as_ref(), |ids| {
        let fitting = ids.iter().filter_map(|id| Some((*id, rules.target_id(id)?)));
        let (ids, targets): (Vec<EntryName>, Vec<EntryName>) = fitting.unzip();
        flow::read_each(stores.to.as_ref(), &targets, |position, there| {
            let (Ok(there), Some(id), Some(target)) = (there, ids.get(position), targets.get(position))
            else {
                return;
            };
            let bytes = match there {
                Read::Missing => return,
                Read::Unreadable(_) => Vec::new(),
                Read::Present(raw) => raw.bytes,
            };
            let ours = known.wrote(target, || journal::hash(&bytes));
            let same = || matches!(stores.from.read_raw(id), Ok(Read::Present(raw)) if raw.bytes == bytes);
            if !ours && !same() {
                conflicts += 1;
                first = first.min(Some(*id)).or(Some(*id));
            }
        });
    });
    listed.map_err(|error| MigrateError::Failed(ops::Problem::of(&error)))?;
    match first {
        None => Ok(()),
        Some(first) => {
            let message = format!(
                "the target has {conflicts} other sessions with the same ids, such as {first}: nothing was changed"
            );
            Err(MigrateError::Refused(ops::Problem::from(message).help("use --on-conflict skip or newer")))
        }
    }
}

#[cfg(test)]
mod tests;
