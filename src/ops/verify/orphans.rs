//! Session directories that no wiki of the farm uses: from another version, another setting, or a deleted wiki.
//!
//! Searches the default session directories below each wiki's `cache_dir`, and the directories beside its `data_dir` and
//! session directory: [`DEEPEST`] levels deep, on one file system, without following links. Searches at most [`MOST`]
//! directories, skips directories of pages, and never searches all of `/`. `store find --orphans` searches any tree.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Finding, Findings, Report, Rule};
use crate::farm::{Farm, Trusted};
use crate::location::{Identity, Layout, Location, NameKind};
use crate::ops::find;
use crate::store::StoreSpec;
use crate::sys::{AsOwner, Dir, Kind};

/// How many levels to search: enough for `NAME/data/cache/__common__/session` below the directory of all wikis.
const DEEPEST: usize = 5;

/// How many directories to search for all wikis together.
const MOST: u64 = 100_000;

/// Directories with thousands of directories and no sessions.
const NEVER: [&str; 2] = ["pages", "underlay"];

/// Reports session directories that no wiki uses.
pub(super) fn check(farm: &Trusted, stop: &AtomicBool, report: &mut Report) {
    let stores = crate::store::of_farm(farm).stores;
    let mut known = Known {
        used: stores.iter().map(|spec| key(&spec.location)).collect(),
        dirs: stores.iter().map(|spec| spec.location.identity()).collect(),
        seen: HashSet::new(),
    };
    for wiki in &farm.wikis {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Some(cache) = wiki.cache_dir() else { continue };
        let directories =
            [(Layout::Moin18, cache.join("__common__/session")), (Layout::Moin19, cache.join("__session__"))];
        for (layout, path) in directories {
            let location = Location::Directory { layout, path };
            let key = key(&location);
            if !known.used.contains(&key) && known.seen.insert(key) && holds_sessions(&location) {
                add(location, &format!("below the cache_dir of {}", wiki.name), report);
            }
        }
    }
    beside(farm, &stores, stop, &mut known, report);
}

/// Directories that are used or already reported.
struct Known {
    used: HashSet<(Option<Layout>, Identity)>,
    /// Directories that some wiki uses, by any layout. Sessions of another layout there are another finding.
    dirs: HashSet<Identity>,
    seen: HashSet<(Option<Layout>, Identity)>,
}

fn key(location: &Location) -> (Option<Layout>, Identity) {
    (location.layout(), location.identity())
}

fn add(location: Location, found_at: &str, report: &mut Report) {
    let message = format!("holds sessions, but no wiki in the farm file uses it (found {found_at})");
    let mut found = Findings::default();
    let path = location.stem();
    found.add(Finding { rule: Rule::OrphanStore, path, message, key: String::new() });
    report.stores.push((location.into(), found));
}

/// Searches beside the directories of the wikis.
fn beside(farm: &Farm, stores: &[StoreSpec], stop: &AtomicBool, known: &mut Known, report: &mut Report) {
    let users = find::Users::of(stores);
    let mut found = find::Report::default();
    for Root { dir, beside } in roots(farm) {
        let options = find::Options {
            all_file_systems: false,
            max_depth: Some(DEEPEST),
            without: &NEVER,
            most: Some(MOST.saturating_sub(found.directories)),
        };
        find::find(&dir, &users, &options, stop, &mut found);
        for candidate in std::mem::take(&mut found.candidates) {
            let key = key(&candidate.location);
            let counts = candidate.doubt.is_none() && candidate.sessions > Some(0);
            if let Location::Directory { layout, path } = candidate.location
                && counts
                && !known.dirs.contains(&key.1)
                && known.seen.insert(key)
            {
                let path = path.strip_prefix(".").unwrap_or(&path).to_owned();
                add(Location::Directory { layout, path }, &beside, report);
            }
        }
    }
    if found.cut {
        report.notes.push(format!(
            "orphan-store: the search stopped after {MOST} directories; `wikifarm store find ROOT --orphans` searches all"
        ));
    }
    if found.failed > 0 {
        let first = found.problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
        let more = if found.failed > 1 { format!("; and {} more", found.failed - 1) } else { String::new() };
        report.notes.push(format!("orphan-store: could not search{first}{more}"));
    }
}

/// Where to search.
struct Root {
    dir: PathBuf,
    /// Where it is, for messages.
    beside: String,
}

/// The parents of the wikis' directories, each once, without those that a search of another root covers.
fn roots(farm: &Farm) -> Vec<Root> {
    let mut all: Vec<(PathBuf, Root)> = Vec::new();
    let mut seen = HashSet::new();
    for wiki in &farm.wikis {
        let cache = wiki.cache_dir();
        // The default directories below the cache directory are checked separately.
        let own = |dir: &PathBuf| !cache.as_ref().is_some_and(|cache| dir.starts_with(cache));
        let dirs = [("data_dir", wiki.data_dir()), ("session directory", wiki.session_dir().filter(own))];
        for (what, dir) in dirs {
            let Some(dir) = dir.as_deref().and_then(Path::parent) else { continue };
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            let Ok(real) = dir.canonicalize() else { continue };
            if real.parent().is_some() && seen.insert(real.clone()) {
                let beside = format!("beside the {what} of {}", wiki.name);
                all.push((real, Root { dir: dir.to_owned(), beside }));
            }
        }
    }
    // Parents first.
    all.sort_by_cached_key(|(real, _)| (real.components().count(), real.clone()));
    let device = |dir: &Path| Dir::open(dir).ok().map(|dir| dir.id().device);
    let mut kept = HashSet::new();
    all.retain(|(real, _)| {
        let above = real.parent().filter(|above| kept.contains(*above));
        // One level less finds the same wikis. A search does not enter another file system.
        let covered = above.and_then(device).is_some_and(|above| device(real) == Some(above))
            && !NEVER.iter().any(|never| real.file_name() == Some(OsStr::new(never)));
        !covered && kept.insert(real.clone())
    });
    all.into_iter().map(|(_, root)| root).collect()
}

fn holds_sessions(location: &Location) -> bool {
    let mut holds = false;
    let listed = location.directory().map(Dir::open).and_then(Result::ok).map(|dir| {
        let _owner = AsOwner::of(&dir);
        dir.list(|entry| {
            holds = entry.kind == Kind::Regular && location.kind(entry.name.to_bytes()) == NameKind::Session;
            if holds { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    matches!(listed, Some(Ok(()))) && holds
}
