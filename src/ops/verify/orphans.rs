//! Session directories of which no wiki of the farm makes use: left behind by another version, another setting, or a
//! wiki that is gone.
//!
//! Looked at are the places where MoinMoin puts sessions below each wiki's `cache_dir`, and what lies beside the
//! `data_dir` and the session directory of each wiki: [`DEEPEST`] levels deep, on one file system, and no link is
//! followed. At most [`MOST`] directories are looked into, none of pages, and never all that is below `/`: what lies
//! elsewhere is found by `store find --orphans`.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Check, Finding, Findings, Report};
use crate::farm::{Farm, Trusted};
use crate::location::{Identity, Layout, Location, NameKind};
use crate::ops::find;
use crate::store::StoreSpec;
use crate::sys::{AsOwner, Dir, Kind};

/// So deep: from the directory of all wikis to `NAME/data/cache/__common__/session` of one.
const DEEPEST: usize = 5;

/// So many directories, for all wikis together.
const MOST: u64 = 100_000;

/// What MoinMoin keeps directories in by the thousand, and never a session.
const NEVER: [&str; 2] = ["pages", "underlay"];

/// Adds what no wiki uses to the report.
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
        let places =
            [(Layout::Moin18, cache.join("__common__/session")), (Layout::Moin19, cache.join("__session__"))];
        for (layout, path) in places {
            let location = Location::Directory { layout, path };
            let key = key(&location);
            if !known.used.contains(&key) && known.seen.insert(key) && holds_sessions(&location) {
                add(location, &format!("below {}", wiki.name), report);
            }
        }
    }
    beside(farm, &stores, stop, &mut known, report);
}

/// What is used, and what was told already.
struct Known {
    used: HashSet<(Option<Layout>, Identity)>,
    /// Used by whatever layout: names of another one there are told as such.
    dirs: HashSet<Identity>,
    seen: HashSet<(Option<Layout>, Identity)>,
}

fn key(location: &Location) -> (Option<Layout>, Identity) {
    (location.layout(), location.identity())
}

fn add(location: Location, where_it_is: &str, report: &mut Report) {
    let message = format!("sessions lie here, and no wiki of the farm uses it; {where_it_is}");
    let mut found = Findings::default();
    let path = location.stem();
    found.add(Finding { check: Check::OrphanStore, path, message, key: String::new() });
    report.stores.push((location.into(), found));
}

/// Looks through what lies beside the directories of the wikis.
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
            "orphan stores: {MOST} directories beside those of the wikis were looked into, and no more: `wikifarm store \
             find ROOT --orphans` looks into all"
        ));
    }
    if found.failed > 0 {
        let first = found.problems.first().map(|problem| format!(": {problem}")).unwrap_or_default();
        let more = if found.failed > 1 { format!("; and {} more", found.failed - 1) } else { String::new() };
        report.notes.push(format!("orphan stores: not looked into{first}{more}"));
    }
}

/// Where to look.
struct Root {
    dir: PathBuf,
    /// Beside what it is.
    beside: String,
}

/// The directories in which those of the wikis lie, each once, without those that are looked through with another.
fn roots(farm: &Farm) -> Vec<Root> {
    let mut all: Vec<(PathBuf, Root)> = Vec::new();
    let mut seen = HashSet::new();
    for wiki in &farm.wikis {
        let cache = wiki.cache_dir();
        // What lies below the cache directory is where MoinMoin puts it, and looked at there.
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
    // What lies above comes first.
    all.sort_by_cached_key(|(real, _)| (real.components().count(), real.clone()));
    let device = |dir: &Path| Dir::open(dir).ok().map(|dir| dir.id().device);
    let mut kept = HashSet::new();
    all.retain(|(real, _)| {
        let above = real.parent().filter(|above| kept.contains(*above));
        // One level more or less hides no wiki; another file system is not looked at from above.
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
