//! Values that come from running the files, instead of those that were read.

use std::rc::Rc;

use serde_json::Value as Json;

use super::namespace::{Binding, Namespace};
use super::syntax::{TEMPLATE, template};
use super::value::{Arguments, Item, Seq, Text, Val};
use super::wikis::Loaded;
use super::world::World;
use crate::farm::{Problem, Span};
use crate::pyconfig::run::{Ran, RanWiki};

impl World<'_> {
    /// Reports where a run failed.
    pub(super) fn ran(&mut self, ran: &Ran) {
        if let Some(error) = &ran.error {
            self.failed(self.start(0).key, error);
        }
    }

    /// The list `wikis` of the run, at the spans of the one that was read where that has the same entries.
    pub(super) fn ran_list(&mut self, json: &Json, read: Binding) -> Binding {
        let list = self.ran_item(json, &read.item.span);
        let entries = |item: &Item| item.val.items().unwrap_or_default();
        let same = |a: &Item, b: &Item| {
            let (a, b) = (entries(a), entries(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.text().is_some() && a.text() == b.text())
        };
        let (here, there) = (entries(&list), entries(&read.item));
        let equal = here.len() == there.len() && here.iter().zip(&there).all(|(a, b)| same(a, b));
        if equal { read } else { Binding { item: list, ..read } }
    }

    /// The beginning of a module, for what is not bound in it.
    pub(super) fn start(&self, module: usize) -> Binding {
        let span = self.modules.get(module).map_or(0..0, |module| module.start..module.start + 1);
        Binding { item: Item::new(Val::None, span.clone()), key: span }
    }

    fn failed(&mut self, span: Span, error: &str) {
        let message = format!("running the file fails: {error}");
        let help = match error.contains("metaclass conflict") {
            true => {
                "wikifarm's stand-in for MoinMoin's DefaultConfig has a metaclass: name the settings in comments, like `# wikifarm: cookie_name = \"…\"`"
            }
            false => {
                "MoinMoin fails in the same way, unless the interpreter is another one or lacks a module"
            }
        };
        self.problems.push(Problem::new("dynamic-setting", span, message).help(help));
    }

    /// A class with nothing but the settings that the wiki's class had when it ran, and Flask's settings.
    /// `None` where the run has no result.
    pub(super) fn ran_wiki(&mut self, ran: &RanWiki, wiki: &Loaded) -> Option<(usize, Namespace)> {
        let start = wiki.module.map_or(wiki.entry.span.clone(), |module| self.start(module).key);
        if let Some(error) = &ran.error {
            self.failed(start, error);
            return None;
        }
        for name in &ran.assumed {
            let note = (start.clone(), format!("{name} is taken to be in MoinMoin"));
            if !self.assumed.iter().any(|(_, other)| *other == note.1) {
                self.assumed.push(note);
            }
        }
        let settings = ran.settings.as_ref()?;
        let class = self.new_class("Config", start.clone(), Vec::new());
        for (name, json) in settings {
            let read = wiki.class.and_then(|class| self.class_attribute(class, name));
            let binding = self.ran_binding(json, read, &start);
            self.classes.get_mut(class)?.space.names.insert(name.clone(), binding);
        }
        let mut space = Namespace::default();
        for (name, json) in &ran.globals {
            let read = wiki.module.and_then(|module| self.modules.get(module)?.space.get(name));
            space.names.insert(name.clone(), self.ran_binding(json, read, &start));
        }
        Some((class, space))
    }

    /// A value of the run at the span of the one that was read.
    fn ran_binding(&mut self, json: &Json, read: Option<Binding>, start: &Span) -> Binding {
        let (span, key) = read.map_or_else(|| (start.clone(), start.clone()), |it| (it.item.span, it.key));
        Binding { item: self.ran_item(json, &span), key }
    }

    /// A value as the shim encodes it: its kind, and what it consists of.
    pub(super) fn ran_item(&mut self, json: &Json, span: &Span) -> Item {
        let part = |at: usize| json.get(at).unwrap_or(&Json::Null);
        let text = part(1).as_str().unwrap_or_default();
        let unknown = |why: &str| Val::unknown(span, why);
        let val = match part(0).as_str().unwrap_or_default() {
            "none" => Val::None,
            "bool" => Val::Bool(part(1).as_bool().unwrap_or_default()),
            "int" => text.parse().map_or_else(|_| unknown("the number is too large"), Val::Int),
            "float" => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Val::Float(number),
                _ => unknown("it is no finite number"),
            },
            "text" | "bytes" if template(text).is_some() => unknown(TEMPLATE),
            kind @ ("text" | "bytes") => {
                let literal = kind == "bytes" && part(2).as_bool().unwrap_or_default();
                Val::Str(Text { text: text.into(), literal })
            }
            "tuple" => self.ran_items(part(1), Val::Tuple, span),
            "list" => self.ran_items(part(1), Val::List, span),
            "dict" => {
                let pairs = part(1).as_array().into_iter().flatten();
                let pairs = pairs.map(|pair| Item::new(self.ran_items(pair, Val::Tuple, span), span.clone()));
                Val::holding(pairs.collect(), Val::Dict, span)
            }
            "outside" => Val::Outside(text.into()),
            "object" => self.ran_object(text, json, span),
            _ => unknown(text),
        };
        Item::new(val, span.clone())
    }

    fn ran_items(&mut self, json: &Json, kind: fn(Rc<Seq>) -> Val, span: &Span) -> Val {
        let items = json.as_array().into_iter().flatten().map(|item| self.ran_item(item, span));
        Val::holding(items.collect(), kind, span)
    }

    /// An object, with its class as far as it matters: an authentication method by its name.
    fn ran_object(&mut self, class: &str, json: &Json, span: &Span) -> Val {
        let part = |at: usize| json.get(at).unwrap_or(&Json::Null);
        let list = |at: usize| part(at).as_array().into_iter().flatten();
        let mut given = Arguments::default();
        given.args.extend(list(2).map(|item| self.ran_item(item, span)));
        for pair in list(3).filter_map(Json::as_array) {
            if let [name, item] = pair.as_slice() {
                let name = self.ran_item(name, span).text().unwrap_or_default().to_owned();
                given.keywords.push((name, self.ran_item(item, span)));
            }
        }
        let name = self.ran_item(part(4), span);
        let own = ["MoinMoin.", "moin.", "wikifarm_", "datetime."].iter().any(|root| class.starts_with(root));
        if own && matches!(name.val, Val::None) {
            return Val::object(Val::Outside(class.into()), given, span);
        }
        let id = self.new_class(class, span.clone(), Vec::new());
        let binding = Binding { item: name, key: span.clone() };
        self.classes.get_mut(id).map(|class| class.space.names.insert("name".to_owned(), binding));
        Val::object(Val::Class(id), given, span)
    }
}
