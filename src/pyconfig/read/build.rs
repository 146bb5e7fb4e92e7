//! The farm, out of what the files bind.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::evidence::Evidence;
use super::imported::{Imported, Options};
use super::namespace::{Binding, Namespace};
use super::note::{self, Note};
use super::settings::{Found, LeftOut};
use super::syntax::TEMPLATE;
use super::urls::{Earlier, Urls};
use super::value::Val;
use super::wikis::{Entry, Loaded};
use super::world::World;
use crate::farm::{Farm, Key, LintLevels, Problem, SAMPLE_SECRET_KEY, Setting, Span, Value, Wiki};
use crate::moin::{Behavior, Version};

/// Puts a farm together.
pub(super) struct Builder<'a> {
    pub(super) world: World<'a>,
    pub(super) options: &'a Options,
    base: &'a Path,
    wikis: Vec<Loaded>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(world: World<'a>, options: &'a Options, base: &'a Path) -> Builder<'a> {
        Builder { world, options, base, wikis: Vec::new() }
    }

    /// The entries of the list `wikis`; where it can't be known, the wikis that `--url NAME=URL` names.
    pub(super) fn entries(&mut self, list: &Binding) -> Vec<Entry> {
        let before = self.world.problems.len();
        let entries = self.world.wikis(&list.item);
        if !entries.is_empty() {
            return entries;
        }
        let names = self.options.urls.iter().filter_map(|(name, _)| name.clone());
        let entries: Vec<Entry> =
            names.map(|name| Entry { name, span: list.key.clone(), expressions: Vec::new() }).collect();
        if !entries.is_empty() {
            // The list is known by other means.
            self.world.problems.truncate(before);
        }
        entries
    }

    /// Reads the file of a wiki and finds its class.
    pub(super) fn load(&mut self, entry: Entry, file: &Path, siteid: Option<&'static str>) {
        let by = (entry.span != (0..0)).then(|| entry.span.clone());
        let before = self.world.problems.len();
        let module_name = siteid.unwrap_or(&entry.name).to_owned();
        let module = self.world.module(&module_name, file, by.as_ref());
        let known = module.map(|module| config_class(&self.world, module));
        let class = known.as_ref().and_then(|class| class.as_ref().ok()).copied();
        let mut wiki = Loaded { entry, module, class, siteid, ran: None };
        if let Some(ran) = self.options.ran.as_ref().and_then(|ran| ran.wikis.get(&wiki.entry.name)) {
            wiki.ran = self.world.ran_wiki(ran, &wiki);
        }
        match known {
            _ if wiki.ran.is_some() => {}
            Some(Err((span, message, rule))) => {
                let help = match rule {
                    "dynamic-setting" => "`wikifarm config import --run PYTHON` runs the file",
                    _ => "MoinMoin takes the wiki's settings from the class Config of its file",
                };
                self.world.problems.push(Problem::new(rule, span, message).help(help));
            }
            None if self.world.problems.len() == before => {
                let message = format!("the wiki {:?} has no file {}", wiki.entry.name, file.display());
                let problem = Problem::new("missing-config", wiki.entry.span.clone(), message);
                let help = "every request to the wiki fails: create the file, or delete the entry";
                self.world.problems.push(problem.help(help));
            }
            _ => {}
        }
        // A wiki that is in no list is where its class is.
        if wiki.entry.expressions.is_empty()
            && let Some(class) = class.and_then(|class| self.world.classes.get(class))
            && (by.is_none() || wiki.entry.span.end == wiki.entry.span.start + 1)
        {
            wiki.entry.span = class.span.clone();
        }
        self.wikis.push(wiki);
    }

    /// The farm, with all that is wrong or not known.
    pub(super) fn finish(mut self) -> Imported {
        let wikis = std::mem::take(&mut self.wikis);
        let notes = self.notes(&wikis);
        let evidence = self.world.evidence().filter(|_| self.options.moin.is_none());
        for span in std::mem::take(&mut self.world.secrets) {
            self.world.source.hide(&span);
        }
        let mut problems = std::mem::take(&mut self.world.problems);
        let ran = self.options.ran.as_ref().map(|ran| ran.options.clone());
        if ran.is_some() && wikis.iter().all(|wiki| wiki.ran.is_some()) {
            // Python understood what could not be read.
            problems.retain(|problem| {
                !matches!(problem.rule, "dynamic-setting" | "python-syntax" | "import-cycle")
            });
        }
        let (mut left_out, mut remarks) = (BTreeMap::new(), BTreeMap::new());
        let (mut resolved, mut without_url, mut left_out_wikis) = (Vec::new(), Vec::new(), Vec::new());
        let (mut earlier, mut seen) = (Earlier::default(), HashSet::new());
        for wiki in &wikis {
            let own = |note: &&Note| self.concerns(note, wiki, &wikis);
            let notes: Vec<&Note> = notes.iter().filter(own).collect();
            let (version, mut found) = self.noted_settings(wiki, wikis.len(), &notes, evidence.as_ref());
            for problem in LeftOut::problems(&found.left_out, self.options.importing, wiki.ran.is_some()) {
                if seen.insert((problem.span.start, problem.message.clone())) {
                    problems.push(problem);
                }
            }
            if let Some(setting) = found.settings.get(&Key::SecretKeyId)
                && setting.value.text().is_some_and(|id| SAMPLE_SECRET_KEY.contains(&id))
            {
                problems.push(Problem::sample_secret_key(setting.span.clone()));
            }
            let whole = version.behavior() >= Behavior::V1_9_0;
            let urls = Urls { options: self.options, wiki, wikis: &wikis, whole };
            let url = urls.settings(&mut found, &mut earlier, &mut problems);
            for (key, remark) in found.remarks {
                if let Some(setting) = found.settings.get(&key) {
                    remarks.insert((key, setting.span.start), remark);
                }
            }
            let (name, span) = (wiki.entry.name.clone(), wiki.entry.span.clone());
            if !found.left_out.is_empty() {
                left_out.insert(name.clone(), found.left_out);
            }
            if wiki.class.is_none() && wiki.ran.is_none() {
                left_out_wikis.push((name, span));
                continue;
            }
            let list = if url.is_some() { &mut resolved } else { &mut without_url };
            let (base, levels) = (self.base.to_owned(), LintLevels::default());
            let made =
                url.or_else(unknown_url).map(|url| Wiki::new(name, span, url, levels, found.settings, base));
            list.extend(made);
        }
        if wikis.is_empty() && problems.is_empty() {
            let help = "MoinMoin takes them from the list `wikis`";
            problems.push(Problem::new("no-wikis", 0..0, "the farm has no wikis").help(help));
        }
        problems.sort_by_key(|problem| problem.span.start);
        let farm = Farm::of(self.world.source, resolved, wikis.len(), problems);
        let assumed = self.world.assumed;
        Imported { farm, left_out, remarks, evidence, left_out_wikis, without_url, ran, assumed }
    }

    /// The version of a wiki, and its settings with those that comments give.
    fn noted_settings(
        &self,
        wiki: &Loaded,
        wikis: usize,
        notes: &[&Note],
        evidence: Option<&Evidence>,
    ) -> (Version, Found) {
        let at = |span: Span, version| {
            let value = Value::Version(version);
            Arc::new(Setting { value, key_span: span.clone(), span, items: Vec::new() })
        };
        let noted =
            notes.iter().rev().find(|note| note.key == Key::Moin).map(|note| Arc::clone(&note.setting));
        let moin = noted.or_else(|| {
            let given = self.options.moin.map(|version| at(0..0, version));
            given.or_else(|| evidence.map(|it| at(it.span.clone(), it.version)))
        });
        let kept = self.options.kept(&wiki.entry.name, wikis).map(|kept| kept.version);
        let version = moin.as_ref().map_or(kept, |setting| setting.value.version());
        let version = version.unwrap_or(Version::LATEST_1_9);
        let base = std::path::absolute(self.base).unwrap_or_else(|_| self.base.to_owned());
        let base = super::paths::normpath(&base.display().to_string());
        let mut found = self.wiki_settings(wiki, version, &base);
        found.settings.extend(moin.map(|setting| (Key::Moin, setting)));
        for note in notes {
            found.settings.insert(note.key, Arc::clone(&note.setting));
            found.left_out.retain(|left| left.key != note.key);
        }
        (version, found)
    }

    /// The comments that give settings, farm-wide ones first.
    fn notes(&mut self, wikis: &[Loaded]) -> Vec<Note> {
        let mut problems = Vec::new();
        let starts: Vec<usize> = self.world.modules.iter().map(|module| module.start).collect();
        let own = |offset: usize| {
            let module = starts.partition_point(|start| *start <= offset).saturating_sub(1);
            wikis.iter().any(|wiki| wiki.module == Some(module))
        };
        let mut notes = note::notes(&self.world.source, &own, &mut problems);
        notes.sort_by_key(|note| own(note.span.start));
        self.world.problems.extend(problems);
        notes
    }

    /// Whether a note is about that wiki: it stands in its file, or in one that is no wiki's own.
    fn concerns(&self, note: &Note, wiki: &Loaded, wikis: &[Loaded]) -> bool {
        let module =
            self.world.modules.partition_point(|module| module.start <= note.span.start).saturating_sub(1);
        wiki.module == Some(module) || !wikis.iter().any(|other| other.module == Some(module))
    }

    /// The settings of a class, and Flask's.
    fn settings(&self, class: usize, space: Option<&Namespace>, version: Version, base: &str) -> Found {
        let mut found = self.world.class_settings(class, version, base);
        if let Some(space) = space.filter(|_| version.behavior() >= Behavior::V2) {
            self.world.flask_settings(space, version, &mut found);
        }
        found
    }

    /// The settings of a wiki. Those that only running the files gives are marked.
    fn wiki_settings(&self, wiki: &Loaded, version: Version, base: &str) -> Found {
        let module = wiki.module.and_then(|module| self.world.modules.get(module));
        let read = wiki.class.map(|class| self.settings(class, module.map(|it| &it.space), version, base));
        let mut found = match (&wiki.ran, read) {
            (None, read) => read.unwrap_or_default(),
            (Some((class, space)), read) => {
                let read = read.unwrap_or_default();
                let mut found = self.settings(*class, Some(space), version, base);
                for (key, setting) in &found.settings {
                    if read.settings.get(key).is_none_or(|other| other.value != setting.value) {
                        found.remarks.insert(*key, "run".to_owned());
                    }
                }
                found
            }
        };
        if let (Some(siteid), Some(class)) =
            (wiki.siteid, wiki.class.and_then(|it| self.world.classes.get(it)))
        {
            let (span, value) = (class.span.clone(), Value::Text(siteid.to_owned()));
            let setting = Setting { value, key_span: span.clone(), span, items: Vec::new() };
            found.settings.insert(Key::Siteid, Arc::new(setting));
        }
        found
    }
}

