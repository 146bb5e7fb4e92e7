//! A wiki with its effective settings, and the values that follow from them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use url::Url;

use super::{Key, LintLevels, NAMES_COOKIE, Span, Value};
use crate::location::{Layout, Location};
use crate::moin::{Backend, Behavior, Duplicate, Settings, Version};

/// A setting in the farm file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// The span of the name.
    pub key_span: Span,
    /// The span of the value.
    pub span: Span,
    /// The span of each item, if the value is a list.
    pub items: Vec<Span>,
}

/// The origin of an effective setting.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Origin {
    /// The farm file, at that span.
    File(Span),
    /// The default of the wiki's version.
    Default(Version),
}

/// One wiki of the farm.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Wiki {
    /// Its key under `[wikis]`.
    pub name: String,
    /// The span of that key.
    pub span: Span,
    /// Its public URL.
    pub url: Url,
    /// The wiki's own levels of rules.
    pub lint: LintLevels,
    settings: BTreeMap<Key, Arc<Setting>>,
    base: PathBuf,
    /// The cached result of [`Wiki::moin`].
    moin: OnceLock<Box<Settings>>,
}

impl Wiki {
    pub(crate) fn new(
        name: String,
        span: Span,
        url: Url,
        lint: LintLevels,
        settings: BTreeMap<Key, Arc<Setting>>,
        base: PathBuf,
    ) -> Wiki {
        Wiki { name, span, url, lint, settings, base, moin: OnceLock::new() }
    }

    /// The same wiki with another value of a setting, or without one.
    #[must_use]
    pub(crate) fn with(&self, key: Key, value: Option<Value>) -> Wiki {
        let mut wiki = Wiki { moin: OnceLock::new(), ..self.clone() };
        if let (Key::Url, Some(Value::Url(url))) = (key, &value) {
            wiki.url = url.as_ref().clone();
        }
        match value {
            None => wiki.settings.remove(&key),
            Some(value) => {
                let setting = Setting { value, key_span: 0..0, span: 0..0, items: Vec::new() };
                wiki.settings.insert(key, Arc::new(setting))
            }
        };
        wiki
    }

    /// The setting in the farm file; `None` if MoinMoin's default applies.
    pub fn setting(&self, key: Key) -> Option<&Setting> {
        self.settings.get(&key).map(Arc::as_ref)
    }

    /// All settings of the wiki in the farm file, own and inherited.
    pub fn settings(&self) -> impl Iterator<Item = (Key, &Setting)> {
        self.settings.iter().map(|(key, setting)| (*key, setting.as_ref()))
    }

    /// The value of a setting, if the farm file has it.
    pub fn value(&self, key: Key) -> Option<&Value> {
        self.setting(key).map(|setting| &setting.value)
    }

    /// Whether the farm file has the setting, and the version does not ignore it.
    pub fn uses(&self, key: Key) -> bool {
        self.setting(key).is_some() && self.ignores(key).is_none()
    }

    /// The span of the setting's value; the span of the wiki's name without the setting, or if the version ignores it.
    pub fn span_of(&self, key: Key) -> Span {
        let setting = self.setting(key).filter(|_| self.ignores(key).is_none());
        setting.map_or_else(|| self.span.clone(), |setting| setting.span.clone())
    }

    /// The setting that decides where the sessions are.
    pub fn sessions_key(&self) -> Key {
        let keys = [Key::SessionStore, Key::SessionDir, Key::CacheDir];
        keys.into_iter().find(|key| self.uses(*key)).unwrap_or(Key::DataDir)
    }

    /// The span of an item of a list, or of the whole list.
    pub fn item_span(&self, key: Key, position: usize) -> Span {
        let item = self.setting(key).and_then(|setting| setting.items.get(position));
        item.cloned().unwrap_or_else(|| self.span_of(key))
    }

    /// The version of the wiki; 1.9.11 if the farm file does not set it.
    pub fn version(&self) -> Version {
        self.value(Key::Moin).and_then(Value::version).unwrap_or(Version::LATEST_1_9)
    }

    /// A setting that is a string.
    pub fn text(&self, key: Key) -> Option<&str> {
        self.value(key)?.text()
    }

