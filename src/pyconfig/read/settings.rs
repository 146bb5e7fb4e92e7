//! From the attributes of a configuration class, or Flask's settings, to the settings of a wiki.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::namespace::Binding;
use super::paths;
use super::value::{Item, Val};
use super::world::World;
use crate::farm::{Key, Kind, Setting, Span, Value};
use crate::moin::{Behavior, Version};

/// A setting that could not be known, or is none that a farm file can hold.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// The setting.
    pub key: Key,
    /// The expression.
    pub span: Span,
    /// Where the setting's name stands.
    pub key_span: Span,
    /// Why it is left out, as the end of a sentence.
    pub why: String,
    /// Whether the value is known and is wrong, rather than not known.
    pub wrong: bool,
}

/// What was found of one wiki.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) settings: BTreeMap<Key, Arc<Setting>>,
    pub(super) left_out: Vec<LeftOut>,
    /// A remark for the comment behind a setting whose value is not in the files literally.
    pub(super) remarks: BTreeMap<Key, String>,
}

/// The setting that a value means: nothing for MoinMoin's default, or a value, or why it is left out.
pub(super) type Read = Result<Option<Value>, (Span, String, bool)>;

impl World<'_> {
    /// The settings of a configuration class.
    pub(super) fn class_settings(&self, class: usize, version: Version, base: &str) -> Found {
        let mut found = Found::default();
        for key in Key::all().filter(|key| key.row().is_attribute) {
            if let Some(span) = self.set_by_method(class, key.name()) {
                let (why, key_span) = ("a method may set it".to_owned(), span.clone());
                found.left_out.push(LeftOut { key, span, key_span, why, wrong: false });
                continue;
            }
            let Some(binding) = self.class_attribute(class, key.name()) else { continue };
            let read = self.value(key, &binding.item, version, base);
            let handler = matches!(key, Key::SessionHandler | Key::SessionIdHandler | Key::SessionService);
            if handler && matches!(read, Ok(Some(_))) {
                found.remarks.insert(key, super::excerpt::expression(&self.source, &binding.item.span));
            }
            found.take(key, &binding, read);
        }
        let keeper =
            if version.behavior() < Behavior::V1_9_0 { Key::SessionHandler } else { Key::SessionService };
        if let Some(Binding { item, key }) = self.class_attribute(class, keeper.name())
            && let Some((item, read)) = self.database(keeper, &item)
        {
            found.take(Key::SessionStore, &Binding { item, key }, read);
        }
        found
    }

    fn value(&self, key: Key, item: &Item, version: Version, base: &str) -> Read {
        match (key, &item.val) {
            (Key::SessionHandler | Key::SessionIdHandler | Key::SessionService, val)
                if !matches!(val, Val::Unknown(_)) =>
            {
                Ok(self.handler(key, item).map(Value::Text))
            }
            _ if not_known(item).is_some() => Err(not_known(item).unwrap_or_default()),
            (Key::Auth, _) => self.auth(item),
            (Key::CookieLifetime, _) => lifetime(item, version),
            (Key::CookieName, Val::Str(text))
                if &*text.text == "siteidmagic" && !text.literal && version.behavior() < Behavior::V2 =>
            {
                let why = "only the plain literal 'siteidmagic' is certainly MoinMoin's word; another one \
                           makes the name MOIN_SESSION_siteidmagic, which a farm file can't hold";
                Err((item.span.clone(), why.to_owned(), false))
            }
            (_, val) => match key.kind() {
                Kind::Bool => self.truth(item),
                Kind::Names => names(item),
                Kind::Hours => match (val, val.number()) {
                    (Val::None, _) => Ok(None),
                    (_, Some(hours)) => Ok(Some(Value::Number(hours))),
                    (_, None) => wrong(item, "a number of hours"),
                },
                Kind::Path => match val {
                    Val::None => Ok(None),
                    Val::Str(text) if text.text.is_empty() => Ok(None),
                    Val::Str(text) => directory(key, &text.text, item, base),
                    _ => wrong(item, "a directory"),
                },
                _ => self.text(item),
            },
        }
    }

    /// A string, or None.
    pub(super) fn text(&self, item: &Item) -> Read {
        match &item.val {
            Val::None => Ok(None),
            Val::Str(text) if text.text.chars().any(char::is_control) => {
                Err((item.span.clone(), "it holds a control character".to_owned(), true))
            }
            Val::Str(text) if text.text.contains(paths::COMPILED) => {
                Err((item.span.clone(), "the name of the file can end in .pyc".to_owned(), false))
            }
            Val::Str(text) => Ok(Some(Value::Text(text.text.to_string()))),
            _ => wrong(item, "a string"),
        }
    }

    /// A value that is true or false for Python, or None.
    pub(super) fn truth(&self, item: &Item) -> Read {
        match (&item.val, item.val.truth()) {
            (Val::None, _) => Ok(None),
            (Val::Bool(_) | Val::Int(_), Some(truth)) => Ok(Some(Value::Bool(truth))),
            _ => wrong(item, "True, False or None"),
        }
    }

    /// Names of authentication methods.
    fn auth(&self, item: &Item) -> Read {
        let Some(items) = item.val.items() else { return wrong(item, "a list of authentication methods") };
        let mut names = Vec::new();
        for method in &items {
            match self.auth_name(method) {
                Ok(name) => names.extend(name.filter(|name| !name.is_empty())),
                Err(unknown) => return Err((unknown.span.clone(), unknown.why.clone(), false)),
            }
        }
        Ok(Some(Value::Names(names)))
    }
}

