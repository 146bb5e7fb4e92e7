//! Which classes a moved session may name. Unpickling imports and calls what a pickle names, so a session with any
//! other name in it is held back: moving must not carry a planted one to where it is trusted, or put a seal on it.

use crate::pickle::{Global, Tree};

/// Module and names in it: containers and times of Python, how old classes are made, and what the openid library and
/// MoinMoin keep in sessions. Single classes, no whole modules: a module holds whatever it imports.
const USUAL: [(&str, &[&str]); 11] = [
    (
        "__builtin__",
        &[
            "list",
            "dict",
            "set",
            "frozenset",
            "tuple",
            "int",
            "long",
            "float",
            "complex",
            "bool",
            "str",
            "unicode",
            "bytes",
            "bytearray",
            "object",
        ],
    ),
    (
        "builtins",
        &[
            "list",
            "dict",
            "set",
            "frozenset",
            "tuple",
            "int",
            "float",
            "complex",
            "bool",
            "str",
            "bytes",
            "bytearray",
            "object",
        ],
    ),
    ("copy_reg", &["_reconstructor"]),
    ("_codecs", &["encode"]),
    ("datetime", &["datetime", "date", "time", "timedelta"]),
    ("collections", &["OrderedDict", "defaultdict", "deque", "Counter"]),
    ("openid.consumer.discover", &["OpenIDServiceEndpoint"]),
    ("openid.yadis.manager", &["YadisServiceManager"]),
    ("openid.message", &["Message", "NamespaceMap"]),
    ("openid.server.server", &["CheckIDRequest", "OpenIDRequest"]),
    ("openid.extensions.sreg", &["SRegRequest"]),
];

/// What sessions may name.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    more: Vec<String>,
}

impl AllowList {
    /// The usual, and these: `module.name`, or `module.*` for whatever is in a module.
    pub fn with(more: Vec<String>) -> Self {
        AllowList { more }
    }

    /// The first name in a pickle that is not on the list.
    pub fn forbidden<'a>(&self, tree: &'a Tree) -> Option<&'a Global> {
        tree.globals().find(|global| !self.allows(global))
    }

    /// Whether sessions may name it, and leave it as it is: what a pickle does to a class itself it does to every use of
    /// that class in the wiki's process, and Python's own pickler never writes such.
    pub fn allows(&self, global: &Global) -> bool {
        if !global.log.is_empty() {
            return false;
        }
        let usual = USUAL.iter().any(|(module, names)| {
            module.as_bytes() == global.module && names.iter().any(|name| name.as_bytes() == global.name)
        });
        usual
            || self.more.iter().any(|allowed| match allowed.strip_suffix(".*") {
                Some(module) => module.as_bytes() == global.module,
                None => allowed.rsplit_once('.').is_some_and(|(module, name)| {
                    module.as_bytes() == global.module && name.as_bytes() == global.name
                }),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::read;

    fn forbidden(list: &AllowList, bytes: &[u8]) -> Option<String> {
        list.forbidden(&read(bytes).unwrap()).map(Global::path)
    }

    #[test]
    fn what_is_not_on_the_list_is_found_wherever_it_hides() {
        let usual = AllowList::default();
        assert_eq!(forbidden(&usual, b"(dS'a'\nc__builtin__\nset\n(]tRs."), None);
        assert_eq!(forbidden(&usual, b"ccollections\ndefaultdict\n(c__builtin__\nlist\ntR."), None);
        assert_eq!(forbidden(&usual, b"ccollections\ndefaultdict\n(cbuiltins\nint\ntR."), None);
        for name in [
            "eval",
            "getattr",
            "apply",
            "map",
            "type",
            "__import__",
            "input",
            "file",
            "open",
            "reduce",
            "vars",
        ] {
            let bytes = format!("ccollections\ndefaultdict\n(c__builtin__\n{name}\ntR.");
            assert_eq!(forbidden(&usual, bytes.as_bytes()), Some(format!("__builtin__.{name}")));
        }
        // The class itself is changed by its state.
        assert!(forbidden(&usual, b"c__builtin__\nlist\n}U\x01ac__builtin__\nint\nsb.").is_some());
        for (bytes, name) in [
            (&b"cos\nsystem\n(S'id'\ntR."[..], "os.system"),
            (b"c__builtin__\neval\n(S'1'\ntR.", "__builtin__.eval"),
            // Thrown away by the pickle itself, and called all the same.
            (b"cos\nsystem\n(S'id'\ntR0(d.", "os.system"),
            (b"(ios\nsystem\n.", "os.system"),
            (b"(dS'a'\ncposix\nsystem\ns.", "posix.system"),
        ] {
            assert_eq!(forbidden(&usual, bytes).as_deref(), Some(name), "{}", bytes.escape_ascii());
        }
        // (None, {"__setitem__": bytes}) as the state of the class itself: Python 2 sets attributes of the class.
        let patch = b"}U\x01xccollections\nOrderedDict\nN}U\x0b__setitem__c__builtin__\nbytes\ns\x86bs.";
        assert_eq!(forbidden(&usual, patch).as_deref(), Some("collections.OrderedDict"));
        let more = AllowList::with(vec!["my.module.*".into(), "os.path".into()]);
        assert_eq!(forbidden(&more, b"cmy.module\nThing\n."), None);
        assert_eq!(forbidden(&more, b"cmy.module.inner\nThing\n.").as_deref(), Some("my.module.inner.Thing"));
        assert_eq!(forbidden(&more, b"cos\npath\n."), None);
        assert_eq!(forbidden(&more, b"cos\npathx\n.").as_deref(), Some("os.pathx"));
    }
}
