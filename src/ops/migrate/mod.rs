//! Moving sessions between stores: directories, layouts, databases.
//!
//! What it promises:
//!
//! * A session is at the target whole or not at all, and its bytes are those of the source, but for user ids that were
//!   to be mapped. It leaves the source, if it is to, only after its copy was read back and compared.
//! * Killed at any point, the same command goes on: a [journal](journal) says what was about to be done.
//! * No pickle passes that names what sessions have no business to name; see [`AllowList`].
//! * Nothing at the target is replaced unless that was asked for, or we put it there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::ops::Problem;
use crate::store::{
    self, EntryName, Layout, Modified, NameKind, NewSession, Raw, Stamp, State, StoreError, StoreSpec,
    WritableStore,
};
use crate::sys::{Dir, Lock, LockDir};

mod allow;
mod cookie_map;
mod flow;
mod journal;
mod nothing;
mod plan;
mod rename;
mod report;
mod rollback;
mod select;
mod settle;
mod transfer;

pub use allow::AllowList;
pub use cookie_map::{CookieMap, MapKind, Pair, is_plain_name};
pub use rename::{Generation, UserMap};
pub use report::{Counts, Report, Tally, Undone};
pub use rollback::rollback;

use journal::{Journal, Known};
use nothing::Nothing;
use transfer::Transfer;

/// What to do about an id that the target has already, with other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Leave both as they are.
    Skip,
    /// The one that was written last wins.
    Newer,
    /// Refuse before anything is written.
    Fail,
}

/// How a run is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time to judge by, in seconds since 1970.
    pub now: i64,
    /// Only sessions of these users, also those in which a superuser acts as one.
    pub users: Option<BTreeSet<String>>,
    /// Only sessions in these states; empty: all but expired.
    pub states: Vec<State>,
    /// Only sessions last written longer ago.
    pub older_than: Option<Duration>,
    /// Expired ones too.
    pub include_expired: bool,
    /// Remove from the source what has arrived.
    pub remove: bool,
    /// About ids that are on both sides.
    pub on_conflict: OnConflict,
    /// Which ids the target's wikis take, where others are to be renamed.
    pub rename_ids: Option<Generation>,
    /// User ids of the source and of the target, where they differ.
    pub users_map: Option<UserMap>,
    /// What sessions may name.
    pub allow: AllowList,
    /// User and group of the files at the target, instead of those at the source.
    pub owner: Option<(u32, u32)>,
    /// Permission bits of the files at the target, instead of those at the source.
    pub mode: Option<u32>,
    /// Tell the old id and the new of every session that is at the target; see [`CookieMap`].
    pub pairs: bool,
    /// Only look.
    pub dry_run: bool,
    /// Where the journal lies.
    pub state_dir: PathBuf,
    /// Where locks lie.
    pub lock_dir: PathBuf,
    /// Wait for another copy that is at work in a store, instead of refusing.
    pub wait: bool,
}

/// Why nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The command makes no sense.
    Usage(String),
    /// A guard refused.
    Refused(String),
    /// A store could not be used.
    Failed(String),
}

/// Both stores, open.
pub struct Stores {
    from: Box<dyn WritableStore>,
    to: Box<dyn WritableStore>,
    /// Who owns the source's directory: sessions of others are not touched. `None` where nobody but root can write there,
    /// so that root put them there, whosever they are.
    from_owner: Option<u32>,
}

impl Stores {
    /// Opens source and target. The target is made where it is of wikifarm's own kinds and does not exist, unless it is
    /// only to be looked at.
    ///
    /// # Errors
    ///
    /// Where one cannot be opened, they are one and the same, or the target lies in the source.
    pub fn open(from: StoreSpec, to: StoreSpec, dry_run: bool) -> Result<Stores, Error> {
        apart(&from, &to)?;
        let opened = |error: StoreError| {
            let text = error.to_string();
            if error.is_unsafe() { Error::Refused(text) } else { Error::Failed(text) }
        };
        let from_owner = match from.layout {
            Layout::Moin18 | Layout::Moin19 | Layout::Json => {
                let dir = Dir::open(&from.dir).ok().filter(|dir| dir.uid() != 0 || dir.mode() & 0o022 != 0);
                dir.map(|dir| dir.uid())
            }
            Layout::Sqlite | Layout::Redis => None,
        };
        let from = store::open_writable(from).map_err(opened)?;
        if !dry_run {
            store::create(&to).map_err(opened)?;
        }
        let target = to.clone();
        let to = match store::open_writable(to) {
            // The run itself would make it.
            Err(error) if dry_run && error.is_missing() && !target.layout.is_moins() => {
                Box::new(Nothing::at(target))
            }
            Err(error) if error.is_missing() => {
                return Err(Error::Failed(format!(
                    "{error}: make it, with the owner and the mode that the wiki needs"
                )));
            }
            other => other.map_err(opened)?,
        };
        if from.id() == to.id() {
            let why = match same_kind(from.spec(), to.spec()) {
                true => "source and target are one and the same store",
                false => IN_ONE,
            };
            return Err(Error::Refused(why.to_owned()));
        }
        if store::may_be_one(from.as_ref(), to.as_ref()) {
            return Err(Error::Refused(
                "source and target may be one server by two addresses, and it does not tell: let its users ask (ACL \
                 `+info`), or take another prefix or database"
                    .to_owned(),
            ));
        }
        Ok(Stores { from, to, from_owner })
    }

