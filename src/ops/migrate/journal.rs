//! What a migration has done, kept in the state directory so that a killed one can go on, and a done one be undone.
//!
//! A line is written, and on the disk, before the session it tells of is touched. It holds the hash of the bytes, so
//! that whoever reads it can tell what was done since from what was not: a session at the target with these bytes is
//! the one that was put there. Holds ids and, where they would be lost, pickles: the file is for its owner alone.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::{EntryName, Modified, NewSession, Raw};

use super::Source;

/// One session that is about to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its id at the source.
    pub(super) id: String,
    /// Its id at the target.
    pub(super) to: String,
    /// The hash of what is written; see [`hash`].
    pub(super) hash: String,
    /// What is at the source, if that is to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Kept>,
    /// What was at the target, if it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Kept>,
}

/// A session, whole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The pickle, base64; absent where it is just what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pickle: Option<String>,
    seconds: i64,
    nanos: u32,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
}

impl Kept {
    /// Keeps a session of the source.
    pub(super) fn of_source(source: &Source) -> Kept {
        Kept {
            pickle: source.bytes.as_ref().map(|bytes| STANDARD.encode(bytes)),
            seconds: source.modified.seconds,
            nanos: source.modified.nanos,
            mode: source.mode,
            owner: source.owner,
        }
    }

    /// Keeps a session of the target.
    pub(super) fn of(raw: &Raw) -> Kept {
        Kept {
            pickle: Some(STANDARD.encode(&raw.bytes)),
            seconds: raw.modified.seconds,
            nanos: raw.modified.nanos,
            mode: raw.mode,
            owner: raw.owner,
        }
    }

    /// The session again. `written` is what was written of it.
    pub(super) fn session(&self, id: EntryName, written: &[u8]) -> Option<NewSession> {
        let bytes = match &self.pickle {
            Some(text) => STANDARD.decode(text).ok()?,
            None => written.to_vec(),
        };
        let modified = Modified { seconds: self.seconds, nanos: self.nanos };
        Some(NewSession { id, bytes, modified, mode: self.mode, owner: self.owner, instead_of: None })
    }
}

/// The first 128 bits of SHA-256.
pub(super) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What a journal told when a run began: by the id at the target, all that was told of it, in order.
#[derive(Debug, Default)]
pub(super) struct Known {
    entries: HashMap<String, Vec<Entry>>,
}

impl Known {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Vec<Entry>)> {
        self.entries.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether what is at the target, with this hash, is what an earlier run put there.
    pub(super) fn tells(&self, id: &EntryName, hash: impl FnOnce() -> String) -> bool {
        let Some(told) = self.entries.get(id.reveal()) else { return false };
        let hash = hash();
        told.iter().any(|entry| entry.hash == hash)
    }
}

/// The first line.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Head {
    wikifarm_journal: u32,
    from: String,
    to: String,
}

/// A journal, open to be gone on with.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Where the journal of a move between two stores lies.
    pub(super) fn path(state_dir: &Path, from: &str, to: &str) -> PathBuf {
        let name = hash(format!("{from}\n{to}").as_bytes());
        state_dir.join(format!("migrate-{name}.jsonl"))
    }

    /// Opens the journal, or begins one.
    pub(super) fn open(path: PathBuf, from: &str, to: &str) -> io::Result<Journal> {
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        if file.metadata()?.len() == 0 {
            let head = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
            writeln!(file, "{}", serde_json::to_string(&head)?)?;
            file.sync_all()?;
            if let Some(dir) = path.parent() {
                File::open(dir)?.sync_all()?;
            }
        } else {
            // A line that was cut off is ended, so that the next stands for itself.
            writeln!(file)?;
        }
        Ok(Journal { path, file })
    }

    /// Where it lies.
    pub(super) fn place(&self) -> &Path {
        &self.path
    }

    /// Adds lines; when it returns they are on the disk.
    pub(super) fn add(&mut self, entries: impl IntoIterator<Item = Entry>) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, &entry)?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

/// Reads a journal.
///
/// # Errors
///
/// Where it cannot be read, is not ours to trust, or is of another move.
pub(super) fn read(path: &Path, from: &str, to: &str) -> Result<Known, String> {
    let mut known = Known::default();
    let told = |why: String| format!("{}: {why}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(known),
        Err(error) => return Err(told(error.to_string())),
    };
    let stat = file.metadata().map_err(|error| told(error.to_string()))?;
    let us = rustix::process::geteuid().as_raw();
    if (stat.uid() != us && stat.uid() != 0) || stat.mode() & 0o022 != 0 {
        return Err(told("others can write it, so it is not gone by".to_owned()));
    }
    let mut lines = BufReader::new(file).split(b'\n');
    let head = lines.next().transpose().map_err(|error| told(error.to_string()))?.unwrap_or_default();
    let wanted = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
    if !head.is_empty() && serde_json::from_slice::<Head>(&head).is_ok_and(|head| head != wanted) {
        return Err(told("the journal of another move".to_owned()));
    }
    for line in lines {
        let line = line.map_err(|error| told(error.to_string()))?;
        // A line that was cut off tells of nothing that was done.
        if let Ok(entry) = serde_json::from_slice::<Entry>(&line) {
            known.entries.entry(entry.to.clone()).or_default().push(entry);
        }
    }
    Ok(known)
}

/// Forgets a journal.
pub(super) fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_is_forgotten_and_the_next_stands_for_itself() {
        let root = tempfile::tempdir().unwrap();
        let path = Journal::path(&root.path().join("state"), "a", "b");
        let entry =
            |to: &str| Entry { id: "i".into(), to: to.into(), hash: hash(b"x"), source: None, before: None };
        let mut journal = Journal::open(path.clone(), "a", "b").unwrap();
        journal.add([entry("one")]).unwrap();
        drop(journal);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{{\"id\":\"i\",\"to\":\"cut")).unwrap();
        let mut journal = Journal::open(path.clone(), "a", "b").unwrap();
        journal.add([entry("two"), entry("one")]).unwrap();
        let read_back = read(&path, "a", "b").unwrap().entries;
        assert_eq!((read_back.len(), read_back["one"].len(), read_back["two"].len()), (2, 2, 1));
        assert!(read(&path, "a", "c").unwrap_err().contains("another move"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(read(&root.path().join("none"), "a", "b").unwrap().is_empty());
        forget(&path).unwrap();
        forget(&path).unwrap();
    }
}
