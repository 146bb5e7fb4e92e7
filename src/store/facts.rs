//! Reads the facts in a session. All code that reads session files uses [`Facts::from_bytes`].

use std::borrow::Cow;

use crate::pickle::{self, Global, Node, NodeId, ReadError, Scalar, Tree};
use crate::sys::NotOpened;

/// Which facts to read. Fewer are faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields {
    /// The trail of visited pages.
    pub trail: bool,
    /// The classes and functions in the pickle.
    pub globals: bool,
}

/// The facts in a session.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Facts {
    /// The expiry.
    pub expires: Expires,
    /// The logged-in user.
    pub user: Option<UserRef>,
    /// The user that a superuser acts as; `user` is the superuser. Empty if it is not a string that could be an id.
    pub setuid: Option<String>,
    /// The trail of visited pages, oldest first; empty unless requested.
    pub trail: Vec<String>,
    /// The classes and functions that Python would import, each once; empty unless requested.
    pub globals: Vec<Global>,
}

/// The `expires` of a session.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Expires {
    /// Not set. The meaning depends on the MoinMoin version.
    Absent,
    /// Finite unix seconds.
    At(f64),
    /// Not a finite number. Has the readable value.
    ///
    /// Python 2 compares values of all types: None and minus infinity are always expired; a string, a tuple, infinity, a
    /// huge long, and NaN never are. No wiki writes these. A bool is an int in Python, and counts as 0 or 1.
    Invalid(&'static str),
}

/// The user of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRef {
    /// `user.id`: the name of a file in `user_dir`. Empty if it is not a string, or too long for a file name.
    pub id: String,
    /// `user.auth_method`: the method of the login.
    pub auth_method: Option<String>,
}

/// Why a session is unreadable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Not a pickle, or a truncated one.
    #[error("{0}")]
    Pickle(ReadError),
    /// A pickle of a protocol that Python 2.7 can't read, in a store of MoinMoin 1.x.
    #[error("pickle protocol {0}: MoinMoin 1.x can't read it, because Python 2.7 reads protocols 0 to 2")]
    Protocol(u8),
    /// A pickle that is not a dict.
    #[error("contains a pickled {found}, expected a dict")]
    NotADict {
        /// The Python type.
        found: &'static str,
    },
    /// The file must not be read: too large, with several hard links, or on another mount.
    #[error("{0}")]
    Unsafe(NotOpened),
    /// The session was ended, and has a tombstone: another program put it back. No wiki loads it.
    #[error("was ended, and has a tombstone: no wiki loads it")]
    Ended,
    /// The data around the pickle in the store is invalid: why.
    #[error("{0}")]
    Form(String),
    /// One of the errors above, in a pickle with classes or functions. Python would import these, and could
    /// call them, before it fails. Only if globals were requested.
    #[error("{why}")]
    Naming {
        /// The error.
        why: Box<Unreadable>,
        /// The classes and functions, each once.
        globals: Vec<Global>,
    },
}

impl Unreadable {
    /// The offset of the error in bytes.
    pub fn offset(&self) -> Option<usize> {
        match self {
            Unreadable::Pickle(error) => Some(error.offset),
            Unreadable::Naming { why, .. } => why.offset(),
            _ => None,
        }
    }

    /// Whether the bytes were read. A session that was not read is never removed.
    pub fn was_read(&self) -> bool {
        !matches!(self, Unreadable::Unsafe(_))
    }

    /// The classes and functions that Python would import.
    pub fn globals(&self) -> &[Global] {
        match self {
            Unreadable::Naming { globals, .. } => globals,
            _ => &[],
        }
    }

    fn naming(self, globals: Vec<Global>) -> Self {
        if globals.is_empty() { self } else { Unreadable::Naming { why: Box::new(self), globals } }
    }
}

/// The maximum length of a user id, which is a file name, and of an authentication method, in bytes. Longer values are not
/// kept, because a scan holds many sessions in memory.
const LONGEST: usize = 255;

