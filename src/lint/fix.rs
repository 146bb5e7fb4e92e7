//! `config check --fix`: applies the fixes of findings to the text of the farm file, and checks each result.
//!
//! Fixes are applied in rounds, and the whole file is checked after each round. A fix is kept only if the file is still
//! TOML, its finding is gone, and no new finding appears. A safe fix must also keep the predicted cookies, directories,
//! and authentication methods of every wiki. While the file has errors, only errors are fixed: until all settings are
//! read, the effect of one setting is unknown.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::check::{check_each, joined};
use super::disk::Disk;
use super::finding::{Finding, Severity};
use super::levels::Overrides;
use super::rule::Look;
use super::rules;
use crate::browser::SharedSuffixes;
use crate::farm::{Edit, Farm, Key, Layout, Position, Wiki, apply};
use crate::moin::{Visitor, lifetimes, placeholder_id, session_cookie};

/// Which findings to fix.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Findings below this severity are not fixed.
    pub min_severity: Severity,
    /// Whether to apply unsafe fixes too.
    pub unsafe_fixes: bool,
}

/// The result of fixing a farm file.
#[derive(Debug)]
pub struct Fixed {
    /// The farm with its new text.
    pub farm: Farm,
    /// The fixed findings in the order of fixing, each with its position before its fix.
    pub fixed: Vec<(Finding, Position)>,
    /// The findings of the new text.
    pub left: Vec<Finding>,
}

/// The limit of rounds, far beyond what files written by people need.
const ROUNDS: usize = 100;

/// The limit of checks in one round, spent on finding the fix that spoils the others.
const TRIES: usize = 40;

/// Everything that a check needs besides the farm.
struct Checker<'a> {
    disk: &'a dyn Disk,
    suffixes: &'a SharedSuffixes,
    overrides: &'a Overrides,
    wanted: Wanted,
}

/// Applies the wanted fixes.
pub fn fix(
    farm: Farm,
    disk: &dyn Disk,
    suffixes: &SharedSuffixes,
    overrides: &Overrides,
    wanted: Wanted,
) -> Fixed {
    let checker = Checker { disk, suffixes, overrides, wanted };
    let left = checker.check(&farm);
    let mut state = Fixed { farm, fixed: Vec::new(), left };
    let mut refused: HashSet<String> = HashSet::new();
    for _ in 0..ROUNDS {
        let chosen: Vec<Finding> = {
            let mut fixable = checker.fixable(&state.farm, &state.left);
            fixable.retain(|finding| !refused.contains(&label(finding)));
            // Unsafe fixes come last: they change predictions, which safe fixes must keep.
            if fixable.iter().any(|finding| is_safe(finding)) {
                fixable.retain(|finding| is_safe(finding));
            }
            apart(&state.farm, fixable.into_iter().cloned())
        };
        if chosen.is_empty() {
            break;
        }
        let mut tries = TRIES;
        match checker.as_many_as_can(&state, &chosen, &mut tries) {
            Some((kept, farm, left)) => {
                refused.extend(chosen.iter().filter(|finding| !kept.contains(finding)).map(label));
                let source = &state.farm.source;
                let placed = |finding: Finding| {
                    let position = source.position(finding.span.start);
                    (finding.named(), position)
                };
                state.fixed.extend(kept.into_iter().map(placed));
                state.farm = farm;
                state.left = left;
            }
            None => refused.extend(chosen.iter().map(label)),
        }
    }
    state.left = joined(state.left);
    state
}

/// The text edits of a finding's fix; empty if it has none.
pub fn edits(layout: &Layout<'_>, finding: &Finding) -> Vec<Edit> {
    finding.fix.as_ref().map(|fix| layout.edits(&fix.change)).unwrap_or_default()
}

fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safe)
}

/// A key that identifies a finding after lines have moved.
fn label(finding: &Finding) -> String {
    format!("{}\0{}\0{}", finding.rule, finding.message, finding.wikis.join("\0"))
}

