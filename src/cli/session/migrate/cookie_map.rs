//! `--cookie-map`: what a web server needs to know the sessions by their old cookies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Context, Exit, Failure, StoreSpec};
use crate::farm::{Farm, Wiki};
use crate::location::Layout;
use crate::moin::Duplicate;
use crate::ops::migrate::{CookieMap, MapKind, Pair, Report, is_plain_name};
use crate::store::EntryName;
use crate::sys::{why, write_atomically};

/// Who may read what holds ids: its owner.
const MODE: u32 = 0o600;

/// The map as it was asked for.
pub(super) struct Asked {
    kind: MapKind,
    file: PathBuf,
    old_name: String,
    new_name: String,
    takes: Duplicate,
}

/// What was written, for the report.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    kind: &'static str,
    files: Vec<String>,
    ids: usize,
    /// Ids that this kind of map can't hold, each as shown in reports.
    left_out: Vec<String>,
    /// Unix seconds.
    drop_after: i64,
    /// Why some are left out.
    #[serde(skip)]
    limit: &'static str,
}

/// Works out the names of both cookies, from the flags or the farm, and looks whether the file can be written.
pub(super) fn ask(
    words: &[OsString],
    (from, old_name): (&StoreSpec, Option<&str>),
    (to, new_name): (&StoreSpec, Option<&str>),
    farm: Option<&Farm>,
) -> Result<Option<Asked>, Failure> {
    let [kind, file] = words else { return Ok(None) };
    let kind =
        [MapKind::Nginx, MapKind::Apache, MapKind::Json].into_iter().find(|known| *kind == *known.name());
    let kind =
        kind.ok_or_else(|| Failure::usage("--cookie-map: expected nginx, apache or json, and a file"))?;
    let file = PathBuf::from(file);
    let wikis_of = |spec: &StoreSpec| -> Vec<&Wiki> {
        spec.wikis.iter().filter_map(|wiki| farm?.wiki(&wiki.name)).collect()
    };
    let (old, new) = (wikis_of(from), wikis_of(to));
    let asked = Asked {
        kind,
        old_name: name((from, "--old-cookie"), old_name, &old, kind)?,
        new_name: name((to, "--new-cookie"), new_name, &new, kind)?,
        // All of one store, and so of one generation; up to 1.9.10 it is the last.
        takes: old.first().map_or(Duplicate::Last, |wiki| wiki.moin().takes()),
        file,
    };
    writable(&asked.file)?;
    Ok(Some(asked))
}

fn name(
    (spec, flag): (&StoreSpec, &str),
    given: Option<&str>,
    wikis: &[&Wiki],
    kind: MapKind,
) -> Result<String, Failure> {
    let mut names: Vec<String> = wikis.iter().map(|wiki| wiki.moin().session_cookie_name()).collect();
    names.sort_unstable();
    names.dedup();
    let name = match (given, names.as_slice()) {
        (Some(given), _) => given.to_owned(),
        (None, [one]) => one.clone(),
        // 1.7 and 1.8 have this name and no other.
        (None, []) if spec.location.layout() == Some(Layout::Moin18) => "MOIN_SESSION".to_owned(),
        (None, []) => {
            let address = spec.address();
            return Err(Failure::usage(format!(
                "nothing tells the name of the cookie of {address}: say {flag} NAME"
            )));
        }
        (None, several) => {
            return Err(Failure::usage(format!(
                "the wikis of {} call their cookies {}: say {flag} NAME",
                spec.address(),
                several.join(", ")
            )));
        }
    };
    if kind != MapKind::Json && !is_plain_name(&name) {
        return Err(Failure::usage(format!(
            "the cookie name {name:?} is more than letters, digits, _ - and .: only --cookie-map json can hold it"
        )));
    }
    Ok(name)
}

