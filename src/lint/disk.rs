//! The facts about the disk that rules use, gathered once for all rules.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::farm::{Farm, Key, Trusted, Wiki};
use crate::health::{Cleaner, Collector, Deletion, Target, Trouble, find_cleaners};
use crate::location::{Layout, NameKind};
use crate::moin::Behavior;
use crate::sys::{FileSystem, Medium, in_parts};

/// The metadata of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Directory {
    /// Whether the path is a directory.
    pub is_directory: bool,
    /// The permission bits.
    pub mode: u32,
    /// The uid of the owner.
    pub owner: u32,
    /// The number of the device.
    pub device: u64,
}

/// The contents of a session directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    /// The number of sessions, at most [`MOST_ENTRIES`].
    pub sessions: usize,
    /// The name of a file that is not a session.
    pub foreign: Option<String>,
}

/// A session directory of a wiki.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessions {
    /// The directory.
    pub path: PathBuf,
    /// Its layout.
    pub layout: Layout,
    /// The user directory of the wiki.
    pub users: Option<PathBuf>,
}

/// The limit of entries that are read from one directory.
pub const MOST_ENTRIES: usize = 2000;

/// The disk, or a substitute for tests.
pub trait Disk: Sync {
    /// The metadata of `path`, following links.
    ///
    /// # Errors
    /// If the path does not exist, or can't be read.
    fn directory(&self, path: &Path) -> io::Result<Directory>;

    /// The contents of a session directory.
    ///
    /// # Errors
    /// If the directory can't be read.
    fn entries(&self, path: &Path, layout: Layout) -> io::Result<Entries>;

    /// Whether the file system at `path` is in memory.
    fn in_memory(&self, path: &Path) -> bool;

    /// What keeps the wikis from saving sessions in each of these directories.
    fn troubles(&self, stores: &[Sessions]) -> Vec<Vec<Trouble>>;

    /// The jobs of this machine that remove sessions.
    fn cleaners(&self) -> Vec<Cleaner>;
}

/// The disk of this machine.
#[derive(Debug, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        let metadata = path.metadata()?;
        Ok(Directory {
            is_directory: metadata.is_dir(),
            mode: metadata.mode() & 0o7777,
            owner: metadata.uid(),
            device: metadata.dev(),
        })
    }

    fn entries(&self, path: &Path, layout: Layout) -> io::Result<Entries> {
        let mut found = Entries::default();
        for entry in fs::read_dir(path)?.take(MOST_ENTRIES) {
            let name = entry?.file_name();
            match layout.kind(name.as_bytes()) {
                NameKind::Session => found.sessions += 1,
                NameKind::Temp => {}
                NameKind::Foreign if name == "__lock__" || found.foreign.is_some() => {}
                // The name can be a secret of another program.
                NameKind::Foreign => {
                    let text = name.to_string_lossy();
                    let short: String = text.chars().take(8).collect();
                    let more = if text.chars().count() > 8 { "…" } else { "" };
                    found.foreign = Some(format!("{short}{more}"));
                }
            }
        }
        Ok(found)
    }

    fn in_memory(&self, path: &Path) -> bool {
        FileSystem::at(path).is_ok_and(|found| found.medium == Medium::Memory)
    }

    fn troubles(&self, stores: &[Sessions]) -> Vec<Vec<Trouble>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let collector = Collector::new(now);
        let troubles =
            |one: &Sessions| collector.facts(&one.path, Some(one.layout), one.users.as_deref()).troubles(now);
        in_parts(stores, |part| part.iter().map(troubles).collect())
    }

    fn cleaners(&self) -> Vec<Cleaner> {
        find_cleaners(Path::new("/"))
    }
}

/// The disk of this machine, without reading directories that an untrusted farm file names.
#[derive(Debug, Clone, Copy)]
struct StatOnly;

impl Disk for StatOnly {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        RealDisk.directory(path)
    }

    fn entries(&self, _: &Path, _: Layout) -> io::Result<Entries> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn in_memory(&self, path: &Path) -> bool {
        RealDisk.in_memory(path)
    }

    fn troubles(&self, stores: &[Sessions]) -> Vec<Vec<Trouble>> {
        vec![Vec::new(); stores.len()]
    }

    fn cleaners(&self) -> Vec<Cleaner> {
        RealDisk.cleaners()
    }
}

/// A disk with the jobs below another root directory.
pub struct WithJobsOf<'a>(pub &'a dyn Disk, pub &'a Path);

