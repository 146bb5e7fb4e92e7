//! The classes that a session may contain. Unpickling imports and calls what a pickle names, so a session with another class
//! is refused. A migration must not copy a planted session to a store where it is trusted, or add a MAC to it.

use crate::pickle::{Global, Tree};

/// Modules with names: containers and times of Python, constructors of old-style classes, and classes that the openid library
/// and MoinMoin store in sessions. Names single classes, because a module also contains its imports.
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

/// The classes that sessions may contain.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    more: Vec<String>,
}

impl AllowList {
    /// The default list and these: `module.name`, or `module.*` for everything in a module.
    pub fn with(more: Vec<String>) -> Self {
        AllowList { more }
    }

    /// The first class in a pickle that is not on the list.
    pub fn forbidden<'a>(&self, tree: &'a Tree) -> Option<&'a Global> {
        tree.globals().find(|global| !self.allows(global))
    }

    /// Whether sessions may contain the class. A pickle that changes a class is refused, because this affects the whole
    /// process of the wiki. Python never writes such pickles.
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
    fn forbidden_class_is_found_anywhere_in_a_pickle() {
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
            // The pickle discards the result, but calls the function.
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
