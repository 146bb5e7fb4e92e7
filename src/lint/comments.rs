//! Comments for wikifarm: `# wikifarm: allow(RULE, FAMILY) REASON`.
//!
//! A comment at the end of a line applies to that line; a comment on its own line applies to the next line with content.

use toml_parser::lexer::TokenKind;

use crate::farm::{Change, Source, Span, the_one_near};

/// A comment that allows rules.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Allow {
    /// Names of rules and families, each with its span.
    pub(super) names: Vec<(String, Span)>,
    /// Whether the comment has a reason.
    pub(super) reason: bool,
    /// The span of the comment.
    pub(super) span: Span,
    /// The line that the comment applies to, from 1, counted over all files of the farm.
    pub(super) line: usize,
}

/// The comments of a farm file.
#[derive(Debug, Default)]
pub(super) struct Comments {
    /// Comments that allow rules.
    pub(super) allows: Vec<Allow>,
    /// Comments for wikifarm with errors.
    pub(super) odd: Vec<Span>,
}

/// The start of such a comment, after `#` and spaces.
const MARK: &str = "wikifarm:";

impl Comments {
    /// The change that removes the name at `span` from a comment, and with the last name the comment.
    pub(super) fn without(&self, source: &Source, span: &Span) -> Option<Change> {
        let allow =
            self.allows.iter().find(|allow| allow.span.start <= span.start && span.end <= allow.span.end)?;
        let index = allow.names.iter().position(|(_, name)| name == span)?;
        let next = allow.names.get(index + 1).map(|(_, next)| span.start..next.start);
        let before = index.checked_sub(1).and_then(|before| allow.names.get(before));
        let gone = next.or_else(|| before.map(|(_, before)| before.end..span.end)).unwrap_or_else(|| {
            let text = source.text();
            let head = text.get(..allow.span.start).unwrap_or_default();
            let start = head.trim_end_matches([' ', '\t']).len();
            // A comment on its own line is removed with the line.
            let alone = start == 0 || head.get(..start).is_some_and(|head| head.ends_with('\n'));
            let rest = text.get(allow.span.end..).unwrap_or_default();
            let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
            start..allow.span.end + if alone { newline } else { 0 }
        });
        Some(Change::Replace { span: gone, with: String::new() })
    }

    /// Reads the comments of a farm file.
    pub(super) fn of(source: &Source) -> Comments {
        let mut comments = Comments::default();
        let text = source.text();
        // A search is much faster than splitting a large file into tokens.
        if !text.contains(MARK) {
            return comments;
        }
        if let Some(spans) = source.comments() {
            comments.of_python(source, spans);
            return comments;
        }
        let mut waiting: Vec<Allow> = Vec::new();
        let mut line_has_content = false;
        for token in toml_parser::Source::new(text).lex() {
            let span = token.span().start()..token.span().end();
            match token.kind() {
                TokenKind::Newline => line_has_content = false,
                TokenKind::Whitespace | TokenKind::Eof => {}
                TokenKind::Comment => {
                    let Some(comment) = text.get(span.clone()) else { continue };
                    let Some(rest) = comment.trim_start_matches('#').trim_start().strip_prefix(MARK) else {
                        continue;
                    };
                    let offset = span.end - rest.len();
                    match allow(rest, offset, span.clone()) {
                        None => comments.odd.push(span),
                        Some(mut allow) if line_has_content => {
                            allow.line = source.line(span.start);
                            comments.allows.push(allow);
                        }
                        Some(allow) => waiting.push(allow),
                    }
                }
                _ => {
                    line_has_content = true;
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

    /// Reads the comments of Python files at these spans. Comments with a setting, such as `# wikifarm: moin = "1.8.7"`, were
    /// read with the farm.
    fn of_python(&mut self, source: &Source, spans: &[Span]) {
        for span in spans {
            let Some(comment) = source.text().get(span.clone()) else { continue };
            let Some(rest) = comment.trim_start_matches('#').trim_start().strip_prefix(MARK) else {
                continue;
            };
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

/// The line that a comment of a Python file applies to: its own, or the next that is neither empty nor a comment.
fn line_meant(source: &Source, comment: &Span) -> usize {
    let has_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let (line, start, _) = source.lines_of(comment);
    let own = source.line(comment.start);
    if line.get(..comment.start.saturating_sub(start)).is_some_and(has_content) {
        return own;
    }
    let below = source.text().get(start..).unwrap_or_default().lines();
    own + below.take_while(|line| !has_content(line)).count()
}

/// Parses ` allow(a, b) reason`, which starts at `offset`.
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

/// The corrected comment for a comment such as `alow(…)` or `Allow (…)`.
pub(super) fn meant(comment: &str) -> Option<String> {
    let (before, rest) = comment.split_once(MARK)?;
    let word: String = rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
    the_one_near(&word, ["allow"])?;
    let (_, list) = rest.split_once(word.as_str())?;
    let corrected = format!(" allow{}", list.trim_start());
    allow(&corrected, corrected.len(), 0..corrected.len())?;
    Some(format!("{before}{MARK}{corrected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Comments, Source) {
        let source = Source::new("farm.toml".into(), text.to_owned());
        (Comments::of(&source), source)
    }

    #[test]
    fn comment_applies_to_its_line_or_the_next_line_with_content() {
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
    fn comments_for_wikifarm_with_errors_are_reported() {
        let text =
            "a = 1 # wikifarm: alow(x)\nb = 1 # wikifarm: allow()\nc = 1 # wikifarm: allow(x\n# wikifarm\n";
        assert_eq!(of(text).0.odd.len(), 3);
    }
}
