//! Reads the facts about session directories.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::quota::{QuotaType, quotactl_get};

use super::denials::{denials, denied};
use super::facts::{Barrier, Exhausted, Facts};
use super::mounts::Mount;
use super::users::{Owners, home, wikis_user};
use crate::location::{Layout, NameKind};
use crate::sys::{Account, CHANGE, FileSystem, as_user, file_has_acl, may_use};

/// The logs that have denials.
const LOGS: [&str; 3] = ["/var/log/audit/audit.log", "/var/log/kern.log", "/var/log/syslog"];

/// How much of the end of a log is read, in bytes.
const LOG_END: u64 = 1 << 20;

/// How many session files are looked at.
const SAMPLE: usize = 64;

/// A day, in seconds.
const DAY: i64 = 86_400;

/// The permission bit to enter a directory.
const ENTER: u32 = 0o1;

/// Reads the facts about session directories. What all of them have in common is read once.
#[derive(Debug)]
pub struct Collector {
    mounts: String,
    denials: Vec<String>,
    in_unit: bool,
    now: i64,
}

impl Collector {
    /// Reads the mounts and the logs of this machine at `now`, in unix seconds.
    pub fn new(now: i64) -> Self {
        let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
        let logs = LOGS.into_iter().filter_map(|log| log_end(Path::new(log)).ok());
        let denials = logs.flat_map(|log| denials(&log).map(str::to_owned).collect::<Vec<_>>()).collect();
        let in_unit = std::env::var_os("INVOCATION_ID").is_some();
        Collector { mounts: String::from_utf8_lossy(&mounts).into_owned(), denials, in_unit, now }
    }

    /// Whether this process runs in a systemd unit.
    pub fn in_unit(&self) -> bool {
        self.in_unit
    }

    /// The mount of a path.
    pub fn mount(&self, path: &Path) -> Option<Mount> {
        let real = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
        Mount::of(&self.mounts, &real)
    }

    /// The facts about a session directory, whose wikis have their users in `user_dir`. Without a layout, no file counts as a
    /// session.
    pub fn facts(&self, path: &Path, layout: Option<Layout>, user_dir: Option<&Path>) -> Facts {
        let user_dir = user_dir.and_then(|dir| dir.metadata().ok()).map(|stat| stat.uid());
        let mut facts = Facts { path: path.to_owned(), in_unit: self.in_unit, ..Facts::default() };
        let Ok(stat) = path.metadata() else {
            let user = user_dir.map(Account::of);
            facts.barrier = user.and_then(|user| Some((user.clone(), not_creatable(path, &user)?)));
            return facts;
        };
        let sample = layout.map_or_else(Sample::default, |layout| Sample::of(path, layout));
        facts.file_system = FileSystem::at(path).ok();
        facts.mount = self.mount(path);
        facts.changed = Some(stat.mtime());
        // If everybody can list the directory, that is the worse problem, with the same remedy.
        facts.readable = sample.readable.filter(|_| stat.mode() & 0o005 == 0o001);
        let lines = self.denials.iter().map(String::as_str);
        facts.denied_by = denied(lines, path, stat.ino(), self.now.saturating_sub(DAY));
        if let Some(user) = wikis_user(&sample.owners, home(user_dir, stat.uid())).map(Account::of) {
            facts.quota = exhausted(facts.mount.as_ref(), &user).map(|what| (user.clone(), what));
            facts.barrier = barrier(path, &stat, &user).map(|barrier| (user, barrier));
        }
        facts
    }
}

/// The end of a log.
fn log_end(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(LOG_END);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(LOG_END).read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}

/// The first session files of a directory.
#[derive(Default)]
struct Sample {
    owners: Owners,
    /// The mode of one that every local user can read.
    readable: Option<u32>,
}

impl Sample {
    fn of(path: &Path, layout: Layout) -> Sample {
        let mut sample = Sample::default();
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let sessions = entries.filter(|entry| layout.kind(entry.file_name().as_bytes()) == NameKind::Session);
        for stat in
            sessions.take(SAMPLE).filter_map(|entry| entry.metadata().ok()).filter(|stat| stat.is_file())
        {
            *sample.owners.entry(stat.uid()).or_default() += 1;
            let mode = stat.mode() & 0o7777;
            sample.readable = sample.readable.or(Some(mode).filter(|mode| mode & 0o004 != 0));
        }
        sample
    }
}

/// Asks whether a user may use a path: the kernel, or else the modes. A path with an access control list counts as usable
/// if only the modes are known.
fn ask<T: Send>(user: &Account, group: u32, question: impl Fn(&dyn Fn(&Path, u32) -> bool) -> T + Sync) -> T {
    let denied = |path: &Path, wanted| {
        may_use(path, wanted).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    let modes = |path: &Path, wanted| {
        path.metadata().is_ok_and(|stat| {
            !user.may(wanted, (stat.uid(), stat.gid()), stat.mode() & 0o7777) && !file_has_acl(path)
        })
    };
    as_user(user, group, || question(&denied)).unwrap_or_else(|| question(&modes))
}

/// What keeps a user from changing files in a directory.
fn barrier(path: &Path, stat: &fs::Metadata, user: &Account) -> Option<Barrier> {
    let above = above(path);
    ask(user, stat.gid(), |denied| {
        if let Some(closed) = above.iter().find(|dir| denied(dir, ENTER)) {
            return Some(Barrier::Closed(closed.clone()));
        }
        let (owner, group, mode) = (stat.uid(), stat.gid(), stat.mode() & 0o7777);
        denied(path, CHANGE).then_some(Barrier::Unwritable { owner, group, mode })
    })
}

/// What keeps a user from creating a directory. MoinMoin creates it in an existing directory only.
fn not_creatable(path: &Path, user: &Account) -> Option<Barrier> {
    let parent = path.parent().filter(|parent| parent.is_dir())?;
    let group = parent.metadata().ok()?.gid();
    let above = above(parent);
    ask(user, group, |denied| {
        if let Some(closed) = above.iter().find(|dir| denied(dir, ENTER)) {
            return Some(Barrier::Closed(closed.clone()));
        }
        denied(parent, CHANGE).then(|| Barrier::NotCreatable(parent.to_owned()))
    })
}

/// The directories above a path, from the root down: as written and with links resolved.
fn above(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for way in [std::path::absolute(path), path.canonicalize()].into_iter().flatten() {
        let down: Vec<&Path> = way.ancestors().skip(1).collect();
        all.extend(down.into_iter().rev().map(Path::to_owned));
    }
    all.dedup();
    all
}

/// The quota of the user that is used up, if the kernel reports it.
fn exhausted(mount: Option<&Mount>, user: &Account) -> Option<Exhausted> {
    let device = mount.map(|mount| &mount.source).filter(|source| source.starts_with("/dev"))?;
    let quota = quotactl_get(QuotaType::USRQUOTA, device, i32::try_from(user.uid()).ok()?).ok()?;
    let over = |used: Option<u64>, limit: Option<u64>| {
        used.zip(limit).is_some_and(|(used, limit)| limit > 0 && used >= limit)
    };
    // The limit is in blocks of 1 KiB, the use in bytes.
    if over(quota.allocated_inodes(), quota.inodes_hard_limit()) {
        Some(Exhausted::Inodes)
    } else if over(quota.occupied_space().map(|bytes| bytes >> 10), quota.blocks_hard_limit()) {
        Some(Exhausted::Space)
    } else {
        None
    }
}