    /// A setting that is a list of names.
    pub fn names(&self, key: Key) -> Option<&[String]> {
        self.value(key)?.names()
    }

    /// The wiki's other URLs.
    pub fn aliases(&self) -> &[Url] {
        self.value(Key::Aliases).and_then(Value::urls).unwrap_or_default()
    }

    /// Every URL of the wiki, with the setting that contains it.
    pub fn addresses(&self) -> impl Iterator<Item = (&Url, Key)> {
        std::iter::once((&self.url, Key::Url)).chain(self.aliases().iter().map(|url| (url, Key::Aliases)))
    }

    /// The name of the wiki's config module.
    pub fn siteid(&self) -> &str {
        self.text(Key::Siteid).unwrap_or(&self.name)
    }

    /// The names of the wiki's authentication methods.
    pub fn auth(&self) -> Vec<&str> {
        self.names(Key::Auth).map_or_else(|| vec!["moin"], |names| names.iter().map(String::as_str).collect())
    }

    /// The custom session handler, if the version uses it. Predictions for such a wiki are unknown.
    pub fn custom_handler(&self) -> Option<Key> {
        let handlers = [Key::SessionHandler, Key::SessionIdHandler, Key::SessionService];
        handlers.into_iter().find(|key| self.text(*key) == Some("custom") && self.ignores(*key).is_none())
    }

    /// The cookie name in `session_id_handler`, if the version uses it.
    pub fn handler_cookie(&self) -> Option<&str> {
        let name = self.text(Key::SessionIdHandler)?.strip_prefix(NAMES_COOKIE);
        name.filter(|_| self.ignores(Key::SessionIdHandler).is_none())
    }

