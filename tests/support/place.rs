//! A directory for one test.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

use wikifarm::sys::Dir;

use super::session::{Session, set_mtime};
use super::{Run, text};

/// The user `nobody`.
pub(super) const NOBODY: u32 = 65534;

/// A new directory that is removed after the test.
pub(crate) struct Place {
    root: tempfile::TempDir,
}

/// The recorded sessions and headers of real wikis.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Place {
    pub(crate) fn new() -> Place {
        Place::within(&std::env::temp_dir())
    }

    fn within(dir: &Path) -> Place {
        // The tester's umask can be 0002, and wikifarm refuses files that the group can write.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
        let root = tempfile::Builder::new().prefix("wikifarm-test-").tempdir_in(dir).unwrap();
        for name in ["here", "home"] {
            fs::DirBuilder::new().mode(0o755).create(root.path().join(name)).unwrap();
        }
        Place { root }
    }

    /// A place with this text, without its indentation, as `farm.toml`.
    pub(crate) fn farm(farm: &str) -> Place {
        Place::new().file("farm.toml", text::unindent(farm))
    }

    /// Like [`Place::farm`], on a file system for which wikifarm keeps indexes.
    pub(crate) fn on_plain_disk(farm: &str) -> Place {
        let has_stamp = |dir: &Path| Dir::open(dir).is_ok_and(|dir| dir.stamp().is_ok_and(|it| it.is_some()));
        let places = [std::env::temp_dir(), PathBuf::from("/dev/shm")];
        let place = places.into_iter().find(|dir| has_stamp(dir));
        let place =
            place.unwrap_or_else(|| panic!("neither TMPDIR nor /dev/shm is ext4, xfs, btrfs or tmpfs"));
        Place::within(&place).file("farm.toml", text::unindent(farm))
    }

    /// The directory in which wikifarm runs.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.path().join("here")
    }

    /// The directory for wikifarm's own files.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// The directory for locks.
    pub(crate) fn lock_dir(&self) -> PathBuf {
        self.home().join("state/wikifarm/locks")
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Place {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn dir(self, name: &str) -> Place {
        // As private as a wiki's own directories should be.
        fs::DirBuilder::new().recursive(true).mode(0o750).create(self.path().join(name)).unwrap();
        self
    }

    /// Writes a session into the directory `dir`.
    pub(crate) fn session(self, dir: &str, session: Session) -> Place {
        self.sessions(dir, [session])
    }

    pub(crate) fn sessions(self, dir: &str, sessions: impl IntoIterator<Item = Session>) -> Place {
        fs::create_dir_all(self.path().join(dir)).unwrap();
        for session in sessions {
            session.write(&self.path().join(dir));
        }
        self
    }

    /// Copies real sessions or users of `tests/fixtures`. Sets the time of their last write to `mtime`,
    /// because git keeps no times.
    pub(crate) fn copy(self, fixture: &str, dir: &str, mtime: i64) -> Place {
        let (from, to) = (fixtures().join(fixture), self.path().join(dir));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let copy = to.join(entry.file_name());
            fs::copy(entry.path(), &copy).unwrap();
            set_mtime(&copy, mtime);
        }
        self
    }

    /// Runs wikifarm with these words, separated by blanks.
    pub(crate) fn wikifarm(&self, words: &str) -> Run<'_> {
        Run::new(self, words)
    }

    /// The names in the directory `dir`, sorted.
    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(dir)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The lock files that wikifarm created.
    pub(crate) fn locks(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.lock_dir()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// All files and directories, one on each line, for failure messages.
    pub(super) fn listing(&self) -> String {
        const MOST: usize = 40;
        let mut lines = Vec::new();
        walk(&self.path(), &mut |path| {
            let kind = match path.symlink_metadata() {
                Ok(found) if found.is_dir() => "dir".to_owned(),
                Ok(found) => format!("{} bytes, mode {:o}", found.len(), found.mode() & 0o7777),
                Err(error) => error.to_string(),
            };
            let name = path.strip_prefix(self.path()).unwrap_or(path);
            lines.push(format!("  {}  ({kind})", name.display()));
        });
        lines.sort();
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
        lines.join("\n")
    }

    /// Changes the owner of everything to the user of the run.
    pub(super) fn hand_over(&self, uid: u32) {
        walk(self.root.path(), &mut |path| {
            if path.symlink_metadata().is_ok_and(|found| found.uid() == 0) {
                // The file may no longer exist: one test removes files while wikifarm runs.
                let _ = lchown(path, Some(uid), Some(uid));
            }
        });
    }
}

fn walk(path: &Path, visit: &mut dyn FnMut(&Path)) {
    visit(path);
    if path.symlink_metadata().is_ok_and(|found| found.is_dir())
        && let Ok(entries) = fs::read_dir(path)
    {
        for entry in entries.flatten() {
            walk(&entry.path(), visit);
        }
    }
}
