//! Rules, and the sink that collects their findings.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::advice::Advice;
use super::comments::Comments;
use super::disk::Facts;
use super::finding::{Finding, Severity};
use super::page::Page;
use super::rejection::Domain;
use crate::farm::{Farm, Fix, Key, Span, Value, Wiki, nearest};
use crate::pyconfig::write::assignment;
use crate::sharing::{Browsers, Model};

/// One rule of `config check`. Its page in `docs/rules` has the text and the examples.
#[derive(Debug)]
pub struct Rule {
    /// The name, in kebab-case.
    pub name: &'static str,
    /// The family.
    pub family: &'static str,
    /// The severity of its findings, unless `[lint]` changes it.
    pub severity: Severity,
    /// The documentation.
    pub page: Page,
    /// Whether `config check --fix` can apply a fix, at least to some findings.
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

    /// The rule with a fix.
    pub(super) const fn fix(self, safety: Safety) -> Rule {
        Rule { fix: Some(safety), ..self }
    }

    /// The rule for findings that make the farm file unusable.
    pub(super) const fn fatal(self) -> Rule {
        Rule { fatal: true, ..self }
    }

    /// Whether the findings depend on the machine that runs the check.
    pub fn looks_at_disk(&self) -> bool {
        matches!(self.look, Look::Disk(_))
    }
}

/// What the fixes of a rule may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Safety {
    /// They keep every prediction, or repair a file that wikifarm can't use: `--fix`.
    Safe,
    /// They need a review, or a matching change in MoinMoin's configuration: `--unsafe-fixes`.
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

