//! What is read from where, and what comes of it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use url::Url;

use super::evidence::Evidence;
use super::settings::LeftOut;
use crate::farm::{Farm, Key, Span};
use crate::moin::Version;

/// Why a configuration can't be read at all.
#[derive(Debug)]
pub enum ReadError {
    /// The file can't be read.
    Io(PathBuf, io::Error),
    /// The file is none that is read: why.
    Refused(PathBuf, String),
}

/// What the files themselves do not say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The version that the wikis run, where no comment of the files says another.
    pub moin: Option<Version>,
    /// URLs of wikis, by name; without a name, of the only one.
    pub urls: Vec<(Option<String>, Url)>,
    /// What `~` stands for in `os.path.expanduser`.
    pub home: Option<PathBuf>,
    /// Whether a farm file is being made of them, or held against them: then nothing suggests making one.
    pub importing: bool,
}

/// A configuration that was read.
#[derive(Debug)]
pub struct Imported {
    /// The farm, as far as it is known. Whatever is not known is among its problems.
    pub farm: Farm,
    /// The settings that were left out, by the wiki's name.
    pub left_out: BTreeMap<String, Vec<LeftOut>>,
    /// What is to be said beside a setting that does not stand in the files like that, by where its value stands.
    pub remarks: BTreeMap<(Key, usize), String>,
    /// What the files tell about the version, if nothing better said it.
    pub evidence: Option<Evidence>,
    /// Wikis that are left out of the farm: by name, where they stand, and whether for want of a URL; else their file has
    /// no class Config that is known.
    pub left_out_wikis: Vec<(String, Span, bool)>,
    /// What was taken in a way that another machine or user would not, and where.
    pub assumed: Vec<(Span, String)>,
}
