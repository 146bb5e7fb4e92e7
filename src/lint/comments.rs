//! Comments that speak to wikifarm: `# wikifarm: allow(rule, family) reason`.
//!
//! One behind a line is about what is found on that line; one on a line of its own, about the next line that says
//! something.

use toml_parser::lexer::TokenKind;

use crate::farm::{Change, Source, Span, the_one_near};

/// A comment that allows rules.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Allow {
    /// Names of rules and families, each with its place.
    pub(super) names: Vec<(String, Span)>,
    /// Whether a reason is given.
    pub(super) reason: bool,
    /// The place of the comment.
    pub(super) span: Span,
    /// The line it is about, from 1, counted over all files of the farm.
    pub(super) line: usize,
}

/// What the comments of a farm file say.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Comments that allow rules.
    pub(super) allows: Vec<Allow>,
    /// Comments that speak to wikifarm but can't be understood.
    pub(super) odd: Vec<Span>,
}

/// What such a comment begins with, behind `#` and blanks.
const MARK: &str = "wikifarm:";

impl Comments {
    /// The change that takes the name at `span` out of a comment, and with the last name the comment.
    pub(super) fn without(&self, source: &Source, span: &Span) -> Option<Change> {
        let allow =
            self.allows.iter().find(|allow| allow.span.start <= span.start && span.end <= allow.span.end)?;
        let place = allow.names.iter().position(|(_, name)| name == span)?;
        let next = allow.names.get(place + 1).map(|(_, next)| span.start..next.start);
        let before = place.checked_sub(1).and_then(|before| allow.names.get(before));
        let gone = next.or_else(|| before.map(|(_, before)| before.end..span.end)).unwrap_or_else(|| {
            let text = source.text();
            let head = text.get(..allow.span.start).unwrap_or_default();
            let start = head.trim_end_matches([' ', '\t']).len();
            // A comment on a line of its own goes with the line.
            let alone = start == 0 || head.get(..start).is_some_and(|head| head.ends_with('\n'));
            let rest = text.get(allow.span.end..).unwrap_or_default();
            let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
            start..allow.span.end + if alone { newline } else { 0 }
        });
        Some(Change::Replace { span: gone, with: String::new() })
    }

    /// Reads the comments of a farm file that is TOML.
    pub(super) fn of(source: &Source) -> Comments {
        let mut comments = Comments::default();
        let text = source.text();
        // Cutting a large file into tokens takes longer than this.
        if !text.contains(MARK) {
            return comments;
        }
        if let Some(spans) = source.comments() {
            comments.of_python(source, spans);
            return comments;
        }
        let mut waiting: Vec<Allow> = Vec::new();
        let mut line_says_something = false;
        for token in toml_parser::Source::new(text).lex() {
            let span = token.span().start()..token.span().end();
            match token.kind() {
                TokenKind::Newline => line_says_something = false,
                TokenKind::Whitespace | TokenKind::Eof => {}
                TokenKind::Comment => {
                    let Some(said) = text.get(span.clone()) else { continue };
                    let Some(rest) = said.trim_start_matches('#').trim_start().strip_prefix(MARK) else {
                        continue;
                    };
                    let offset = span.end - rest.len();
                    match allow(rest, offset, span.clone()) {
                        None => comments.odd.push(span),
                        Some(mut allow) if line_says_something => {
                            allow.line = source.line(span.start);
                            comments.allows.push(allow);
                        }
                        Some(allow) => waiting.push(allow),
                    }
                }
                _ => {
                    line_says_something = true;
                    if !waiting.is_empty() {
                        let line = source.line(span.start);
                        comments.allows.extend(waiting.drain(..).map(|allow| Allow { line, ..allow }));
                    }
                }
            }
        }
        comments.allows.append(&mut waiting);
        comments
    }

    /// Reads the comments at these places of Python files. One that gives a setting, `# wikifarm: moin = "1.8.7"`, has
    /// been read with the farm.
    fn of_python(&mut self, source: &Source, spans: &[Span]) {
        for span in spans {
            let Some(said) = source.text().get(span.clone()) else { continue };
            let Some(rest) = said.trim_start_matches('#').trim_start().strip_prefix(MARK) else { continue };
            if rest
                .split_once('=')
                .is_some_and(|(name, _)| name.trim().chars().all(|c| c == '_' || c.is_alphanumeric()))
            {
                continue;
            }
            match allow(rest, span.end - rest.len(), span.clone()) {
                None => self.odd.push(span.clone()),
                Some(allow) => self.allows.push(Allow { line: line_meant(source, span), ..allow }),
            }
        }
    }
}

/// The line that a comment of a Python file is about: its own, or the next that is neither empty nor a comment.
fn line_meant(source: &Source, comment: &Span) -> usize {
    let says_something = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let (line, start, _) = source.lines_of(comment);
    let own = source.line(comment.start);
    if line.get(..comment.start.saturating_sub(start)).is_some_and(says_something) {
        return own;
    }
    let below = source.text().get(start..).unwrap_or_default().lines();
    own + below.take_while(|line| !says_something(line)).count()
}

/// Reads ` allow(a, b) reason`, which begins at `offset`.
fn allow(text: &str, offset: usize, span: Span) -> Option<Allow> {
    let list = text.trim_start().strip_prefix("allow")?.trim_start().strip_prefix('(')?;
    let (list, reason) = list.split_once(')')?;
    let start = offset + text.len() - list.len() - 1 - reason.len();
    let mut names = Vec::new();
    let mut at = start;
    for part in list.split(',') {
        let name = part.trim();
        if name.is_empty() {
            return None;
        }
        let begin = at + part.len() - part.trim_start().len();
        names.push((name.to_owned(), begin..begin + name.len()));
        at += part.len() + 1;
    }
    Some(Allow { names, reason: reason.chars().any(char::is_alphanumeric), span, line: 0 })
}

/// What a comment that is not understood can only have been meant to be: `alow(…)`, `Allow (…)`.
pub(super) fn meant(comment: &str) -> Option<String> {
    let (before, rest) = comment.split_once(MARK)?;
    let word: String = rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
    the_one_near(&word, ["allow"])?;
    let (_, list) = rest.split_once(word.as_str())?;
    let said = format!(" allow{}", list.trim_start());
    allow(&said, said.len(), 0..said.len())?;
    Some(format!("{before}{MARK}{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Comments, Source) {
        let source = Source::new("farm.toml".into(), text.to_owned());
        (Comments::of(&source), source)
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next_that_says_something() {
        let text = "a = 1 # wikifarm: allow(x, y-z) it is so\n\
                    # wikifarm: allow(w)\n\n# another\nb = '''\n# wikifarm: allow(no) in a string'''\n\
                    c = \"# wikifarm: allow(no)\"\n#wikifarm:allow( v ) ü\n";
        let (comments, source) = of(text);
        let found: Vec<_> =
            comments.allows.iter().map(|allow| (allow.line, allow.names.len(), allow.reason)).collect();
        assert_eq!(found, [(1, 2, true), (5, 1, false), (0, 1, true)]);
        for (name, span) in comments.allows.iter().flat_map(|allow| &allow.names) {
            assert_eq!(source.text().get(span.clone()), Some(name.as_str()));
        }
        assert!(comments.odd.is_empty());
    }

    #[test]
    fn what_speaks_to_wikifarm_and_is_not_understood_is_told() {
        let text =
            "a = 1 # wikifarm: alow(x)\nb = 1 # wikifarm: allow()\nc = 1 # wikifarm: allow(x\n# wikifarm\n";
        assert_eq!(of(text).0.odd.len(), 3);
    }
}