/// A pair of hours, or one number of them. What else MoinMoin puts up with is an error, too.
fn lifetime(item: &Item, version: Version) -> Read {
    let items = item.val.items();
    if let Some(unknown) = items.iter().flatten().find_map(not_known) {
        return Err((item.span.clone(), unknown.1, false));
    }
    let pair = match (&item.val, items.as_deref()) {
        (Val::Tuple(_), Some([anonymous, user])) => hours(anonymous).zip(hours(user)),
        _ => None,
    };
    match (pair, item.val.number(), version.behavior()) {
        (Some((anonymous, user)), ..) => Ok(Some(Value::Pair(anonymous, user))),
        (None, Some(hours), _) => Ok(Some(Value::Number(hours))),
        (None, None, behavior) if behavior < Behavior::V1_9_0 || behavior >= Behavior::V2 => {
            wrong(item, "a number of hours")
        }
        _ if matches!(item.val, Val::Tuple(_)) => {
            Err((item.span.clone(), "the tuple must have two numbers of hours".to_owned(), true))
        }
        _ => wrong(item, "a tuple of two numbers of hours"),
    }
}

/// What `float()` makes of it.
fn hours(item: &Item) -> Option<f64> {
    item.val.number().or_else(|| item.text()?.trim().parse().ok()).filter(|hours: &f64| hours.is_finite())
}

/// A list of names; empty ones, as samples have them, name nobody.
fn names(item: &Item) -> Read {
    let Some(items) = item.val.items() else { return wrong(item, "a list of names") };
    let mut names = Vec::new();
    for item in &items {
        match &item.val {
            Val::Str(text) if text.text.is_empty() => {}
            Val::Str(text) => names.push(text.text.to_string()),
            _ => {
                return Err(not_known(item)
                    .or_else(|| wrong(item, "a list of names").err())
                    .unwrap_or_default());
            }
        }
    }
    Ok(Some(Value::Names(names)))
}

/// Why a value is not known, if it is not.
pub(super) fn not_known(item: &Item) -> Option<(Span, String, bool)> {
    let unknown = item.reason("");
    (!unknown.why.is_empty()).then(|| (item.span.clone(), unknown.why.clone(), false))
}

/// A directory. Relative ones start where the wiki was started, which no file shows.
fn directory(key: Key, text: &str, item: &Item, base: &str) -> Read {
    if text.contains(char::is_control) || text.contains(paths::COMPILED) {
        return Err((item.span.clone(), "it names no directory".to_owned(), true));
    }
    if !text.starts_with('/') {
        let why = "it is relative to the directory in which the wiki is started";
        return Err((item.span.clone(), why.to_owned(), false));
    }
    // MoinMoin normalises data_dir alone; of the others only what changes nothing is taken out.
    let normal = if key == Key::DataDir || !text.split('/').any(|part| part == "..") {
        paths::normpath(text)
    } else {
        text.trim_end_matches('/').to_owned()
    };
    let below = normal.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
    Ok(Some(Value::Path(PathBuf::from(below.filter(|rest| !rest.is_empty()).unwrap_or(&normal)))))
}

pub(super) fn wrong(item: &Item, expected: &str) -> Read {
    Err((item.span.clone(), format!("it must be {expected}, not {}", item.val.kind()), true))
}

impl Found {
    /// Whether the files set it, known or not.
    pub(super) fn has(&self, key: Key) -> bool {
        self.settings.contains_key(&key) || self.left_out.iter().any(|left| left.key == key)
    }

    /// Keeps the setting that a value means.
    pub(super) fn take(&mut self, key: Key, binding: &Binding, read: Read) {
        match read {
            Ok(None) => {}
            Ok(Some(value)) => {
                let items = binding.item.val.items().unwrap_or_default();
                let items = match &value {
                    Value::Names(names) if names.len() != items.len() => Vec::new(),
                    _ => items.into_iter().map(|item| item.span).collect(),
                };
                let (key_span, span) = (binding.key.clone(), binding.item.span.clone());
                self.settings.insert(key, Arc::new(Setting { value, key_span, span, items }));
            }
            Err((span, why, wrong)) => {
                self.left_out.push(LeftOut { key, span, key_span: binding.key.clone(), why, wrong });
            }
        }
    }
}
