//! What a session holds, and where it is kept from one request to the next.
//!
//! Source: `SessionData` in `MoinMoin/session.py` of 1.7 and 1.8, `MoinSession` in `MoinMoin/web/session.py` of 1.9.

use std::collections::BTreeMap;

/// A value in a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An int.
    Int(i64),
    /// A float.
    Float(f64),
    /// A byte string, as Python 2 writes it without a `u`: ids and methods of users.
    Bytes(Vec<u8>),
    /// Text: names of pages.
    Text(String),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A list.
    List(Vec<Value>),
}

/// Everything in a session, by name.
pub type Items = BTreeMap<String, Value>;

impl Value {
    /// A byte string.
    pub fn bytes(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    /// The number in it, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "unix times are far below 2^53")]
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            _ => None,
        }
    }

    /// The text in it, if it is text or a byte string of UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// What a list or tuple holds.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::List(items) | Value::Tuple(items) => items,
            _ => &[],
        }
    }
}

/// One session as a request sees it: a dict that is saved by itself when the request ends.
///
/// This is all that an extension (a macro, an action) needs. As in the documentation of MoinMoin for extensions: look
/// at [`is_new`](SessionData::is_new) and store nothing until it is false, for a browser that sends no cookie back would
/// leave one session behind for each of its requests.
pub trait SessionData {
    /// The value of that name.
    fn get(&self, name: &str) -> Option<&Value>;

    /// Sets a value.
    fn set(&mut self, name: &str, value: Value);

    /// Takes a value out.
    fn delete(&mut self, name: &str) -> Option<Value>;

    /// Whether there is a value of that name.
    fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether it began with this request: no cookie, or none that was taken, has come back yet.
    fn is_new(&self) -> bool;

    /// Whether this wiki keeps such a session at all: for users yes, for others where anonymous sessions are on.
    fn is_stored(&self) -> bool;
}

/// The session that a [`Handler`](super::Handler) hands to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id; in 2.0 the whole signed cookie that came in, which is the session.
    pub id: String,
    pub(super) items: Items,
    pub(super) is_new: bool,
    pub(super) is_stored: bool,
    /// Something was set or deleted.
    pub(super) modified: bool,
    /// Something was deleted (1.7 and 1.8 remove the file if nothing is left).
    pub(super) shrunk: bool,
}

impl Session {
    /// A session with what was found under `id`.
    pub(super) fn new(id: String, items: Items, is_new: bool) -> Session {
        Session { id, items, is_new, is_stored: true, modified: false, shrunk: false }
    }

    /// Everything in it.
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// Sets a value unless it is there already, so that nothing counts as modified.
    pub(super) fn update(&mut self, name: &str, value: Value) {
        if self.get(name) != Some(&value) {
            self.set(name, value);
        }
    }
}

impl SessionData for Session {
    fn get(&self, name: &str) -> Option<&Value> {
        self.items.get(name)
    }

    fn set(&mut self, name: &str, value: Value) {
        self.modified = true;
        self.items.insert(name.to_owned(), value);
    }

    fn delete(&mut self, name: &str) -> Option<Value> {
        let value = self.items.remove(name)?;
        (self.modified, self.shrunk) = (true, true);
        Some(value)
    }

    fn is_new(&self) -> bool {
        self.is_new
    }

    fn is_stored(&self) -> bool {
        self.is_stored
    }
}

/// What lies under an id.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Loaded {
    /// Nothing.
    Missing,
    /// Something that does not unpickle.
    Unreadable,
    /// A session.
    Items(Items),
}

/// Storage of sessions between requests: a directory, or a map. [`MemorySessions`](super::MemorySessions) is
/// one; wikis of one storage are given the same.
pub trait Sessions {
    /// What lies under `id`.
    fn load(&self, id: &str) -> Loaded;

    /// Puts a session in the place of what lies under `id`.
    fn save(&mut self, id: &str, items: &Items);

    /// Removes what lies under `id`, if anything does.
    fn remove(&mut self, id: &str);
}
