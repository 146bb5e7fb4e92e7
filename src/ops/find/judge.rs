//! Decides whether a directory is a session directory.
//!
//! A name of 40 hexadecimal digits is not enough: cached pages, git objects, and downloads also have such names. Session
//! directories are the default directories of MoinMoin (`__session__`, `__common__/session`), and directories in the farm
//! file. In any other directory, at least half of the files must have session names, and at least half of a sample of
//! [`SAMPLE`] of these must be sessions: a pickled dict with an item that MoinMoin writes.

use std::ffi::{CStr, CString, OsStr};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::location::{Layout, Location, NameKind, SqliteLocation};
use crate::store::{Expires, Facts, Fields, json_id};
use crate::sys::{AsOwner, Dir, FileId, Kind, NotOpened, open_regular, read_head, stat_regular, why};

use super::candidate::{Candidate, Doubt, Report};
use super::users::Users;

/// How many files are read at most.
pub(super) const SAMPLE: usize = 16;

/// The form of a session directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Moin(Layout),
    Json,
}

const FORMS: [Form; 3] = [Form::Moin(Layout::Moin18), Form::Moin(Layout::Moin19), Form::Json];

impl Form {
    fn at(self, path: &Path) -> Location {
        match self {
            Form::Moin(layout) => Location::Directory { layout, path: path.to_owned() },
            Form::Json => Location::Json(path.to_owned()),
        }
    }

    /// The meaning of a file name.
    fn kind(self, name: &CStr) -> NameKind {
        match self {
            Form::Moin(layout) => layout.kind(name.to_bytes()),
            Form::Json if json_id(name).is_some() => NameKind::Session,
            Form::Json => NameKind::Foreign,
        }
    }
}

/// How many databases of a directory are checked.
const DATABASES: usize = 64;

/// The names of one form in a directory.
#[derive(Default)]
struct Names {
    sessions: u64,
    temp: u64,
    sample: Vec<CString>,
}

/// The names in a directory.
#[derive(Default)]
pub(super) struct Tally {
    names: [Names; 3],
    /// Regular files with other names.
    others: u64,
    databases: Vec<CString>,
}

impl Tally {
    pub(super) fn take(&mut self, name: &CStr) {
        let bytes = name.to_bytes();
        for (form, names) in FORMS.into_iter().zip(&mut self.names) {
            match form.kind(name) {
                NameKind::Foreign => continue,
                NameKind::Temp => names.temp += 1,
                NameKind::Session => {
                    names.sessions += 1;
                    if names.sample.len() < SAMPLE {
                        names.sample.push(name.to_owned());
                    }
                }
            }
            return;
        }
        self.others += 1;
        let database = [&b".db"[..], b".sqlite", b".sqlite3"].iter().any(|end| bytes.ends_with(end));
        if database && self.databases.len() < DATABASES {
            self.databases.push(name.to_owned());
        }
    }

    fn ours(&self) -> u64 {
        self.names.iter().map(|names| names.sessions + names.temp).sum()
    }
}

/// The form of a default session directory of MoinMoin.
fn usual(path: &Path) -> Option<Form> {
    if path.ends_with("__common__/session") {
        Some(Form::Moin(Layout::Moin18))
    } else if path.ends_with("__session__") {
        Some(Form::Moin(Layout::Moin19))
    } else {
        None
    }
}

/// Judges one directory.
pub(super) struct Judge<'a> {
    pub(super) users: &'a Users,
    pub(super) stop: &'a AtomicBool,
    pub(super) path: &'a Path,
    pub(super) report: &'a mut Report,
}

