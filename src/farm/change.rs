//! Changes to the text of a farm file that leave everything else as it is: comments, order, blanks, line ends.
//!
//! A [`Change`] says what shall become of a place that the parser or a rule pointed at. [`Layout`](super::Layout) turns
//! changes into [`Edit`]s: ranges of bytes with what stands there instead.

use super::Span;
use crate::escape::is_unsafe;

/// A change to a farm file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Puts `with` where `span` is.
    Replace {
        /// What goes.
        span: Span,
        /// What comes.
        with: String,
    },
    /// Takes out the setting whose name stands there, with its line and the comment behind it.
    DropSetting(Span),
    /// Takes out the item of a list that stands there; with the last item goes the setting.
    DropItem(Span),
    /// Moves the setting whose name stands there to the top of the file, before any table.
    ToTop(Span),
}

/// A change that removes one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is to be done.
    pub change: Change,
    /// Whether the farm file then still says the same of the wikis, or only now can be understood; otherwise it says
    /// something that only the admin can know or must bring about in MoinMoin's own configuration.
    pub safe: bool,
}

impl Fix {
    /// A change after which the farm file says the same of the wikis.
    pub fn safe(change: Change) -> Fix {
        Fix { change, safe: true }
    }

    /// A change that is the admin's to decide.
    pub fn not_safe(change: Change) -> Fix {
        Fix { change, safe: false }
    }
}

/// A string as TOML has it on one line, in quotes: right for values and for names.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\u{ffff}' if is_unsafe(character) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ if is_unsafe(character) => quoted.push_str(&format!("\\U{:08X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A range of bytes, and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go; empty where something is put in.
    pub span: Span,
    /// What comes in their place.
    pub with: String,
}

/// The text after `edits`, which must not overlap. Of those that do, the later are left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
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
    fn a_setting_goes_with_its_line_and_nothing_else() {
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
    fn an_item_goes_with_its_comma_and_its_line() {
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
    fn a_setting_moves_to_the_top() {
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
    fn any_text_is_a_string_on_one_line() {
        for text in ["", "a\"b\\c", "\u{0}\n\u{7f}\u{85}", "ü€\u{1f600}'"] {
            let line = format!("{} = {}", quoted(text), quoted(text));
            assert!(!line.contains('\n'));
            let read = Document::parse(line.as_str()).unwrap();
            assert_eq!(read.get(text).and_then(Item::as_str), Some(text));
        }
    }

    #[test]
    fn of_edits_that_overlap_the_later_is_left_out() {
        let edit = |span, with: &str| Edit { span, with: with.to_owned() };
        let edits = [edit(6..8, "x"), edit(0..3, ""), edit(2..5, "y"), edit(99..100, "z")];
        assert_eq!(apply("0123456789", &edits), "345x89");
    }
}
