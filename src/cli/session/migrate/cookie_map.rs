//! `--cookie-map`: configuration with which a web server replaces old ids in cookies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, Exit, Failure, StoreSpec};
use crate::farm::{Farm, Wiki};
use crate::location::Layout;
use crate::moin::Duplicate;
use crate::ops::migrate::{CookieMap, MapKind, Pair, Report, is_plain_name};
use crate::store::{EntryName, seconds};
use crate::sys::{why, write_atomically};
use crate::text::hang;
use crate::text::measure::rfc3339;

/// Only the owner may read files with ids.
const MODE: u32 = 0o600;

/// The requested map.
pub(super) struct Asked {
    kind: MapKind,
    file: PathBuf,
    old_name: String,
    new_name: String,
    picks: Duplicate,
}

/// The map that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli::session) struct Written {
    /// `nginx`, `apache`, or `json`.
    kind: &'static str,
    /// The files.
    files: Vec<String>,
    /// The number of ids.
    ids: usize,
    /// Ids that this kind of map can't contain, shortened.
    left_out: Vec<String>,
    /// When the map is no longer needed, in unix seconds.
    drop_after: i64,
    /// When the map is no longer needed, as RFC 3339.
    drop_after_at: Option<String>,
    /// Why ids are omitted.
    #[serde(skip)]
    limit: &'static str,
}

/// Determines the names of both cookies, and checks that the file can be written.
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
        kind.ok_or_else(|| Failure::usage("--cookie-map: expected nginx, apache, or json, and a file"))?;
    let file = PathBuf::from(file);
    let wikis_of = |spec: &StoreSpec| -> Vec<&Wiki> {
        spec.wikis.iter().filter_map(|wiki| farm?.wiki(&wiki.name)).collect()
    };
    let (old, new) = (wikis_of(from), wikis_of(to));
    let asked = Asked {
        kind,
        old_name: name((from, "--old-cookie"), old_name, &old, kind)?,
        new_name: name((to, "--new-cookie"), new_name, &new, kind)?,
        // All wikis of a store are of one generation. MoinMoin up to 1.9.10 picks the last.
        picks: old.first().map_or(Duplicate::Last, |wiki| wiki.moin().takes()),
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
        // The only name in MoinMoin 1.7 and 1.8.
        (None, []) if spec.location.layout() == Some(Layout::Moin18) => "MOIN_SESSION".to_owned(),
        (None, []) => {
            let address = spec.address();
            return Err(Failure::usage(format!("{address}: unknown cookie name")).help(format!(
                "pass {flag} NAME; `wikifarm cookie header WIKI` prints the name that a wiki uses"
            )));
        }
        (None, several) => {
            let (address, names) = (spec.address(), several.join(", "));
            return Err(Failure::usage(format!(
                "{address}: its wikis have different cookie names ({names})"
            ))
            .help(format!("pass {flag} NAME")));
        }
    };
    if kind != MapKind::Json && !is_plain_name(&name) {
        return Err(Failure::usage(format!(
            "cookie name {name:?} has characters other than letters, digits, _, -, and ."
        ))
        .help("use --cookie-map json"));
    }
    Ok(name)
}

/// Checks that the map can be written, before any session is moved.
fn writable(file: &Path) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::usage(format!("--cookie-map {}: {error}", file.display()));
    if file.file_name().is_none() || file.is_dir() {
        return Err(failed(&"is a directory, expected a file"));
    }
    // The name becomes part of a configuration.
    if file.to_string_lossy().contains(|c: char| c.is_control() || matches!(c, '"' | '\\' | '\u{fffd}')) {
        return Err(failed(&"expected a file name without quotes, backslashes, and control characters"));
    }
    let parent = parent(file);
    rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).map_err(|error| failed(&why(&error.into())))
}

fn parent(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Asked {
    /// Writes the map, except in a dry run.
    pub(super) fn write(self, report: &mut Report, now: i64) -> Result<Written, Failure> {
        let names = (self.old_name, self.new_name);
        let map = CookieMap::new(self.kind, names, self.picks, std::mem::take(&mut report.pairs), now);
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
                    let text = format!("{}: {}: the sessions were copied", file.display(), why(&error));
                    Failure::partial(text).help("run the same command again to write the map")
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
            drop_after_at: rfc3339(seconds(map.drop_after())),
            limit: self.kind.limit(),
        })
    }
}

/// The file name as part of variable names, so that several maps can be used together.
fn label(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

impl Written {
    /// Reports omitted ids.
    pub(super) fn complain(&self, context: &mut Context<'_>) {
        const MOST: usize = 10;
        let (count, limit) = (self.left_out.len(), self.limit);
        if count == 0 {
            return;
        }
        let ids = self.left_out.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if count > MOST { format!(" and {} more", count - MOST) } else { String::new() };
        let omitted = if count == 1 { "1 id" } else { &format!("{count} ids") };
        context.complain(&format!(
            "--cookie-map {}: omits {omitted}: {limit}: {ids}{more}; their users must log in again",
            self.kind
        ))
    }

    /// The exit status for omitted ids.
    pub(super) fn status(&self) -> Exit {
        if self.left_out.is_empty() { Exit::Success } else { Exit::Partial }
    }

    /// Prints the files for people.
    pub(super) fn print(&self, dry_run: bool, context: &mut Context<'_>) {
        let would = if dry_run { "would write" } else { "wrote" };
        let day = jiff::Timestamp::from_second(self.drop_after).map_or_else(
            |_| "400 days".to_owned(),
            |after| after.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        );
        let ids = if self.ids == 1 { "1 id".to_owned() } else { format!("{} ids", self.ids) };
        let files = self.files.join(" and ");
        let files = crate::text::escape(&files);
        let text = format!("{would} {files}: {ids} for {}, no longer needed after {day}", self.kind);
        write!(context.out, "{}", hang("", 2, &text, context.width));
    }
}
