//! The lines of tmpfiles.d that delete: by age, and when the machine starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::age;
use super::cleaner::{Cleaner, Deletion, Does};
use super::files::{files, read, shown};
use super::pattern::Reach;

/// The directories of the files; a file in an earlier one hides the same name in a later one.
const DIRS: [&str; 4] =
    ["etc/tmpfiles.d", "run/tmpfiles.d", "usr/local/lib/tmpfiles.d", "usr/lib/tmpfiles.d"];

/// One line.
struct Line {
    file: PathBuf,
    /// The first character of its type.
    kind: char,
    path: PathBuf,
    age: Option<std::time::Duration>,
}

/// The deletions by tmpfiles.d below `root`.
pub(super) fn find(root: &Path) -> Vec<Cleaner> {
    let mut by_name = BTreeMap::new();
    for file in DIRS.iter().flat_map(|dir| files(&root.join(dir))) {
        if file.extension().is_some_and(|end| end == "conf")
            && let Some(name) = file.file_name()
        {
            by_name.entry(name.to_owned()).or_insert(file);
        }
    }
    let lines: Vec<Line> = by_name.values().flat_map(|file| lines(root, file)).collect();
    lines.iter().filter_map(|line| line.cleaner(&lines)).collect()
}

fn lines(root: &Path, file: &Path) -> Vec<Line> {
    let text = read(file);
    let line = |line: &str| {
        let words = shlex::split(line)?;
        let [kind, path, rest @ ..] = words.as_slice() else { return None };
        // `~7d` keeps the first level; `mc:7d` names the times that count.
        let age = rest.get(3).map(|age| age.trim_start_matches('~'));
        let age = age.map(|age| age.rsplit(':').next().unwrap_or(age)).and_then(|text| age::span(text, "s"));
        Some(Line { file: shown(root, file), kind: kind.chars().next()?, path: path.into(), age })
    };
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(line).collect()
}

impl Line {
    /// What the line deletes. A directory with a line of its own, and an excluded one, is left out.
    fn cleaner(&self, all: &[Line]) -> Option<Cleaner> {
        let (below, age) = match (self.kind, self.age) {
            ('d' | 'D' | 'e' | 'v' | 'q' | 'Q', Some(age)) => (true, Some(age)),
            ('D' | 'R', _) => (true, None),
            ('r', _) => (false, None),
            _ => return None,
        };
        let own_line = |line: &&Line| line.path != self.path && !matches!(line.kind, 'r' | 'R' | 'X');
        let inside = |line: &&Line| line.path.starts_with(&self.path) || matches!(line.kind, 'x');
        let except = match self.kind {
            'r' | 'R' => Vec::new(),
            _ => all.iter().filter(own_line).filter(inside).map(|line| line.path.clone()).collect(),
        };
        let reach = Reach { roots: vec![self.path.clone()], below, except, ..Reach::default() };
        let does = Does::Delete(Deletion { program: "systemd-tmpfiles", reach, age, unsure: false });
        Some(Cleaner { file: self.file.clone(), does })
    }
}
