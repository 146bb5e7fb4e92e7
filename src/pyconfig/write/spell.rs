//! One wiki's settings, each in the spelling of its version.
//!
//! Never written is what breaks that version: an empty cookie_domain, one without a dot from 1.9.4, a lifetime in the shape
//! of another version, None as anonymous_session_lifetime. A comment names what was left out, and why.
//!
//! Source: `multiconfig.py` and `session.py` of 1.7 to 1.9, Flask's own names for 2.0.

use std::path::PathBuf;

use super::literal::{Python, literal, number, said, string, text};
use crate::farm::{Key, Value, Wiki};
use crate::moin::{Behavior, Version};

/// A line of Python about one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// An attribute of the wiki's class.
    Attribute(String),
    /// A name of the module, as Flask's settings are in 2.0.
    Global(String),
    /// What is not written, and why; or a setting that only a comment can hold.
    Note(String),
}

/// The module that an expression needs.
pub(super) const HANDLER: &str = "MoinCookieSessionIDHandler";

/// What `wikifarm_session18` and `wikifarm_session19` of `contrib/moin` have for a database.
pub(super) const DATABASE18: &str = "session_handler";
pub(super) const DATABASE19: &str = "WikifarmSessionService";

/// A setting's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelt {
    pub(super) key: Key,
    pub(super) lines: Vec<Line>,
}

/// All settings of a wiki in the farm file, in the spelling of its version.
pub(super) fn spell(wiki: &Wiki) -> Vec<Spelt> {
    let speller = Speller { wiki, version: wiki.version().resolved(), behavior: wiki.version().behavior() };
    let spelt = |key| Spelt { key, lines: speller.lines(key) };
    wiki.settings().map(|(key, _)| spelt(key)).filter(|spelt| !spelt.lines.is_empty()).collect()
}

struct Speller<'a> {
    wiki: &'a Wiki,
    version: Version,
    behavior: Behavior,
}