/// The rule, family, or `warnings` with the name nearest to `name`.
pub(super) fn near(name: &str, rules: impl Iterator<Item = &'static Rule>) -> Option<&'static str> {
    nearest(&name.replace('-', "_"), rules.flat_map(|rule| [rule.name, rule.family]).chain([WARNINGS]))
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// Nothing: the parser finds the problem.
    Parser,
    /// The effect of `[lint]` and of comments on the other rules.
    Levels,
    /// `[lint]` and comments, with all rules as the third parameter.
    Suppressions(fn(&Farm, &Comments, &[&'static Rule], &mut Sink)),
    /// Each wiki alone.
    Wiki(fn(&Wiki, &mut Sink)),
    /// The whole farm.
    Farm(fn(&Farm, &mut Sink)),
    /// The farm and its directories on disk.
    Disk(fn(&Facts<'_>, &mut Sink)),
    /// The paths of the directories, existing or not.
    Paths(fn(&Facts<'_>, &mut Sink)),
    /// Whether browsers accept the cookie domain of each wiki.
    Domain(fn(&Wiki, &Domain<'_>, &mut Sink)),
    /// The predictions for the farm, once for each browser.
    Sharing(fn(&Farm, &Model, &mut Sink)),
    /// Differences between the predictions for two browsers.
    Browsers(fn(&Farm, &Browsers<'_>, &mut Sink)),
}

/// In larger farms, a rule looks at examples of pairs of wikis.
const MOST_IN_PAIRS: usize = 200;

/// All ordered pairs of wikis, by position, unless they are too many.
pub(super) fn all_pairs(model: &Model) -> Option<Vec<(usize, usize)>> {
    let all = || 0..model.sites().len();
    let pairs = || all().flat_map(|from| all().map(move |to| (from, to))).filter(|(from, to)| from != to);
    (all().len() <= MOST_IN_PAIRS).then(|| pairs().collect())
}

/// Collects the findings of one rule. Findings that differ only in the wiki become one.
pub(super) struct Sink {
    rule: &'static str,
    severity: Severity,
    findings: Vec<Finding>,
    /// The indexes of the findings at each span.
    known: HashMap<(usize, usize), Vec<usize>>,
    /// The wikis of each finding.
    named: HashSet<(usize, String)>,
    advice: Option<Arc<Advice>>,
    /// Whether the farm file is Python.
    python: bool,
}

impl Sink {
    pub(super) fn new(rule: &'static Rule, farm: &Farm) -> Sink {
        Sink {
            rule: rule.name,
            severity: rule.severity,
            findings: Vec::new(),
            known: HashMap::new(),
            named: HashSet::new(),
            advice: None,
            python: farm.source.comments().is_some(),
        }
    }

    /// The sink with suggestions for findings about shared logins.
    pub(super) fn with_advice(self, advice: &Arc<Advice>) -> Sink {
        Sink { advice: Some(Arc::clone(advice)), ..self }
    }

    /// What the search for settings finds, if something has to change.
    pub(super) fn searched(&self, farm: &Farm, model: &Model) -> Option<String> {
        self.advice.as_ref().and_then(|advice| advice.help(farm, model))
    }

    /// The help of a finding about two wikis and their logins.
    pub(super) fn help(&self, farm: &Farm, model: &Model, from: &str, to: &str) -> String {
        self.searched(farm, model).unwrap_or_else(|| format!("run `wikifarm cookie explain {from} {to}`"))
    }

    /// The line that gives a setting this value, as the file of the farm spells it.
    pub(super) fn line(&self, wiki: &Wiki, key: Key, value: &Value) -> String {
        match self.python {
            true => assignment(wiki.version(), key, value),
            false => format!("{} = {value}", key.name()),
        }
    }

    /// Reports a problem of one wiki. The message does not name the wiki.
    pub(super) fn report(&mut self, wiki: &Wiki, span: Span, message: String, help: impl Into<String>) {
        self.report_fixable(wiki, span, message, help, None);
    }

    /// As [`Sink::report`], with a fix.
    pub(super) fn report_fixable(
        &mut self,
        wiki: &Wiki,
        span: Span,
        message: String,
        help: impl Into<String>,
        fix: Option<Fix>,
    ) {
        self.report_of(wiki, Finding { fix, ..self.finding(span, message, help) });
    }

    /// As [`Sink::report`], about the missing directory that the setting `key` names.
    pub(super) fn report_missing(&mut self, wiki: &Wiki, key: Key, message: String, help: impl Into<String>) {
        let finding = self.finding(wiki.span_of(key), message, help);
        self.report_of(wiki, Finding { missing: Some(key), ..finding });
    }

    fn report_of(&mut self, wiki: &Wiki, finding: Finding) {
        let known = self.position(&finding.span, &finding.message);
        let is_new = self.named.insert((known.unwrap_or(self.findings.len()), wiki.name.clone()));
        let name = wiki.name.clone();
        let Some(position) = known else {
            return self.push(Finding { wikis: vec![name], names_wikis: false, ..finding });
        };
        if let Some(finding) = self.findings.get_mut(position).filter(|_| is_new) {
            finding.wikis.push(name);
        }
    }

    /// Reports a problem with a message that names the wikis. The `lint` of `owner`, if any, applies.
    pub(super) fn report_named(
        &mut self,
        owner: Option<&Wiki>,
        wikis: &[&str],
        span: Span,
        message: String,
        help: impl Into<String>,
        also: Vec<(Span, String)>,
    ) {
        let wikis = wikis.iter().map(|name| (*name).to_owned()).collect();
        let lint_of = owner.map(|wiki| wiki.name.clone());
        let finding = Finding { wikis, also, lint_of, ..self.finding(span, message, help) };
        self.push_once(finding);
    }

    /// Reports a problem of the farm file itself.
    pub(super) fn report_farm(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.report_farm_fixable(span, message, help, Vec::new(), None);
    }

    /// As [`Sink::report_farm`], with related positions and a fix.
    pub(super) fn report_farm_fixable(
        &mut self,
        span: Span,
        message: String,
        help: impl Into<String>,
        also: Vec<(Span, String)>,
        fix: Option<Fix>,
    ) {
        let finding = Finding { also, fix, ..self.finding(span, message, help) };
        self.push_once(finding);
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// A finding that is about no wiki.
    fn finding(&self, span: Span, message: String, help: impl Into<String>) -> Finding {
        Finding {
            rule: self.rule,
            severity: self.severity,
            message,
            help: Some(help.into()),
            span,
            also: Vec::new(),
            wikis: Vec::new(),
            names_wikis: true,
            lint_of: None,
            missing: None,
            fix: None,
        }
    }

    /// The index of the finding with that span and message.
    fn position(&self, span: &Span, message: &str) -> Option<usize> {
        let there = self.known.get(&(span.start, span.end))?;
        there.iter().copied().find(|at| self.findings.get(*at).is_some_and(|it| it.message == message))
    }

    /// Adds a finding of the whole farm unless it is known.
    fn push_once(&mut self, finding: Finding) {
        if self.position(&finding.span, &finding.message).is_none() {
            self.push(finding);
        }
    }

    fn push(&mut self, finding: Finding) {
        self.known.entry((finding.span.start, finding.span.end)).or_default().push(self.findings.len());
        self.findings.push(finding);
    }
}
