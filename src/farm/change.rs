//! Changes to the text of a farm file that keep everything else: comments, order, blank lines, and line endings.
//!
//! A [`Change`] describes a change at a span that the parser or a rule reported. [`Layout`](super::Layout) turns changes
//! into [`Edit`]s: byte ranges with their new text.

use super::{Key, Span};

/// A change to a farm file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// Replaces the text at `span`.
    Replace {
        /// The bytes to replace.
        span: Span,
        /// The new text.
        with: String,
    },
    /// Deletes the setting with its name at the span, its line, and the comment at the end of the line.
    DropSetting(Span),
    /// Deletes the list item at the span, and with the last item the setting.
    DropItem(Span),
    /// Moves the setting with its name at the span to the top of the file, before any table.
    ToTop(Span),
    /// Adds a setting to the `unset` list of wikis that inherit it.
    Unset {
        /// The names of the wikis in the headers of their tables.
        wikis: Vec<Span>,
        /// The setting.
        key: Key,
    },
}

/// A change that removes one finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Fix {
    /// The change.
    pub change: Change,
    /// Whether the change keeps every prediction, or repairs a file that wikifarm can't use. Other changes need a review,
    /// or a matching change in MoinMoin's configuration.
    pub safe: bool,
}

impl Fix {
    /// A change that keeps every prediction.
    pub fn safe(change: Change) -> Fix {
        Fix { change, safe: true }
    }

    /// A change that needs a review.
    pub fn not_safe(change: Change) -> Fix {
        Fix { change, safe: false }
    }
}

/// A byte range with its new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty for an insertion.
    pub span: Span,
    /// The new text.
    pub with: String,
}

/// The text after `edits`. Equal edits are one, and an edit that overlaps an earlier one is left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    sorted.dedup();
    let mut fresh = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted.into_iter().filter(|edit| edit.span.start <= edit.span.end) {
        let Some(kept) = text.get(at..edit.span.start) else { continue };
        if text.get(edit.span.clone()).is_none() {
            continue;
        }
        fresh.push_str(kept);
        fresh.push_str(&edit.with);
        at = edit.span.end;
    }
    fresh.push_str(text.get(at..).unwrap_or_default());
    fresh
}

#[cfg(test)]
mod tests {
    use toml_edit::{Document, Item};

    use super::*;
    use crate::farm::quoted;
    use crate::farm::{Layout, Source};

    /// The text after a change at the first `mark` in it.
    #[track_caller]
    fn changed(text: &str, mark: &str, change: impl Fn(Span) -> Change) -> String {
        let source = Source::new("farm.toml".into(), text.to_owned());
        let start = text.find(mark).unwrap();
        let edits = Layout::of(&source).unwrap().edits(&change(start..start + mark.len()));
        assert!(!edits.is_empty(), "{mark} is not found");
        let fresh = apply(text, &edits);
        assert!(Document::parse(fresh.as_str()).is_ok(), "{fresh}");
        fresh
    }

    #[test]
    fn drop_setting_deletes_its_line_and_nothing_else() {
        for (text, mark, expected) in [
            ("a = 1\nb = 2 # why b\nc = 3\n", "b", "a = 1\nc = 3\n"),
            ("# of all\n\n  b = 2\r\nc = 3\r\n", "b", "# of all\n\nc = 3\r\n"),
            ("[t]\nb = [\n  1, # one\n]\n", "b", "[t]\n"),
            ("b = 2", "b", ""),
            ("x.y.b = 2\nz = 1\n", "b", "z = 1\n"),
            ("t = { a = 1, b = 2, c = 3 }\n", "b", "t = { a = 1, c = 3 }\n"),
            ("t = { a = 1, b = 2 }\n", "b", "t = { a = 1 }\n"),
            ("t = { x.b = 2, x.c = 1 }\n", "b", "t = { x.c = 1 }\n"),
            ("t = { a = 1, 'x y' . \"z\\\"\".b = 2 }\n", "b", "t = { a = 1 }\n"),
            ("t = { b = 2 }\n", "b", "t = {  }\n"),
            ("[[s]]\nb = 1\nc = 2\n[[s]]\nc = 3\n", "b", "[[s]]\nc = 2\n[[s]]\nc = 3\n"),
            ("# said of b\n# wikifarm: allow(x) so\nb = 1\nc = 2\n", "b = 1", "# said of b\nc = 2\n"),
        ] {
            assert_eq!(changed(text, mark, Change::DropSetting), expected, "{text}");
        }
    }

