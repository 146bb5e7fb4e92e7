//! Values as Python has them, as far as configurations need them, and values that are not known.
//!
//! A list, a dictionary, or an object can be changed through any name that stands for it. So these are shared, and when
//! code that is not followed may change one, the value itself is unknown from then on.

use std::cell::RefCell;
use std::rc::Rc;

use crate::farm::Span;

/// How deep lists, tuples, dictionaries, and objects may nest. MoinMoin's settings need three levels.
const DEEPEST: u8 = 12;

/// Why a value that nests too deeply is not kept.
pub(super) const TOO_DEEP: &str = "it is nested too deeply";

/// Why a statement or expression that Python refuses is not followed.
pub(super) const NO_EXPRESSION: &str = "there is a syntax error in it";

/// Why an operation is not computed.
pub(super) const NOT_COMPUTED: &str = "wikifarm does not compute it";

/// The longest string or list that is computed.
pub(super) const LONGEST: usize = 64 << 10;

/// A value with the span of the expression that gave it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) val: Val,
    pub(super) span: Span,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Val {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Text),
    Tuple(Rc<Seq>),
    List(Rc<Seq>),
    /// Each item is a tuple of key and value.
    Dict(Rc<Seq>),
    /// A module among the files.
    Module(usize),
    /// A class of the files, or one that a class of the files inherits from.
    Class(usize),
    /// Something from a module that is not among the files, or a built-in name: `os.path.join`, `str`.
    Outside(Rc<str>),
    /// The result of calling a class.
    Object(Rc<Object>),
    /// Not known without running the files. Everything that could be changed through it is unknown, too.
    Unknown(Rc<Unknown>),
}

/// A string.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) text: Rc<str>,
    /// Whether it is a plain literal of bytes. Python keeps equal literals as one object, and MoinMoin compares
    /// `cookie_name is 'siteidmagic'`.
    pub(super) literal: bool,
}

/// The arguments of a call.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) args: Vec<Item>,
    pub(super) keywords: Vec<(String, Item)>,
    /// Whether `*` or `**` adds arguments that are not known.
    pub(super) more: bool,
}

/// The result of calling a class: the class and the arguments.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: Val,
    pub(super) given: Arguments,
    /// All arguments, which carry the depth and the mark.
    pub(super) all: Rc<Seq>,
}

/// Why a value is not known, and the expression where that began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unknown {
    pub(super) span: Span,
    /// Ends the sentence "… can't be known without running the file: …".
    pub(super) why: String,
}

/// Items that can be changed in place.
#[derive(Debug)]
pub(super) struct Seq {
    items: RefCell<Vec<Item>>,
    /// The offset of the expression that made it.
    pub(super) start: usize,
    depth: u8,
    lost: RefCell<Option<Rc<Unknown>>>,
}

impl Seq {
    /// A copy of the items, unless they are unknown.
    pub(super) fn items(&self) -> Option<Vec<Item>> {
        self.lost.borrow().is_none().then(|| self.items.borrow().clone())
    }

    /// Replaces the items; `put` are those among them that are new. Returns whether that was possible: what is put in must
    /// be plain, so that values do not nest deeper and deeper.
    pub(super) fn set(&self, items: Vec<Item>, put: &[Item]) -> bool {
        let plain = |item: &Item| match &item.val {
            Val::Tuple(_) | Val::Object(_) => item.val.depth() <= 1,
            val => val.depth() == 0,
        };
        let possible = put.iter().all(plain) && items.len() <= LONGEST && self.lost().is_none();
        if possible {
            *self.items.borrow_mut() = items;
        }
        possible
    }

    /// Makes the items unknown for good and returns them, unless they were unknown before.
    pub(super) fn lose(&self, unknown: &Rc<Unknown>) -> Vec<Item> {
        let items = self.items().unwrap_or_default();
        self.lost.borrow_mut().get_or_insert_with(|| Rc::clone(unknown));
        items
    }

    /// Why the items are unknown, if they are.
    pub(super) fn lost(&self) -> Option<Rc<Unknown>> {
        self.lost.borrow().clone()
    }
}

impl Arguments {
    /// All of them, in their order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.args.iter().chain(self.keywords.iter().map(|(_, item)| item))
    }

    /// The argument that gives what a parameter stands for.
    pub(super) fn get(&self, position: usize, name: &str) -> Option<&Item> {
        let by_name = self.keywords.iter().find(|(key, _)| key == name).map(|(_, item)| item);
        by_name.or_else(|| self.args.get(position))
    }
}

