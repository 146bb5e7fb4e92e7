//! A disk for the tests of rules, described by lines in the pages of the rules.

use std::io;
use std::path::{Path, PathBuf};

use super::tests::blocks;
use super::{Directory, Disk, Entries, Sessions};
use crate::health::{self, Trouble};
use crate::sys::{Account, FileSystem, FreeSpace, Medium};

/// A disk where every directory exists and is private, except for the facts.
#[derive(Default)]
pub(super) struct FakeDisk(Vec<(PathBuf, Fact)>);

/// The fact in a line `PATH: FACT` below an example.
enum Fact {
    Missing,
    Mode(u32),
    Owner(u32),
    InMemory,
    Sessions(usize),
    Foreign(String),
    Job(String),
    Health(String),
}

impl Fact {
    fn parse(text: &str) -> Fact {
        let words: Vec<&str> = text.split(' ').collect();
        match words.as_slice() {
            ["does", "not", "exist"] => Fact::Missing,
            ["mode", mode] => Fact::Mode(u32::from_str_radix(mode, 8).unwrap()),
            ["owner", uid] => Fact::Owner(uid.parse().unwrap()),
            ["file", "system", "in", "memory"] => Fact::InMemory,
            ["contains", count, "sessions"] => Fact::Sessions(count.parse().unwrap()),
            ["contains", name] => Fact::Foreign((*name).to_owned()),
            ["runs", ..] => Fact::Job(text.to_owned()),
            ["has" | "is", ..] => Fact::Health(text.to_owned()),
            _ => panic!("unknown fact {text:?}"),
        }
    }
}

impl FakeDisk {
    /// The disk that the `text` blocks of a section describe.
    pub(super) fn of(section: &str) -> FakeDisk {
        let lines = blocks(section)
            .into_iter()
            .filter(|(language, _)| *language == "text")
            .flat_map(|(_, text)| text.lines());
        FakeDisk(
            lines
                .map(|line| line.split_once(": ").unwrap())
                .map(|(path, fact)| (path.into(), Fact::parse(fact)))
                .collect(),
        )
    }

    fn facts(&self, path: &Path) -> impl Iterator<Item = &Fact> {
        self.0.iter().filter(move |(of, _)| of == path).map(|(_, fact)| fact)
    }

    /// The facts in the lines about a session directory.
    fn health(&self, path: &Path) -> health::Facts {
        let mut facts = health::Facts { path: path.to_owned(), ..Default::default() };
        let mut free =
            FreeSpace { bytes: 1 << 40, bytes_free: 1 << 39, inodes: Some(100), inodes_free: Some(50) };
        let (mut medium, mut read_only) = (Medium::Disk, false);
        let user = Account::of(3_999_999_999);
        let unwritable = health::Barrier::Unwritable { owner: 0, group: 0, mode: 0o755 };
        for text in
            self.facts(path).filter_map(|fact| if let Fact::Health(text) = fact { Some(text) } else { None })
        {
            match text.as_str() {
                "is mounted read-only" => read_only = true,
                "has no free inodes" => free.inodes_free = Some(0),
                "has 1 % free inodes" => free.inodes_free = Some(1),
                "is writable by root only" => facts.barrier = Some((user.clone(), unwritable.clone())),
                "is denied by SELinux" => facts.denied_by = Some("SELinux"),
                "has session files of mode 0644" => facts.readable = Some(0o644),
                "is changed tomorrow" => facts.changed = Some(86_400),
                "is on NFS" => medium = Medium::Network("NFS"),
                _ => panic!("unknown fact {text:?}"),
            }
        }
        facts.file_system = Some(FileSystem { medium, read_only, free });
        facts
    }
}

impl Disk for FakeDisk {
    fn directory(&self, path: &Path) -> io::Result<Directory> {
        let device = if self.in_memory(path) { 2 } else { 1 };
        let mut directory = Directory { is_directory: true, mode: 0o750, owner: 0, device };
        for fact in self.facts(path) {
            match fact {
                Fact::Missing => return Err(io::Error::from(io::ErrorKind::NotFound)),
                Fact::Mode(mode) => directory.mode = *mode,
                Fact::Owner(uid) => directory.owner = *uid,
                _ => {}
            }
        }
        Ok(directory)
    }

    fn entries(&self, path: &Path, _: crate::location::Layout) -> io::Result<Entries> {
        let mut entries = Entries { sessions: 1, foreign: None };
        for fact in self.facts(path) {
            match fact {
                Fact::Sessions(count) => entries.sessions = *count,
                Fact::Foreign(name) => entries.foreign = Some(name.clone()),
                _ => {}
            }
        }
        Ok(entries)
    }

    fn in_memory(&self, path: &Path) -> bool {
        self.0.iter().any(|(of, fact)| path.starts_with(of) && matches!(fact, Fact::InMemory))
    }

    fn troubles(&self, stores: &[Sessions]) -> Vec<Vec<Trouble>> {
        stores.iter().map(|store| self.health(&store.path).troubles(0)).collect()
    }

    fn cleaners(&self) -> Vec<health::Cleaner> {
        let jobs = self.0.iter().filter_map(|(file, fact)| match fact {
            Fact::Job(text) => Some((file, text.strip_prefix("runs ").unwrap())),
            _ => None,
        });
        jobs.flat_map(|(file, command)| health::of_command(file, Path::new("/none"), command)).collect()
    }
}
