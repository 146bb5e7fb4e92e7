//! The text of a farm file, and positions in it.
//!
//! A farm in Python has several files. Their texts are joined to one text, so that every span is one range of bytes, and a
//! position includes its file.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// The largest farm file that can be read: 16 MiB, about 100,000 wikis.
pub const LARGEST: u64 = 16 << 20;

/// A range of bytes in the farm file's text.
pub type Span = Range<usize>;

/// The text of a farm file with its path, or of all files of a farm.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Source {
    path: PathBuf,
    base: PathBuf,
    text: String,
    /// The offset of each line.
    lines: Vec<usize>,
    files: Vec<File>,
    /// The comments, if the text is not TOML.
    comments: Option<Vec<Span>>,
}

/// One file of a source.
#[derive(Debug, Clone)]
struct File {
    path: PathBuf,
    /// The range of its text.
    span: Span,
    /// Its bytes, if they differ from the text.
    bytes: Option<Vec<u8>>,
}

/// A line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Source {
    /// A source from its path and text.
    pub fn new(path: PathBuf, text: String) -> Source {
        let base = match path.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut source = Source::of_files(path.clone(), base);
        source.comments = None;
        source.add(path, text, None);
        source
    }

    /// A source without files, with the path `path`; relative paths start at `base`.
    pub(crate) fn of_files(path: PathBuf, base: PathBuf) -> Source {
        let (text, lines) = (String::new(), vec![0]);
        Source { path, base, text, lines, files: Vec::new(), comments: Some(Vec::new()) }
    }

    /// Adds a file at the end, and returns its offset. `bytes` are the bytes on disk, if they differ from `text`.
    pub(crate) fn add(&mut self, path: PathBuf, text: String, bytes: Option<Vec<u8>>) -> usize {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
            self.lines.push(self.text.len());
        }
        let start = self.text.len();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        self.lines.extend(newlines.map(|(at, _)| start + at + 1));
        // Avoids a copy of the first text.
        if self.text.is_empty() {
            self.text = text
        } else {
            self.text.push_str(&text)
        }
        self.files.push(File { path, span: start..self.text.len(), bytes });
        start
    }

    /// Hides the text of a span from messages, such as a password or a key. The bytes of the file stay as they were read.
    pub(crate) fn hide(&mut self, span: &Span) {
        let Some(hidden) = self.text.get(span.clone()) else { return };
        let stars: String = hidden.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
        let start = span.start;
        let file = self.files.iter_mut().find(|file| file.span.start <= start && start < file.span.end);
        if let Some(file) = file {
            let text = &self.text;
            let bytes = || text.get(file.span.clone()).unwrap_or_default().as_bytes().to_vec();
            file.bytes = Some(file.bytes.take().unwrap_or_else(bytes));
        }
        self.text.replace_range(span.clone(), &stars);
    }

    /// Adds the span of a comment, in a source that is not TOML.
    pub(crate) fn add_comment(&mut self, span: Span) {
        self.comments.get_or_insert_default().push(span);
    }

    /// The spans of the comments, if the source is not TOML.
    pub fn comments(&self) -> Option<&[Span]> {
        self.comments.as_deref()
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the file at that offset.
    pub fn path_at(&self, offset: usize) -> &Path {
        self.file_at(offset).map_or(&self.path, |file| &file.path)
    }

    /// Each file with its bytes as read.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.files.iter().map(|file| {
            let text = self.text.get(file.span.clone()).unwrap_or_default().as_bytes();
            (file.path.as_path(), file.bytes.as_deref().unwrap_or(text))
        })
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The directory of the file, where relative paths start.
    pub fn directory(&self) -> PathBuf {
        self.base.clone()
    }

    /// The line and column of a byte offset in its file. An offset after the end gives the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        let start = self.line_start(line);
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        let first = self.file_at(offset).map_or(1, |file| self.line(file.span.start));
        Position { line: line - first + 1, column }
    }

    /// The line of a byte offset, from 1, counted over all files.
    pub fn line(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// The text of the lines of `span`, its offset, and the number of the first line.
    pub fn lines_of(&self, span: &Span) -> (&str, usize, usize) {
        let first = self.line(span.start);
        let last = self.line(span.end.max(span.start + 1) - 1);
        let start = self.line_start(first);
        let end = self.lines.get(last).copied().unwrap_or(self.text.len());
        (self.text.get(start..end).unwrap_or(""), start, self.position(span.start).line)
    }

    /// `farm.toml:12`, as shown to users.
    pub fn file_line(&self, offset: usize) -> String {
        format!("{}:{}", self.path_at(offset).display(), self.position(offset).line)
    }

    fn file_at(&self, offset: usize) -> Option<&File> {
        let after = self.files.partition_point(|file| file.span.start <= offset);
        self.files.get(after.saturating_sub(1))
    }

    fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_lines_and_characters_from_one() {
        let source = Source::new("farm.toml".into(), "moin = \"ü\"\r\n\n[x]".to_owned());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(11), Position { line: 1, column: 11 });
        assert_eq!(source.position(13), Position { line: 2, column: 1 });
        assert_eq!(source.position(14), Position { line: 3, column: 1 });
        assert_eq!(source.position(9999), Position { line: 3, column: 4 });
        assert_eq!(source.lines_of(&(14..17)), ("[x]", 14, 3));
        assert_eq!(Source::new("f".into(), String::new()).position(0), Position { line: 1, column: 1 });
    }

    #[test]
    fn position_counts_lines_of_each_file_separately() {
        let mut source = Source::of_files("etc".into(), "etc".into());
        assert_eq!(source.add("etc/a.py".into(), "a = 1\nb = 2".to_owned(), None), 0);
        assert_eq!(source.add("etc/b.py".into(), "c = 3\nd = 4\n".to_owned(), Some(vec![1])), 12);
        assert_eq!(source.file_line(6), "etc/a.py:2");
        assert_eq!(source.file_line(12), "etc/b.py:1");
        assert_eq!(source.position(22), Position { line: 2, column: 5 });
        assert_eq!(source.lines_of(&(18..19)), ("d = 4\n", 18, 2));
        assert_eq!((source.line(6), source.line(18)), (2, 4));
        let files: Vec<_> = source.files().collect();
        assert_eq!(files, [(Path::new("etc/a.py"), &b"a = 1\nb = 2"[..]), (Path::new("etc/b.py"), &[1][..])]);
    }
}
