//! The content of a pickle: an arena of nodes that refer to each other by number. The arena is a flat vector,
//! so dropping, comparing, and iterating need no recursion, and shared and recursive references are just
//! numbers.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::text::Text;

/// The number of a node of one [`Tree`]. It has no meaning in another tree.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A Python value. Two references to one node are two references to one Python object.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// `None`.
    None,
    /// `True` and `False`.
    Bool(bool),
    /// A Python 2 `int`, or a Python 3 int of up to 32 bits.
    Int(i64),
    /// A Python 2 `long` of any size, or a Python 3 int of more than 32 bits.
    Long(BigInt),
    /// A double, every bit kept.
    Float(f64),
    /// A Python 2 `str`: bytes.
    Str(Vec<u8>),
    /// Python 3 `bytes`, from opcodes of protocol 3 or from a call of `_codecs.encode`. Python 2 reads this
    /// call as `str`.
    Bytes(Vec<u8>),
    /// A `bytearray`.
    ByteArray(Vec<u8>),
    /// Python 2 `unicode`, Python 3 `str`.
    Text(Text),
    /// A tuple.
    Tuple(Vec<NodeId>),
    /// A list.
    List(Vec<NodeId>),
    /// A dict: keys and values in the order of the file. No two keys are equal in Python 2.
    Dict(Vec<(NodeId, NodeId)>),
    /// A set, in the order of the file.
    Set(Vec<NodeId>),
    /// A frozenset, in the order of the file.
    FrozenSet(Vec<NodeId>),
    /// A class or function by name, unresolved.
    Global(Box<Global>),
    /// The result of a call, unresolved.
    Object(Box<Object>),
}

/// A name in a module. It is data and is never looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Global {
    /// The name of the module, in bytes as in Python 2.
    pub module: Vec<u8>,
    /// The name in the module, including dots.
    pub name: Vec<u8>,
    /// Changes that the file makes to the class or module-level object itself. Python's own pickler never
    /// writes such changes.
    pub log: Vec<Event>,
}

/// An instance of a class that is not resolved: how it would be made, and the later changes in order.
///
/// Arguments are kept as they are at the end of the file. If a list among the arguments grew after the call,
/// the whole list is the argument. It is also written that way, unless it is in the memo before the object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// The call that makes it.
    pub make: Make,
    /// Changes after the call.
    pub log: Vec<Event>,
}

/// How an [`Object`] would be made.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Make {
    /// REDUCE: `callable(*args)`.
    Reduce {
        /// The callable.
        callable: NodeId,
        /// A tuple, or an object that represents one.
        args: NodeId,
    },
    /// NEWOBJ: `class.__new__(class, *args)`.
    NewObj {
        /// The class.
        class: NodeId,
        /// A tuple, or an object that represents one.
        args: NodeId,
    },
    /// NEWOBJ_EX: `class.__new__(class, *args, **kwargs)`.
    NewObjEx {
        /// The class.
        class: NodeId,
        /// A tuple, or an object that represents one.
        args: NodeId,
        /// A dict, or an object that represents one.
        kwargs: NodeId,
    },
    /// OBJ and INST: an instance of an old-style class, made without a call if it has no arguments.
    Instance {
        /// The class.
        class: NodeId,
        /// The arguments, not as a tuple.
        args: Vec<NodeId>,
    },
}

/// A change to an unresolved object after it was made.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// BUILD: `__setstate__(state)`, or attributes from a dict or from a tuple (dict, slots).
    Build(NodeId),
    /// APPEND and APPENDS, one batch.
    Append(Vec<NodeId>),
    /// SETITEM and SETITEMS, one batch.
    SetItems(Vec<(NodeId, NodeId)>),
    /// ADDITEMS, one batch.
    AddItems(Vec<NodeId>),
}

impl Node {
    /// The kind of value, by its Python 2 name (`bytes` and `bytearray` by their Python 3 names).
    pub fn kind(&self) -> &'static str {
        match self {
            Node::None => "None",
            Node::Bool(_) => "bool",
            Node::Int(_) => "int",
            Node::Long(_) => "long",
            Node::Float(_) => "float",
            Node::Str(_) => "str",
            Node::Bytes(_) => "bytes",
            Node::ByteArray(_) => "bytearray",
            Node::Text(_) => "unicode",
            Node::Tuple(_) => "tuple",
            Node::List(_) => "list",
            Node::Dict(_) => "dict",
            Node::Set(_) => "set",
            Node::FrozenSet(_) => "frozenset",
            Node::Global(_) => "global",
            Node::Object(_) => "object",
        }
    }

    /// Whether this is the text `key` in a comparison of Python 2: an ASCII `str` equals the same `unicode`,
    /// but other byte strings equal no text.
    pub fn is_text(&self, key: &str) -> bool {
        match self {
            Node::Str(bytes) => bytes.is_ascii() && bytes == key.as_bytes(),
            Node::Text(text) => text.as_bytes() == key.as_bytes(),
            _ => false,
        }
    }

    /// Calls `f` with each node that this node refers to, in the order of the pickle.
    pub fn for_each_child(&self, mut f: impl FnMut(NodeId)) {
        let mut log: &[Event] = &[];
        match self {
            Node::Tuple(items) | Node::List(items) | Node::Set(items) | Node::FrozenSet(items) => {
                items.iter().copied().for_each(&mut f);
            }
            Node::Dict(entries) => entries.iter().for_each(|&(key, value)| {
                f(key);
                f(value);
            }),
            Node::Global(global) => log = &global.log,
            Node::Object(object) => {
                match &object.make {
                    Make::Reduce { callable: head, args } | Make::NewObj { class: head, args } => {
                        f(*head);
                        f(*args);
                    }
                    Make::NewObjEx { class, args, kwargs } => {
                        f(*class);
                        f(*args);
                        f(*kwargs);
                    }
                    Make::Instance { class, args } => {
                        f(*class);
                        args.iter().copied().for_each(&mut f);
                    }
                }
                log = &object.log;
            }
            _ => {}
        }
        for event in log {
            match event {
                Event::Build(state) => f(*state),
                Event::Append(items) | Event::AddItems(items) => items.iter().copied().for_each(&mut f),
                Event::SetItems(entries) => entries.iter().for_each(|&(key, value)| {
                    f(key);
                    f(value);
                }),
            }
        }
    }
}

