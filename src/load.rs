//! Finds and reads a farm file, in TOML or in Python.
//!
//! [`locate`] finds the file from the command line, the environment, and the default paths. [`load`] reads it: a `.py`
//! file or a directory as MoinMoin's own configuration, any other file as a `farm.toml`.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::farm::{Farm, LARGEST, SyntaxErrors};
use crate::pyconfig::read as python;
use crate::sys::{InputError, read_input, why};

/// The default farm file of the machine.
pub const SYSTEM_FILE: &str = "/etc/wikifarm/farm.toml";

/// The environment variable that names the farm file.
pub const VARIABLE: &str = "WIKIFARM_FILE";

/// Why a farm can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// No file was named, and there is none at the default paths.
    #[error("no farm file found")]
    NotFound,
    /// The file can't be read.
    #[error("can't read the farm file {}: {}", .0.display(), self.why())]
    Io(PathBuf, io::Error),
    /// The file is larger than [`LARGEST`].
    #[error("can't read the farm file {}: {}", .0.display(), self.why())]
    TooLarge(PathBuf),
    /// The file is a FIFO: reading it could wait forever.
    #[error("can't read the farm file {}: {}", .0.display(), self.why())]
    Fifo(PathBuf),
    /// The file is a device.
    #[error("can't read the farm file {}: {}", .0.display(), self.why())]
    Device(PathBuf),
    /// The file has a byte that is not UTF-8, at this offset.
    #[error("{}: {}", .0.display(), self.why())]
    NotUtf8(PathBuf, usize),
    /// The file has a NUL byte at this offset.
    #[error("{}: {}", .0.display(), self.why())]
    Nul(PathBuf, usize),
    /// The Python file can't be read, for this reason.
    #[error("can't read the farm file {}: {}", .0.display(), self.why())]
    Python(PathBuf, String),
    /// The file is not TOML.
    #[error("{}: {}", .0.source.path().display(), self.why())]
    Syntax(Box<SyntaxErrors>),
}

impl LoadError {
    /// The reason without the path.
    pub fn why(&self) -> String {
        match self {
            LoadError::NotFound => self.to_string(),
            LoadError::Io(_, error) => why(error),
            LoadError::TooLarge(_) => format!("it is larger than {} MiB", LARGEST >> 20),
            LoadError::Nul(_, at) => format!("NUL at byte {at}: not text, or not UTF-8"),
            LoadError::NotUtf8(_, at) => format!("not UTF-8 at byte {at}"),
            LoadError::Fifo(_) => InputError::Fifo.to_string(),
            LoadError::Device(_) => InputError::Device.to_string(),
            LoadError::Python(_, why) => why.clone(),
            LoadError::Syntax(_) => "not valid TOML".to_owned(),
        }
    }

    /// What the user can do.
    pub fn help(&self) -> Option<String> {
        match self {
            LoadError::NotFound => Some(format!(
                "name it with -f FILE or ${VARIABLE}, or create ./farm.toml or {SYSTEM_FILE} with `wikifarm config new`"
            )),
            LoadError::Nul(..) | LoadError::NotUtf8(..) => Some("save the file as UTF-8".to_owned()),
            _ => None,
        }
    }
}

impl From<python::ReadError> for LoadError {
    fn from(error: python::ReadError) -> LoadError {
        match error {
            python::ReadError::Io(path, error) => LoadError::Io(path, error),
            python::ReadError::Refused(path, why) => LoadError::Python(path, why),
        }
    }
}

/// A farm file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Located {
    /// Its path.
    pub path: PathBuf,
    /// Whether the file was found in the working directory without being named: another user may own it.
    pub by_chance: bool,
}

/// Finds the farm file: the one named on the command line, else `$WIKIFARM_FILE`, else `./farm.toml`, else
/// [`SYSTEM_FILE`].
///
/// # Errors
/// [`LoadError::NotFound`] if no file is named and none exists.
pub fn locate(flag: Option<&Path>, variable: Option<&OsStr>) -> Result<Located, LoadError> {
    let named = flag.or_else(|| variable.filter(|path| !path.is_empty()).map(Path::new));
    if let Some(path) = named {
        return Ok(Located { path: path.to_owned(), by_chance: false });
    }
    for (path, by_chance) in [("farm.toml", true), (SYSTEM_FILE, false)] {
        match Path::new(path).symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // The file exists, or can't be checked: reading it gives the reason.
            _ => return Ok(Located { path: PathBuf::from(path), by_chance }),
        }
    }
    Err(LoadError::NotFound)
}

/// Reads the farm file at `path`. A Python file is read without running it; `~` in it is `$HOME`.
///
/// # Errors
/// If the file can't be read or is not TOML. Other problems are in [`Farm::problems`].
pub fn load(path: &Path) -> Result<Farm, LoadError> {
    if python::is_python(path) {
        return Ok(python::read(path, &python::Options::default())?.farm);
    }
    let text = read_text(path)?;
    Farm::parse(path, text).map_err(LoadError::Syntax)
}

/// Reads a text file without its byte order mark.
///
/// # Errors
/// If the file can't be read, is too large, or is not text.
pub(crate) fn read_text(path: &Path) -> Result<String, LoadError> {
    let mut bytes = read_input(path, LARGEST).map_err(|error| match error {
        InputError::Fifo => LoadError::Fifo(path.to_owned()),
        InputError::Device => LoadError::Device(path.to_owned()),
        InputError::TooLarge(_) => LoadError::TooLarge(path.to_owned()),
        InputError::Io(error) => LoadError::Io(path.to_owned(), error),
    })?;
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let text = bytes.get(..at).is_some_and(|before| std::str::from_utf8(before).is_ok());
        let path = path.to_owned();
        return Err(if text { LoadError::Nul(path, at) } else { LoadError::NotUtf8(path, at) });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes)
        .map_err(|error| LoadError::NotUtf8(path.to_owned(), error.utf8_error().valid_up_to()))
}
