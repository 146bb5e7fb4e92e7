//! Finding and reading the farm file.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{Farm, SyntaxErrors, python};
use crate::sys::{Dir, open_regular};

/// The farm file of the whole machine.
pub const SYSTEM_FILE: &str = "/etc/wikifarm/farm.toml";

/// The environment variable that names the farm file.
pub const VARIABLE: &str = "WIKIFARM_FILE";

/// The largest farm file that is read: 16 MiB, some 100,000 wikis.
pub const LARGEST: u64 = 16 << 20;

/// Why there is no farm.
#[derive(Debug)]
pub enum LoadError {
    /// No file was named and none is in its usual places.
    NotFound,
    /// The file can't be read.
    Io(PathBuf, io::Error),
    /// The file is larger than [`LARGEST`].
    TooLarge(PathBuf),
    /// The file is a FIFO, which nobody may ever write into.
    Fifo(PathBuf),
    /// The file is no text in UTF-8 from that byte on.
    NotUtf8(PathBuf, usize),
    /// A NUL at that byte, after what is text.
    Nul(PathBuf, usize),
    /// The Python file can't be read: why.
    Python(PathBuf, String),
    /// The file is no TOML.
    Syntax(Box<SyntaxErrors>),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotFound => write!(
                f,
                "no farm file: looked for --farm, ${VARIABLE}, ./farm.toml and {SYSTEM_FILE}; name one with -f FILE"
            ),
            LoadError::Io(path, error) => {
                write!(f, "can't read the farm file {}: {}", path.display(), reason(error))
            }
            LoadError::TooLarge(path) => {
                write!(f, "the farm file {} is larger than {} MiB", path.display(), LARGEST >> 20)
            }
            LoadError::Nul(path, at) => {
                write!(
                    f,
                    "the farm file {} has a NUL at byte {at}: it is no text, or not UTF-8; save it as UTF-8",
                    path.display()
                )
            }
            LoadError::NotUtf8(path, at) => {
                write!(f, "the farm file {} is not UTF-8 at byte {at}: save it as UTF-8", path.display())
            }
            LoadError::Fifo(path) => write!(f, "{} is a FIFO: name a regular file", path.display()),
            LoadError::Python(path, why) => write!(f, "can't read the farm file {}: {why}", path.display()),
            LoadError::Syntax(errors) => {
                write!(f, "the farm file {} is no TOML", errors.source.path().display())
            }
        }
    }
}

impl LoadError {
    /// Why a file could not be read, without saying which.
    pub fn why(&self) -> String {
        match self {
            LoadError::Io(_, error) => reason(error),
            LoadError::TooLarge(_) => format!("it is larger than {} MiB", LARGEST >> 20),
            LoadError::Nul(_, at) => format!("it has a NUL at byte {at}: it is no text, or not UTF-8"),
            LoadError::NotUtf8(_, at) => format!("it is not UTF-8 at byte {at}"),
            LoadError::Fifo(_) => "it is a FIFO: name a regular file".to_owned(),
            other => other.to_string(),
        }
    }
}

impl std::error::Error for LoadError {}

/// An I/O error in words, without the operating system's number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}

/// The farm file to read: the one named on the command line, else `$WIKIFARM_FILE`, else `./farm.toml`, else
/// [`SYSTEM_FILE`].
///
/// # Errors
/// [`LoadError::NotFound`] if none was named and none is there.
pub fn locate(flag: Option<&Path>, variable: Option<&OsStr>) -> Result<PathBuf, LoadError> {
    if let Some(path) = flag {
        return Ok(path.to_owned());
    }
    if let Some(path) = variable.filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    for path in [Path::new("farm.toml"), Path::new(SYSTEM_FILE)] {
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // There, or there but hidden from us: reading it will say why.
            _ => return Ok(path.to_owned()),
        }
    }
    Err(LoadError::NotFound)
}

/// Reads and parses the farm file at `path`.
///
/// # Errors
/// Why it could not be read. What is wrong inside a file that is TOML is in [`Farm::problems`].
pub fn load(path: &Path) -> Result<Farm, LoadError> {
    if python::is_python(path) {
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let options = python::Options { home, ..python::Options::default() };
        return Ok(python::read(path, &options)?.farm);
    }
    let text = read_text(path)?;
    Farm::parse(path, text).map_err(LoadError::Syntax)
}