/// The result of reading one pickle: the nodes, the root, and the end of the pickle.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    /// For each node, whether the file stored it in the memo. cPickle stores an object only if something else
    /// refers to it at that moment, so writing the same bytes again needs this information.
    pub(super) memoized: Vec<bool>,
    /// The first memo number in the file: 1 from cPickle, 0 from pickle.py.
    pub(super) memo_start: u32,
    pub(super) root: NodeId,
    pub(super) consumed: usize,
}

impl Tree {
    /// The value of the pickle.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// A node of this tree. A number of another tree returns any node, or [`Node::None`].
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.index()).unwrap_or(&Node::None)
    }

    /// The number of nodes, including nodes that nothing refers to any more.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// All classes and functions that the pickle names, including names in discarded parts, because Python
    /// imports them too.
    pub fn globals(&self) -> impl Iterator<Item = &Global> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Global(global) => Some(global.as_ref()),
            _ => None,
        })
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The offset just after the STOP opcode. Later bytes are not part of the pickle. 0 for a built tree.
    pub fn consumed(&self) -> usize {
        self.consumed
    }

    pub(super) fn is_memoized(&self, id: NodeId) -> bool {
        self.memoized.get(id.index()).copied().unwrap_or(false)
    }

    pub(super) fn memo_start(&self) -> u32 {
        self.memo_start
    }

    /// The value of a string key of a dict, as Python 2 finds it (an ASCII `str` equals the same `unicode`).
    /// `None` if `dict` is not a dict or has no such key.
    pub fn get(&self, dict: NodeId, key: &str) -> Option<NodeId> {
        self.entries(dict)?.iter().find(|(name, _)| self.node(*name).is_text(key)).map(|&(_, value)| value)
    }

    /// The keys and values of a dict, in the order of the file. `None` if the node is not a dict.
    pub fn entries(&self, dict: NodeId) -> Option<&[(NodeId, NodeId)]> {
        match self.node(dict) {
            Node::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a tuple, list, set, or frozenset. `None` for all other values.
    pub fn items(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.node(id) {
            Node::Tuple(items) | Node::List(items) | Node::Set(items) | Node::FrozenSet(items) => Some(items),
            _ => None,
        }
    }

    /// A byte string or text as text, for names and ids. U+FFFD replaces bytes that are not UTF-8, and lone
    /// surrogates. `None` for all other values.
    pub fn bytes_or_text(&self, id: NodeId) -> Option<Cow<'_, str>> {
        match self.node(id) {
            Node::Str(bytes) | Node::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
            Node::Text(text) => Some(text.to_string_lossy()),
            _ => None,
        }
    }

    /// The value of an int, long, float, or bool in Python's `float(x)` and comparisons. `None` for all other
    /// values. May be NaN or infinite; a long beyond the range of doubles is infinite.
    pub fn as_f64(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Bool(value) => Some(f64::from(u8::from(*value))),
            Node::Int(value) => Some(*value as f64),
            Node::Float(value) => Some(*value),
            // The largest double has 1024 bits. The conversion through decimal digits rounds correctly.
            Node::Long(value) if value.bits() <= 1100 => value.to_string().parse().ok(),
            Node::Long(value) if value.sign() == num_bigint::Sign::Minus => Some(f64::NEG_INFINITY),
            Node::Long(_) => Some(f64::INFINITY),
            _ => None,
        }
    }

    /// The class or callable of a global or an unresolved object, as `module.name`. For
    /// `copy_reg._reconstructor`, the class that it makes. `None` for all other values.
    pub fn class_name(&self, id: NodeId) -> Option<String> {
        let object = match self.node(id) {
            Node::Global(global) => return Some(global.path()),
            Node::Object(object) => object,
            _ => return None,
        };
        let (mut head, args) = match &object.make {
            Make::Reduce { callable, args } => (*callable, Some(*args)),
            Make::NewObj { class, .. } | Make::NewObjEx { class, .. } | Make::Instance { class, .. } => {
                (*class, None)
            }
        };
        if let (Node::Global(global), Some(args)) = (self.node(head), args)
            && matches!(global.module.as_slice(), b"copy_reg" | b"copyreg")
            && matches!(global.name.as_slice(), b"_reconstructor" | b"__newobj__" | b"__newobj_ex__")
        {
            head = self.items(args)?.first().copied()?;
        }
        match self.node(head) {
            Node::Global(global) => Some(global.path()),
            _ => None,
        }
    }
}

impl Global {
    /// A name in a module, without changes.
    pub fn new(module: impl Into<Vec<u8>>, name: impl Into<Vec<u8>>) -> Self {
        Global { module: module.into(), name: name.into(), log: Vec::new() }
    }

    /// `module.name`, for display.
    pub fn path(&self) -> String {
        format!("{}.{}", String::from_utf8_lossy(&self.module), String::from_utf8_lossy(&self.name))
    }
}
