//! The source and the target of a migration.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::ops::Problem;
use crate::store::{self, StoreError, StoreSpec, WritableStore};
use crate::sys::{Dir, Lock, LockDir};

use super::journal::Journal;
use super::nothing::Nothing;
use super::options::{MigrateError, Options};
use super::select::Rules;

/// Both stores, open.
pub struct Stores {
    pub(super) from: Box<dyn WritableStore>,
    pub(super) to: Box<dyn WritableStore>,
    /// The owner of the source directory. Sessions of other owners are refused. `None` if only root can write there.
    from_owner: Option<u32>,
}

impl Stores {
    /// Opens source and target. Creates a missing target that is not a directory of MoinMoin, except in a dry run.
    ///
    /// # Errors
    ///
    /// If a store can't be opened, if both are the same, or if the target is inside the source.
    pub fn open(from: StoreSpec, to: StoreSpec, dry_run: bool) -> Result<Stores, MigrateError> {
        apart(&from, &to)?;
        let opened = |error: StoreError| {
            let problem = Problem::of(&error);
            if error.is_unsafe() { MigrateError::Refused(problem) } else { MigrateError::Failed(problem) }
        };
        let from_dir = from.location.directory().and_then(|path| Dir::open(path).ok());
        let from_owner =
            from_dir.filter(|dir| dir.uid() != 0 || dir.mode() & 0o022 != 0).map(|dir| dir.uid());
        let from = store::open_writable(from).map_err(opened)?;
        if !dry_run {
            store::create(&to).map_err(opened)?;
        }
        let target = to.clone();
        let to = match store::open_writable(to) {
            // A real run would create it.
            Err(error) if dry_run && error.is_missing() && target.location.layout().is_none() => {
                Box::new(Nothing::at(target))
            }
            Err(error) if error.is_missing() => {
                let help = "create it with the owner and mode that the wiki needs";
                return Err(MigrateError::Failed(Problem::of(&error).help(help)));
            }
            other => other.map_err(opened)?,
        };
        if from.id() == to.id() {
            return Err(if same_kind(from.spec(), to.spec()) {
                MigrateError::Refused(SAME.into())
            } else {
                in_one()
            });
        }
        if from.may_be(to.as_ref()) {
            let message = "source and target may be the same Redis server: can't read the server id";
            let help = "allow `+info` in the ACL of both users, or use another prefix or database";
            return Err(MigrateError::Refused(Problem::from(message).help(help)));
        }
        Ok(Stores { from, to, from_owner })
    }

    /// The rules that select sessions.
    pub(super) fn rules<'a>(&'a self, options: &'a Options) -> Rules<'a> {
        Rules { from_owner: self.from_owner, to: self.to.spec(), options }
    }

    pub(super) fn lock(
        &self,
        lock_dir: &Path,
        waiting: Option<&AtomicBool>,
    ) -> Result<[Lock; 2], MigrateError> {
        let locks = LockDir::open(lock_dir).map_err(MigrateError::Locked)?;
        // A fixed order prevents deadlocks.
        let mut ids = [self.from.id(), self.to.id()];
        ids.sort_unstable();
        let [first, second] = ids;
        if first == second {
            return Err(in_one());
        }
        let take = |id| locks.take_or_wait(id, waiting).map_err(MigrateError::Locked);
        Ok([take(first)?, take(second)?])
    }
}

const SAME: &str = "--from and --to are the same store";

/// What to do if they are.
const OTHER: &str =
    "if the farm file names the target already, name the source by its location, such as --from moin-1.9:DIR";

fn in_one() -> MigrateError {
    let message = "source and target are in the same directory";
    MigrateError::Refused(Problem::from(message).help("migrate through a third store"))
}

fn same_kind(from: &StoreSpec, to: &StoreSpec) -> bool {
    let (from, to) = (&from.location, &to.location);
    from.scheme() == to.scheme() || from.layout().is_some() && to.layout().is_some()
}

/// Refuses equal stores, and a target inside the source: the run would read its own copies.
fn apart(from: &StoreSpec, to: &StoreSpec) -> Result<(), MigrateError> {
    let real = |path: &Path| {
        path.canonicalize().ok().or_else(|| {
            let (parent, name) = (path.parent()?, path.file_name()?);
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Some(parent.canonicalize().ok()?.join(name))
        })
    };
    if same_kind(from, to) && from.location.identity() == to.location.identity() {
        return Err(MigrateError::Refused(Problem::from(SAME).help(OTHER)));
    }
    let real = |spec: &StoreSpec| spec.location.path().and_then(real);
    if let (Some(from), Some(to)) = (real(from), real(to))
        && to != from
        && to.starts_with(&from)
    {
        let (to, from) = (to.display(), from.display());
        return Err(MigrateError::Refused(
            format!("the target is inside the source: {to} is in {from}").into(),
        ));
    }
    Ok(())
}

/// The path of the journal, and the names of source and target in it.
pub(super) fn journal_of(stores: &Stores, options: &Options) -> (PathBuf, String, String) {
    let name = |spec: &StoreSpec| match std::path::absolute(spec.location.stem()) {
        Ok(path) if spec.location.path().is_some() => {
            format!("{}:{}", spec.location.scheme(), path.display())
        }
        _ => spec.address(),
    };
    let (from, to) = (name(stores.from.spec()), name(stores.to.spec()));
    (Journal::path(&options.state_dir, &from, &to), from, to)
}
