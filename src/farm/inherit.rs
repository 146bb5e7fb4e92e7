//! Inheritance of settings: a wiki overrides its group, and a group overrides `[farm]`; `unset` restores the default.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::problem::name_wiki;
use super::{
    Change, Key, LintLevels, Problem, Setting, Span, Wiki, nearest, quoted, table_key, the_one_near,
};

/// One table of settings.
#[derive(Debug, Default, Clone)]
pub(super) struct Layer {
    pub(super) settings: BTreeMap<Key, Arc<Setting>>,
    pub(super) unset: Vec<(Key, Span)>,
    pub(super) group: Option<(String, Span)>,
    /// The `lint` of a wiki.
    pub(super) lint: LintLevels,
    /// Whether there is a `url`, valid or not.
    pub(super) has_url: bool,
    /// The name of the table.
    pub(super) span: Span,
}

/// All tables of settings of a farm file.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) farm: Layer,
    pub(super) groups: BTreeMap<String, Layer>,
    pub(super) wikis: Vec<(String, Layer)>,
}

/// The settings that a group gives to its members.
type Inherited = BTreeMap<Key, Arc<Setting>>;

impl Layers {
    /// The wikis with their inherited settings. A wiki without a valid URL is left out, and reported.
    pub(super) fn resolve(&self, base: &Path, problems: &mut Vec<Problem>) -> Vec<Wiki> {
        let mut groups = BTreeMap::new();
        for name in self.groups.keys() {
            self.group(name, &mut Vec::new(), &mut groups, problems);
        }
        self.unused_groups(problems);
        let mut wikis = Vec::with_capacity(self.wikis.len());
        for (name, layer) in &self.wikis {
            let others = problems.len();
            let mut settings = match &layer.group {
                None => self.farm.settings.clone(),
                Some((group, span)) => match groups.get(group) {
                    Some(inherited) => inherited.clone(),
                    None => {
                        problems.push(self.unknown_group(group, span));
                        self.farm.settings.clone()
                    }
                },
            };
            apply(layer, &mut settings, problems);
            match settings.get(&Key::Url).and_then(|setting| setting.value.url().cloned()) {
                Some(url) => {
                    let (name, span, lint) = (name.clone(), layer.span.clone(), layer.lint.clone());
                    wikis.push(Wiki::new(name, span, url, lint, settings, base.to_owned()));
                }
                // An invalid URL is reported by the reader of values.
                _ if layer.has_url => {}
                _ => problems.push(
                    Problem::new("missing-url", layer.span.clone(), "the table has no url")
                        .help("add the public URL, such as url = \"https://wiki.example.org/\""),
                ),
            }
            name_wiki(problems, others, name);
        }
        wikis
    }

    /// Resolves a group after its parents; `path` has the unfinished groups, to find cycles.
    fn group(
        &self,
        name: &str,
        path: &mut Vec<String>,
        done: &mut BTreeMap<String, Inherited>,
        problems: &mut Vec<Problem>,
    ) {
        // Without recursion, as a chain of parents can be long.
        let mut next = Some(name.to_owned());
        let mut inherited = self.farm.settings.clone();
        while let Some(current) = next.take() {
            if let Some(ready) = done.get(&current) {
                inherited = ready.clone();
                break;
            }
            let Some(layer) = self.groups.get(&current) else { break };
            path.push(current);
            if let Some((parent, span)) = &layer.group {
                if path.contains(parent) {
                    let message = format!("the group {parent:?} inherits from itself");
                    problems.push(
                        Problem::new("group-cycle", span.clone(), message)
                            .help("delete one `group` line of the cycle"),
                    );
                } else if self.groups.contains_key(parent) {
                    next = Some(parent.clone());
                } else {
                    problems.push(self.unknown_group(parent, span));
                }
            }
        }
        while let Some(current) = path.pop() {
            if let Some(layer) = self.groups.get(&current) {
                apply(layer, &mut inherited, problems);
            }
            done.insert(current, inherited.clone());
        }
    }

    /// Reports the groups that no wiki uses, directly or through another group.
    fn unused_groups(&self, problems: &mut Vec<Problem>) {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut named: Vec<&str> = self
            .wikis
            .iter()
            .filter_map(|(_, layer)| layer.group.as_ref())
            .map(|(name, _)| name.as_str())
            .collect();
        while let Some(name) = named.pop() {
            if used.insert(name) {
                let parent = self.groups.get(name).and_then(|layer| layer.group.as_ref());
                named.extend(parent.map(|(name, _)| name.as_str()));
            }
        }
        for (name, layer) in self.groups.iter().filter(|(name, _)| !used.contains(name.as_str())) {
            let message = format!("no wiki uses the group {name:?}");
            let problem = Problem::new("unused-group", layer.span.clone(), message);
            let problem = problem.help(format!("delete the group, or add group = {name:?} to a wiki"));
            problems.push(Problem { fatal: false, ..problem });
        }
    }

    fn unknown_group(&self, name: &str, span: &Span) -> Problem {
        let problem = Problem::new("unknown-group", span.clone(), format!("there is no group {name:?}"));
        let known = || self.groups.keys().map(String::as_str);
        let problem = match nearest(name, known()) {
            Some(near) => problem.help(format!("did you mean {near:?}?")),
            None => problem.help(format!("add the table [groups.{}]", table_key(name))),
        };
        match the_one_near(name, known()) {
            Some(meant) => problem.instead(quoted(meant)),
            None => problem,
        }
    }
}

/// Applies one table to the inherited settings.
fn apply(layer: &Layer, settings: &mut Inherited, problems: &mut Vec<Problem>) {
    for (key, span) in &layer.unset {
        if settings.remove(key).is_none() && !layer.settings.contains_key(key) {
            let message = format!("unset has no effect: {} is not inherited", key.name());
            let problem = Problem::new("useless-unset", span.clone(), message).help("delete the name");
            problems.push(Problem { fatal: false, ..problem.fix(Change::DropItem(span.clone())) });
        }
    }
    for (key, setting) in &layer.settings {
        let inherited = settings.insert(*key, Arc::clone(setting));
        if let Some(inherited) = inherited.filter(|inherited| inherited.value == setting.value) {
            problems.push(redundant(*key, setting, &inherited));
        }
    }
}

/// The problem of a setting that repeats the inherited value.
fn redundant(key: Key, setting: &Setting, inherited: &Setting) -> Problem {
    let message = format!("{} repeats the inherited value", key.name());
    let problem = Problem::new("redundant-setting", setting.key_span.clone(), message)
        .help("delete this line, so that one line sets the value for all wikis")
        .fix(Change::DropSetting(setting.key_span.clone()));
    Problem {
        fatal: false,
        also: vec![(inherited.key_span.clone(), "inherited from here".to_owned())],
        ..problem
    }
}