impl Judge<'_> {
    /// Adds the directory to the report if it is a candidate.
    pub(super) fn judge(&mut self, dir: &Dir, tally: &Tally) {
        let usual = usual(self.path);
        let mut found = Vec::new();
        for (form, names) in FORMS.into_iter().zip(&tally.names) {
            let location = form.at(self.path);
            let wikis = self.users.get(dir.id(), &location);
            let mut doubt = None;
            if wikis.is_none() {
                let here = names.sessions + names.temp > 0;
                // An empty default directory.
                let empty = usual == Some(form) && tally.ours() + tally.others == 0;
                if !here && !empty {
                    continue;
                }
                if usual != Some(form) {
                    doubt = self.doubt(dir, form, names, tally);
                }
            }
            let wikis = wikis.unwrap_or_default().to_vec();
            found.push(self.candidate(dir, (form, location), names, tally.others, (doubt, wikis)));
        }
        let certain = |layout| {
            found
                .iter()
                .any(|candidate| candidate.location.layout() == Some(layout) && candidate.doubt.is_none())
        };
        let mixed = Layout::ALL.into_iter().all(certain);
        for candidate in &mut found {
            candidate.mixed = mixed && candidate.location.layout().is_some();
        }
        self.report.candidates.append(&mut found);
        for name in &tally.databases {
            self.database(dir, name);
        }
    }

    fn doubt(&mut self, dir: &Dir, form: Form, names: &Names, tally: &Tally) -> Option<Doubt> {
        if names.sessions == 0 {
            return Some(Doubt::OnlyLeftOvers);
        }
        if tally.ours() < tally.others {
            return Some(Doubt::FewAmongOthers);
        }
        let (mut read, mut sessions) = (0, 0);
        let owner = AsOwner::of(dir);
        let mut bytes = Vec::new();
        let mut failed = owner.as_ref().err().map(ToString::to_string);
        for name in names.sample.iter().filter(|_| owner.is_ok()) {
            match open_regular(dir, name).and_then(|file| file.read(&mut bytes)) {
                Ok(()) => {
                    read += 1;
                    sessions += usize::from(is_session(form, &bytes));
                }
                Err(NotOpened::Io(error)) => failed = Some(why(&error)),
                Err(why @ (NotOpened::OtherDevice | NotOpened::MountPoint)) => failed = Some(why.to_string()),
                Err(_) => {}
            }
        }
        match (read, failed) {
            (0, Some(why)) => {
                let of = match names.sessions {
                    1 => "can't read the file with a session name".to_owned(),
                    many => format!("can't read any of the {many} files with session names"),
                };
                self.report.fail(self.path, &format!("{of}: {why}"));
                Some(Doubt::Unread)
            }
            (0, None) => Some(Doubt::OtherContent),
            _ if sessions > 0 && sessions * 2 >= read => None,
            _ => Some(Doubt::OtherContent),
        }
    }

    /// Counts the sessions, unless the directory is doubtful.
    fn candidate(
        &mut self,
        dir: &Dir,
        (form, location): (Form, Location),
        names: &Names,
        others: u64,
        (doubt, wikis): (Option<Doubt>, Vec<String>),
    ) -> Candidate {
        let mut candidate = Candidate {
            location,
            mixed: false,
            doubt,
            sessions: Some(names.sessions),
            temp: names.temp,
            others,
            bytes: 0,
            oldest: None,
            newest: None,
            uid: dir.uid(),
            mode: dir.mode(),
            wikis,
        };
        if doubt.is_some() || names.sessions == 0 {
            return candidate;
        }
        let mut sessions = 0;
        let mut failed = None;
        let listed = dir.list(|entry| {
            if self.stop.load(Ordering::Relaxed) {
                return ControlFlow::Break(());
            }
            if entry.kind != Kind::Regular || form.kind(entry.name) != NameKind::Session {
                return ControlFlow::Continue(());
            }
            match stat_regular(dir, entry.name) {
                Ok(stat) => {
                    sessions += 1;
                    candidate.bytes += stat.size;
                    let oldest = candidate.oldest.map_or(stat.modified, |oldest| oldest.min(stat.modified));
                    candidate.oldest = Some(oldest);
                    candidate.newest = candidate.newest.max(Some(stat.modified));
                }
                Err(NotOpened::Io(error)) => failed = Some(error),
                Err(_) => {}
            }
            ControlFlow::Continue(())
        });
        if let Some(error) = listed.err().or(failed) {
            self.report.fail(self.path, &why(&error));
        }
        candidate.sessions = Some(sessions);
        candidate
    }

    /// Detects a database of sessions by its header (SQLite's file format, 1.3: "application ID").
    fn database(&mut self, dir: &Dir, name: &CStr) {
        let mut head = [0; 72];
        let Ok(stat) = read_head(dir, name, &mut head) else { return };
        if !head.starts_with(b"SQLite format 3\0") || !head.ends_with(b"wkfm") {
            return;
        }
        let id = FileId { device: dir.id().device, inode: stat.inode };
        let location =
            Location::Sqlite(SqliteLocation::at(self.path.join(OsStr::from_bytes(name.to_bytes()))));
        let wikis = self.users.get(id, &location).unwrap_or_default().to_vec();
        self.report.candidates.push(Candidate {
            location,
            mixed: false,
            doubt: None,
            sessions: None,
            temp: 0,
            others: 0,
            bytes: stat.size,
            oldest: None,
            newest: Some(stat.modified),
            uid: stat.uid,
            mode: stat.mode,
            wikis,
        });
    }
}

/// Whether the bytes are a session: a dict with an item that MoinMoin writes.
fn is_session(form: Form, bytes: &[u8]) -> bool {
    if form == Form::Json {
        return std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\"wikifarm_session\""));
    }
    Facts::from_bytes(bytes, Fields { trail: true, ..Fields::default() }).is_ok_and(|facts| {
        facts.expires != Expires::Absent
            || facts.user.is_some()
            || facts.setuid.is_some()
            || !facts.trail.is_empty()
    })
}
