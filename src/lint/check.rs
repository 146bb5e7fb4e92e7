//! Runs the rules over a farm, and applies the levels.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::advice::Advice;
use super::comments::Comments;
use super::disk::{Disk, Facts};
use super::finding::{Finding, MOST_WIKIS, Severity, listed};
use super::levels::{Levels, Overrides};
use super::rejection::Domain;
use super::rule::{Look, Rule, Sink};
use super::rules;
use crate::browser::{Profile, SharedSuffixes};
use crate::farm::{Change, Farm, Fix, Problem, Span, SyntaxErrors};
use crate::location::RealDirectories;
use crate::sharing::{Browsers, Model};
use crate::sys::{in_parts, one_by_one};

/// The rule about syntax errors.
const TOML_SYNTAX: &str = "toml-syntax";

/// Farms with at least this many wikis are checked in several threads.
const MANY: usize = 64;

/// In larger farms, the second browser is predicted only if it reads the header of a wiki differently.
const MOST_IN_BOTH: usize = 200;

/// The findings of every rule, for browsers with that list of public suffixes. `[lint]`, comments, and then `overrides`
/// change the severities. Findings with the same text are one finding that names all its wikis.
pub fn check(farm: &Farm, disk: &dyn Disk, suffixes: &SharedSuffixes, overrides: &Overrides) -> Vec<Finding> {
    joined(check_each(farm, disk, suffixes, overrides))
}

/// As [`check`], with a finding for each position, and without wikis in messages.
pub(super) fn check_each(
    farm: &Farm,
    disk: &dyn Disk,
    suffixes: &SharedSuffixes,
    overrides: &Overrides,
) -> Vec<Finding> {
    let directories = RealDirectories::default();
    let model = Model::new(farm, &directories, suffixes);
    let other = model.in_browser(farm, &directories, Profile::Firefox);
    let browsers = Browsers::new(&model, &other);
    let facts = Facts::gather(farm, disk);
    let comments = Comments::of(&farm.source);
    let mut findings = parse_findings(farm);
    let all: Vec<&'static Rule> = rules::all().collect();
    let domains = in_parts(&farm.wikis, |part| part.iter().map(|wiki| Domain::of(wiki, suffixes)).collect());
    let advice = Arc::new(Advice::new(has_no_new_errors));
    let found = |rule: &&'static Rule| {
        let new_sink = || Sink::new(rule, farm).with_advice(&advice);
        if let Look::Sharing(look) = rule.look {
            return in_both(&browsers, |model| {
                let mut sink = new_sink();
                look(farm, model, &mut sink);
                sink.into_findings()
            });
        }
        let mut sink = new_sink();
        match rule.look {
            Look::Parser | Look::Levels | Look::Sharing(_) => {}
            Look::Suppressions(look) => look(farm, &comments, &all, &mut sink),
            Look::Wiki(look) => farm.wikis.iter().for_each(|wiki| look(wiki, &mut sink)),
            Look::Farm(look) => look(farm, &mut sink),
            Look::Disk(_) if overrides.no_disk => {}
            Look::Disk(look) | Look::Paths(look) => look(&facts, &mut sink),
            Look::Domain(look) => {
                farm.wikis.iter().zip(&domains).for_each(|(wiki, domain)| look(wiki, domain, &mut sink));
            }
            Look::Browsers(look) => look(farm, &browsers, &mut sink),
        }
        sink.into_findings()
    };
    // Rules that look at pairs of wikis take longest, so they start first.
    let mut by_cost = all.clone();
    by_cost.sort_by_key(|rule| !matches!(rule.look, Look::Sharing(_)));
    let found: Vec<Vec<Finding>> = match farm.wikis.len() >= MANY {
        true => one_by_one(&by_cost, found),
        false => by_cost.iter().map(found).collect(),
    };
    findings.extend(found.into_iter().flatten());
    drop_partial_fixes(farm, &mut findings);
    let mut levels = Levels::new(farm, &comments, overrides);
    findings = levels.apply(findings);
    if let Some(rule) = all.iter().find(|rule| matches!(rule.look, Look::Levels)) {
        findings.extend(unused_suppressions(rule, farm, &comments, &mut levels));
    }
    findings.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(a.rule.cmp(b.rule)));
    findings
}

/// Whether a changed farm has only errors that the farm has, too.
pub fn has_no_new_errors(farm: &Farm, changed: &Farm, suffixes: &SharedSuffixes) -> bool {
    errors_in_settings(changed, suffixes).is_subset(&errors_in_settings(farm, suffixes))
}

/// The errors that rules about single settings report, each with its wikis: without the disk and without predictions.
fn errors_in_settings(farm: &Farm, suffixes: &SharedSuffixes) -> BTreeSet<(&'static str, Vec<String>)> {
    let mut errors = BTreeSet::new();
    for rule in rules::all().filter(|rule| rule.severity == Severity::Error) {
        let mut sink = Sink::new(rule, farm);
        match rule.look {
            Look::Wiki(look) => farm.wikis.iter().for_each(|wiki| look(wiki, &mut sink)),
            Look::Farm(look) => look(farm, &mut sink),
            Look::Domain(look) => {
                farm.wikis.iter().for_each(|wiki| look(wiki, &Domain::of(wiki, suffixes), &mut sink));
            }
            _ => {}
        }
        for found in sink.into_findings() {
            // A finding about each of its wikis joins them by chance.
            match found.names_wikis {
                true => errors.extend([(found.rule, found.wikis)]),
                false => errors.extend(found.wikis.into_iter().map(|wiki| (found.rule, vec![wiki]))),
            }
        }
    }
    errors
}

