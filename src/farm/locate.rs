//! Finding and reading the farm file.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{Farm, SyntaxErrors};

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
    /// The file is Python, not TOML.
    Python(PathBuf),
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
            LoadError::NotUtf8(path, at) => {
                write!(f, "the farm file {} is not UTF-8 at byte {at}: save it as UTF-8", path.display())
            }
            LoadError::Fifo(path) => write!(f, "{} is a FIFO: name a regular file", path.display()),
            LoadError::Python(path) => write!(
                f,
                "{} is Python: this version reads farm files in TOML; see farm.example.toml",
                path.display()
            ),
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
    let text = read_text(path)?;
    if path.extension() == Some(OsStr::new("py")) {
        return Err(LoadError::Python(path.to_owned()));
    }
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
        return Err(LoadError::NotUtf8(path.to_owned(), at));
    }
    String::from_utf8(bytes)
        .map_err(|error| LoadError::NotUtf8(path.to_owned(), error.utf8_error().valid_up_to()))
}

/// Who besides root and the user `uid` could have written the file at `path`, if anybody: the file itself, or a
/// directory on the way to it. Commands that delete refuse such a farm file when run as root.
///
/// # Errors
/// If the file or a directory above it can't be looked at.
pub fn writable_by_others(path: &Path, uid: u32) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    let strange = |place: &Path, metadata: &Metadata| {
        if metadata.uid() != 0 && metadata.uid() != uid {
            return Some(format!("{} belongs to user {}", place.display(), metadata.uid()));
        }
        // In a sticky directory (/tmp) nobody can replace another's file.
        let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
        if metadata.mode() & 0o002 != 0 && !sticky {
            return Some(format!("{} is writable by everybody", place.display()));
        }
        if metadata.mode() & 0o020 != 0 && metadata.gid() != 0 && !sticky {
            return Some(format!("{} is writable by group {}", place.display(), metadata.gid()));
        }
        None
    };
    for place in path.ancestors() {
        if let Some(why) = strange(place, &place.metadata()?) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}