/// The text of an id, if it is short enough.
fn bounded(text: Cow<'_, str>) -> Option<String> {
    (text.len() <= LONGEST).then(|| text.into_owned())
}

/// The items of the facts, except the trail.
const KEYS: [&str; 4] = ["expires", "user.id", "user.auth_method", "setuid"];

impl Facts {
    /// Reads a session file.
    ///
    /// # Errors
    ///
    /// If the bytes are not a pickled dict.
    pub fn from_bytes(bytes: &[u8], fields: Fields) -> Result<Self, Unreadable> {
        Facts::and_tree(bytes, fields).map(|(facts, _)| facts)
    }

    /// Reads a session file of MoinMoin 1.x, which runs on Python 2.7.
    ///
    /// # Errors
    ///
    /// If the bytes are not a pickled dict, or Python 2.7 can't read their protocol.
    pub fn from_python_2(bytes: &[u8], fields: Fields) -> Result<Self, Unreadable> {
        match bytes {
            // PROTO with a protocol above 2.
            [0x80, protocol, ..] if *protocol > 2 => {
                let why = Unreadable::Protocol(*protocol);
                Err(if fields.globals { why.naming(once(pickle::named(bytes))) } else { why })
            }
            _ => Facts::from_bytes(bytes, fields),
        }
    }

    /// Reads a session file. Also returns the whole session if it had to be read; if not, it contains no classes.
    ///
    /// # Errors
    ///
    /// If the bytes are not a pickled dict.
    pub fn and_tree(bytes: &[u8], fields: Fields) -> Result<(Self, Option<Tree>), Unreadable> {
        // The fast scan handles nearly every session. If it is not sure, the reader reads the session. The scan supports no
        // opcode that names a class.
        if let (false, Some(found)) = (fields.trail, pickle::scan(bytes, KEYS)) {
            return Ok((Facts::from_scan(found), None));
        }
        let read = pickle::read(bytes).map_err(Unreadable::Pickle);
        let found = read.and_then(|tree| Ok((Facts::from_tree(&tree, fields)?, Some(tree))));
        found.map_err(|why| if fields.globals { why.naming(once(pickle::named(bytes))) } else { why })
    }