/// The findings for both browsers. The message of a finding for only one of them begins with its name.
fn in_both(browsers: &Browsers<'_>, found: impl Fn(&Model) -> Vec<Finding>) -> Vec<Finding> {
    let [model, other] = browsers.models();
    let mut ours = found(model);
    if !browsers.any_differs() && model.sites().len() > MOST_IN_BOTH {
        return ours;
    }
    let mut theirs = found(other);
    let key = |finding: &Finding| (finding.span.clone(), finding.message.clone());
    let [in_ours, in_theirs] = [&ours, &theirs].map(|found| found.iter().map(key).collect::<HashSet<_>>());
    let name = |finding: &mut Finding, model: &Model| {
        finding.message = format!("{}: {}", model.profile().title(), finding.message);
    };
    ours.iter_mut().filter(|one| !in_theirs.contains(&key(one))).for_each(|one| name(one, model));
    theirs.retain(|one| !in_ours.contains(&key(one)));
    theirs.iter_mut().for_each(|one| name(one, other));
    ours.append(&mut theirs);
    ours
}

/// The findings about allowed rules that found nothing.
fn unused_suppressions(
    rule: &'static Rule,
    farm: &Farm,
    comments: &Comments,
    levels: &mut Levels<'_>,
) -> Vec<Finding> {
    let mut sink = Sink::new(rule, farm);
    for (name, span) in levels.unused() {
        let message = format!("{name:?} is allowed here, but has no findings");
        let change = comments.without(&farm.source, &span).unwrap_or(Change::DropItem(span.clone()));
        let help = "remove the name, which would hide future findings";
        sink.report_farm_fixable(span, message, help, Vec::new(), Some(Fix::safe(change)));
    }
    levels.apply(sink.into_findings())
}

/// Removes fixes that change a line for wikis without the problem.
fn drop_partial_fixes(farm: &Farm, findings: &mut [Finding]) {
    let unset = |fix: &Fix| matches!(fix.change, Change::Unset { .. });
    let fixable = |finding: &&mut Finding| {
        finding.fix.as_ref().is_some_and(|fix| !unset(fix)) && !finding.wikis.is_empty()
    };
    if !findings.iter_mut().any(|mut finding| fixable(&mut finding)) {
        return;
    }
    // Findings with the same change differ in their messages, such as the version of the wiki.
    let key = |finding: &Finding| (finding.span.start, finding.fix.clone());
    let mut changed: HashMap<(usize, Option<Fix>), usize> = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.fix.is_some()) {
        *changed.entry(key(finding)).or_default() += finding.wikis.len();
    }
    let mut having: HashMap<usize, usize> = HashMap::new();
    for (_, setting) in farm.wikis.iter().flat_map(|wiki| wiki.settings()) {
        *having.entry(setting.key_span.start).or_default() += 1;
        *having.entry(setting.span.start).or_default() += 1;
    }
    for finding in findings.iter_mut().filter(fixable) {
        let changed = changed.get(&key(finding));
        if having.get(&finding.span.start).is_some_and(|count| Some(count) != changed) {
            finding.fix = None;
        }
    }
}

/// Makes findings that differ only in position and wikis one finding at the first position, and names the wikis.
pub(super) fn joined(findings: Vec<Finding>) -> Vec<Finding> {
    let mut known: HashMap<(&str, Severity, String, Option<String>), usize> = HashMap::new();
    let mut left: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        // A fix belongs to one position.
        if finding.names_wikis || finding.fix.is_some() {
            left.push(finding);
            continue;
        }
        let key = (finding.rule, finding.severity, finding.message.clone(), finding.help.clone());
        match known.get(&key).and_then(|index| left.get_mut(*index)) {
            Some(first) => {
                if first.also.len() + 1 < MOST_WIKIS {
                    first.also.push((finding.span, listed(&finding.wikis)));
                }
                first.wikis.extend(finding.wikis);
            }
            None => {
                known.insert(key, left.len());
                left.push(finding);
            }
        }
    }
    left.into_iter().map(Finding::named).collect()
}

/// Syntax errors as findings.
pub fn syntax_findings(errors: &SyntaxErrors) -> Vec<Finding> {
    let finding = |(message, span): &(String, Span)| Finding {
        rule: TOML_SYNTAX,
        severity: Severity::Error,
        message: message.clone(),
        help: None,
        span: span.clone(),
        also: Vec::new(),
        wikis: Vec::new(),
        names_wikis: true,
        lint_of: None,
        missing: None,
        fix: None,
    };
    errors.errors.iter().map(finding).collect()
}

/// The problems that the parser found, with the default severities of their rules.
pub fn parse_findings(farm: &Farm) -> Vec<Finding> {
    let by_name: HashMap<&str, &Rule> = rules::all().map(|rule| (rule.name, rule)).collect();
    let finding = |problem: &Problem| Finding {
        rule: problem.rule,
        severity: by_name.get(problem.rule).map_or(Severity::Error, |rule| rule.severity),
        message: problem.message.clone(),
        help: problem.help.clone(),
        span: problem.span.clone(),
        also: problem.also.clone(),
        wikis: problem.wiki.iter().cloned().collect(),
        names_wikis: false,
        lint_of: None,
        missing: None,
        fix: problem.fix.as_deref().cloned(),
    };
    farm.problems.iter().map(finding).collect()
}