/// Sessions are not moved if the map could not be written then.
fn writable(file: &Path) -> Result<(), Failure> {
    let told =
        |error: &dyn std::fmt::Display| Failure::usage(format!("--cookie-map {}: {error}", file.display()));
    if file.file_name().is_none() || file.is_dir() {
        return Err(told(&"a directory, expected the name of a file"));
    }
    // It goes into a line of a configuration.
    if file.to_string_lossy().contains(|c: char| c.is_control() || matches!(c, '"' | '\\' | '\u{fffd}')) {
        return Err(told(&"expected a plain name, without quotes, backslashes and control characters"));
    }
    let parent = parent(file);
    rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).map_err(|error| told(&why(&error.into())))
}

fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Asked {
    /// Writes the map of the sessions that are at the target, unless this is only a plan.
    pub(super) fn write(self, report: &mut Report, now: i64) -> Result<Written, Failure> {
        let names = (self.old_name, self.new_name);
        let map = CookieMap::new(self.kind, names, self.takes, std::mem::take(&mut report.pairs), now);
        let label = label(&self.file);
        let mut files = vec![self.file.clone()];
        let texts = match self.kind {
            MapKind::Nginx => vec![map.nginx(&label)],
            MapKind::Json => vec![map.json()],
            MapKind::Apache => {
                let mut ids = self.file.clone().into_os_string();
                ids.push(".ids");
                let real = std::path::absolute(&ids).unwrap_or_else(|_| PathBuf::from(&ids));
                files.insert(0, PathBuf::from(ids));
                vec![map.apache_ids(), map.apache(&label, &real.display().to_string())]
            }
        };
        if !report.dry_run {
            for (file, text) in files.iter().zip(texts) {
                write_atomically(file, text.as_bytes(), MODE).map_err(|error| {
                    let again = "the sessions are moved: the same command writes it again";
                    Failure::partial(format!("{}: {error}; {again}", file.display(), error = why(&error)))
                })?;
            }
        }
        let files = files.iter().map(|file| file.display().to_string()).collect();
        let short = |pair: &Pair| {
            EntryName::new(pair.old.as_bytes()).map_or_else(|| "…".to_owned(), |name| name.to_string())
        };
        Ok(Written {
            kind: self.kind.name(),
            files,
            ids: map.pairs.len(),
            left_out: map.left_out.iter().map(short).collect(),
            drop_after: map.drop_after(),
            limit: self.kind.limit(),
        })
    }
}

/// The name of the file as part of a variable's name, so that several maps do not get in each other's way.
fn label(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

impl Written {
    /// Reports the ids that are not in the map.
    pub(super) fn complain(&self, context: &mut Context<'_>) {
        const MOST: usize = 10;
        let (count, limit) = (self.left_out.len(), self.limit);
        if count == 0 {
            return;
        }
        let ids = self.left_out.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if count > MOST { format!(" and {} more", count - MOST) } else { String::new() };
        let ids_are = if count == 1 { "1 id is" } else { &format!("{count} ids are") };
        context.complain(&format!(
            "--cookie-map {}: {ids_are} left out: {limit}: {ids}{more}; their users must log in again",
            self.kind
        ))
    }

    /// The exit status for ids that are left out.
    pub(super) fn status(&self) -> Exit {
        if self.left_out.is_empty() { Exit::Success } else { Exit::Partial }
    }

    /// For people.
    pub(super) fn tell(&self, dry_run: bool, context: &mut Context<'_>) {
        let would = if dry_run { "would write" } else { "wrote" };
        let day = jiff::Timestamp::from_second(self.drop_after).map_or_else(
            |_| "400 days".to_owned(),
            |after| after.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        );
        let ids = if self.ids == 1 { "1 id".to_owned() } else { format!("{} ids", self.ids) };
        let files = self.files.join(" and ");
        let files = crate::report::escape(&files);
        writeln!(context.out, "{would} {files}: {ids} for {}, to be dropped after {day}", self.kind);
    }
}
