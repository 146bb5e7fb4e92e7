//! The journal of a migration in the state directory, for continuing a killed run and for undoing a complete one.
//!
//! A line is synced to disk before its session is changed. The line has a hash of the bytes: a session at the target with
//! this hash is a copy by wikifarm. The file contains ids, and pickles that would be lost: only its owner may read it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ops::Problem;
use crate::store::{EntryName, Modified, NewSession, Raw};
use crate::sys::{DirError, PrivateDir, PrivateError, sync_directory, why};

/// A session to write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its id at the source.
    pub(super) id: String,
    /// Its id at the target.
    pub(super) to: String,
    /// The hash of the written bytes.
    #[serde(with = "hex")]
    pub(super) hash: Hash,
    /// The session at the source, if it is to be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Kept>,
    /// The session at the target, if it is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Kept>,
}

/// The part of an entry that is kept in memory.
#[derive(Deserialize)]
struct Brief {
    to: String,
    #[serde(with = "hex")]
    hash: Hash,
}

/// A session in the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The pickle in base64; absent if it equals the written bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pickle: Option<String>,
    seconds: i64,
    nanos: u32,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
}

impl Kept {
    /// A session; without `bytes` if they equal the written bytes.
    pub(super) fn new(
        bytes: Option<&[u8]>,
        Modified { seconds, nanos }: Modified,
        mode: Option<u32>,
        owner: Option<(u32, u32)>,
    ) -> Kept {
        Kept { pickle: bytes.map(|bytes| STANDARD.encode(bytes)), seconds, nanos, mode, owner }
    }

    /// A session of the target.
    pub(super) fn of(raw: &Raw) -> Kept {
        Kept::new(Some(&raw.bytes), raw.modified, raw.mode, raw.owner)
    }

    /// Rebuilds the session. `written` are the written bytes.
    pub(super) fn session(&self, id: EntryName, written: &[u8]) -> Option<NewSession> {
        let bytes = match &self.pickle {
            Some(text) => STANDARD.decode(text).ok()?,
            None => written.to_vec(),
        };
        let modified = Modified { seconds: self.seconds, nanos: self.nanos };
        Some(NewSession { id, bytes, modified, mode: self.mode, owner: self.owner, instead_of: None })
    }
}

/// The first 128 bits of a SHA-256.
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

/// An index of a journal at the start of a run. Entries are read from the file when needed.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By key, then in the order of the journal.
    lines: Vec<Line>,
    file: Option<File>,
}

/// The position of an entry, and its keys.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    /// Half of the hash of the id at the target.
    key: u64,
    /// The offset of the line.
    offset: u64,
    hash: Hash,
}

fn key(id: &str) -> u64 {
    u64::try_from(hash(id.as_bytes()) & u128::from(u64::MAX)).unwrap_or(0)
}

impl Known {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether an earlier run wrote the session `id` with this hash.
    pub(super) fn wrote(&self, id: &EntryName, hash: impl FnOnce() -> Hash) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let key = key(id.reveal());
        let from = self.lines.partition_point(|line| line.key < key);
        let mut same = self.lines.iter().skip(from).take_while(|line| line.key == key).peekable();
        if same.peek().is_none() {
            return false;
        }
        let hash = hash();
        same.any(|line| line.hash == hash)
    }

    /// The entries of each session at the target, in the order of the journal.
    pub(super) fn sessions(&self) -> impl Iterator<Item = io::Result<Vec<Entry>>> {
        self.lines.chunk_by(|one, other| one.key == other.key).flat_map(|lines| {
            let entries: io::Result<Vec<Entry>> = lines.iter().map(|line| self.entry(line.offset)).collect();
            let mut entries = match entries {
                Ok(entries) => entries,
                Err(error) => return vec![Err(error)],
            };
            // Almost always one session; keys can collide.
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

/// The directory and the name of a journal.
fn parts(path: &Path) -> (&Path, Cow<'_, str>) {
    (path.parent().unwrap_or(path), path.file_name().unwrap_or_default().to_string_lossy())
}

/// The first line of a journal.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
struct Head {
    wikifarm_journal: u32,
    from: String,
    to: String,
}

/// A journal that is open for writing.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// The path of the journal for two stores.
    pub(super) fn path(state_dir: &Path, from: &str, to: &str) -> PathBuf {
        let name = hash(format!("{from}\n{to}").as_bytes());
        state_dir.join(format!("migrate-{name:032x}.jsonl"))
    }

    /// Opens or creates the journal.
    pub(super) fn open(path: PathBuf, from: &str, to: &str) -> io::Result<Journal> {
        let (dir, name) = parts(&path);
        let mut file =
            PrivateDir::make(dir).map_err(|error| io::Error::other(Problem::from(&error)))?.append(&name)?;
        if file.metadata()?.len() == 0 {
            let head = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
            writeln!(file, "{}", serde_json::to_string(&head)?)?;
            file.sync_all()?;
            sync_directory(dir)?;
        } else {
            // Ends a truncated line.
            writeln!(file)?;
        }
        Ok(Journal { path, file })
    }

    /// The path.
    pub(super) fn file(&self) -> &Path {
        &self.path
    }

    /// Adds lines, and syncs them to disk.
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
/// If the journal can't be read, is not trusted, or belongs to other stores.
pub(super) fn read(path: &Path, from: &str, to: &str) -> Result<Known, Problem> {
    let mut known = Known::default();
    let failed = |why: String| Problem::from(why).at(path.display());
    let (dir, name) = parts(path);
    let dir = match PrivateDir::open(dir) {
        Ok(dir) => dir,
        Err(PrivateError::Directory(DirError::Missing { .. })) => return Ok(known),
        Err(error) => return Err(Problem::from(&error)),
    };
    let Some(file) = dir.read(&name).map_err(|error| failed(why(&error)))? else {
        return Ok(known);
    };
    let mut reader = BufReader::new(&file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let read = reader.read_until(b'\n', line);
        read.map_err(|error| failed(why(&error)))
    };
    let mut offset = next(&mut line)?;
    let wanted = Head { wikifarm_journal: 1, from: from.to_owned(), to: to.to_owned() };
    if serde_json::from_slice::<Head>(&line).is_ok_and(|head| head != wanted) {
        return Err(failed("is the journal of other stores".to_owned()));
    }
    loop {
        let read = next(&mut line)?;
        if read == 0 {
            break;
        }
        // A truncated line was never acted on.
        if let Ok(Brief { to, hash }) = serde_json::from_slice::<Brief>(&line) {
            let offset = u64::try_from(offset).unwrap_or(u64::MAX);
            known.lines.push(Line { key: key(&to), offset, hash });
        }
        offset += read;
    }
    known.lines.sort_unstable();
    known.file = Some(file);
    Ok(known)
}

/// Deletes a journal.
pub(super) fn delete(path: &Path) -> io::Result<()> {
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
    fn truncated_line_is_ignored_and_the_next_is_read() {
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
            known.sessions().map(Result::unwrap).map(|all| (all[0].to.clone(), all.len())).collect();
        sessions.sort();
        assert_eq!(sessions, [("one".to_owned(), 2), ("two".to_owned(), 1)]);
        let id = |text: &str| EntryName::new(text.as_bytes()).unwrap();
        assert!(known.wrote(&id("one"), || hash(b"x")) && !known.wrote(&id("one"), || hash(b"y")));
        assert!(!known.wrote(&id("three"), || unreachable!()));
        assert!(read(&path, "a", "c").unwrap_err().message.contains("other stores"));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(read(&root.path().join("none"), "a", "b").unwrap().is_empty());
        delete(&path).unwrap();
        delete(&path).unwrap();
    }
}