    fn from_scan([expires, user, auth_method, setuid]: [Option<Scalar<'_>>; 4]) -> Self {
        let text = |value| match value {
            Scalar::Text(text) => bounded(text),
            _ => None,
        };
        Facts {
            expires: match expires {
                None => Expires::Absent,
                Some(Scalar::Number(time)) => number(time, true),
                Some(Scalar::Text(_)) => Expires::Invalid(TEXT),
                Some(Scalar::Other(kind)) => Expires::Invalid(kind),
            },
            user: user.map(|id| UserRef {
                id: text(id).unwrap_or_default(),
                auth_method: auth_method.and_then(text),
            }),
            setuid: setuid.map(|id| text(id).unwrap_or_default()),
            trail: Vec::new(),
            globals: Vec::new(),
        }
    }

    /// The facts in a session that was read.
    ///
    /// # Errors
    ///
    /// If it is not a dict.
    pub fn from_tree(tree: &Tree, fields: Fields) -> Result<Self, Unreadable> {
        let root = tree.root();
        if tree.entries(root).is_none() {
            return Err(Unreadable::NotADict { found: tree.node(root).kind() });
        }
        let text = |id: NodeId| tree.bytes_or_text(id).and_then(bounded);
        let page = |id: &NodeId| tree.bytes_or_text(*id).map(Cow::into_owned);
        Ok(Facts {
            expires: match tree.get(root, "expires") {
                Some(id) => expires(tree, id),
                // Python would have to call a function to know the key.
                None if has_made_keys(tree) => Expires::Invalid("under a key that requires running Python"),
                None => Expires::Absent,
            },
            user: tree.get(root, "user.id").map(|id| UserRef {
                id: text(id).unwrap_or_default(),
                auth_method: tree.get(root, "user.auth_method").and_then(text),
            }),
            setuid: tree.get(root, "setuid").map(|id| text(id).unwrap_or_default()),
            trail: match tree.get(root, "trail").and_then(|id| tree.items(id)) {
                Some(pages) if fields.trail => pages.iter().filter_map(page).collect(),
                _ => Vec::new(),
            },
            globals: if fields.globals { once(tree.globals().cloned().collect()) } else { Vec::new() },
        })
    }
}

/// Whether some key of the session requires running Python.
fn has_made_keys(tree: &Tree) -> bool {
    let made = |key: &NodeId| matches!(tree.node(*key), Node::Object(_) | Node::Global(_));
    tree.entries(tree.root()).is_some_and(|entries| entries.iter().any(|(key, _)| made(key)))
}

/// Each once, in order.
fn once(mut all: Vec<Global>) -> Vec<Global> {
    all.sort_by(|a, b| (&a.module, &a.name).cmp(&(&b.module, &b.name)));
    all.dedup_by(|a, b| (&a.module, &a.name) == (&b.module, &b.name));
    all
}

fn expires(tree: &Tree, id: NodeId) -> Expires {
    match tree.as_f64(id) {
        Some(time) => number(time, matches!(tree.node(id), Node::Float(_))),
        None if tree.bytes_or_text(id).is_some() => Expires::Invalid(TEXT),
        None => Expires::Invalid(tree.node(id).kind()),
    }
}

/// The description of an `expires` of bytes or text.
const TEXT: &str = "a string";

fn number(time: f64, float: bool) -> Expires {
    match time {
        time if time.is_finite() => Expires::At(time),
        time if time.is_nan() => Expires::Invalid("not a number (NaN)"),
        _ if float => Expires::Invalid("infinite"),
        _ => Expires::Invalid("a number that is too large for a time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the facts with the scan and from the whole session, and checks that both are equal.
    fn facts(pickle: &[u8]) -> Result<Facts, Unreadable> {
        let read = Facts::from_bytes(pickle, Fields { trail: true, globals: true });
        let scanned = Facts::from_bytes(pickle, Fields { trail: false, globals: true });
        match (&read, scanned) {
            (Ok(read), Ok(scanned)) => assert_eq!(scanned, Facts { trail: Vec::new(), ..read.clone() }),
            (Err(read), Err(scanned)) => assert_eq!(scanned.to_string(), read.to_string()),
            (read, scanned) => panic!("{read:?} is not {scanned:?}"),
        }
        read
    }

    #[test]
    fn expires_is_a_finite_number_or_described() {
        let table: &[(&[u8], Expires)] = &[
            (b"I10\n", Expires::At(10.0)),
            (b"L10L\n", Expires::At(10.0)),
            (b"F10.5\n", Expires::At(10.5)),
            (b"I01\n", Expires::At(1.0)),
            (b"F-1\n", Expires::At(-1.0)),
            (b"Fnan\n", Expires::Invalid("not a number (NaN)")),
            (b"Finf\n", Expires::Invalid("infinite")),
            (b"F-inf\n", Expires::Invalid("infinite")),
            (b"N", Expires::Invalid("None")),
            (b"S'10'\n", Expires::Invalid("a string")),
            (b")", Expires::Invalid("tuple")),
        ];
        for (value, expected) in table {
            let bytes = [b"(dS'expires'\n", *value, b"s."].concat();
            assert_eq!(facts(&bytes).unwrap().expires, *expected, "{}", value.escape_ascii());
        }
        let huge = format!("(dS'expires'\nL1{}L\ns.", "0".repeat(400));
        let huge = facts(huge.as_bytes()).unwrap().expires;
        assert_eq!(huge, Expires::Invalid("a number that is too large for a time"));
        assert_eq!(facts(b"(d.").unwrap().expires, Expires::Absent);
        assert_eq!(
            facts(b"(dVexpires\nI1\ns.").unwrap().expires,
            Expires::At(1.0),
            "a unicode key is the same key"
        );
        // str("expires"), made by a call.
        let made = facts(b"}c__builtin__\nstr\nU\x07expires\x85RI4000000000\ns.").unwrap();
        assert_eq!(made.expires, Expires::Invalid("under a key that requires running Python"));
    }

    #[test]
    fn user_is_read_from_session() {
        let session =
            facts(b"(dS'user.id'\nS'1.2.3'\nsS'user.auth_method'\nS'moin'\nsS'setuid'\nS'4.5.6'\ns.")
                .unwrap();
        let user = UserRef { id: "1.2.3".into(), auth_method: Some("moin".into()) };
        assert_eq!((session.user, session.setuid), (Some(user), Some("4.5.6".into())));
        let odd = facts(b"(dS'user.id'\nNs.").unwrap();
        assert_eq!(odd.user.unwrap().id, "", "not anonymous, whatever it is");
        let long = format!(
            "(dS'user.id'\nS'{0}'\nsS'setuid'\nS'{0}'\nsS'user.auth_method'\nS'{0}'\ns.",
            "1".repeat(256)
        );
        let long = facts(long.as_bytes()).unwrap();
        assert_eq!(
            long.user.unwrap(),
            UserRef { id: String::new(), auth_method: None },
            "no file has such a name"
        );
        assert_eq!(long.setuid.unwrap(), "");
        let trail = facts(b"(dS'trail'\n(lVw:\\u00e9\naI1\nas.").unwrap();
        assert_eq!(trail.trail, ["w:é"]);
    }

    #[test]
    fn imported_names_are_read_if_requested() {
        let path = |bytes: &[u8]| -> Vec<String> {
            facts(bytes).unwrap().globals.iter().map(Global::path).collect()
        };
        assert_eq!(
            path(b"(dS'a'\ncos\nsystem\n(S'id'\ntRsS'b'\nca\nB\nsS'c'\nca\nB\ns."),
            ["a.B", "os.system"]
        );
        assert!(path(b"(dS'a'\nS'cos\\nsystem'\ns.").is_empty());
        // Python calls the function before it reaches the invalid byte, and does not require a dict.
        for bytes in [&b"(dS'a'\ncos\nsystem\n(S'id'\ntRsX"[..], b"cos\nsystem\n(S'id'\ntR."] {
            let unreadable = facts(bytes).unwrap_err();
            let named: Vec<String> = unreadable.globals().iter().map(Global::path).collect();
            assert_eq!(named, ["os.system"], "{unreadable}");
        }
        let unasked = Facts::from_bytes(b"(dS'a'\nca\nB\ns.", Fields::default()).unwrap();
        assert!(unasked.globals.is_empty());
    }

    #[test]
    fn protocols_above_2_are_unreadable_for_python_2_only() {
        let of = |protocol: u8| [&[0x80, protocol][..], b"}X\x07\0\0\0expiresK\ns."].concat();
        for protocol in 0..=5 {
            let read = Facts::from_python_2(&of(protocol), Fields::default());
            match protocol {
                0..=2 => assert_eq!(read.unwrap().expires, Expires::At(10.0)),
                _ => assert!(
                    read.unwrap_err().to_string().starts_with(&format!("pickle protocol {protocol}: "))
                ),
            }
            assert_eq!(facts(&of(protocol)).unwrap().expires, Expires::At(10.0));
        }
    }

    #[test]
    fn pickle_that_is_not_a_dict_is_unreadable() {
        assert!(matches!(facts(b"]."), Err(Unreadable::NotADict { found: "list" })));
        assert!(facts(b"").is_err());
        assert!(facts(b"(dS'expires'\n").unwrap_err().offset().is_some());
        assert!(!Unreadable::Unsafe(NotOpened::HardLinked { links: 2 }).was_read());
    }
}
