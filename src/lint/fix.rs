//! Mending the farm file: what the findings say can be done is done, tried out before it is believed.
//!
//! Rounds of changes are made to the text, and after each the whole file is checked anew. A change stays only if the
//! file can still be read, what it was for is gone, nothing new is found, and, if it is called safe, every wiki's
//! cookies, directories and methods are predicted as before. As long as a file is not wholly understood only that is
//! fixed: what a setting is worth nobody can say before all are read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::check::check;
use super::disk::Disk;
use super::finding::{Finding, Severity};
use super::levels::Overrides;
use super::rule::Look;
use super::rules;
use crate::browser::SharedSuffixes;
use crate::farm::{Edit, Farm, Key, Layout, Position, Wiki, apply};
use crate::moin::{Visitor, placeholder_id, session_cookie};

/// What is to be fixed.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Findings that are less bad are left alone.
    pub min_severity: Severity,
    /// Whether also what only the admin can know is written.
    pub unsafe_fixes: bool,
}

/// A farm file that was fixed.
#[derive(Debug)]
pub struct Fixed {
    /// The farm as it is now, with its text.
    pub farm: Farm,
    /// What was fixed, in the order in which it was, each with its place at that time.
    pub fixed: Vec<(Finding, Position)>,
    /// What is found now.
    pub left: Vec<Finding>,
}

/// So many rounds are enough for any file that was written by people.
const ROUNDS: usize = 100;

/// So many checks may be spent in a round on finding the change that spoils the others.
const TRIES: usize = 40;

/// The rules' view of a farm.
struct Checker<'a> {
    disk: &'a dyn Disk,
    suffixes: &'a SharedSuffixes,
    overrides: &'a Overrides,
    wanted: Wanted,
}

/// Fixes what can be fixed.
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
            // What changes predictions comes last, so that of the rest it is seen that they do not.
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
                    let place = source.place(finding.span.start);
                    (finding, place)
                };
                state.fixed.extend(kept.into_iter().map(placed));
                state.farm = farm;
                state.left = left;
            }
            None => refused.extend(chosen.iter().map(label)),
        }
    }
    state
}

/// The text edits that a finding's fix comes to; none if there is none.
pub fn edits(layout: &Layout<'_>, finding: &Finding) -> Vec<Edit> {
    finding.fix.as_ref().map(|fix| layout.edits(&fix.change)).unwrap_or_default()
}

fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.safe)
}

/// What makes a finding the same after lines have moved.
fn label(finding: &Finding) -> String {
    format!("{}\0{}\0{}", finding.rule, finding.message, finding.wikis.join("\0"))
}

/// Of the findings those whose edits do not touch each other's.
fn apart(farm: &Farm, findings: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let Some(layout) = Layout::of(&farm.source) else { return Vec::new() };
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    let touches = |taken: &BTreeSet<(usize, usize)>, edit: &Edit| {
        let before = taken.range(..=(edit.span.end, usize::MAX)).next_back();
        before.is_some_and(|(_, end)| *end >= edit.span.start)
    };
    let mut chosen = Vec::new();
    for finding in findings {
        let own = edits(&layout, &finding);
        if own.is_empty() || own.iter().any(|edit| touches(&taken, edit)) {
            continue;
        }
        taken.extend(own.iter().map(|edit| (edit.span.start, edit.span.end)));
        chosen.push(finding);
    }
    chosen
}

/// What could be kept, and what came of it.
type Kept = (Vec<Finding>, Farm, Vec<Finding>);

impl Checker<'_> {
    fn check(&self, farm: &Farm) -> Vec<Finding> {
        check(farm, self.disk, self.suffixes, self.overrides)
    }

    /// The findings that may be fixed now.
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

    /// As many of the changes as go together, found by halves.
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

    /// The farm after these changes, if they do what they are for and nothing else.
    fn attempt(&self, state: &Fixed, chosen: &[Finding]) -> Option<(Farm, Vec<Finding>)> {
        let before = &state.farm;
        let layout = Layout::of(&before.source)?;
        let all: Vec<Edit> = chosen.iter().flat_map(|finding| edits(&layout, finding)).collect();
        let farm = Farm::parse(before.source.path(), apply(before.source.text(), &all)).ok()?;
        let left = self.check(&farm);
        let better = if before.sound() {
            farm.sound() && self.nothing_new(state, &farm, &left, chosen)
        } else {
            fewer_problems(before, &farm)
        };
        let all_safe = chosen.iter().all(is_safe);
        let same = !before.sound() || !all_safe || predicted(before) == predicted(&farm);
        (better && same).then_some((farm, left))
    }

    /// Whether what was to be fixed is gone, and nothing is found that was not before and can't be fixed too.
    fn nothing_new(&self, state: &Fixed, farm: &Farm, left: &[Finding], chosen: &[Finding]) -> bool {
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
        count(&mut left.iter()).into_iter().all(|(label, found)| {
            let before = known.get(&label).copied().unwrap_or(0);
            let excused =
                if targets.contains(&label) { 0 } else { fixable.get(&label).copied().unwrap_or(0) };
            found <= before + excused
        })
    }
}

/// Whether less of the file is not understood, and nothing that was before.
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
    // The next of many headers `[wiki.NAME]` takes the place of the one that was fixed.
    let fewer = total(&new) < total(&old) || before.wikis_written < after.wikis_written;
    fewer && new.iter().all(|(problem, found)| *found <= old.get(problem).copied().unwrap_or(0))
}

/// All that is predicted of a farm follows from this.
#[derive(Debug, PartialEq)]
struct Predicted {
    wikis: Vec<Vec<String>>,
    shares: Vec<BTreeSet<String>>,
    other_hosts: BTreeSet<String>,
    prune: String,
}

fn predicted(farm: &Farm) -> Predicted {
    let names = |names: &[(String, crate::farm::Span)]| names.iter().map(|(name, _)| name.clone()).collect();
    let prune = crate::farm::PrunePolicy { span: 0..0, ..farm.prune.clone() };
    Predicted {
        wikis: farm.wikis.iter().map(of_wiki).collect(),
        shares: farm.shares.iter().map(|share| names(&share.wikis)).collect(),
        other_hosts: names(&farm.other_hosts),
        prune: format!("{prune:?}"),
    }
}

/// What is predicted of a wiki, line by line.
fn of_wiki(wiki: &Wiki) -> Vec<String> {
    let mut lines = vec![wiki.name.clone(), wiki.version().resolved().to_string()];
    let mut addresses: BTreeSet<String> = BTreeSet::new();
    for (url, _) in wiki.addresses() {
        let settings = wiki.moin_at(url);
        let headers: Vec<String> = Visitor::all()
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
    let key = if wiki.version().behaviour() == crate::moin::Behaviour::V2 {
        wiki.text(Key::SecretKeyId)
    } else {
        None
    };
    lines.push(format!("{auth:?} {superusers:?} {key:?} {:?}", wiki.custom_handler()));
    lines
}
