//! What a rule is.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::comments::Comments;
use super::disk::Facts;
use super::finding::{Finding, Severity};
use super::page::Page;
use super::refusal::Domain;
use crate::farm::{Farm, Fix, Span, Wiki, nearest};
use crate::sharing::Model;

/// One rule of `config check`. Its page in `docs/rules` has the text and the examples.
#[derive(Debug)]
pub struct Rule {
    /// Its stable kebab-case name.
    pub name: &'static str,
    /// The family it belongs to.
    pub family: &'static str,
    /// The severity of its findings, unless `[lint]` changes it.
    pub severity: Severity,
    /// Its documentation.
    pub page: Page,
    /// Whether `config check --fix` can apply a fix, at least for some findings.
    pub fix: Option<Safety>,
    /// Whether `[lint]` can't change the severity, because a farm file with such a finding can't be used.
    pub fatal: bool,
    pub(super) look: Look,
}

/// A rule with its page: `rule!(NAME, FAMILY, SEVERITY, LOOK)`, then `.fix(SAFETY)` and `.fatal()` where they apply.
macro_rules! rule {
    ($name:literal, $family:expr, $severity:expr, $look:expr) => {
        Rule::new(
            $name,
            $family,
            $severity,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $name, ".md")),
            $look,
        )
    };
}
pub(super) use rule;

impl Rule {
    /// A rule without a fix, whose severity can be changed.
    pub(super) const fn new(
        name: &'static str,
        family: &'static str,
        severity: Severity,
        page: &'static str,
        look: Look,
    ) -> Rule {
        Rule { name, family, severity, page: Page(page), fix: None, fatal: false, look }
    }

    /// The same with a fix.
    pub(super) const fn fix(self, safety: Safety) -> Rule {
        Rule { fix: Some(safety), ..self }
    }

    /// The same for findings with which the farm file can't be used.
    pub(super) const fn fatal(self) -> Rule {
        Rule { fatal: true, ..self }
    }

    /// Whether it finds different things on different machines.
    pub fn looks_at_disk(&self) -> bool {
        matches!(self.look, Look::Disk(_))
    }
}

/// What the fixes of a rule leave as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Safety {
    /// What is predicted of the wikis, or the file could not be understood before: `--fix`.
    Safe,
    /// Nothing: they say what only the admin can know, or what MoinMoin's own configuration must follow:
    /// `--unsafe-fixes`.
    Unsafe,
}

impl Safety {
    /// The word in output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The name that stands for every warning in `--deny`.
pub const WARNINGS: &str = "warnings";

/// The rule, family, or `warnings` whose name is nearest to `name`.
pub(super) fn near(name: &str, rules: impl Iterator<Item = &'static Rule>) -> Option<&'static str> {
    nearest(&name.replace('-', "_"), rules.flat_map(|rule| [rule.name, rule.family]).chain([WARNINGS]))
}

/// Where a rule looks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// The parser finds it.
    Parser,
    /// At what the other rules' levels did.
    Levels,
    /// At what suppresses the rules of the last parameter.
    Suppressions(fn(&Farm, &Comments, &[&'static Rule], &mut Sink)),
    /// At each wiki by itself.
    Wiki(fn(&Wiki, &mut Sink)),
    /// At the farm as a whole.
    Farm(fn(&Farm, &mut Sink)),
    /// At the farm and the directories it names.
    Disk(fn(&Facts<'_>, &mut Sink)),
    /// At the paths of the directories, whatever is there.
    Paths(fn(&Facts<'_>, &mut Sink)),
    /// At what browsers make of each wiki's cookie domain.
    Domain(fn(&Wiki, &Domain<'_>, &mut Sink)),
    /// At what is predicted of the farm.
    Sharing(fn(&Farm, &Model, &mut Sink)),
}

/// Takes the findings of one rule, and makes one of those that differ only in the wiki.
pub(super) struct Sink {
    rule: &'static str,
    severity: Severity,
    findings: Vec<Finding>,
    /// The findings of each place.
    known: HashMap<(usize, usize), Vec<usize>>,
    /// The wikis of each finding.
    named: HashSet<(usize, String)>,
}

impl Sink {
    pub(super) fn new(rule: &'static Rule) -> Sink {
        Sink {
            rule: rule.name,
            severity: rule.severity,
            findings: Vec::new(),
            known: HashMap::new(),
            named: HashSet::new(),
        }
    }

    /// Reports that `message` holds at `span` for `wiki`, and what to do.
    pub(super) fn report(&mut self, wiki: &Wiki, span: Span, message: String, help: impl Into<String>) {
        self.report_fixable(wiki, span, message, help, None);
    }

    /// The same, with what can be done about it in the file.
    pub(super) fn report_fixable(
        &mut self,
        wiki: &Wiki,
        span: Span,
        message: String,
        help: impl Into<String>,
        fix: Option<Fix>,
    ) {
        if let Some(position) = self.position(&span, &message) {
            let named = self.named.insert((position, wiki.name.clone()));
            if let Some(finding) = self.findings.get_mut(position).filter(|_| named) {
                finding.wikis.push(wiki.name.clone());
            }
            return;
        }
        self.named.insert((self.findings.len(), wiki.name.clone()));
        self.push(Finding {
            rule: self.rule,
            severity: self.severity,
            message,
            help: Some(help.into()),
            span,
            also: Vec::new(),
            wikis: vec![wiki.name.clone()],
            fix,
        });
    }

    /// Reports something about the farm, or about two places of it.
    pub(super) fn report_farm(
        &mut self,
        span: Span,
        message: String,
        help: impl Into<String>,
        also: Vec<(Span, String)>,
    ) {
        self.report_farm_fixable(span, message, help, also, None);
    }

    /// The same, with what can be done about it in the file.
    pub(super) fn report_farm_fixable(
        &mut self,
        span: Span,
        message: String,
        help: impl Into<String>,
        also: Vec<(Span, String)>,
        fix: Option<Fix>,
    ) {
        if self.position(&span, &message).is_some() {
            return;
        }
        self.push(Finding {
            rule: self.rule,
            severity: self.severity,
            message,
            help: Some(help.into()),
            span,
            also,
            wikis: Vec::new(),
            fix,
        });
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Where the finding of that place with that message is.
    fn position(&self, span: &Span, message: &str) -> Option<usize> {
        let there = self.known.get(&(span.start, span.end))?;
        there.iter().copied().find(|at| self.findings.get(*at).is_some_and(|it| it.message == message))
    }

    fn push(&mut self, finding: Finding) {
        self.known.entry((finding.span.start, finding.span.end)).or_default().push(self.findings.len());
        self.findings.push(finding);
    }
}
