//! The farm, out of what the files bind.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::address::{Addresses, Expression};
use super::imported::{Imported, Options};
use super::note::{self, Note};
use super::settings::{Found, LeftOut};
use super::value::Val;
use super::wikis::{Entry, no_address, url_help};
use super::world::World;
use crate::farm::{Farm, Key, LintLevels, Problem, Setting, Span, Value, Wiki};
use crate::moin::{Behaviour, Version};

/// A wiki with its module and class, before its settings are read.
struct Loaded {
    entry: Entry,
    module: Option<usize>,
    class: Option<usize>,
    siteid: Option<&'static str>,
}

/// Puts a farm together.
pub(super) struct Builder<'a> {
    pub(super) world: World<'a>,
    options: &'a Options,
    base: &'a Path,
    wikis: Vec<Loaded>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(world: World<'a>, options: &'a Options, base: &'a Path) -> Builder<'a> {
        Builder { world, options, base, wikis: Vec::new() }
    }

    /// The wikis that `--url NAME=URL` names, where the list `wikis`, bound at `span`, is not known.
    pub(super) fn named_entries(&mut self, span: Span) -> Vec<Entry> {
        let names = self.options.urls.iter().filter_map(|(name, _)| name.clone());
        let entries: Vec<Entry> =
            names.map(|name| Entry { name, span: span.clone(), expressions: Vec::new() }).collect();
        if !entries.is_empty() {
            // The list is known by other means.
            self.world
                .problems
                .retain(|problem| problem.rule != "dynamic-setting" || !problem.message.contains("`wikis`"));
        }
        entries
    }

    /// Reads the file of a wiki and finds its class.
    pub(super) fn load(&mut self, mut entry: Entry, file: &Path, siteid: Option<&'static str>) {
        let by = (entry.span != (0..0)).then(|| entry.span.clone());
        let before = self.world.problems.len();
        let module_name = siteid.unwrap_or(&entry.name).to_owned();
        let module = self.world.module(&module_name, file, by.as_ref());
        let mut class = None;
        match module.map(|module| config_class(&self.world, module)) {
            Some(Ok(found)) => class = Some(found),
            Some(Err((span, message, known))) => {
                let rule = if known { "dynamic-setting" } else { "missing-config" };
                let help = "MoinMoin takes the wiki's settings from the class Config of its file";
                self.world.problems.push(Problem::new(rule, span, message).help(help));
            }
            None if self.world.problems.len() == before => {
                let message = format!("the wiki {:?} has no file {}", entry.name, file.display());
                let problem = Problem::new("missing-config", entry.span.clone(), message);
                self.world.problems.push(
                    problem.help("MoinMoin answers no request for it; write the file, or take the entry out"),
                );
            }
            None => {}
        }
        // A wiki that stands in no list is where its class is.
        if entry.expressions.is_empty()
            && let Some(class) = class.and_then(|class| self.world.classes.get(class))
            && (by.is_none() || entry.span.end == entry.span.start + 1)
        {
            entry.span = class.span.clone();
        }
        self.wikis.push(Loaded { entry, module, class, siteid });
    }

    /// The farm, with all that is wrong or not known.
    pub(super) fn finish(mut self) -> Imported {
        let wikis = std::mem::take(&mut self.wikis);
        let notes = self.notes(&wikis);
        let mut schemes = Vec::new();
        for (span, expression) in wikis.iter().flat_map(|wiki| &wiki.entry.expressions) {
            schemes.push((expression.scheme(), span.clone()));
        }
        let evidence = self.world.evidence(&schemes).filter(|_| self.options.moin.is_none());
        for span in std::mem::take(&mut self.world.secrets) {
            self.world.source.hide(&span);
        }
        let mut problems = std::mem::take(&mut self.world.problems);
        let mut left_out = BTreeMap::new();
        let mut remarks = BTreeMap::new();
        let mut resolved: Vec<Wiki> = Vec::new();
        let mut left_out_wikis = Vec::new();
        let mut seen: HashSet<(usize, String)> = HashSet::new();
        let base = std::path::absolute(self.base).unwrap_or_else(|_| self.base.to_owned());
        let base = super::paths::normpath(&base.display().to_string());
        let mut earlier = Earlier::default();
        for wiki in &wikis {
            let own = |note: &&Note| self.concerns(note, wiki, &wikis);
            let notes: Vec<&Note> = notes.iter().filter(own).collect();
            let moin =
                notes.iter().rev().find(|note| note.key == Key::Moin).map(|note| Arc::clone(&note.setting));
            let moin = moin.or_else(|| {
                let at = |span: Span, version| {
                    let value = Value::Version(version);
                    Arc::new(Setting { value, key_span: span.clone(), span, items: Vec::new() })
                };
                let told = self.options.moin.map(|version| at(0..0, version));
                told.or_else(|| evidence.as_ref().map(|told| at(told.span.clone(), told.version)))
            });
            let version = moin.as_ref().and_then(|setting| setting.value.version());
            let version = version.unwrap_or(Version::LATEST_1_9);
            let mut found = self.settings(wiki, version, &base);
            found.settings.extend(moin.map(|setting| (Key::Moin, setting)));
            for note in &notes {
                found.settings.insert(note.key, Arc::clone(&note.setting));
                found.left_out.retain(|left| left.key != note.key);
            }
            for left in &found.left_out {
                let problem = left.problem(self.options.importing);
                if seen.insert((problem.span.start, problem.message.clone())) {
                    problems.push(problem);
                }
            }
            let url = self.addresses(wiki, version, &wikis, &mut found, &mut earlier, &mut problems);
            for (key, remark) in found.remarks {
                if let Some(setting) = found.settings.get(&key) {
                    remarks.insert((key, setting.span.start), remark);
                }
            }
            if !found.left_out.is_empty() {
                left_out.insert(wiki.entry.name.clone(), found.left_out);
            }
            let (name, span) = (wiki.entry.name.clone(), wiki.entry.span.clone());
            if url.is_none() || wiki.class.is_none() {
                left_out_wikis.push((name.clone(), span.clone(), wiki.class.is_some()));
            }
            if let Some(url) = url.filter(|_| wiki.class.is_some()) {
                let base = self.base.to_owned();
                resolved.push(Wiki::new(name, span, url, LintLevels::default(), found.settings, base));
            }
        }
        if wikis.is_empty() && problems.is_empty() {
            problems.push(
                Problem::new("no-wikis", 0..0, "the farm has no wikis")
                    .help("MoinMoin takes them from the list `wikis`"),
            );
        }
        problems.sort_by_key(|problem| problem.span.start);
        let farm = Farm::of(self.world.source, resolved, wikis.len(), problems);
        Imported { farm, left_out, remarks, evidence, left_out_wikis, assumed: self.world.assumed }
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

    fn settings(&self, wiki: &Loaded, version: Version, base: &str) -> Found {
        let Some(class) = wiki.class else { return Found::default() };
        let mut found = self.world.class_settings(class, version, base);
        if version.behaviour() == Behaviour::V2
            && let Some(module) = wiki.module.and_then(|module| self.world.modules.get(module))
        {
            self.world.flask_settings(&module.names, &mut found);
        }
        if let (Some(siteid), Some(class)) = (wiki.siteid, self.world.classes.get(class)) {
            let (span, value) = (class.span.clone(), Value::Text(siteid.to_owned()));
            let setting = Setting { value, key_span: span.clone(), span, items: Vec::new() };
            found.settings.insert(Key::Siteid, Arc::new(setting));
        }
        found
    }

    /// The wiki's URL, with its other addresses among the settings.
    fn addresses(
        &self,
        wiki: &Loaded,
        version: Version,
        wikis: &[Loaded],
        found: &mut Found,
        earlier: &mut Earlier,
        problems: &mut Vec<Problem>,
    ) -> Option<Url> {
        let name = &wiki.entry.name;
        let whole = version.behaviour() >= Behaviour::V1_9_0;
        let named = |given: &&(Option<String>, Url)| match &given.0 {
            Some(given) => given == name,
            None => wikis.len() == 1,
        };
        let given = self.options.urls.iter().find(named).map(|(_, url)| url.clone());
        let mut all: Vec<(Url, Span)> = Vec::new();
        let mut told = Vec::new();
        for (span, expression) in &wiki.entry.expressions {
            let addresses = expression.addresses(whole);
            if let Addresses::These(urls) = &addresses {
                all.extend(urls.iter().map(|url| (url.clone(), span.clone())));
            }
            told.push((span.clone(), addresses));
        }
        let reached = |url: &Url| !earlier.hides(url, whole, wikis);
        let hidden: Vec<Url> = all.iter().map(|(url, _)| url.clone()).filter(|url| !reached(url)).collect();
        if hidden.len() < all.len() {
            all.retain(|(url, _)| !hidden.contains(url));
        } else if let Some((url, span)) = all.first() {
            let message = format!("the wiki {name:?} is never reached: an expression above it matches {url}");
            let problem = Problem::new("unreachable-wiki", span.clone(), message);
            let help = "MoinMoin takes the first wiki that matches: put the narrower expression first";
            problems.push(Problem { fatal: false, ..problem.help(help) });
        }
        earlier.add(wikis.iter().position(|other| other.entry.name == *name), &told);
        for (span, addresses) in &told {
            if let Some((rule, message)) = no_address(name, addresses)
                && given.is_none()
                && !found.settings.contains_key(&Key::Url)
            {
                let help = match rule {
                    "missing-url" => url_help(name),
                    _ => "correct the expression, or name the version that the wiki runs: --moin VERSION"
                        .to_owned(),
                };
                let problem = Problem::new(rule, span.clone(), message).help(help);
                problems.push(Problem { fatal: all.is_empty(), ..problem });
            }
        }
        let own = found.settings.get(&Key::Url).and_then(|setting| setting.value.url().cloned());
        let url = given.or(own).or_else(|| all.first().map(|(url, _)| url.clone()));
        let Some(url) = url else {
            if told.is_empty() {
                let message = format!("the files do not say the URL of the wiki {name:?}");
                problems
                    .push(Problem::new("missing-url", wiki.entry.span.clone(), message).help(url_help(name)));
            }
            return None;
        };
        let place = all.first().map_or(&wiki.entry.span, |(_, span)| span).clone();
        found.settings.entry(Key::Url).or_insert_with(|| {
            let value = Value::Url(Box::new(url.clone()));
            Arc::new(Setting { value, key_span: place.clone(), span: place.clone(), items: Vec::new() })
        });
        let aliases: Vec<Url> =
            all.into_iter().map(|(url, _)| url).filter(|other| !same(other, &url)).collect();
        if !aliases.is_empty() && !found.settings.contains_key(&Key::Aliases) {
            let items = vec![place.clone(); aliases.len()];
            let setting =
                Setting { value: Value::Urls(aliases), key_span: place.clone(), span: place, items };
            found.settings.insert(Key::Aliases, Arc::new(setting));
        }
        Some(url)
    }
}

/// The class `Config` of a module, if it is one; else why not.
fn config_class(world: &World<'_>, module: usize) -> Result<usize, (Span, String, bool)> {
    let module = world.modules.get(module);
    let Some(binding) = module.and_then(|module| module.names.get("Config")) else {
        let (path, start) =
            module.map_or_else(Default::default, |it| (it.path.display().to_string(), it.start));
        return Err((start..start, format!("{path} has no class Config"), false));
    };
    match &binding.item.val {
        Val::Class(class) => Ok(*class),
        _ => {
            let why = match world.lost(&binding.item, "it is no class") {
                Val::Unknown(unknown) => unknown.why.clone(),
                _ => String::new(),
            };
            Err((
                binding.key.clone(),
                format!("the class Config can't be known without running the file: {why}"),
                true,
            ))
        }
    }
}

/// Whether two URLs are of one wiki: a slash at the end makes no difference.
pub(super) fn same(a: &Url, b: &Url) -> bool {
    a.as_str().trim_end_matches('/') == b.as_str().trim_end_matches('/')
}

/// The wikis before one in the list, by what they may match.
#[derive(Debug, Default)]
struct Earlier {
    by_host: HashMap<String, Vec<usize>>,
    /// Those whose expressions name no host.
    any: Vec<usize>,
}

impl Earlier {
    fn add(&mut self, wiki: Option<usize>, told: &[(Span, Addresses)]) {
        let Some(wiki) = wiki else { return };
        for (_, addresses) in told {
            match addresses {
                Addresses::These(urls) => {
                    for url in urls {
                        let wikis =
                            self.by_host.entry(url.host_str().unwrap_or_default().to_owned()).or_default();
                        if wikis.last() != Some(&wiki) {
                            wikis.push(wiki);
                        }
                    }
                }
                Addresses::Any | Addresses::Unclear(_) => self.any.push(wiki),
                Addresses::Never(_) => {}
            }
        }
    }

    fn hides(&self, url: &Url, whole: bool, wikis: &[Loaded]) -> bool {
        let same_host = self.by_host.get(url.host_str().unwrap_or_default());
        let hides = |expression: &Expression| expression.hides(url, whole);
        same_host.into_iter().flatten().chain(&self.any).any(|wiki| {
            wikis.get(*wiki).is_some_and(|wiki| wiki.entry.expressions.iter().any(|(_, it)| hides(it)))
        })
    }
}

impl LeftOut {
    /// As a problem of the farm.
    fn problem(&self, importing: bool) -> Problem {
        let name = self.key.name();
        if self.wrong {
            return Problem::new("wrong-type", self.span.clone(), format!("{name}: {}", self.why));
        }
        let message = format!("{name} can't be known without running the file: {}", self.why);
        let otherwise = match importing {
            true => "complete the farm file",
            false => "make a farm file with `config import` and complete it",
        };
        let help = format!("say it in a comment, # wikifarm: {name} = …, or {otherwise}");
        Problem::new("dynamic-setting", self.span.clone(), message).help(help)
    }
}