impl Disk for WithJobsOf<'_> {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        self.0.directory(path)
    }

    fn entries(&self, path: &Path, layout: Layout) -> io::Result<Entries> {
        self.0.entries(path, layout)
    }

    fn in_memory(&self, path: &Path) -> bool {
        self.0.in_memory(path)
    }

    fn troubles(&self, stores: &[Sessions]) -> Vec<Vec<Trouble>> {
        self.0.troubles(stores)
    }

    fn cleaners(&self) -> Vec<Cleaner> {
        find_cleaners(self.1)
    }
}

/// The disk for the rules: limited if the farm file is not trusted.
pub fn disk_for(farm: &Farm) -> &'static dyn Disk {
    match Trusted::check(farm) {
        Ok(()) => &RealDisk,
        Err(_) => &StatOnly,
    }
}

/// The purpose of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Data,
    Cache,
    Sessions,
    Users,
}

/// A directory of a wiki.
#[derive(Debug)]
pub(super) struct NamedDirectory {
    pub(super) role: Role,
    /// The setting that determines the path.
    pub(super) key: Key,
    /// Whether the farm file has this path itself.
    pub(super) given: bool,
    pub(super) path: PathBuf,
}

/// The farm with the facts about its directories.
pub(super) struct Facts<'a> {
    pub(super) farm: &'a Farm,
    pub(super) disk: &'a dyn Disk,
    /// Each wiki with its directories.
    pub(super) wikis: Vec<(&'a Wiki, Vec<NamedDirectory>)>,
    found: HashMap<PathBuf, io::Result<Directory>>,
    /// Whether any directory is writable by everybody.
    open: bool,
    cleaners: OnceLock<Vec<Cleaner>>,
    deletions: OnceLock<HashMap<PathBuf, Vec<(PathBuf, Deletion)>>>,
    entries: Mutex<HashMap<PathBuf, Option<Entries>>>,
    troubles: OnceLock<HashMap<PathBuf, Vec<Trouble>>>,
}