/// The findings whose edits are those of an earlier one, or do not touch them.
fn apart(farm: &Farm, findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let Some(layout) = Layout::of(&farm.source) else { return Vec::new() };
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    let touches = |taken: &BTreeSet<(usize, usize)>, edit: &Edit| {
        let before = taken.range(..=(edit.span.end, usize::MAX)).next_back();
        before.is_some_and(|(_, end)| *end >= edit.span.start)
    };
    let mut chosen: Vec<Finding> = Vec::new();
    for finding in findings {
        let own = edits(&layout, &finding);
        let is_new = || !chosen.iter().any(|other| other.fix == finding.fix);
        if own.is_empty() || (own.iter().any(|edit| touches(&taken, edit)) && is_new()) {
            continue;
        }
        taken.extend(own.iter().map(|edit| (edit.span.start, edit.span.end)));
        chosen.push(finding);
    }
    chosen
}

/// The fixes that can be applied together, and the resulting farm with its findings.
type Kept = (Vec<Finding>, Farm, Vec<Finding>);

impl Checker<'_> {
    fn check(&self, farm: &Farm) -> Vec<Finding> {
        check_each(farm, self.disk, self.suffixes, self.overrides)
    }

    /// The findings to fix in this round.
    fn fixable<'a>(&self, farm: &Farm, found: &'a [Finding]) -> Vec<&'a Finding> {
        let fatal: HashSet<&str> = rules::all()
            .filter(|rule| rule.fatal && matches!(rule.look, Look::Parser))
            .map(|rule| rule.name)
            .collect();
        found
            .iter()
            .filter(|finding| finding.severity >= self.wanted.min_severity)
            .filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.safe || self.wanted.unsafe_fixes))
            .filter(|finding| farm.sound() || fatal.contains(finding.rule))
            .collect()
    }

    /// Finds fixes that can be applied together, by bisection.
    fn as_many_as_can(&self, state: &Fixed, chosen: &[Finding], tries: &mut usize) -> Option<Kept> {
        *tries = tries.checked_sub(1)?;
        if let Some((farm, left)) = self.attempt(state, chosen) {
            return Some((chosen.to_vec(), farm, left));
        }
        let (first, second) =
            chosen.split_at_checked(chosen.len() / 2).filter(|(first, _)| !first.is_empty())?;
        let first = self.as_many_as_can(state, first, tries);
        let second = self.as_many_as_can(state, second, tries);
        let (Some(a), Some(b)) = (&first, &second) else { return first.or(second) };
        let both: Vec<Finding> = a.0.iter().chain(&b.0).cloned().collect();
        match self.attempt(state, &both) {
            Some((farm, left)) => Some((both, farm, left)),
            None => first,
        }
    }

    /// The farm after these fixes, if they remove their findings and do nothing else.
    fn attempt(&self, state: &Fixed, chosen: &[Finding]) -> Option<(Farm, Vec<Finding>)> {
        let before = &state.farm;
        let layout = Layout::of(&before.source)?;
        let all: Vec<Edit> = chosen.iter().flat_map(|finding| edits(&layout, finding)).collect();
        let farm = Farm::parse(before.source.path(), apply(before.source.text(), &all)).ok()?;
        let left = self.check(&farm);
        // A wiki whose every request fails has no cookies to keep, and hides warnings about them.
        let fails = |wiki: &&Wiki| lifetimes(wiki.moin()).is_err();
        let failing: HashSet<&str> =
            before.wikis.iter().filter(fails).map(|wiki| wiki.name.as_str()).collect();
        let better = if before.sound() {
            farm.sound() && self.nothing_new(state, &farm, &left, chosen, &failing)
        } else {
            fewer_problems(before, &farm)
        };
        let all_safe = chosen.iter().all(is_safe);
        let same = !before.sound() || !all_safe || predicted(before, &failing) == predicted(&farm, &failing);
        (better && same).then_some((farm, left))
    }

    /// Whether the chosen findings are gone, and every new finding can be fixed too, or is a warning about a wiki of
    /// `failing`.
    fn nothing_new(
        &self,
        state: &Fixed,
        farm: &Farm,
        left: &[Finding],
        chosen: &[Finding],
        failing: &HashSet<&str>,
    ) -> bool {
        let count = |findings: &mut dyn Iterator<Item = &Finding>| {
            let mut counts: HashMap<String, usize> = HashMap::new();
            findings.for_each(|finding| *counts.entry(label(finding)).or_default() += 1);
            counts
        };
        let mut known = count(&mut state.left.iter());
        for finding in chosen {
            if let Some(known) = known.get_mut(&label(finding)) {
                *known = known.saturating_sub(1);
            }
        }
        let fixable = count(&mut self.fixable(farm, left).into_iter());
        let targets: HashSet<String> = chosen.iter().map(label).collect();
        let hidden = |finding: &&Finding| {
            finding.severity < Severity::Error
                && !finding.wikis.is_empty()
                && finding.wikis.iter().all(|wiki| failing.contains(wiki.as_str()))
        };
        count(&mut left.iter().filter(|finding| !hidden(finding))).into_iter().all(|(label, found)| {
            let before = known.get(&label).copied().unwrap_or(0);
            let excused =
                if targets.contains(&label) { 0 } else { fixable.get(&label).copied().unwrap_or(0) };
            found <= before + excused
        })
    }
}