/// Reads a file of text whole.
///
/// # Errors
/// If it can't be read, is too large, or is no text.
pub fn read_text(path: &Path) -> Result<String, LoadError> {
    let io = |error| LoadError::Io(path.to_owned(), error);
    // A FIFO that nobody writes into would block the opening for ever.
    let mut file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(io)?;
    if file.metadata().map_err(io)?.file_type().is_fifo() {
        // The shell's <(command) is one too, with its writer already there.
        if !path.starts_with("/dev/fd") && !path.starts_with("/proc") && path != Path::new("/dev/stdin") {
            return Err(LoadError::Fifo(path.to_owned()));
        }
        file = File::open(path).map_err(io)?;
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let text = bytes.get(..at).is_some_and(|before| std::str::from_utf8(before).is_ok());
        let path = path.to_owned();
        return Err(if text { LoadError::Nul(path, at) } else { LoadError::NotUtf8(path, at) });
    }
    // A byte order mark is no part of the text.
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes)
        .map_err(|error| LoadError::NotUtf8(path.to_owned(), error.utf8_error().valid_up_to()))
}

/// Why somebody other than root and the user `uid` could have written what `farm` was read from, if so: the file, a
/// link or directory on the way to it, or the directory that its relative paths start from. Commands that delete
/// refuse such a farm when run as root.
///
/// The file is opened anew by a way that follows no stranger's link, and must still say what was read.
pub fn could_be_strangers(farm: &Farm, uid: u32) -> Option<String> {
    farm.source.files().find_map(|(path, bytes)| file_could_be_strangers(path, bytes, uid))
}

/// The same of one file of the farm, which said `bytes`.
fn file_could_be_strangers(path: &Path, bytes: &[u8], uid: u32) -> Option<String> {
    let failed =
        |error: &dyn fmt::Display| Some(format!("can't tell who may write {}: {error}", path.display()));
    // The directory as it was named, where relative paths start, and each directory that a link of ours leads to.
    let mut path = path.to_owned();
    for _ in 0..8 {
        let (parent, name) = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if parent == Path::new("") => (Path::new("."), name),
            (Some(parent), Some(name)) => (parent, name),
            _ => return Some(format!("{} is no file", path.display())),
        };
        let dir = match Dir::open(parent) {
            Ok(dir) => dir,
            Err(error) => return failed(&error),
        };
        match strange_directories(parent, uid) {
            Ok(None) => {}
            Ok(Some(why)) => return Some(why),
            Err(error) => return failed(&error),
        }
        let link = match path.symlink_metadata() {
            Ok(metadata) if metadata.file_type().is_symlink() => metadata,
            Ok(_) => return strange_file(bytes, &dir, name, uid, &path),
            Err(error) => return failed(&error),
        };
        if link.uid() != 0 && link.uid() != uid {
            return Some(format!("{} is a link of user {}", path.display(), link.uid()));
        }
        path = match path.read_link() {
            Ok(target) => parent.join(target),
            Err(error) => return failed(&error),
        };
    }
    Some(format!("{} leads over too many links", path.display()))
}

/// Why the file itself is not to be trusted.
fn strange_file(said: &[u8], dir: &Dir, name: &OsStr, uid: u32, path: &Path) -> Option<String> {
    let failed = |error: &dyn fmt::Display| Some(format!("can't read {} again: {error}", path.display()));
    let Ok(name) = CString::new(name.as_bytes()) else { return failed(&"its name holds a NUL") };
    let file = match open_regular(dir, &name) {
        Ok(file) => file,
        Err(error) => return failed(&error),
    };
    let mut bytes = Vec::new();
    if let Err(error) = file.read(&mut bytes) {
        return failed(&error);
    }
    // A byte order mark may have been taken off.
    if bytes != said && bytes.strip_prefix(b"\xef\xbb\xbf") != Some(said) {
        return Some(format!("{} changed while it was read", path.display()));
    }
    let (owner, group, mode) = (file.stat().uid, file.stat().gid, file.stat().mode);
    strange(&path.display(), owner, group, mode, uid)
}

/// Why a directory or one above it is not to be trusted.
fn strange_directories(path: &Path, uid: u32) -> io::Result<Option<String>> {
    for place in path.canonicalize()?.ancestors() {
        let metadata = place.metadata()?;
        // In a sticky directory (/tmp) nobody can replace another's file.
        let mode = if metadata.mode() & 0o1000 != 0 { metadata.mode() & !0o022 } else { metadata.mode() };
        if let Some(why) = strange(&place.display(), metadata.uid(), metadata.gid(), mode, uid) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

fn strange(place: &dyn fmt::Display, owner: u32, group: u32, mode: u32, uid: u32) -> Option<String> {
    if owner != 0 && owner != uid {
        return Some(format!("{place} belongs to user {owner}"));
    }
    if mode & 0o002 != 0 {
        return Some(format!("{place} is writable by everybody"));
    }
    (mode & 0o020 != 0 && group != 0).then(|| format!("{place} is writable by group {group}"))
}