    fn lock(&self, lock_dir: &Path, waiting: Option<&AtomicBool>) -> Result<[Lock; 2], Error> {
        let refused = |error: crate::sys::LockError| Error::Refused(error.to_string());
        let locks = LockDir::open(lock_dir).map_err(refused)?;
        // Always in one order, so that two that go opposite ways do not wait for each other.
        let mut ids = [self.from.id(), self.to.id()];
        ids.sort_unstable();
        let [first, second] = ids;
        if first == second {
            return Err(Error::Refused(IN_ONE.to_owned()));
        }
        let take = |id| locks.take_or_wait(id, waiting).map_err(refused);
        Ok([take(first)?, take(second)?])
    }
}

const IN_ONE: &str = "source and target lie in one directory: move over a third";

fn same_kind(from: &StoreSpec, to: &StoreSpec) -> bool {
    from.layout == to.layout || from.layout.is_moins() && to.layout.is_moins()
}

/// Refuses stores that are one, or lie in one another: what is written would be taken for what is to be read.
fn apart(from: &StoreSpec, to: &StoreSpec) -> Result<(), Error> {
    if from.layout == Layout::Redis || to.layout == Layout::Redis {
        let same = from.layout == to.layout && from.place() == to.place();
        return if same {
            Err(Error::Refused("source and target are one and the same store".to_owned()))
        } else {
            Ok(())
        };
    }
    let real = |path: &Path| {
        path.canonicalize().ok().or_else(|| {
            let (parent, name) = (path.parent()?, path.file_name()?);
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Some(parent.canonicalize().ok()?.join(name))
        })
    };
    if from.place() == to.place() && same_kind(from, to) {
        return Err(Error::Refused("source and target are one and the same store".to_owned()));
    }
    if let (Some(from), Some(to)) = (real(&from.dir), real(&to.dir))
        && to != from
        && to.starts_with(&from)
    {
        return Err(Error::Refused(format!(
            "the target lies inside the source: {} is in {}",
            to.display(),
            from.display()
        )));
    }
    Ok(())
}

/// The path of the journal, and what it calls source and target.
fn journal_of(stores: &Stores, options: &Options) -> (PathBuf, String, String) {
    let name = |spec: &StoreSpec| match spec.layout {
        Layout::Redis => spec.address(),
        layout => {
            let path = std::path::absolute(&spec.dir).unwrap_or_else(|_| spec.dir.clone());
            format!("{layout}:{}", path.display())
        }
    };
    let (from, to) = (name(stores.from.spec()), name(stores.to.spec()));
    (Journal::path(&options.state_dir, &from, &to), from, to)
}

/// Moves or copies sessions. Setting `stop` ends it early, between two batches.
///
/// # Errors
///
/// Where nothing was changed at all, and why.
pub fn migrate(stores: &Stores, options: &Options, stop: &AtomicBool) -> Result<Report, Error> {
    let begun = Instant::now();
    let to_redis = stores.to.spec().layout == Layout::Redis;
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
            .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
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

/// The id a session gets at the target; `None` where the target takes none like it.
fn target_id(id: &EntryName, stores: &Stores, options: &Options) -> Option<EntryName> {
    let id = match options.rename_ids {
        Some(generation) => generation.id_for(id)?,
        None => *id,
    };
    let fits = Generation::ids_of(stores.to.spec()).kind(id.reveal().as_bytes()) == NameKind::Session;
    fits.then_some(id)
}

/// Refuses if the target has one of the ids, with other bytes that we did not put there.
fn no_conflicts(stores: &Stores, options: &Options, known: &Known) -> Result<(), Error> {
    let (mut conflicts, mut first) = (0_u64, None);
    let listed = flow::batches(stores.from.as_ref(), |ids| {
        let fitting = ids.iter().filter_map(|id| Some((*id, target_id(id, stores, options)?)));
        let (ids, targets): (Vec<EntryName>, Vec<EntryName>) = fitting.unzip();
        flow::read_each(stores.to.as_ref(), &targets, |position, there| {
            let (Ok(Some(there)), Some(id), Some(target)) = (there, ids.get(position), targets.get(position))
            else {
                return;
            };
            let bytes = there.map(|raw| raw.bytes).unwrap_or_default();
            let ours = known.tells(target, || journal::hash(&bytes));
            let same = || matches!(stores.from.read_raw(id), Ok(Some(Ok(raw))) if raw.bytes == bytes);
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

/// What is at the source, to be put back there and to see whether it is still the same.
struct Source {
    modified: Modified,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
    stamp: Stamp,
    /// The pickle, where another is to be written.
    bytes: Option<Vec<u8>>,
}

/// A session as it is to be written.
struct Ready {
    id: EntryName,
    source: Source,
    new: NewSession,
    /// The hash of what is to be written; see [`journal::hash`].
    hash: journal::Hash,
    /// Whether it was put at the target, and told in the journal, by this run.
    told: bool,
    /// Whether it is counted as put in place of another.
    replaced: bool,
    /// What is at the target already, or was, and was not put there by us.
    before: Option<Raw>,
    /// The stamp of its copy, once there is one.
    copy: Option<Stamp>,
}

#[cfg(test)]
mod tests;