    /// Why the version of the wiki ignores `key`, if it does.
    pub fn ignores(&self, key: Key) -> Option<&'static str> {
        let version = self.version().behavior();
        // From 1.9.1 on, MoinMoin uses it together with an old-style cookie_lifetime.
        let is_read = key == Key::AnonymousSessionLifetime
            && version < Behavior::V2
            && self.value(Key::CookieLifetime).and_then(Value::number).is_some();
        key.ignored_by(version).filter(|_| !is_read)
    }

    /// The settings that shape the session cookie, at the wiki's own URL.
    pub fn moin(&self) -> &Settings {
        self.moin.get_or_init(|| Box::new(self.moin_at(&self.url)))
    }

    /// The settings that shape the session cookie when the wiki is visited at `url`, one of its addresses. Scheme, port, and
    /// path are those that MoinMoin sees: behind a proxy, those of `backend_url`.
    pub fn moin_at(&self, url: &Url) -> Settings {
        let mut moin = Settings::defaults(self.version(), &self.name, Backend::of(url));
        for (key, setting) in self.settings() {
            if let Some(shape) = key.row().shapes_cookie {
                shape(&mut moin, &setting.value);
            }
        }
        moin
    }

    /// The same wiki in a farm file in another directory.
    #[must_use]
    pub(super) fn based(&self, base: &Path) -> Wiki {
        Wiki { base: base.to_owned(), moin: OnceLock::new(), ..self.clone() }
    }

    /// Whether a setting is a path that depends on the directory of the farm file.
    pub(crate) fn has_relative_paths(&self) -> bool {
        let relative = |setting: &Setting| match &setting.value {
            Value::Store { location, .. } => location.path().is_some_and(Path::is_relative),
            value => value.path().is_some_and(Path::is_relative),
        };
        self.settings().any(|(_, setting)| relative(setting))
    }

    /// A setting that is a directory, relative to the directory of the farm file.
    pub fn path(&self, key: Key) -> Option<PathBuf> {
        self.value(key)?.path().map(|path| join(&self.base, path))
    }

    /// `data_dir`, if the farm file has it.
    pub fn data_dir(&self) -> Option<PathBuf> {
        self.path(Key::DataDir)
    }

    /// `cache_dir`, by default `<data_dir>/cache`.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        self.path(Key::CacheDir).or_else(|| Some(self.data_dir()?.join("cache")))
    }

    /// The location in `session_store`.
    pub fn session_store(&self) -> Option<Location> {
        self.store_based_on(&self.base)
    }

    fn store_based_on(&self, base: &Path) -> Option<Location> {
        match self.value(Key::SessionStore)? {
            Value::Store { location, .. } => Some(location.as_ref().clone().based(base)),
            _ => None,
        }
    }

    /// As [`Wiki::session_store`], with absolute paths for the wiki's own configuration.
    pub fn whole_session_store(&self) -> Option<Location> {
        let base = std::path::absolute(&self.base).unwrap_or_else(|_| self.base.clone());
        self.store_based_on(&base)
    }

    /// The location of the sessions: the `session_store`, except in 2.0, or else the session directory.
    pub fn session_location(&self) -> Option<Location> {
        let behavior = self.version().behavior();
        let layout = if behavior < Behavior::V1_9_0 { Layout::Moin18 } else { Layout::Moin19 };
        let store = self.session_store().filter(|_| behavior < Behavior::V2);
        store.or_else(|| Some(Location::Directory { layout, path: self.session_dir()? }))
    }

    /// The directory of the session files: `session_dir` or `<cache_dir>/__session__` from 1.9,
    /// `<cache_dir>/__common__/session` in 1.7 and 1.8. None in 2.0, which keeps no sessions on disk, and where
    /// [`Wiki::session_store`] is a database.
    pub fn session_dir(&self) -> Option<PathBuf> {
        if let Some(store) = self.session_store() {
            return store.directory().map(Path::to_owned);
        }
        match self.version().behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => {
                Some(self.cache_dir()?.join("__common__").join("session"))
            }
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => None,
            _ => self.path(Key::SessionDir).or_else(|| Some(self.cache_dir()?.join("__session__"))),
        }
    }

    /// The directory of the user profiles, by default `<data_dir>/user`; in 2.0 `<data_dir>/userprofiles`.
    pub fn user_dir(&self) -> Option<PathBuf> {
        let own = if self.version().behavior() >= Behavior::V2 { "userprofiles" } else { "user" };
        self.path(Key::UserDir).or_else(|| Some(self.data_dir()?.join(own)))
    }

    /// The value of a setting as JSON; a directory includes the directory of the farm file.
    pub fn json(&self, setting: &Setting) -> serde_json::Value {
        use serde_json::json;
        match &setting.value {
            Value::Text(text) | Value::Store { text, .. } => json!(text),
            Value::Names(names) => json!(names),
            Value::Bool(value) => json!(value),
            Value::Number(number) => json!(number),
            Value::Pair(anonymous, user) => json!([anonymous, user]),
            Value::Path(path) => json!(join(&self.base, path).display().to_string()),
            Value::Version(version) => json!(version.to_string()),
            Value::Url(url) => json!(url.as_str()),
            Value::Urls(urls) => json!(urls.iter().map(Url::as_str).collect::<Vec<_>>()),
        }
    }

    /// The effective value of a setting as text, with its origin; `None` if the version has no such setting, or the farm file
    /// does not determine it.
    pub fn effective(&self, key: Key) -> Option<(String, Origin)> {
        if let Some(setting) = self.setting(key) {
            let value = match &setting.value {
                Value::Path(path) => Value::Path(join(&self.base, path)).to_string(),
                other => other.to_string(),
            };
            return Some((value, Origin::File(setting.span.clone())));
        }
        let version = self.version();
        let path = |path: Option<PathBuf>| path.map(|path| format!("{:?}", path.display().to_string()));
        let value = match key {
            Key::Moin => format!("\"{version}\""),
            Key::Siteid => return Some((format!("{:?}", self.name), Origin::File(self.span.clone()))),
            Key::DuplicateCookie => match self.moin().takes() {
                Duplicate::First => "\"first\"".to_owned(),
                Duplicate::Last => "\"last\"".to_owned(),
            },
            Key::CacheDir => path(self.cache_dir())?,
            Key::SessionDir if version.behavior() < Behavior::V2 => path(self.session_dir())?,
            Key::UserDir => path(self.user_dir())?,
            _ => key.default_in(version.behavior())?.to_owned(),
        };
        Some((value, Origin::Default(version)))
    }
}

/// Joins without a leading `./`, so that paths read as in the farm file.
fn join(base: &Path, path: &Path) -> PathBuf {
    if base == Path::new(".") { path.to_owned() } else { base.join(path) }
}