impl Speller<'_> {
    fn python(&self) -> Python {
        if self.behavior >= Behavior::V2 { Python::Three } else { Python::Two }
    }

    /// An assignment, under Flask's name in 2.0.
    fn set(&self, key: Key, value: &str) -> Line {
        match key.row().flask {
            Some(name) if self.behavior >= Behavior::V2 => Line::Global(format!("{name} = {value}")),
            _ => Line::Attribute(format!("{} = {value}", key.name())),
        }
    }

    /// What MoinMoin has no setting for, in a comment from which `config import` has it.
    fn said(&self, key: Key) -> Vec<Line> {
        let value = self.wiki.value(key).map(|value| match value {
            Value::Path(_) => Value::Path(self.path(key).unwrap_or_default()),
            value => value.clone(),
        });
        value.map(|value| Line::Note(said(key, &value))).into_iter().collect()
    }

    fn left_out(&self, key: Key, why: &str) -> Line {
        Line::Note(format!("{} is left out: {why}", key.name()))
    }

    fn lines(&self, key: Key) -> Vec<Line> {
        let Some(value) = self.wiki.value(key) else { return Vec::new() };
        // A comment and nothing else: to paste what the version does not act on now would change what it does.
        if let Some(why) = self.wiki.ignores(key) {
            return vec![self.left_out(key, why)];
        }
        match (key, value) {
            (Key::CookieName, Value::Text(name)) => vec![self.cookie_name(name)],
            (Key::CookieDomain, Value::Text(domain)) => vec![self.cookie_domain(domain)],
            (Key::CookiePath, Value::Text(path)) if path.is_empty() => {
                vec![self.left_out(key, "an empty one has no effect")]
            }
            (Key::CookieLifetime, Value::Number(hours)) => self.lifetime(None, *hours),
            (Key::CookieLifetime, Value::Pair(anonymous, user)) => self.lifetime(Some(*anonymous), *user),
            // The pair that is written for cookie_lifetime has it.
            (Key::AnonymousSessionLifetime, _) if self.behavior >= Behavior::V1_9_0 => Vec::new(),
            (Key::Interwikiname, Value::Text(name)) => vec![self.set(key, &text(name, self.python()))],
            (Key::Superuser, Value::Names(_)) if self.behavior >= Behavior::V2 => {
                let why = self.left_out(key, "2.0 names superusers in acl_functions");
                [vec![why], self.said(key)].concat()
            }
            (Key::CacheDir | Key::UserDir, _) if self.behavior >= Behavior::V2 => {
                let why = self.left_out(key, "2.0 keeps everything in its stores");
                [vec![why], self.said(key)].concat()
            }
            (Key::SessionStore, Value::Store { text: address, .. })
                if address.starts_with("moin-1.9:") && self.behavior >= Behavior::V1_9_0 =>
            {
                match self.wiki.setting(Key::SessionDir) {
                    Some(_) => Vec::new(),
                    None => self.directory(Key::SessionDir),
                }
            }
            (Key::SessionStore, _) if self.in_database() => {
                let address =
                    self.wiki.whole_session_store().map(|store| store.to_string()).unwrap_or_default();
                let address = string(&address, self.python());
                let (module, line) = match self.behavior < Behavior::V1_9_0 {
                    true => ("wikifarm_session18", format!("session_handler = {DATABASE18}({address})")),
                    false => ("wikifarm_session19", format!("session_service = {DATABASE19}({address})")),
                };
                vec![Line::Note(format!("{module}.py is in contrib/moin of wikifarm")), Line::Attribute(line)]
            }
            (Key::SessionStore, Value::Store { text: address, .. }) => {
                let why = format!("sessions lie in {address}: MoinMoin has no setting for that");
                [vec![Line::Note(why)], self.said(key)].concat()
            }
            (Key::Auth, Value::Names(names)) if *names != ["moin"] => {
                [vec![Line::Note("write the objects for auth yourself".to_owned())], self.said(key)].concat()
            }
            (Key::SecretKeyId, Value::Text(_)) => {
                let why = "set SECRET_KEY yourself: the farm file has only its name";
                [vec![Line::Note(why.to_owned())], self.said(key)].concat()
            }
            (Key::SessionIdHandler, _) if self.wiki.handler_cookie().is_some() => {
                let name = string(self.wiki.handler_cookie().unwrap_or_default(), self.python());
                vec![Line::Attribute(format!("{} = {HANDLER}(cookie_name={name})", key.name()))]
            }
            (Key::SessionHandler | Key::SessionIdHandler | Key::SessionService, Value::Text(word))
                if word == "custom" =>
            {
                [vec![Line::Note(format!("keep your own {}", key.name()))], self.said(key)].concat()
            }
            // These are MoinMoin's own, or stand elsewhere in the files.
            (Key::Auth | Key::SessionHandler | Key::SessionIdHandler | Key::SessionService, _)
            | (Key::Url | Key::Aliases | Key::Moin | Key::Siteid, _) => Vec::new(),
            _ => self.plain(key, value),
        }
    }

    /// An assignment if the version has such a setting, else a comment.
    fn plain(&self, key: Key, value: &Value) -> Vec<Line> {
        let row = key.row();
        if !row.is_attribute && (row.flask.is_none() || self.behavior < Behavior::V2) {
            return self.said(key);
        }
        match (value, literal(value, self.python())) {
            (Value::Path(_), _) => self.directory(key),
            (_, Some(python)) => vec![self.set(key, &python)],
            (_, None) => self.said(key),
        }
    }

    /// Whether sessions are in a database, by means of wikifarm's modules for MoinMoin.
    fn in_database(&self) -> bool {
        let own = [Key::SessionHandler, Key::SessionService].map(|key| self.wiki.text(key));
        !own.contains(&Some("custom"))
            && self.wiki.session_store().is_some_and(|store| store.directory().is_none())
    }

    fn cookie_name(&self, name: &str) -> Line {
        let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
        if let Some(odd) = name.chars().find(|c| !token(*c)) {
            return self.left_out(Key::CookieName, &format!("no cookie name may hold {odd:?}"));
        }
        if name.is_empty() {
            return self.left_out(Key::CookieName, "an empty one names nothing");
        }
        self.set(Key::CookieName, &string(name, self.python()))
    }

    fn cookie_domain(&self, domain: &str) -> Line {
        if domain.is_empty() && self.behavior < Behavior::V2 {
            return self.left_out(Key::CookieDomain, "an empty one breaks every response of some versions");
        }
        if let Some(what) = self.wiki.moin().broken_domain() {
            let what = if what.ends_with("without a dot") { "has no dot" } else { "is no host name" };
            let fails = if self.behavior >= Behavior::V2 { "login" } else { "response" };
            let why = format!("{domain:?} {what}, which breaks every {fails} of {}", self.version);
            return self.left_out(Key::CookieDomain, &why);
        }
        self.set(Key::CookieDomain, &string(domain, self.python()))
    }

    /// A lifetime in the form of the version, out of one number, or of a pair with that of anonymous sessions.
    fn lifetime(&self, pair: Option<f64>, user: f64) -> Vec<Line> {
        let key = Key::CookieLifetime;
        let anonymous = pair.or(self.wiki.moin().anonymous_session_lifetime).unwrap_or(0.0);
        let line = match (self.behavior, pair) {
            (behavior, _) if behavior >= Behavior::V2 && user > 0.0 => {
                self.set(key, &format!("timedelta(hours={})", number(user)))
            }
            (behavior, _) if behavior >= Behavior::V2 => self.left_out(key, "2.0 requires a positive time"),
            (behavior, _) if behavior < Behavior::V1_9_0 => self.set(key, &number(user)),
            (_, None) if user.trunc() == 0.0 => {
                let why = "0 meant forever before 1.9; from 1.9 on, nobody would stay logged in";
                self.left_out(key, why)
            }
            (_, None) => self.set(key, &format!("({}, {})", number(anonymous), number(user.trunc()))),
            (_, Some(_)) => self.set(key, &format!("({}, {})", number(anonymous), number(user))),
        };
        let other = Key::AnonymousSessionLifetime;
        let own = self.behavior < Behavior::V1_9_0 && self.wiki.setting(other).is_none();
        let more = pair.filter(|hours| own && *hours != 0.0).map(|hours| self.set(other, &number(hours)));
        std::iter::once(line).chain(more).collect()
    }

    /// A directory from the root.
    fn path(&self, key: Key) -> Option<PathBuf> {
        let path = match key {
            Key::SessionDir => self.wiki.session_dir(),
            _ => self.wiki.path(key),
        };
        // MoinMoin starts relative paths wherever it was started.
        path.map(|path| std::path::absolute(&path).unwrap_or(path))
    }

    fn directory(&self, key: Key) -> Vec<Line> {
        let set = |path: PathBuf| self.set(key, &string(&path.to_string_lossy(), self.python()));
        self.path(key).map(set).into_iter().collect()
    }
}
