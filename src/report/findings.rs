//! Findings: with source line and caret for people, as JSON for programs.

use std::collections::HashMap;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;

use super::{escape, sarif};
use crate::farm::{Edit, Layout, Source, Span, SyntaxErrors};
use crate::lint::{self, Finding, Severity};
use crate::location::hidden;

/// One finding as `config check --format json` has it. Lines and columns count from 1, columns in characters; the end
/// is the place just behind.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    rule: &'a str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    wiki: Option<&'a str>,
    fix: Option<JsonFix>,
}

/// What can be done about a finding: edits that are made together. Safe ones change nothing that is predicted.
#[derive(Debug, Serialize)]
struct JsonFix {
    safe: bool,
    edits: Vec<JsonEdit>,
}

/// What stands between two places goes, and `with` comes.
#[derive(Debug, Serialize)]
struct JsonEdit {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    with: String,
}

/// Where settings begin and end, if any of the findings needs it.
pub fn layout<'a>(source: &'a Source, findings: &[Finding]) -> Option<Layout<'a>> {
    findings.iter().any(|finding| finding.fix.is_some()).then(|| Layout::of(source)).flatten()
}

/// The place of a span, from 1.
fn region(source: &Source, span: &Span) -> sarif::Region {
    let (start, end) = (source.place(span.start), source.place(span.end));
    sarif::Region { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// A finding for programs; `layout` is that of its file.
pub fn json<'a>(source: &Source, layout: Option<&Layout<'_>>, finding: &'a Finding) -> Json<'a> {
    let edit = |edit: Edit| {
        let place = region(source, &edit.span);
        JsonEdit {
            line: place.line,
            column: place.column,
            end_line: place.end_line,
            end_column: place.end_column,
            with: edit.with,
        }
    };
    let edits = layout.map(|layout| lint::edits(layout, finding)).unwrap_or_default();
    let fix = finding.fix.as_ref().filter(|_| !edits.is_empty());
    let fix = fix.map(|fix| JsonFix { safe: fix.safe, edits: edits.into_iter().map(edit).collect() });
    let (start, end) = (source.place(finding.span.start), source.place(finding.span.end));
    Json {
        rule: finding.rule,
        severity: finding.severity.name(),
        message: &finding.message,
        help: finding.help.as_deref(),
        file: source.path_at(finding.span.start).display().to_string(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        wiki: finding.wiki(),
        fix,
    }
}

/// All findings for people, each with its source line and a caret.
pub fn human(source: &Source, findings: &[Finding], colour: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        let message = match finding.wikis.as_slice() {
            [] | [_] => finding.message.clone(),
            [first, second] => format!("{} (wikis {first} and {second})", finding.message),
            [first, second, rest @ ..] => {
                format!("{} (wikis {first}, {second} and {} more)", finding.message, rest.len())
            }
        };
        let shown = Shown {
            severity: finding.severity,
            rule: Some(finding.rule),
            message: &message,
            span: &finding.span,
            also: &finding.also,
            help: finding.help.as_deref(),
        };
        text.push_str(&diagnostic(source, &shown, colour));
    }
    text
}

/// Findings as SARIF, JUnit and GitHub's annotations want them.
#[derive(Debug)]
pub struct Results<'a> {
    results: Vec<Outcome<'a>>,
}

/// One finding.
#[derive(Debug)]
struct Outcome<'a> {
    finding: &'a Finding,
    message: String,
    /// What makes it the same in the next run.
    key: String,
    path: &'a Path,
    region: sarif::Region,
    edits: Vec<sarif::Edit>,
}

