//! Farm files in Python: `farmconfig.py` with the files of its wikis, or a `wikiconfig.py`, read without running them.
//!
//! The files are parsed, their statements are followed as Python does when it imports them, and expressions are computed
//! where everything in them is known. Code that is not followed makes unknown everything that it could change (`lose.rs`). An
//! unknown value keeps the expression where that began, and a setting with such a value is a
//! [`Problem`](crate::farm::Problem), never a guess. Nothing of the files is executed, and only files of the
//! configuration's own directory are read. Where the files were run, too ([`run`](super::run)), the values of the run count.
//!
//! The result is a [`Farm`](crate::farm::Farm) like that of a `farm.toml`, with spans in the Python files.
//!
//! Source: `MoinMoin/config/multiconfig.py` of 1.7.3, 1.8.7 and 1.9.11 for how MoinMoin reads them.

mod address;
mod auth;
mod build;
mod by_method;
mod call;
mod classes;
mod compare;
mod database;
mod decode;
mod evidence;
mod excerpt;
mod exec;
mod expr;
mod files;
mod flask;
mod import;
mod imported;
mod literal;
mod lose;
mod namespace;
mod note;
mod paths;
mod ran;
mod settings;
mod strings;
mod syntax;
mod texts;
mod urls;
mod value;
mod wikis;
mod world;

use std::path::{Path, PathBuf};

use super::main_files::{below, main_files};
use crate::farm::Source;
use build::Builder;
use files::{Disk, Files, Memory};
use wikis::Entry;
use world::World;

pub use evidence::Evidence;
pub use excerpt::expression;
pub(super) use excerpt::one_line;
pub use imported::{Imported, Kept, Options, ReadError};
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
    let (main, wikis) = main_files(path).map_err(|error| ReadError::Io(path.to_owned(), error))?;
    match main {
        Some(main) => {
            let root = match main.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            one(&main, &mut Disk::below(root), options)
        }
        None => many(path, wikis, &mut Disk::below(path), options),
    }
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

/// A configuration with one main file.
fn one(path: &Path, files: &mut dyn Files, options: &Options) -> Result<Imported, ReadError> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let base = Source::new(path.to_owned(), String::new()).directory();
    let source = Source::of_files(path.to_owned(), base.clone());
    let mut world = World::new(files, source, options.moin);
    world.root = path.parent().unwrap_or(Path::new("")).to_owned();
    let main = main_module(&mut world, &name, path)?;
    let mut list = world.modules.get(main).and_then(|module| module.space.get("wikis"));
    if let Some(ran) = &options.ran {
        world.ran(ran);
        let read = list.take().unwrap_or_else(|| world.start(main));
        list = ran.list.as_ref().map(|json| world.ran_list(json, read));
    }
    let has_config = world.modules.get(main).is_some_and(|module| module.space.names.contains_key("Config"));
    let mut builder = Builder::new(world, options, &base);
    match list {
        Some(list) if !has_config => {
            let entries = builder.entries(&list);
            builder.world.shared = entries.len() > 1;
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

/// The wikis in directories of their own.
fn many(
    path: &Path,
    wikis: Vec<(String, PathBuf)>,
    files: &mut dyn Files,
    options: &Options,
) -> Result<Imported, ReadError> {
    if wikis.is_empty() {
        let why = format!("no farmconfig.py or wikiconfig.py in {} or its subdirectories", path.display());
        return Err(ReadError::Refused(path.to_owned(), why));
    }
    let source = Source::of_files(path.to_owned(), path.to_owned());
    let world = World::new(files, source, options.moin);
    let mut builder = Builder::new(world, options, path);
    for (name, directory) in wikis {
        let entry = Entry { name, span: 0..0, expressions: Vec::new() };
        builder.world.root.clone_from(&directory);
        builder.load(entry, &below(&directory, "wikiconfig.py"), Some("wikiconfig"));
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
