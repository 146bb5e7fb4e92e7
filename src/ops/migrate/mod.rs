//! Moving sessions between stores: directories, layouts, databases.
//!
//! What it promises:
//!
//! * A session is at the target whole or not at all, and its bytes are those of the source, but for user ids that were
//!   to be mapped. It leaves the source, if it is to, only after its copy was read back and compared.
//! * Killed at any point, the same command goes on: a journal says what was about to be done.
//! * No pickle passes that names what sessions have no business to name; see [`AllowList`].
//! * Nothing at the target is replaced unless that was asked for, or we put it there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::location::Location;
use crate::store::{EntryName, Read};
use crate::sys::why;

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
pub use options::{Error, OnConflict, Options};
pub use rename::{Generation, UserMap};
pub use report::{Counts, Report, Tally, Undone};
pub use rollback::rollback;
pub use stores::Stores;

use journal::{Journal, Known};
use stores::journal_of;
use transfer::Transfer;

/// Moves or copies sessions. Setting `stop` ends it early, between two batches.
///
/// # Errors
///
/// Where nothing was changed at all, and why.
pub fn migrate(stores: &Stores, options: &Options, stop: &AtomicBool) -> Result<Report, Error> {
    let begun = Instant::now();
    let to_redis = matches!(stores.to.spec().location, Location::Redis(_));
    if to_redis && options.include_expired {
        return Err(Error::Usage(
            "Redis drops what has expired at once: leave --include-expired out".to_owned(),
        ));
    }
    let _locks = if options.dry_run {
        None
    } else {
        Some(stores.lock(&options.lock_dir, options.wait.then_some(stop))?)
    };
    let (path, from, to) = journal_of(stores, options);
    let known = journal::read(&path, &from, &to).map_err(Error::Refused)?;
    if options.on_conflict == OnConflict::Fail {
        no_conflicts(stores, options, &known)?;
    }
    let journal = if options.dry_run {
        None
    } else {
        stores.to.tidy();
        stores.from.tidy();
        let journal = Journal::open(path.clone(), &from, &to)
            .map_err(|error| Error::Failed(format!("{}: {error}", path.display(), error = why(&error))))?;
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
            return Err(Error::Failed(error.to_string()));
        }
        report.tally.counts.failed += 1;
        report.tally.tell(error.to_string());
    }
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

/// Refuses if the target has one of the ids, with other bytes that we did not put there.
fn no_conflicts(stores: &Stores, options: &Options, known: &Known) -> Result<(), Error> {
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
            let ours = known.tells(target, || journal::hash(&bytes));
            let same = || matches!(stores.from.read_raw(id), Ok(Read::Present(raw)) if raw.bytes == bytes);
            if !ours && !same() {
                conflicts += 1;
                first = first.min(Some(*id)).or(Some(*id));
            }
        });
    });
    listed.map_err(|error| Error::Failed(error.to_string()))?;
    match first {
        None => Ok(()),
        Some(first) => Err(Error::Refused(format!(
            "{conflicts} of the ids are at the target too, with other contents, as {first}: nothing was done; \
             say --on-conflict skip or newer"
        ))),
    }
}

#[cfg(test)]
mod tests;