impl<'a> Facts<'a> {
    /// Reads the metadata of each directory once.
    pub(super) fn gather(farm: &'a Farm, disk: &'a dyn Disk) -> Facts<'a> {
        let dirs = in_parts(&farm.wikis, |part| part.iter().map(dirs_of).collect());
        let wikis: Vec<(&Wiki, Vec<NamedDirectory>)> = farm.wikis.iter().zip(dirs).collect();
        let mut found: HashMap<PathBuf, io::Result<Directory>> = HashMap::new();
        let missing = |found: &io::Result<Directory>| match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(io::ErrorKind::NotFound),
            _ => None,
        };
        let mut unknown = Vec::new();
        let mut look = |path: &Path| {
            // If a path is known, all its parents are known, too.
            unknown.extend(way_up(path).take_while(|path| !found.contains_key(*path)).map(Path::to_owned));
            while let Some(path) = unknown.pop() {
                // A missing directory has no entries.
                let gone = above(&path).and_then(|parent| found.get(parent)).and_then(missing);
                let there = gone.map_or_else(|| disk.directory(&path), |kind| Err(kind.into()));
                found.insert(path, there);
            }
        };
        look(&farm.base());
        for dir in wikis.iter().flat_map(|(_, dirs)| dirs) {
            look(&dir.path);
        }
        let open = found.values().flatten().any(|found| found.mode & 0o1002 == 0o002);
        Facts {
            farm,
            disk,
            wikis,
            found,
            open,
            cleaners: OnceLock::new(),
            deletions: OnceLock::new(),
            entries: Mutex::default(),
            troubles: OnceLock::new(),
        }
    }

    /// The metadata of `path`; `None` if it was not read.
    pub(super) fn look(&self, path: &Path) -> Option<&io::Result<Directory>> {
        self.found.get(path)
    }

    /// The metadata of `path`, if it is a directory.
    pub(super) fn directory(&self, path: &Path) -> Option<Directory> {
        let found = self.look(path)?.as_ref().ok()?;
        found.is_directory.then_some(*found)
    }

    /// The jobs of this machine that remove sessions, read once; none if no session directory exists.
    pub(super) fn cleaners(&self) -> &[Cleaner] {
        self.cleaners.get_or_init(|| {
            let any = self.sessions().any(|(_, dir)| self.directory(&dir.path).is_some());
            if any { self.disk.cleaners() } else { Vec::new() }
        })
    }

    /// What jobs delete in a session directory whether it has expired or not, each with the file of the job.
    pub(super) fn deletions(&self, path: &Path) -> &[(PathBuf, Deletion)] {
        let all = self.deletions.get_or_init(|| {
            let cleaners = self.cleaners();
            let mut known = HashSet::new();
            let dirs = self.sessions().filter(|(_, dir)| !cleaners.is_empty() && known.insert(&dir.path));
            dirs.map(|(_, dir)| {
                let target = Target::at(&dir.path);
                let deletes = |job: &Cleaner| Some((job.file.clone(), job.deletes(&target)?.clone()));
                (dir.path.clone(), cleaners.iter().filter_map(deletes).collect())
            })
            .collect()
        });
        all.get(path).map_or(&[], Vec::as_slice)
    }

    /// The lowest directory on the way to `path` that every local user can replace, and its parent.
    pub(super) fn replaceable<'p>(&self, path: &'p Path) -> Option<(&'p Path, &'p Path)> {
        // In a sticky directory, users can't rename files of others.
        let open = |above: &Path| self.directory(above).is_some_and(|found| found.mode & 0o1002 == 0o002);
        let pairs = way_up(path).zip(way_up(path).skip(1));
        pairs.into_iter().find(|(_, above)| self.open && open(above))
    }

    /// The contents of a session directory, read once; `None` if it can't be read.
    pub(super) fn entries(&self, path: &Path, layout: Layout) -> Option<Entries> {
        let mut known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.to_owned()).or_insert_with(|| self.disk.entries(path, layout).ok()).clone()
    }

    /// What keeps a wiki from saving sessions in a session directory, read once for all directories.
    pub(super) fn troubles(&self, path: &Path) -> &[Trouble] {
        let all = self.troubles.get_or_init(|| {
            let mut stores: Vec<Sessions> = Vec::new();
            let mut known = HashSet::new();
            for (wiki, dir) in self.sessions().filter(|(_, dir)| known.insert(dir.path.clone())) {
                stores.push(Sessions {
                    path: dir.path.clone(),
                    layout: layout(wiki),
                    users: wiki.user_dir(),
                });
            }
            let troubles = self.disk.troubles(&stores);
            stores.into_iter().map(|store| store.path).zip(troubles).collect()
        });
        all.get(path).map_or(&[], Vec::as_slice)
    }

    /// Every directory of every wiki.
    pub(super) fn directories(&self) -> impl Iterator<Item = (&'a Wiki, &NamedDirectory)> {
        self.wikis.iter().flat_map(|(wiki, dirs)| dirs.iter().map(|dir| (*wiki, dir)))
    }

    /// Every session directory.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (&'a Wiki, &NamedDirectory)> {
        self.directories().filter(|(_, dir)| dir.role == Role::Sessions)
    }
}

/// The parent of a path; `.` for a path with one part, and `None` for `.` and `/`.
pub(super) fn above(path: &Path) -> Option<&Path> {
    let parent = path.file_name().and(path.parent())?;
    Some(if parent == Path::new("") { Path::new(".") } else { parent })
}

/// A path and its parents.
fn way_up(path: &Path) -> impl Iterator<Item = &Path> {
    std::iter::successors(Some(path), |path| above(path))
}

/// The layout of a wiki's session directory.
pub(super) fn layout(wiki: &Wiki) -> Layout {
    if wiki.version().behavior() < Behavior::V1_9_0 { Layout::Moin18 } else { Layout::Moin19 }
}

/// The directories of a wiki.
pub(super) fn dirs_of(wiki: &Wiki) -> Vec<NamedDirectory> {
    let set = |key: Key| wiki.setting(key).is_some();
    let mut found = Vec::with_capacity(4);
    let mut add = |role, key, given, path: Option<PathBuf>| {
        found.extend(path.map(|path| NamedDirectory { role, key, given, path }));
    };
    add(Role::Data, Key::DataDir, true, wiki.data_dir());
    if set(Key::CacheDir) {
        add(Role::Cache, Key::CacheDir, true, wiki.cache_dir());
    }
    let key = wiki.sessions_key();
    add(Role::Sessions, key, matches!(key, Key::SessionDir | Key::SessionStore), wiki.session_dir());
    let key = if set(Key::UserDir) { Key::UserDir } else { Key::DataDir };
    add(Role::Users, key, key == Key::UserDir, wiki.user_dir());
    found
}
