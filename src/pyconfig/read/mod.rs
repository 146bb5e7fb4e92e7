//! Farm files in Python: `farmconfig.py` with the files of its wikis, or a `wikiconfig.py`, read without running them.
//!
//! The files are parsed, their statements followed as Python would when it imports them, and expressions computed where
//! everything in them is known. What is not known stays unknown, with the expression at which that began, and is a
//! [`Problem`](crate::farm::Problem): a setting is never guessed. Nothing of the files is executed, and only files of the
//! configuration's own directory are read.
//!
//! The result is a [`Farm`](crate::farm::Farm) like that of a `farm.toml`, whose places are in the Python files.
//!
//! Source: `MoinMoin/config/multiconfig.py` of 1.7.3, 1.8.7 and 1.9.11 for how MoinMoin reads them.

mod address;
mod assign;
mod auth;
mod build;
mod call;
mod database;
mod decode;
mod eval;
mod evidence;
mod excerpt;
mod exec;
mod files;
mod flask;
mod format;
mod frame;
mod import;
mod imported;
mod literal;
mod method;
mod note;
mod operate;
mod paths;
mod scope;
mod settings;
mod syntax;
mod targets;
mod texts;
mod value;
mod wikis;
mod world;

use std::path::{Path, PathBuf};

use crate::farm::Source;
use build::Builder;
use files::{Disk, Files, Memory};
use wikis::Entry;
use world::World;

pub use evidence::Evidence;
pub use excerpt::expression;
pub(super) use excerpt::one_line;
pub use imported::{Imported, Options, ReadError};
pub(super) use paths::normpath;
pub use settings::LeftOut;

/// The largest file that is read: 1 MiB.
pub const LARGEST: u64 = files::LARGEST;

/// Whether a farm file is read as Python: a file called `….py`, or a directory.
pub fn is_python(path: &Path) -> bool {
    path.extension() == Some("py".as_ref()) || path.is_dir()
}

/// Reads a configuration: `farmconfig.py`, a `wikiconfig.py`, a directory with one of them, or a directory of directories
/// with a `wikiconfig.py` each.
///
/// # Errors
/// If the file can't be read at all. What is wrong inside is in the farm's problems.
pub fn read(path: &Path, options: &Options) -> Result<Imported, ReadError> {
    if !path.is_dir() {
        let root = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        return one(path, &mut Disk::below(root), options);
    }
    for name in ["farmconfig.py", "wikiconfig.py"] {
        let inside = below(path, name);
        if inside.symlink_metadata().is_ok() {
            return one(&inside, &mut Disk::below(path), options);
        }
    }
    many(path, &mut Disk::below(path), options)
}

/// Reads a configuration from texts: the first is the main file, the others are what it imports.
///
/// # Errors
/// As [`read`].
pub fn read_texts(files: &[(&str, &str)], options: &Options) -> Result<Imported, ReadError> {
    let texts = files.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()));
    let main = files.first().map_or("", |(name, _)| name);
    one(Path::new(main), &mut Memory(texts.collect()), options)
}

/// A name in a directory, without a leading `./`.
fn below(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
}

/// A configuration with one main file.
fn one(path: &Path, files: &mut dyn Files, options: &Options) -> Result<Imported, ReadError> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let base = Source::new(path.to_owned(), String::new()).directory();
    let source = Source::of_files(path.to_owned(), base.clone());
    let mut world = World::new(files, source, options.home.clone());
    world.python_3 = options.moin.is_some_and(|moin| moin.behaviour() == crate::moin::Behaviour::V2);
    let main = main_module(&mut world, &name, path)?;
    let list = world.modules.get(main).and_then(|module| module.names.get("wikis")).cloned();
    let has_config = world.modules.get(main).is_some_and(|module| module.names.contains_key("Config"));
    let mut builder = Builder::new(world, options, &base);
    match list {
        Some(list) if !has_config => {
            let entries = builder.world.wikis(&list.item);
            // Where the list can't be known, its wikis can be named.
            let entries = if entries.is_empty() { builder.named_entries(list.key) } else { entries };
            for entry in entries {
                let file = base_file(&base, &entry.name);
                builder.load(entry, &file, None);
            }
        }
        _ => {
            let span = builder.world.modules.get(main).map_or(0..0, |module| module.start..module.start + 1);
            let entry = Entry { name, span, expressions: Vec::new() };
            builder.load(entry, path, None);
        }
    }
    Ok(builder.finish())
}

/// The file of a wiki of `wikis`.
fn base_file(base: &Path, name: &str) -> PathBuf {
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let directory = parts.iter().fold(base.to_owned(), |at, part| below(&at, part).clone());
    below(&directory, &format!("{last}.py"))
}

/// The wikis in the directories below one, each called by its directory.
fn many(path: &Path, files: &mut dyn Files, options: &Options) -> Result<Imported, ReadError> {
    let io = |error| ReadError::Io(path.to_owned(), error);
    let mut names: Vec<String> = Vec::new();
    for entry in path.read_dir().map_err(io)? {
        let entry = entry.map_err(io)?;
        match entry.file_name().into_string() {
            Ok(name) if !name.starts_with('.') && entry.path().join("wikiconfig.py").is_file() => {
                names.push(name)
            }
            _ => {}
        }
    }
    names.sort();
    if names.is_empty() {
        let why = "the directory has no farmconfig.py and no wikiconfig.py, nor do the directories in it";
        return Err(ReadError::Refused(path.to_owned(), why.to_owned()));
    }
    let source = Source::of_files(path.to_owned(), path.to_owned());
    let world = World::new(files, source, options.home.clone());
    let mut builder = Builder::new(world, options, path);
    for name in names {
        let file = below(&below(path, &name), "wikiconfig.py");
        let entry = Entry { name, span: 0..0, expressions: Vec::new() };
        builder.load(entry, &file, Some("wikiconfig"));
    }
    Ok(builder.finish())
}

fn main_module(world: &mut World<'_>, name: &str, path: &Path) -> Result<usize, ReadError> {
    match world.module(name, path, None) {
        Some(module) => Ok(module),
        None => Err(match world.refused.take() {
            Some(why) => ReadError::Refused(path.to_owned(), why),
            None => ReadError::Io(path.to_owned(), rustix::io::Errno::NOENT.into()),
        }),
    }
}

#[cfg(test)]
mod tests;
