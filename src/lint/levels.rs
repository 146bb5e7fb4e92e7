//! Which findings are reported, and their severities: `[lint]`, the `lint` of a wiki, comments, `--allow`, and `--deny`.
//!
//! A comment on the line of a finding comes first, then the `lint` of the wiki, then `[lint]`. In one table, the name of a
//! rule comes before the name of its family. `--allow` and `--deny` apply to the findings that are left.

use std::collections::{HashMap, HashSet};

use super::comments::Comments;
use super::finding::{Finding, Severity};
use super::rule::{Look, Rule, WARNINGS};
use super::rules;
use crate::farm::{Farm, LintLevels, Span};

/// Names of rules and families from the command line, which override the farm file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Rules that are not reported.
    pub allow: Vec<String>,
    /// Rules whose findings are errors; [`WARNINGS`] stands for every warning.
    pub deny: Vec<String>,
    /// Whether rules that look at the directories are left out.
    pub no_disk: bool,
}

/// One of the lists of `[lint]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Allow,
    Warn,
    Deny,
}

impl Level {
    fn severity(self) -> Option<Severity> {
        match self {
            Level::Allow => None,
            Level::Warn => Some(Severity::Warning),
            Level::Deny => Some(Severity::Error),
        }
    }
}

/// A level with the span of its entry.
type Entry<'a> = (Level, &'a Span);

/// One table of levels by name. If a name is in two lists, the stricter one counts.
struct Table<'a>(HashMap<&'a str, Entry<'a>>);

impl<'a> Table<'a> {
    fn new(levels: &'a LintLevels) -> Table<'a> {
        let lists = [(Level::Allow, &levels.allow), (Level::Warn, &levels.warn), (Level::Deny, &levels.deny)];
        let named = lists
            .into_iter()
            .flat_map(|(level, names)| names.iter().map(move |(name, span)| (name.as_str(), (level, span))));
        Table(named.collect())
    }

    fn of(&self, rule: &Rule) -> Option<Entry<'a>> {
        self.0.get(rule.name).or_else(|| self.0.get(rule.family)).copied()
    }
}

/// Applies the levels to findings, and tracks which suppressions have an effect.
pub(super) struct Levels<'a> {
    farm: &'a Farm,
    comments: &'a Comments,
    overrides: &'a Overrides,
    by_name: HashMap<&'static str, &'static Rule>,
    top: Table<'a>,
    wikis: HashMap<&'a str, Table<'a>>,
    by_line: HashMap<usize, Vec<(&'a str, &'a Span)>>,
    /// The positions of the names that suppressed a finding.
    used: HashSet<usize>,
}

impl<'a> Levels<'a> {
    pub(super) fn new(farm: &'a Farm, comments: &'a Comments, overrides: &'a Overrides) -> Levels<'a> {
        let wikis = farm.wikis.iter().filter(|wiki| !wiki.lint.is_empty());
        let mut by_line: HashMap<usize, Vec<(&str, &Span)>> = HashMap::new();
        for allow in &comments.allows {
            let names = allow.names.iter().map(|(name, span)| (name.as_str(), span));
            by_line.entry(allow.line).or_default().extend(names);
        }
        Levels {
            farm,
            comments,
            overrides,
            by_name: rules::all().map(|rule| (rule.name, rule)).collect(),
            top: Table::new(&farm.lint),
            wikis: wikis.map(|wiki| (wiki.name.as_str(), Table::new(&wiki.lint))).collect(),
            by_line,
            used: HashSet::new(),
        }
    }

    /// The findings that are not suppressed.
    pub(super) fn apply(&mut self, findings: Vec<Finding>) -> Vec<Finding> {
        let mut left = Vec::with_capacity(findings.len());
        for finding in findings {
            self.one(finding, &mut left);
        }
        left
    }

    fn one(&mut self, finding: Finding, left: &mut Vec<Finding>) {
        let Some(rule) = self.by_name.get(finding.rule).copied().filter(|rule| !rule.fatal) else {
            left.push(finding);
            return;
        };
        if !self.by_line.is_empty() {
            let line = self.farm.source.line(finding.span.start);
            let here = self.by_line.get(&line).into_iter().flatten();
            if let Some((_, span)) =
                here.copied().find(|(name, _)| *name == rule.name || *name == rule.family)
            {
                self.used.insert(span.start);
                return;
            }
        }
        let top = self.top.of(rule);
        let own = |wiki: &String| self.wikis.get(wiki.as_str()).and_then(|table| table.of(rule));
        if finding.names_wikis || finding.wikis.iter().all(|wiki| own(wiki).is_none()) {
            let level = finding.lint_of.as_ref().and_then(own).or(top);
            self.push(finding, rule, level, left);
            return;
        }
        // If the wikis have different levels, each level gets its own finding.
        let mut parts: Vec<(Option<Entry<'_>>, Vec<String>)> = Vec::new();
        for wiki in &finding.wikis {
            let level = own(wiki).or(top);
            match parts.iter_mut().find(|(other, _)| other.map(|l| l.0) == level.map(|l| l.0)) {
                Some((_, wikis)) => wikis.push(wiki.clone()),
                None => parts.push((level, vec![wiki.clone()])),
            }
            if let Some((Level::Allow, span)) = level {
                self.used.insert(span.start);
            }
        }
        for (level, wikis) in parts {
            self.push(Finding { wikis, ..finding.clone() }, rule, level, left);
        }
    }

    fn push(&mut self, mut finding: Finding, rule: &Rule, level: Option<Entry<'_>>, left: &mut Vec<Finding>) {
        if let Some((level, span)) = level {
            match level.severity() {
                Some(severity) => finding.severity = severity,
                None => {
                    self.used.insert(span.start);
                    return;
                }
            }
        }
        let named = |names: &[String]| names.iter().any(|name| name == rule.name || name == rule.family);
        if named(&self.overrides.allow) {
            return;
        }
        let warnings = self.overrides.deny.iter().any(|name| name == WARNINGS);
        if named(&self.overrides.deny) || (warnings && finding.severity == Severity::Warning) {
            finding.severity = Severity::Error;
        }
        left.push(finding);
    }

    /// The allowed names that suppressed nothing. Rules that look at the disk may find something on another machine, so
    /// their names are never unused.
    pub(super) fn unused(&self) -> Vec<(&'a str, Span)> {
        let farm: &'a Farm = self.farm;
        let comments: &'a Comments = self.comments;
        let tables = std::iter::once(&farm.lint).chain(farm.wikis.iter().map(|wiki| &wiki.lint));
        let allowed = tables.flat_map(|table| &table.allow);
        let commented = comments.allows.iter().flat_map(|allow| &allow.names);
        allowed
            .chain(commented)
            .filter(|(_, span)| !self.used.contains(&span.start))
            .filter(|(name, _)| {
                let mut meant =
                    rules::all().filter(|rule| rule.name == name || rule.family == name).peekable();
                meant.peek().is_some()
                    && meant.all(|rule| !rule.looks_at_disk() && !matches!(rule.look, Look::Levels))
            })
            .map(|(name, span)| (name.as_str(), span.clone()))
            .collect()
    }
}
