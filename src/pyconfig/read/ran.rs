//! Values that come from running the files, instead of those that were read.

use serde_json::Value as Json;

use super::value::{Arguments, Item, Val};
use super::wikis::Loaded;
use super::world::{Binding, Namespace, World};
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
        let help = "MoinMoin fails in the same way, unless the interpreter is another one or lacks a module";
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
            let binding = self.ran_binding(json, read, &start);
            space.names.insert(name.clone(), binding);
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
        let text = |at: usize| part(at).as_str().unwrap_or_default().to_owned();
        let val = match part(0).as_str().unwrap_or_default() {
            "none" => Val::None,
            "bool" => Val::Bool(part(1).as_bool().unwrap_or_default()),
            "int" => match text(1).parse() {
                Ok(number) => Val::Int(number),
                Err(_) => Val::unknown(span, "the number is too large"),
            },
            "float" => text(1)
                .parse()
                .ok()
                .filter(|it: &f64| it.is_finite())
                .map_or_else(|| Val::unknown(span, "it is no finite number"), Val::Float),
            kind @ ("text" | "bytes") => {
                let literal = kind == "bytes" && part(2).as_bool().unwrap_or_default();
                let unicode = kind == "text" && !self.python_3;
                Val::Str(super::value::Text {
                    text: text(1).into(),
                    unicode,
                    literal: literal || self.python_3,
                })
            }
            kind @ ("tuple" | "list") => {
                let kind = if kind == "tuple" { Val::Tuple } else { Val::List };
                Val::holding(self.ran_items(part(1), span), kind, span)
            }
            "dict" => {
                let pairs = part(1).as_array().into_iter().flatten();
                let pair = |pair| {
                    Item::new(Val::holding(self.ran_items(pair, span), Val::Tuple, span), span.clone())
                };
                Val::holding(pairs.map(pair).collect(), Val::Dict, span)
            }
            "outside" => Val::Outside(text(1).into()),
            "object" => self.ran_object(&text(1), json, span),
            _ => Val::unknown(span, text(1)),
        };
        Item::new(val, span.clone())
    }

    fn ran_items(&mut self, json: &Json, span: &Span) -> Vec<Item> {
        json.as_array().into_iter().flatten().map(|item| self.ran_item(item, span)).collect()
    }

    /// An object, with its class as far as it matters: an authentication method by its name.
    fn ran_object(&mut self, class: &str, json: &Json, span: &Span) -> Val {
        let part = |at: usize| json.get(at).unwrap_or(&Json::Null);
        let args = self.ran_items(part(2), span);
        let mut keywords = Vec::new();
        for pair in part(3).as_array().into_iter().flatten() {
            if let [name, item] = self.ran_items(pair, span).as_slice() {
                keywords.push((name.text().unwrap_or_default().to_owned(), item.clone()));
            }
        }
        let name = self.ran_item(part(4), span);
        let own = ["MoinMoin.", "moin.", "wikifarm_", "datetime."].iter().any(|root| class.starts_with(root));
        let class = if own && matches!(name.val, Val::None) {
            Val::Outside(class.into())
        } else {
            let id = self.new_class(class, span.clone(), Vec::new());
            let binding = Binding { item: name, key: span.clone() };
            if let Some(class) = self.classes.get_mut(id) {
                class.space.names.insert("name".to_owned(), binding);
            }
            Val::Class(id)
        };
        Val::object(class, Arguments { args, keywords, more: false }, span)
    }
}