    #[test]
    fn drop_item_deletes_its_comma_and_its_line() {
        for (text, mark, expected) in [
            ("l = [\"a\", \"b\", \"c\"]\n", "\"b\"", "l = [\"a\", \"c\"]\n"),
            ("l = [\"a\", \"b\", \"c\"]\n", "\"c\"", "l = [\"a\", \"b\"]\n"),
            ("l = [\"a\", \"b\",]\n", "\"b\"", "l = [\"a\",]\n"),
            ("l = [\n  \"a\", # why a\n  \"b\", # why b\n]\n", "\"a\"", "l = [\n  \"b\", # why b\n]\n"),
            ("l = [\n  \"a\", # why a\n  \"b\" # why b\n]\n", "\"b\"", "l = [\n  \"a\", # why a\n]\n"),
            ("x = 1\nl = [\"a\"] # why\ny = 2\n", "\"a\"", "x = 1\ny = 2\n"),
            ("t = { l = [\"a\"], y = 2 }\n", "\"a\"", "t = { y = 2 }\n"),
        ] {
            assert_eq!(changed(text, mark, Change::DropItem), expected, "{text}");
        }
    }

    #[test]
    fn unset_adds_to_the_list_of_a_wiki_or_adds_the_list() {
        for (text, expected) in [
            ("[wikis.a] # one\nurl = 1\n", "[wikis.a] # one\nunset = [\"cookie_name\"]\nurl = 1\n"),
            ("[wikis.a]\r\nurl = 1\r\n", "[wikis.a]\r\nunset = [\"cookie_name\"]\r\nurl = 1\r\n"),
            ("[wikis.a]\nunset = []\n", "[wikis.a]\nunset = [\"cookie_name\"]\n"),
            ("[wikis.a]\nunset = [\"x\"] # y\n", "[wikis.a]\nunset = [\"x\", \"cookie_name\"] # y\n"),
        ] {
            let unset = |span| Change::Unset { wikis: vec![span], key: Key::CookieName };
            assert_eq!(changed(text, "a", unset), expected, "{text}");
        }
        let source = Source::new("farm.toml".into(), "wikis = { a = { url = 1 } }\n".to_owned());
        let name = 10..11;
        let inline = Change::Unset { wikis: vec![name], key: Key::CookieName };
        assert_eq!(Layout::of(&source).unwrap().edits(&inline), []);
    }

    #[test]
    fn to_top_moves_the_setting_before_any_table() {
        for (text, expected) in [
            ("[farm]\nm = 1\nb = 2\n", "m = 1\n\n[farm]\nb = 2\n"),
            ("# all\n\n# the farm\n[farm]\nm = 1\n", "# all\n\nm = 1\n\n# the farm\n[farm]\n"),
            ("#:schema x\n[farm]\nm = 1\n", "#:schema x\nm = 1\n\n[farm]\n"),
            ("# x\nz = 1\n[farm]\r\nm = 1 # y\r\n", "# x\nm = 1\r\nz = 1\n[farm]\r\n"),
        ] {
            assert_eq!(changed(text, "m = ", Change::ToTop), expected, "{text}");
        }
    }

    #[test]
    fn quoted_gives_any_text_on_one_line() {
        for text in ["", "a\"b\\c", "\u{0}\n\u{7f}\u{85}", "ü€\u{1f600}'"] {
            let line = format!("{} = {}", quoted(text), quoted(text));
            assert!(!line.contains('\n'));
            let read = Document::parse(line.as_str()).unwrap();
            assert_eq!(read.get(text).and_then(Item::as_str), Some(text));
        }
    }

    #[test]
    fn apply_leaves_out_an_edit_that_overlaps_an_earlier_one() {
        let edit = |span, with: &str| Edit { span, with: with.to_owned() };
        let edits = [edit(6..8, "x"), edit(0..3, ""), edit(2..5, "y"), edit(99..100, "z")];
        assert_eq!(apply("0123456789", &edits), "345x89");
    }
}
