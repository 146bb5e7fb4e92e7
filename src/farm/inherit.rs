//! Inheritance: `[farm]` < groups < wiki, with `unset`, and the origin of every setting kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{Change, Key, LintLevels, Problem, Setting, Span, Wiki, nearest, quoted, the_one_near};

/// One table of settings.
#[derive(Debug, Default, Clone)]
pub(super) struct Layer {
    pub(super) settings: BTreeMap<Key, Arc<Setting>>,
    pub(super) unset: Vec<(Key, Span)>,
    pub(super) group: Option<(String, Span)>,
    /// A wiki's own `lint`.
    pub(super) lint: LintLevels,
    /// Whether a `url` was given, usable or not.
    pub(super) has_url: bool,
    /// Where the table's name stands.
    pub(super) span: Span,
}

/// All tables of settings of a farm file.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) farm: Layer,
    pub(super) groups: BTreeMap<String, Layer>,
    pub(super) wikis: Vec<(String, Layer)>,
}

/// What a group gives to its members.
type Inherited = BTreeMap<Key, Arc<Setting>>;

impl Layers {
    /// The wikis with what they inherit. A wiki without a usable URL is left out: the problem is noted.
    pub(super) fn resolve(&self, base: &Path, problems: &mut Vec<Problem>) -> Vec<Wiki> {
        let mut groups = BTreeMap::new();
        for name in self.groups.keys() {
            self.group(name, &mut Vec::new(), &mut groups, problems);
        }
        self.unused_groups(problems);
        let mut wikis = Vec::with_capacity(self.wikis.len());
        for (name, layer) in &self.wikis {
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
                // A URL that could not be read has been noted already.
                _ if layer.has_url => {}
                _ => problems.push(
                    Problem::new("missing-url", layer.span.clone(), format!("the wiki {name:?} has no url"))
                        .help("add its public URL: url = \"https://wiki.example.org/\""),
                ),
            }
        }
        wikis
    }

    /// Resolves a group after its parents; `path` holds the groups under way, to find cycles.
    fn group(
        &self,
        name: &str,
        path: &mut Vec<String>,
        done: &mut BTreeMap<String, Inherited>,
        problems: &mut Vec<Problem>,
    ) {
        // Follow the chain of parents without recursion, up to one that is done, or the top.
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
                    let message = format!("the group {parent:?} is its own parent");
                    problems.push(
                        Problem::new("group-cycle", span.clone(), message).help("take one `group` out"),
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

    /// Notes the groups that neither a wiki nor a group that is used names.
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
            let message = format!("no wiki is in the group {name:?}");
            let problem = Problem::new("unused-group", layer.span.clone(), message);
            let problem = problem.help("take it out, or name it in a wiki: group = …");
            problems.push(Problem { fatal: false, ..problem });
        }
    }

    fn unknown_group(&self, name: &str, span: &Span) -> Problem {
        let problem = Problem::new("unknown-group", span.clone(), format!("there is no group {name:?}"));
        let known = || self.groups.keys().map(String::as_str);
        let problem = match nearest(name, known()) {
            Some(near) => problem.help(format!("did you mean {near:?}?")),
            None => problem.help(format!("add it: [groups.{name}]")),
        };
        match the_one_near(name, known()) {
            Some(meant) => problem.instead(quoted(meant)),
            None => problem,
        }
    }
}

/// Lays one table over what it inherits.
fn apply(layer: &Layer, settings: &mut Inherited, problems: &mut Vec<Problem>) {
    for (key, span) in &layer.unset {
        if settings.remove(key).is_none() && !layer.settings.contains_key(key) {
            let message = format!("nothing sets {} above, so there is nothing to unset", key.name());
            let problem = Problem::new("useless-unset", span.clone(), message);
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

/// A setting that says what is inherited anyway.
fn redundant(key: Key, setting: &Setting, inherited: &Setting) -> Problem {
    let message = format!("{} is inherited with this value anyway", key.name());
    let problem = Problem::new("redundant-setting", setting.key_span.clone(), message)
        .help("take it out, so that one line decides for all")
        .fix(Change::DropSetting(setting.key_span.clone()));
    Problem {
        fatal: false,
        also: vec![(inherited.key_span.clone(), "inherited from here".to_owned())],
        ..problem
    }
}
