//! What a configuration is read with, and the result.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use url::Url;

use super::evidence::Evidence;
use super::settings::LeftOut;
use crate::farm::{Farm, Key, Span, Wiki};
use crate::moin::Version;
use crate::pyconfig::run::Ran;

/// Why a configuration can't be read at all.
#[derive(Debug)]
pub enum ReadError {
    /// The file can't be read.
    Io(PathBuf, io::Error),
    /// The file can't be used, and why.
    Refused(PathBuf, String),
}

/// What is not known from the files alone.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The version that the wikis run, where no comment of the files names another.
    pub moin: Option<Version>,
    /// URLs of wikis, by name; without a name, of the only one.
    pub urls: Vec<(Option<String>, Url)>,
    /// Whether `config import` reads the files. Advice then names its options.
    pub importing: bool,
    /// What an earlier farm file has. It counts if the files do not set it.
    pub kept: Vec<Kept>,
    /// What running the files gave.
    pub ran: Option<Ran>,
}

/// What a farm file has about a wiki beside the settings of MoinMoin.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The wiki's name.
    pub name: String,
    /// Its URL.
    pub url: Url,
    /// Its other URLs.
    pub aliases: Vec<Url>,
    /// The version that it runs.
    pub version: Version,
}

impl Options {
    /// The URL that an option gives to a wiki.
    pub(super) fn given(&self, name: &str, wikis: usize) -> Option<Url> {
        let is = |given: &Option<String>| given.as_ref().map_or(wikis == 1, |given| given == name);
        self.urls.iter().find(|(given, _)| is(given)).map(|(_, url)| url.clone())
    }

    /// What an earlier farm file has about a wiki. A single wiki may have another name there.
    pub(super) fn kept(&self, name: &str, wikis: usize) -> Option<&Kept> {
        let only = self.kept.first().filter(|_| wikis == 1 && self.kept.len() == 1);
        self.kept.iter().find(|kept| kept.name == name).or(only)
    }
}

/// A configuration that was read.
#[derive(Debug)]
pub struct Imported {
    /// The farm, as far as it is known. What is not known is among its problems.
    pub farm: Farm,
    /// The settings that were left out, by the wiki's name.
    pub left_out: BTreeMap<String, Vec<LeftOut>>,
    /// Remarks on settings whose value is not literal in the files, by the offset of the value.
    pub remarks: BTreeMap<(Key, usize), String>,
    /// The version that the files suggest, if nothing names it.
    pub evidence: Option<Evidence>,
    /// Wikis that are left out of the farm, as their file has no class Config that is known: by name and span.
    pub left_out_wikis: Vec<(String, Span)>,
    /// Wikis whose URL is not known. They are not in the farm.
    pub without_url: Vec<Wiki>,
    /// The options of `config import` that ran the files, if they ran.
    pub ran: Option<String>,
    /// Values that another machine or user could see differently, and where.
    pub assumed: Vec<(Span, String)>,
}
