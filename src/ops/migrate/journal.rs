//! What a migration has done, kept in the state directory so that a killed one can go on, and a done one be undone.
//!
//! A line is written, and on the disk, before the session it tells of is touched. It holds the hash of the bytes, so
//! that whoever reads it can tell what was done since from what was not: a session at the target with these bytes is
//! the one that was put there. Holds ids and, where they would be lost, pickles: the file is for its owner alone.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::{EntryName, Modified, NewSession, Raw};
use crate::sys::{DirError, PrivateDir, PrivateError, sync_directory, why};

/// One session that is about to be written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its id at the source.
    pub(super) id: String,
    /// Its id at the target.
    pub(super) to: String,
    /// The hash of what is written.
    #[serde(with = "hex")]
    pub(super) hash: Hash,
    /// What is at the source, if that is to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Kept>,
    /// What was at the target, if it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Kept>,
}

/// As much of an entry as is held of it.
#[derive(Deserialize)]
struct Brief {
    to: String,
    #[serde(with = "hex")]
    hash: Hash,
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
    /// Keeps a session; without `bytes` where these are just what is written.
    pub(super) fn new(
        bytes: Option<&[u8]>,
        Modified { seconds, nanos }: Modified,
        mode: Option<u32>,
        owner: Option<(u32, u32)>,
    ) -> Kept {
        Kept { pickle: bytes.map(|bytes| STANDARD.encode(bytes)), seconds, nanos, mode, owner }
    }

    /// Keeps a session of the target.
    pub(super) fn of(raw: &Raw) -> Kept {
        Kept::new(Some(&raw.bytes), raw.modified, raw.mode, raw.owner)
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
pub(super) type Hash = u128;

/// The [`Hash`] of some bytes.
pub(super) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).iter().take(16).fold(0, |hash, byte| hash << 8 | Hash::from(*byte))
}

/// A [`Hash`] in hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(hash: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{hash:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

/// What a journal told when a run began. A few bytes an entry are held, however large the move was; the entries
/// themselves are read again where they are needed.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By key, and of one key in the order of the journal.
    told: Vec<Told>,
    file: Option<File>,
}

/// Where an entry is, and what is looked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    /// Half the hash of the id at the target.
    key: u64,
    /// Where its line begins.
    offset: u64,
    hash: Hash,
}

fn key(id: &str) -> u64 {
    u64::try_from(hash(id.as_bytes()) & u128::from(u64::MAX)).unwrap_or(0)
}

impl Known {
    pub(super) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether what is at the target, with this hash, is what an earlier run put there.
    pub(super) fn tells(&self, id: &EntryName, hash: impl FnOnce() -> Hash) -> bool {
        if self.told.is_empty() {
            return false;
        }
        let key = key(id.reveal());
        let from = self.told.partition_point(|told| told.key < key);
        let mut same = self.told.iter().skip(from).take_while(|told| told.key == key).peekable();
        if same.peek().is_none() {
            return false;
        }
        let hash = hash();
        same.any(|told| told.hash == hash)
    }

    /// All that was told of each session at the target, in the order of the journal.
    pub(super) fn sessions(&self) -> impl Iterator<Item = io::Result<Vec<Entry>>> {
        self.told.chunk_by(|one, other| one.key == other.key).flat_map(|told| {
            let entries: io::Result<Vec<Entry>> = told.iter().map(|told| self.entry(told.offset)).collect();
            let mut entries = match entries {
                Ok(entries) => entries,
                Err(error) => return vec![Err(error)],
            };
            // Nearly always of one session.
            let mut sessions = Vec::new();
            while let Some(to) = entries.first().map(|entry| entry.to.clone()) {
                let (these, others) = entries.into_iter().partition(|entry| entry.to == to);
                sessions.push(Ok(these));
                entries = others;
            }
            sessions
        })
    }

    fn entry(&self, offset: u64) -> io::Result<Entry> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut line = vec![0; 1024];
        let mut filled = 0;
        loop {
            let at = offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
            let read = file.read_at(line.get_mut(filled..).unwrap_or_default(), at)?;
            let begun = filled;
            filled += read;
            let end = line.iter().take(filled).skip(begun).position(|byte| *byte == b'\n');
            if let Some(end) = end {
                line.truncate(begun + end);
                return Ok(serde_json::from_slice(&line)?);
            }
            if read == 0 {
                line.truncate(filled);
                return Ok(serde_json::from_slice(&line)?);
            }
            if filled == line.len() {
                line.resize(filled * 2, 0);
            }
        }
    }
}

/// The directory of a journal, and its name there.
fn parts(path: &Path) -> (&Path, Cow<'_, str>) {
    (path.parent().unwrap_or(path), path.file_name().unwrap_or_default().to_string_lossy())
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
        state_dir.join(format!("migrate-{name:032x}.jsonl"))
    }

    /// Opens the journal, or begins one.
    pub(super) fn open(path: PathBuf, from: &str, to: &str) -> io::Result<Journal> {
        let (dir, name) = parts(&path);
        let mut file = PrivateDir::make(dir).map_err(io::Error::other)?.append(&name)?;
        if file.metadata()?.len() == 0 {
            let head = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
            writeln!(file, "{}", serde_json::to_string(&head)?)?;
            file.sync_all()?;
            sync_directory(dir)?;
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
    let (dir, name) = parts(path);
    let dir = match PrivateDir::open(dir) {
        Ok(dir) => dir,
        Err(PrivateError::Directory(DirError::Missing { .. })) => return Ok(known),
        Err(error) => return Err(error.to_string()),
    };
    let Some(file) = dir.read(&name).map_err(|error| told(why(&error)))? else {
        return Ok(known);
    };
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let read = reader.read_until(b'\n', line);
        read.map_err(|error| format!("{}: {error}", path.display(), error = why(&error)))
    };
    let mut offset = next(&mut line)?;
    let wanted = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
    if serde_json::from_slice::<Head>(&line).is_ok_and(|head| head != wanted) {
        return Err(told("the journal of another move".to_owned()));
    }
    loop {
        let read = next(&mut line)?;
        if read == 0 {
            break;
        }
        // A line that was cut off tells of nothing that was done.
        if let Ok(Brief { to, hash }) = serde_json::from_slice::<Brief>(&line) {
            let offset = u64::try_from(offset).unwrap_or(u64::MAX);
            known.told.push(Told { key: key(&to), offset, hash });
        }
        offset += read;
    }
    known.told.sort_unstable();
    known.file = Some(file);
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
    use std::os::unix::fs::MetadataExt;

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
        let known = read(&path, "a", "b").unwrap();
        let mut sessions: Vec<(String, usize)> =
            known.sessions().map(Result::unwrap).map(|told| (told[0].to.clone(), told.len())).collect();
        sessions.sort();
        assert_eq!(sessions, [("one".to_owned(), 2), ("two".to_owned(), 1)]);
        let id = |text: &str| EntryName::new(text.as_bytes()).unwrap();
        assert!(known.tells(&id("one"), || hash(b"x")) && !known.tells(&id("one"), || hash(b"y")));
        assert!(!known.tells(&id("three"), || unreachable!()));
        assert!(read(&path, "a", "c").unwrap_err().contains("another move"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(read(&root.path().join("none"), "a", "b").unwrap().is_empty());
        forget(&path).unwrap();
        forget(&path).unwrap();
    }
}