impl<'a> Results<'a> {
    /// The findings in `source`, whose files are shown as `shown` says.
    pub fn new(
        source: &'a Source,
        shown: impl Fn(&'a Path) -> &'a Path,
        findings: &'a [Finding],
    ) -> Results<'a> {
        let mut seen: HashMap<(&str, String), usize> = HashMap::new();
        let layout = layout(source, findings);
        let results = findings.iter().map(|finding| {
            let edits = layout.as_ref().map(|layout| lint::edits(layout, finding)).unwrap_or_default();
            let edits = edits
                .into_iter()
                .map(|edit| sarif::Edit { region: region(source, &edit.span), with: edit.with })
                .collect();
            let message = match &finding.help {
                Some(help) => format!("{}; {help}", finding.message),
                None => finding.message.clone(),
            };
            // What stands there and whose it is stays the same when lines move.
            let text = hidden(source.text().get(finding.span.clone()).unwrap_or_default());
            let text: String = text.chars().take(100).collect();
            let key = format!("{}\0{text}", finding.wikis.first().map_or("", String::as_str));
            let times = seen.entry((finding.rule, key.clone())).or_default();
            *times += 1;
            Outcome {
                finding,
                message,
                key: format!("{key}\0{times}"),
                path: shown(source.path_at(finding.span.start)),
                region: region(source, &finding.span),
                edits,
            }
        });
        Results { results: results.collect() }
    }

    /// One after the other.
    pub fn findings(&self) -> impl Iterator<Item = sarif::Finding<'_>> {
        self.results.iter().map(|outcome| sarif::Finding {
            rule: outcome.finding.rule,
            level: match outcome.finding.severity {
                Severity::Error => sarif::Level::Error,
                Severity::Warning => sarif::Level::Warning,
                Severity::Note => sarif::Level::Note,
            },
            message: &outcome.message,
            path: outcome.path,
            region: Some(outcome.region),
            key: &outcome.key,
            edits: &outcome.edits,
        })
    }
}

/// Syntax errors for people.
pub fn syntax(errors: &SyntaxErrors, colour: bool) -> String {
    let mut text = String::new();
    for (message, span) in errors.errors.iter().take(20) {
        let shown = Shown { severity: Severity::Error, rule: None, message, span, also: &[], help: None };
        text.push_str(&diagnostic(&errors.source, &shown, colour));
    }
    if errors.errors.len() > 20 {
        text.push_str(&format!("and {} more errors\n", errors.errors.len() - 20));
    }
    text
}

/// The last line of a check: `farm.toml: 3 wikis, 1 error, 2 warnings`.
pub fn summary(source: &Source, wikis: usize, errors: usize, warnings: usize) -> String {
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let file = source.path().display().to_string();
    let found = match (errors, warnings) {
        (0, 0) => "nothing to report".to_owned(),
        (0, _) => count(warnings, "warning"),
        (_, 0) => count(errors, "error"),
        (_, _) => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    };
    format!("{}: {}, {found}", escape(&file), count(wikis, "wiki"))
}

struct Shown<'a> {
    severity: Severity,
    rule: Option<&'a str>,
    message: &'a str,
    span: &'a Span,
    also: &'a [(Span, String)],
    help: Option<&'a str>,
}

fn diagnostic(source: &Source, shown: &Shown<'_>, colour: bool) -> String {
    let level = match shown.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = escape(shown.message);
    let title = match shown.rule {
        Some(rule) => level.primary_title(message).id(rule),
        None => level.primary_title(message),
    };
    let path = |span: &Span| escape(&source.path_at(span.start).display().to_string()).into_owned();
    let mut group =
        title.element(excerpt(source, path(shown.span), shown.span, AnnotationKind::Primary, None));
    for (span, label) in shown.also {
        group = group.element(excerpt(source, path(span), span, AnnotationKind::Context, Some(label)));
    }
    if let Some(help) = shown.help {
        group = group.element(Level::HELP.message(escape(help)));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.decor_style(DecorStyle::Ascii).render(&[group]))
}

/// The lines of a span, cut out so that a long farm file costs nothing.
fn excerpt<'a>(
    source: &'a Source,
    path: String,
    span: &Span,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    // A table can be long: its first line is enough to find it.
    let start = source.line(span.start);
    let end = if source.line(span.end) > start + 4 { span.start + 1 } else { span.end };
    let (text, offset, line) = source.lines_of(&(span.start..end));
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let inside = |at: usize| at.saturating_sub(offset).min(text.len());
    let annotation = kind.span(inside(span.start)..inside(end)).label(label.map(escape));
    Snippet::source(hidden(text)).line_start(line).path(path).annotation(annotation)
}
