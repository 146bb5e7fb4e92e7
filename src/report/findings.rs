//! Findings of `config check`: as text with the lines of the farm file, and as JSON.

use std::collections::HashMap;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};
use schemars::JsonSchema;
use serde::Serialize;

use super::sarif;
use crate::farm::{Edit, Layout, Source, Span, SyntaxErrors};
use crate::lint::{self, Finding, Severity};
use crate::location::hidden;
use crate::text::{Paint, columns, escape, length, paint, wrap};

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub struct Json<'a> {
    /// The name of the rule.
    rule: &'a str,
    /// The severity, after `[lint]`, comments, and options.
    severity: Severity,
    /// The problem in one sentence, without a full stop.
    message: &'a str,
    /// What to do.
    help: Option<&'a str>,
    /// The farm file.
    file: String,
    #[serde(flatten)]
    range: Range,
    /// The wikis that have the problem; empty if the problem is in the farm file itself.
    wikis: &'a [String],
    /// A change to the file that removes the finding.
    fix: Option<JsonFix>,
}

/// A range of text. Lines and columns count from 1, columns in characters; the end is the position after the last
/// character.
#[derive(Debug, Serialize, JsonSchema)]
struct Range {
    /// The first line.
    line: usize,
    /// The column in the first line.
    column: usize,
    /// The last line.
    end_line: usize,
    /// The column in the last line.
    end_column: usize,
}

/// A change that removes a finding: edits that belong together.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
struct JsonFix {
    /// Whether the change keeps every prediction; other changes need a review.
    safe: bool,
    /// The edits.
    edits: Vec<JsonEdit>,
}

/// New text for a range.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Edit")]
struct JsonEdit {
    #[serde(flatten)]
    range: Range,
    /// The new text.
    with: String,
}

/// The layout of the file, if a finding has a fix.
pub fn layout<'a>(source: &'a Source, findings: &[Finding]) -> Option<Layout<'a>> {
    findings.iter().any(|finding| finding.fix.is_some()).then(|| Layout::of(source)).flatten()
}

/// The lines and columns of a span.
fn region(source: &Source, span: &Span) -> sarif::Region {
    let (start, end) = (source.position(span.start), source.position(span.end));
    sarif::Region { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}

/// A finding as JSON; `layout` is the layout of its file.
pub fn json<'a>(source: &Source, layout: Option<&Layout<'_>>, finding: &'a Finding) -> Json<'a> {
    let range = |span: &Span| {
        let sarif::Region { line, column, end_line, end_column } = region(source, span);
        Range { line, column, end_line, end_column }
    };
    let edit = |edit: Edit| JsonEdit { range: range(&edit.span), with: edit.with };
    let edits = layout.map(|layout| lint::edits(layout, finding)).unwrap_or_default();
    let fix = finding.fix.as_ref().filter(|_| !edits.is_empty());
    let fix = fix.map(|fix| JsonFix { safe: fix.safe, edits: edits.into_iter().map(edit).collect() });
    Json {
        rule: finding.rule,
        severity: finding.severity,
        message: &finding.message,
        help: finding.help.as_deref(),
        file: source.path_at(finding.span.start).display().to_string(),
        range: range(&finding.span),
        wikis: &finding.wikis,
        fix,
    }
}

/// All findings as text, each with the lines of the file; messages are wrapped to `width` columns (80 if unknown).
pub fn human(source: &Source, findings: &[Finding], color: bool, width: Option<u16>) -> String {
    let mut text = String::new();
    for finding in findings {
        let shown = Shown {
            severity: finding.severity,
            rule: Some(finding.rule),
            message: &finding.message,
            span: &finding.span,
            also: &finding.also,
            help: finding.help.as_deref(),
        };
        text.push_str(&diagnostic(source, &shown, color, width));
    }
    text
}

/// Findings in the form of SARIF, from which JUnit and GitHub's annotations are made, too.
#[derive(Debug)]
pub struct Results<'a> {
    results: Vec<Outcome<'a>>,
}

/// One finding.
#[derive(Debug)]
struct Outcome<'a> {
    finding: &'a Finding,
    message: String,
    /// A key that identifies the finding in the next run.
    key: String,
    path: &'a Path,
    region: sarif::Region,
    edits: Vec<sarif::Edit>,
}

impl<'a> Results<'a> {
    /// The findings in `source`; `shown` gives the path to show for a file.
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
                Some(help) => format!("{}. Help: {help}", finding.message),
                None => finding.message.clone(),
            };
            // The text and the wiki stay the same when lines move.
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

    /// The findings, one after the other.
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

/// Syntax errors as text.
pub fn syntax(errors: &SyntaxErrors, color: bool, width: Option<u16>) -> String {
    let mut text = String::new();
    for (message, span) in errors.errors.iter().take(20) {
        let shown = Shown { severity: Severity::Error, rule: None, message, span, also: &[], help: None };
        text.push_str(&diagnostic(&errors.source, &shown, color, width));
    }
    if errors.errors.len() > 20 {
        text.push_str(&format!("and {} more errors\n", errors.errors.len() - 20));
    }
    text
}