/// The class `Config` of a module, if it is one; else why not.
fn config_class(world: &World<'_>, module: usize) -> Result<usize, (Span, String, &'static str)> {
    let module = world.modules.get(module);
    let Some(binding) = module.and_then(|module| module.space.get("Config")) else {
        let (path, start) =
            module.map_or_else(Default::default, |it| (it.path.display().to_string(), it.start));
        return Err((start..start, format!("{path} has no class Config"), "missing-config"));
    };
    match &binding.item.val {
        Val::Class(class) => Ok(*class),
        _ => {
            let why = &binding.item.reason("it is no class").why;
            let message = format!("the class Config can't be known without running the file: {why}");
            Err((binding.key.clone(), message, "dynamic-setting"))
        }
    }
}

/// Stands for a URL that is not known. It is never written.
fn unknown_url() -> Option<Url> {
    Url::parse("http://unknown.invalid/").ok()
}

impl LeftOut {
    /// The settings that are left out as problems of the farm: those with one reason are one problem.
    fn problems(all: &[LeftOut], importing: bool, ran: bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (at, left) in all.iter().enumerate() {
            let same = |other: &&LeftOut| other.span == left.span && other.why == left.why;
            if all.iter().take(at).any(|other| same(&other)) {
                continue;
            }
            let names: Vec<&str> = all.iter().filter(same).map(|other| other.key.name()).collect();
            let (name, span) = (left.key.name(), left.span.clone());
            if left.wrong {
                problems.push(Problem::new("wrong-type", span, format!("{name}: {}", left.why)));
                continue;
            }
            let shown = match names.as_slice() {
                [.., _, _, _, _] => format!("{name} and {} more settings", names.len() - 1),
                _ => names.join(", "),
            };
            if left.why == TEMPLATE {
                let message = format!("{shown} can't be known: {TEMPLATE}");
                problems
                    .push(Problem::new("dynamic-setting", span, message).help("import the rendered file"));
                continue;
            }
            let running = if ran { "" } else { " without running the file" };
            let message = format!("{shown} can't be known{running}: {}", left.why);
            let comment = format!("write the comment `# wikifarm: {name} = …`");
            let help = match importing {
                _ if ran => comment,
                true => format!("`--run PYTHON` runs the file; or {comment}"),
                false => {
                    format!("{comment}, or create a farm file with `wikifarm config import --run PYTHON`")
                }
            };
            problems.push(Problem::new("dynamic-setting", span, message).help(help));
        }
        problems
    }
}