/// Whether the file has fewer errors, and no new ones.
fn fewer_problems(before: &Farm, after: &Farm) -> bool {
    let count = |farm: &Farm| {
        let mut counts: HashMap<(&'static str, String), usize> = HashMap::new();
        for problem in farm.problems.iter().filter(|problem| problem.fatal) {
            *counts.entry((problem.rule, problem.message.clone())).or_default() += 1;
        }
        counts
    };
    let (old, new) = (count(before), count(after));
    let total = |counts: &HashMap<_, usize>| counts.values().sum::<usize>();
    // After one header `[wiki.NAME]` is fixed, the next one is reported in its place.
    let fewer = total(&new) < total(&old) || before.wikis_written < after.wikis_written;
    fewer && new.iter().all(|(problem, found)| *found <= old.get(problem).copied().unwrap_or(0))
}

/// The values that decide all predictions for a farm.
#[derive(Debug, PartialEq)]
struct Predicted {
    wikis: Vec<Vec<String>>,
    shares: Vec<BTreeSet<String>>,
    other_hosts: BTreeSet<String>,
    prune: String,
}

fn predicted(farm: &Farm, failing: &HashSet<&str>) -> Predicted {
    let names = |names: &[(String, crate::farm::Span)]| names.iter().map(|(name, _)| name.clone()).collect();
    let prune = crate::farm::PrunePolicy { span: 0..0, ..farm.prune.clone() };
    Predicted {
        wikis: farm.wikis.iter().map(|wiki| of_wiki(wiki, failing.contains(wiki.name.as_str()))).collect(),
        shares: farm.shares.iter().map(|share| names(&share.wikis)).collect(),
        other_hosts: names(&farm.other_hosts),
        prune: format!("{prune:?}"),
    }
}

/// The values that decide the predictions for a wiki; without its cookies if every request `fails`.
fn of_wiki(wiki: &Wiki, fails: bool) -> Vec<String> {
    let mut lines = vec![wiki.name.clone(), wiki.version().resolved().to_string()];
    let mut addresses: BTreeSet<String> = BTreeSet::new();
    for (url, _) in wiki.addresses() {
        let settings = wiki.moin_at(url);
        let headers: Vec<String> = Visitor::all()
            .filter(|_| !fails)
            .map(|visitor| match session_cookie(&settings, visitor, placeholder_id(settings.version), 0.0) {
                Ok(header) => header.to_string(),
                Err(why) => why.to_string(),
            })
            .collect();
        let address = url.as_str().trim_end_matches('/');
        addresses.insert(format!(
            "{address} {} {:?} {headers:?}",
            settings.session_cookie_name(),
            settings.takes()
        ));
    }
    lines.push(wiki.url.to_string().trim_end_matches('/').to_owned());
    lines.extend(addresses);
    let shown =
        |path: Option<PathBuf>| path.map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    lines.extend([wiki.session_dir(), wiki.user_dir(), wiki.data_dir()].map(shown));
    let auth: BTreeSet<&str> = wiki.auth().into_iter().collect();
    let mut superusers = wiki.names(Key::Superuser).unwrap_or_default().to_vec();
    superusers.sort_unstable();
    superusers.dedup();
    let key = if wiki.version().behavior() >= crate::moin::Behavior::V2 {
        wiki.text(Key::SecretKeyId)
    } else {
        None
    };
    lines.push(format!("{auth:?} {superusers:?} {key:?} {:?}", wiki.custom_handler()));
    lines
}