/// How many findings a check shows of each severity, and how many warnings it hides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// Warnings that are not shown.
    pub hidden: usize,
}

/// The last line of a check: `farm.toml: 3 wikis, 1 error, 2 warnings`.
pub fn summary(source: &Source, wikis: usize, counts: Counts, colored: bool) -> String {
    let Counts { errors, warnings, notes, hidden } = counts;
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let file = source.path().display().to_string();
    let shown = [
        (errors, "error", Some(Paint::Bad)),
        (warnings, "warning", Some(Paint::Warning)),
        (notes, "note", None),
    ];
    let shown = shown.into_iter().filter(|(number, ..)| *number > 0).map(|(number, word, color)| {
        let text = count(number, word);
        color.map_or(text.clone(), |color| paint(&text, color, colored))
    });
    let shown: Vec<String> = shown.collect();
    let found = match shown.is_empty() {
        true if hidden == 0 => paint("no problems found", Paint::Good, colored),
        true => paint("no errors", Paint::Good, colored),
        false => shown.join(", "),
    };
    let hidden =
        if hidden == 0 { String::new() } else { format!("; {} not shown", count(hidden, "warning")) };
    format!("{}: {}, {found}{hidden}", escape(&file), count(wikis, "wiki"))
}

struct Shown<'a> {
    severity: Severity,
    rule: Option<&'a str>,
    message: &'a str,
    span: &'a Span,
    also: &'a [(Span, String)],
    help: Option<&'a str>,
}

fn diagnostic(source: &Source, shown: &Shown<'_>, color: bool, width: Option<u16>) -> String {
    let level = match shown.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let label = shown.severity.name().len() + shown.rule.map_or(0, |rule| rule.len() + 2) + 2;
    let message = wrapped(shown.message, label, width);
    let title = match shown.rule {
        Some(rule) => level.primary_title(message).id(rule),
        None => level.primary_title(message),
    };
    let path = |span: &Span| escape(&source.path_at(span.start).display().to_string()).into_owned();
    let mut group =
        title.element(excerpt(source, path(shown.span), shown.span, AnnotationKind::Primary, None));
    let spans = shown.also.iter().map(|(span, _)| span).chain([shown.span]);
    let digits =
        spans.map(|span| source.position(span.start).line).max().unwrap_or_default().to_string().len();
    let mut notes = Vec::new();
    for (span, label) in shown.also {
        // After `12 | `, the text before the span, the span, and a blank.
        let before = digits + 3 + source.position(span.end).column;
        let fits = before + length(&escape(label)) <= columns(width);
        group =
            group.element(excerpt(source, path(span), span, AnnotationKind::Context, fits.then_some(label)));
        notes.extend((!fits).then_some((Level::NOTE, label.as_str())));
    }
    // `   = help: `, after the line number.
    for (level, text) in notes.into_iter().chain(shown.help.map(|help| (Level::HELP, help))) {
        group = group.element(level.message(wrapped(text, digits + 9, width)));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = width.map_or(renderer.clone(), |width| renderer.term_width(width.into()));
    format!("{}\n\n", renderer.decor_style(DecorStyle::Ascii).render(&[group]))
}

/// The text escaped, in lines that fit beside a label of `label` columns.
fn wrapped(text: &str, label: usize, width: Option<u16>) -> String {
    let beside = columns(width).saturating_sub(label).max(20);
    wrap("", &escape(text), u16::try_from(beside).ok()).trim_end().to_owned()
}

/// The lines of a span. Only these are cut out, as a farm file can be long.
fn excerpt<'a>(
    source: &'a Source,
    path: String,
    span: &Span,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    // A table can be long: its first line is enough.
    let start = source.line(span.start);
    let end = if source.line(span.end) > start + 4 { span.start + 1 } else { span.end };
    let (text, offset, line) = source.lines_of(&(span.start..end));
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let inside = |at: usize| at.saturating_sub(offset).min(text.len());
    let annotation = kind.span(inside(span.start)..inside(end)).label(label.map(escape));
    Snippet::source(hidden(text)).line_start(line).path(path).annotation(annotation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::farm::Farm;

    #[test]
    fn human_fits_the_width() {
        let text =
            "[wikis.a]\nurl = \"one.example.org\"\n[wikis.b]\nurl = \"https://b.example.org/?query\"\n";
        let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
        let mut found = lint::parse_findings(&farm);
        found[0].also = vec![(0..9, "a label of many words ".repeat(3).trim().to_owned())];
        let widest = |width| {
            let text = human(&farm.source, &found, false, width);
            text.lines().map(|line| line.chars().count()).max().unwrap_or_default()
        };
        assert!((71..=80).contains(&widest(None)));
        assert!(widest(Some(60)) <= 60);
        assert!(human(&farm.source, &found, false, Some(60)).contains("= note: a label of many words a"));
    }
}