impl Val {
    /// A computed string.
    pub(super) fn text(text: impl Into<Rc<str>>) -> Val {
        Val::Str(Text { text: text.into(), literal: false })
    }

    pub(super) fn unknown(span: &Span, why: impl Into<String>) -> Val {
        Val::Unknown(Rc::new(Unknown { span: span.clone(), why: why.into() }))
    }

    /// The result of calling a class.
    pub(super) fn object(class: Val, given: Arguments, span: &Span) -> Val {
        let all = given.all().cloned().collect();
        Val::holding(all, |all| Val::Object(Rc::new(Object { class, given, all })), span)
    }

    /// A tuple, list, or dictionary.
    pub(super) fn holding(items: Vec<Item>, kind: impl FnOnce(Rc<Seq>) -> Val, span: &Span) -> Val {
        let depth = items.iter().map(|item| item.val.depth()).max().unwrap_or(0) + 1;
        if depth > DEEPEST || items.len() > LONGEST {
            return Val::unknown(span, TOO_DEEP);
        }
        let (items, start, lost) = (RefCell::new(items), span.start, RefCell::default());
        kind(Rc::new(Seq { items, start, depth, lost }))
    }

    /// How deep the value nests.
    pub(super) fn depth(&self) -> u8 {
        self.seq().map_or(0, |seq| seq.depth)
    }

    /// What the value consists of.
    fn seq(&self) -> Option<&Seq> {
        match self {
            Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => Some(seq),
            Val::Object(object) => Some(&object.all),
            _ => None,
        }
    }

    /// Whether the value is true for Python; `None` if that is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Val::None => Some(false),
            Val::Str(text) => Some(!text.text.is_empty()),
            Val::Tuple(seq) | Val::List(seq) | Val::Dict(seq) => seq.items().map(|items| !items.is_empty()),
            other => other.number().map(|number| number != 0.0),
        }
    }

    /// The number, if it is one. Python's truth values are numbers, too.
    pub(super) fn number(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "as Python's own float()")]
        match self {
            Val::Float(number) => Some(*number),
            other => other.int().map(|number| number as f64),
        }
    }

    /// The whole number, if it is one.
    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Val::Int(number) => Some(*number),
            Val::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    /// The items of a list or tuple, if they are known.
    pub(super) fn items(&self) -> Option<Vec<Item>> {
        match self {
            Val::Tuple(seq) | Val::List(seq) => seq.items(),
            _ => None,
        }
    }

    /// An item of a list or tuple, if it is known.
    pub(super) fn item(&self, at: usize) -> Option<Item> {
        match self {
            Val::Tuple(seq) | Val::List(seq) if seq.lost().is_none() => seq.items.borrow().get(at).cloned(),
            _ => None,
        }
    }

    /// The kind of value, in a word or two.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Val::None => "None",
            Val::Bool(_) => "a truth value",
            Val::Int(_) => "an integer",
            Val::Float(_) => "a float",
            Val::Str(_) => "a string",
            Val::Tuple(_) => "a tuple",
            Val::List(_) => "a list",
            Val::Dict(_) => "a dictionary",
            Val::Module(_) => "a module",
            Val::Class(_) => "a class",
            Val::Object(_) => "an object",
            Val::Outside(_) | Val::Unknown(_) => "an unknown value",
        }
    }
}

impl Item {
    pub(super) fn new(val: Val, span: Span) -> Item {
        Item { val, span }
    }

    /// The text, if it is a string.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.val {
            Val::Str(text) => Some(&text.text),
            _ => None,
        }
    }

    /// Why the value can't be used: the reason why it is unknown, or else `why`.
    pub(super) fn reason(&self, why: &str) -> Rc<Unknown> {
        let lost = match &self.val {
            Val::Unknown(unknown) => Some(Rc::clone(unknown)),
            val => val.seq().and_then(Seq::lost),
        };
        let why = match &self.val {
            Val::Outside(name) if name.starts_with("os.environ") => {
                "it depends on the environment of the wiki".to_owned()
            }
            Val::Outside(name) => format!("{name} is not among the files"),
            Val::Object(_) => "it depends on an object".to_owned(),
            _ => why.to_owned(),
        };
        lost.unwrap_or_else(|| Rc::new(Unknown { span: self.span.clone(), why }))
    }
}
