//! The text of a farm file, and places in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A range of bytes in the farm file's text.
pub type Span = Range<usize>;

/// A file's text with its path.
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
    text: String,
    /// The offset at which each line begins.
    lines: Vec<usize>,
}

/// A place for people: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Source {
    /// A source from its path and text.
    pub fn new(path: PathBuf, text: String) -> Source {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        Source { path, text, lines }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The directory the file is in.
    pub fn directory(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        }
    }

    /// The place of a byte offset; offsets behind the end count as the end.
    pub fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.line_start(line);
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        Place { line, column }
    }

    /// The text of the lines that `span` touches, the offset at which it begins and the number of its first line.
    pub fn lines_of(&self, span: &Span) -> (&str, usize, usize) {
        let first = self.place(span.start).line;
        let last = self.place(span.end.max(span.start + 1) - 1).line;
        let start = self.line_start(first);
        let end = self.lines.get(last).copied().unwrap_or(self.text.len());
        (self.text.get(start..end).unwrap_or(""), start, first)
    }

    /// `farm.toml:12`, the way an origin is shown.
    pub fn file_line(&self, offset: usize) -> String {
        format!("{}:{}", self.path.display(), self.place(offset).line)
    }

    fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = Source::new("farm.toml".into(), "moin = \"ü\"\r\n\n[x]".to_owned());
        assert_eq!(source.place(0), Place { line: 1, column: 1 });
        assert_eq!(source.place(11), Place { line: 1, column: 11 });
        assert_eq!(source.place(13), Place { line: 2, column: 1 });
        assert_eq!(source.place(14), Place { line: 3, column: 1 });
        assert_eq!(source.place(9999), Place { line: 3, column: 4 });
        assert_eq!(source.lines_of(&(14..17)), ("[x]", 14, 3));
        assert_eq!(Source::new("f".into(), String::new()).place(0), Place { line: 1, column: 1 });
    }
}
